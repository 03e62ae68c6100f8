package ingest_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/quota"
)

// fuzzLimits keep what one request may allocate small enough to measure.
func fuzzLimits() limits {
	return limits{
		quota.DecodedSize: 1 << 18, quota.IngestionRate: 100, quota.IngestionBurst: 40, quota.HAClusters: 2,
		quota.SeriesPerMetric: 4, quota.NativeHistogramBuckets: 8, quota.NativeHistogramRate: 5,
	}
}

// FuzzWrite1 sends bytes as they come, under snappy, as version 1.0.
func FuzzWrite1(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 4 {
		raw, err := fuzzRequest(rng).Marshal()
		require.NoError(f, err)
		f.Add(raw)
	}
	f.Add([]byte{0x0a, 0x7f})
	f.Fuzz(func(t *testing.T, raw []byte) { fuzzBytes(t, raw, nil) })
}

// FuzzWrite2 does the same as version 2.0.
func FuzzWrite2(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 4 {
		raw, err := fuzzV2(fuzzRequest(rng), rng).Marshal()
		require.NoError(f, err)
		f.Add(raw)
	}
	f.Add([]byte{0x2a, 0x7f})
	f.Fuzz(func(t *testing.T, raw []byte) { fuzzBytes(t, raw, v2Header()) })
}

func fuzzBytes(t *testing.T, raw []byte, header http.Header) {
	t.Helper()
	if len(raw) > 1<<18 {
		return
	}
	r := newRig(t, time.Minute, fuzzLimits())
	w := r.boundedPost(snappy.Encode(nil, raw), header)
	requireConsistent(t, w, header != nil, r.stored(), nil)
	r.boundedPost(raw, header) // without snappy
}

// FuzzWriteShape sends requests that are well-formed and mostly valid, made
// from a seed and then broken in a few places: their samples are known, so what
// was accepted can be read back.
func FuzzWriteShape(f *testing.F) {
	for seed := range uint64(12) {
		f.Add(seed, seed%2 == 0)
	}
	f.Fuzz(func(t *testing.T, seed uint64, version2 bool) {
		rng := rand.New(rand.NewPCG(seed, 0))
		r := newRig(t, time.Minute, fuzzLimits())
		sent := map[int64]map[float64]bool{}
		for range 4 {
			r.now = r.now.Add(time.Duration(rng.IntN(2000)) * time.Millisecond)
			req := fuzzRequest(rng)
			for i := range req.Timeseries {
				for j := range req.Timeseries[i].Samples {
					req.Timeseries[i].Samples[j].Timestamp += r.at() - fuzzNow
				}
				for j := range req.Timeseries[i].Histograms {
					req.Timeseries[i].Histograms[j].Timestamp += r.at() - fuzzNow
				}
			}
			before := r.stored()
			var w *httptest.ResponseRecorder
			if version2 {
				raw, err := fuzzV2(req, rng).Marshal()
				require.NoError(t, err)
				w = r.boundedPost(snappy.Encode(nil, raw), v2Header())
			} else {
				w = r.boundedPost(encode(t, req), nil)
			}
			after := r.stored()
			requireConsistent(t, w, version2, after, before)
			requireSent(t, req, sent, after)
			if w.Code/100 == 2 && w.Code != http.StatusAccepted {
				requireRead(t, req, after)
			}
		}
	})
}

// boundedPost posts, and fails if that allocates out of proportion.
func (r *rig) boundedPost(body []byte, header http.Header) *httptest.ResponseRecorder {
	r.t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	w := r.post(body, header)
	runtime.ReadMemStats(&after)
	// The limit once as bytes, once as values, once as labels; and texts.
	require.Less(r.t, after.TotalAlloc-before.TotalAlloc, uint64(32<<20))
	return w
}

