package storage_test

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/storage"
)

// open opens dir and closes it at the end of the test.
func open(t testing.TB, dir string, o storage.Options) *storage.Tenants {
	t.Helper()
	tenants, err := storage.Open(dir, o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, tenants.Close()) })
	return tenants
}

func workspace(t testing.TB, tenants *storage.Tenants, id string) *storage.DB {
	t.Helper()
	db, err := tenants.Workspace(context.Background(), id)
	require.NoError(t, err)
	return db
}

func write(t testing.TB, db *storage.DB, metric string, at time.Time, v float64) {
	t.Helper()
	app := db.Appender(context.Background())
	_, err := app.Append(0, labels.FromStrings(model.MetricNameLabel, metric), at.UnixMilli(), v)
	require.NoError(t, err)
	require.NoError(t, app.Commit())
}

// read returns all values of a metric by timestamp.
func read(t testing.TB, db *storage.DB, metric string) map[int64]float64 {
	t.Helper()
	q, err := db.Querier(math.MinInt64, math.MaxInt64)
	require.NoError(t, err)
	defer func() { require.NoError(t, q.Close()) }()
	got := map[int64]float64{}
	set := q.Select(context.Background(), false, nil, labels.MustNewMatcher(labels.MatchEqual, model.MetricNameLabel, metric))
	for set.Next() {
		it := set.At().Iterator(nil)
		for it.Next() == chunkenc.ValFloat {
			ts, v := it.At()
			got[ts] = v
		}
		require.NoError(t, it.Err())
	}
	require.NoError(t, set.Err())
	return got
}
