package conformance

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/prometheus/prompb"
)

// writePartialChecks are about requests of several series.
func writePartialChecks() []Check {
	return []Check{
		{
			ID: "remote-write.partial.first-error", Level: Should, Area: RemoteWriting,
			Description: "Of several series that are refused the first one's fault is told.",
			Source:      "amp-api.md 1.6 [C distributor.go]",
			Run: func(_ context.Context, t *T) {
				m, x := t.Workspace().marked(), t.Metric("x")
				m.expectRefused(fmt.Sprintf("sample invalid metric name: %q", x+"-1"),
					m.raw(m.one(), "__name__", x+"-1"), m.raw(m.one(), "__name__", x+"-2"), m.raw(m.one()))
			},
		},
		{
			ID: "remote-write.partial.store-before-validation", Level: Should, Area: RemoteWriting,
			Description: "A refusal of the store is told before a fault of validation, wherever they are in the request.",
			Source:      "[C distributor.go Push]",
			Run: func(_ context.Context, t *T) {
				m, x := t.Workspace().marked(), t.Metric("x")
				m.Write(Series(x, nil, At(m.at, 1)))
				m.sendAmongGood(m.raw(m.one()), Series(x, nil, At(m.at, 5))).ExpectStatus(http.StatusBadRequest).
					ExpectContains("duplicate sample for timestamp")
			},
		},
		{
			ID: "remote-write.partial.rest-of-a-series", Level: Should, Area: RemoteWriting,
			Description: "The samples of a series after one that the store refuses are stored.",
			Source:      "amp-api.md 1.6 [C ingester.go]",
			Run: func(_ context.Context, t *T) {
				ws, now, x := t.Workspace(), t.Now(), t.Metric("x")
				ws.Write(Series(x, nil, At(now.Add(-time.Second), 1)))
				ws.Do(RemoteWriteSeries(Series(x, nil, At(now.Add(-time.Second), 5), At(now, 2)))).ExpectStatus(http.StatusBadRequest)
				ws.ExpectQuery(x+"[1m]", now, x+" 1@"+stamp(now.Add(-time.Second))+" 2@"+stamp(now))
			},
		},
		{
			ID: "remote-write.partial.all-bad", Level: Should, Area: RemoteWriting,
			Description: "A request in which nothing is good is refused with 400, and nothing is stored.",
			Source:      "amp-api.md 1.6 [C]",
			Run: func(_ context.Context, t *T) {
				m, x := t.Workspace().marked(), t.Metric("x")
				m.Do(RemoteWriteSeries(m.raw(m.one(), "__name__", x+"-1"), m.raw(m.one()))).
					ExpectStatus(http.StatusBadRequest).ExpectBody(fmt.Sprintf("sample invalid metric name: %q\n", x+"-1"))
				good := m.series(x, nil, At(m.at, 1))
				m.Write(good)
				m.expectStored(m.at, good)
			},
		},
		{
			ID: "remote-write.partial.many-series", Level: Must, Area: RemoteWriting,
			Description: "All of 200 series of a request are stored, each with its own value.",
			Source:      "Prometheus remote write specification 1.0 [D]",
			Run: func(_ context.Context, t *T) {
				m := t.Workspace().marked()
				var all []prompb.TimeSeries
				for i := range 200 {
					all = append(all, m.series(t.Metric("x"), Labels{"n": fmt.Sprint(i)}, At(m.at, float64(i))))
				}
				m.takes(all...)
			},
		},
		{
			ID: "remote-write.partial.series-in-parts", Level: Should, Area: RemoteWriting,
			Description: "A series that comes in two parts of one request is one series.",
			Source:      "[C ingester.go]",
			Run: func(_ context.Context, t *T) {
				ws, now, x := t.Workspace(), t.Now(), t.Metric("x")
				ws.Do(RemoteWriteSeries(Series(x, nil, At(now.Add(-time.Second), 1)), Series(x, nil, At(now, 2)))).ExpectStatus(http.StatusOK)
				ws.ExpectQuery(x+"[1m]", now, x+" 1@"+stamp(now.Add(-time.Second))+" 2@"+stamp(now))
			},
		},
	}
}
