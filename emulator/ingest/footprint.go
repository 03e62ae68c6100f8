package ingest

import (
	"encoding/binary"
	"unsafe"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
)

// shape is what one protobuf field of a write request costs when it is
// unmarshalled, and taken over into a request.
type shape struct {
	size   int // of the Go values, empty
	fields map[uint64]shape
	// packed is what each byte of a packed list of numbers can become; its
	// fields are not looked at then. A number can be as short as a byte.
	packed int
}

// shapes are those of the two versions' write requests.
type shapes struct{ v1, v2 shape }

// newShapes lists the repeated fields of both versions by number. An empty message is two bytes
// on the wire, and snappy makes 22 of one byte: a request within the limit can
// ask for gigabytes of empty series, labels or histograms.
func newShapes() shapes {
	const (
		labelSize = int(unsafe.Sizeof(prompb.Label{}))
		ownSeries = int(unsafe.Sizeof(series{}))
		ownNative = int(unsafe.Sizeof(native{}) + unsafe.Sizeof(histogram.FloatHistogram{}))
		spanSize  = int(unsafe.Sizeof(histogram.Span{})) // in the message, and in the histogram
		refSize   = int(unsafe.Sizeof(uint32(0)))
	)
	// Both versions number the parts of a histogram alike.
	ints, floats := shape{packed: 8}, shape{packed: 1}
	span := shape{size: 2 * spanSize}
	buckets := map[uint64]shape{8: span, 9: ints, 10: floats, 11: span, 12: ints, 13: floats, 16: floats}

	label := shape{size: labelSize}
	v1 := shape{fields: map[uint64]shape{
		1: {size: ownSeries + int(unsafe.Sizeof(prompb.TimeSeries{})), fields: map[uint64]shape{
			1: label,
			2: {size: int(unsafe.Sizeof(prompb.Sample{}))},
			3: {size: int(unsafe.Sizeof(prompb.Exemplar{})), fields: map[uint64]shape{1: label}},
			4: {size: ownNative + int(unsafe.Sizeof(prompb.Histogram{})), fields: buckets},
		}},
		3: {size: int(unsafe.Sizeof(prompb.MetricMetadata{}) + unsafe.Sizeof(metadata{}))},
	}}
	v2 := shape{fields: map[uint64]shape{
		4: {size: int(unsafe.Sizeof(""))},
		5: {size: ownSeries + int(unsafe.Sizeof(writev2.TimeSeries{})+unsafe.Sizeof(metadata{})), fields: map[uint64]shape{
			1: {packed: refSize + labelSize/2}, // two make a label
			2: {size: int(unsafe.Sizeof(writev2.Sample{}) + unsafe.Sizeof(prompb.Sample{}))},
			3: {size: ownNative + int(unsafe.Sizeof(writev2.Histogram{})), fields: buckets},
			4: {size: int(unsafe.Sizeof(writev2.Exemplar{})), fields: map[uint64]shape{1: {packed: refSize}}},
		}},
	}}
	return shapes{v1, v2}
}

// footprint estimates the memory of a message once it is unmarshalled: its own
// bytes and the values that hold them. What is not well-formed counts as far as it
// can be read; unmarshalling says what is wrong with it.
func footprint(message []byte, s shape) int { return len(message) + s.values(message) }

// values is the size of the Go values in a message of this shape.
func (s shape) values(message []byte) int {
	n := 0
	for len(message) > 0 {
		tag, width := binary.Uvarint(message)
		if width <= 0 {
			return n
		}
		message = message[width:]
		inner, known := s.fields[tag>>3]
		var skip uint64
		switch tag & 7 { // the wire type
		case 0:
			_, width := binary.Uvarint(message)
			if width <= 0 {
				return n
			}
			skip = uint64(width)
			n += inner.packed
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
			switch {
			case inner.packed > 0:
				n += inner.packed * int(length)
			case known:
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
