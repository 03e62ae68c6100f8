package component

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const kedaMetrics = `# HELP keda_scaler_metrics_value The current value for each scaler's metric
# TYPE keda_scaler_metrics_value gauge
keda_scaler_metrics_value{metric="s0-prometheus",namespace="other",scaledObject="ho11y-hpa",scaler="prometheusScaler",type="scaledobject"} 7
keda_scaler_metrics_value{metric="s0-prometheus",namespace="trial",scaledObject="another",scaler="prometheusScaler",type="scaledobject"} 8
keda_scaler_metrics_value{metric="s0-prometheus",namespace="trial",scaledObject="ho11y-hpa",scaler="prometheusScaler",type="scaledobject"} 193.75
# TYPE keda_scaler_detail_errors_total counter
keda_scaler_detail_errors_total{metric="s0-prometheus",namespace="trial",scaledObject="ho11y-hpa",scaler="prometheusScaler",type="scaledobject"} 3
`

// servedBy is KEDA whose operator's metrics are answered by the test.
func servedBy(t *testing.T, metrics string) *KEDA {
	t.Helper()
	server := answers(t, map[string]string{"/metrics": metrics})
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	require.NoError(t, err)
	number, err := strconv.Atoi(port)
	require.NoError(t, err)
	return (&KEDAProcesses{ports: []int{number, 2, 3, 4, 5}}).KEDA()
}

func TestKEDAMetrics(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		metrics, namespace, object string
		value, errors              float64
		found                      bool
	}{
		"served":              {kedaMetrics, "trial", "ho11y-hpa", 193.75, 3, true},
		"of another":          {kedaMetrics, "other", "ho11y-hpa", 7, 0, true},
		"nothing served yet":  {kedaMetrics, "trial", "new", 0, 0, false},
		"nothing at all yet":  {"", "trial", "ho11y-hpa", 0, 0, false},
		"zero is a value too": {"keda_scaler_metrics_value{namespace=\"n\",scaledObject=\"s\"} 0\n", "n", "s", 0, 0, true},
		"without a type":      {"keda_scaler_metrics_value{namespace=\"n\",scaledObject=\"s\"} 5\n", "n", "s", 5, 0, true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := servedBy(t, tc.metrics)
			value, found, err := k.Served(t.Context(), tc.namespace, tc.object)
			require.NoError(t, err)
			require.Equal(t, tc.found, found)
			require.InDelta(t, tc.value, value, 0)
			failed, err := k.Errors(t.Context(), tc.namespace, tc.object)
			require.NoError(t, err)
			require.InDelta(t, tc.errors, failed, 0)
		})
	}
	_, found, err := servedBy(t, "keda_scaler_metrics_value { no metrics").Served(t.Context(), "n", "s")
	require.ErrorContains(t, err, "parse the KEDA operator's metrics")
	require.False(t, found)
}

// TestKEDAObjects lays the repository's component over manifests of the shape of KEDA's own.
func TestKEDAObjects(t *testing.T) {
	t.Parallel()
	overlay, err := filepath.Abs("../../../fixtures/manifests/keda/kwok")
	require.NoError(t, err)

	const others = `
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: keda-operator, namespace: keda}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: keda-admission}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: keda-operator, namespace: keda}
---
apiVersion: v1
kind: Service
metadata: {name: keda-operator, namespace: keda}
spec: {ports: [{name: metricsservice, port: 9666}]}
`
	const metricsServer = `
---
apiVersion: v1
kind: Service
metadata: {name: keda-metrics-apiserver, namespace: keda}
spec: {selector: {app: keda}, ports: [{name: https, port: 443, targetPort: 6443}]}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1beta1.external.metrics.k8s.io}
spec: {group: external.metrics.k8s.io, service: {name: keda-metrics-apiserver, namespace: keda}, version: v1beta1}
`
	dir := t.TempDir()
	write := func(path, text string) {
		path = filepath.Join(dir, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	write("config/default/kustomization.yaml", "resources: [all.yaml]\n")
	write("config/default/all.yaml", others+metricsServer)
	k := &KEDAProcesses{Module: dir, Overlay: overlay, Certificates: filepath.Join(dir, "pki"), ports: []int{1, 2, 3, 4444, 5}}
	_, err = k.objects()
	require.ErrorContains(t, err, "read KEDA's certificate authority")

	write("pki/ca.crt", "the authority")
	objects, err := k.objects()
	require.NoError(t, err)
	byName := map[string]*unstructured.Unstructured{}
	for _, object := range objects {
		byName[object.GetKind()+" "+object.GetName()] = object
	}
	require.Len(t, byName, 4, "no Deployment and no webhook: %v", byName)
	require.Contains(t, byName, "ServiceAccount keda-operator")
	require.Equal(t, map[string]any{
		"group": "external.metrics.k8s.io", "version": "v1beta1", "caBundle": "dGhlIGF1dGhvcml0eQ==",
		"service": map[string]any{"name": "keda-metrics-apiserver", "namespace": "keda", "port": int64(4444)},
	}, byName["APIService v1beta1.external.metrics.k8s.io"].Object["spec"])
	require.Equal(t, map[string]any{
		"type": "ExternalName", "externalName": "localhost",
		"ports": []any{map[string]any{"name": "https", "port": int64(4444), "protocol": "TCP"}},
	}, byName["Service keda-metrics-apiserver"].Object["spec"])
	require.Equal(t, map[string]any{"ports": []any{map[string]any{"name": "metricsservice", "port": int64(9666)}}},
		byName["Service keda-operator"].Object["spec"], "others stay as they are")

	write("config/default/all.yaml", others)
	_, err = k.objects()
	require.Error(t, err, "a KEDA whose metrics server is called otherwise is noticed")
}

func TestKEDAInstallWithoutPorts(t *testing.T) {
	t.Parallel()
	k := &KEDAProcesses{Ports: func(context.Context, int) ([]int, error) { return nil, os.ErrPermission }}
	require.ErrorIs(t, k.Install(t.Context()), os.ErrPermission)
	require.NoError(t, k.Remove(t.Context()))
	require.ErrorContains(t, k.Ready(t.Context()), "not started")
}
