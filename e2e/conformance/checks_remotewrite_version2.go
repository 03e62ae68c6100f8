package conformance

import (
	"context"
	"fmt"
	"net/http"
	"time"

	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
)

// off2 is what a Cortex says in which version 2.0 is switched off
// [C amp-api.md 1.6].
const off2 = "io.prometheus.write.v2.Request protobuf message is not accepted by this server; only accepts prometheus.WriteRequest\n"

// writeVersion2Checks are about remote write 2.0. Whether AMP takes it is not
// known; a target that refuses it as Cortex does has nothing else to see.
func writeVersion2Checks() []Check {
	checks := []Check{{
		ID: "remote-write.version2.answer", Level: Should, Area: RemoteWriting,
		Description: "A remote write 2.0 request is taken with 204 or refused with 415 and Cortex's text; a refused one leaves nothing behind.",
		Source:      "amp-api.md 1.6 and 4 [C push.go]",
		Run: func(_ context.Context, t *T) {
			ws, now, x := t.Workspace(), t.Now(), t.Metric("x")
			switch a := ws.Do(write2(t, simple2(x, now))); a.Status {
			case http.StatusUnsupportedMediaType:
				a.ExpectBody(off2)
			default:
				a.ExpectStatus(http.StatusNoContent).ExpectBody("")
				ws.ExpectQuery(x, now, x+" 1")
			}
		},
	}}
	for _, c := range []struct {
		id, description string
		run             func(t *T, ws *Workspace, now time.Time, x string)
	}{
		{"written", "The answer to a 2.0 request counts what was written.", func(t *T, ws *Workspace, now time.Time, x string) {
			req := simple2(x, now)
			req.Timeseries[0].Samples = append(req.Timeseries[0].Samples, writev2.Sample{Timestamp: now.UnixMilli() + 1, Value: 2})
			ws.write2(req).ExpectStatus(http.StatusNoContent).ExpectHeader("X-Prometheus-Remote-Write-Samples-Written", "2").
				ExpectHeader("X-Prometheus-Remote-Write-Histograms-Written", "0").ExpectHeader("X-Prometheus-Remote-Write-Exemplars-Written", "0")
			ws.ExpectQuery(x+"[1m]", now.Add(time.Second), x+" 1@"+stamp(now)+" 2@"+stamp(now.Add(time.Millisecond)))
		}},
		{"histogram", "A native histogram of a 2.0 request is stored and counted.", func(t *T, ws *Workspace, now time.Time, x string) {
			req := simple2(x, now)
			req.Timeseries[0].Samples = nil
			req.Timeseries[0].Histograms = []writev2.Histogram{writev2.FromIntHistogram(0, now.UnixMilli(), twoBuckets(1))}
			ws.write2(req).ExpectStatus(http.StatusNoContent).ExpectHeader("X-Prometheus-Remote-Write-Samples-Written", "0").
				ExpectHeader("X-Prometheus-Remote-Write-Histograms-Written", "1")
			ws.ExpectQuery("histogram_sum("+x+")", now, "{} 8")
		}},
		{"metadata", "The metadata of a 2.0 series is read back.", func(t *T, ws *Workspace, now time.Time, x string) {
			req := simple2(x, now)
			req.Symbols = append(req.Symbols, "Some help.", "bytes")
			req.Timeseries[0].Metadata = writev2.Metadata{Type: writev2.Metadata_METRIC_TYPE_GAUGE, HelpRef: 3, UnitRef: 4}
			ws.write2(req).ExpectStatus(http.StatusNoContent)
			ws.expectOnlyMetadata(x, promv1.Metadata{Type: promv1.MetricTypeGauge, Help: "Some help.", Unit: "bytes"})
		}},
		{"symbols", "A 2.0 request that refers to a symbol it does not have is refused with 400 as a whole.", func(t *T, ws *Workspace, now time.Time, x string) {
			req := simple2(x, now)
			req.Timeseries = append(req.Timeseries, writev2.TimeSeries{LabelsRefs: []uint32{1, 99}, Samples: req.Timeseries[0].Samples})
			ws.write2(req).ExpectStatus(http.StatusBadRequest).
				ExpectBody("labelRefs 1 (name) = 99 (value) outside of symbols table (size 3)\n")
			y := t.Metric("y")
			ws.Write(Series(y, nil, At(now, 1)))
			ws.ExpectQuery(fmt.Sprintf(`{__name__=~"%s|%s"}`, x, y), now, y+" 1")
		}},
		{"partial", "A 2.0 request with a bad series is refused with 400; the good one is stored and counted.", func(t *T, ws *Workspace, now time.Time, x string) {
			req := simple2(x, now)
			old := []writev2.Sample{{Timestamp: now.Add(-2 * time.Hour).UnixMilli(), Value: 1}}
			req.Symbols = append(req.Symbols, t.Metric("old"))
			req.Timeseries = append(req.Timeseries, writev2.TimeSeries{LabelsRefs: []uint32{1, 3}, Samples: old})
			ws.write2(req).ExpectStatus(http.StatusBadRequest).
				ExpectBody(fmt.Sprintf("timestamp too old: %d metric: %q\n", old[0].Timestamp, t.Metric("old"))).
				ExpectHeader("X-Prometheus-Remote-Write-Samples-Written", "1")
			ws.ExpectQuery(x, now, x+" 1")
		}},
	} {
		checks = append(checks, Check{
			ID: "remote-write.version2." + c.id, Level: Should, Area: RemoteWriting,
			Description: c.description, Source: "amp-api.md 4 [C push.go]; Prometheus remote write specification 2.0 [D]",
			Run: func(_ context.Context, t *T) { c.run(t, t.Workspace(), t.Now(), t.Metric("x")) },
		})
	}
	return checks
}

// simple2 has one series with one sample; its symbols are "", __name__ and the
// metric's name.
func simple2(metric string, at time.Time) *writev2.Request {
	return &writev2.Request{
		Symbols: []string{"", "__name__", metric},
		Timeseries: []writev2.TimeSeries{{
			LabelsRefs: []uint32{1, 2}, Samples: []writev2.Sample{{Timestamp: at.UnixMilli(), Value: 1}},
		}},
	}
}

// write2 is a remote write 2.0 request.
func write2(t *T, req *writev2.Request) Request {
	raw, err := req.Marshal()
	if err != nil {
		t.Fatalf("marshal: %v", err)
	}
	r := withHeader(RemoteWriteRaw(raw), "Content-Type", "application/x-protobuf;proto=io.prometheus.write.v2.Request")
	return withHeader(r, "X-Prometheus-Remote-Write-Version", "2.0.0")
}

// write2 sends a remote write 2.0 request, and ends the check if the target does
// not take such.
func (w *Workspace) write2(req *writev2.Request) Answer {
	a := w.Do(write2(w.t, req))
	if a.Status == http.StatusUnsupportedMediaType && a.Body == off2 {
		w.t.NotApplicable("the target does not take remote write 2.0")
	}
	return a
}
