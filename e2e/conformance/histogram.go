package conformance

import (
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/prompb"
)

// histogramSeries is a series of native histograms.
func histogramSeries(metric string, labels Labels, samples ...prompb.Histogram) prompb.TimeSeries {
	s := Series(metric, labels)
	s.Histograms = samples
	return s
}

// twoBuckets has n observations in (1,2] and 2n in (2,4], and comes to 8n.
func twoBuckets(n int64) *histogram.Histogram {
	return &histogram.Histogram{
		Schema: 0, ZeroThreshold: 0.001, Count: uint64(3 * n), Sum: float64(8 * n),
		PositiveSpans: []histogram.Span{{Offset: 1, Length: 2}}, PositiveBuckets: []int64{n, n},
	}
}
