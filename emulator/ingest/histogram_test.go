package ingest_test

import (
	"context"
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/quota"
)

func custom(values []float64, counts ...int64) *histogram.Histogram {
	h := &histogram.Histogram{
		Schema: histogram.CustomBucketsSchema, CustomValues: values,
		PositiveSpans: []histogram.Span{{Length: uint32(len(counts))}},
	}
	var last int64
	for _, c := range counts {
		h.PositiveBuckets = append(h.PositiveBuckets, c-last)
		h.Count += uint64(c)
		last = c
	}
	return h
}

// TestHistogramRefusals writes a float series and a bad histogram, in both
// versions.
func TestHistogramRefusals(t *testing.T) {
	const name = `metric: "h{a=\"b\"}"`
	broken := tsdbutil.GenerateTestHistogram(1)
	broken.Count++
	coarse := tsdbutil.GenerateTestHistogram(1)
	coarse.Schema = histogram.ExponentialSchemaMin
	tests := map[string]struct {
		limits       limits
		h            *histogram.Histogram
		text, reason string
	}{
		"schema": {nil, &histogram.Histogram{Schema: 9},
			"invalid native histogram schema 9 for " + name + ". supported schema from -4 to 8", "native_histogram_invalid_schema"},
		"reserved schema": {nil, &histogram.Histogram{Schema: -5},
			"invalid native histogram schema -5 for " + name + ". supported schema from -4 to 8", "native_histogram_invalid_schema"},
		"validation": {nil, broken,
			"invalid native histogram, validation err: 21 observations found in buckets, but the Count field is 22: " +
				"histogram's observation count should equal the number of observations found in the buckets (in absence of NaN), " + name, "native_histogram_invalid"},
		"custom values": {nil, custom([]float64{2, 1}, 1, 2),
			"invalid native histogram, validation err: custom buckets: previous bound is 2.000000 and current is 1.000000: " +
				"histogram custom bounds must be in strictly increasing order, " + name, "native_histogram_invalid"},
		"size": {limits{quota.NativeHistogramSize: 20}, tsdbutil.GenerateTestHistogram(1),
			"native histogram sample size bytes exceeded for metric (actual: 63, limit: 20) " + name, "native_histogram_sample_size_bytes_exceeded"},
		"buckets": {limits{quota.NativeHistogramBuckets: 3}, coarse,
			"native histogram bucket count exceeded for metric (limit: 3) " + name, "native_histogram_buckets_exceeded"},
		"buckets however wide": {limits{quota.NativeHistogramBuckets: 1}, tsdbutil.GenerateTestHistogram(1),
			"native histogram bucket count exceeded for metric (limit: 1) " + name, "native_histogram_buckets_exceeded"},
		"custom buckets": {limits{quota.NativeHistogramBuckets: 2}, custom([]float64{1, 2}, 1, 2, 3),
			"native histogram bucket count exceeded for metric (limit: 2) " + name, "native_histogram_buckets_exceeded"},
	}
	for name, tt := range tests {
		for _, version := range []string{"1.0", "2.0"} {
			t.Run(name+" "+version, func(t *testing.T) {
				r := newRig(t, time.Minute, tt.limits)
				w := r.write(metric("good", r.at(), 1), prompb.TimeSeries{
					Labels: series("__name__", "h", "a", "b").Labels, Histograms: []prompb.Histogram{prompb.FromIntHistogram(r.at(), tt.h)},
				})
				if version == "2.0" {
					q := newV2()
					q.add(r.at()+1, 1, "__name__", "good")
					bad := q.add(0, 0, "__name__", "h", "a", "b")
					bad.Samples, bad.Histograms = nil, []writev2.Histogram{writev2.FromIntHistogram(0, r.at(), tt.h)}
					r.dropped = map[string]int{}
					w = r.writeV2(q)
					requireWritten(t, w.Header(), 1, 0)
				}
				requireText(t, w.Code, w.Header(), w.Body.String(), tt.text)
				require.Equal(t, map[string]int{tt.reason: 1}, r.dropped)
				require.Len(t, r.stored(), 1)
			})
		}
	}
}

