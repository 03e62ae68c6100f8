package kwok

import (
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"
)

// newFlagged returns a cluster of which nothing runs.
func newFlagged() *Cluster {
	c := New(Config{Dir: "/state", HPASyncPeriod: 2 * time.Second, FeatureGates: []string{"HPAConfigurableTolerance"}, Stages: []string{"/stages/a.yaml", "/stages/b.yaml"}})
	c.ports = ports{etcdClient: 1001, etcdPeer: 1002, apiserver: 1003, controllerManager: 1004, scheduler: 1005, kwok: 1006}
	c.pods = &podNetwork{CIDR: "127.77.0.0/16"}
	return c
}

// TestFlags looks at what keeps a cluster to itself and to this machine.
func TestFlags(t *testing.T) {
	t.Parallel()
	c := newFlagged()
	tests := map[string]struct {
		args []string
		// binds are the flags without which a program would listen on every address of the machine, or on a port of its own.
		binds map[string]string
		want  []string
	}{
		"etcd": {
			args:  c.etcdArgs(),
			binds: map[string]string{"--listen-client-urls": "http://127.0.0.1:1001", "--listen-peer-urls": "http://127.0.0.1:1002"},
			want:  []string{"--data-dir=/state/etcd", "--initial-cluster=ampersand=http://127.0.0.1:1002"},
		},
		"kube-apiserver": {
			args:  c.apiserverArgs(),
			binds: map[string]string{"--bind-address": "127.0.0.1", "--secure-port": "1003", "--advertise-address": "127.0.0.1"},
			want: []string{
				"--etcd-servers=http://127.0.0.1:1001", "--authorization-mode=RBAC", "--client-ca-file=/state/pki/ca.crt",
				"--requestheader-client-ca-file=/state/pki/front-proxy-ca.crt", "--requestheader-allowed-names=front-proxy-client",
				"--feature-gates=HPAConfigurableTolerance=true",
			},
		},
		"kube-controller-manager": {
			args:  c.controllerManagerArgs(),
			binds: map[string]string{"--bind-address": "127.0.0.1", "--secure-port": "1004"},
			want: []string{
				"--horizontal-pod-autoscaler-sync-period=2s", "--kubeconfig=/state/controller-manager.kubeconfig",
				"--feature-gates=HPAConfigurableTolerance=true",
			},
		},
		"kube-scheduler": {
			args:  c.schedulerArgs(),
			binds: map[string]string{"--bind-address": "127.0.0.1", "--secure-port": "1005"},
			want:  []string{"--kubeconfig=/state/scheduler.kubeconfig"},
		},
		"kwok": {
			args:  c.kwokArgs(),
			binds: map[string]string{"--server-address": "127.0.0.1:1006", "--node-ip": "127.0.0.1", "--cidr": "127.77.0.0/16"},
			want:  []string{"--kubeconfig=/state/admin.kubeconfig", "--config=/state/pod-start.yaml", "--config=/stages/a.yaml", "--config=/stages/b.yaml"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flags := map[string]string{}
			for _, arg := range tc.args {
				flag, value, _ := strings.Cut(arg, "=")
				require.True(t, strings.HasPrefix(flag, "--"), "%s is no flag", arg)
				flags[flag] = value
				requireLoopback(t, arg, value)
			}
			for flag, want := range tc.binds {
				require.Equal(t, want, flags[flag], flag)
			}
			for _, want := range tc.want {
				require.Contains(t, tc.args, want)
			}
		})
	}
}

// addresses finds what looks like an IPv4 address.
var addresses = regexp.MustCompile(`\d+\.\d+\.\d+\.\d+`)

// requireLoopback wants every address in a flag to be of this machine, or of the network of services, which is nowhere.
func requireLoopback(t *testing.T, arg, value string) {
	t.Helper()
	for _, text := range addresses.FindAllString(value, -1) {
		address, err := netip.ParseAddr(text)
		require.NoError(t, err, arg)
		require.True(t, address.IsLoopback() || strings.HasPrefix(arg, "--service-cluster-ip-range="), "%s is not of this machine", arg)
	}
	if u, err := url.Parse(value); err == nil && u.Scheme == "http" {
		require.True(t, net.ParseIP(u.Hostname()).IsLoopback(), "%s is not of this machine", arg)
	}
	require.NotContains(t, value, "[::]")
	require.False(t, strings.HasPrefix(value, ":"), "%s is every address of the machine", arg)
}

func TestFreePorts(t *testing.T) {
	t.Parallel()
	list, err := FreePorts(t.Context(), 20)
	require.NoError(t, err)
	require.Len(t, list, 20)
	slices.Sort(list)
	require.Len(t, slices.Compact(list), 20, "each is another")
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(list[0])))
	require.NoError(t, err, "it is free")
	require.NoError(t, l.Close())
}

func TestPodNetworksDiffer(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux listens on all of 127.0.0.0/8 without set-up")
	}
	t.Parallel()
	seen := map[string]bool{}
	for range 3 {
		network, err := claimPodNetwork(t.Context())
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, network.claim.Close()) })
		require.NotContains(t, seen, network.CIDR)
		seen[network.CIDR] = true
		prefix, err := netip.ParsePrefix(network.CIDR)
		require.NoError(t, err)
		require.True(t, prefix.Addr().IsLoopback())
		require.Equal(t, 16, prefix.Bits())
		require.False(t, prefix.Contains(netip.MustParseAddr("127.0.0.1")), "that one is everybody's")
	}
}

func TestKubeconfigLoads(t *testing.T) {
	t.Parallel()
	c := New(Config{Dir: t.TempDir()})
	c.ports.apiserver = 1003
	require.NoError(t, writePKI(c.PKI()))
	require.NoError(t, writeKubeconfig(c.Kubeconfig(), c.Server(), filepath.Join(c.PKI(), "ca.crt"), certificateUser(c.PKI(), "admin")))
	requirePrivate(t, c.Kubeconfig())
	config, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig())
	require.NoError(t, err)
	require.Equal(t, "https://127.0.0.1:1003", config.Host)
	require.Equal(t, filepath.Join(c.PKI(), "ca.crt"), config.CAFile)
	require.Equal(t, filepath.Join(c.PKI(), "admin.crt"), config.CertFile)
	require.Equal(t, filepath.Join(c.PKI(), "admin.key"), config.KeyFile)
	require.False(t, config.Insecure)
}

func TestStages(t *testing.T) {
	t.Parallel()
	text, err := stages.ReadFile("stages/node.yaml")
	require.NoError(t, err)
	var node corev1.Node
	require.NoError(t, yaml.UnmarshalStrict(text, &node))
	require.Equal(t, "kwok-0", node.Name, "waitNode asks for it")
	require.Equal(t, "fake", node.Annotations["kwok.x-k8s.io/node"], "or KWOK leaves it alone")

	text, err = stages.ReadFile("stages/pod-start.yaml")
	require.NoError(t, err)
	var stage struct {
		Kind string
		Spec struct {
			ResourceRef struct{ Kind string }
			Next        struct{ StatusTemplate string }
		}
	}
	require.NoError(t, yaml.Unmarshal(text, &stage))
	require.Equal(t, "Stage", stage.Kind)
	require.Equal(t, "Pod", stage.Spec.ResourceRef.Kind)
	template := stage.Spec.Next.StatusTemplate
	require.Contains(t, template, "phase: Running")
	require.Regexp(t, `(?s)type: Ready\s+status: "False"`, template, "whether a pod is ready is podrunner's business")
	require.NotRegexp(t, `type: (Containers)?Ready\s+status: "True"`, template)
}
