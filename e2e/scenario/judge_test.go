package scenario

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/timeline"
)

var t0 = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func at(seconds float64) time.Time { return t0.Add(time.Duration(seconds * float64(time.Second))) }

// counted is a run with these counts of replicas at these seconds, wanted and ready; the load steps at 10.
func counted(counts ...[2]float64) *timeline.Run {
	run := &timeline.Run{Start: t0, Series: map[timeline.Hop]timeline.Series{}}
	for _, hop := range []timeline.Hop{timeline.HopDesired, timeline.HopReplicas, timeline.HopReady} {
		for _, c := range counts {
			run.Series[hop] = append(run.Series[hop], timeline.Point{At: at(c[0]), Value: c[1]})
		}
		last := counts[len(counts)-1]
		run.Series[hop] = append(run.Series[hop], timeline.Point{At: at(60), Value: last[1]})
	}
	run.Marks = []timeline.Mark{{Name: timeline.MarkLoadStep, At: at(10)}, {Name: timeline.MarkLoadOff, At: at(40)}}
	run.Phases = []timeline.Span{
		{Name: "quiet", From: t0, To: at(10)}, {Name: "load", From: at(10), To: at(40)}, {Name: "off", From: at(40)},
	}
	run.Faults = []timeline.Span{{Name: "outage", From: at(20), To: at(30)}}
	run.Conditions = []timeline.Span{
		{Name: "HPA ScalingActive", State: "True", From: t0, To: at(22), Text: "ValidMetricFound: all is well"},
		{Name: "HPA ScalingActive", State: "False", From: at(22), To: at(31), Text: "FailedGetExternalMetric: no answer"},
	}
	return run
}

func profile() Profile {
	seconds := func(n int) timeline.Duration { return timeline.Duration(time.Duration(n) * time.Second) }
	return Profile{Threshold: 10, RateWindow: seconds(3), Load: []Phase{
		{Name: "quiet", For: seconds(10)}, {Name: "load", Rate: 38, For: seconds(30)}, {Name: "off", For: seconds(20)},
	}}
}

func duration(n float64) *timeline.Duration {
	return new(timeline.Duration(n * float64(time.Second)))
}

