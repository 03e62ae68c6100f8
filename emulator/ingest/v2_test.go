package ingest_test

import (
	"bytes"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	prommeta "github.com/prometheus/prometheus/model/metadata"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/ingest"
	"github.com/ampersand-amp/ampersand/emulator/quota"
	"github.com/ampersand-amp/ampersand/emulator/storage"
)

// v2Header is what a sender of version 2.0 says its body is.
func v2Header() http.Header {
	return http.Header{
		"Content-Type":     {"application/x-protobuf;proto=io.prometheus.write.v2.Request"},
		"Content-Encoding": {"snappy"}, "X-Prometheus-Remote-Write-Version": {"2.0.0"},
	}
}

// v2Request builds a request of version 2.0.
type v2Request struct {
	symbols writev2.SymbolsTable
	series  []writev2.TimeSeries
}

func newV2() *v2Request { return &v2Request{symbols: writev2.NewSymbolTable()} }

func (q *v2Request) add(at int64, v float64, pairs ...string) *writev2.TimeSeries {
	q.series = append(q.series, writev2.TimeSeries{
		LabelsRefs: q.symbols.SymbolizeLabels(labels.FromStrings(pairs...), nil),
		Samples:    []writev2.Sample{{Timestamp: at, Value: v}},
	})
	return &q.series[len(q.series)-1]
}

func (q *v2Request) describe(ts *writev2.TimeSeries, m prommeta.Metadata) {
	ts.Metadata = writev2.Metadata{
		Type: writev2.FromMetadataType(m.Type), HelpRef: q.symbols.Symbolize(m.Help), UnitRef: q.symbols.Symbolize(m.Unit),
	}
}

func (q *v2Request) body(t testing.TB) []byte {
	t.Helper()
	raw, err := (&writev2.Request{Symbols: q.symbols.Symbols(), Timeseries: q.series}).Marshal()
	require.NoError(t, err)
	return snappy.Encode(nil, raw)
}

func (r *rig) writeV2(q *v2Request) *httptest.ResponseRecorder {
	return r.post(q.body(r.t), v2Header())
}

// requireWritten checks the Written headers, which are absent for -1.
func requireWritten(t testing.TB, h http.Header, samples, histograms int) {
	t.Helper()
	const prefix = "X-Prometheus-Remote-Write-"
	if samples < 0 {
		require.Empty(t, h.Get(prefix+"Samples-Written"))
		return
	}
	require.Equal(t, strconv.Itoa(samples), h.Get(prefix+"Samples-Written"))
	require.Equal(t, strconv.Itoa(histograms), h.Get(prefix+"Histograms-Written"))
	require.Equal(t, "0", h.Get(prefix+"Exemplars-Written"))
}

// TestVersion2 writes samples, histograms and metadata, in order and not.
func TestVersion2(t *testing.T) {
	r := newRig(t, time.Minute, nil)
	now := r.at()
	q := newV2()
	counter := q.add(now, 1, "__name__", "a_total", "job", "j")
	counter.Samples = append(counter.Samples, writev2.Sample{Timestamp: now + 1, Value: 2, StartTimestamp: now - 1000})
	counter.Exemplars = []writev2.Exemplar{{LabelsRefs: q.symbols.SymbolizeLabels(labels.FromStrings("trace_id", "x"), nil), Value: 1, Timestamp: now}}
	q.describe(counter, prommeta.Metadata{Type: model.MetricTypeCounter, Help: "help", Unit: "s"})
	late := q.add(now-60_000+1, 7, "__name__", "late") // behind now + 1
	late.LabelsRefs = append(q.symbols.SymbolizeLabels(labels.FromStrings("z", "1"), nil), late.LabelsRefs...)
	ints := q.add(now, 0, "__name__", "int")
	ints.Samples, ints.Histograms = nil, []writev2.Histogram{writev2.FromIntHistogram(0, now, tsdbutil.GenerateTestHistogram(1))}
	floats := q.add(now, 0, "__name__", "float")
	floats.Samples, floats.Histograms = nil, []writev2.Histogram{writev2.FromFloatHistogram(0, now, tsdbutil.GenerateTestFloatHistogram(2))}

	w := r.writeV2(q)
	require.Equal(t, http.StatusNoContent, w.Code, w.Body)
	require.Empty(t, w.Body.String())
	requireWritten(t, w.Header(), 3, 2)
	require.Equal(t, map[string]map[int64]float64{
		`{__name__="a_total", job="j"}`: {now: 1, now + 1: 2},
		`{__name__="late", z="1"}`:      {now - 60_000 + 1: 7},
		`{__name__="int"}`:              {now: float64(tsdbutil.GenerateTestHistogram(1).Count)},
		`{__name__="float"}`:            {now: tsdbutil.GenerateTestFloatHistogram(2).Count},
	}, r.stored())
	require.Equal(t, map[string][]storage.Metadata{"a_total": {{Type: "counter", Help: "help", Unit: "s"}}}, r.db.Metadata("", -1, 0))
	require.Empty(t, r.dropped)
}

