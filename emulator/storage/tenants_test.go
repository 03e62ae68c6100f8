package storage_test

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/storage"
)

const (
	wsA = "ws-aaaaaaaa-0000-4000-8000-000000000001"
	wsB = "ws-bbbbbbbb-0000-4000-8000-000000000002"
)

func TestWorkspacesAreIsolatedAndOutliveRestarts(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	first, err := storage.Open(dir, storage.Options{})
	require.NoError(t, err)
	write(t, workspace(t, first, wsA), "up", now, 1)
	write(t, workspace(t, first, wsB), "up", now, 2)
	write(t, workspace(t, first, wsB), "down", now, 3)
	require.Equal(t, map[int64]float64{now.UnixMilli(): 1}, read(t, workspace(t, first, wsA), "up"))
	require.NoError(t, first.Close())
	require.NoError(t, first.Close(), "closing twice is no error")

	second := open(t, dir, storage.Options{})
	require.Equal(t, map[int64]float64{now.UnixMilli(): 1}, read(t, workspace(t, second, wsA), "up"))
	require.Empty(t, read(t, workspace(t, second, wsA), "down"))
	require.Equal(t, map[int64]float64{now.UnixMilli(): 2}, read(t, workspace(t, second, wsB), "up"))
	require.EqualValues(t, 2, workspace(t, second, wsB).Stats().Series)
}

func TestWorkspaceIsOpenedOnce(t *testing.T) {
	tenants := open(t, t.TempDir(), storage.Options{})
	var wg sync.WaitGroup
	got := make([]*storage.DB, 16)
	for i := range got {
		wg.Go(func() { got[i], _ = tenants.Workspace(context.Background(), wsA) })
	}
	wg.Wait()
	for _, db := range got {
		require.NotNil(t, db)
		require.Same(t, got[0], db)
	}
}

func TestWorkspaceIDsCannotLeaveTheFolder(t *testing.T) {
	tenants := open(t, t.TempDir(), storage.Options{})
	for _, id := range []string{"", ".", "..", "../x", "a/b", "/etc", "-x", "a\x00b"} {
		_, err := tenants.Workspace(context.Background(), id)
		require.ErrorContains(t, err, "not a workspace id", "%q", id)
		require.ErrorContains(t, tenants.Remove(context.Background(), id), "not a workspace id", "%q", id)
	}
}

func TestOpenTellsWhatIsWrongWithTheFolder(t *testing.T) {
	t.Run("in use", func(t *testing.T) {
		dir := t.TempDir()
		open(t, dir, storage.Options{})
		_, err := storage.Open(dir, storage.Options{})
		require.ErrorContains(t, err, "data folder "+dir+" is in use by another process")
		require.ErrorContains(t, err, "choose another folder")
	})
	t.Run("free again after close", func(t *testing.T) {
		dir := t.TempDir()
		tenants, err := storage.Open(dir, storage.Options{})
		require.NoError(t, err)
		require.NoError(t, tenants.Close())
		open(t, dir, storage.Options{})
	})
	t.Run("not a folder", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		require.NoError(t, os.WriteFile(file, nil, 0o600))
		_, err := storage.Open(file, storage.Options{})
		require.ErrorContains(t, err, "data folder "+file+" cannot be made")
	})
	t.Run("not writable", func(t *testing.T) {
		dir := t.TempDir()
		require.NoError(t, os.Chmod(dir, 0o555))
		var err error
		asNobody(t, dir, func() { _, err = storage.Open(dir, storage.Options{}) })
		require.ErrorContains(t, err, "data folder "+dir+" is not writable")
	})
	t.Run("negative window", func(t *testing.T) {
		_, err := storage.Open(t.TempDir(), storage.Options{OutOfOrderWindow: -1})
		require.ErrorContains(t, err, "out-of-order window -1ns is negative")
	})
}

