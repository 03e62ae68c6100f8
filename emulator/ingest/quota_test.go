package ingest_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/quota"
	"github.com/ampersand-amp/ampersand/emulator/storage"
)

const capacity = "Capacity from 2,000,000 to 10,000,000 is automatically adjusted based on the last 30 min of usage. " +
	"If throttled above 10,000,000 or in case of incoming surges, please contact administrator to raise it."

// TestSeriesLimits writes three series of which one breaks a limit: it is
// refused, the others are stored, also after a restart.
func TestSeriesLimits(t *testing.T) {
	user := "user=" + tenant + ": "
	set := func(max int64, pairs ...string) storage.LabelSetLimit {
		l := storage.LabelSetLimit{Labels: map[string]string{}, MaxSeries: max}
		for i := 0; i < len(pairs); i += 2 {
			l.Labels[pairs[i]] = pairs[i+1]
		}
		return l
	}
	hist := func(r *rig, name string) prompb.TimeSeries {
		return prompb.TimeSeries{Labels: series("__name__", name).Labels, Histograms: []prompb.Histogram{prompb.FromIntHistogram(r.at(), tsdbutil.GenerateTestHistogram(1))}}
	}
	tests := map[string]struct {
		limits  limits
		sets    []storage.LabelSetLimit
		before  func(r *rig) []prompb.TimeSeries
		good    func(r *rig) []prompb.TimeSeries
		refused func(r *rig) prompb.TimeSeries
		text    string
		reason  string
	}{
		"total": {
			limits: limits{quota.ActiveSeries: 2},
			before: func(r *rig) []prompb.TimeSeries {
				return []prompb.TimeSeries{metric("a", r.at(), 1), metric("b", r.at(), 1)}
			},
			good:    func(r *rig) []prompb.TimeSeries { return []prompb.TimeSeries{metric("a", r.at()+1, 1)} },
			refused: func(r *rig) prompb.TimeSeries { return metric("c", r.at(), 1) },
			text:    user + "per-user series limit of 2 exceeded, " + capacity + " (local limit: 0 global limit: 2 actual local limit: 2)",
			reason:  "per_user_series_limit",
		},
		"none at all": {
			limits:  limits{quota.ActiveSeries: 0},
			refused: func(r *rig) prompb.TimeSeries { return metric("c", r.at(), 1) },
			text:    user + "per-user series limit of 0 exceeded, " + capacity + " (local limit: 0 global limit: 0 actual local limit: 0)",
			reason:  "per_user_series_limit",
		},
		"metric": {
			limits: limits{quota.SeriesPerMetric: 1},
			before: func(r *rig) []prompb.TimeSeries {
				return []prompb.TimeSeries{with(series("__name__", "a", "l", "1"), r.at(), 1)}
			},
			good: func(r *rig) []prompb.TimeSeries {
				return []prompb.TimeSeries{metric("b", r.at(), 1), with(series("__name__", "a", "l", "1"), r.at()+1, 1)}
			},
			refused: func(r *rig) prompb.TimeSeries { return with(series("__name__", "a", "l", "2"), r.at(), 1) },
			text:    user + "per-metric series limit of 1 exceeded, please contact administrator to raise it",
			reason:  "per_metric_series_limit",
		},
		"label set": {
			sets: []storage.LabelSetLimit{set(1, "__name__", "a", "job", "j"), set(0)},
			before: func(r *rig) []prompb.TimeSeries {
				return []prompb.TimeSeries{with(series("__name__", "a", "job", "j"), r.at(), 1)}
			},
			good: func(r *rig) []prompb.TimeSeries {
				return []prompb.TimeSeries{with(series("__name__", "a", "job", "k"), r.at(), 1)}
			},
			refused: func(r *rig) prompb.TimeSeries { return with(series("__name__", "a", "job", "j", "l", "1"), r.at(), 1) },
			text:    user + `per-labelset series limit of 1 exceeded (labelSet: {__name__="a", job="j"}, global limit: 1 actual local limit: 1) for series {__name__="a", job="j", l="1"}`,
			reason:  "per_labelset_series_limit",
		},
		"no other label set": {
			sets: []storage.LabelSetLimit{set(2), set(9, "job", "j"), set(0, "job", "k")},
			before: func(r *rig) []prompb.TimeSeries {
				return []prompb.TimeSeries{metric("a", r.at(), 1), with(series("__name__", "a", "job", "j"), r.at(), 1)}
			},
			good: func(r *rig) []prompb.TimeSeries {
				return []prompb.TimeSeries{with(series("__name__", "b", "job", "k"), r.at(), 1), metric("b", r.at(), 1)}
			},
			refused: func(r *rig) prompb.TimeSeries { return metric("c", r.at(), 1) },
			text:    user + `per-labelset series limit of 2 exceeded (labelSet: {}, global limit: 2 actual local limit: 2) for series {__name__="c"}`,
			reason:  "per_labelset_series_limit",
		},
		"native histograms": {
			limits:  limits{quota.NativeHistogramSeries: 2},
			before:  func(r *rig) []prompb.TimeSeries { return []prompb.TimeSeries{hist(r, "a"), metric("b", r.at(), 1)} },
			good:    func(r *rig) []prompb.TimeSeries { return []prompb.TimeSeries{hist(r, "c")} },
			refused: func(r *rig) prompb.TimeSeries { return hist(r, "d") },
			text:    user + "per-user native histogram series limit of 2 exceeded, " + capacity + " (local limit: 0 global limit: 2 actual local limit: 2)",
			reason:  "per_user_native_histogram_series_limit",
		},
	}
	for name, tt := range tests {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, restart %v", name, restart), func(t *testing.T) {
				r := newRig(t, time.Minute, nil)
				var want int
				if tt.before != nil {
					before := tt.before(r)
					want = len(before)
					require.Equal(t, http.StatusOK, r.write(before...).Code, "no limit yet")
				}
				if restart {
					r.restart()
				}
				for id, v := range tt.limits {
					r.quotas.Put(id, v)
				}
				r.sets = tt.sets
				var all []prompb.TimeSeries
				if tt.good != nil {
					all = tt.good(r)
				}
				all = append(all, tt.refused(r))
				w := r.write(all...)
				requireText(t, w.Code, w.Header(), w.Body.String(), tt.text)
				require.Equal(t, map[string]int{tt.reason: 1}, r.dropped)
				for _, s := range all[:len(all)-1] {
					want++
					for _, l := range s.Samples {
						if l.Timestamp != r.at() { // of a series that was there before
							want--
						}
					}
				}
				require.Len(t, r.stored(), want)
				require.EqualValues(t, want, r.db.Stats().Series, "the refused series does not exist")

				for id := range tt.limits {
					r.quotas.Put(id, quota.Unlimited)
				}
				r.sets = nil
				require.Equal(t, http.StatusOK, r.write(tt.refused(r)).Code, "the quota can change")
			})
		}
	}
}