// TestVersion2InPart tells what was written beside what was not.
func TestVersion2InPart(t *testing.T) {
	now := time.UnixMilli(1_800_000_000_000).UnixMilli()
	tests := map[string]struct {
		bad    []string
		at     int64
		text   string
		reason string
	}{
		"validation": {[]string{"__name__", "a-b"}, now, `sample invalid metric name: "a-b"`, "metric_name_invalid"},
		"no name":    {[]string{"a", "b"}, now, `sample missing metric name`, "missing_metric_name"},
		"too old":    {[]string{"__name__", "m"}, now - 3_600_001, `timestamp too old: 1799996399999 metric: "m"`, "greater_than_max_sample_age"},
		"store": {[]string{"__name__", "first"}, now - 60_001,
			"user=" + tenant + ": err: too old sample. timestamp=2027-01-15T07:58:59.999Z, series={__name__=\"first\"}", "sample-too-old"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, time.Minute, nil)
			q := newV2()
			q.add(now, 1, "__name__", "good")
			q.describe(q.add(tt.at, 2, tt.bad...), prommeta.Metadata{Type: model.MetricTypeGauge})
			hist := q.add(now, 0, "__name__", "hist")
			hist.Samples, hist.Histograms = nil, []writev2.Histogram{writev2.FromIntHistogram(0, now, tsdbutil.GenerateTestHistogram(1))}
			r.write(metric("first", now, 1)) // the newest sample
			w := r.writeV2(q)
			requireText(t, w.Code, w.Header(), w.Body.String(), tt.text)
			requireWritten(t, w.Header(), 1, 1)
			require.Equal(t, map[string]int{tt.reason: 1}, r.dropped)
			require.Equal(t, map[int64]float64{now: 1}, r.stored()[`{__name__="good"}`])
			require.Len(t, r.stored(), 3)
		})
	}
}

