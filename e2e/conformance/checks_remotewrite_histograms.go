package conformance

import (
	"context"
	"fmt"
	"net/http"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/prompb"
)

// writeHistogramRefusals are native histograms that AMP refuses; the ones that
// it takes are read back by readBackHistogramChecks.
func writeHistogramRefusals() []Check {
	changed := func(change func(*histogram.Histogram)) *histogram.Histogram {
		h := twoBuckets(1)
		change(h)
		return h
	}
	var checks []Check
	for _, c := range []struct {
		id, description string
		h               *histogram.Histogram
		text            func(series string) string
	}{
		{"schema-too-fine", "of schema 9", changed(func(h *histogram.Histogram) { h.Schema = 9 }),
			func(s string) string {
				return fmt.Sprintf("invalid native histogram schema 9 for metric: %.200q. supported schema from -4 to 8", s)
			}},
		{"schema-too-coarse", "of schema -5", changed(func(h *histogram.Histogram) { h.Schema = -5 }),
			func(s string) string {
				return fmt.Sprintf("invalid native histogram schema -5 for metric: %.200q. supported schema from -4 to 8", s)
			}},
		{"count", "whose count is not that of its buckets", changed(func(h *histogram.Histogram) { h.Count = 7 }), nil},
		{"negative-bucket", "with a bucket below zero", changed(func(h *histogram.Histogram) { h.PositiveBuckets = []int64{5, -7} }), nil},
		{"spans", "whose spans promise more buckets than there are", changed(func(h *histogram.Histogram) { h.PositiveSpans[0].Length = 3 }), nil},
		{"span-offset", "with a span before the one before it", changed(func(h *histogram.Histogram) {
			h.PositiveSpans = []histogram.Span{{Offset: 1, Length: 1}, {Offset: -1, Length: 1}}
		}), nil},
		{"custom-bounds", "whose custom bounds are not in order", &histogram.Histogram{
			Schema: histogram.CustomBucketsSchema, Count: 2, Sum: 3, CustomValues: []float64{2, 1},
			PositiveSpans: []histogram.Span{{Length: 2}}, PositiveBuckets: []int64{1, 0},
		}, nil},
	} {
		checks = append(checks, Check{
			ID: "remote-write.histograms." + c.id, Level: Should, Area: RemoteWriting,
			Description: "A native histogram " + c.description + " is refused with 400; the good series beside it are stored.",
			Source:      "amp-api.md 1.6 [C validate.go; D reasons]",
			Run: func(_ context.Context, t *T) {
				m := t.Workspace().marked()
				bad := histogramSeries(t.Metric("bad"), Labels{"id": m.id}, prompb.FromIntHistogram(m.at.UnixMilli(), c.h))
				a := m.sendAmongGood(bad).ExpectStatus(http.StatusBadRequest)
				series := t.Metric("bad") + `{id="` + m.id + `"}`
				if c.text != nil {
					a.ExpectBody(c.text(series) + "\n")
				} else {
					a.ExpectContains("invalid native histogram, validation err: ", fmt.Sprintf(", metric: %.200q\n", series))
				}
			},
		})
	}
	return append(checks, Check{
		ID: "remote-write.histograms.beside-floats", Level: Should, Area: RemoteWriting,
		Description: "A series may go over from floats to native histograms and back.",
		Source:      "Prometheus native histograms [D]; amp-api.md 0 fact 8",
		Run: func(_ context.Context, t *T) {
			ws, now, x := t.Workspace(), t.Now(), t.Metric("x")
			ws.Write(Series(x, nil, At(now.Add(-2e9), 1)))
			ws.Write(histogramSeries(x, nil, prompb.FromIntHistogram(now.Add(-1e9).UnixMilli(), twoBuckets(1))))
			ws.Write(Series(x, nil, At(now, 2)))
			ws.ExpectQuery(x, now.Add(-2e9), x+" 1")
			ws.ExpectQuery("histogram_sum("+x+")", now.Add(-1e9), "{} 8")
			ws.ExpectQuery(x, now, x+" 2")
		},
	})
}
