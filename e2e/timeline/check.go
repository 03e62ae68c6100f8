package timeline

import (
	"errors"
	"fmt"
	"time"
)

// Every check returns nil when it holds and otherwise an error that says what was seen. A hop without samples never passes: a
// check that nobody fed has not held.

// StartsAt checks that desired, replicas and ready were all n at the load step (at the recording's end when there was none).
func (r *Run) StartsAt(n int) error {
	at, ok := r.MarkAt(MarkLoadStep)
	if !ok {
		return errors.New("starts at: no load step was marked")
	}
	for _, hop := range countHops() {
		v, ok := r.Series[hop].At(at)
		if !ok {
			return fmt.Errorf("starts at %d: %s has no sample before the load step", n, hop)
		}
		if v != float64(n) {
			return fmt.Errorf("starts at %d: %s was %s at the load step", n, hop, num(v))
		}
	}
	return nil
}

// NeverAbove checks that no count of replicas was ever above n.
func (r *Run) NeverAbove(n int) error {
	for _, hop := range countHops() {
		if len(r.Series[hop]) == 0 {
			return fmt.Errorf("never above %d: %s has no samples", n, hop)
		}
		if p, found := r.Series[hop].First(time.Time{}, func(v float64) bool { return v > float64(n) }); found {
			return fmt.Errorf("never above %d: %s was %s %s", n, hop, num(p.Value), r.when(p.At))
		}
	}
	return nil
}

// ReachesReady checks that n replicas were ready at once between the load step and the load's end.
func (r *Run) ReachesReady(n int) error {
	loaded, err := r.loaded(HopReady)
	if err != nil {
		return fmt.Errorf("reaches %d ready: %w", n, err)
	}
	best := loaded[0]
	for _, p := range loaded {
		if p.Value >= float64(n) {
			return nil
		}
		if p.Value > best.Value {
			best = p
		}
	}
	return fmt.Errorf("reaches %d ready: never more than %s under load (first %s)", n, num(best.Value), r.when(best.At))
}

// NonDecreasing checks that no count of replicas sank between the load step and the load's end: the trajectory never flaps.
func (r *Run) NonDecreasing() error {
	for _, hop := range countHops() {
		loaded, err := r.loaded(hop)
		if err != nil {
			return fmt.Errorf("never flaps: %w", err)
		}
		if a, b, found := turn(loaded, func(a, b float64) bool { return b < a }); found {
			return fmt.Errorf("never flaps: %s sank from %s to %s %s, under load", hop, num(a.Value), num(b.Value), r.when(b.At))
		}
	}
	return nil
}

// ReturnsTo checks that after the load's end every count of replicas only sank, and that all ended at n.
func (r *Run) ReturnsTo(n int) error {
	off, ok := r.MarkAt(MarkLoadOff)
	if !ok {
		return fmt.Errorf("returns to %d: the load's end was not marked", n)
	}
	for _, hop := range countHops() {
		after := r.Series[hop].Between(off, time.Time{})
		if len(after) == 0 {
			return fmt.Errorf("returns to %d: %s has no samples after the load's end", n, hop)
		}
		if a, b, found := turn(after, func(a, b float64) bool { return b > a }); found {
			return fmt.Errorf("returns to %d: %s rose from %s to %s %s, without load", n, hop, num(a.Value), num(b.Value), r.when(b.At))
		}
		if last := after[len(after)-1]; last.Value != float64(n) {
			return fmt.Errorf("returns to %d: %s ended at %s", n, hop, num(last.Value))
		}
	}
	return nil
}

// StaysAt checks that every count of replicas was n from the first sample to the last, and that something was seen after the
// load step: what a control needs.
func (r *Run) StaysAt(n int) error {
	step, ok := r.MarkAt(MarkLoadStep)
	if !ok {
		return fmt.Errorf("stays at %d: no load step was marked", n)
	}
	for _, hop := range countHops() {
		s := r.Series[hop]
		if len(s) == 0 || s[len(s)-1].At.Before(step) {
			return fmt.Errorf("stays at %d: %s has no samples after the load step", n, hop)
		}
		if p, found := s.First(time.Time{}, func(v float64) bool { return v != float64(n) }); found {
			return fmt.Errorf("stays at %d: %s was %s %s", n, hop, num(p.Value), r.when(p.At))
		}
	}
	return nil
}

// WithinBound checks that the time from the load step to the Target-th ready replica is at most the prediction's Max and slack.
func (r *Run) WithinBound(p Prediction, slack time.Duration) error {
	bound := p.Bound() + slack
	split := r.ComputeSplit(p)
	if split.Total == nil {
		return fmt.Errorf("within %.1f s: there is no time from the load step to %d ready: %s", bound.Seconds(), r.Settings.Target, join(split.Notes))
	}
	if *split.Total > bound.Seconds() {
		return fmt.Errorf("within %.1f s: %d ready took %.2f s (predicted %.1f..%.1f s, slack %s)",
			bound.Seconds(), r.Settings.Target, *split.Total, p.Min, p.Max, slack)
	}
	return nil
}

// loaded returns the samples of a hop under load, led by the value at the load step; at least one must lie after the step.
func (r *Run) loaded(hop Hop) (Series, error) {
	step, ok := r.MarkAt(MarkLoadStep)
	if !ok {
		return nil, errors.New("no load step was marked")
	}
	off, _ := r.MarkAt(MarkLoadOff)
	s := r.Series[hop].Between(step, off)
	if len(s) == 0 || !s[len(s)-1].At.After(step) {
		return nil, fmt.Errorf("%s has no samples under load", hop)
	}
	return s, nil
}

// turn returns the first two neighbours for which wrong holds.
func turn(s Series, wrong func(a, b float64) bool) (a, b Point, found bool) {
	for i := 1; i < len(s); i++ {
		if wrong(s[i-1].Value, s[i].Value) {
			return s[i-1], s[i], true
		}
	}
	return Point{}, Point{}, false
}

// when says when an instant was, from the load step on or else from the run's start.
func (r *Run) when(at time.Time) string {
	if step, ok := r.MarkAt(MarkLoadStep); ok {
		return fmt.Sprintf("at %+.1f s from the load step", at.Sub(step).Seconds())
	}
	return fmt.Sprintf("%.1f s after the start", at.Sub(r.Start).Seconds())
}
