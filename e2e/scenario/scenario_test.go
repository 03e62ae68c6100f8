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
	assert.Equal(t, Expect{Start: 1, Reach: 10, NeverAbove: 10, BackTo: 1}, s.Expect)

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
	data, err := os.ReadFile("../../fixtures/scenarios/autoscaling.yaml")
	require.NoError(t, err)
	good := string(data)
	for _, tc := range []struct {
		name, old, new, want string
	}{
		{"unknown field", "hpaSync:", "hpaSyncs:", `unknown field "profiles.fast.hpaSyncs"`},
		{"repeated field", "expect:", "name: again\nexpect:", `"name" already set`},
		{"number for a duration", "scrapeInterval: 500ms", "scrapeInterval: 500", `profiles.fast.scrapeInterval: a duration is text with a unit`},
		{"wrong case", "hpaSync:", "HpaSync:", `unknown field "profiles.fast.HpaSync"`},
		{"phase's time", "for: 3s}", "for: 3}", `profiles.fast.load[0].for: a duration is text`},
		{"bad unit", "scrapeInterval: 500ms", "scrapeInterval: 500 parsecs", `profiles.fast.scrapeInterval: a duration is text with a unit`},
		{"window too small", "rateWindow: 3s", "rateWindow: 900ms", "profiles.fast.rateWindow: is 900ms, must hold two scrapes (1s)"},
		{"missing field", "    threshold: 20\n", "", "profiles.fast.threshold: is 0, must be more than 0"},
		{"fraction of a second", "pollingInterval: 1s", "pollingInterval: 1500ms", "profiles.fast.pollingInterval: is 1.5s, must be whole seconds"},
		{"unknown event", "until: reached, for: 60s", "until: bored, for: 60s", `profiles.fast.load[1].until: is "bored"`},
		{"endless phase", "until: reached, for: 60s", "until: reached", "profiles.fast.load[1].for: is 0s"},
		{"negative rate", "rate: 198, until", "rate: -1, until", "profiles.fast.load[1].rate: is -1"},
		{"policy type", "{type: Percent, value: 900", "{type: Percents, value: 900", `profiles.fast.behavior.scaleUp.policies[0].type: is "Percents"`},
		{"policy value", "value: 900", "value: 0", "profiles.fast.behavior.scaleUp.policies[0].value: is 0"},
		{"tolerance", `tolerance: "0.01"`, `tolerance: "much"`, "profiles.fast.behavior.scaleUp.tolerance"},
		{"expectation", "reach: 10", "reach: 1", "expect.reach: is 1, must be more than start (1)"},
		{"limit", "neverAbove: 10", "neverAbove: 9", "expect.neverAbove: is 9, must be at least reach (10)"},
		{"window of a cluster", "scaleDownWindowSeconds: 30", "scaleDownWindowSeconds: -1", "profiles.fast.clusters.kind.scaleDownWindowSeconds: must be"},
		{"start of a cluster", "podStart: 10s", "podStart: 10", "profiles.fast.clusters.kind.podStart: a duration is text with a unit"},
		{"other name", "name: autoscaling", "name: other", `name: is "other", must be the file's name "autoscaling"`},
		{"no YAML", good, "\t{", "autoscaling.yaml: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			require.Contains(t, good, tc.old)
			_, err := Parse("autoscaling.yaml", []byte(strings.Replace(good, tc.old, tc.new, 1)))
			require.Error(t, err)
			assert.True(t, strings.HasPrefix(err.Error(), "autoscaling.yaml: "), "names the file: %v", err)
			assert.Contains(t, err.Error(), tc.want)
		})
	}
}

func TestSeveralMistakesAtOnce(t *testing.T) {
	_, err := Parse("x.yaml", []byte("name: x\n"))
	for _, want := range []string{"description: is missing", "expect.reach", "profiles: there must be at least one"} {
		assert.ErrorContains(t, err, want)
	}
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
