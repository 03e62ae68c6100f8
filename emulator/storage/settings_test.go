package storage_test

import (
	"context"
	"errors"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/storage"
)

// tryWrite appends one sample and returns what the TSDB says of it.
func tryWrite(t testing.TB, db *storage.DB, metric string, at time.Time, v float64) error {
	t.Helper()
	app := db.Appender(context.Background())
	_, err := app.Append(0, labels.FromStrings(model.MetricNameLabel, metric), at.UnixMilli(), v)
	require.NoError(t, app.Commit())
	return err
}

// TestApplyWindow switches the out-of-order window off, on and off again, from
// off as well as from on, and finds every accepted sample after a restart.
func TestApplyWindow(t *testing.T) {
	ctx, now := context.Background(), time.Now()
	for name, first := range map[string]time.Duration{"from off": 0, "from on": time.Minute} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			tenants := open(t, dir, storage.Options{OutOfOrderWindow: first})
			db := workspace(t, tenants, wsA)
			write(t, db, "up", now, 1)
			want := map[int64]float64{now.UnixMilli(): 1}
			for i, window := range []time.Duration{first, 0, time.Minute, 0, 2 * time.Minute} {
				require.NoError(t, tenants.Apply(ctx, wsA, storage.Settings{OutOfOrderWindow: window}))
				for _, age := range []time.Duration{59 * time.Second, 119 * time.Second} {
					at := now.Add(-age + time.Duration(i)*time.Millisecond)
					switch err := tryWrite(t, db, "up", at, float64(i)); {
					case window >= age:
						require.NoError(t, err)
						want[at.UnixMilli()] = float64(i)
					case window == 0:
						require.ErrorIs(t, err, promstorage.ErrOutOfOrderSample)
					default:
						require.ErrorIs(t, err, promstorage.ErrTooOldSample)
					}
				}
				require.Equal(t, want, read(t, db, "up"))
			}
			require.NoError(t, tenants.Close())
			tenants = open(t, dir, storage.Options{})
			require.Equal(t, want, read(t, workspace(t, tenants, wsA), "up"))
		})
	}
}

// TestApplyRetention hides at once what is older, counted from the clock.
func TestApplyRetention(t *testing.T) {
	ctx, day := context.Background(), 24*time.Hour
	now := time.Now()
	tenants := open(t, t.TempDir(), storage.Options{OutOfOrderWindow: 20 * day, Now: func() time.Time { return now }})
	db := workspace(t, tenants, wsA)
	for age := range 10 {
		write(t, db, "up", now.Add(-time.Duration(age)*day), float64(age))
	}
	require.Len(t, read(t, db, "up"), 10)
	reader, err := db.Querier(0, math.MaxInt64)
	require.NoError(t, err)

	require.NoError(t, tenants.Apply(ctx, wsA, storage.Settings{Retention: 3 * day}))
	require.Len(t, read(t, db, "up"), 4)
	require.Equal(t, 4, samplesOf(t, db, nil))
	require.Equal(t, 4, samplesOf(t, db, &promstorage.SelectHints{Start: 0, End: math.MaxInt64}), "the engine gives hints")
	names, _, err := reader.LabelNames(ctx, nil)
	require.NoError(t, err, "a reader at work is left alone")
	require.NotEmpty(t, names)
	require.NoError(t, reader.Close())

	old, err := db.Querier(0, now.Add(-4*day).UnixMilli())
	require.NoError(t, err)
	names, _, err = old.LabelNames(ctx, nil)
	require.NoError(t, err)
	require.Empty(t, names)
	require.NoError(t, old.Close())
	oldChunks, err := db.ChunkQuerier(0, now.Add(-4*day).UnixMilli())
	require.NoError(t, err)
	require.NoError(t, oldChunks.Close())

	now = now.Add(day + time.Second)
	require.Len(t, read(t, db, "up"), 2, "time goes on")
}

// samplesOf counts samples through a ChunkQuerier.
func samplesOf(t testing.TB, db *storage.DB, hints *promstorage.SelectHints) int {
	t.Helper()
	q, err := db.ChunkQuerier(0, math.MaxInt64)
	require.NoError(t, err)
	defer func() { require.NoError(t, q.Close()) }()
	n := 0
	set := q.Select(context.Background(), false, hints, labels.MustNewMatcher(labels.MatchEqual, model.MetricNameLabel, "up"))
	for set.Next() {
		for it := set.At().Iterator(nil); it.Next(); {
			n += it.At().Chunk.NumSamples()
		}
	}
	require.NoError(t, set.Err())
	return n
}

