package manifest

import (
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestRank says what has to be there before what.
func TestRank(t *testing.T) {
	t.Parallel()
	for _, chain := range [][]string{
		{"Namespace", "CustomResourceDefinition", "ServiceAccount", "Role", "RoleBinding", "Service", "Deployment", "TriggerAuthentication", "ScaledObject"},
		{"Namespace", "Secret", "Deployment"},
		{"Namespace", "ConfigMap", "Deployment"},
		{"CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding", "AnythingElse", "APIService"},
		{"Secret", "TriggerAuthentication"},
	} {
		for i := 1; i < len(chain); i++ {
			require.Less(t, rank(kind(chain[i-1])), rank(kind(chain[i])), "%s before %s", chain[i-1], chain[i])
		}
	}
}

func kind(name string) *unstructured.Unstructured {
	object := &unstructured.Unstructured{}
	object.SetKind(name)
	return object
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	object := kind("Service")
	object.SetName("frontend")
	require.Equal(t, "Service frontend", describe(object))
	object.SetNamespace("ho11y")
	require.Equal(t, "Service ho11y/frontend", describe(object))
}
