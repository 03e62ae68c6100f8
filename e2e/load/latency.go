package load

import "time"

// Bucket counts the answers that took at most LE seconds.
type Bucket struct {
	LE    float64 `json:"le"`
	Count uint64  `json:"count"`
}

// bounds are the buckets' upper bounds in seconds, each twice the one before: 0.25 ms to 8 s. What takes longer is in the last.
func bounds() []float64 {
	const buckets = 16
	list := make([]float64, 0, buckets)
	for le := 0.00025; len(list) < buckets; le *= 2 {
		list = append(list, le)
	}
	return list
}

// took counts an answer.
func (s *Stats) took(d time.Duration) {
	if s.Latency == nil {
		for _, le := range bounds() {
			s.Latency = append(s.Latency, Bucket{LE: le})
		}
	}
	last := len(s.Latency) - 1
	for i := range s.Latency {
		if d.Seconds() <= s.Latency[i].LE || i == last {
			s.Latency[i].Count++
		}
	}
}

// Quantile is the time in seconds within which a part q (0 to 1) of the answers came that lie between two counts, interpolated within
// a bucket; 0 when there are none.
func Quantile(before, after Stats, q float64) float64 {
	since := func(i int) float64 {
		n := float64(after.Latency[i].Count)
		if i < len(before.Latency) {
			n -= float64(before.Latency[i].Count)
		}
		return n
	}
	last := len(after.Latency) - 1
	if last < 0 || since(last) <= 0 {
		return 0
	}
	rank := q * since(last)
	below, from := 0.0, 0.0
	for i, b := range after.Latency {
		n := since(i)
		if n >= rank {
			return from + (b.LE-from)*(rank-below)/max(1, n-below)
		}
		below, from = n, b.LE
	}
	return from
}
