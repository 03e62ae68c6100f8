package scenario

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/timeline"
)

func TestAutoscaling(t *testing.T) {
	require.Contains(t, Names(), "autoscaling")
	s, err := Named("autoscaling")
	require.NoError(t, err)
	assert.Equal(t, []string{"fast", "real"}, s.ProfileNames())
	assert.Equal(t, Expect{Start: 1, Reach: 10, NeverAbove: 10, BackTo: new(1)}, s.Expect)

	for _, name := range []string{"fast", "real", "fast on kind", "real on kind"} {
		name, cluster, _ := strings.Cut(name, " on ")
		p, err := s.Profile(name)
		require.NoError(t, err)
		p = p.On(cluster)
		prediction := timeline.Predict(p.Settings(s.Expect))
		assert.Empty(t, prediction.Warnings, "%s must be able to get there", name)
		for _, phase := range p.Load {
			if phase.Until == UntilReached {
				assert.Greater(t, phase.For.Seconds(), prediction.Max, "%s: the phase must outlast the bound", name)
			}
			if phase.Until == UntilReturned {
				assert.Greater(t, phase.For.Seconds(), timeline.PredictDown(p.Settings(s.Expect)).Max, "%s: the phase must outlast the bound", name)
			}
		}
	}

	fast, err := s.Profile("fast")
	require.NoError(t, err)
	set := fast.Settings(s.Expect)
	assert.Equal(t, 500*time.Millisecond, set.ScrapeInterval.D())
	assert.Equal(t, 198.0, set.Load)
	assert.True(t, set.NewSeries)
	assert.Equal(t, 0.1, set.Tolerance)
	assert.Equal(t, 180.0, set.Level(10))
	behavior, err := json.Marshal(fast.Behavior)
	require.NoError(t, err)
	assert.JSONEq(t, `{"scaleUp":{"stabilizationWindowSeconds":0,"tolerance":"0.01","policies":[{"type":"Percent","value":900,"periodSeconds":1}]},
		"scaleDown":{"stabilizationWindowSeconds":12,"policies":[{"type":"Percent","value":100,"periodSeconds":1}]}}`, string(behavior),
		"as the behavior of a HorizontalPodAutoscaler is written")

	real, err := s.Profile("real")
	require.NoError(t, err)
	assert.Equal(t, timeline.Behavior{}, real.Behavior, "Kubernetes' defaults")
}

func TestParseErrors(t *testing.T) {
	data, err := os.ReadFile("testdata/whole.yaml")
	require.NoError(t, err)
	good := string(data)
	_, err = Parse("whole.yaml", data)
	require.NoError(t, err)
	for _, tc := range []struct {
		name, old, new, want string
	}{
		{"unknown field", "hpaSync:", "hpaSyncs:", `:22:5: profiles.own.hpaSyncs: unknown field "hpaSyncs": did you mean hpaSync?`},
		{"nothing like it", "hpaSync:", "zzz:", `unknown field "zzz" (there are: batchTimeout, behavior, clusters`},
		{"repeated field", "expect:", "name: again\nexpect:", `:8:1: name: is given twice`},
		{"number for a duration", "scrapeInterval: 500ms", "scrapeInterval: 500", `profiles.own.scrapeInterval: "500" is no duration with a unit`},
		{"wrong case", "hpaSync:", "HpaSync:", `profiles.own.HpaSync: unknown field "HpaSync": did you mean hpaSync?`},
		{"phase's time", "for: 3s}", "for: 3}", `profiles.own.load[0].for: "3" is no duration`},
		{"bad unit", "scrapeInterval: 500ms", "scrapeInterval: 500 parsecs", `profiles.own.scrapeInterval: "500 parsecs" is no duration`},
		{"window too small", "rateWindow: 3s", "rateWindow: 900ms", ":18:5: profiles.own.rateWindow: is 900ms, must hold two scrapes (1s)"},
		{"missing field", "    threshold: 20\n", "", "profiles.own.threshold: is 0, must be more than 0"},
		{"fraction of a second", "pollingInterval: 1s", "pollingInterval: 1500ms", "profiles.own.pollingInterval: is 1.5s, must be whole seconds"},
		{"unknown event", "until: reached, for: 60s", "until: bored, for: 60s", `profiles.own.load[1].until: is "bored"`},
		{"endless phase", "until: reached, for: 60s", "until: reached", "profiles.own.load[1].for: is 0s"},
		{"negative rate", "rate: 198, until", "rate: -1, until", "profiles.own.load[1].rate: is -1"},
		{"text for a number", "rate: 198, until", "rate: much, until", `profiles.own.load[1].rate: "much" is no number`},
		{"two forms", "rate: 198, until", "rate: 198, ramp: {from: 1, to: 2}, until", "profiles.own.load[1]: has several of rate, ramp"},
		{"same name", "name: hold", "name: load", `profiles.own.load[2].name: "load" is the name of an earlier phase`},
		{"policy type", "{type: Percent, value: 900", "{type: Percents, value: 900", `profiles.own.behavior.scaleUp.policies[0].type: is "Percents"`},
		{"policy value", "value: 900", "value: 0", "profiles.own.behavior.scaleUp.policies[0].value: is 0"},
		{"tolerance", `tolerance: "0.01"`, `tolerance: "much"`, "profiles.own.behavior.scaleUp.tolerance"},
		{"number for a text", `tolerance: "0.01"`, `tolerance: 0.01`, `profiles.own.behavior.scaleUp.tolerance: must be text: write "0.01" with quotes`},
		{"expectation", "reach: 10", "reach: 1", "expect.reach: is 1, must be more than start (1)"},
		{"no number to return to", "  backTo: 1\n", "", "profiles.own.load[3].until: is returned, and expect.backTo says"},
		{"limit", "neverAbove: 10", "neverAbove: 9", "expect.neverAbove: is 9, must be at least reach (10)"},
		{"window of a cluster", "scaleDownWindowSeconds: 30", "scaleDownWindowSeconds: -1", "profiles.own.clusters.kind.scaleDownWindowSeconds: must be"},
		{"start of a cluster", "podStart: 10s", "podStart: 10", `profiles.own.clusters.kind.podStart: "10" is no duration`},
		{"other name", "name: whole", "name: other", `name: is "other", must be the file's name "whole"`},
		{"fault of a phase that is not", "expect:", "faults: [{name: x, phase: y, for: 1s, rule: {action: '*', delay: 1s}}]\nexpect:", `faults[0].phase: there is no phase "y"`},
		{"fault of two kinds", "expect:", "faults: [{name: x, for: 1s, stop: keda, rule: {name: a}}]\nexpect:", `faults[0]: must have either rule or stop`},
		{"file that is not", "expect:", "scaledObject: {file: mine.yaml}\nexpect:", `scaledObject.file: mine.yaml: file does not exist`},
		{"template", "expect:", "scaledObject: {query: '{{.Nam'}\nexpect:", `scaledObject.query: template`},
		{"no YAML", good, "\t{", "whole.yaml: "},
		{"nothing", good, "", "whole.yaml: is empty"},
		{"nested for ever", good, "name: &a [*a]\n", "whole.yaml"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			require.Contains(t, good, tc.old)
			_, err := Parse("whole.yaml", []byte(strings.Replace(good, tc.old, tc.new, 1)))
			require.Error(t, err)
			assert.True(t, strings.HasPrefix(err.Error(), "whole.yaml:"), "names the file: %v", err)
			assert.Contains(t, err.Error(), tc.want)
		})
	}
}

