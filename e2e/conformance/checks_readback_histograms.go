package conformance

import (
	"context"
	"math"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/prompb"
)

// staleMarker is the NaN that ends a series.
func staleMarker() float64 { return math.Float64frombits(value.StaleNaN) }

// notStale is the NaN that Go's and Prometheus' own arithmetic yields.
func notStale() float64 { return math.Float64frombits(value.NormalNaN) }

// readBackHistogramChecks write native histograms of all kinds and compare
// their buckets as the query API shows them.
func readBackHistogramChecks() []Check {
	var checks []Check
	for _, c := range []struct {
		id, description string
		make            func(ms int64) prompb.Histogram
		want            string
	}{
		{"integers", "A histogram of integers", func(ms int64) prompb.Histogram { return prompb.FromIntHistogram(ms, twoBuckets(2)) },
			"Count: 6.000000, Sum: 16.000000, Buckets: [(1,2]:2 (2,4]:4]"},
		{"floats", "A histogram of floats", func(ms int64) prompb.Histogram {
			return prompb.FromFloatHistogram(ms, &histogram.FloatHistogram{
				Schema: 0, Count: 3.75, Sum: 8.5, PositiveSpans: []histogram.Span{{Offset: 1, Length: 2}}, PositiveBuckets: []float64{1.5, 2.25},
			})
		}, "Count: 3.750000, Sum: 8.500000, Buckets: [(1,2]:1.5 (2,4]:2.25]"},
		{"zero-bucket", "A histogram with a zero bucket and buckets below zero", func(ms int64) prompb.Histogram {
			return prompb.FromIntHistogram(ms, &histogram.Histogram{
				Schema: 0, ZeroThreshold: 0.25, ZeroCount: 4, Count: 10, Sum: -3,
				PositiveSpans: []histogram.Span{{Length: 1}}, PositiveBuckets: []int64{1},
				NegativeSpans: []histogram.Span{{Offset: 1, Length: 2}}, NegativeBuckets: []int64{2, 1},
			})
		}, "Count: 10.000000, Sum: -3.000000, Buckets: [[-4,-2):3 [-2,-1):2 [-0.25,0.25]:4 (0.5,1]:1]"},
		{"gap", "A histogram with a gap between its buckets", func(ms int64) prompb.Histogram {
			return prompb.FromIntHistogram(ms, &histogram.Histogram{
				Schema: 0, Count: 3, Sum: 20,
				PositiveSpans: []histogram.Span{{Offset: 1, Length: 1}, {Offset: 2, Length: 1}}, PositiveBuckets: []int64{1, 1},
			})
		}, "Count: 3.000000, Sum: 20.000000, Buckets: [(1,2]:1 (8,16]:2]"},
		{"coarse", "A histogram of the coarsest schema", func(ms int64) prompb.Histogram {
			h := twoBuckets(1)
			h.Schema = -4
			return prompb.FromIntHistogram(ms, h)
		}, "Count: 3.000000, Sum: 8.000000, Buckets: [(1,65536]:1 (65536,4.294967296e+09]:2]"},
		{"custom-buckets", "A histogram with bounds of its own", func(ms int64) prompb.Histogram {
			return prompb.FromIntHistogram(ms, &histogram.Histogram{
				Schema: histogram.CustomBucketsSchema, Count: 6, Sum: 15, CustomValues: []float64{0.5, 2.5},
				PositiveSpans: []histogram.Span{{Length: 3}}, PositiveBuckets: []int64{1, 1, 1},
			})
		}, "Count: 6.000000, Sum: 15.000000, Buckets: [[-Inf,0.5]:1 (0.5,2.5]:2 (2.5,+Inf]:3]"},
		{"empty", "A histogram of nothing", func(ms int64) prompb.Histogram {
			return prompb.FromIntHistogram(ms, &histogram.Histogram{ZeroThreshold: 0.001})
		}, "Count: 0.000000, Sum: 0.000000, Buckets: []"},
		{"gauge", "A histogram that may fall", func(ms int64) prompb.Histogram {
			h := twoBuckets(1)
			h.CounterResetHint = histogram.GaugeType
			return prompb.FromIntHistogram(ms, h)
		}, "Count: 3.000000, Sum: 8.000000, Buckets: [(1,2]:1 (2,4]:2]"},
	} {
		checks = append(checks, Check{
			ID: "read-back.histogram." + c.id, Level: Must, Area: ReadBack,
			Description: c.description + " is read back with all its buckets.",
			Source:      "amp-api.md 0 fact 8, AWS blog on native histograms [D]; Prometheus HTTP API [D]",
			Run: func(_ context.Context, t *T) {
				ws, now, x := t.Workspace(), t.Now(), t.Metric("x")
				ws.Do(RemoteWriteSeries(histogramSeries(x, nil, c.make(now.UnixMilli())))).ExpectStatus(200).ExpectBody("")
				ws.ExpectQuery(x, now, x+" "+c.want)
			},
		})
	}
	return append(checks, []Check{
		{
			ID: "read-back.histogram.range", Level: Must, Area: ReadBack,
			Description: "Each of a series' histograms is read back at its time.",
			Source:      "amp-api.md 0 fact 8 [D]; Prometheus HTTP API [D]",
			Run: func(_ context.Context, t *T) {
				ws, now, x := t.Workspace(), t.Now(), t.Metric("x")
				before := now.Add(-time.Second)
				ws.Write(histogramSeries(x, nil, prompb.FromIntHistogram(before.UnixMilli(), twoBuckets(1)), prompb.FromIntHistogram(now.UnixMilli(), twoBuckets(2))))
				ws.ExpectQuery(x+"[1m]", now, x+" Count: 3.000000, Sum: 8.000000, Buckets: [(1,2]:1 (2,4]:2]@"+stamp(before)+
					" Count: 6.000000, Sum: 16.000000, Buckets: [(1,2]:2 (2,4]:4]@"+stamp(now))
			},
		},
		{
			ID: "read-back.histogram.stale", Level: Must, Area: ReadBack,
			Description: "A histogram whose sum is the stale marker ends its series.",
			Source:      "Prometheus remote write specification 1.0, stale markers [D]",
			Run: func(_ context.Context, t *T) {
				ws, now, x := t.Workspace(), t.Now(), t.Metric("x")
				before := now.Add(-time.Second)
				ws.Write(histogramSeries(x, nil, prompb.FromIntHistogram(before.UnixMilli(), twoBuckets(1)),
					prompb.FromIntHistogram(now.UnixMilli(), &histogram.Histogram{Sum: staleMarker()})))
				ws.ExpectQuery("histogram_count("+x+")", before, "{} 3")
				ws.ExpectQuery(x, now)
			},
		},
		{
			ID: "read-back.histogram.classic", Level: Must, Area: ReadBack,
			Description: "The buckets of a classic histogram are series like any others, with +Inf for a label.",
			Source:      "Prometheus metric types [D]",
			Run: func(_ context.Context, t *T) {
				ws, now, x := t.Workspace(), t.Now(), t.Metric("x_bucket")
				ws.Write(Series(x, Labels{"le": "1"}, At(now, 2)), Series(x, Labels{"le": "2"}, At(now, 4)), Series(x, Labels{"le": "+Inf"}, At(now, 4)))
				ws.ExpectQuery("histogram_quantile(0.5, "+x+")", now, "{} 1")
				ws.ExpectQuery(x+`{le="+Inf"}`, now, x+`{le="+Inf"} 4`)
			},
		},
	}...)
}
