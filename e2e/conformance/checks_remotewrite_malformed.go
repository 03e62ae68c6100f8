package conformance

import (
	"bytes"
	"context"
	"encoding/binary"
	"net/http"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/prompb"
)

// writeMalformedChecks are about bodies that are no message, however good their
// headers are. Their texts are those of Go's packages, which Cortex passes on.
func writeMalformedChecks() []Check {
	framed := func(raw []byte) []byte {
		var buf bytes.Buffer
		w := snappy.NewBufferedWriter(&buf)
		if _, err := w.Write(raw); err != nil {
			panic(err) // a bytes.Buffer takes everything
		}
		if err := w.Close(); err != nil {
			panic(err)
		}
		return buf.Bytes()
	}
	var checks []Check
	for _, c := range []struct {
		id, description, text string
		body                  func(message []byte) []byte
	}{
		{"no-body", "A write without a body is refused.", "snappy: corrupt input\n",
			func([]byte) []byte { return []byte{} }},
		{"not-compressed", "A message that is not compressed is refused.", "snappy: corrupt input\n",
			func(message []byte) []byte { return message }},
		{"framed", "Snappy's framed form is refused.", "snappy: corrupt input\n", framed},
		{"compressed-cut", "A body that was cut is refused.", "snappy: corrupt input\n",
			func(message []byte) []byte { return snappy.Encode(nil, message)[:len(message)/2] }},
		{"message-cut", "A message that was cut before it was compressed is refused.", "unexpected EOF\n",
			func(message []byte) []byte { return snappy.Encode(nil, message[:len(message)-3]) }},
		{"not-a-message", "Something else than a message, compressed, is refused.", "proto: WriteRequest: wiretype end group for non-group\n",
			func([]byte) []byte { return snappy.Encode(nil, []byte{0x0c, 0x0c}) }},
		{"unpacked-too-large", "A body that claims to unpack to 1 GB is refused without being unpacked.", "received message larger than max (1073741824 vs ",
			func(message []byte) []byte { return append(binary.AppendUvarint(nil, 1<<30), message...) }},
	} {
		checks = append(checks, Check{
			ID: "remote-write.malformed." + c.id, Level: Should, Area: RemoteWriting,
			Description: c.description, Source: "amp-api.md 1.6 and 4 [C http.go]",
			Run: func(_ context.Context, t *T) {
				m := t.Workspace().marked()
				req := prompb.WriteRequest{Timeseries: []prompb.TimeSeries{m.series(t.Metric("bad"), nil, At(m.at, 1))}}
				message, err := req.Marshal()
				if err != nil {
					t.Fatalf("marshal: %v", err)
				}
				r := RemoteWriteRaw(nil)
				r.Body = c.body(message)
				a := m.Do(r).ExpectStatus(http.StatusBadRequest).ExpectHeader("Content-Type", "text/plain; charset=utf-8")
				if c.text[len(c.text)-1] == '\n' {
					a.ExpectBody(c.text)
				} else {
					a.ExpectContains(c.text)
				}
				good := m.series(t.Metric("good"), nil, At(m.at, 1))
				m.Write(good)
				m.expectStored(m.at, good)
			},
		})
	}
	return append(checks, Check{
		ID: "remote-write.malformed.unknown-field", Level: Should, Area: RemoteWriting,
		Description: "A field that the message does not know is passed over.",
		Source:      "Protocol Buffers [D]; [C]",
		Run: func(_ context.Context, t *T) {
			ws, now := t.Workspace(), t.Now()
			ws.Do(paddedWrite(t, 300, Series(t.Metric("x"), nil, At(now, 1)))).ExpectStatus(http.StatusOK)
			ws.ExpectQuery(t.Metric("x"), now, t.Metric("x")+" 1")
		},
	})
}
