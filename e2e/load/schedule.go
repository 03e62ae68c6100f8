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

	segments []segment // of a rate that changes; none for a constant one
}

// start begins anew at now: the first request is due at once.
func (s *schedule) start(now time.Time, rate float64) {
	if math.IsNaN(rate) || math.IsInf(rate, 0) || rate < 0 {
		rate = 0
	}
	if rate == s.rate && s.segments == nil {
		return // a steady load stays evenly spaced
	}
	*s = schedule{rate: rate, anchor: now}
}

// follow begins a profile at now.
func (s *schedule) follow(now time.Time, points []Point) {
	*s = schedule{anchor: now, segments: segmentsOf(points)}
}

// rateAt is the rate that is offered at an instant.
func (s *schedule) rateAt(now time.Time) float64 {
	if s.segments == nil {
		return s.rate
	}
	rate, _ := at(s.segments, now.Sub(s.anchor).Seconds())
	return rate
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
	if s.segments != nil && since >= 0 {
		// As below; of a rate that rises from nothing the first request is due when its integral has reached one.
		_, requests := at(s.segments, (since + 1).Seconds())
		return int(math.Floor(requests + 1e-9))
	}
	if s.rate == 0 || since < 0 {
		return 0
	}
	// The next request's instant is rounded up to whole nanoseconds by pause: add one so that it counts as due then.
	return int(math.Floor((float64(since)+1)*s.rate/float64(time.Second))) + 1
}

// pause returns how long after now the next request is due.
func (s *schedule) pause(now time.Time) time.Duration {
	if s.segments != nil {
		seconds := when(s.segments, float64(s.n+1))
		if seconds > (1000 * time.Hour).Seconds() {
			return time.Hour
		}
		next := s.anchor.Add(time.Duration(math.Ceil(seconds * float64(time.Second))))
		return max(0, min(next.Sub(now), time.Hour))
	}
	if s.rate == 0 {
		return time.Hour // until SetRate wakes the loop
	}
	next := s.anchor.Add(time.Duration(math.Ceil(float64(s.n) * float64(time.Second) / s.rate)))
	return max(0, min(next.Sub(now), time.Hour))
}
