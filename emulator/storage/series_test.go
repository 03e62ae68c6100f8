package storage

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"
)

// TestSeriesAreCounted counts series by metric and label set through their
// life: made before and after the limit was set, found again after a restart,
// and forgotten by compactions.
func TestSeriesAreCounted(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	opts := Options{Retention: 1000 * time.Hour}
	tenants, err := Open(dir, opts)
	require.NoError(t, err)
	db, err := tenants.Workspace(ctx, "ws-series")
	require.NoError(t, err)
	now := time.Now()
	add := func(at time.Time, metric, job string, i int) error {
		app := db.Appender(ctx)
		_, err := app.Append(0, labels.FromStrings("__name__", metric, "i", fmt.Sprint(i), "job", job), at.UnixMilli(), 1)
		require.NoError(t, app.Commit())
		return err
	}
	limits := SeriesLimits{Total: -1, NativeHistograms: -1, PerMetric: 3, LabelSets: []LabelSetLimit{
		{Labels: map[string]string{"job": "j"}, MaxSeries: 4}, {MaxSeries: 2},
	}}
	full := func(err error, kind SeriesLimitKind, limit int64) {
		t.Helper()
		var e *SeriesLimitError
		require.ErrorAs(t, err, &e)
		require.Equal(t, kind, e.Kind)
		require.Equal(t, limit, e.Limit)
	}

	old := now.Add(-time.Hour) // close enough for the head to keep them
	for i := range 5 {
		require.NoError(t, add(old, "old", "j", i))
	}
	for i := range 2 {
		require.NoError(t, add(now, "a", "j", i))
	}
	require.Nil(t, db.cur.series.metrics, "nothing is counted without a limit")
	db.LimitSeries(limits)
	full(add(now, "a", "j", 9), SeriesPerLabelSet, 4) // 5 old, 2 new
	require.Equal(t, map[string]int64{"old": 5, "a": 2}, db.cur.series.metrics)
	require.NoError(t, add(now, "a", "j", 1), "one that is there stays")
	full(add(now, "old", "k", 9), SeriesPerMetric, 3)
	require.NoError(t, add(now, "b", "k", 0))
	require.NoError(t, add(now, "b", "k", 1))
	full(add(now, "c", "k", 1), SeriesPerLabelSet, 2)

	now = now.Add(4 * time.Hour)
	for i := range 2 {
		require.NoError(t, add(now, "a", "j", i))
		require.NoError(t, add(now, "b", "k", i))
	}
	require.NoError(t, db.cur.tsdb.Compact(ctx))
	require.EqualValues(t, 4, db.Stats().Series)
	require.Equal(t, map[string]int64{"a": 2, "b": 2}, db.cur.series.metrics, "the old ones are in a block")
	require.NoError(t, add(now, "a", "j", 2))
	full(add(now, "a", "j", 3), SeriesPerMetric, 3)

	require.NoError(t, tenants.Close())
	tenants, err = Open(dir, opts)
	require.NoError(t, err)
	db, err = tenants.Workspace(ctx, "ws-series")
	require.NoError(t, err)
	db.LimitSeries(limits)
	full(add(now, "a", "j", 3), SeriesPerMetric, 3)
	require.EqualValues(t, 5, db.Stats().Series)
	full(add(now, "c", "k", 1), SeriesPerLabelSet, 2)

	require.NoError(t, tenants.Clear(ctx, "ws-series"))
	require.NoError(t, add(now, "c", "k", 1), "nothing is left")
	require.Equal(t, map[string]int64{"c": 1}, db.cur.series.metrics, "the limits outlive Clear")

	db.LimitSeries(SeriesLimits{Total: 2, NativeHistograms: -1, PerMetric: -1})
	require.NoError(t, add(now, "c", "k", 2))
	require.Nil(t, db.cur.series.metrics)
	full(add(now, "c", "k", 3), SeriesTotal, 2)
	require.NoError(t, tenants.Close())
}
