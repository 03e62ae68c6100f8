package manifest_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/ampersand-amp/ampersand/e2e/lab/manifest"
)

func TestSetVariable(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"frontend", "downstream0", "downstream1"} {
		deployment := render(t, "app", manifest.Options{}).find(t, "Deployment", name)
		before := deployment.DeepCopy()
		require.ErrorContains(t, manifest.SetVariable(deployment, "TYPO", "x"), "Deployment ho11y/"+name+" has no variable TYPO")
		require.Equal(t, before, deployment)

		require.NoError(t, manifest.SetVariable(deployment, "OTEL_EXPORTER_OTLP_ENDPOINT", "127.0.0.1:4317"))
		require.Equal(t, "127.0.0.1:4317", variables(t, deployment)["OTEL_EXPORTER_OTLP_ENDPOINT"])
		require.Equal(t, "stdout", variables(t, deployment)["HO11Y_LOG_DEST"], "others stay")
		require.Len(t, variables(t, deployment), len(variables(t, before)))
	}
	require.Error(t, manifest.SetVariable(&unstructured.Unstructured{Object: map[string]any{"spec": "x"}}, "A", "b"))
}

// variables are the literal values of the environment of a workload's only container.
func variables(t *testing.T, workload *unstructured.Unstructured) map[string]any {
	t.Helper()
	containers, _, err := unstructured.NestedSlice(workload.Object, "spec", "template", "spec", "containers")
	require.NoError(t, err)
	require.Len(t, containers, 1)
	env := map[string]any{}
	for _, element := range containers[0].(map[string]any)["env"].([]any) {
		variable := element.(map[string]any)
		env[variable["name"].(string)] = variable["value"]
	}
	return env
}
