package proof

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/promql"
)

// sample is a float, or one of the two kinds of native histogram.
type sample struct {
	at    int64
	float float64
	ih    *histogram.Histogram
	fh    *histogram.FloatHistogram
}

func (s sample) stale() bool {
	switch {
	case s.ih != nil:
		return value.IsStaleNaN(s.ih.Sum)
	case s.fh != nil:
		return value.IsStaleNaN(s.fh.Sum)
	}
	return value.IsStaleNaN(s.float)
}

type series struct {
	labels  labels.Labels
	samples []sample
}

const (
	// stride is the time whose samples go together. A sender follows the clock:
	// series after series over days would be out of order for the store.
	stride = 30 * time.Minute
	// requestSize is well under AMP's 1 MB, before compression.
	requestSize = 512 << 10
)

// write sends the samples in the order of their time and, within a stride, of
// their series. A refusal ends it.
func (s *space) write(ctx context.Context, all []series) error {
	var req prompb.WriteRequest
	size := 0
	flush := func() error {
		if len(req.Timeseries) == 0 {
			return nil
		}
		raw, err := req.Marshal()
		if err != nil {
			return fmt.Errorf("marshal write request: %w", err)
		}
		req.Timeseries, size = req.Timeseries[:0], 0
		if _, err := s.writer.Store(ctx, snappy.Encode(nil, raw), 0); err != nil {
			return fmt.Errorf("remote write: %w", err)
		}
		return nil
	}
	for _, ts := range strides(all) {
		if n := ts.Size(); size+n > requestSize {
			if err := flush(); err != nil {
				return err
			}
		}
		size += ts.Size()
		req.Timeseries = append(req.Timeseries, ts)
	}
	return flush()
}

// strides cuts the series in pieces of a stride and of one kind of sample, for
// a write request has a series' floats before its histograms, and orders the
// pieces.
func strides(all []series) []prompb.TimeSeries {
	first, _, _ := extent(all)
	byTime := map[int64][]prompb.TimeSeries{}
	for _, one := range all {
		var lastStride int64
		for i, smp := range one.samples {
			at := (smp.at - first) / stride.Milliseconds()
			if i == 0 || at != lastStride || smp.isFloat() != one.samples[i-1].isFloat() {
				byTime[at] = append(byTime[at], prompb.TimeSeries{Labels: prompb.FromLabels(one.labels, nil)})
				lastStride = at
			}
			smp.appendTo(&byTime[at][len(byTime[at])-1])
		}
	}
	var out []prompb.TimeSeries
	for _, at := range slices.Sorted(maps.Keys(byTime)) {
		out = append(out, byTime[at]...)
	}
	return out
}

func (s sample) isFloat() bool { return s.ih == nil && s.fh == nil }

func (s sample) appendTo(ts *prompb.TimeSeries) {
	switch {
	case s.ih != nil:
		ts.Histograms = append(ts.Histograms, prompb.FromIntHistogram(s.at, s.ih))
	case s.fh != nil:
		ts.Histograms = append(ts.Histograms, prompb.FromFloatHistogram(s.at, s.fh))
	default:
		ts.Samples = append(ts.Samples, prompb.Sample{Timestamp: s.at, Value: s.float})
	}
}

// matrix is what a range selector shows of the series: everything but stale
// markers.
func matrix(all []series) promql.Matrix {
	out := promql.Matrix{}
	for _, one := range all {
		shown := promql.Series{Metric: one.labels}
		for _, smp := range one.samples {
			switch {
			case smp.stale():
			case smp.ih != nil:
				shown.Histograms = append(shown.Histograms, promql.HPoint{T: smp.at, H: smp.ih.ToFloat(nil)})
			case smp.fh != nil:
				shown.Histograms = append(shown.Histograms, promql.HPoint{T: smp.at, H: smp.fh})
			default:
				shown.Floats = append(shown.Floats, promql.FPoint{T: smp.at, F: smp.float})
			}
		}
		if len(shown.Floats)+len(shown.Histograms) > 0 {
			out = append(out, shown)
		}
	}
	slices.SortFunc(out, func(a, b promql.Series) int { return labels.Compare(a.Metric, b.Metric) })
	return out
}

// verifyContent reads the whole workspace back and compares it with all that
// was written to it: {__name__=~".+"}[range] must be that and nothing else. A
// stale marker cannot be shown; its series must not be there at its time.
func (s *space) verifyContent(ctx context.Context, written []series) error {
	first, last, marks := extent(written)
	if first > last {
		return nil
	}
	query := fmt.Sprintf(`{__name__=~".+"}[%dms]`, last-first+1)
	got, err := s.instant(ctx, query, last)
	if err != nil {
		return err
	}
	want, err := encode(&promql.Result{Value: matrix(written)}, query)
	if err != nil {
		return err
	}
	if err := sameAnswer(want, got.body); err != nil {
		return fmt.Errorf("what was written is not what is read: %w", err)
	}
	for at, gone := range marks {
		if err := s.verifyGone(ctx, at, gone); err != nil {
			return err
		}
	}
	return nil
}

// extent returns the time of the first and the last sample, and who is marked
// stale when.
func extent(all []series) (first, last int64, marks map[int64][]labels.Labels) {
	first, last, marks = math.MaxInt64, math.MinInt64, map[int64][]labels.Labels{}
	for _, one := range all {
		for _, smp := range one.samples {
			first, last = min(first, smp.at), max(last, smp.at)
			if smp.stale() {
				marks[smp.at] = append(marks[smp.at], one.labels)
			}
		}
	}
	return first, last, marks
}

func (s *space) verifyGone(ctx context.Context, at int64, gone []labels.Labels) error {
	got, err := s.instant(ctx, `{__name__=~".+"}`, at)
	if err != nil {
		return err
	}
	there, err := names(got)
	if err != nil {
		return fmt.Errorf("read all series at %d: %w", at, err)
	}
	for _, ls := range gone {
		if slices.ContainsFunc(there, func(other labels.Labels) bool { return labels.Equal(other, ls) }) {
			return fmt.Errorf("%s is there at %d, where it was marked stale", ls, at)
		}
	}
	return nil
}

// mergeSamples merges two lists in the order of time. A sample that is in both
// is one: the second was no news.
func mergeSamples(a, b []sample) []sample {
	out := slices.Concat(a, b)
	slices.SortStableFunc(out, func(x, y sample) int { return cmp.Compare(x.at, y.at) })
	return slices.CompactFunc(out, func(x, y sample) bool { return x.at == y.at })
}
