package load

import (
	"math"
	"time"
)

// schedule says how many requests are due. It counts from an anchor instead of adding up intervals, so it does not drift.
type schedule struct {
	rate   float64   // requests per second; 0: none
	anchor time.Time // request n is due at anchor + n/rate
	n      int       // the next request
}

// start begins anew at now: the first request is due at once.
func (s *schedule) start(now time.Time, rate float64) {
	if math.IsNaN(rate) || math.IsInf(rate, 0) || rate < 0 {
		rate = 0
	}
	if rate == s.rate {
		return // a steady load stays evenly spaced
	}
	*s = schedule{rate: rate, anchor: now}
}

// take returns how many requests are due at now, and how many were due longer ago than catchUp and are given up.
func (s *schedule) take(now time.Time, catchUp time.Duration) (due, skipped int) {
	total := s.dueBy(now)
	old := s.dueBy(now.Add(-catchUp))
	skipped = max(0, old-s.n)
	due = max(0, total-max(s.n, old))
	s.n = max(s.n, total)
	return due, skipped
}

// dueBy returns how many requests are due at or before t, counted from the anchor.
func (s *schedule) dueBy(t time.Time) int {
	since := t.Sub(s.anchor)
	if s.rate == 0 || since < 0 {
		return 0
	}
	// The next request's instant is rounded up to whole nanoseconds by pause: add one so that it counts as due then.
	return int(math.Floor((float64(since)+1)*s.rate/float64(time.Second))) + 1
}

// pause returns how long after now the next request is due.
func (s *schedule) pause(now time.Time) time.Duration {
	if s.rate == 0 {
		return time.Hour // until SetRate wakes the loop
	}
	next := s.anchor.Add(time.Duration(math.Ceil(float64(s.n) * float64(time.Second) / s.rate)))
	return max(0, min(next.Sub(now), time.Hour))
}
