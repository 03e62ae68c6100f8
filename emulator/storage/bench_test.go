package storage_test

import (
	"context"
	"os"
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
