package kind_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/lab/cluster/kind"
)

const networkVariable = "KIND_EXPERIMENTAL_DOCKER_NETWORK"

func config(t *testing.T) kind.Config {
	t.Helper()
	return kind.Config{
		Name: "ampersand-x", Owner: "me", Image: "node", Kubeconfig: filepath.Join(t.TempDir(), "lab", "kubeconfig"),
		Logf: t.Logf,
	}
}

func TestFailedCreateLeavesNothing(t *testing.T) {
	f := newFake(t)
	f.cluster("other", "me")
	others := f.everything()
	t.Setenv(networkVariable, "the person's")
	_, err := kind.New(config(t)).Create(t.Context())
	require.ErrorContains(t, err, "create the cluster ampersand-x")
	require.ErrorContains(t, err, "no space left on device", "what the failed command said is there")
	require.Equal(t, others, f.everything())
	require.Contains(t, f.get("arguments"), "--net ampersand-x ", "the cluster has a network of its own")
	require.Contains(t, f.get("arguments"), "--publish=127.0.0.1:", "the API server listens on loopback")
	require.Equal(t, "the person's", os.Getenv(networkVariable))
}

func TestCancelledCreateLeavesNothing(t *testing.T) {
	f := newFake(t)
	f.put("run", "hang")
	ctx, cancel := context.WithCancel(t.Context())
	created := make(chan error, 1)
	c := kind.New(config(t))
	go func() {
		_, err := c.Create(ctx)
		created <- err
	}()
	require.Eventually(t, func() bool { return len(f.list("container")) == 1 }, 30*time.Second, 5*time.Millisecond)
	cancel()
	select {
	case err := <-created:
		require.ErrorIs(t, err, context.Canceled)
	case <-time.After(30 * time.Second):
		t.Fatal("Create does not end")
	}
	require.Empty(t, f.everything())
	_, set := os.LookupEnv(networkVariable)
	require.False(t, set)
}

func TestCreateRefuses(t *testing.T) {
	f := newFake(t)
	tests := map[string]struct {
		change func(*kind.Config)
		args   []string
		want   string
	}{
		"no kubeconfig":           {change: func(c *kind.Config) { c.Kubeconfig = "" }, want: "no path for the kubeconfig"},
		"own image not built":     {change: func(c *kind.Config) { c.Image, c.Built = "absent", &kind.Built{} }, want: "should have been built"},
		"published image absent":  {change: func(c *kind.Config) { c.Image = "absent" }, want: "pull the node image"},
		"name taken":              {change: func(c *kind.Config) { c.Name = "other" }, want: "of this name already"},
		"arguments of a program":  {change: func(*kind.Config) {}, args: []string{"--retain"}, want: "there is no kind program"},
		"kubeconfig not possible": {change: func(c *kind.Config) { c.Kubeconfig = "/dev/null/x" }, want: "the kubeconfig's folder"},
	}
	f.cluster("other", "somebody")
	before := f.everything()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			config := config(t)
			test.change(&config)
			_, err := kind.New(config).Create(t.Context(), test.args...)
			require.ErrorContains(t, err, test.want)
			require.Equal(t, before, f.everything())
		})
	}
}

func TestDestroy(t *testing.T) {
	f := newFake(t)
	f.cluster("ampersand-x", "me")
	f.cluster("ampersand-xy", "me")
	config := config(t)
	require.NoError(t, os.MkdirAll(filepath.Dir(config.Kubeconfig), 0o755))
	require.NoError(t, os.WriteFile(config.Kubeconfig, nil, 0o600))
	c := kind.New(config)
	for range 2 {
		require.NoError(t, c.Destroy(t.Context()))
		require.NoFileExists(t, config.Kubeconfig)
		require.Equal(t, []string{"ampersand-xy-control-plane", "ampersand-xy", "ampersand-xy-control-plane"}, f.everything())
	}
	require.NoError(t, os.Remove(f.path("version")))
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	require.ErrorContains(t, c.Destroy(ctx), "Cannot connect to the Docker daemon")
}

func TestLeftovers(t *testing.T) {
	f := newFake(t)
	for name, owner := range map[string]string{
		"ampersand-dead": "me", "ampersand-alive": "me", "ampersand-keep-1": "me", "ampersand-foreign": "you",
	} {
		f.cluster(name, owner)
	}
	f.put("network/kind", "")
	names, err := kind.Leftovers(t.Context(), "me")
	require.NoError(t, err)
	require.Equal(t, []string{"ampersand-alive", "ampersand-dead", "ampersand-keep-1"}, names)

	removed, err := kind.RemoveLeftovers(t.Context(), "me", func(name string) bool { return name == "ampersand-alive" })
	require.NoError(t, err)
	require.Equal(t, []string{"ampersand-dead"}, removed)
	require.Equal(t, []string{"ampersand-alive", "ampersand-foreign", "ampersand-keep-1", "kind"}, f.list("network"))
	require.Len(t, f.list("container"), 3)
	require.Len(t, f.list("volume"), 3)
}

func TestLoadImages(t *testing.T) {
	f := newFake(t)
	f.cluster("ampersand-x", "me")
	c := kind.New(config(t))
	require.NoError(t, c.LoadImage(t.Context(), "a", "b"))
	require.Equal(t, "archive of a, b", f.get("imported"))

	archive := filepath.Join(t.TempDir(), "images.tar")
	require.NoError(t, os.WriteFile(archive, []byte("from a file"), 0o600))
	require.NoError(t, c.LoadImageArchive(t.Context(), archive))
	require.Equal(t, "from a file", f.get("imported"))
	require.ErrorContains(t, c.LoadImageArchive(t.Context(), archive+"x"), "no such file")

	f.put("import", "refuse")
	require.ErrorContains(t, c.LoadImage(t.Context(), "a"), "bad archive")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Error(t, c.LoadImage(ctx, "a"))
}

func TestEgressCounters(t *testing.T) {
	f := newFake(t)
	f.put("iptables", "Chain NODE-EGRESS (2 references)\n 7 420 REJECT all -- * * 0.0.0.0/0 0.0.0.0/0 reject-with icmp-port-unreachable\n")
	config := config(t)
	_, err := kind.New(config).EgressCounters(t.Context())
	require.ErrorContains(t, err, "no egress guard")
	config.Built = &kind.Built{}
	egress, err := kind.New(config).EgressCounters(t.Context())
	require.NoError(t, err)
	require.Equal(t, kind.Egress{InForce: true, Packets: 7, Bytes: 420}, egress)
}