// requireConsistent checks an answer against what changed: nothing, unless
// samples were taken, and then nothing was lost. A value may be another one:
// the TSDB finds two values for one time only if the time is the newest of the
// series, or out of order both times. A nil before is not looked at.
func requireConsistent(t *testing.T, w *httptest.ResponseRecorder, version2 bool, after, before map[string]map[int64]float64) {
	t.Helper()
	if before == nil {
		before = after
	}
	written := w.Header().Get("X-Prometheus-Remote-Write-Samples-Written")
	switch {
	case w.Code == http.StatusBadRequest && version2 && written == "": // not decoded
		requireSame(t, before, after)
	case w.Code == http.StatusAccepted, w.Code == http.StatusTooManyRequests && strings.HasPrefix(w.Body.String(), "ingestion"):
		requireSame(t, before, after)
	case w.Code == http.StatusOK, w.Code == http.StatusNoContent, w.Code == http.StatusBadRequest, w.Code == http.StatusTooManyRequests:
		for series, samples := range before {
			for at := range samples {
				require.Contains(t, after[series], at, series)
			}
		}
	default:
		t.Fatalf("%d %s", w.Code, w.Body)
	}
}

func requireSame(t *testing.T, before, after map[string]map[int64]float64) {
	t.Helper()
	same := func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }
	require.True(t, maps.EqualFunc(before, after, func(a, b map[int64]float64) bool { return maps.EqualFunc(a, b, same) }))
}

// requireSent adds the values of req to sent, and looks for values in the store
// that nobody sent at their time.
func requireSent(t *testing.T, req *prompb.WriteRequest, sent map[int64]map[float64]bool, stored map[string]map[int64]float64) {
	t.Helper()
	note := func(at int64, v float64) {
		if sent[at] == nil {
			sent[at] = map[float64]bool{}
		}
		sent[at][v] = true
	}
	for _, ts := range req.Timeseries {
		for _, s := range ts.Samples {
			note(s.Timestamp, s.Value)
		}
		for _, h := range ts.Histograms {
			note(h.Timestamp, fuzzCount(&h))
		}
	}
	for series, samples := range stored {
		for at, v := range samples {
			require.True(t, sent[at][v], "%s has %v at %d, which nobody sent", series, v, at)
		}
	}
}

// requireRead looks for every sample of an accepted request.
func requireRead(t *testing.T, req *prompb.WriteRequest, stored map[string]map[int64]float64) {
	t.Helper()
	dropReplica := fuzzReplicated(req)
	for _, ts := range req.Timeseries {
		key := fuzzKey(ts.Labels, dropReplica)
		for _, s := range ts.Samples {
			require.Contains(t, stored[key], s.Timestamp, key)
		}
		for _, h := range ts.Histograms {
			require.Contains(t, stored[key], h.Timestamp, key)
		}
	}
}

const fuzzNow = 1_800_000_000_000

// fuzzRequest makes a request around fuzzNow, of a few series that come again.
func fuzzRequest(rng *rand.Rand) *prompb.WriteRequest {
	req := &prompb.WriteRequest{}
	replicated := rng.IntN(3) == 0
	for range rng.IntN(6) {
		var ts prompb.TimeSeries
		ts.Labels = series("__name__", fmt.Sprint("m", rng.IntN(3))).Labels
		if replicated {
			ts.Labels = append(ts.Labels, series("__replica__", fmt.Sprint("r", rng.IntN(2)), "cluster", fmt.Sprint("c", rng.IntN(3))).Labels...)
		}
		ts.Labels = append(ts.Labels, series("l", fmt.Sprint(rng.IntN(3))).Labels...)
		at := int64(fuzzNow - rng.IntN(3000))
		for range 8 - rng.IntN(8)*rng.IntN(2) - rng.IntN(2) {
			at += int64(rng.IntN(500)) - 50
			ts.Samples = append(ts.Samples, prompb.Sample{Timestamp: at, Value: float64(rng.IntN(20))})
		}
		if rng.IntN(3) == 0 {
			ts.Labels[0].Value += "_h"
			ts.Samples = nil
			for range 1 + rng.IntN(3) {
				at += int64(rng.IntN(500))
				h := prompb.FromIntHistogram(at, tsdbutil.GenerateTestHistogram(rng.Int64N(9)))
				if rng.IntN(2) == 0 {
					h = prompb.FromFloatHistogram(at, tsdbutil.GenerateTestFloatHistogram(rng.Int64N(9)))
				}
				ts.Histograms = append(ts.Histograms, h)
			}
		}
		if rng.IntN(6) == 0 {
			fuzzBreak(rng, &ts)
		}
		req.Timeseries = append(req.Timeseries, ts)
	}
	if rng.IntN(3) == 0 {
		req.Metadata = append(req.Metadata, prompb.MetricMetadata{MetricFamilyName: "m1", Help: "help", Type: prompb.MetricMetadata_COUNTER})
	}
	return req
}

