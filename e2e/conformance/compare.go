package conformance

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/prometheus/common/model"
)

// Floats may differ by tolerance, relative to the greater one: sums come out
// differently with the order of their parts. What is left when numbers that are
// nearly the same are subtracted may differ by noise.
const (
	tolerance = 1e-9
	noise     = 1e-12
)

// sameValue says how a result differs from the wanted one, or returns nil. The
// order of a vector counts only if inOrder is set; that of a matrix never does.
func sameValue(want, got model.Value, inOrder bool) error {
	if !sameResult(want, got, inOrder) {
		return fmt.Errorf("expected the %s %q, got the %s %q", want.Type(), clip(Text(want), 1500), got.Type(), clip(Text(got), 1500))
	}
	return nil
}

func sameResult(want, got model.Value, inOrder bool) bool {
	switch want := want.(type) {
	case *model.Scalar:
		got, ok := got.(*model.Scalar)
		return ok && want.Timestamp == got.Timestamp && near(float64(want.Value), float64(got.Value))
	case *model.String:
		got, ok := got.(*model.String)
		return ok && *want == *got
	case model.Vector:
		got, ok := got.(model.Vector)
		if !inOrder {
			want, got = byMetric(want), byMetric(got)
		}
		return ok && slices.EqualFunc(want, got, sameSample)
	case model.Matrix:
		got, ok := got.(model.Matrix)
		slices.SortFunc(want, func(a, b *model.SampleStream) int { return cmp.Compare(a.Metric.String(), b.Metric.String()) })
		slices.SortFunc(got, func(a, b *model.SampleStream) int { return cmp.Compare(a.Metric.String(), b.Metric.String()) })
		return ok && slices.EqualFunc(want, got, sameStream)
	default:
		return false
	}
}

func byMetric(v model.Vector) model.Vector {
	return slices.SortedFunc(slices.Values(v), func(a, b *model.Sample) int { return cmp.Compare(a.Metric.String(), b.Metric.String()) })
}

func sameSample(a, b *model.Sample) bool {
	return a.Metric.Equal(b.Metric) && a.Timestamp == b.Timestamp && near(float64(a.Value), float64(b.Value)) &&
		sameHistogram(a.Histogram, b.Histogram)
}

func sameStream(a, b *model.SampleStream) bool {
	return a.Metric.Equal(b.Metric) &&
		slices.EqualFunc(a.Values, b.Values, func(a, b model.SamplePair) bool {
			return a.Timestamp == b.Timestamp && near(float64(a.Value), float64(b.Value))
		}) &&
		slices.EqualFunc(a.Histograms, b.Histograms, func(a, b model.SampleHistogramPair) bool {
			return a.Timestamp == b.Timestamp && sameHistogram(a.Histogram, b.Histogram)
		})
}

func sameHistogram(a, b *model.SampleHistogram) bool {
	if a == nil || b == nil {
		return a == b
	}
	return near(float64(a.Count), float64(b.Count)) && near(float64(a.Sum), float64(b.Sum)) &&
		slices.EqualFunc(a.Buckets, b.Buckets, func(a, b *model.HistogramBucket) bool {
			return a.Boundaries == b.Boundaries && near(float64(a.Lower), float64(b.Lower)) &&
				near(float64(a.Upper), float64(b.Upper)) && near(float64(a.Count), float64(b.Count))
		})
}

func near(a, b float64) bool {
	if math.IsNaN(a) || math.IsNaN(b) {
		return math.IsNaN(a) && math.IsNaN(b)
	}
	if math.IsInf(a, 0) || math.IsInf(b, 0) {
		return a == b // infinity is within any part of infinity
	}
	return math.Abs(a-b) <= tolerance*max(math.Abs(a), math.Abs(b))+noise
}