// TestIngestionRate stands at a clock that is moved by hand.
func TestIngestionRate(t *testing.T) {
	r := newRig(t, time.Minute, limits{quota.IngestionRate: 2, quota.IngestionBurst: 6})
	request := func(name string, samples int) *prompb.WriteRequest {
		req := &prompb.WriteRequest{Metadata: []prompb.MetricMetadata{{MetricFamilyName: name}}}
		for i := range samples {
			req.Timeseries = append(req.Timeseries, metric(fmt.Sprint(name, i), r.at(), 1))
		}
		return req
	}
	refused := func(samples int) string {
		return fmt.Sprintf("ingestion rate limit (2) exceeded while adding %d samples and 1 metadata\n", samples)
	}
	require.Equal(t, http.StatusOK, r.post(encode(t, request("a", 3)), nil).Code)
	w := r.post(encode(t, request("b", 2)), nil)
	require.Equal(t, http.StatusTooManyRequests, w.Code)
	require.Equal(t, refused(2), w.Body.String())
	require.Len(t, r.stored(), 3, "nothing of it is stored")
	require.NotContains(t, r.db.Metadata("", -1, 0), "b")
	require.Equal(t, map[string]int{"rate_limited": 2}, r.dropped)

	r.now = r.now.Add(500 * time.Millisecond)
	require.Equal(t, http.StatusOK, r.post(encode(t, request("b", 2)), nil).Code)
	r.now = r.now.Add(time.Hour)
	w = r.post(encode(t, request("c", 6)), nil)
	require.Equal(t, http.StatusTooManyRequests, w.Code, "more than the burst never passes")
	require.Equal(t, refused(6), w.Body.String())

	r.quotas.Put(quota.IngestionBurst, 7)
	require.Equal(t, http.StatusTooManyRequests, r.post(encode(t, request("c", 6)), nil).Code, "the bucket fills with time")
	r.now = r.now.Add(time.Second)
	require.Equal(t, http.StatusOK, r.post(encode(t, request("c", 6)), nil).Code, "the quota can change")
	r.quotas.Put(quota.IngestionRate, 1_666_666)
	r.now = r.now.Add(-time.Minute)
	r.dropped = map[string]int{}
	w = r.write(metric("x", r.at(), 1, 2, 3, 4, 5, 6, 7, 8))
	require.Equal(t, "ingestion rate limit (1.666666e+06) exceeded while adding 8 samples and 0 metadata\n", w.Body.String(), "as Go writes the number, and Cortex")
	r.quotas.Put(quota.IngestionRate, quota.Unlimited)
	require.Equal(t, http.StatusOK, r.write(metric("x", r.at(), 1, 2, 3, 4, 5, 6, 7, 8)).Code)
}

