package ingest_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/ingest"
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
		"unsorted":          {with(series("__name__", "m", "b", "1", "a", "2"), now, 1), `labels not sorted: "a" metric "m{b=\"1\", a=\"2\"}"`, "labels_not_sorted"},
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
			r := newRig(t, time.Minute, ingest.Limits{})
			w := r.write(metric("good1", now, 1), tt.bad, metric("good2", now, 2))
			requireText(t, w.Code, w.Header(), w.Body.String(), tt.text)
			require.Equal(t, map[string]int{tt.reason: 1}, r.dropped)
			require.Equal(t, map[string]map[int64]float64{
				`{__name__="good1"}`: {now: 1}, `{__name__="good2"}`: {now: 2},
			}, r.stored())
		})
	}
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
	r0 := newRig(t, 0, ingest.Limits{})
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
			r := newRig(t, tt.window, ingest.Limits{SampleAge: -1})
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
			r := newRig(t, time.Minute, ingest.Limits{})
			w := r.write(tt.series...)
			require.Equal(t, http.StatusOK, w.Code, w.Body)
			require.Empty(t, w.Body.String())
			require.Equal(t, tt.want, r.stored())
			require.Empty(t, r.dropped)
		})
	}
	t.Run("stale markers keep their bits", func(t *testing.T) {
		r := newRig(t, time.Minute, ingest.Limits{})
		require.Equal(t, http.StatusOK, r.write(metric("m", now, stale)).Code)
		require.True(t, value.IsStaleNaN(r.stored()[`{__name__="m"}`][now]))
	})
}

func TestHistogramRefusals(t *testing.T) {
	now := time.UnixMilli(1_800_000_000_000).UnixMilli()
	broken := tsdbutil.GenerateTestHistogram(1)
	broken.Count++
	custom := &histogram.Histogram{Schema: histogram.CustomBucketsSchema}
	tests := map[string]struct {
		h            *histogram.Histogram
		text, reason string
	}{
		"schema":     {custom, `invalid native histogram schema -53 for metric: "h". supported schema from -4 to 8`, "native_histogram_invalid_schema"},
		"validation": {broken, `invalid native histogram, validation err: …`, "native_histogram_invalid"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, time.Minute, ingest.Limits{})
			w := r.write(prompb.TimeSeries{Labels: series("__name__", "h").Labels, Histograms: []prompb.Histogram{prompb.FromIntHistogram(now, tt.h)}})
			requireText(t, w.Code, w.Header(), w.Body.String(), tt.text)
			require.Equal(t, map[string]int{tt.reason: 1}, r.dropped)
		})
	}
}

func TestMetadata(t *testing.T) {
	r := newRig(t, time.Minute, ingest.Limits{})
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

// TestEmptyMessages refuses bodies that are small on the wire, and even when they
// are unpacked, but gigabytes as Go values.
func TestEmptyMessages(t *testing.T) {
	const limit = 1 << 20
	empty := func(tag byte) []byte { return bytes.Repeat([]byte{tag, 0}, limit/4) }
	tests := map[string][]byte{
		"series":          empty(0x0a),
		"metadata":        empty(0x1a),
		"labels":          message(0x0a, empty(0x0a)),
		"samples":         message(0x0a, empty(0x12)),
		"exemplars":       message(0x0a, empty(0x1a)),
		"exemplar labels": message(0x0a, message(0x1a, empty(0x0a))),
		"histograms":      message(0x0a, empty(0x22)),
		"histogram spans": message(0x0a, message(0x22, empty(0x42))),
	}
	for name, body := range tests {
		t.Run(name, func(t *testing.T) {
			require.Less(t, len(body), limit)
			w := newRig(t, time.Minute, ingest.Limits{DecodedSize: limit}).post(snappy.Encode(nil, body), nil)
			require.Equal(t, http.StatusBadRequest, w.Code)
			require.Regexp(t, `^received message larger than max \([0-9]{7,} vs 1048576\)\n$`, w.Body.String())
		})
	}
}

// message is a protobuf field, its tag given, with a message in it.
func message(tag byte, content []byte) []byte {
	return append(binary.AppendUvarint([]byte{tag}, uint64(len(content))), content...)
}

func TestBadBodies(t *testing.T) {
	bomb := append([]byte{0xff, 0xff, 0xff, 0x1f}, make([]byte, 8)...) // claims 64 MiB
	tests := map[string]struct {
		body []byte
		text string
	}{
		"empty":            {nil, "snappy: corrupt input"},
		"not snappy":       {[]byte("hello, this is text"), "snappy: corrupt input"},
		"cut off":          {encode(t, &prompb.WriteRequest{Timeseries: []prompb.TimeSeries{metric("m", 1, 1)}})[:9], "snappy: corrupt input"},
		"bomb":             {bomb, "snappy: corrupt input"},
		"protobuf, group":  {snappy.Encode(nil, []byte{0x0c}), "proto: WriteRequest: wiretype end group for non-group"},
		"protobuf, cut":    {snappy.Encode(nil, []byte{0x0a, 0x7f}), "unexpected EOF"},
		"larger decoded":   {snappy.Encode(nil, make([]byte, 1<<20+1)), "received message larger than max (1048577 vs 1048576)"},
		"larger by header": {[]byte{0xff, 0xff, 0xff, 0xff, 0x0f}, "received message larger than max (4294967295 vs 1048576)"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			limits := ingest.Limits{}
			if strings.HasPrefix(name, "larger") {
				limits.DecodedSize = 1 << 20
			}
			r := newRig(t, time.Minute, limits)
			w := r.post(tt.body, nil)
			requireText(t, w.Code, w.Header(), w.Body.String(), tt.text)
		})
	}
}

func TestMediaTypes(t *testing.T) {
	const v2 = "io.prometheus.write.v2.Request protobuf message is not accepted by this server; only accepts prometheus.WriteRequest"
	tests := map[string]struct {
		contentType, encoding string
		status                int
		text                  string
	}{
		"as Prometheus":  {"application/x-protobuf", "snappy", 200, ""},
		"with message":   {"application/x-protobuf;proto=prometheus.WriteRequest", "snappy", 200, ""},
		"nothing said":   {"", "", 200, ""},
		"version 2":      {"application/x-protobuf;proto=io.prometheus.write.v2.Request", "snappy", 415, v2},
		"v2 and gzip":    {"application/x-protobuf;proto=io.prometheus.write.v2.Request", "gzip", 415, v2},
		"gzip":           {"application/x-protobuf", "gzip", 415, "gzip encoding (compression) is not accepted by this server; only snappy is acceptable"},
		"JSON":           {"application/json", "snappy", 415, "expected application/x-protobuf as the first (media) part, got application/json content-type"},
		"unknown proto":  {"application/x-protobuf;proto=other", "", 415, "got application/x-protobuf;proto=other content type; unknown type for remote write protobuf message other, supported: prometheus.WriteRequest, io.prometheus.write.v2.Request"},
		"media type, ws": {" application/x-protobuf ", "snappy", 200, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, time.Minute, ingest.Limits{})
			h := http.Header{}
			if tt.contentType != "" {
				h.Set("Content-Type", tt.contentType)
			}
			if tt.encoding != "" {
				h.Set("Content-Encoding", tt.encoding)
			}
			w := r.post(encode(t, &prompb.WriteRequest{Timeseries: []prompb.TimeSeries{metric("m", r.at(), 1)}}), h)
			require.Equal(t, tt.status, w.Code)
			require.Equal(t, tt.text, strings.TrimSuffix(w.Body.String(), "\n"))
		})
	}
}
