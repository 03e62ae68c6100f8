package ingest

import (
	"encoding/binary"
	"unsafe"

	"github.com/prometheus/prometheus/prompb"
)

// shape is what one protobuf field of a WriteRequest costs when it is unmarshalled.
type shape struct {
	size   int // of the Go value, empty
	fields map[uint64]shape
}

// writeRequest has the repeated messages of remote write 1.0 by field number. An
// empty one is two bytes on the wire, and snappy makes 22 of one byte: a request
// within the limit can ask for gigabytes of empty series, labels or histograms.
var writeRequest = func() shape {
	label := shape{size: int(unsafe.Sizeof(prompb.Label{}))}
	exemplar := shape{int(unsafe.Sizeof(prompb.Exemplar{})), map[uint64]shape{1: label}}
	span := shape{size: int(unsafe.Sizeof(prompb.BucketSpan{}))}
	histogram := shape{int(unsafe.Sizeof(prompb.Histogram{})), map[uint64]shape{8: span, 11: span}}
	return shape{fields: map[uint64]shape{
		1: {int(unsafe.Sizeof(prompb.TimeSeries{})), map[uint64]shape{
			1: label, 2: {size: int(unsafe.Sizeof(prompb.Sample{}))}, 3: exemplar, 4: histogram,
		}},
		3: {size: int(unsafe.Sizeof(prompb.MetricMetadata{}))},
	}}
}()

// footprint estimates the memory of a message once it is unmarshalled: its own
// bytes and the values that hold them. What is not well-formed counts as far as it
// can be read; unmarshalling says what is wrong with it.
func footprint(message []byte) int { return len(message) + writeRequest.values(message) }

// values is the size of the Go values in a message of this shape.
func (s shape) values(message []byte) int {
	n := 0
	for len(message) > 0 {
		tag, width := binary.Uvarint(message)
		if width <= 0 {
			return n
		}
		message = message[width:]
		var skip uint64
		switch tag & 7 { // the wire type
		case 0:
			_, width := binary.Uvarint(message)
			if width <= 0 {
				return n
			}
			skip = uint64(width)
		case 1:
			skip = 8
		case 5:
			skip = 4
		case 2:
			length, width := binary.Uvarint(message)
			if width <= 0 || length > uint64(len(message)-width) {
				return n
			}
			message, skip = message[width:], length
			if inner, ok := s.fields[tag>>3]; ok {
				n += inner.size + inner.values(message[:length])
			}
		default:
			return n
		}
		if skip > uint64(len(message)) {
			return n
		}
		message = message[skip:]
	}
	return n
}
