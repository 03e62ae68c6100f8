package conformance

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// plain is PromQL without its experiments, which Cortex leaves off too
// [C querier.enable-promql-experimental-functions].
func plain() parser.Parser { return parser.NewParser(parser.Options{}) }

// oracle says what a query over known series comes to: by Prometheus's engine,
// with the options that Cortex gives it [C].
type oracle struct {
	engine *promql.Engine
	data   known
}

func newOracle(data []storage.Series) oracle {
	return oracle{data: data, engine: promql.NewEngine(promql.EngineOpts{
		MaxSamples: 1 << 20, Timeout: time.Minute, Parser: plain(),
		EnableAtModifier: true, EnableNegativeOffset: true,
		NoStepSubqueryIntervalFn: func(int64) int64 { return time.Minute.Milliseconds() },
	})}
}

func (o oracle) instant(ctx context.Context, expr string, at time.Time) (model.Value, error) {
	q, err := o.engine.NewInstantQuery(ctx, o.data, nil, expr, at)
	return o.exec(ctx, q, err)
}

func (o oracle) ranged(ctx context.Context, expr string, start, end time.Time, step time.Duration) (model.Value, error) {
	q, err := o.engine.NewRangeQuery(ctx, o.data, nil, expr, start, end, step)
	return o.exec(ctx, q, err)
}

func (o oracle) exec(ctx context.Context, q promql.Query, err error) (model.Value, error) {
	if err != nil {
		return nil, fmt.Errorf("prepare the query for the oracle: %w", err)
	}
	defer q.Close()
	res := q.Exec(ctx)
	if res.Err != nil {
		return nil, fmt.Errorf("ask the oracle: %w", res.Err)
	}
	switch v := res.Value.(type) {
	case promql.Scalar:
		return &model.Scalar{Value: model.SampleValue(v.V), Timestamp: model.Time(v.T)}, nil
	case promql.String:
		return &model.String{Value: v.V, Timestamp: model.Time(v.T)}, nil
	case promql.Vector:
		out := make(model.Vector, 0, len(v))
		for _, s := range v {
			out = append(out, &model.Sample{
				Metric: metricOf(s.Metric), Value: model.SampleValue(s.F), Timestamp: model.Time(s.T), Histogram: histogramOf(s.H),
			})
		}
		return out, nil
	case promql.Matrix:
		out := make(model.Matrix, 0, len(v))
		for _, s := range v {
			stream := &model.SampleStream{Metric: metricOf(s.Metric)}
			for _, p := range s.Floats {
				stream.Values = append(stream.Values, model.SamplePair{Timestamp: model.Time(p.T), Value: model.SampleValue(p.F)})
			}
			for _, p := range s.Histograms {
				stream.Histograms = append(stream.Histograms, model.SampleHistogramPair{Timestamp: model.Time(p.T), Histogram: histogramOf(p.H)})
			}
			out = append(out, stream)
		}
		return out, nil
	default:
		return nil, fmt.Errorf("ask the oracle: it answers with a %T", v)
	}
}

func metricOf(ls labels.Labels) model.Metric {
	out := make(model.Metric, ls.Len())
	ls.Range(func(l labels.Label) { out[model.LabelName(l.Name)] = model.LabelValue(l.Value) })
	return out
}

// histogramOf is a histogram as the HTTP API shows it: its buckets that are not
// empty, with 0 to 3 for which of their bounds are part of them
// [D Prometheus querying/api].
func histogramOf(h *histogram.FloatHistogram) *model.SampleHistogram {
	if h == nil {
		return nil
	}
	out := &model.SampleHistogram{Count: model.FloatString(h.Count), Sum: model.FloatString(h.Sum)}
	for it := h.AllBucketIterator(); it.Next(); {
		b := it.At()
		if b.Count == 0 {
			continue
		}
		kind := int32(2)
		switch {
		case b.LowerInclusive && b.UpperInclusive:
			kind = 3
		case b.LowerInclusive:
			kind = 1
		case b.UpperInclusive:
			kind = 0
		}
		out.Buckets = append(out.Buckets, &model.HistogramBucket{
			Boundaries: kind, Lower: model.FloatString(b.Lower), Upper: model.FloatString(b.Upper), Count: model.FloatString(b.Count),
		})
	}
	return out
}

// known is a few series in memory.
type known []storage.Series

// Querier implements storage.Queryable.
func (k known) Querier(_, _ int64) (storage.Querier, error) { return knownQuerier{data: k}, nil }

// knownQuerier selects series; the engine has no use for the rest.
type knownQuerier struct {
	storage.LabelQuerier

	data known
}

// Close implements storage.Querier.
func (knownQuerier) Close() error { return nil }

// Select implements storage.Querier.
func (q knownQuerier) Select(_ context.Context, _ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	set := &knownSet{}
	for _, s := range q.data {
		if !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return !m.Matches(s.Labels().Get(m.Name)) }) {
			set.left = append(set.left, s)
		}
	}
	return set
}

// knownSet goes through series.
type knownSet struct {
	left []storage.Series
	at   storage.Series
}

// Next implements storage.SeriesSet.
func (s *knownSet) Next() bool {
	if len(s.left) == 0 {
		return false
	}
	s.at, s.left = s.left[0], s.left[1:]
	return true
}

// At implements storage.SeriesSet.
func (s *knownSet) At() storage.Series { return s.at }

// Err implements storage.SeriesSet.
func (*knownSet) Err() error { return nil }

// Warnings implements storage.SeriesSet.
func (*knownSet) Warnings() annotations.Annotations { return nil }

// knownSample is a float or, if h is set, a histogram.
type knownSample struct {
	at int64
	f  float64
	h  *histogram.FloatHistogram
}

// T implements chunks.Sample.
func (s knownSample) T() int64 { return s.at }

// ST implements chunks.Sample: remote write 1.0 has no start timestamps.
func (knownSample) ST() int64 { return 0 }

// F implements chunks.Sample.
func (s knownSample) F() float64 { return s.f }

// H implements chunks.Sample.
func (knownSample) H() *histogram.Histogram { return nil }

// FH implements chunks.Sample.
func (s knownSample) FH() *histogram.FloatHistogram { return s.h }

// Type implements chunks.Sample.
func (s knownSample) Type() chunkenc.ValueType {
	if s.h != nil {
		return chunkenc.ValFloatHistogram
	}
	return chunkenc.ValFloat
}

// Copy implements chunks.Sample.
func (s knownSample) Copy() chunks.Sample {
	if s.h != nil {
		s.h = s.h.Copy()
	}
	return s
}
