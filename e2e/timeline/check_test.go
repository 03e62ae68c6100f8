package timeline

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestChecksHold(t *testing.T) {
	r := smallRun()
	for name, err := range map[string]error{
		"starts":  r.StartsAt(1),
		"never":   r.NeverAbove(10),
		"reaches": r.ReachesReady(10),
		"flaps":   r.NonDecreasing(),
		"returns": r.ReturnsTo(1),
		"bound":   r.WithinBound(Predict(r.Settings), 0),
	} {
		assert.NoError(t, err, name)
	}
	assert.NoError(t, flatRun().StaysAt(1))
}

// Every check must be able to fail, and must say what was seen.
func TestChecksFail(t *testing.T) {
	for _, tc := range []struct {
		name   string
		damage func(*Run)
		check  func(*Run) error
		want   string
	}{
		{"starts elsewhere", nil, func(r *Run) error { return r.StartsAt(2) }, "desired was 1 at the load step"},
		{"starts unseen", func(r *Run) { r.Series[HopReady] = Series{{at(1), 1}} }, func(r *Run) error { return r.StartsAt(1) }, "ready has no sample before the load step"},
		{"starts without a step", func(r *Run) { dropMark(r, MarkLoadStep) }, func(r *Run) error { return r.StartsAt(1) }, "no load step"},
		{"goes above", func(r *Run) { push(r, HopReady, 8, 11) }, func(r *Run) error { return r.NeverAbove(10) }, "ready was 11 at +8.0 s from the load step"},
		{"above unseen", func(r *Run) { delete(r.Series, HopReplicas) }, func(r *Run) error { return r.NeverAbove(10) }, "replicas has no samples"},
		{"does not reach", nil, func(r *Run) error { return r.ReachesReady(11) }, "never more than 10 under load (first at +7.8 s"},
		{"reaches too late", func(r *Run) { r.Series[HopReady] = Series{{at(-1), 1}, {at(13), 10}} }, func(r *Run) error { return r.ReachesReady(10) }, "no samples under load"},
		{"flaps", func(r *Run) { push(r, HopDesired, 8, 9) }, (*Run).NonDecreasing, "desired sank from 10 to 9 at +8.0 s"},
		{"flap unseen", func(r *Run) { delete(r.Series, HopDesired) }, (*Run).NonDecreasing, "desired has no samples under load"},
		{"does not return", nil, func(r *Run) error { return r.ReturnsTo(2) }, "desired ended at 1"},
		{"returns by detours", func(r *Run) { push(r, HopReplicas, 30, 3) }, func(r *Run) error { return r.ReturnsTo(1) }, "replicas rose from 1 to 3 at +30.0 s"},
		{"return unmarked", func(r *Run) { dropMark(r, MarkLoadOff) }, func(r *Run) error { return r.ReturnsTo(1) }, "load's end was not marked"},
		{"too slow", nil, func(r *Run) error { return r.WithinBound(Prediction{Min: 1, Max: 5}, 2*time.Second) }, "10 ready took 7.80 s (predicted 1.0..5.0 s, slack 2s)"},
		{"time unseen", func(r *Run) { delete(r.Series, HopReady) }, func(r *Run) error { return r.WithinBound(Predict(r.Settings), 0) }, `"10 ready" was not seen`},
		{"does not stay", nil, func(r *Run) error { return r.StaysAt(1) }, "desired was 4 at +2.0 s"},
		{"stay unseen", func(r *Run) { r.Series[HopDesired] = Series{{at(-1), 1}} }, func(r *Run) error { return r.StaysAt(1) }, "desired has no samples after the load step"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := smallRun()
			if tc.damage != nil {
				tc.damage(r)
			}
			err := tc.check(r)
			require.Error(t, err)
			assert.Contains(t, err.Error(), tc.want)
		})
	}
}

func push(r *Run, hop Hop, t, v float64) {
	r.Series[hop] = append(r.Series[hop], Point{at(t), v}).compact()
}

// flatRun is a control's run: nothing moves.
func flatRun() *Run {
	r := &Run{Scenario: "wrong key", Variant: "native", Profile: "fast", Settings: fastSettings(), Start: at(-1), Series: map[Hop]Series{}, Marks: []Mark{{At: at(0), Name: MarkLoadStep}}}
	for _, hop := range countHops() {
		r.Series[hop] = Series{{at(-1), 1}, {at(20), 1}}
	}
	return r
}

func TestFinish(t *testing.T) {
	r := smallRun()
	r.Finish(nil, r.ReachesReady(10))
	assert.Equal(t, Pass, r.Verdict)
	assert.InDelta(t, 17.4, *r.DownSeconds, 1e-9)
	r.Finish(r.ReachesReady(11), nil, r.StaysAt(1))
	assert.Equal(t, Fail, r.Verdict)
	assert.Len(t, r.Failures, 2)
	assert.Equal(t, Fail, Report{}.Verdict(), "no run proves nothing")
	assert.Equal(t, Fail, Report{Runs: []Run{*r}}.Verdict())
	r.Finish()
	assert.Equal(t, Pass, Report{Runs: []Run{*r}}.Verdict())
}
