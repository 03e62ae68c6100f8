package kwok

import (
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/lab/process"
)

// TestMain plays the control plane when it is started as one: an etcd that ends at once and an API server that never
// answers.
func TestMain(m *testing.M) {
	for _, arg := range os.Args[1:] {
		switch {
		case strings.HasPrefix(arg, "--initial-cluster="):
			fmt.Println("etcd: the disk is on fire")
			os.Exit(1)
		case strings.HasPrefix(arg, "--etcd-servers="):
			terminated := make(chan os.Signal, 1)
			signal.Notify(terminated, syscall.SIGTERM)
			<-terminated
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

// newBroken returns a cluster whose programs are this test.
func newBroken(t *testing.T) *Cluster {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	processes := process.NewGroup()
	t.Cleanup(processes.Close)
	dir := t.TempDir()
	return New(Config{
		Programs: map[string]string{"etcd": self, "kube-apiserver": self},
		Dir:      filepath.Join(dir, "cluster"), Logs: filepath.Join(dir, "logs"), Processes: processes, Logger: slog.New(slog.DiscardHandler),
	})
}

// TestCreateGivesUpEarly: when a part of the control plane has ended, nobody waits two minutes for the whole.
func TestCreateGivesUpEarly(t *testing.T) {
	c := newBroken(t)
	started := time.Now()
	err := c.Create(t.Context())
	require.Less(t, time.Since(started), startTimeout/2)
	require.ErrorContains(t, err, "wait for the API server to be ready: etcd ended by itself (exit status 1)")
	require.ErrorContains(t, err, "etcd: the disk is on fire")
	require.Error(t, c.Failed())
	apiserver := c.running[1].process

	require.NoError(t, c.Destroy(t.Context()))
	<-apiserver.Exited()
	require.NoDirExists(t, c.config.Dir)
	require.NoError(t, c.Failed(), "nothing is left that could have failed")
	require.NoError(t, c.Destroy(t.Context()), "twice is fine")
}

func TestCreateWithoutPrograms(t *testing.T) {
	c := newBroken(t)
	c.config.Programs["etcd"] = filepath.Join(t.TempDir(), "none")
	require.ErrorContains(t, c.Create(t.Context()), "start etcd: ")
	require.NoError(t, c.Destroy(t.Context()))
	require.NoDirExists(t, c.config.Dir)
}