func TestSeveralMistakesAtOnce(t *testing.T) {
	_, err := Parse("x.yaml", []byte("name: x\nload: [{name: a, rate: -1, for: 1s}]\n"))
	require.EqualError(t, err, "x.yaml:1:1: description: is missing\nx.yaml:2:18: load[0].rate: is -1, must be between 0 and 100000")
	_, err = Parse("x.yaml", []byte("name: x\nload: [{nam: a, rate: b}]\nexpekt: {}\n"))
	require.EqualError(t, err, `x.yaml:2:9: load[0].nam: unknown field "nam": did you mean name?
x.yaml:2:23: load[0].rate: "b" is no number
x.yaml:3:1: expekt: unknown field "expekt": did you mean expect?`)
}

// TestLeastScenario needs no more than a load: all else is as in the recipe, mended, with the built-in periods.
func TestLeastScenario(t *testing.T) {
	s, err := Parse("x.yaml", []byte("name: x\ndescription: d\nload: [{name: a, rate: 1, for: 1s}]\n"))
	require.NoError(t, err)
	p, err := s.Profile("fast")
	require.NoError(t, err)
	assert.Equal(t, 20.0, p.Threshold)
	assert.Len(t, p.Load, 1)
	assert.Equal(t, 1, s.Expect.Start)
	s, err = Parse("x.yaml", []byte("name: x\ndescription: d\nload: [{name: a, rate: 1, for: 1s}]\nprofiles: {fast: {threshold: 7, behavior: {scaleDown: {stabilizationWindowSeconds: 1}}}}\n"))
	require.NoError(t, err)
	p, err = s.Profile("fast")
	require.NoError(t, err)
	assert.Equal(t, 7.0, p.Threshold)
	assert.Equal(t, int32(1), *p.Behavior.ScaleDown.StabilizationWindowSeconds)
	assert.NotEmpty(t, p.Behavior.ScaleDown.Policies, "laid over, not in the place of")
}

func TestOurs(t *testing.T) {
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			s, err := Named(name)
			require.NoError(t, err)
			for _, profile := range s.ProfileNames() {
				p, err := s.Profile(profile)
				require.NoError(t, err)
				for _, phase := range p.Load {
					assert.Positive(t, phase.Length())
					assert.NotEmpty(t, phase.Text())
				}
			}
		})
	}
}

