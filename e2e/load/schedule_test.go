package load

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

var t0 = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// The schedule, driven as the loop drives it, offers the rate without drift and evenly.
func TestScheduleIsEven(t *testing.T) {
	for _, rate := range []float64{0.1, 0.5, 1, 9.7, 97, 194, 333.3, 5000} {
		var s schedule
		s.start(t0, rate)
		const span = 100 * time.Second
		now, sent := t0, 0
		last := t0
		for now.Sub(t0) < span {
			due, skipped := s.take(now, time.Second)
			assert.Zero(t, skipped)
			assert.LessOrEqual(t, due, 1, "one at a time")
			if due == 1 && sent > 0 {
				assert.InDelta(t, 1/rate, now.Sub(last).Seconds(), 1e-8, "rate %g, request %d", rate, sent)
			}
			if due == 1 {
				sent, last = sent+1, now
			}
			pause := s.pause(now)
			if pause == 0 {
				t.Fatalf("rate %g: a pause of nothing at %s with nothing due: the loop would spin", rate, now.Sub(t0))
			}
			now = now.Add(pause)
		}
		assert.InDelta(t, math.Ceil(rate*span.Seconds()), float64(sent), 1, "rate %g", rate)
	}
}

func TestScheduleCatchesUp(t *testing.T) {
	var s schedule
	s.start(t0, 100)
	due, skipped := s.take(t0.Add(495*time.Millisecond), time.Second)
	assert.Equal(t, 50, due, "all that is due leaves, late")
	assert.Zero(t, skipped)
	due, skipped = s.take(t0.Add(10495*time.Millisecond), time.Second)
	assert.Equal(t, 100, due, "but only one second's worth")
	assert.Equal(t, 900, skipped)
	due, skipped = s.take(t0.Add(9*time.Second), time.Second)
	assert.Zero(t, due+skipped, "a clock that goes back sends nothing twice")
}

func TestScheduleRateChanges(t *testing.T) {
	var s schedule
	due, skipped := s.take(t0, time.Second)
	assert.Zero(t, due+skipped)
	assert.Equal(t, time.Hour, s.pause(t0))
	for _, bad := range []float64{-1, math.NaN(), math.Inf(1)} {
		s.start(t0, bad)
		assert.Zero(t, s.rate)
	}
	s.start(t0, 10)
	s.take(t0, time.Second)
	s.start(t0.Add(50*time.Millisecond), 10)
	assert.Equal(t, 50*time.Millisecond, s.pause(t0.Add(50*time.Millisecond)), "the same rate keeps its beat")
}
