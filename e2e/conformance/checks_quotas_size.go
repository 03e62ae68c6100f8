package conformance

import (
	"bytes"
	"context"
	"encoding/binary"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/prompb"
)

// megabyte is the quota of a request, "1 MB". Whether that is 10^6 or 2^20 is
// not known: the checks stay below the one or above the other.
const (
	smallMegabyte = 1_000_000
	largeMegabyte = 1 << 20
)

func requestSizeChecks() []Check {
	const source = "amp-api.md 1.4 and 3 [O otel-contrib#20289]"
	return []Check{
		{
			ID: "quotas.request-size.write", Level: Must, Area: Quotas,
			Description: "A write of more than 1 MB is refused with 413, however good it is, and not stored.",
			Source:      source,
			Run: func(_ context.Context, t *T) {
				m := t.Workspace().marked()
				m.Do(paddedWrite(t, largeMegabyte+1, m.series(t.Metric("large"), nil, At(m.at, 1)))).ExpectStatus(http.StatusRequestEntityTooLarge)
				small := m.series(t.Metric("small"), nil, At(m.at, 1))
				m.Write(small)
				m.expectStored(m.at, small)
			},
		},
		{
			ID: "quotas.request-size.write-full", Level: Must, Area: Quotas,
			Description: "A write of just 1 MB is taken.",
			Source:      source,
			Run: func(_ context.Context, t *T) {
				ws, now, x := t.Workspace(), t.Now(), t.Metric("x")
				ws.Do(paddedWrite(t, smallMegabyte, Series(x, nil, At(now, 1)))).ExpectStatus(http.StatusOK)
				ws.ExpectQuery(x, now, x+" 1")
			},
		},
		{
			ID: "quotas.request-size.compressed", Level: Should, Area: Quotas,
			Description: "It is the compressed size that counts: 3 MB that compress to less than 1 MB are taken.",
			Source:      "amp-api.md 8 question 4, probable [I]",
			Run: func(_ context.Context, t *T) {
				ws, now, x := t.Workspace(), t.Now(), t.Metric("x")
				r := RemoteWriteRaw(append(writeMessage(t, Series(x, nil, At(now, 1))), unknownField(make([]byte, 3*largeMegabyte))...))
				ws.Do(r).ExpectStatus(http.StatusOK)
				ws.ExpectQuery(x, now, x+" 1")
			},
		},
		{
			ID: "quotas.request-size.query", Level: Should, Area: Quotas,
			Description: "A query of more than 1 MB in a form is refused with 413.",
			Source:      "amp-api.md 3, L-B71C1602, ingestion or query [O, name]; 8 question 4",
			Run: func(_ context.Context, t *T) {
				form := url.Values{"query": {"1 # " + strings.Repeat("x", largeMegabyte)}}
				t.Workspace().Do(PostForm("/api/v1/query", form)).ExpectStatus(http.StatusRequestEntityTooLarge)
			},
		},
	}
}

// paddedWrite is a good write of series, whose body is padded to a size by a
// field that nobody knows.
func paddedWrite(t *T, size int, series ...prompb.TimeSeries) Request {
	message := writeMessage(t, series...)
	// Bytes at random, the same each time, so that snappy finds nothing in them.
	padding, rng := make([]byte, size), rand.New(rand.NewPCG(1, 2))
	for i := range padding {
		padding[i] = byte(rng.Uint32())
	}
	low, high := 0, size // sizes of the padding, the body grows with it
	for low < high {
		middle := (low + high + 1) / 2
		if len(snappy.Encode(nil, append(bytes.Clone(message), unknownField(padding[:middle])...))) <= size {
			low = middle
		} else {
			high = middle - 1
		}
	}
	r := RemoteWriteRaw(append(message, unknownField(padding[:low])...))
	// Lengths that take a byte more make a size or two unreachable.
	if got := len(r.Body); got > size || got < size-4 {
		t.Fatalf("a body of %d bytes was to be made, got one of %d", size, got)
	}
	return r
}

func writeMessage(t *T, series ...prompb.TimeSeries) []byte {
	raw, err := (&prompb.WriteRequest{Timeseries: series}).Marshal()
	if err != nil {
		t.Fatalf("marshal: %v", err)
	}
	return raw
}

// unknownField is a field that no version of the write request has.
func unknownField(value []byte) []byte {
	const number, ofBytes = 12345, 2
	tag := binary.AppendUvarint(nil, number<<3|ofBytes)
	return append(binary.AppendUvarint(tag, uint64(len(value))), value...)
}
