package timeline

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// stepRun is a run with steps 1 -> 4 -> 10 whose metric explains them.
func stepRun() *Run {
	start := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	at := func(s float64) time.Time { return start.Add(time.Duration(s * float64(time.Second))) }
	return &Run{
		Start: start, Settings: fastSettings(),
		Marks: []Mark{{At: at(1), Name: MarkLoadStep}, {At: at(20), Name: MarkLoadOff}},
		Series: map[Hop]Series{
			HopDesired: {{at(0), 1}, {at(3), 4}, {at(6), 10}, {at(20), 10}},
			HopHPA:     {{at(0), 0}, {at(3), 71.3}, {at(6), 193.6}},
			HopServed:  {{at(0), 0}, {at(2.9), 71.333}, {at(6.1), 193.62}},
		},
	}
}

func TestStepsFollow(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		change func(r *Run)
		want   string
	}{
		{"they do", func(*Run) {}, ""},
		{"more than the metric asks for", func(r *Run) { r.Series[HopDesired][1].Value = 5 }, "1 to 5 at +2.0 s from the load step: the HPA saw 71.3 at a threshold of 20, which asks for 4"},
		{"fewer than it asks for", func(r *Run) { r.Series[HopDesired][1].Value = 3 }, "asks for 4 replicas"},
		{"the limit of the rules explains fewer", func(r *Run) {
			r.Settings.Behavior = Behavior{}
			r.Series[HopHPA][1].Value, r.Series[HopServed][1].Value = 150, 150
			r.Series[HopDesired] = Series{r.Series[HopDesired][0], r.Series[HopDesired][1], {r.Series[HopDesired][2].At, 8}}
		}, ""},
		{"the limit of the rules is passed", func(r *Run) {
			r.Settings.Behavior = Behavior{}
			r.Series[HopHPA][1].Value, r.Series[HopServed][1].Value = 150, 150
			r.Series[HopDesired][1].Value = 8
		}, "may go to 4"},
		{"KEDA served another value", func(r *Run) { r.Series[HopServed][1].Value = 60 }, "KEDA served no such value around it: [0 60]"},
		{"the value was gone before it was read", func(r *Run) {
			served := r.Series[HopServed]
			served[1].Value = 60
			r.Series[HopServed] = append(served, Point{served[1].At.Add(time.Second), 80})
		}, ""},
		{"a peak between two reads", func(r *Run) {
			r.Series[HopServed][1].Value = 60
			r.Evaluated = Series{{r.Series[HopServed][1].At, 72}}
		}, ""},
		{"a value that the store never had", func(r *Run) {
			r.Series[HopServed][1].Value = 40
			r.Evaluated = Series{{r.Series[HopServed][1].At, 41}}
		}, "nor could it: the store had 0 to 45.1"},
		{"nothing was served", func(r *Run) { r.Series[HopServed] = nil }, "KEDA served nothing around it"},
		{"the HPA saw nothing", func(r *Run) { r.Series[HopHPA] = nil }, "no metric of the HPA was seen"},
		{"no step was recorded", func(r *Run) { r.Series[HopDesired] = nil }, "desired has no samples under load"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := stepRun()
			tc.change(r)
			err := r.StepsFollow()
			if tc.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tc.want)
		})
	}
}
