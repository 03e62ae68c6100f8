package conformance

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/prometheus/prompb"
)

// writeMetadataChecks are about metadata and exemplars, which come with samples
// or without. GetMetricMetadata is a slow API: most of these look at the answer
// of the write alone.
func writeMetadataChecks() []Check {
	const helpSource = "amp-api.md 1.6 and 3 [O cockroach#87112, roadmap#17]"
	described := func(metric, help, unit string) prompb.MetricMetadata {
		return prompb.MetricMetadata{Type: prompb.MetricMetadata_COUNTER, MetricFamilyName: metric, Help: help, Unit: unit}
	}
	return []Check{
		{
			ID: "remote-write.metadata.alone", Level: Must, Area: RemoteWriting,
			Description: "Metadata without samples, as Prometheus sends it, is taken and read back.",
			Source:      "amp-api.md 4 [O cockroach#87112]; UG:AMP-APIReference-GetMetricMetadata [D]",
			Run: func(_ context.Context, t *T) {
				ws, x := t.Workspace(), t.Metric("x")
				ws.sendMetadata(described(x, `Help with "quotes", ümlauts & <tags>.`, "seconds")).ExpectStatus(http.StatusOK).ExpectBody("")
				ws.expectOnlyMetadata(x, promv1.Metadata{Type: promv1.MetricTypeCounter, Help: `Help with "quotes", ümlauts & <tags>.`, Unit: "seconds"})
			},
		},
		{
			ID: "remote-write.metadata.types", Level: Must, Area: RemoteWriting,
			Description: "Every type of metric is read back under its name.",
			Source:      "Prometheus remote write specification 1.0 [D]",
			Run: func(_ context.Context, t *T) {
				ws := t.Workspace()
				types := []promv1.MetricType{
					promv1.MetricTypeUnknown, promv1.MetricTypeCounter, promv1.MetricTypeGauge, promv1.MetricTypeHistogram,
					promv1.MetricTypeGaugeHistogram, promv1.MetricTypeSummary, promv1.MetricTypeInfo, promv1.MetricTypeStateset,
				}
				var all []prompb.MetricMetadata
				for i, name := range types {
					m := described(t.Metric(string(name)), "help", "")
					m.Type = prompb.MetricMetadata_MetricType(i)
					all = append(all, m)
				}
				ws.sendMetadata(all...).ExpectStatus(http.StatusOK)
				for _, name := range types {
					ws.expectOnlyMetadata(t.Metric(string(name)), promv1.Metadata{Type: name, Help: "help"})
				}
			},
		},
		{
			ID: "remote-write.metadata.help-too-long", Level: Must, Area: RemoteWriting,
			Description: "A HELP of more than 1024 bytes is refused with 400; the text has its first 200.",
			Source:      helpSource,
			Run: func(_ context.Context, t *T) {
				help := strings.Repeat("h", 1025)
				t.Workspace().sendMetadata(described(t.Metric("x"), help, "")).ExpectStatus(http.StatusBadRequest).
					ExpectBody(fmt.Sprintf("metadata 'HELP' value too long: %.200q metric %.200q\n", help, t.Metric("x")))
			},
		},
		{
			ID: "remote-write.metadata.help-of-full-length", Level: Must, Area: RemoteWriting,
			Description: "A HELP of exactly 1024 bytes is taken as a whole.",
			Source:      helpSource,
			Run: func(_ context.Context, t *T) {
				ws, help := t.Workspace(), strings.Repeat("h", 1024)
				ws.sendMetadata(described(t.Metric("x"), help, "")).ExpectStatus(http.StatusOK)
				ws.expectOnlyMetadata(t.Metric("x"), promv1.Metadata{Type: promv1.MetricTypeCounter, Help: help})
			},
		},
		{
			ID: "remote-write.metadata.unit-too-long", Level: Should, Area: RemoteWriting,
			Description: "A UNIT of more than 1024 bytes is refused with 400.",
			Source:      "amp-api.md 1.6 and 3 [C validate.go]",
			Run: func(_ context.Context, t *T) {
				unit := strings.Repeat("u", 1025)
				t.Workspace().sendMetadata(described(t.Metric("x"), "", unit)).ExpectStatus(http.StatusBadRequest).
					ExpectBody(fmt.Sprintf("metadata 'UNIT' value too long: %.200q metric %.200q\n", unit, t.Metric("x")))
			},
		},
		{
			ID: "remote-write.metadata.name-too-long", Level: Should, Area: RemoteWriting,
			Description: "Metadata for a name of more than 1024 bytes is refused with 400.",
			Source:      "amp-api.md 1.6 and 3 [C validate.go]",
			Run: func(_ context.Context, t *T) {
				name := t.Metric(strings.Repeat("n", 1025))
				t.Workspace().sendMetadata(described(name, "", "")).ExpectStatus(http.StatusBadRequest).
					ExpectBody(fmt.Sprintf("metadata 'METRIC_NAME' value too long: %.200q metric %.200q\n", name, name))
			},
		},
		{
			ID: "remote-write.metadata.no-name", Level: Should, Area: RemoteWriting,
			Description: "Metadata without a metric's name is refused with 400.",
			Source:      "[C validate.go]",
			Run: func(_ context.Context, t *T) {
				t.Workspace().sendMetadata(described("", "help", "")).ExpectStatus(http.StatusBadRequest).ExpectBody("metadata missing metric name\n")
			},
		},
		{
			ID: "remote-write.metadata.bad-beside-good", Level: Should, Area: RemoteWriting,
			Description: "Samples and metadata beside metadata that is refused are stored.",
			Source:      "[C distributor.go]",
			Run: func(_ context.Context, t *T) {
				ws, now, x := t.Workspace(), t.Now(), t.Metric("x")
				ws.Do(RemoteWrite(&prompb.WriteRequest{
					Timeseries: []prompb.TimeSeries{Series(x, nil, At(now, 1))},
					Metadata:   []prompb.MetricMetadata{described("", "help", ""), described(x, "good", "")},
				})).ExpectStatus(http.StatusBadRequest)
				ws.ExpectQuery(x, now, x+" 1")
				ws.expectOnlyMetadata(x, promv1.Metadata{Type: promv1.MetricTypeCounter, Help: "good"})
			},
		},
		{
			ID: "remote-write.exemplars.beside-samples", Level: Should, Area: RemoteWriting,
			Description: "An exemplar does not keep the samples of its series from being stored.",
			Source:      "amp-api.md 0 fact 8 [O roadmap#41: not supported]; that it is passed over [I]",
			Run: func(_ context.Context, t *T) {
				ws, now, x := t.Workspace(), t.Now(), t.Metric("x")
				s := Series(x, nil, At(now, 1))
				s.Exemplars = []prompb.Exemplar{{
					Labels: []prompb.Label{{Name: "trace_id", Value: "0123456789abcdef"}}, Value: 1, Timestamp: now.UnixMilli(),
				}}
				ws.Do(RemoteWriteSeries(s)).ExpectStatus(http.StatusOK).ExpectBody("")
				ws.ExpectQuery(x, now, x+" 1")
			},
		},
	}
}

// sendMetadata writes metadata and nothing else.
func (w *Workspace) sendMetadata(m ...prompb.MetricMetadata) Answer {
	return w.Do(RemoteWrite(&prompb.WriteRequest{Metadata: m}))
}

// expectOnlyMetadata expects a metric's metadata to be this and no other.
func (w *Workspace) expectOnlyMetadata(metric string, want promv1.Metadata) {
	w.t.Eventually("metadata of "+metric, func() error {
		if got := w.MetricMetadata(metric); len(got) != 1 || got[0] != want {
			return fmt.Errorf("expected %+v alone, got %+v", want, got)
		}
		return nil
	})
}
