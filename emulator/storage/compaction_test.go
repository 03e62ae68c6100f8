package storage

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"
)

// TestCompaction writes seven hours, compacts, and finds blocks and all samples
// again, also after a restart.
func TestCompaction(t *testing.T) {
	const id, step = "ws-compaction", 15 * time.Second
	ctx, dir := context.Background(), t.TempDir()
	tenants, err := Open(dir, Options{OutOfOrderWindow: DefaultOutOfOrderWindow})
	require.NoError(t, err)
	db, err := tenants.Workspace(ctx, id)
	require.NoError(t, err)

	start, want := time.Now().Add(-7*time.Hour), 0
	app := db.Appender(ctx)
	for at := start; at.Before(start.Add(7 * time.Hour)); at = at.Add(step) {
		_, err := app.Append(0, labels.FromStrings(model.MetricNameLabel, "up"), at.UnixMilli(), 1)
		require.NoError(t, err)
		want++
	}
	require.NoError(t, app.Commit())
	require.NoError(t, db.cur.tsdb.Compact(ctx))
	require.Positive(t, db.Stats().Blocks)
	require.Equal(t, want, countSamples(t, db))
	require.NoError(t, tenants.Close())

	tenants, err = Open(dir, Options{OutOfOrderWindow: DefaultOutOfOrderWindow})
	require.NoError(t, err)
	defer func() { require.NoError(t, tenants.Close()) }()
	db, err = tenants.Workspace(ctx, id)
	require.NoError(t, err)
	require.Equal(t, want, countSamples(t, db))
}

func countSamples(t *testing.T, db *DB) int {
	t.Helper()
	q, err := db.ChunkQuerier(math.MinInt64, math.MaxInt64)
	require.NoError(t, err)
	defer func() { require.NoError(t, q.Close()) }()
	n := 0
	set := q.Select(context.Background(), false, nil, labels.MustNewMatcher(labels.MatchEqual, model.MetricNameLabel, "up"))
	for set.Next() {
		chunks := set.At().Iterator(nil)
		for chunks.Next() {
			n += chunks.At().Chunk.NumSamples()
		}
		require.NoError(t, chunks.Err())
	}
	require.NoError(t, set.Err())
	return n
}

// TestRetentionDeletes writes a day and keeps six hours: the blocks go when the
// TSDB next looks, which it does after it has written one.
func TestRetentionDeletes(t *testing.T) {
	const id, step = "ws-retention", 5 * time.Minute
	ctx, now := context.Background(), time.Now()
	tenants, err := Open(t.TempDir(), Options{Retention: 48 * time.Hour, Now: func() time.Time { return now }})
	require.NoError(t, err)
	defer func() { require.NoError(t, tenants.Close()) }()
	db, err := tenants.Workspace(ctx, id)
	require.NoError(t, err)
	writeFor := func(length time.Duration) {
		app := db.Appender(ctx)
		for end := now.Add(length); now.Before(end); now = now.Add(step) {
			_, err := app.Append(0, labels.FromStrings(model.MetricNameLabel, "up"), now.UnixMilli(), 1)
			require.NoError(t, err)
		}
		require.NoError(t, app.Commit())
		require.NoError(t, db.cur.tsdb.Compact(ctx))
	}
	writeFor(24 * time.Hour)
	require.Equal(t, 24*12, countSamples(t, db))
	before := db.Stats().Blocks

	require.NoError(t, tenants.Apply(ctx, id, Settings{Retention: 6 * time.Hour}))
	require.Equal(t, 6*12, countSamples(t, db), "hidden at once")
	writeFor(4 * time.Hour)
	require.Equal(t, 6*12, countSamples(t, db))
	require.Less(t, db.Stats().Blocks, before, "deleted")
	for _, b := range db.cur.tsdb.Blocks() {
		require.Greater(t, b.Meta().MaxTime, now.Add(-12*time.Hour).UnixMilli())
	}
}
