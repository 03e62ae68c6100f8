package ingest_test

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/quota"
	"github.com/ampersand-amp/ampersand/emulator/storage"
)

// TestRefusals has, for each fault of amp-api.md 1.6, the exact text and the
// reason, and shows that the good series of the same request is stored.
func TestRefusals(t *testing.T) {
	long := strings.Repeat("x", 1025)
	longValue := strings.Repeat("v", 2049)
	now := time.UnixMilli(1_800_000_000_000).UnixMilli()
	hour := time.Hour.Milliseconds()
	many := []string{"__name__", "m"}
	for i := range 150 {
		many = append(many, fmt.Sprintf("l%03d", i), "v")
	}
	wide := []string{"__name__", "m"}
	for i := range 4 {
		wide = append(wide, fmt.Sprintf("l%d", i), strings.Repeat("v", 2000))
	}
	tests := map[string]struct {
		bad    prompb.TimeSeries
		text   string // prefix if it ends in an ellipsis
		reason string
	}{
		"no name":           {with(series("job", "j"), now, 1), "sample missing metric name", "missing_metric_name"},
		"no labels":         {with(series(), now, 1), "sample missing metric name", "missing_metric_name"},
		"bad name":          {metric("a-b", now, 1), `sample invalid metric name: "a-b"`, "metric_name_invalid"},
		"empty name":        {metric("", now, 1), `sample invalid metric name: ""`, "metric_name_invalid"},
		"bad label":         {with(series("__name__", "m", "a-b", "v"), now, 1), `sample invalid label: "a-b" metric "m{a-b=\"v\"}"`, "label_invalid"},
		"duplicate label":   {with(series("__name__", "m", "a", "1", "a", "2"), now, 1), `duplicate label name: "a" metric "m{a=\"1\", a=\"2\"}"`, "duplicate_label_names"},
		"duplicate name":    {with(series("__name__", "m", "__name__", "n"), now, 1), `duplicate label name: "__name__" metric "m{__name__=\"n\"}"`, "duplicate_label_names"},
		"duplicate, apart":  {with(series("__name__", "m", "a", "1", "b", "3", "a", "2"), now, 1), `duplicate label name: "a" metric "m{a=\"1\", a=\"2\", b=\"3\"}"`, "duplicate_label_names"},
		"too many labels":   {with(series(many...), now, 1), `series has too many labels (actual: 151, limit: 150) series: 'm{l000="v", l001="v"…`, "max_label_names_per_series"},
		"label name long":   {with(series("__name__", "m", long, "v"), now, 1), `label name too long for metric (actual: 1025, limit: 1024) metric: "m{xxxx…`, "label_name_too_long"},
		"label value long":  {with(series("__name__", "m", "a", longValue), now, 1), `label value too long for metric (actual: 2049, limit: 2048) metric: "m{a=\"vvv…`, "label_value_too_long"},
		"labels size":       {with(series(wide...), now, 1), `labels size bytes exceeded for metric (actual: 8017, limit: 7168) metric: "m{l0=\"vvv…`, "labels_size_bytes_exceeded"},
		"older than 1 h":    {metric("m", now-hour-1, 1), fmt.Sprintf(`timestamp too old: %d metric: "m"`, now-hour-1), "greater_than_max_sample_age"},
		"10 min in future":  {metric("m", now+hour/6+1, 1), fmt.Sprintf(`timestamp too new: %d metric: "m"`, now+hour/6+1), "too_far_in_future"},
		"bad series, empty": {series("job", "j"), "sample missing metric name", "missing_metric_name"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, time.Minute, nil)
			w := r.write(metric("good1", now, 1), tt.bad, metric("good2", now, 2))
			requireText(t, w.Code, w.Header(), w.Body.String(), tt.text)
			require.Equal(t, map[string]int{tt.reason: 1}, r.dropped)
			require.Equal(t, map[string]map[int64]float64{
				`{__name__="good1"}`: {now: 1}, `{__name__="good2"}`: {now: 2},
			}, r.stored())
		})
	}
}