func TestPoints(t *testing.T) {
	seconds := func(n float64) timeline.Duration { return timeline.Duration(n * float64(time.Second)) }
	for name, tc := range map[string]struct {
		phase  Phase
		length time.Duration
		peak   float64
		at     map[float64]float64 // seconds to rates
	}{
		"constant": {Phase{Rate: 5, For: seconds(2)}, 2 * time.Second, 5, map[float64]float64{0: 5, 9: 5}},
		"ramp":     {Phase{Ramp: &Ramp{0, 100}, For: seconds(10)}, 10 * time.Second, 100, map[float64]float64{0: 0, 2.5: 25, 10: 100, 11: 100}},
		"down":     {Phase{Ramp: &Ramp{100, 0}, For: seconds(10)}, 10 * time.Second, 100, map[float64]float64{0: 100, 2.5: 75, 10: 0}},
		"spike": {
			Phase{Spike: &Spike{10, 50, seconds(1), seconds(2), seconds(1)}}, 4 * time.Second, 50,
			map[float64]float64{0: 10, 0.5: 30, 1: 50, 2.9: 50, 3.5: 30, 4: 10, 5: 10},
		},
		"step up and down": {Phase{Spike: &Spike{10, 50, 0, seconds(2), 0}}, 2 * time.Second, 50, map[float64]float64{0: 50, 1.9: 50, 2: 10}},
		"sine": {
			Phase{Sine: &Sine{100, 50, seconds(40)}, For: seconds(40)}, 40 * time.Second, 150,
			map[float64]float64{0: 100, 10: 150, 20: 100, 30: 50, 40: 100},
		},
		"replay": {
			Phase{Replay: &Replay{Scale: 2, Speed: 10, points: []Point{{0, 1}, {seconds(10), 3}}}}, time.Second, 6,
			map[float64]float64{0: 2, 0.5: 4, 1: 6, 2: 6},
		},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.length, tc.phase.Length())
			assert.InDelta(t, tc.peak, tc.phase.Peak(), 1e-6)
			for at, want := range tc.at {
				assert.InDelta(t, want, tc.phase.RateAt(seconds(at).D()), 1e-6, "after %gs", at)
			}
		})
	}
}

func TestReplayFile(t *testing.T) {
	points, err := readReplay("seconds,rate\n0, 1\n# comment\n2.5,3\n")
	require.NoError(t, err)
	assert.Equal(t, []Point{{0, 1}, {timeline.Duration(2500 * time.Millisecond), 3}}, points)
	for text, want := range map[string]string{
		"":                  "fewer than two",
		"0,1\nx,2\n":        "line 2:",
		"1,1\n0,2\n":        "comes after a later time",
		"0,1\n1,-2\n":       "line 2: the time must be",
		"0,1\n1,NaN\n":      "line 2: the time must be",
		"0,1\n1\n":          "wrong number of fields",
		"0,1\n99999999,2\n": "line 2: the time must be",
	} {
		_, err := readReplay(text)
		assert.ErrorContains(t, err, want, "%q", text)
	}
}

func FuzzParse(f *testing.F) {
	whole, err := os.ReadFile("testdata/whole.yaml")
	require.NoError(f, err)
	f.Add(whole)
	f.Add([]byte("name: x\ndescription: d\nload: [{name: a, sine: {mean: 1, amplitude: 1, period: 1s}, for: 1s}]\n"))
	f.Add([]byte("a: &a [*a]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse("x.yaml", data)
		if err != nil {
			return
		}
		for _, name := range s.ProfileNames() {
			p, err := s.Profile(name)
			require.NoError(t, err)
			for _, phase := range p.Load {
				require.NotEmpty(t, phase.Points())
			}
		}
	})
}

func TestLoadAndNames(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "none.yaml"))
	assert.ErrorIs(t, err, os.ErrNotExist)
	s, err := Load("../../fixtures/scenarios/autoscaling.yaml")
	require.NoError(t, err)
	_, err = s.Profile("slow")
	assert.EqualError(t, err, `scenario autoscaling has no profile "slow" (it has: fast, real)`)
	_, err = Named("nothing")
	assert.ErrorContains(t, err, `read scenario "nothing"`)
	assert.ErrorContains(t, err, "autoscaling")
}

func TestOn(t *testing.T) {
	s, err := Named("autoscaling")
	require.NoError(t, err)
	fast, err := s.Profile("fast")
	require.NoError(t, err)
	kwok, kind := fast.On("kwok"), fast.On("kind")
	assert.Equal(t, fast.PodStart, kwok.PodStart)
	assert.Equal(t, fast.Behavior, kwok.Behavior)
	assert.Equal(t, 10*time.Second, kind.PodStart.D())
	assert.Equal(t, int32(30), *kind.Behavior.ScaleDown.StabilizationWindowSeconds)
	assert.Equal(t, int32(12), *fast.Behavior.ScaleDown.StabilizationWindowSeconds, "the profile itself stays as it is")
	assert.Equal(t, fast.Behavior.ScaleDown.Policies, kind.Behavior.ScaleDown.Policies)

	none := Profile{}.On("kind")
	assert.Nil(t, none.Behavior.ScaleDown)
	window := int32(3)
	alone := Profile{Clusters: map[string]Difference{"kind": {ScaleDownWindowSeconds: &window}}}.On("kind")
	assert.Equal(t, &window, alone.Behavior.ScaleDown.StabilizationWindowSeconds)
}
