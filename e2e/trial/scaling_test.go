package trial

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/ampersand-amp/ampersand/e2e/lab"
	"github.com/ampersand-amp/ampersand/e2e/scenario"
	"github.com/ampersand-amp/ampersand/e2e/timeline"
)

const shop = `apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: shop, namespace: production}
spec:
  scaleTargetRef: {name: shop}
  pollingInterval: 7
  triggers:
    - type: prometheus
      metadata: {serverAddress: "http://shop", query: 'sum(rate(a{ns="{{.Namespace}}"}[{{.RateWindow}}]))', threshold: "40"}
    - type: prometheus
      metadata: {serverAddress: "http://shop", query: 'sum(b{ns="{{.Namespace}}"})', threshold: "5"IGNORE}
`

func adapted(t *testing.T, manifest string) (Config, error) {
	t.Helper()
	dir := t.TempDir()
	story := "name: mine\ndescription: Mine.\nscaledObject: {file: so.yaml}\nload:\n  - {name: load, rate: 1, for: 1s}\nexpect: {staysAt: 1}\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "so.yaml"), []byte(manifest), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "mine.yaml"), []byte(story), 0o600))
	s, err := scenario.Load(filepath.Join(dir, "mine.yaml"))
	require.NoError(t, err)
	periods, err := s.Profile("fast")
	require.NoError(t, err)
	c := Config{Namespace: "scenario-mine", Periods: periods, Expect: s.Expect}
	return c, c.Adapt(s.ScaledObject, lab.SigningProxy)
}

// TestAdaptOwn: what a user's own ScaledObject says holds, with its queries filled in.
func TestAdaptOwn(t *testing.T) {
	t.Parallel()
	c, err := adapted(t, once(shop, "IGNORE", ""))
	require.NoError(t, err)
	require.Equal(t, `sum(rate(a{ns="scenario-mine"}[3000ms]))`, c.Scaling.Query)
	require.Equal(t, timeline.Duration(7*time.Second), c.Periods.PollingInterval)
	require.Equal(t, timeline.Duration(300*time.Second), c.Periods.Cooldown, "KEDA's default")
	require.InDelta(t, 40, c.Periods.Threshold, 0)
	require.Equal(t, 100, c.Expect.NeverAbove, "KEDA's default maximum")
	triggers, _, err := unstructured.NestedSlice(c.Scaling.Manifest.Object, "spec", "triggers")
	require.NoError(t, err)
	query, _, err := unstructured.NestedString(triggers[1].(map[string]any), "metadata", "query")
	require.NoError(t, err)
	require.Equal(t, `sum(b{ns="scenario-mine"})`, query)
	require.False(t, emptyIsError(c.Scaling))
	require.False(t, paused(c.Scaling))
}

// TestAdaptWaits: a trigger to which an empty result is an error has no metric before there is load, and a paused object none at all.
func TestAdaptWaits(t *testing.T) {
	t.Parallel()
	c, err := adapted(t, once(shop, "IGNORE", `, ignoreNullValues: "false"`))
	require.NoError(t, err)
	require.True(t, emptyIsError(c.Scaling))
	c, err = adapted(t, once(once(shop, "IGNORE", ""), "namespace: production",
		`namespace: production, annotations: {autoscaling.keda.sh/paused: "true"}`))
	require.NoError(t, err)
	require.True(t, paused(c.Scaling))
}

func TestAdaptErrors(t *testing.T) {
	t.Parallel()
	sound := once(shop, "IGNORE", "")
	for name, tc := range map[string]struct{ manifest, want string }{
		"threshold":      {once(sound, `threshold: "40"`, `threshold: "many"`), `the first trigger's threshold "many" is no number above 0`},
		"template":       {once(sound, "{{.Namespace}}", "{{.Nowhere}}"), "fill in the query"},
		"later template": {once(sound, `b{ns="{{.Namespace}}"}`, "{{.Nowhere}}"), "fill in the query"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := adapted(t, tc.manifest)
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func once(text, old, replacement string) string { return strings.Replace(text, old, replacement, 1) }