// TestVersion2Malformed refuses the whole request.
func TestVersion2Malformed(t *testing.T) {
	now := time.UnixMilli(1_800_000_000_000).UnixMilli()
	symbols := []string{"", "__name__", "m"}
	sample := []writev2.Sample{{Timestamp: now, Value: 1}}
	good := writev2.TimeSeries{LabelsRefs: []uint32{1, 2}, Samples: sample}
	tests := map[string]struct {
		bad  writev2.TimeSeries
		text string
	}{
		"odd refs":      {writev2.TimeSeries{LabelsRefs: []uint32{1, 2, 1}, Samples: sample}, "invalid labelRefs length 3"},
		"name ref":      {writev2.TimeSeries{LabelsRefs: []uint32{3, 2}, Samples: sample}, "labelRefs 3 (name) = 2 (value) outside of symbols table (size 3)"},
		"value ref":     {writev2.TimeSeries{LabelsRefs: []uint32{1, math.MaxUint32}, Samples: sample}, "labelRefs 1 (name) = 4294967295 (value) outside of symbols table (size 3)"},
		"exemplar ref":  {writev2.TimeSeries{LabelsRefs: []uint32{1, 2}, Samples: sample, Exemplars: []writev2.Exemplar{{LabelsRefs: []uint32{9, 9}}}}, "labelRefs 9 (name) = 9 (value) outside of symbols table (size 3)"},
		"unit ref":      {writev2.TimeSeries{LabelsRefs: []uint32{1, 2}, Samples: sample, Metadata: writev2.Metadata{UnitRef: 3}}, "invalid UnitRef 3: exceeds symbols length 3"},
		"help ref":      {writev2.TimeSeries{LabelsRefs: []uint32{1, 2}, Samples: sample, Metadata: writev2.Metadata{HelpRef: 4}}, "invalid HelpRef 4: exceeds symbols length 3"},
		"no samples":    {writev2.TimeSeries{LabelsRefs: []uint32{1, 2}}, `TimeSeries must contain at least one sample or histogram for series {__name__="m"}`},
		"a bomb of use": {writev2.TimeSeries{LabelsRefs: bytesOf(3, 1<<10), Samples: sample}, "received message larger than max ("},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, time.Minute, limits{quota.DecodedSize: 1 << 20})
			all := symbols
			if name == "a bomb of use" {
				all = append(all[:3:3], strings.Repeat("x", 10_000))
			}
			raw, err := (&writev2.Request{Symbols: all, Timeseries: []writev2.TimeSeries{good, tt.bad}}).Marshal()
			require.NoError(t, err)
			w := r.post(snappy.Encode(nil, raw), v2Header())
			require.Equal(t, http.StatusBadRequest, w.Code)
			require.Contains(t, w.Body.String(), tt.text)
			requireWritten(t, w.Header(), -1, -1)
			require.Empty(t, r.stored(), "nothing of it is stored")
			require.Empty(t, r.db.Metadata("", -1, 0))
		})
	}
}

func bytesOf(ref uint32, n int) []uint32 {
	refs := make([]uint32, n)
	for i := range refs {
		refs[i] = ref
	}
	return refs
}

// TestEmptyMessages2 is TestEmptyMessages for version 2.0.
func TestEmptyMessages2(t *testing.T) {
	const limit = 1 << 20
	empty := func(tag byte) []byte { return bytes.Repeat([]byte{tag, 0}, limit/4) }
	zeros := make([]byte, limit/4)
	tests := map[string][]byte{
		"symbols":            empty(0x22),
		"series":             empty(0x2a),
		"labels":             message(0x2a, message(0x0a, zeros)),
		"labels, one by one": message(0x2a, bytes.Repeat([]byte{0x08, 0}, limit/8)),
		"samples":            message(0x2a, empty(0x12)),
		"histograms":         message(0x2a, empty(0x1a)),
		"histogram spans":    message(0x2a, message(0x1a, empty(0x42))),
		"buckets":            message(0x2a, message(0x1a, message(0x62, zeros))),
		"exemplars":          message(0x2a, empty(0x22)),
		"exemplar labels":    message(0x2a, message(0x22, message(0x0a, make([]byte, limit/3)))),
	}
	for name, body := range tests {
		t.Run(name, func(t *testing.T) {
			require.Less(t, len(body), limit)
			w := newRig(t, time.Minute, limits{quota.DecodedSize: limit}).post(snappy.Encode(nil, body), v2Header())
			require.Equal(t, http.StatusBadRequest, w.Code)
			require.Regexp(t, `^received message larger than max \([0-9]{7,} vs 1048576\)\n$`, w.Body.String())
		})
	}
}

// TestClosedStorage2 tells that nothing was written.
func TestClosedStorage2(t *testing.T) {
	r := newRig(t, time.Minute, nil)
	r.close()
	q := newV2()
	q.add(r.at(), 1, "__name__", "m")
	w := r.writeV2(q)
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	requireWritten(t, w.Header(), 0, 0)
}

// TestVersion2IsOffUnlessAskedFor has the zero Config.
func TestVersion2IsOffUnlessAskedFor(t *testing.T) {
	r := newRig(t, time.Minute, nil)
	r.handler = ingest.New(ingest.Config{})
	q := newV2()
	q.add(r.at(), 1, "__name__", "m")
	w := r.writeV2(q)
	require.Equal(t, http.StatusUnsupportedMediaType, w.Code)
	require.Equal(t, "io.prometheus.write.v2.Request protobuf message is not accepted by this server; only accepts prometheus.WriteRequest\n", w.Body.String())
	require.Empty(t, r.stored())
}
