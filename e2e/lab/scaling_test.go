package lab

import (
	"encoding/base64"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/ampersand-amp/ampersand/e2e/lab/component"
	"github.com/ampersand-amp/ampersand/e2e/lab/manifest"
)

const scaling = "../../fixtures/manifests/scaling"

func scaledObject(t *testing.T, objects []*unstructured.Unstructured) map[string]any {
	t.Helper()
	for _, object := range objects {
		if object.GetKind() == "ScaledObject" {
			require.Equal(t, ScaledObjectName, object.GetName())
			return object.Object["spec"].(map[string]any)
		}
	}
	require.Fail(t, "no ScaledObject")
	return nil
}

// TestSettle writes settings into the recipe's ScaledObject as it is published.
func TestSettle(t *testing.T) {
	t.Parallel()
	behavior := map[string]any{"scaleUp": map[string]any{"stabilizationWindowSeconds": int64(0)}}
	settings := Scaling{
		Query: "up", Threshold: "20", PollingSeconds: 2, CooldownSeconds: 5, Metadata: map[string]string{"ignoreNullValues": "false"},
	}
	for name, tc := range map[string]struct {
		change   func(*Scaling)
		fallback any
		advanced any
	}{
		"plain":       {func(*Scaling) {}, map[string]any{"failureThreshold": int64(3), "replicas": int64(2)}, nil},
		"no fallback": {func(s *Scaling) { s.NoFallback = true }, nil, nil},
		"behavior": {
			func(s *Scaling) { s.Behavior = behavior }, map[string]any{"failureThreshold": int64(3), "replicas": int64(2)},
			map[string]any{"horizontalPodAutoscalerConfig": map[string]any{"behavior": behavior}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			objects, err := manifest.Render(filepath.Join(scaling, "base"), manifest.Options{})
			require.NoError(t, err)
			s := settings
			tc.change(&s)
			require.NoError(t, s.settle(objects[0], "http://127.0.0.1:1/workspaces/ws-1"))
			spec := scaledObject(t, objects)
			require.Equal(t, []any{map[string]any{"type": "prometheus", "metadata": map[string]any{
				"serverAddress": "http://127.0.0.1:1/workspaces/ws-1", "query": "up", "threshold": "20", "ignoreNullValues": "false",
			}}}, spec["triggers"])
			require.Equal(t, int64(2), spec["pollingInterval"])
			require.Equal(t, int64(5), spec["cooldownPeriod"])
			require.Equal(t, tc.fallback, spec["fallback"])
			require.Equal(t, tc.advanced, spec["advanced"])
		})
	}
	object := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"triggers": []any{}}}}
	require.EqualError(t, settings.settle(object, ""), "it has 0 triggers, not one")
}

// TestAdopt brings a user's ScaledObject home: address, signing and target are the recipe's, and the rest is the user's.
func TestAdopt(t *testing.T) {
	t.Parallel()
	own := func(kind string) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
			"metadata": map[string]any{"name": "shop", "namespace": "production", "resourceVersion": "7"},
			"spec": map[string]any{
				"scaleTargetRef": map[string]any{"name": "shop"}, "maxReplicaCount": int64(6),
				"triggers": []any{map[string]any{
					"type":              kind,
					"authenticationRef": map[string]any{"name": "amp"},
					"metadata":          map[string]any{"serverAddress": "https://amp", "awsRegion": "eu-west-1", "query": "mine", "threshold": "9"},
				}},
			},
			"status": map[string]any{"hpaName": "x"},
		}}
	}
	recipe := func() *unstructured.Unstructured {
		objects, err := manifest.Render(filepath.Join(scaling, "base"), manifest.Options{})
		require.NoError(t, err)
		return objects[0]
	}
	theirs := own("prometheus")
	adopted, err := Scaling{Manifest: theirs, Query: "filled in"}.adopt(recipe(), "http://127.0.0.1:1/workspaces/ws-1")
	require.NoError(t, err)
	target, _, err := unstructured.NestedMap(recipe().Object, "spec", "scaleTargetRef")
	require.NoError(t, err)
	require.Equal(t, ScaledObjectName, adopted.GetName())
	require.Empty(t, adopted.GetResourceVersion())
	require.NotContains(t, adopted.Object, "status")
	require.Equal(t, map[string]any{
		"scaleTargetRef": target, "maxReplicaCount": int64(6),
		"triggers": []any{map[string]any{
			"type":     "prometheus",
			"metadata": map[string]any{"serverAddress": "http://127.0.0.1:1/workspaces/ws-1", "query": "filled in", "threshold": "9"},
		}},
	}, adopted.Object["spec"])
	require.Equal(t, own("prometheus"), theirs, "the user's object is not touched")

	_, err = Scaling{Manifest: own("cron")}.adopt(recipe(), "http://127.0.0.1:1")
	require.EqualError(t, err, "its trigger 1 is of type cron: the lab has no other than prometheus")
}

