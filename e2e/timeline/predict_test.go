package timeline

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// part finds a part by name over all terms.
func part(p Prediction, name string) Part {
	for _, t := range p.Terms {
		for _, part := range t.Parts {
			if part.Name == name {
				return part
			}
		}
	}
	return Part{}
}

func TestPredictWorkedExamples(t *testing.T) {
	// reference/reaction-time.md: r = 1/3 is 9 replicas' worth of a load of 27.
	worked := Settings{ScrapeInterval: dur(15), RateWindow: dur(60), Threshold: 1, Load: 27, Target: 10, MinReplicas: 1, MaxReplicas: 27,
		ExportTime: dur(1), HPASync: dur(15), Behavior: Behavior{ScaleUp: &ScalingRules{}}}
	tuned := worked
	tuned.ScrapeInterval, tuned.RateWindow, tuned.ExportTime, tuned.HPASync = dur(1), dur(4), dur(0.2), dur(1)
	tuned.Behavior.ScaleUp = &ScalingRules{Policies: []Policy{{Type: "Percent", Value: 900, PeriodSeconds: 1}}}
	for _, tc := range []struct {
		name     string
		s        Settings
		steps    int
		min, max float64
	}{
		{"defaults: 36 to 66 s", worked, 2, 35, 66}, // the reference counts the export as ~1 s in both
		{"tuned: 2 to 4 s", tuned, 1, 1.33, 3.53},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := Predict(tc.s)
			assert.Equal(t, tc.steps, p.Steps)
			var lo, hi float64
			for _, name := range []string{"scrape", "ramp", "export", "hpa sync", "steps"} {
				lo += part(p, name).Min
				hi += part(p, name).Max
			}
			assert.InDelta(t, tc.min, lo, 0.01)
			assert.InDelta(t, tc.max, hi, 0.01)
			assert.GreaterOrEqual(t, p.Max, hi, "the extra parts only raise the bound")
			assert.LessOrEqual(t, p.Min, lo)
		})
	}
	worked.NewSeries = true
	assert.Equal(t, 15.0, part(Predict(worked), "new series").Max)
	assert.Equal(t, 15.0, part(Predict(worked), "policy slip").Max, "k = 2 may need one more sync")
}

func TestPredictTermsAddUp(t *testing.T) {
	for name, p := range map[string]Prediction{"up": Predict(fastSettings()), "down": PredictDown(fastSettings()), "real": Predict(realSettings())} {
		lo, hi := 0.0, 0.0
		for _, term := range p.Terms {
			assert.LessOrEqual(t, term.Min, term.Max, "%s: %s", name, term.Name)
			lo, hi = lo+term.Min, hi+term.Max
		}
		assert.InDelta(t, p.Min, lo, 1e-9)
		assert.InDelta(t, p.Max, hi, 1e-9)
		assert.InDelta(t, p.Max, p.Bound().Seconds(), 1e-6)
	}
}

func TestSteps(t *testing.T) {
	one := func(kind string, value, period int32) *ScalingRules {
		return &ScalingRules{Policies: []Policy{{Type: kind, Value: value, PeriodSeconds: period}}}
	}
	for _, tc := range []struct {
		name   string
		rules  *ScalingRules
		from   int
		to     int
		steps  int
		period float64
	}{
		{"no behavior 1 -> 4 -> 8 -> 10", nil, 1, 10, 3, 0},
		{"a behavior's defaults 1 -> 5 -> 10", &ScalingRules{}, 1, 10, 2, 15},
		{"from 0 as from 1", &ScalingRules{}, 0, 10, 2, 15},
		{"900 percent at once", one("Percent", 900, 1), 1, 10, 1, 1},
		{"one pod at a time", one("Pods", 1, 60), 1, 10, 9, 60},
		{"already there", nil, 10, 10, 0, 0},
		{"percentages round up", one("Percent", 10, 5), 1, 3, 2, 5},
		{"min takes the slower", &ScalingRules{SelectPolicy: "Min", Policies: []Policy{{"Pods", 1, 10}, {"Percent", 900, 1}}}, 1, 3, 2, 10},
		{"disabled never", &ScalingRules{SelectPolicy: "Disabled"}, 1, 10, 0, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			steps, period := stepsUp(Behavior{ScaleUp: tc.rules}.up(), tc.from, tc.to)
			assert.Equal(t, tc.steps, steps)
			assert.Equal(t, tc.period, period)
		})
	}
	steps, _ := stepsDown(Behavior{}.down(), 10, 1)
	assert.Equal(t, 1, steps)
	steps, period := stepsDown(Behavior{ScaleDown: one("Pods", 3, 7)}.down(), 10, 1)
	assert.Equal(t, 3, steps)
	assert.Equal(t, 7.0, period)
}

