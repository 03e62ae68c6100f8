package manifest_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/ampersand-amp/ampersand/e2e/lab/manifest"
)

// fixtures is the folder of the repository's manifests.
const fixtures = "../../../fixtures/manifests"

// clusterScoped are the kinds without a namespace.
var clusterScoped = map[string]bool{"Namespace": true, "ClusterRole": true, "ClusterRoleBinding": true}

type objects []*unstructured.Unstructured

func render(t *testing.T, dir string, o manifest.Options) objects {
	t.Helper()
	list, err := manifest.Render(filepath.Join(fixtures, dir), o)
	require.NoError(t, err)
	return list
}

// names are the objects as "Kind namespace/name".
func (o objects) names() []string {
	var list []string
	for _, object := range o {
		list = append(list, object.GetKind()+" "+object.GetNamespace()+"/"+object.GetName())
	}
	return list
}

func (o objects) find(t *testing.T, kind, name string) *unstructured.Unstructured {
	t.Helper()
	for _, object := range o {
		if object.GetKind() == kind && object.GetName() == name {
			return object
		}
	}
	require.Failf(t, "not rendered", "%s %s is none of %v", kind, name, o.names())
	return nil
}

// data is the data of a config map or secret.
func (o objects) data(t *testing.T, kind, name string) map[string]string {
	t.Helper()
	data, _, err := unstructured.NestedStringMap(o.find(t, kind, name).Object, "data")
	require.NoError(t, err)
	return data
}

// trigger is the trigger of the ScaledObject.
func (o objects) trigger(t *testing.T) (trigger, metadata map[string]any) {
	t.Helper()
	triggers, _, err := unstructured.NestedSlice(o.find(t, "ScaledObject", "ho11y-hpa").Object, "spec", "triggers")
	require.NoError(t, err)
	require.Len(t, triggers, 1)
	trigger = triggers[0].(map[string]any)
	return trigger, trigger["metadata"].(map[string]any)
}

