package component

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/ampersand-amp/ampersand/e2e/lab/manifest"
)

// Whatever host a URL names, the connection ends at the app's ready pod, and the request keeps the host.
func TestInside(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = fmt.Fprint(w, r.Host) }))
	t.Cleanup(server.Close)
	label := func(pod *corev1.Pod) { pod.Namespace, pod.Labels = "keda", map[string]string{"app": "keda-operator"} }
	old := newPod("old", leaving)
	label(old)
	client := fake.NewClientset(old)
	var dialed string
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		dialed = address
		return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
	}
	c := inside(client, dial, "keda", "keda-operator", 8080)
	t.Cleanup(c.CloseIdleConnections)
	_, err := httpGet(t.Context(), c, "http://keda-operator.keda:8080/metrics")
	require.ErrorContains(t, err, "none is ready")

	require.NoError(t, client.Tracker().Add(newPod("new", label)))
	body, err := httpGet(t.Context(), c, "http://keda-operator.keda:8080/metrics")
	require.NoError(t, err)
	require.Equal(t, "keda-operator.keda:8080", string(body))
	require.Equal(t, "new.keda.pod:8080", dialed)
}

// TestKEDAOnKind lays the repository's component for clusters with containers over manifests of the shape of KEDA's own.
func TestKEDAOnKind(t *testing.T) {
	t.Parallel()
	overlay, err := filepath.Abs("../../../fixtures/manifests/keda/kind")
	require.NoError(t, err)
	dir := t.TempDir()
	deployment := func(name, image string) string {
		return fmt.Sprintf(`
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: %s, namespace: keda}
spec:
  template:
    spec:
      containers:
        - name: main
          image: %s:main
          imagePullPolicy: Always
          readinessProbe: {httpGet: {path: /readyz, port: 8081}, initialDelaySeconds: 20}
          env: [{name: POD_NAMESPACE, value: keda}]
`, name, image)
	}
	const repository = "ghcr.io/kedacore/"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte("resources: [all.yaml]\n"), 0o600))
	text := deployment("keda-operator", repository+"keda") + deployment("keda-metrics-apiserver", repository+"keda-metrics-apiserver") +
		deployment("keda-admission", repository+"keda-admission-webhooks")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "all.yaml"), []byte(text), 0o600))

	objects, err := manifest.Render(dir, manifest.Options{Components: []string{overlay}, Images: map[string]string{
		repository + "keda":                    "ampersand/keda-operator:1",
		repository + "keda-metrics-apiserver":  "ampersand/keda-metrics-apiserver:2",
		repository + "keda-admission-webhooks": "ampersand/keda-admission-webhooks:3",
	}})
	require.NoError(t, err)
	require.Len(t, objects, 3)
	images := map[string]string{}
	for _, object := range objects {
		containers, _, err := unstructured.NestedSlice(object.Object, "spec", "template", "spec", "containers")
		require.NoError(t, err)
		container := containers[0].(map[string]any)
		images[object.GetName()] = container["image"].(string)
		require.Equal(t, "IfNotPresent", container["imagePullPolicy"])
		probe := container["readinessProbe"].(map[string]any)
		require.EqualValues(t, 1, probe["initialDelaySeconds"])
		disabled := map[string]any{"name": metadataDisabled, "value": "true"}
		if object.GetName() == "keda-operator" {
			require.Contains(t, container["env"], disabled)
		}
	}
	require.Equal(t, map[string]string{
		"keda-operator": "ampersand/keda-operator:1", "keda-metrics-apiserver": "ampersand/keda-metrics-apiserver:2",
		"keda-admission": "ampersand/keda-admission-webhooks:3",
	}, images)
}