func TestPredictWarns(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*Settings)
		want   string
	}{
		{"too little load", func(s *Settings) { s.Load = 100 }, "never passes"},
		{"stays at 9 by tolerance", func(s *Settings) { s.Behavior.ScaleUp.Tolerance = "" }, "may leave the HPA at 9 replicas"},
		{"policies that stop", func(s *Settings) { s.Behavior.ScaleUp.SelectPolicy = "Disabled" }, "never allow"},
		{"old samples", func(s *Settings) { s.BatchTimeout = dur(2) }, "1.1 scrape intervals"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := fastSettings()
			tc.change(&s)
			require.NotEmpty(t, Predict(s).Warnings)
			assert.Contains(t, Predict(s).Warnings[0], tc.want)
		})
	}
	assert.Empty(t, Predict(fastSettings()).Warnings)
	assert.Empty(t, Predict(realSettings()).Warnings)
}

// TestBoundHolds plays the model of the chain over many phases: no run may take longer than predicted, none may flap.
func TestBoundHolds(t *testing.T) {
	quick := fastSettings()
	quick.Discovery = 0
	long := fastSettings()
	long.RateWindow = dur(10)
	tripled := fastSettings()
	tripled.Load, tripled.MaxReplicas = 220, 11
	for name, s := range map[string]Settings{"fast": fastSettings(), "fast, no discovery": quick, "fast, 10 s window": long, "fast, more load": tripled, "real": realSettings()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := Predict(s)
			worst := 0.0
			for seed := range uint64(60) {
				took, sank := simulate(s, seed, p.Max*2)
				require.False(t, math.IsNaN(took), "seed %d never gets there", seed)
				require.LessOrEqual(t, took, p.Max, "seed %d", seed)
				require.GreaterOrEqual(t, took, p.Min, "seed %d", seed)
				require.False(t, sank, "seed %d flaps", seed)
				worst = math.Max(worst, took)
			}
			t.Logf("predicted %.1f..%.1f s, worst of 60 phases %.1f s", p.Min, p.Max, worst)
			assert.Greater(t, worst, p.Max*0.4, "the bound is not idle")
		})
	}
}

// TestToleranceStall shows why the fast profile sets a tolerance: 9.7 replicas' worth of load leaves many runs at 9 replicas.
func TestToleranceStall(t *testing.T) {
	s := fastSettings()
	s.Load = 194
	s.Behavior.ScaleUp.Tolerance = ""
	stalled := 0
	for seed := range uint64(40) {
		if took, _ := simulate(s, seed, 60); math.IsNaN(took) {
			stalled++
		}
	}
	assert.Greater(t, stalled, 10)
}

func TestDownBoundHolds(t *testing.T) {
	for seed := range uint64(20) {
		r := simulatedRun(fastSettings(), seed, 32, 70)
		r.Finish(r.ReachesReady(10), r.ReturnsTo(1), r.NonDecreasing())
		require.Equal(t, Pass, r.Verdict, "seed %d: %v", seed, r.Failures)
		require.NotNil(t, r.DownSeconds)
		assert.LessOrEqual(t, *r.DownSeconds, r.Down.Max+0.25, "seed %d", seed)
		assert.GreaterOrEqual(t, *r.DownSeconds, r.Down.Min, "seed %d", seed)
	}
}