// fuzzBreak spoils a series in one of the ways that have a text of their own.
func fuzzBreak(rng *rand.Rand, ts *prompb.TimeSeries) {
	last := &ts.Labels[len(ts.Labels)-1]
	switch rng.IntN(9) {
	case 0:
		ts.Labels = nil
	case 1:
		ts.Labels[0].Value = ""
	case 2:
		last.Name = "a-b"
	case 3:
		last.Name = "__name__"
	case 4:
		last.Name = "A"
	case 5:
		last.Value = string(make([]byte, 3000))
	case 6:
		ts.Samples = append(ts.Samples, prompb.Sample{Timestamp: fuzzNow - int64(rng.IntN(10_000_000)), Value: math.NaN()})
		ts.Samples[len(ts.Samples)-1].Value = 3
	case 7:
		ts.Samples = append(ts.Samples, prompb.Sample{Timestamp: rng.Int64() - rng.Int64(), Value: 4})
	case 8:
		ts.Histograms = append(ts.Histograms, prompb.FromIntHistogram(fuzzNow, &histogram.Histogram{Schema: int32(rng.IntN(200) - 100), Count: uint64(rng.IntN(2))}))
	}
}

// fuzzV2 writes a request in version 2.0, now and then with a reference that
// leads nowhere.
func fuzzV2(req *prompb.WriteRequest, rng *rand.Rand) *writev2.Request {
	symbols := writev2.NewSymbolTable()
	out := &writev2.Request{}
	for _, ts := range req.Timeseries {
		var own writev2.TimeSeries
		for _, l := range ts.Labels {
			own.LabelsRefs = append(own.LabelsRefs, symbols.Symbolize(l.Name), symbols.Symbolize(l.Value))
		}
		for _, s := range ts.Samples {
			own.Samples = append(own.Samples, writev2.Sample{Timestamp: s.Timestamp, Value: s.Value})
		}
		for _, h := range ts.Histograms {
			if h.IsFloatHistogram() {
				own.Histograms = append(own.Histograms, writev2.FromFloatHistogram(0, h.Timestamp, h.ToFloatHistogram()))
			} else {
				own.Histograms = append(own.Histograms, writev2.FromIntHistogram(0, h.Timestamp, h.ToIntHistogram()))
			}
		}
		if rng.IntN(20) == 0 {
			own.LabelsRefs = append(own.LabelsRefs, rng.Uint32(), 1)[:len(own.LabelsRefs)+rng.IntN(3)]
		}
		if rng.IntN(4) == 0 {
			own.Metadata = writev2.Metadata{Type: writev2.Metadata_MetricType(rng.IntN(12)), HelpRef: rng.Uint32N(8), UnitRef: rng.Uint32N(2)}
		}
		out.Timeseries = append(out.Timeseries, own)
	}
	out.Symbols = symbols.Symbols()
	return out
}

func fuzzCount(h *prompb.Histogram) float64 {
	if h.IsFloatHistogram() {
		return h.GetCountFloat()
	}
	return float64(h.GetCountInt())
}

// fuzzReplicated reports whether the first series names cluster and replica.
func fuzzReplicated(req *prompb.WriteRequest) bool {
	found := map[string]bool{}
	if len(req.Timeseries) > 0 {
		for _, l := range req.Timeseries[0].Labels {
			found[l.Name] = l.Value != ""
		}
	}
	return found["cluster"] && found["__replica__"]
}

// fuzzKey is how the store writes a series that was accepted.
func fuzzKey(ls []prompb.Label, dropReplica bool) string {
	m := map[string]string{}
	for _, l := range ls {
		if l.Value != "" && (!dropReplica || l.Name != "__replica__") {
			m[l.Name] = l.Value
		}
	}
	return labels.FromMap(m).String()
}
