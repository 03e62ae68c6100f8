package timeline

import (
	"context"
	"errors"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRecorderPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := NewRecorder(RecorderConfig{Interval: time.Second})
		start := time.Now()
		n := 0.0
		steady := SourceFunc(HopReady, func(context.Context) (float64, bool, error) { return 1, true, nil })
		rising := SourceFunc(HopStored, func(context.Context) (float64, bool, error) {
			n++
			switch n {
			case 2:
				return 0, false, nil
			case 3:
				return 0, false, errors.New("connection refused")
			}
			return n, true, nil
		})
		hung := SourceFunc(HopServed, func(ctx context.Context) (float64, bool, error) {
			<-ctx.Done()
			return 0, false, ctx.Err()
		})
		require.NoError(t, rec.Start(t.Context(), steady, rising, hung))
		require.Error(t, rec.Start(t.Context()), "twice")
		advance(4*time.Second + time.Millisecond)
		rec.Stop()
		rec.Stop() // twice is fine

		var run Run
		rec.Fill(&run)
		assert.Equal(t, Series{{start, 1}, {start.Add(4 * time.Second), 1}}, run.Series[HopReady], "a stretch keeps its ends")
		assert.Equal(t, Series{{start, 1}, {start.Add(3 * time.Second), 4}, {start.Add(4 * time.Second), 5}}, run.Series[HopStored])
		reads := run.Reads[HopStored]
		assert.Equal(t, 1, reads.Absent)
		assert.Equal(t, 1, reads.Failed)
		assert.Equal(t, "connection refused", reads.LastError)
		assert.Empty(t, run.Series[HopServed], "a hung read is never a zero")
		assert.Zero(t, run.Reads[HopServed].Failed, "being stopped is no failure of the hop")
	})
}

// advance moves the clock of the bubble that the test runs in, and waits until what is due by then has happened.
func advance(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // the clock of a synctest bubble: no time is spent
	synctest.Wait()
}

func TestRecorderTimesOutAHungRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := NewRecorder(RecorderConfig{Interval: time.Second, ReadTimeout: 2 * time.Second})
		require.NoError(t, rec.Start(t.Context(), SourceFunc(HopServed, func(ctx context.Context) (float64, bool, error) {
			<-ctx.Done()
			return 0, false, ctx.Err()
		})))
		advance(2*time.Second + time.Millisecond)
		rec.Stop()
		var run Run
		rec.Fill(&run)
		assert.Equal(t, 1, run.Reads[HopServed].Failed)
	})
}

func TestRecorderConcurrentPushes(t *testing.T) {
	rec := NewRecorder(RecorderConfig{})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 100 {
				rec.Record(HopReady, at(float64(j)), float64(i*100+j))
				rec.Mark(MarkEvent, at(float64(j)), "x")
				_, _ = rec.Latest(HopReady)
			}
		})
	}
	wg.Wait()
	var run Run
	rec.Fill(&run)
	require.Len(t, run.Series[HopReady], 800)
	require.Len(t, run.Marks, 800)
	for i := 1; i < 800; i++ {
		require.False(t, run.Series[HopReady][i].At.Before(run.Series[HopReady][i-1].At), "sorted")
	}
	last, ok := rec.Latest(HopReady)
	assert.True(t, ok)
	assert.Equal(t, at(99), last.At)
}

func TestRecorderRefusesWhatIsNoNumber(t *testing.T) {
	rec := NewRecorder(RecorderConfig{})
	rec.Record(HopStored, at(0), math.NaN())
	rec.Record(HopStored, at(1), math.Inf(1))
	var run Run
	rec.Fill(&run)
	assert.Empty(t, run.Series[HopStored])
	assert.Equal(t, 2, run.Reads[HopStored].Failed)
}

func TestSawSample(t *testing.T) {
	rec := NewRecorder(RecorderConfig{Now: func() time.Time { return t0 }})
	assert.False(t, rec.SawSample(at(1), at(2)), "no load step yet")
	assert.Equal(t, t0, rec.MarkNow(MarkLoadStep, ""))
	assert.False(t, rec.SawSample(at(-1), at(0.5)), "taken before the step")
	assert.True(t, rec.SawSample(at(1), at(1.5)))
	assert.True(t, rec.SawSample(at(2), at(2.5)), "only the first counts")
	var run Run
	rec.Fill(&run)
	sample, _ := run.MarkAt(MarkFirstSample)
	visible, _ := run.MarkAt(MarkFirstVisible)
	assert.Equal(t, at(1), sample)
	assert.Equal(t, at(1.5), visible)
	assert.Len(t, run.Marks, 3)
}

func TestSeriesIsStepwise(t *testing.T) {
	s := Series{{at(1), 5}, {at(3), 7}, {at(9), 8}}
	_, ok := s.At(at(0.9))
	assert.False(t, ok)
	v, _ := s.At(at(2))
	assert.Equal(t, 5.0, v)
	v, _ = s.At(at(3))
	assert.Equal(t, 7.0, v)
	assert.Equal(t, Series{{at(2), 5}, {at(3), 7}}, s.Between(at(2), at(8)))
	assert.Equal(t, Series{{at(1), 5}, {at(3), 7}, {at(9), 8}}, s.Between(at(0), time.Time{}))
}
