package storage_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/storage"
)

// BenchmarkOpen opens a folder with one workspace that has some samples.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	tenants, err := storage.Open(dir, storage.Options{})
	require.NoError(b, err)
	now := time.Now()
	for i := range 100 {
		write(b, workspace(b, tenants, wsA), "up", now.Add(time.Duration(i)*time.Second), 1)
	}
	require.NoError(b, tenants.Close())
	b.ReportAllocs()
	for b.Loop() {
		// Each opening adds a WAL segment, so each has a copy of its own.
		b.StopTimer()
		dir, from := b.TempDir(), dir
		require.NoError(b, os.CopyFS(dir, os.DirFS(from)))
		b.StartTimer()
		tenants, err := storage.Open(dir, storage.Options{})
		require.NoError(b, err)
		_, err = tenants.Workspace(context.Background(), wsA)
		require.NoError(b, err)
		require.NoError(b, tenants.Close())
	}
}

// idleLimit is what a workspace may cost that nobody uses, in bytes.
const idleLimit = 5 << 20

// TestIdleWorkspacesAreSmall opens some with a few series each.
func TestIdleWorkspacesAreSmall(t *testing.T) {
	require.Less(t, idleSize(t, 20), float64(idleLimit))
}

// BenchmarkIdleWorkspaces tells what one of a hundred costs.
func BenchmarkIdleWorkspaces(b *testing.B) {
	for b.Loop() {
		b.ReportMetric(idleSize(b, 100), "B/workspace")
	}
}

// idleSize returns the memory of one of n workspaces, heap and stacks.
func idleSize(t testing.TB, n int) float64 {
	t.Helper()
	tenants, err := storage.Open(t.TempDir(), storage.Options{OutOfOrderWindow: storage.DefaultOutOfOrderWindow})
	require.NoError(t, err)
	defer func() { require.NoError(t, tenants.Close()) }()
	before, now := inUse(), time.Now()
	for i := range n {
		db := workspace(t, tenants, fmt.Sprintf("ws-%d", i))
		for s := range 10 {
			write(t, db, fmt.Sprintf("m%d", s), now, 1)
		}
	}
	return float64(inUse()-before) / float64(n)
}

func inUse() int64 {
	runtime.GC()
	runtime.GC() // what pools hold goes with the second
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