// TestNativeSigning: KEDA gets the keys that are asked for, and the emulator's own when none are.
func TestNativeSigning(t *testing.T) {
	t.Parallel()
	l := &Lab{Scaling: scaling, AMP: component.NewAMP("us-east-1", component.Keys{AccessKeyID: "AKIAOWN", SecretAccessKey: "own"})}
	for id, keys := range map[string]component.Keys{"AKIAOWN": {}, "AKIAOTHER": {AccessKeyID: "AKIAOTHER", SecretAccessKey: "wrong"}} {
		objects, err := l.ScaledObject(t.Context(), Scaling{Namespace: "trial", Signing: SigningNative, Query: "up", Keys: keys})
		require.NoError(t, err)
		require.Len(t, objects, 3)
		for _, object := range objects {
			require.Equal(t, "trial", object.GetNamespace())
			if object.GetKind() != "Secret" {
				continue
			}
			data, _, err := unstructured.NestedStringMap(object.Object, "data")
			require.NoError(t, err)
			require.Equal(t, base64.StdEncoding.EncodeToString([]byte(id)), data["AWS_ACCESS_KEY_ID"])
		}
		scaledObject(t, objects)
	}
	objects, err := l.ScaledObject(t.Context(), Scaling{
		Namespace: "trial", Signing: SigningNative, Query: "up", NoSecret: true, Metadata: map[string]string{"awsRegion": "", "timeout": "7"},
	})
	require.NoError(t, err)
	require.Len(t, objects, 2)
	trigger := scaledObject(t, objects)["triggers"].([]any)[0].(map[string]any)
	require.Equal(t, map[string]any{"serverAddress": l.AMP.WorkspaceURL(), "query": "up", "threshold": "", "timeout": "7"}, trigger["metadata"])
	_, err = l.ScaledObject(t.Context(), Scaling{Signing: "nobody"})
	require.ErrorContains(t, err, `"nobody"`)
}

// TestRoleSigning: KEDA gets no key, and the role that is asked for or its operator's own.
func TestRoleSigning(t *testing.T) {
	t.Parallel()
	l := &Lab{Scaling: scaling, AMP: component.NewAMP("us-east-1", component.Keys{}).ServedAt("http://amp", nil)}
	for role, want := range map[string]map[string]any{
		"":                                 {"provider": "aws"},
		"arn:aws:iam::123456789012:role/a": {"provider": "aws", "roleArn": "arn:aws:iam::123456789012:role/a"},
	} {
		objects, err := l.ScaledObject(t.Context(), Scaling{Namespace: "trial", Signing: SigningIRSA, Query: "up", Role: role})
		require.NoError(t, err)
		require.Len(t, objects, 2)
		for _, object := range objects {
			require.Equal(t, "trial", object.GetNamespace())
			if object.GetKind() == "TriggerAuthentication" {
				require.Equal(t, map[string]any{"podIdentity": want}, object.Object["spec"])
			}
		}
		trigger := scaledObject(t, objects)["triggers"].([]any)[0].(map[string]any)
		require.Equal(t, map[string]any{"name": "keda-aws"}, trigger["authenticationRef"])
		require.Equal(t, map[string]any{
			"serverAddress": l.AMP.WorkspaceURL(), "query": "up", "threshold": "", "awsRegion": "us-east-1",
		}, trigger["metadata"])
	}
}

// TestRoles: a lab with roles takes other manifests, and leads STS's name to the emulator as well.
func TestRoles(t *testing.T) {
	t.Parallel()
	with, without := &Lab{options: Options{Roles: true}}, &Lab{}
	require.Equal(t, roles{emulator: "m/emulator", platform: "m/platform"}, without.roles("m", "http://sts"))
	require.Equal(t, roles{
		emulator: "m/irsa/emulator", platform: "m/irsa/platform", keda: "m/irsa/keda", identity: "m/irsa/emulator/identity.yaml",
		webhook: &manifest.Webhook{Region: "us-east-1", STS: "http://sts"},
	}, with.roles("m", "http://sts"))
	amp := map[string]string{"aps-workspaces.us-east-1.amazonaws.com": "ampersand.ampersand.svc.cluster.local"}
	require.Equal(t, amp, without.aliases())
	amp["sts.us-east-1.amazonaws.com"] = "ampersand.ampersand.svc.cluster.local"
	require.Equal(t, amp, with.aliases())
}
