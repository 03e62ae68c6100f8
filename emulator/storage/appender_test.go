package storage_test

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/storage"
)

// TestWritersTakeTurns has two writers with a series in common. Without turns
// the first one's sample would be dropped at commit without a word.
func TestWritersTakeTurns(t *testing.T) {
	ctx, now, dir := context.Background(), time.Now(), t.TempDir()
	tenants := open(t, dir, storage.Options{})
	db := workspace(t, tenants, wsA)
	series := labels.FromStrings(model.MetricNameLabel, "m")
	first := db.Appender(ctx)
	_, err := first.Append(0, series, now.UnixMilli(), 1)
	require.NoError(t, err)

	second := make(chan error)
	go func() {
		app := db.Appender(ctx)
		_, err := app.Append(0, series, now.UnixMilli()+1, 2)
		second <- err
		second <- app.Commit()
	}()
	idle := db.Appender(ctx) // has no sample, so it holds nobody up
	select {
	case err := <-second:
		t.Fatalf("the second writer did not wait: %v", err)
	default:
	}
	require.NoError(t, first.Commit())
	require.NoError(t, <-second)
	require.NoError(t, <-second)
	require.NoError(t, idle.Commit())
	want := map[int64]float64{now.UnixMilli(): 1, now.UnixMilli() + 1: 2}
	require.Equal(t, want, read(t, db, "m"))
	require.NoError(t, tenants.Close())
	require.Equal(t, want, read(t, workspace(t, open(t, dir, storage.Options{}), wsA), "m"), "the WAL has the series before its samples")
}

func TestAppenderEnds(t *testing.T) {
	ctx, now := context.Background(), time.Now()
	db := workspace(t, open(t, t.TempDir(), storage.Options{OutOfOrderWindow: time.Minute}), wsA)
	write(t, db, "m", now, 1)
	series := labels.FromStrings(model.MetricNameLabel, "m")

	app := db.Appender(ctx)
	app.SetOptions(&promstorage.AppendOptions{DiscardOutOfOrder: true})
	_, err := app.Append(0, series, now.UnixMilli()-1, 1)
	require.ErrorIs(t, err, promstorage.ErrOutOfOrderSample, "options are passed on")
	_, err = app.Append(0, series, now.UnixMilli()+1, 1)
	require.NoError(t, err)
	require.NoError(t, app.Rollback())
	require.ErrorIs(t, app.Commit(), tsdb.ErrAppenderClosed)
	_, err = app.Append(0, series, now.UnixMilli()+2, 1)
	require.ErrorIs(t, err, tsdb.ErrAppenderClosed)
	require.Equal(t, map[int64]float64{now.UnixMilli(): 1}, read(t, db, "m"))
	write(t, db, "m", now.Add(time.Second), 1)
}
