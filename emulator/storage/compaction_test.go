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