// TestRateAfterValidation counts only what is good.
func TestRateAfterValidation(t *testing.T) {
	r := newRig(t, time.Minute, limits{quota.IngestionRate: 1, quota.IngestionBurst: 1})
	w := r.write(metric("a-b", r.at(), 1, 2, 3), metric("m", r.at(), 1))
	requireText(t, w.Code, w.Header(), w.Body.String(), `sample invalid metric name: "a-b"`)
	require.Len(t, r.stored(), 1)
}

// TestNativeHistogramRate leaves out the series that have histograms.
func TestNativeHistogramRate(t *testing.T) {
	r := newRig(t, time.Minute, limits{quota.NativeHistogramRate: 2})
	hist := func(name string, n int) prompb.TimeSeries {
		ts := series("__name__", name)
		for i := range n {
			ts.Histograms = append(ts.Histograms, prompb.FromIntHistogram(r.at()+int64(i), tsdbutil.GenerateTestHistogram(1)))
		}
		return ts
	}
	require.Equal(t, http.StatusOK, r.write(hist("a", 2)).Code)
	w := r.write(metric("float", r.at(), 1), hist("b", 3), metric("a-b", r.at(), 1))
	require.Equal(t, http.StatusTooManyRequests, w.Code)
	require.Equal(t, "native histogram ingestion rate limit (2) exceeded while adding 3 native histogram samples\n", w.Body.String())
	require.Equal(t, map[string]int{"native_histogram_rate_limited": 3, "metric_name_invalid": 1}, r.dropped)
	require.Len(t, r.stored(), 2)
	r.now = r.now.Add(time.Second)
	require.Equal(t, http.StatusOK, r.write(hist("b", 2)).Code)
}

// TestQuotasAreReadAtEachRequest changes those of validation.
func TestQuotasAreReadAtEachRequest(t *testing.T) {
	r := newRig(t, time.Minute, nil)
	long := with(series("__name__", "m", "abc", "defg"), r.at()-120_000, 1)
	tests := []struct {
		id    quota.ID
		value int64
		text  string
	}{
		{quota.LabelsPerSeries, 1, `series has too many labels (actual: 2, limit: 1) series: 'm{abc="defg"}'`},
		{quota.LabelsSize, 15, `labels size bytes exceeded for metric (actual: 16, limit: 15) metric: "m{abc=\"defg\"}"`},
		{quota.LabelNameLength, 2, `label name too long for metric (actual: 8, limit: 2) metric: "m{abc=\"defg\"}" label name: "__name__"`},
		{quota.LabelValueLength, 3, `label value too long for metric (actual: 4, limit: 3) metric: "m{abc=\"defg\"}" label name: "abc" label value: "defg"`},
		{quota.SampleAge, 60_000, fmt.Sprintf(`timestamp too old: %d metric: "m"`, r.at()-120_000)},
		{quota.SampleFuture, -1, ""},
	}
	for _, tt := range tests {
		r.quotas = quota.New()
		r.handler = newRigHandler(r)
		r.quotas.Put(tt.id, tt.value)
		w := r.write(long)
		if tt.text == "" {
			require.Equal(t, http.StatusOK, w.Code, w.Body)
			continue
		}
		requireText(t, w.Code, w.Header(), w.Body.String(), tt.text)
	}
	require.Equal(t, http.StatusOK, r.write(metric("future", r.at()+86_400_000, 1)).Code)
	r.quotas.Put(quota.MetadataLength, 2)
	w := r.post(encode(t, &prompb.WriteRequest{Metadata: []prompb.MetricMetadata{{MetricFamilyName: "m", Unit: "abc"}}}), nil)
	requireText(t, w.Code, w.Header(), w.Body.String(), `metadata 'UNIT' value too long: "abc" metric "m"`)
	w = r.post(encode(t, &prompb.WriteRequest{Metadata: []prompb.MetricMetadata{{MetricFamilyName: "mmm"}}}), nil)
	requireText(t, w.Code, w.Header(), w.Body.String(), `metadata 'METRIC_NAME' value too long: "mmm" metric "mmm"`)
}
