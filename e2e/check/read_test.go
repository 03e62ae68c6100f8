package check_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/check"
)

func TestRead(t *testing.T) {
	for name, c := range map[string]struct {
		content string
		objects int
	}{
		"documents":      {good + "---\n" + good, 2},
		"list":           {"kind: List\nitems:\n- {apiVersion: keda.sh/v1alpha1, kind: ScaledObject, metadata: {name: a}, spec: {}}\n- {kind: List, items: []}\n", 1},
		"endless list":   {"kind: List\nitems: &i\n- {kind: List, items: *i}\n", 0},
		"json":           {`{"apiVersion":"keda.sh/v1alpha1","kind":"ScaledObject","metadata":{"name":"a"},"spec":{"triggers":[{"type":"prometheus"}]}}`, 1},
		"other group":    {"apiVersion: example.org/v1\nkind: ScaledObject\n", 0},
		"empty":          {"---\n---\n# nothing\n", 0},
		"scalar":         {"5\n", 0},
		"wrong types":    {"apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: 1\nspec: {triggers: 5, fallback: [], minReplicaCount: {}}\n", 1},
		"wrong triggers": {"apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nspec: {triggers: [1, null, {type: prometheus, metadata: [1]}]}\n", 1},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.objects, inspect(c.content, nil).Objects) })
	}
	require.Equal(t, 1, check.Check([]check.File{{Name: "a", Content: []byte("# none")}, {Name: "b", Content: []byte(good)}}, check.Defaults()).Objects)
}

func TestMergedKeys(t *testing.T) {
	merged := "x: &m {awsRegion: us-east-1, timeout: \"5\"}\n" + edit(t, good, region, "        <<: *m\n")
	_, found := find(inspect(merged, nil), "region-mismatch")
	require.True(t, found, "the region that the merge key brings")
	_, found = find(inspect(edit(t, merged, "        <<: *m\n", region+"        <<: *m\n"), nil), "region-mismatch")
	require.False(t, found, "its own region goes first")
}

func TestTriggers(t *testing.T) {
	all := check.Triggers([]byte(edit(t, good, region, region+"        timeout: \"1500\"\n        customHeaders: a=b,c=d\n        activationThreshold: \"2\"\n")))
	require.Equal(t, []check.Trigger{{
		ServerAddress: address, Query: query, Threshold: 10, Activation: 2, Region: "eu-west-1", Signs: true, Timeout: 1500 * time.Millisecond,
		MetricType: "AverageValue", Parameters: map[string]string{}, Headers: map[string]string{"a": "b", "c": "d"},
	}}, all)
}
