package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/doctor"
)

// TestDoctor gives the program a cluster without KEDA; package doctor's tests have the rest.
func TestDoctor(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/version" {
			_, _ = w.Write([]byte(`{"gitVersion":"v1.36.3"}`))
			return
		}
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"kind":"Status","apiVersion":"v1","status":"Failure","code":404,"reason":"NotFound"}`))
	}))
	t.Cleanup(server.Close)
	kubeconfig := written(t, `apiVersion: v1
kind: Config
current-context: here
contexts: [{name: here, context: {cluster: c, user: u, namespace: shop}}]
clusters: [{name: c, cluster: {server: "`+server.URL+`"}}]
users: [{name: u}]
`)
	code, out, errs := checkWith(t, "doctor", "--kubeconfig", kubeconfig)
	require.Equal(t, exitFailed, code)
	require.Contains(t, out, "verdict: the chain breaks at keda-api: there is no APIService v1beta1.external.metrics.k8s.io\n")
	require.Equal(t, "ampersand: a chain is broken\n", errs)

	code, out, _ = checkWith(t, "doctor", "--kubeconfig", kubeconfig, "--format", "json", "-n", "other")
	require.Equal(t, exitFailed, code)
	var report doctor.Report
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	require.Equal(t, "other", report.Chains[0].Namespace)
	require.Equal(t, doctor.HopKEDA, report.Chains[0].Verdict.Name)

	code, _, errs = checkWith(t, "doctor", "--kubeconfig", kubeconfig, "--context", "none")
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "read the kubeconfig: ")

	for _, args := range [][]string{{"one"}, {"-A", "-n", "shop"}, {"--timeout", "0s"}, {"--format", "xml"}} {
		code, _, errs := checkWith(t, append([]string{"doctor"}, args...)...)
		require.Equal(t, exitUsage, code, "%v: %s", args, errs)
	}
}
