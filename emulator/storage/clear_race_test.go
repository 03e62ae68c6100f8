package storage_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/storage"
)

// TestClearWhileInUse clears while others read and write: nobody is disturbed,
// and what is written afterwards is all there is.
func TestClearWhileInUse(t *testing.T) {
	ctx, now := context.Background(), time.Now()
	tenants := open(t, t.TempDir(), storage.Options{})
	db := workspace(t, tenants, wsA)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for n := range 4 {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				app := db.Appender(ctx)
				ls := labels.FromStrings(model.MetricNameLabel, "m", "n", string(rune('a'+n)))
				if _, err := app.Append(0, ls, now.UnixMilli()+int64(i), 1); err != nil {
					t.Error(err)
				}
				if err := app.Commit(); err != nil {
					t.Error(err)
				}
				q, err := db.Querier(0, now.UnixMilli()*2)
				if err != nil {
					t.Error(err)
					return
				}
				if _, _, err := q.LabelValues(ctx, "n", nil); err != nil {
					t.Error(err)
				}
				if err := q.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 10 {
		require.NoError(t, tenants.Clear(ctx, wsA))
	}
	close(stop)
	wg.Wait()
	require.NoError(t, tenants.Clear(ctx, wsA))
	write(t, db, "only", now, 1)
	require.EqualValues(t, 1, db.Stats().Series)
}