func TestJudge(t *testing.T) {
	up := counted([2]float64{0, 1}, [2]float64{15, 4}, [2]float64{50, 1})
	for name, tc := range map[string]struct {
		run      *timeline.Run
		expect   Expect
		measured Measured
		outcome  string
		held     bool
	}{
		"start":                       {up, Expect{Start: 1}, Measured{}, "start", true},
		"another start":               {up, Expect{Start: 2}, Measured{}, "start", false},
		"reach":                       {up, Expect{Start: 1, Reach: 4}, Measured{}, "reach", true},
		"not reached":                 {up, Expect{Start: 1, Reach: 5}, Measured{}, "reach", false},
		"never above":                 {up, Expect{Start: 1, NeverAbove: 4}, Measured{}, "never-above", true},
		"above":                       {up, Expect{Start: 1, NeverAbove: 3}, Measured{}, "never-above", false},
		"back":                        {up, Expect{Start: 1, BackTo: new(1)}, Measured{}, "back-to", true},
		"not back":                    {up, Expect{Start: 1, BackTo: new(0)}, Measured{}, "back-to", false},
		"stays":                       {counted([2]float64{0, 2}), Expect{StaysAt: new(2)}, Measured{}, "stays-at", true},
		"does not stay":               {up, Expect{StaysAt: new(1)}, Measured{}, "stays-at", false},
		"in a phase":                  {up, Expect{Start: 1, Replicas: []Replicas{{Phase: "load", After: *duration(5), Min: new(4), Max: new(4)}}}, Measured{}, "replicas[load]", true},
		"in a phase, too early":       {up, Expect{Start: 1, Replicas: []Replicas{{Phase: "load", After: *duration(4.9), Min: new(4)}}}, Measured{}, "replicas[load]", false},
		"in a fault":                  {up, Expect{Start: 1, Replicas: []Replicas{{Fault: "outage", Min: new(4), Max: new(4)}}}, Measured{}, "replicas[outage]", true},
		"in a fault, too many":        {up, Expect{Start: 1, Replicas: []Replicas{{Fault: "outage", Max: new(3)}}}, Measured{}, "replicas[outage]", false},
		"in a fault that never was":   {up, Expect{Start: 1, Replicas: []Replicas{{Fault: "none", Max: new(9)}}}, Measured{}, "replicas[none]", false},
		"after the end":               {up, Expect{Start: 1, Replicas: []Replicas{{Phase: "off", After: *duration(60), Max: new(9)}}}, Measured{}, "replicas[off]", false},
		"quick":                       {up, Expect{Start: 1, Reach: 4, ReactionTime: &Times{Max: duration(5)}}, Measured{}, "reaction-time", true},
		"slow":                        {up, Expect{Start: 1, Reach: 4, ReactionTime: &Times{Max: duration(4.9)}}, Measured{}, "reaction-time", false},
		"too quick":                   {up, Expect{Start: 1, Reach: 4, ReactionTime: &Times{Min: duration(6)}}, Measured{}, "reaction-time", false},
		"never":                       {up, Expect{Start: 1, Reach: 9, ReactionTime: &Times{Max: duration(60)}}, Measured{}, "reaction-time", false},
		"no overshoot":                {up, Expect{Start: 1, Overshoot: new(0)}, Measured{}, "overshoot", true},
		"overshoot":                   {counted([2]float64{0, 1}, [2]float64{15, 5}), Expect{Start: 1, Overshoot: new(0)}, Measured{}, "overshoot", false},
		"no flap":                     {up, Expect{Start: 1, Flaps: new(0)}, Measured{}, "flaps", true},
		"flap":                        {counted([2]float64{0, 1}, [2]float64{30, 4}, [2]float64{35, 3}, [2]float64{38, 4}), Expect{Start: 1, Flaps: new(0)}, Measured{}, "flaps", false},
		"cost":                        {up, Expect{Start: 1, ReplicaSeconds: &Numbers{Min: new(164.0), Max: new(166.0)}}, Measured{}, "replica-seconds", true},
		"too dear":                    {up, Expect{Start: 1, ReplicaSeconds: &Numbers{Max: new(164.0)}}, Measured{}, "replica-seconds", false},
		"nothing lost":                {up, Expect{Start: 1, RequestsLost: &Lost{Max: new(0)}}, Measured{Offered: 5, Answered: 5}, "requests-lost", true},
		"lost":                        {up, Expect{Start: 1, RequestsLost: &Lost{Percent: new(1.0)}}, Measured{Offered: 50, Answered: 49}, "requests-lost", false},
		"nothing offered":             {up, Expect{Start: 1, RequestsLost: &Lost{Max: new(9)}}, Measured{}, "requests-lost", false},
		"samples":                     {up, Expect{Start: 1, SamplesLost: new(0)}, Measured{SamplesSeen: 9}, "samples-lost", true},
		"samples lost":                {up, Expect{Start: 1, SamplesLost: new(0)}, Measured{SamplesSeen: 9, SamplesLost: 1}, "samples-lost", false},
		"no samples":                  {up, Expect{Start: 1, SamplesLost: new(0)}, Measured{}, "samples-lost", false},
		"query rate":                  {up, Expect{Start: 1, QueryRate: &Numbers{Max: new(1.0)}}, Measured{Queries: 10, Over: 10 * time.Second}, "query-rate", true},
		"query rate too high":         {up, Expect{Start: 1, QueryRate: &Numbers{Max: new(0.9)}}, Measured{Queries: 10, Over: 10 * time.Second}, "query-rate", false},
		"no queries":                  {up, Expect{Start: 1, QueryRate: &Numbers{Max: new(9.0)}}, Measured{}, "query-rate", false},
		"condition":                   {up, Expect{Start: 1, Conditions: []Condition{{Object: "HPA", Type: "ScalingActive", Status: "False", Reason: "FailedGet", Fault: "outage"}}}, Measured{}, "condition[HPA ScalingActive=False]", true},
		"condition for other reasons": {up, Expect{Start: 1, Conditions: []Condition{{Object: "HPA", Type: "ScalingActive", Status: "False", Reason: "Invalid"}}}, Measured{}, "condition[HPA ScalingActive=False]", false},
		"condition at another time":   {up, Expect{Start: 1, Conditions: []Condition{{Object: "HPA", Type: "ScalingActive", Status: "False", Phase: "quiet"}}}, Measured{}, "condition[HPA ScalingActive=False]", false},
		"condition never":             {up, Expect{Start: 1, Conditions: []Condition{{Object: "ScaledObject", Type: "Ready", Status: "False"}}}, Measured{}, "condition[ScaledObject Ready=False]", false},
	} {
		t.Run(name, func(t *testing.T) {
			outcomes := Scenario{Expect: tc.expect}.Judge(tc.run, profile(), tc.measured)
			for _, o := range outcomes {
				if o.Name == tc.outcome {
					require.Equal(t, tc.held, o.Held, "wanted %s, got %s", o.Want, o.Got)
					require.NotEmpty(t, o.Want)
					require.NotEmpty(t, o.Got)
					return
				}
			}
			require.Fail(t, "no such outcome", "%v", outcomes)
		})
	}
}

// TestNothingRecorded: silence fulfils nothing.
func TestNothingRecorded(t *testing.T) {
	e := Expect{
		Start: 1, Reach: 2, NeverAbove: 2, BackTo: new(1), Replicas: []Replicas{{Phase: "load", Max: new(9)}}, ReactionTime: &Times{}, Predicted: true,
		Overshoot: new(9), Flaps: new(9), RequestsLost: &Lost{}, SamplesLost: new(9), QueryRate: &Numbers{},
		Conditions: []Condition{{Object: "HPA", Type: "x", Status: "True"}},
	}
	for _, o := range (Scenario{Expect: e}).Judge(&timeline.Run{Start: t0}, profile(), Measured{}) {
		require.False(t, o.Held, "%s: %s", o.Name, o.Got)
	}
}

func TestCompare(t *testing.T) {
	reactive := counted([2]float64{0, 1}, [2]float64{20, 2}, [2]float64{30, 3})
	proactive := counted([2]float64{0, 1}, [2]float64{16, 2}, [2]float64{28, 3}, [2]float64{50, 4})
	c := Compare{Name: "proactive", Baseline: "reactive", Expect: CompareExpect{CapacityLead: &Times{Min: duration(3)}, ExtraReplicaSeconds: &Numbers{Max: new(16.0)}}}
	outcomes := c.Judge(reactive, proactive)
	require.Equal(t, "proactive was 3.0s earlier than reactive", outcomes[0].Got)
	require.True(t, outcomes[0].Held)
	require.Equal(t, "16", outcomes[1].Got)
	require.True(t, outcomes[1].Held)
	outcomes = c.Judge(proactive, reactive)
	require.False(t, outcomes[0].Held)
	outcomes = c.Judge(&timeline.Run{}, reactive)
	require.False(t, outcomes[0].Held)
}
