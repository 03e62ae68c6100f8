package ingest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"

	"github.com/ampersand-amp/ampersand/emulator/storage"
)

// request is a write request of either version.
type request struct {
	series   []series
	metadata []metadata
}

type series struct {
	labels     []prompb.Label
	samples    []prompb.Sample
	histograms []native
}

// native is one sample that is a native histogram, of one of two kinds.
type native struct {
	at     int64
	size   int // on the wire
	ints   *histogram.Histogram
	floats *histogram.FloatHistogram
}

// metadata is what a request says of one metric.
type metadata struct {
	metric string
	storage.Metadata
}

func (s *series) counts() counts { return counts{len(s.samples), len(s.histograms)} }

func (r *request) counts() counts {
	var c counts
	for i := range r.series {
		c.samples += len(r.series[i].samples)
		c.histograms += len(r.series[i].histograms)
	}
	return c
}

func (c counts) total() int { return c.samples + c.histograms }

// drop removes the first label of this name, as Cortex does: one that comes
// twice is found by validation. [C] distributor.go removeLabel
func (s *series) drop(name string) {
	if i := slices.IndexFunc(s.labels, func(l prompb.Label) bool { return l.Name == name }); i >= 0 {
		s.labels = slices.Delete(s.labels, i, i+1)
	}
}

func (s *series) toLabels(b *labels.ScratchBuilder) labels.Labels {
	b.Reset()
	for _, l := range s.labels {
		b.Add(l.Name, l.Value)
	}
	return b.Labels() // validated, so they are in order
}

// fromV1 takes a request of version 1.0 over.
func fromV1(req *prompb.WriteRequest) *request {
	out := &request{series: make([]series, len(req.Timeseries)), metadata: make([]metadata, len(req.Metadata))}
	for i := range req.Timeseries {
		ts, s := &req.Timeseries[i], &out.series[i]
		s.labels, s.samples = ts.Labels, ts.Samples
		if len(ts.Histograms) > 0 {
			s.histograms = make([]native, len(ts.Histograms))
		}
		for j := range ts.Histograms {
			h, n := &ts.Histograms[j], &s.histograms[j]
			n.at, n.size = h.Timestamp, h.Size()
			if h.IsFloatHistogram() {
				n.floats = h.ToFloatHistogram()
			} else {
				n.ints = h.ToIntHistogram()
			}
		}
	}
	for i := range req.Metadata {
		m := &req.Metadata[i]
		out.metadata[i] = metadata{m.MetricFamilyName, storage.Metadata{Type: strings.ToLower(m.Type.String()), Help: m.Help, Unit: m.Unit}}
	}
	return out
}

// fromV2 takes a request of version 2.0 over, and refuses as a whole one that
// is not well-formed. Start timestamps are left out, as Cortex leaves them out.
// [C] pkg/util/push/push.go for all of it, texts too
func fromV2(req *writev2.Request, l *limits) (*request, error) {
	out := &request{series: make([]series, len(req.Timeseries))}
	expanded := 0
	for i := range req.Timeseries {
		ts, s := &req.Timeseries[i], &out.series[i]
		var err error
		if s.labels, err = expand(ts.LabelsRefs, req.Symbols); err != nil {
			return nil, err
		}
		// A symbol costs a few bytes each time it is used: what is checked,
		// stored and told is as large as the same request of version 1.0.
		for _, label := range s.labels {
			expanded += len(label.Name) + len(label.Value)
		}
		if over(expanded, l.decodedSize) {
			return nil, tooLarge(expanded, l.decodedSize)
		}
		if len(ts.Samples) == 0 && len(ts.Histograms) == 0 {
			return nil, fmt.Errorf("TimeSeries must contain at least one sample or histogram for series %v", labelsOf(s.labels))
		}
		for _, e := range ts.Exemplars {
			if err := checkRefs(e.LabelsRefs, req.Symbols); err != nil {
				return nil, err
			}
		}
		m, err := metadataV2(ts.Metadata, s.labels, req.Symbols)
		if err != nil {
			return nil, err
		}
		if m != nil {
			out.metadata = append(out.metadata, *m)
		}
		samplesV2(ts, s)
	}
	return out, nil
}

