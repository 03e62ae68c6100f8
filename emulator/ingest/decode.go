package ingest

import (
	"fmt"
	"io"
	"net/http"

	"github.com/gogo/protobuf/proto"
	"github.com/golang/snappy"
	remoteapi "github.com/prometheus/client_golang/exp/api/remote"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
)

// maxExpansion is more than snappy can make of a byte: its best is a copy of
// 64 bytes written in 3. A header that promises more is a lie, and is not
// worth the memory it asks for.
const maxExpansion = 22

// maxPooled is the largest decode buffer that is kept for the next request.
// Clients send 1000 samples or less at a time, some 300 KB.
const maxPooled = 1 << 20

// mediaType accepts remote write in snappy and says whether it is version 2.0;
// a request that does not say what it is is taken for 1.0. [C] amp-api.md 1.6
// and 4, pkg/util/push/push.go, and the order: an unknown content type, the
// encoding, version 2.0 where it is off.
func (h *Handler) mediaType(header http.Header) (version2 bool, err error) {
	if contentType := header.Get("Content-Type"); contentType != "" {
		msg, err := remoteapi.ParseProtoMsg(contentType)
		if err != nil {
			return false, err
		}
		version2 = msg == remoteapi.WriteV2MessageType
	}
	if enc := header.Get("Content-Encoding"); enc != "" && enc != string(remoteapi.SnappyBlockCompression) {
		return false, fmt.Errorf("%v encoding (compression) is not accepted by this server; only %v is acceptable", enc, remoteapi.SnappyBlockCompression)
	}
	if version2 && !h.version2 {
		return false, fmt.Errorf("%v protobuf message is not accepted by this server; only accepts %v",
			remoteapi.WriteV2MessageType, remoteapi.WriteV1MessageType)
	}
	return version2, nil
}

// decode reads a request. It bounds what a few hostile bytes can make it
// allocate, unpacked and as Go values (see footprint), and unpacks into a
// pooled buffer: unmarshalling copies every string, so the buffer is free
// afterwards. Errors are told to the client as they are. [C] amp-api.md 1.6
func (h *Handler) decode(body io.Reader, version2 bool, l *limits) (*request, error) {
	compressed, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	size, err := snappy.DecodedLen(compressed)
	if err != nil {
		return nil, err
	}
	if over(size, l.decodedSize) {
		return nil, tooLarge(size, l.decodedSize)
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
	if version2 {
		return h.unmarshalV2(decoded, l)
	}
	return h.unmarshalV1(decoded, l)
}

func (h *Handler) unmarshalV1(message []byte, l *limits) (*request, error) {
	if n := footprint(message, h.shapes.v1); over(n, l.decodedSize) {
		return nil, tooLarge(n, l.decodedSize)
	}
	var req prompb.WriteRequest
	if err := proto.Unmarshal(message, &req); err != nil {
		return nil, err
	}
	return fromV1(&req), nil
}

func (h *Handler) unmarshalV2(message []byte, l *limits) (*request, error) {
	if n := footprint(message, h.shapes.v2); over(n, l.decodedSize) {
		return nil, tooLarge(n, l.decodedSize)
	}
	var req writev2.Request
	if err := proto.Unmarshal(message, &req); err != nil {
		return nil, err
	}
	return fromV2(&req, l)
}

func tooLarge(size int, limit int64) error {
	return fmt.Errorf("received message larger than max (%d vs %d)", size, limit)
}