// TestHistograms reads back what was written: integers and floats, custom
// buckets, what says of counter resets and staleness.
func TestHistograms(t *testing.T) {
	gauge := tsdbutil.GenerateTestGaugeFloatHistogram(3)
	tests := map[string]struct {
		limits limits
		write  []prompb.Histogram
		want   []*histogram.FloatHistogram
	}{
		"integers": {nil, []prompb.Histogram{
			prompb.FromIntHistogram(0, tsdbutil.GenerateTestHistogram(1)), prompb.FromIntHistogram(1, tsdbutil.GenerateTestHistogram(2)),
		}, []*histogram.FloatHistogram{tsdbutil.GenerateTestHistogram(1).ToFloat(nil), tsdbutil.GenerateTestHistogram(2).ToFloat(nil)}},
		"floats": {nil, []prompb.Histogram{
			prompb.FromFloatHistogram(0, tsdbutil.GenerateTestFloatHistogram(1)), prompb.FromFloatHistogram(1, tsdbutil.GenerateTestFloatHistogram(2)),
		}, []*histogram.FloatHistogram{tsdbutil.GenerateTestFloatHistogram(1), tsdbutil.GenerateTestFloatHistogram(2)}},
		"floats of nothing": {nil, []prompb.Histogram{prompb.FromFloatHistogram(0, &histogram.FloatHistogram{})}, []*histogram.FloatHistogram{{}}},
		"gauges":            {nil, []prompb.Histogram{prompb.FromFloatHistogram(0, gauge)}, []*histogram.FloatHistogram{gauge}},
		"custom buckets": {nil, []prompb.Histogram{prompb.FromIntHistogram(0, custom([]float64{1, 2}, 1, 2, 3))},
			[]*histogram.FloatHistogram{custom([]float64{1, 2}, 1, 2, 3).ToFloat(nil)}},
		"stale": {nil, []prompb.Histogram{
			prompb.FromIntHistogram(0, tsdbutil.GenerateTestHistogram(1)),
			prompb.FromIntHistogram(1, &histogram.Histogram{Sum: math.Float64frombits(value.StaleNaN)}),
		}, []*histogram.FloatHistogram{tsdbutil.GenerateTestHistogram(1).ToFloat(nil), nil}},
		"too many buckets are merged": {limits{quota.NativeHistogramBuckets: 6}, []prompb.Histogram{prompb.FromIntHistogram(0, tsdbutil.GenerateTestHistogram(1))},
			[]*histogram.FloatHistogram{merged(t, tsdbutil.GenerateTestHistogram(1).ToFloat(nil), 6)}},
		"too many buckets of floats": {limits{quota.NativeHistogramBuckets: 6}, []prompb.Histogram{prompb.FromFloatHistogram(0, tsdbutil.GenerateTestFloatHistogram(1))},
			[]*histogram.FloatHistogram{merged(t, tsdbutil.GenerateTestFloatHistogram(1), 6)}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, time.Minute, tt.limits)
			for i := range tt.write {
				tt.write[i].Timestamp += r.at()
			}
			require.Equal(t, http.StatusOK, r.write(prompb.TimeSeries{Labels: series("__name__", "h").Labels, Histograms: tt.write}).Code)
			got := readHistograms(t, r)
			require.Len(t, got, len(tt.want))
			for i, want := range tt.want {
				if want == nil {
					require.True(t, value.IsStaleNaN(got[i].Sum))
					continue
				}
				want, got := want.Compact(0), got[i].Compact(0)
				require.True(t, want.Equals(got), "%s\n%s", want, got)
				require.Equal(t, want.CounterResetHint == histogram.GaugeType, got.CounterResetHint == histogram.GaugeType)
			}
		})
	}
}

// TestCounterResetOfHistogram finds the reset in the chunk that it began, be it
// said by the sender or seen in the counts.
func TestCounterResetOfHistogram(t *testing.T) {
	more, fewer := tsdbutil.GenerateTestHistogram(5), tsdbutil.GenerateTestHistogram(1)
	told := tsdbutil.GenerateTestHistogram(6)
	told.CounterResetHint = histogram.CounterReset
	for name, second := range map[string]*histogram.Histogram{"seen": fewer, "said": told} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, time.Minute, nil)
			require.Equal(t, http.StatusOK, r.write(prompb.TimeSeries{Labels: series("__name__", "h").Labels, Histograms: []prompb.Histogram{
				prompb.FromIntHistogram(r.at(), more), prompb.FromIntHistogram(r.at()+1, second),
			}}).Code)
			q, err := r.db.ChunkQuerier(math.MinInt64, math.MaxInt64)
			require.NoError(t, err)
			defer func() { require.NoError(t, q.Close()) }()
			set := q.Select(context.Background(), false, nil, labels.MustNewMatcher(labels.MatchEqual, "__name__", "h"))
			require.True(t, set.Next())
			var headers []chunkenc.CounterResetHeader
			for it := set.At().Iterator(nil); it.Next(); {
				c, err := chunkenc.FromData(it.At().Chunk.Encoding(), it.At().Chunk.Bytes())
				require.NoError(t, err)
				headers = append(headers, c.(*chunkenc.HistogramChunk).GetCounterResetHeader())
			}
			require.Equal(t, []chunkenc.CounterResetHeader{chunkenc.UnknownCounterReset, chunkenc.CounterReset}, headers)
		})
	}
}

// merged is h with as many buckets as a limit allows.
func merged(t *testing.T, h *histogram.FloatHistogram, limit int) *histogram.FloatHistogram {
	t.Helper()
	h = h.Copy()
	for len(h.PositiveBuckets)+len(h.NegativeBuckets) > limit {
		require.NoError(t, h.ReduceResolution(h.Schema-1))
	}
	return h
}

// readHistograms returns all samples of the metric h.
func readHistograms(t *testing.T, r *rig) []*histogram.FloatHistogram {
	t.Helper()
	q, err := r.db.Querier(math.MinInt64, math.MaxInt64)
	require.NoError(t, err)
	defer func() { require.NoError(t, q.Close()) }()
	set := q.Select(context.Background(), false, nil, labels.MustNewMatcher(labels.MatchEqual, "__name__", "h"))
	require.True(t, set.Next())
	var got []*histogram.FloatHistogram
	it := set.At().Iterator(nil)
	for vt := it.Next(); vt != chunkenc.ValNone; vt = it.Next() {
		_, h := it.AtFloatHistogram(nil)
		got = append(got, h)
	}
	require.NoError(t, it.Err())
	require.False(t, set.Next())
	return got
}