func TestRemove(t *testing.T) {
	ctx, now := context.Background(), time.Now()
	t.Run("deletes files and frees the name", func(t *testing.T) {
		dir := t.TempDir()
		tenants := open(t, dir, storage.Options{})
		db := workspace(t, tenants, wsA)
		write(t, db, "up", now, 1)
		require.NoError(t, tenants.Remove(ctx, wsA))
		require.NoDirExists(t, filepath.Join(dir, wsA))
		_, err := db.Querier(0, 1)
		require.ErrorIs(t, err, storage.ErrRemoved)
		_, err = db.Appender(ctx).Append(0, labels.FromStrings("a", "b"), 1, 1)
		require.ErrorIs(t, err, storage.ErrRemoved)
		require.Empty(t, read(t, workspace(t, tenants, wsA), "up"))
	})
	t.Run("of one that was never opened", func(t *testing.T) {
		dir := t.TempDir()
		tenants, err := storage.Open(dir, storage.Options{})
		require.NoError(t, err)
		write(t, workspace(t, tenants, wsA), "up", now, 1)
		require.NoError(t, tenants.Close())
		tenants = open(t, dir, storage.Options{})
		require.NoError(t, tenants.Remove(ctx, wsA))
		require.NoError(t, tenants.Remove(ctx, wsB), "absent is removed")
		require.NoDirExists(t, filepath.Join(dir, wsA))
	})
	t.Run("waits for readers and writers", func(t *testing.T) {
		dir := t.TempDir()
		tenants := open(t, dir, storage.Options{})
		db := workspace(t, tenants, wsA)
		write(t, db, "up", now, 1)
		q, err := db.Querier(math.MinInt64, math.MaxInt64)
		require.NoError(t, err)
		app := db.Appender(ctx)
		soon, cancel := context.WithCancel(ctx)
		cancel()
		require.ErrorIs(t, tenants.Remove(soon, wsA), context.Canceled)

		_, _, err = q.LabelNames(ctx, nil)
		require.NoError(t, err, "the reader goes on")
		require.NoError(t, q.Close())
		require.Error(t, q.Close(), "closing twice does not count twice")
		require.DirExists(t, filepath.Join(dir, wsA))
		require.NoError(t, app.Rollback())
		require.NoError(t, tenants.Remove(ctx, wsA))
		require.NoDirExists(t, filepath.Join(dir, wsA))
	})
	t.Run("is finished after a crash", func(t *testing.T) {
		dir := t.TempDir()
		require.NoError(t, os.MkdirAll(filepath.Join(dir, wsA, "tsdb-1", "wal"), 0o750))
		require.NoError(t, os.WriteFile(filepath.Join(dir, wsA, "DELETED"), nil, 0o600))
		open(t, dir, storage.Options{})
		require.NoDirExists(t, filepath.Join(dir, wsA))
	})
	t.Run("races with users", func(t *testing.T) {
		tenants := open(t, t.TempDir(), storage.Options{})
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for range 5 {
					if i%4 == 0 {
						if err := tenants.Remove(ctx, wsA); err != nil {
							t.Error(err)
						}
						continue
					}
					db, err := tenants.Workspace(ctx, wsA)
					if err != nil {
						t.Error(err)
						return
					}
					if q, err := db.Querier(0, math.MaxInt64); err == nil {
						_, _, _ = q.LabelValues(ctx, "a", nil)
						_ = q.Close()
					}
					app := db.Appender(ctx)
					_, _ = app.Append(0, labels.FromStrings("a", "b"), now.UnixMilli(), 1)
					_ = app.Commit()
				}
			})
		}
		wg.Wait()
	})
}

func TestClear(t *testing.T) {
	ctx, now, dir := context.Background(), time.Now(), t.TempDir()
	tenants, err := storage.Open(dir, storage.Options{})
	require.NoError(t, err)
	db, other := workspace(t, tenants, wsA), workspace(t, tenants, wsB)
	write(t, db, "up", now, 1)
	write(t, other, "up", now, 2)
	require.True(t, db.SetMetadata("up", storage.Metadata{Type: "gauge"}))

	reader, err := db.Querier(math.MinInt64, math.MaxInt64)
	require.NoError(t, err)
	soon, cancel := context.WithCancel(ctx)
	cancel()
	require.ErrorIs(t, tenants.Clear(soon, wsA), context.Canceled, "a reader is left")
	names, _, err := reader.LabelNames(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, []string{model.MetricNameLabel}, names, "it still sees what it saw")
	require.NoError(t, reader.Close())

	require.Empty(t, read(t, db, "up"))
	require.Empty(t, db.Metadata("", -1, 0))
	require.Zero(t, db.Stats())
	write(t, db, "up", now.Add(-time.Hour), 3)
	require.NoError(t, tenants.Clear(ctx, wsA))
	write(t, db, "up", now, 4)
	require.Len(t, read(t, db, "up"), 1)
	require.NotEmpty(t, read(t, other, "up"))
	require.NoError(t, tenants.Close())

	tenants = open(t, dir, storage.Options{})
	require.Equal(t, map[int64]float64{now.UnixMilli(): 4}, read(t, workspace(t, tenants, wsA), "up"))
	entries, err := os.ReadDir(filepath.Join(dir, wsA))
	require.NoError(t, err)
	require.Len(t, entries, 1, "no old generation is left")
}

func TestCloseRefusesNewWork(t *testing.T) {
	tenants, err := storage.Open(t.TempDir(), storage.Options{})
	require.NoError(t, err)
	db := workspace(t, tenants, wsA)
	require.NoError(t, tenants.Close())
	_, err = tenants.Workspace(context.Background(), wsA)
	require.ErrorIs(t, err, storage.ErrClosed)
	require.ErrorIs(t, db.Err(), storage.ErrClosed)
	_, err = db.ChunkQuerier(0, 1)
	require.ErrorIs(t, err, storage.ErrClosed)
	app := db.Appender(context.Background())
	require.ErrorIs(t, app.Commit(), storage.ErrClosed)
	require.ErrorIs(t, app.Rollback(), storage.ErrClosed)
}
