package component

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"sigs.k8s.io/yaml"

	"github.com/ampersand-amp/ampersand/e2e/lab/manifest"
)

const fixtures = "../../../fixtures/manifests"

// TestIdentities writes the repository's identity file for an emulator outside the cluster: what names a path or an address
// inside is replaced, and nothing else.
func TestIdentities(t *testing.T) {
	t.Parallel()
	source := filepath.Join(fixtures, "irsa/emulator/identity.yaml")
	i := &Identities{Source: source, Server: "https://127.0.0.1:6443", CA: "/pki/ca.crt", Dir: t.TempDir()}
	require.NoError(t, i.write("/tokens/api"))
	read := func(path string) map[string]any {
		t.Helper()
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		var identities map[string]any
		require.NoError(t, yaml.UnmarshalStrict(text, &identities))
		return identities
	}
	want, got := read(source), read(i.File())
	provider := want["oidcProviders"].([]any)[0].(map[string]any)
	provider["jwksURL"], provider["caFile"], provider["bearerTokenFile"] = "https://127.0.0.1:6443/openid/v1/jwks", "/pki/ca.crt", "/tokens/api"
	require.Equal(t, want, got)
	require.NoError(t, i.Remove(t.Context()), "what was never started")

	i.Sessions = 20 * time.Second
	require.NoError(t, i.write("/tokens/api"))
	for _, role := range want["roles"].([]any) {
		role.(map[string]any)["maxSessionDuration"] = "20s"
	}
	require.Equal(t, want, read(i.File()))

	for text, want := range map[string]string{
		"roles: []":                           "know 0 issuers of tokens, not one",
		"oidcProviders: [a]":                  "is string",
		"oidcProviders: [{issuer: a}]":        "to be replaced",
		"oidcProviders: []\noidcProviders: 1": "already set",
	} {
		i.Source = filepath.Join(t.TempDir(), "identity.yaml")
		require.NoError(t, os.WriteFile(i.Source, []byte(text), 0o600))
		require.ErrorContains(t, i.write("/tokens/api"), want, text)
	}
	i.Source = filepath.Join(t.TempDir(), "none")
	require.ErrorContains(t, i.write(""), "read the identities")
}

// TestPlatformWithRoles: the proxy gets the role of an account that another component deployed, and no key is set.
func TestPlatformWithRoles(t *testing.T) {
	t.Parallel()
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{
		Namespace: "keda", Name: "keda-operator", Annotations: map[string]string{manifest.RoleAnnotation: "arn:aws:iam::1:role/query"},
	}}
	amp := NewAMP("eu-west-1", Keys{AccessKeyID: "AKIAROOT", SecretAccessKey: "root"}).ServedAt("http://127.0.0.1:1", nil)
	p := &Platform{
		Manifests: filepath.Join(fixtures, "irsa/platform"), AMP: amp, Webhook: &manifest.Webhook{Region: "eu-west-1", STS: "http://127.0.0.1:1"},
		client: fake.NewClientset(account), ScrapeInterval: time.Second, BatchTimeout: time.Second,
	}
	objects, err := p.objects(t.Context())
	require.NoError(t, err)
	text := ""
	for _, object := range objects {
		part, err := yaml.Marshal(object.Object)
		require.NoError(t, err)
		text += string(part)
	}
	require.NotContains(t, text, "kind: Secret")
	require.NotContains(t, text, "AKIA")
	require.Contains(t, text, "arn:aws:iam::1:role/query")
	require.Contains(t, text, amp.RemoteWriteURL())
	p.client = fake.NewClientset()
	_, err = p.objects(t.Context())
	require.ErrorContains(t, err, "look at service account keda/keda-operator")

	p.Webhook, p.Manifests = nil, filepath.Join(fixtures, "platform")
	objects, err = p.objects(t.Context())
	require.NoError(t, err)
	secrets := 0
	for _, object := range objects {
		if object.GetKind() == "Secret" {
			secrets++
		}
	}
	require.Equal(t, 2, secrets, "keys as before")
}

// TestKEDAIdentity: the operator's process finds what a pod of its account would find.
func TestKEDAIdentity(t *testing.T) {
	t.Parallel()
	client := fake.NewClientset()
	client.PrependReactor("create", "serviceaccounts", func(action clienttesting.Action) (bool, runtime.Object, error) {
		spec := action.(clienttesting.CreateAction).GetObject().(*authenticationv1.TokenRequest).Spec
		return true, &authenticationv1.TokenRequest{Status: authenticationv1.TokenRequestStatus{
			Token: fmt.Sprint(spec.Audiences), ExpirationTimestamp: metav1.NewTime(time.Now().Add(time.Hour)),
		}}, nil
	})
	k := &KEDAProcesses{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler), client: client}
	env, err := k.identity(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, env, "no roles in this lab")

	k.Webhook = &manifest.Webhook{Region: "eu-west-1", STS: "http://127.0.0.1:1"}
	_, err = k.identity(t.Context(), nil)
	require.ErrorContains(t, err, "keda-operator")
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte("resources: [account.yaml]\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "account.yaml"),
		[]byte("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: keda-operator, namespace: keda, labels: {a: b}}\n"), 0o600))
	overlay, err := filepath.Abs(filepath.Join(fixtures, "irsa/keda"))
	require.NoError(t, err)
	var objects []*unstructured.Unstructured
	objects, err = manifest.Render(dir, manifest.Options{Components: []string{overlay}})
	require.NoError(t, err)
	env, err = k.identity(t.Context(), objects)
	require.NoError(t, err)
	path := filepath.Join(k.Dir, "aws-iam-token")
	require.ElementsMatch(t, []string{
		"AWS_ROLE_ARN=arn:aws:iam::123456789012:role/amp-query", "AWS_WEB_IDENTITY_TOKEN_FILE=" + path, "AWS_REGION=eu-west-1",
		"AWS_DEFAULT_REGION=eu-west-1", "AWS_STS_REGIONAL_ENDPOINTS=regional", "AWS_ENDPOINT_URL_STS=http://127.0.0.1:1",
	}, env)
	token, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "[sts.amazonaws.com]", string(token))
	require.NoError(t, k.Remove(t.Context()))
	require.Equal(t, []string{"a"}, kedaComponents("a", ""))
	require.Equal(t, []string{"a", "b"}, kedaComponents("a", "b"))
}
