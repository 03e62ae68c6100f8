package storage_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/quota"
	"github.com/ampersand-amp/ampersand/emulator/storage"
)

func TestOutOfOrderWindow(t *testing.T) {
	now := time.Now()
	tests := map[string]struct {
		window, age time.Duration
		want        error
	}{
		"off":     {0, time.Second, promstorage.ErrOutOfOrderSample},
		"within":  {time.Minute, 59 * time.Second, nil},
		"outside": {time.Minute, 61 * time.Second, promstorage.ErrTooOldSample},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			db := workspace(t, open(t, t.TempDir(), storage.Options{OutOfOrderWindow: tt.window}), wsA)
			write(t, db, "up", now, 1)
			app := db.Appender(context.Background())
			_, err := app.Append(0, labels.FromStrings(model.MetricNameLabel, "up"), now.Add(-tt.age).UnixMilli(), 2)
			require.ErrorIs(t, err, tt.want)
			require.NoError(t, app.Commit())
			if tt.want == nil {
				require.Len(t, read(t, db, "up"), 2)
			}
		})
	}
}

func TestMetadata(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	db := workspace(t, open(t, t.TempDir(), storage.Options{Now: func() time.Time { return now }}), wsA)
	gauge, counter := storage.Metadata{Type: "gauge", Help: "h"}, storage.Metadata{Type: "counter", Unit: "s"}
	require.True(t, db.SetMetadata("b", gauge))
	require.True(t, db.SetMetadata("a", gauge))
	now = now.Add(time.Second)
	require.True(t, db.SetMetadata("a", counter))

	require.Equal(t, map[string][]storage.Metadata{"a": {counter, gauge}, "b": {gauge}}, db.Metadata("", -1, 0))
	require.Equal(t, map[string][]storage.Metadata{"a": {counter}}, db.Metadata("", 1, 1))
	require.Equal(t, map[string][]storage.Metadata{"b": {gauge}}, db.Metadata("b", -1, 0))
	require.Empty(t, db.Metadata("none", -1, 0))
	require.Empty(t, db.Metadata("", 0, 0))

	for i := range 8 {
		require.True(t, db.SetMetadata("a", storage.Metadata{Help: fmt.Sprint(i)}))
	}
	require.False(t, db.SetMetadata("a", storage.Metadata{Help: "eleventh"}))
	require.True(t, db.SetMetadata("a", counter), "a known one is refreshed")

	now = now.Add(11 * time.Minute)
	require.Empty(t, db.Metadata("", -1, 0), "what nobody repeats is forgotten")
	require.True(t, db.SetMetadata("a", storage.Metadata{Help: "eleventh"}))
}

func TestMetadataIsBounded(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	db := workspace(t, open(t, t.TempDir(), storage.Options{Now: func() time.Time { return now }}), wsA)
	for i := range 20_000 {
		require.True(t, db.SetMetadata(fmt.Sprint("m", i), storage.Metadata{}))
	}
	require.False(t, db.SetMetadata("one_more", storage.Metadata{}))
	now = now.Add(11 * time.Minute)
	require.True(t, db.SetMetadata("one_more", storage.Metadata{}), "stale ones make room")
}

func TestMetadataQuotas(t *testing.T) {
	now, quotas := time.Unix(1_700_000_000, 0), quota.New()
	db := workspace(t, open(t, t.TempDir(), storage.Options{Quotas: quotas, Now: func() time.Time { return now }}), wsA)
	quotas.Put(quota.MetadataMetrics, 1)
	quotas.Put(quota.MetadataPerMetric, 1)
	require.True(t, db.SetMetadata("a", storage.Metadata{}))
	require.False(t, db.SetMetadata("a", storage.Metadata{Help: "other"}))
	require.False(t, db.SetMetadata("b", storage.Metadata{}))
	quotas.Put(quota.MetadataMetrics, quota.Unlimited)
	quotas.Put(quota.MetadataPerMetric, 2)
	require.True(t, db.SetMetadata("a", storage.Metadata{Help: "other"}))
	require.True(t, db.SetMetadata("b", storage.Metadata{}))
}