// TestSettings has who is asked for settings, and when.
func TestSettings(t *testing.T) {
	ctx, now := context.Background(), time.Now()
	window := map[string]time.Duration{wsA: time.Minute}
	var mu sync.Mutex
	asked := 0
	o := storage.Options{OutOfOrderWindow: time.Hour, Settings: func(id string) storage.Settings {
		mu.Lock()
		defer mu.Unlock()
		asked++
		return storage.Settings{OutOfOrderWindow: window[id]}
	}}
	accepts := func(db *storage.DB, age time.Duration) bool {
		write(t, db, "first", now, 1)
		write(t, db, "m", now, 1)
		err := tryWrite(t, db, "m", now.Add(-age), 2)
		require.True(t, err == nil || errors.Is(err, promstorage.ErrTooOldSample) || errors.Is(err, promstorage.ErrOutOfOrderSample))
		return err == nil
	}
	tenants := open(t, t.TempDir(), o)
	require.NoError(t, tenants.Apply(ctx, wsA, storage.Settings{OutOfOrderWindow: time.Second}), "not open: nothing to do")
	require.Zero(t, asked)
	db := workspace(t, tenants, wsA)
	require.Equal(t, 1, asked)
	require.True(t, accepts(db, 50*time.Second))
	require.False(t, accepts(db, 70*time.Second))
	require.False(t, accepts(workspace(t, tenants, wsB), time.Second), "each workspace has its own")

	window[wsA] = 2 * time.Minute
	require.NoError(t, tenants.Clear(ctx, wsA))
	require.True(t, accepts(db, 70*time.Second), "a new generation asks again")

	require.ErrorContains(t, tenants.Apply(ctx, wsA, storage.Settings{OutOfOrderWindow: -1}), "out-of-order window -1ns is negative")
	require.ErrorContains(t, tenants.Apply(ctx, wsA, storage.Settings{Retention: -1}), "retention -1ns is negative")
	require.True(t, accepts(db, 80*time.Second), "a refused change changes nothing")

	window[wsB] = -1
	require.ErrorContains(t, tenants.Clear(ctx, wsB), "out-of-order window -1ns is negative")

	plain := open(t, t.TempDir(), storage.Options{})
	db = workspace(t, plain, wsA)
	require.NoError(t, plain.Apply(ctx, wsA, storage.Settings{OutOfOrderWindow: time.Minute}))
	require.NoError(t, plain.Clear(ctx, wsA))
	require.True(t, accepts(db, 50*time.Second), "what was applied outlives Clear")
	require.NoError(t, plain.Remove(ctx, wsA))
	require.NoError(t, plain.Apply(ctx, wsA, storage.Settings{}))
	require.NoError(t, plain.Close())
	require.ErrorIs(t, plain.Apply(ctx, wsA, storage.Settings{}), storage.ErrClosed)
}

// TestApplyWhileInUse changes settings while others read, write and clear.
func TestApplyWhileInUse(t *testing.T) {
	ctx, now := context.Background(), time.Now()
	tenants := open(t, t.TempDir(), storage.Options{})
	db := workspace(t, tenants, wsA)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for n := range 3 {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				app := db.Appender(ctx)
				at := now.Add(time.Duration(i-i%2*1000) * time.Millisecond)
				if _, err := app.Append(0, labels.FromStrings(model.MetricNameLabel, string(rune('a'+n))), at.UnixMilli(), 1); err != nil &&
					!errors.Is(err, promstorage.ErrOutOfOrderSample) && !errors.Is(err, promstorage.ErrTooOldSample) {
					t.Error(err)
				}
				if err := app.Commit(); err != nil {
					t.Error(err)
				}
				read(t, db, string(rune('a'+n)))
			}
		})
	}
	for i := range 40 {
		s := storage.Settings{Retention: time.Duration(1+i%3) * 24 * time.Hour, OutOfOrderWindow: time.Duration(i%2) * time.Minute}
		require.NoError(t, tenants.Apply(ctx, wsA, s))
		if i%10 == 9 {
			require.NoError(t, tenants.Clear(ctx, wsA))
		}
	}
	close(stop)
	wg.Wait()
}
