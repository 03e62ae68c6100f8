package conformance

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/prompb"
)

// readBackWholeChecks look for all that was written, and only that.
func readBackWholeChecks() []Check {
	return []Check{
		{
			ID: "read-back.whole.long-series", Level: Must, Area: ReadBack,
			Description: "All of 1000 samples of a series are read back, none of them changed.",
			Source:      "Prometheus remote write specification 1.0 [D]",
			Run: func(_ context.Context, t *T) {
				ws, now, x := t.Workspace(), t.Now(), t.Metric("x")
				var samples []prompb.Sample
				for i := range 1000 {
					// Steps that are not even, so that no compression gets them for nothing.
					at := now.Add(-time.Duration(1000-i)*40*time.Millisecond + time.Duration(i*i%37)*time.Millisecond)
					samples = append(samples, At(at, float64(i*i%101)/7))
				}
				ws.Write(Series(x, nil, samples...))
				t.Eventually("all samples", func() error {
					m, ok := ws.Query(x+"[2m]", now).(model.Matrix)
					if !ok || len(m) != 1 || len(m[0].Values) != len(samples) {
						return fmt.Errorf("expected one series of %d samples, got %s", len(samples), clip(text(m), 200))
					}
					for i, got := range m[0].Values {
						if want := samples[i]; int64(got.Timestamp) != want.Timestamp || float64(got.Value) != want.Value {
							return fmt.Errorf("sample %d: expected %v at %d, got %v at %d", i, want.Value, want.Timestamp, got.Value, got.Timestamp)
						}
					}
					return nil
				})
			},
		},
		{
			ID: "read-back.whole.other-workspace", Level: Must, Area: ReadBack,
			Description: "What is written to one workspace is not seen in another.",
			Source:      "user guide, what-is: workspaces are isolated [D]",
			Run: func(_ context.Context, t *T) {
				one, other, now, x := t.Workspace(), t.BorrowWorkspace(), t.Now(), t.Metric("x")
				one.Write(Series(x, Labels{"in": "one"}, At(now, 1)))
				other.Write(Series(x, Labels{"in": "other"}, At(now, 2)))
				one.ExpectQuery(x, now, x+`{in="one"} 1`)
				other.ExpectQuery(x, now, x+`{in="other"} 2`)
			},
		},
		{
			ID: "read-back.whole.without-a-time", Level: Must, Area: ReadBack,
			Description: "A query that has no time sees what was just written.",
			Source:      "amp-api.md 1.2, time is optional [D UG:AMP-APIReference-QueryMetrics]",
			Run: func(_ context.Context, t *T) {
				ws, x := t.Workspace(), t.Metric("x")
				ws.Write(Series(x, nil, At(t.Now().Add(-10*time.Second), 7)))
				t.Eventually("the sample", func() error {
					ws.Do(Get("/api/v1/query?query="+x)).ExpectStatus(200).ExpectJSON("data.result.0.value.1", "7")
					return nil
				})
			},
		},
		{
			ID: "read-back.whole.nothing", Level: Must, Area: ReadBack,
			Description: "A query for a series that nobody wrote comes to an empty vector, not to an error.",
			Source:      "Prometheus HTTP API [D]",
			Run: func(_ context.Context, t *T) {
				ws := t.Workspace()
				ws.Do(QueryAt(t.Metric("none"), t.Now())).ExpectStatus(200).ExpectJSON("status", "success").
					ExpectJSON("data.resultType", "vector").ExpectJSON("data.result", []string{})
			},
		},
	}
}