// TestRender renders every kustomization of the repository, as it is and with options laid over.
func TestRender(t *testing.T) {
	app := []string{
		"Deployment %/frontend", "Service %/frontend", "Deployment %/downstream0", "Service %/downstream0",
		"Deployment %/downstream1", "Service %/downstream1",
	}
	tests := map[string]struct {
		dir     string
		options manifest.Options
		want    []string
	}{
		"platform": {"platform", manifest.Options{}, []string{
			"Namespace /ho11y", "ServiceAccount ho11y/adot-collector", "ClusterRole /adot-collector", "ClusterRoleBinding /adot-collector",
			"ConfigMap ho11y/adot-config", "ConfigMap ho11y/adot-settings", "Secret ho11y/adot-aws", "Deployment ho11y/adot", "Service ho11y/adot",
			"ConfigMap keda/sigv4proxy-settings", "Secret keda/sigv4proxy-aws", "Deployment keda/keda-sigv4", "Service keda/keda-sigv4",
		}},
		"emulator": {"emulator", manifest.Options{}, []string{
			"Namespace /ampersand", "ConfigMap ampersand/ampersand-settings", "Secret ampersand/ampersand-aws",
			"Deployment ampersand/ampersand", "Service ampersand/ampersand",
		}},
		"platform with roles": {"irsa/platform", manifest.Options{}, []string{
			"Namespace /ho11y", "ServiceAccount ho11y/adot-collector", "ClusterRole /adot-collector", "ClusterRoleBinding /adot-collector",
			"ConfigMap ho11y/adot-config", "ConfigMap ho11y/adot-settings", "Deployment ho11y/adot", "Service ho11y/adot",
			"ConfigMap keda/sigv4proxy-settings", "Deployment keda/keda-sigv4", "Service keda/keda-sigv4",
		}},
		"emulator with roles": {"irsa/emulator", manifest.Options{}, []string{
			"Namespace /ampersand", "ConfigMap ampersand/ampersand-settings", "ConfigMap ampersand/ampersand-identity",
			"Deployment ampersand/ampersand", "Service ampersand/ampersand",
			"ServiceAccount ampersand/ampersand", "ClusterRoleBinding /ampersand-issuer-discovery",
		}},
		"issuer": {"irsa/issuer", manifest.Options{}, []string{"ServiceAccount ampersand/ampersand", "ClusterRoleBinding /ampersand-issuer-discovery"}},
		"issuer on KWOK": {"kwok/issuer", manifest.Options{}, []string{
			"Namespace /ampersand", "ServiceAccount ampersand/ampersand", "ClusterRoleBinding /ampersand-issuer-discovery",
		}},
		"platform on AWS": {"eks/platform", manifest.Options{}, []string{
			"Namespace /ho11y", "ServiceAccount ho11y/adot-collector", "ClusterRole /adot-collector", "ClusterRoleBinding /adot-collector",
			"ConfigMap ho11y/adot-config", "ConfigMap ho11y/adot-settings", "Deployment ho11y/adot", "Service ho11y/adot",
			"ServiceAccount keda/keda-sigv4", "ConfigMap keda/sigv4proxy-settings", "Deployment keda/keda-sigv4", "Service keda/keda-sigv4",
		}},
		"emulator in AWS's place": {"standin", manifest.Options{}, []string{
			"Namespace /ampersand", "ConfigMap ampersand/ampersand-settings", "Secret ampersand/ampersand-aws",
			"Deployment ampersand/ampersand", "Service ampersand/ampersand", "ClusterRoleBinding /ampersand-public-issuer",
		}},
		"load":                {"load", manifest.Options{}, []string{"Job ho11y/load"}},
		"load on KWOK":        {"kwok/load", manifest.Options{}, []string{"Job ho11y/load"}},
		"load, moved":         {"load", manifest.Options{Namespace: "trial-1"}, []string{"Job trial-1/load"}},
		"app":                 {"app", manifest.Options{}, in("ho11y", app)},
		"app, moved":          {"app", manifest.Options{Namespace: "trial-1"}, in("trial-1", app)},
		"app on KWOK":         {"kwok/app", manifest.Options{}, in("ho11y", app)},
		"app on KWOK, moved":  {"kwok/app", manifest.Options{Namespace: "trial-1"}, in("trial-1", app)},
		"scaling, base":       {"scaling/base", manifest.Options{}, []string{"ScaledObject ho11y/ho11y-hpa"}},
		"scaling by proxy":    {"scaling/proxy", manifest.Options{Namespace: "trial-1"}, []string{"ScaledObject trial-1/ho11y-hpa"}},
		"scaling as it was":   {"scaling/published", manifest.Options{}, []string{"ScaledObject ho11y/ho11y-hpa"}},
		"scaling by KEDA":     {"scaling/native", manifest.Options{}, in("ho11y", []string{"ScaledObject %/ho11y-hpa", "TriggerAuthentication %/keda-aws", "Secret %/keda-aws"})},
		"scaling by a role":   {"scaling/irsa", manifest.Options{Namespace: "x"}, in("x", []string{"ScaledObject %/ho11y-hpa", "TriggerAuthentication %/keda-aws"})},
		"scaling by KEDA, in": {"scaling/native", manifest.Options{Namespace: "x"}, in("x", []string{"ScaledObject %/ho11y-hpa", "TriggerAuthentication %/keda-aws", "Secret %/keda-aws"})},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := render(t, tc.dir, tc.options)
			require.ElementsMatch(t, tc.want, got.names())
			for _, object := range got {
				require.NotPanics(t, func() { object.DeepCopy() }, "%s %s", object.GetKind(), object.GetName())
				require.Equal(t, clusterScoped[object.GetKind()], object.GetNamespace() == "", "%s %s", object.GetKind(), object.GetName())
			}
		})
	}
}

// TestImages replaces images wherever a manifest names them.
func TestImages(t *testing.T) {
	t.Parallel()
	const digest = "sha256:99e3ba0c2a1a8d9c0e0f4a0d5a5d6cf2c4f1f3b1e1a2b3c4d5e6f708192a3b4c"
	for reference, want := range map[string]string{
		"ampersand/ho11y:0123abcd":           "ampersand/ho11y:0123abcd",
		"example.org/sample/ho11y":           "example.org/sample/ho11y:dev",
		"example.org:5000/ho11y:1.2":         "example.org:5000/ho11y:1.2",
		"example.org:5000/ho11y":             "example.org:5000/ho11y:dev",
		"example.org/ho11y@" + digest:        "example.org/ho11y@" + digest,
		"example.org/ho11y:stable@" + digest: "example.org/ho11y@" + digest,
	} {
		t.Run(reference, func(t *testing.T) {
			t.Parallel()
			got := render(t, "app", manifest.Options{Images: map[string]string{"ampersand/ho11y": reference, "ampersand/other": "x:y"}})
			for _, name := range []string{"frontend", "downstream0", "downstream1"} {
				containers, _, err := unstructured.NestedSlice(got.find(t, "Deployment", name).Object, "spec", "template", "spec", "containers")
				require.NoError(t, err)
				require.Equal(t, want, containers[0].(map[string]any)["image"])
			}
		})
	}
}