// TestRefusesWholeSeries has a series of several samples, one of them bad: none
// is stored, in contrast to what the store refuses.
func TestRefusesWholeSeries(t *testing.T) {
	r := newRig(t, time.Minute, nil)
	now := r.at()
	bad := tsdbutil.GenerateTestHistogram(1)
	bad.Count++
	histograms := prompb.TimeSeries{Labels: series("__name__", "h").Labels, Histograms: []prompb.Histogram{
		prompb.FromIntHistogram(now-1, tsdbutil.GenerateTestHistogram(1)), prompb.FromIntHistogram(now, bad),
	}}
	floats := prompb.TimeSeries{Labels: series("__name__", "m").Labels, Samples: []prompb.Sample{
		{Timestamp: now - 1, Value: 1}, {Timestamp: now - 2*time.Hour.Milliseconds(), Value: 2}, {Timestamp: now, Value: 3},
	}}
	w := r.write(floats, histograms, metric("good", now, 1))
	requireText(t, w.Code, w.Header(), w.Body.String(), fmt.Sprintf(`timestamp too old: %d metric: "m"`, now-2*time.Hour.Milliseconds()))
	require.Equal(t, map[string]int{"greater_than_max_sample_age": 3, "native_histogram_invalid": 2}, r.dropped)
	require.Equal(t, map[string]map[int64]float64{`{__name__="good"}`: {now: 1}}, r.stored())
}

func requireText(t *testing.T, code int, h http.Header, body, want string) {
	t.Helper()
	require.Equal(t, http.StatusBadRequest, code, body)
	require.Equal(t, "text/plain; charset=utf-8", h.Get("Content-Type"))
	require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"))
	if prefix, ok := strings.CutSuffix(want, "…"); ok {
		require.True(t, strings.HasPrefix(body, prefix), "%s", body)
		require.True(t, strings.HasSuffix(body, "\n"))
		return
	}
	require.Equal(t, want+"\n", body)
}

// TestStoreRefusals has what the TSDB refuses, after a first sample of m.
func TestStoreRefusals(t *testing.T) {
	r0 := newRig(t, 0, nil)
	now := r0.now.UnixMilli()
	at := func(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339Nano) }
	user := "user=" + tenant + ": err: "
	tests := map[string]struct {
		window time.Duration
		bad    []prompb.TimeSeries
		text   string
		reason string
	}{
		"out of order": {0, []prompb.TimeSeries{metric("m", now-1, 5)},
			user + "out of order sample. timestamp=" + at(now-1) + `, series={__name__="m"}`, "sample-out-of-order"},
		"out of order in one series": {0, []prompb.TimeSeries{{Labels: series("__name__", "n").Labels, Samples: []prompb.Sample{{Timestamp: now, Value: 1}, {Timestamp: now - 2, Value: 2}}}},
			user + "out of order sample. timestamp=" + at(now-2) + `, series={__name__="n"}`, "sample-out-of-order"},
		"too old": {time.Minute, []prompb.TimeSeries{metric("m", now-60_001, 5)},
			user + "too old sample. timestamp=" + at(now-60_001) + `, series={__name__="m"}`, "sample-too-old"},
		"other value": {time.Minute, []prompb.TimeSeries{metric("m", now, 5)},
			user + fmt.Sprintf(`duplicate sample for timestamp %d; overrides not allowed: existing 1, new value 5. series={__name__="m"}`, now), "new-value-for-timestamp"},
		"other value in one request": {time.Minute, []prompb.TimeSeries{metric("n", now, 1), metric("n", now, 2)},
			user + fmt.Sprintf(`duplicate sample for timestamp %d; overrides not allowed: existing 1, new value 2. series={__name__="n"}`, now), "new-value-for-timestamp"},
		"out of bounds": {0, []prompb.TimeSeries{metric("n", now-time.Hour.Milliseconds()-1, 5)},
			user + "out of bounds. timestamp=" + at(now-time.Hour.Milliseconds()-1) + `, series={__name__="n"}`, "sample-out-of-bounds"},
		"before a fault of validation": {0, []prompb.TimeSeries{metric("a-b", now, 1), metric("m", now-1, 5)},
			user + "out of order sample. timestamp=" + at(now-1) + `, series={__name__="m"}`, "sample-out-of-order"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, tt.window, limits{quota.SampleAge: -1})
			require.Equal(t, http.StatusOK, r.write(metric("m", now, 1)).Code)
			w := r.write(append(tt.bad, metric("good", now, 7))...)
			requireText(t, w.Code, w.Header(), w.Body.String(), tt.text)
			require.Equal(t, 1, r.dropped[tt.reason], "%v", r.dropped)
			got := r.stored()
			require.Equal(t, map[int64]float64{now: 1}, got[`{__name__="m"}`])
			require.Equal(t, map[int64]float64{now: 7}, got[`{__name__="good"}`])
		})
	}
}

