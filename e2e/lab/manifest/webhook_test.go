package manifest_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/ampersand-amp/ampersand/e2e/lab/manifest"
)

const (
	writeRole = "arn:aws:iam::123456789012:role/amp-remote-write"
	queryRole = "arn:aws:iam::123456789012:role/amp-query"
)

// keda stands for the cluster's own accounts: KEDA's is annotated by a kustomization of its own.
func keda(_ context.Context, namespace, name string) (map[string]string, error) {
	if namespace == "keda" && name == "keda-operator" {
		return map[string]string{manifest.RoleAnnotation: queryRole}, nil
	}
	return nil, errors.New("there is no account " + namespace + "/" + name)
}

// TestWebhook: collector and proxy get what they would get on EKS, and nothing else changes.
func TestWebhook(t *testing.T) {
	t.Parallel()
	webhook := &manifest.Webhook{Region: "eu-west-1", STS: "http://sts.eu-west-1.amazonaws.com", Annotations: keda}
	before := render(t, "irsa/platform", manifest.Options{})
	got := render(t, "irsa/platform", manifest.Options{})
	require.NoError(t, webhook.Admit(t.Context(), got))
	require.Equal(t, writeRole, got.find(t, "ServiceAccount", "adot-collector").GetAnnotations()["eks.amazonaws.com/role-arn"])
	for name, role := range map[string]string{"adot": writeRole, "keda-sigv4": queryRole} {
		deployment := got.find(t, "Deployment", name)
		env := variables(t, deployment)
		for variable, want := range map[string]string{
			"AWS_ROLE_ARN": role, "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/secrets/eks.amazonaws.com/serviceaccount/token",
			"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1", "AWS_STS_REGIONAL_ENDPOINTS": "regional",
			"AWS_ENDPOINT_URL_STS": "http://sts.eu-west-1.amazonaws.com",
		} {
			require.Equal(t, want, env[variable], "%s of %s", variable, name)
		}
		require.Contains(t, env, "POD_IP", "what the manifest sets stays")
		spec := deployment.Object["spec"].(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)
		require.Contains(t, spec["volumes"], map[string]any{"name": "aws-iam-token", "projected": map[string]any{"sources": []any{
			map[string]any{"serviceAccountToken": map[string]any{"audience": "sts.amazonaws.com", "expirationSeconds": int64(86400), "path": "token"}},
		}}})
		require.Contains(t, spec["containers"].([]any)[0].(map[string]any)["volumeMounts"], map[string]any{
			"name": "aws-iam-token", "mountPath": "/var/run/secrets/eks.amazonaws.com/serviceaccount", "readOnly": true,
		})
		require.NotPanics(t, func() { deployment.DeepCopy() })
	}
	for i, object := range got {
		if object.GetKind() != "Deployment" {
			require.Equal(t, before[i], object, "only workloads are changed")
		}
	}
}

func TestWebhookLeavesAlone(t *testing.T) {
	t.Parallel()
	// No account of the application names a role; on AWS there is no address of STS to give.
	webhook := &manifest.Webhook{Region: "eu-west-1"}
	got := render(t, "app", manifest.Options{})
	require.NoError(t, webhook.Admit(t.Context(), got))
	require.Equal(t, render(t, "app", manifest.Options{}), got)
	for _, variable := range webhook.Variables(queryRole, "/token") {
		require.NotEqual(t, "AWS_ENDPOINT_URL_STS", variable.Name)
	}

	// What a manifest says itself counts.
	got = render(t, "irsa/platform", manifest.Options{})
	adot := got.find(t, "Deployment", "adot")
	containers, _, err := unstructured.NestedSlice(adot.Object, "spec", "template", "spec", "containers")
	require.NoError(t, err)
	container := containers[0].(map[string]any)
	container["env"] = append(container["env"].([]any), map[string]any{"name": "AWS_ROLE_ARN", "value": "another"})
	require.NoError(t, unstructured.SetNestedSlice(adot.Object, containers, "spec", "template", "spec", "containers"))
	require.NoError(t, webhook.Admit(t.Context(), got))
	require.Equal(t, "another", variables(t, adot)["AWS_ROLE_ARN"])

	// Who cannot be asked is not taken for one without a role.
	webhook.Annotations = func(context.Context, string, string) (map[string]string, error) { return nil, errors.New("no cluster") }
	require.EqualError(t, webhook.Admit(t.Context(), render(t, "irsa/platform", manifest.Options{})), "give Deployment keda/keda-sigv4 an IAM role: no cluster")
}

// TestNoKeyIsLeft: with roles for service accounts no object that is deployed holds a key.
func TestNoKeyIsLeft(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"irsa/emulator", "irsa/platform", "scaling/irsa", "kwok/issuer"} {
		t.Run(dir, func(t *testing.T) {
			t.Parallel()
			for _, object := range render(t, dir, manifest.Options{}) {
				require.NotEqual(t, "Secret", object.GetKind(), object.GetName())
				text, err := yaml.Marshal(object.Object)
				require.NoError(t, err)
				for _, key := range []string{"AKIA", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "awsAccessKeyID", "secretRef", "secretTargetRef"} {
					require.NotContains(t, string(text), key, "%s %s", object.GetKind(), object.GetName())
				}
			}
		})
	}
}

// TestIdentities: the roles that the accounts name are those of the emulator, each trusts its account alone and may do one
// thing.
func TestIdentities(t *testing.T) {
	t.Parallel()
	got := render(t, "irsa/emulator", manifest.Options{})
	var file struct {
		OIDCProviders []struct {
			Issuer    string
			ClientIDs []string
		} `json:"oidcProviders"`
		Roles []struct {
			Name        string
			TrustPolicy struct{ Statement []map[string]any }
			Policies    []map[string]string
		}
	}
	require.NoError(t, yaml.Unmarshal([]byte(got.data(t, "ConfigMap", "ampersand-identity")["identity.yaml"]), &file))
	require.Len(t, file.OIDCProviders, 1)
	require.Equal(t, "https://kubernetes.default.svc.cluster.local", file.OIDCProviders[0].Issuer)
	require.Equal(t, []string{manifest.TokenAudience}, file.OIDCProviders[0].ClientIDs)
	want := map[string][2]string{
		filepath.Base(writeRole): {"system:serviceaccount:ho11y:adot-collector", "arn:aws:iam::aws:policy/AmazonPrometheusRemoteWriteAccess"},
		filepath.Base(queryRole): {"system:serviceaccount:keda:keda-operator", "arn:aws:iam::aws:policy/AmazonPrometheusQueryAccess"},
	}
	require.Len(t, file.Roles, len(want))
	for _, role := range file.Roles {
		require.Len(t, role.TrustPolicy.Statement, 1)
		require.Equal(t, map[string]any{"StringEquals": map[string]any{
			"kubernetes.default.svc.cluster.local:sub": want[role.Name][0],
			"kubernetes.default.svc.cluster.local:aud": manifest.TokenAudience,
		}}, role.TrustPolicy.Statement[0]["Condition"], role.Name)
		require.Equal(t, []map[string]string{{"arn": want[role.Name][1]}}, role.Policies)
	}
	spec := got.find(t, "Deployment", "ampersand").Object["spec"].(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)
	require.Equal(t, "ampersand", spec["serviceAccountName"])
	require.Equal(t, true, spec["automountServiceAccountToken"])
	require.Contains(t, spec["containers"].([]any)[0].(map[string]any)["args"], "--identity=/etc/ampersand/identity.yaml")
}
