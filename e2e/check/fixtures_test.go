package check_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/ampersand-amp/ampersand/e2e/check"
	"github.com/ampersand-amp/ampersand/e2e/lab/manifest"
)

// rendered is a variant of the house's own ScaledObject, as the lab applies it.
func rendered(t *testing.T, variant string) []check.File {
	t.Helper()
	objects, err := manifest.Render(filepath.Join("..", "..", "fixtures", "manifests", "scaling", variant), manifest.Options{})
	require.NoError(t, err)
	var files []check.File
	for _, o := range objects {
		content, err := yaml.Marshal(o.Object)
		require.NoError(t, err)
		files = append(files, check.File{Name: o.GetKind() + ".yaml", Content: content})
	}
	return files
}

func TestFixtures(t *testing.T) {
	for _, variant := range []string{"base", "native", "irsa", "proxy"} {
		r := check.Check(rendered(t, variant), check.Defaults())
		require.Equal(t, 1, r.Objects, variant)
		require.Zero(t, r.Count(check.LevelError), "%s: %+v", variant, r.Findings)
	}
	r := check.Check(rendered(t, "published"), check.Defaults())
	_, found := find(r, "several-elements")
	require.True(t, found, "the published query: fault 1")
	_, found = find(r, "no-selector")
	require.True(t, found, "the published query: fault 2")
}

// TestRecipe gives the recipe's trigger as recipe.md describes it.
func TestRecipe(t *testing.T) {
	r := inspect(`apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: ho11y-hpa, namespace: ho11y}
spec:
  scaleTargetRef: {name: downstream0}
  pollingInterval: 30
  cooldownPeriod: 300
  minReplicaCount: 1
  maxReplicaCount: 10
  fallback: {failureThreshold: 3, replicas: 2}
  triggers:
    - type: prometheus
      metadata:
        serverAddress: http://keda-sigv4.keda.svc.cluster.local/workspaces/$WORKSPACE
        metricName: ho11y_total
        awsRegion: us-east-1
        identityOwner: operator
        threshold: '1'
        query: rate(ho11y_total[1m])
`, nil)
	for _, id := range []string{
		"several-elements", "no-selector", "signed-twice", "metric-name", "workspace-placeholder", "polling-without-effect",
		"cooldown-without-effect", "empty-as-zero", "fallback-not-for-empty", "fallback-static", "default-scale-down",
	} {
		_, found := find(r, id)
		require.True(t, found, id)
	}
	require.Equal(t, 2, r.Count(check.LevelError), "%+v", r.Findings)
}