func in(namespace string, list []string) []string {
	moved := make([]string, len(list))
	for i, name := range list {
		moved[i] = strings.ReplaceAll(name, "%", namespace)
	}
	return moved
}

// TestEveryKustomizationIsTested fails when a folder is added and TestRender does not know it.
func TestEveryKustomizationIsTested(t *testing.T) {
	var found []string
	require.NoError(t, filepath.WalkDir(fixtures, func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.Name() == "kustomization.yaml" {
			dir, _ := filepath.Rel(fixtures, filepath.Dir(path))
			found = append(found, dir)
		}
		return err
	}))
	require.ElementsMatch(t, []string{
		"app", "emulator", "kwok/app", "kwok/load", "load", "platform", "scaling/base", "scaling/native", "scaling/proxy", "scaling/published",
		"irsa/emulator", "irsa/issuer", "irsa/platform", "kwok/issuer", "scaling/irsa", "eks/platform", "standin",
		"irsa/keda", "keda/kind", "keda/kwok", // components, laid over KEDA's own manifests: package component tests them
	}, found)
}

func TestCollectorConfig(t *testing.T) {
	t.Parallel()
	got := render(t, "platform", manifest.Options{})
	text := got.data(t, "ConfigMap", "adot-config")["config.yaml"]
	require.Contains(t, text, "replacement: $$1:$$2", "a single dollar would be a variable of the collector's own")
	require.NotRegexp(t, `[^$]\$[0-9]`, text)
	var config struct {
		Receivers struct {
			Prometheus struct {
				Config struct {
					ScrapeConfigs []struct {
						JobName string `json:"job_name"`
					} `json:"scrape_configs"`
				}
			}
		}
		Exporters map[string]map[string]any
		Service   struct {
			Pipelines map[string]map[string][]string
		}
	}
	require.NoError(t, yaml.Unmarshal([]byte(text), &config))
	var jobs []string
	for _, scrape := range config.Receivers.Prometheus.Config.ScrapeConfigs {
		jobs = append(jobs, scrape.JobName)
	}
	require.Equal(t, []string{"kubernetes-service-endpoints", "adot", "ho11y"}, jobs)
	require.Equal(t, map[string]any{"authenticator": "sigv4auth"}, config.Exporters["prometheusremotewrite"]["auth"])
	require.Equal(t, false, config.Exporters["prometheusremotewrite"]["add_metric_suffixes"], "the query names ho11y_total")
	require.Equal(t, []string{"prometheusremotewrite"}, config.Service.Pipelines["metrics"]["exporters"])

	// What the configuration takes from the environment, the Deployment gives.
	settings := got.data(t, "ConfigMap", "adot-settings")
	for _, name := range []string{"AWS_REGION", "AMP_REMOTE_WRITE_URL", "SCRAPE_INTERVAL", "SCRAPE_TIMEOUT", "BATCH_TIMEOUT"} {
		require.Contains(t, text, "${env:"+name+"}")
		require.NotEmpty(t, settings[name], name)
	}
}

