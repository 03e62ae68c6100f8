package ingest

import (
	"fmt"
	"io"
	"net/http"

	"github.com/gogo/protobuf/proto"
	"github.com/golang/snappy"
	remoteapi "github.com/prometheus/client_golang/exp/api/remote"
	"github.com/prometheus/prometheus/prompb"
)

// maxExpansion is more than snappy can make of a byte: its best is a copy of
// 64 bytes written in 3. A header that promises more is a lie, and is not
// worth the memory it asks for.
const maxExpansion = 22

// maxPooled is the largest decode buffer that is kept for the next request.
// Clients send 1000 samples or less at a time, some 300 KB.
const maxPooled = 1 << 20

// checkMediaType accepts remote write 1.0 in snappy, and a request that does
// not say what it is as that. [C] amp-api.md 1.6 and 4, pkg/util/push/push.go:
// the content type is judged before the encoding.
func checkMediaType(h http.Header) error {
	if contentType := h.Get("Content-Type"); contentType != "" {
		msg, err := remoteapi.ParseProtoMsg(contentType)
		if err != nil {
			return err
		}
		if msg != remoteapi.WriteV1MessageType {
			return fmt.Errorf("%v protobuf message is not accepted by this server; only accepts %v", msg, remoteapi.WriteV1MessageType)
		}
	}
	if enc := h.Get("Content-Encoding"); enc != "" && enc != string(remoteapi.SnappyBlockCompression) {
		return fmt.Errorf("%v encoding (compression) is not accepted by this server; only %v is acceptable", enc, remoteapi.SnappyBlockCompression)
	}
	return nil
}

// decode reads a WriteRequest. It is remote.DecodeWriteRequest with a bound on
// what a few hostile bytes can make it allocate, unpacked and as Go values (see
// footprint), and with a pooled buffer:
// unmarshalling copies every string, so the buffer is free afterwards. Errors
// are told to the client as they are. [C] amp-api.md 1.6
func (h *Handler) decode(body io.Reader) (*prompb.WriteRequest, error) {
	compressed, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	size, err := snappy.DecodedLen(compressed)
	if err != nil {
		return nil, err
	}
	if over(size, h.limits.DecodedSize) {
		return nil, fmt.Errorf("received message larger than max (%d vs %d)", size, h.limits.DecodedSize)
	}
	if size/maxExpansion > len(compressed) {
		return nil, snappy.ErrCorrupt
	}
	buf, _ := h.buffers.Get().(*[]byte)
	if buf == nil {
		buf = new([]byte)
	}
	decoded, err := snappy.Decode((*buf)[:cap(*buf)], compressed)
	if err != nil {
		return nil, err
	}
	if cap(decoded) <= maxPooled {
		*buf = decoded
		defer h.buffers.Put(buf)
	}
	if n := footprint(decoded); over(n, h.limits.DecodedSize) {
		return nil, fmt.Errorf("received message larger than max (%d vs %d)", n, h.limits.DecodedSize)
	}
	var req prompb.WriteRequest
	if err := proto.Unmarshal(decoded, &req); err != nil {
		return nil, err
	}
	return &req, nil
}
