package existing_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/lab/cluster/existing"
)

func connect(t *testing.T, s *apiServer) *existing.Cluster {
	t.Helper()
	s.kubeconfig(t)
	c, err := existing.Connect("mine", filepath.Join(t.TempDir(), "kubeconfig"))
	require.NoError(t, err)
	return c
}

// TestConnect takes one context out of a person's kubeconfig.
func TestConnect(t *testing.T) {
	s := newAPIServer(t)
	s.kubeconfig(t)
	path := filepath.Join(t.TempDir(), "kubeconfig")
	c, err := existing.Connect("mine", path)
	require.NoError(t, err)
	require.Equal(t, "mine", c.Context)
	require.Equal(t, s.URL, c.Server)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(text), s.URL)
	require.NotContains(t, string(text), "elsewhere")
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	c, err = existing.Connect("", path)
	require.NoError(t, err)
	require.Equal(t, "other", c.Context, "the current one")
	_, err = existing.Connect("nowhere", path)
	require.ErrorContains(t, err, `no context "nowhere"`)
}

// TestLook says what there is, and refuses to work on what is not the lab's.
func TestLook(t *testing.T) {
	run := map[string]string{existing.Label: "17"}
	eks := existing.Facts{Version: "v1.36.3", Nodes: 1, Issuer: "https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE"}
	with := func(change func(*existing.Facts)) existing.Facts {
		f := eks
		change(&f)
		return f
	}
	operator := "/apis/apps/v1/namespaces/keda/deployments/keda-operator"
	for name, tc := range map[string]struct {
		there   map[string]map[string]string
		want    existing.Facts
		refused string
	}{
		"an empty cluster": {want: eks},
		"one of EKS":       {there: map[string]map[string]string{webhooks + "/pod-identity-webhook": nil}, want: with(func(f *existing.Facts) { f.PodIdentity = true })},
		"with KEDA": {
			there: map[string]map[string]string{operator: nil, namespaces + "/keda": nil, definitions + "/scaledobjects.keda.sh": nil},
			want:  with(func(f *existing.Facts) { f.KEDA = true }),
		},
		"KEDA elsewhere":    {there: map[string]map[string]string{"/apis/apps/v1/namespaces/ops/deployments/keda-operator": nil}, refused: "KEDA is in namespace ops"},
		"KEDA of a run":     {there: map[string]map[string]string{operator: run}, refused: "belongs to run 17"},
		"half of KEDA":      {there: map[string]map[string]string{definitions + "/scaledobjects.keda.sh": nil}, refused: "without its operator"},
		"somebody's ho11y":  {there: map[string]map[string]string{namespaces + "/ho11y": nil}, refused: "namespace ho11y is there already"},
		"a killed run's":    {there: map[string]map[string]string{namespaces + "/ho11y": run}, refused: "E2E_CLEANUP=1"},
		"somebody's keda":   {there: map[string]map[string]string{namespaces + "/keda": nil}, refused: "namespace keda is there already"},
		"no issuer's name":  {there: map[string]map[string]string{"/.well-known/openid-configuration": nil}, refused: "names no issuer"},
		"an old API server": {there: map[string]map[string]string{"/version": nil}, want: with(func(f *existing.Facts) { f.Version = "" })},
	} {
		t.Run(name, func(t *testing.T) {
			s := newAPIServer(t)
			for path, labels := range tc.there {
				s.add(path, labels)
			}
			got, err := connect(t, s).Look(t.Context())
			if tc.refused != "" {
				require.ErrorContains(t, err, tc.refused)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
			require.Empty(t, s.deleted)
		})
	}
}

// TestSweep removes what runs have labelled, in order, and waits; nothing else is touched.
func TestSweep(t *testing.T) {
	mine, others := map[string]string{existing.Label: "1"}, map[string]string{existing.Label: "2"}
	s := newAPIServer(t)
	for path, labels := range map[string]map[string]string{
		namespaces + "/keda":                                       mine,
		namespaces + "/ho11y":                                      mine,
		namespaces + "/trial-of-another":                           others,
		namespaces + "/production":                                 nil,
		"/apis/apiregistration.k8s.io/v1/apiservices/metrics":      mine,
		"/apis/rbac.authorization.k8s.io/v1/clusterroles/reader":   mine,
		"/apis/rbac.authorization.k8s.io/v1/clusterroles/admin":    nil,
		"/apis/apps/v1/namespaces/keda/deployments/keda-sigv4":     mine,
		"/apis/apps/v1/namespaces/keda/deployments/somebody-elses": nil,
		definitions + "/scaledobjects.keda.sh":                     mine,
	} {
		s.add(path, labels)
	}
	s.finalizers[namespaces+"/ho11y"] = 2
	c := connect(t, s)
	names, err := c.Namespaces(t.Context(), "1")
	require.NoError(t, err)
	require.Equal(t, []string{"ho11y", "keda"}, names)
	removed, err := c.Sweep(t.Context(), "1")
	require.NoError(t, err)
	require.Equal(t, []string{
		namespaces + "/ho11y",
		"/apis/apiregistration.k8s.io/v1/apiservices/metrics",
		"/apis/apps/v1/namespaces/keda/deployments/keda-sigv4",
		namespaces + "/keda",
		"/apis/rbac.authorization.k8s.io/v1/clusterroles/reader",
		definitions + "/scaledobjects.keda.sh",
	}, s.deleted)
	require.Len(t, removed, 6)
	require.NotContains(t, s.objects, namespaces+"/ho11y", "it was waited for")

	removed, err = c.Sweep(t.Context(), "")
	require.NoError(t, err)
	require.Equal(t, []string{"namespaces trial-of-another"}, removed)
	for _, path := range []string{
		namespaces + "/production", "/apis/rbac.authorization.k8s.io/v1/clusterroles/admin", "/apis/apps/v1/namespaces/keda/deployments/somebody-elses",
	} {
		require.Contains(t, s.objects, path)
	}
}