func TestScaledObjects(t *testing.T) {
	t.Parallel()
	const summed = `sum(rate(ho11y_total{k8s_namespace="ho11y",k8s_pod=~"downstream0-.*"}[1m]))`
	tests := map[string]struct {
		query, address, region, authentication any
	}{
		"base":      {summed, "http://keda-sigv4.keda.svc.cluster.local/workspaces/WORKSPACE", nil, nil},
		"proxy":     {summed, "http://keda-sigv4.keda.svc.cluster.local/workspaces/WORKSPACE", nil, nil},
		"published": {"rate(ho11y_total[1m])", "http://keda-sigv4.keda.svc.cluster.local/workspaces/WORKSPACE", nil, nil},
		"native": {
			summed, "https://aps-workspaces.us-east-1.amazonaws.com/workspaces/WORKSPACE", "us-east-1", map[string]any{"name": "keda-aws"},
		},
		"irsa": {
			summed, "https://aps-workspaces.us-east-1.amazonaws.com/workspaces/WORKSPACE", "us-east-1", map[string]any{"name": "keda-aws"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := render(t, "scaling/"+name, manifest.Options{})
			trigger, metadata := got.trigger(t)
			require.Equal(t, "prometheus", trigger["type"])
			require.Equal(t, tc.query, metadata["query"])
			require.Equal(t, tc.address, metadata["serverAddress"])
			require.Equal(t, tc.region, metadata["awsRegion"], "a region has KEDA sign")
			require.Equal(t, tc.authentication, trigger["authenticationRef"])
			spec := got.find(t, "ScaledObject", "ho11y-hpa").Object["spec"].(map[string]any)
			require.Equal(t, map[string]any{"name": "downstream0"}, spec["scaleTargetRef"])
			require.Equal(t, int64(1), spec["minReplicaCount"])
			require.Equal(t, int64(10), spec["maxReplicaCount"])
			require.Equal(t, map[string]any{"failureThreshold": int64(3), "replicas": int64(2)}, spec["fallback"])
		})
	}
}

func TestFrontendOnKWOKCallsNobody(t *testing.T) {
	t.Parallel()
	for dir, want := range map[string]string{"app": "http://downstream0", "kwok/app": "DUMMY:5kB:1ms"} {
		deployment := render(t, dir, manifest.Options{}).find(t, "Deployment", "frontend")
		env := variables(t, deployment)
		require.Equal(t, want, env["DOWNSTREAM0"], dir)
		require.Equal(t, "enabled", env["HO11Y_INJECT_FAILURE"], "the patch leaves the others: %s", dir)
	}
}

func TestOptionsAreLaidOver(t *testing.T) {
	t.Parallel()
	const secret = `a=b "c" $d/+`
	got := render(t, "platform", manifest.Options{
		ConfigMaps: map[string]map[string]string{
			"adot-settings":       {"SCRAPE_INTERVAL": "1s", "AMP_REMOTE_WRITE_URL": "http://127.0.0.1:1/w?a=b"},
			"sigv4proxy-settings": {"AMP_HOST": "127.0.0.1:1"},
		},
		Secrets:    map[string]map[string]string{"adot-aws": {"AWS_SECRET_ACCESS_KEY": secret}},
		Namespaces: map[string]string{"adot-settings": "ho11y", "adot-aws": "ho11y", "sigv4proxy-settings": "keda"},
	})
	require.Equal(t, map[string]string{
		"AWS_REGION": "us-east-1", "AMP_REMOTE_WRITE_URL": "http://127.0.0.1:1/w?a=b", "SCRAPE_INTERVAL": "1s", "SCRAPE_TIMEOUT": "10s",
		"BATCH_TIMEOUT": "10s",
	}, got.data(t, "ConfigMap", "adot-settings"), "what is not set stays")
	require.Equal(t, "127.0.0.1:1", got.data(t, "ConfigMap", "sigv4proxy-settings")["AMP_HOST"])
	require.Equal(t, "https", got.data(t, "ConfigMap", "sigv4proxy-settings")["AMP_SCHEME"])
	require.Equal(t, base64.StdEncoding.EncodeToString([]byte(secret)), got.data(t, "Secret", "adot-aws")["AWS_SECRET_ACCESS_KEY"])
	require.Equal(t, base64.StdEncoding.EncodeToString([]byte("AKIAIOSFODNN7EXAMPLE")), got.data(t, "Secret", "sigv4proxy-aws")["AWS_ACCESS_KEY_ID"])
}

func TestRenderFails(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		dir     string
		options manifest.Options
		want    string
	}{
		"no such folder":        {"none", manifest.Options{}, "none"},
		"no such config map":    {"platform", manifest.Options{ConfigMaps: map[string]map[string]string{"adot-typo": {"A": "b"}}}, "adot-typo"},
		"wrong namespace":       {"platform", manifest.Options{ConfigMaps: map[string]map[string]string{"adot-settings": {"A": "b"}}}, "adot-settings"},
		"a component that is a": {"app", manifest.Options{Components: []string{fixtures + "/platform"}}, "platform"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := manifest.Render(filepath.Join(fixtures, tc.dir), tc.options)
			require.ErrorContains(t, err, "build the kustomization")
			require.ErrorContains(t, err, tc.want)
		})
	}
}