func samplesV2(ts *writev2.TimeSeries, s *series) {
	s.samples = make([]prompb.Sample, len(ts.Samples))
	for i, p := range ts.Samples {
		s.samples[i] = prompb.Sample{Timestamp: p.Timestamp, Value: p.Value}
	}
	if len(ts.Histograms) > 0 {
		s.histograms = make([]native, len(ts.Histograms))
	}
	for i := range ts.Histograms {
		h, n := &ts.Histograms[i], &s.histograms[i]
		n.at, n.size = h.Timestamp, h.Size()
		if h.IsFloatHistogram() {
			n.floats = h.ToFloatHistogram()
		} else {
			n.ints = h.ToIntHistogram()
		}
	}
}

// checkRefs checks that refs are pairs and in the table.
func checkRefs(refs []uint32, symbols []string) error {
	if len(refs)%2 != 0 {
		return fmt.Errorf("invalid labelRefs length %d", len(refs))
	}
	for i := 0; i < len(refs); i += 2 {
		if name, value := refs[i], refs[i+1]; int(name) >= len(symbols) || int(value) >= len(symbols) {
			return fmt.Errorf("labelRefs %d (name) = %d (value) outside of symbols table (size %d)", name, value, len(symbols))
		}
	}
	return nil
}

// expand looks labels up and sorts them: version 2.0 asks for sorted ones, and
// Cortex sorts them all the same.
func expand(refs []uint32, symbols []string) ([]prompb.Label, error) {
	if err := checkRefs(refs, symbols); err != nil {
		return nil, err
	}
	ls := make([]prompb.Label, len(refs)/2)
	for i := range ls {
		ls[i] = prompb.Label{Name: symbols[refs[2*i]], Value: symbols[refs[2*i+1]]}
	}
	sortLabels(ls)
	return ls, nil
}

// labelsOf writes labels as a text has them.
func labelsOf(ls []prompb.Label) labels.Labels {
	b := labels.NewScratchBuilder(len(ls))
	for _, l := range ls {
		b.Add(l.Name, l.Value)
	}
	return b.Labels()
}

// metadataV2 returns the metadata of a series, or nil if it has none. That of a
// series without a name is no one's; the series is refused for it.
func metadataV2(m writev2.Metadata, ls []prompb.Label, symbols []string) (*metadata, error) {
	for _, ref := range []struct {
		name  string
		value uint32
	}{{"UnitRef", m.UnitRef}, {"HelpRef", m.HelpRef}} {
		if int(ref.value) >= len(symbols) {
			return nil, fmt.Errorf("invalid %s %d: exceeds symbols length %d", ref.name, ref.value, len(symbols))
		}
	}
	name, ok := metricName(ls)
	if !ok || (m.UnitRef == 0 && m.HelpRef == 0 && m.Type == writev2.Metadata_METRIC_TYPE_UNSPECIFIED) {
		return nil, nil
	}
	types := map[writev2.Metadata_MetricType]model.MetricType{
		writev2.Metadata_METRIC_TYPE_COUNTER:        model.MetricTypeCounter,
		writev2.Metadata_METRIC_TYPE_GAUGE:          model.MetricTypeGauge,
		writev2.Metadata_METRIC_TYPE_HISTOGRAM:      model.MetricTypeHistogram,
		writev2.Metadata_METRIC_TYPE_GAUGEHISTOGRAM: model.MetricTypeGaugeHistogram,
		writev2.Metadata_METRIC_TYPE_SUMMARY:        model.MetricTypeSummary,
		writev2.Metadata_METRIC_TYPE_INFO:           model.MetricTypeInfo,
		writev2.Metadata_METRIC_TYPE_STATESET:       model.MetricTypeStateset,
	}
	t, ok := types[m.Type]
	if !ok {
		t = model.MetricTypeUnknown
	}
	return &metadata{name, storage.Metadata{Type: string(t), Help: symbols[m.HelpRef], Unit: symbols[m.UnitRef]}}, nil
}