func TestAccepted(t *testing.T) {
	now := time.UnixMilli(1_800_000_000_000).UnixMilli()
	stale := math.Float64frombits(value.StaleNaN)
	ih, fh := tsdbutil.GenerateTestHistogram(1), tsdbutil.GenerateTestFloatHistogram(2)
	exemplar := metric("m", now, 1)
	exemplar.Exemplars = []prompb.Exemplar{{Labels: series("trace_id", "x").Labels, Value: 1, Timestamp: now}}
	tests := map[string]struct {
		series []prompb.TimeSeries
		want   map[string]map[int64]float64
	}{
		"nothing":               {nil, map[string]map[int64]float64{}},
		"no samples":            {[]prompb.TimeSeries{series("__name__", "m")}, map[string]map[int64]float64{}},
		"same sample twice":     {[]prompb.TimeSeries{metric("m", now, 1), metric("m", now, 1)}, map[string]map[int64]float64{`{__name__="m"}`: {now: 1}}},
		"within the window":     {[]prompb.TimeSeries{metric("m", now, 1), metric("m", now-60_000, 2)}, map[string]map[int64]float64{`{__name__="m"}`: {now: 1, now - 60_000: 2}}},
		"several in one series": {[]prompb.TimeSeries{metric("m", now, 1, 2, 3)}, map[string]map[int64]float64{`{__name__="m"}`: {now: 1, now + 1: 2, now + 2: 3}}},
		"exactly 1 h old":       {[]prompb.TimeSeries{metric("m", now-3_600_000, 1)}, map[string]map[int64]float64{`{__name__="m"}`: {now - 3_600_000: 1}}},
		"exactly 10 min ahead":  {[]prompb.TimeSeries{metric("m", now+600_000, 1)}, map[string]map[int64]float64{`{__name__="m"}`: {now + 600_000: 1}}},
		"labels in any order":   {[]prompb.TimeSeries{with(series("b", "1", "__name__", "m", "a", "2"), now, 1)}, map[string]map[int64]float64{`{__name__="m", a="2", b="1"}`: {now: 1}}},
		"exemplars are ignored": {[]prompb.TimeSeries{exemplar}, map[string]map[int64]float64{`{__name__="m"}`: {now: 1}}},
		"native histograms": {
			[]prompb.TimeSeries{
				{Labels: series("__name__", "int").Labels, Histograms: []prompb.Histogram{prompb.FromIntHistogram(now, ih)}},
				{Labels: series("__name__", "float").Labels, Histograms: []prompb.Histogram{prompb.FromFloatHistogram(now, fh)}},
			},
			map[string]map[int64]float64{`{__name__="int"}`: {now: float64(ih.Count)}, `{__name__="float"}`: {now: fh.Count}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, time.Minute, nil)
			w := r.write(tt.series...)
			require.Equal(t, http.StatusOK, w.Code, w.Body)
			require.Empty(t, w.Body.String())
			require.Equal(t, tt.want, r.stored())
			require.Empty(t, r.dropped)
		})
	}
	t.Run("stale markers keep their bits", func(t *testing.T) {
		r := newRig(t, time.Minute, nil)
		require.Equal(t, http.StatusOK, r.write(metric("m", now, stale)).Code)
		require.True(t, value.IsStaleNaN(r.stored()[`{__name__="m"}`][now]))
	})
}

func TestMetadata(t *testing.T) {
	r := newRig(t, time.Minute, nil)
	long := strings.Repeat("h", 1025)
	w := r.post(encode(t, &prompb.WriteRequest{Metadata: []prompb.MetricMetadata{
		{Type: prompb.MetricMetadata_COUNTER, MetricFamilyName: "a_total", Help: "help", Unit: "s"},
		{MetricFamilyName: "b", Help: long},
		{MetricFamilyName: ""},
	}}), nil)
	requireText(t, w.Code, w.Header(), w.Body.String(), `metadata 'HELP' value too long: "`+long[:200]+`" metric "b"`)
	require.Equal(t, map[string][]storage.Metadata{"a_total": {{Type: "counter", Help: "help", Unit: "s"}}}, r.db.Metadata("", -1, 0))
	w = r.post(encode(t, &prompb.WriteRequest{Metadata: []prompb.MetricMetadata{{}}}), nil)
	requireText(t, w.Code, w.Header(), w.Body.String(), "metadata missing metric name")
}
