package kind

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
	"sigs.k8s.io/yaml"
)

// merged is what patches of an API version change in an object of a kind.
func merged(t *testing.T, patches []string, version, kind string) map[string]any {
	t.Helper()
	all := map[string]any{}
	for _, patch := range patches {
		var object map[string]any
		require.NoError(t, yaml.UnmarshalStrict([]byte(patch), &object), patch)
		of, named := object["apiVersion"]
		if object["kind"] != kind || (named && of != version) {
			continue
		}
		delete(object, "apiVersion")
		delete(object, "kind")
		for key, value := range object {
			require.NotContains(t, all, key, "a later patch would replace it")
			all[key] = value
		}
	}
	return all
}

func TestPatches(t *testing.T) {
	t.Parallel()
	built := &Built{Repository: "ampersand", Etcd: "3.6.16-0", CoreDNS: "v1.14.2"}
	const v3, v4 = "kubeadm.k8s.io/v1beta3", "kubeadm.k8s.io/v1beta4"

	patches := New(Config{HPASyncPeriod: time.Second, Built: built}).patches(true)
	require.Equal(t, map[string]any{
		"controllerManager": map[string]any{"extraArgs": map[string]any{"horizontal-pod-autoscaler-sync-period": "1s"}},
		"imageRepository":   "ampersand",
		"etcd":              map[string]any{"local": map[string]any{"imageTag": "3.6.16-0"}},
		"dns":               map[string]any{"imageTag": "v1.14.2"},
	}, merged(t, patches, v3, "ClusterConfiguration"))
	require.Equal(t, map[string]any{"extraArgs": []any{
		map[string]any{"name": "enable-hostpath-provisioner", "value": "true"},
		map[string]any{"name": "horizontal-pod-autoscaler-sync-period", "value": "1s"},
	}}, merged(t, patches, v4, "ClusterConfiguration")["controllerManager"])
	require.Equal(t, map[string]any{"failCgroupV1": false, "cgroupRoot": "/", "resolvConf": "/etc/pod-resolv.conf"},
		merged(t, patches, "", "KubeletConfiguration"))

	patches = New(Config{HPASyncPeriod: 1500 * time.Millisecond}).patches(true)
	require.Equal(t, map[string]any{"failCgroupV1": false}, merged(t, patches, "", "KubeletConfiguration"))
	require.NotContains(t, merged(t, patches, v4, "ClusterConfiguration"), "imageRepository")
	require.Contains(t, fmt.Sprint(merged(t, patches, v4, "ClusterConfiguration")), "1.5s")

	require.Empty(t, New(Config{}).patches(false))

	// A list is replaced as a whole, so the gates that kind wrote have to be in it again.
	gated := New(Config{HPASyncPeriod: time.Second, FeatureGates: []string{"One", "Two"}}).patches(false)
	require.Contains(t, merged(t, gated, v4, "ClusterConfiguration")["controllerManager"].(map[string]any)["extraArgs"],
		map[string]any{"name": "feature-gates", "value": "One=true,Two=true"})
	require.NotContains(t, fmt.Sprint(merged(t, gated, v3, "ClusterConfiguration")), "feature-gates", "kind's own map keeps them")
}

func TestClusterConfig(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // Docker is not asked
	config := New(Config{Name: "x", Image: "node", Built: &Built{}}).clusterConfig(ctx)
	require.Equal(t, []v1alpha4.Node{{Role: v1alpha4.ControlPlaneRole, Image: "node"}}, config.Nodes)
	require.Equal(t, "127.0.0.1", config.Networking.APIServerAddress)
	require.True(t, config.Networking.DisableDefaultCNI)
	require.False(t, New(Config{}).clusterConfig(ctx).Networking.DisableDefaultCNI)
	require.Empty(t, config.FeatureGates)
	gated := New(Config{FeatureGates: []string{"HPAConfigurableTolerance"}}).clusterConfig(ctx)
	require.Equal(t, map[string]bool{"HPAConfigurableTolerance": true}, gated.FeatureGates)
}

func TestCorefile(t *testing.T) {
	t.Parallel()
	offline := corefile(true, map[string]string{"b.example": "b.ns.svc.cluster.local", "a.example": "a.ns.svc.cluster.local"})
	require.Contains(t, offline, "ip6.arpa:53 a.example:53 b.example:53 {")
	require.Contains(t, offline, "rewrite name exact a.example a.ns.svc.cluster.local answer auto\n    rewrite name exact b.example")
	require.Contains(t, offline, "rcode NXDOMAIN")
	require.NotContains(t, offline, "forward")
	online := corefile(false, nil)
	require.Contains(t, online, "forward . /etc/resolv.conf")
	require.NotContains(t, online, "NXDOMAIN")
}

func TestLogger(t *testing.T) {
	t.Parallel()
	var progress []string
	var detail bytes.Buffer
	l := &logger{
		logf:   func(format string, args ...any) { progress = append(progress, fmt.Sprintf(format, args...)) },
		detail: slog.New(slog.NewTextHandler(&detail, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	l.V(0).Infof("Creating cluster %q ...\n", "x")
	l.V(0).Infof(" • %s  ...\n", "Preparing nodes 📦 ")
	l.V(0).Infof(" ✓ %s\n", "Preparing nodes 📦 ")
	l.V(3).Info("kubeadm's output")
	l.Warnf("here be %s", "dragons")
	l.Errorf("it %s", "broke")
	require.Equal(t, []string{"kind: Preparing nodes"}, progress)
	require.Contains(t, detail.String(), "kubeadm's output")
	require.Contains(t, detail.String(), "level=WARN msg=\"here be dragons\"")
	require.Contains(t, detail.String(), "level=ERROR msg=\"it broke\"")
}
