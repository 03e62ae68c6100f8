package conformance

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/prometheus/prompb"
)

const (
	metadataPath = "/api/v1/metadata"
	metadataPage = "user guide AMP-APIReference-GetMetricMetadata [D]"
)

func metadataChecks() []Check {
	check := func(id string, level Level, about, source string, run func(t *T, ws *Workspace)) Check {
		return Check{
			ID: "metadata." + id, Level: level, Area: Metadata, Description: about, Source: source,
			Run: func(_ context.Context, t *T) { run(t, t.Workspace()) },
		}
	}
	return []Check{
		check("read-back", Must, "Type, help and unit of a metric are read back as they were written.", metadataPage, func(t *T, ws *Workspace) {
			ws.describe(describing(t.Metric("bytes"), prompb.MetricMetadata_GAUGE, "What it is.", "bytes"))
			ws.expectEntries(t.Metric("bytes"), promv1.Metadata{Type: promv1.MetricTypeGauge, Help: "What it is.", Unit: "bytes"})
		}),
		check("types", Must, "Counters, gauges, histograms, summaries and what is unknown have their types in lower case.", metadataPage, func(t *T, ws *Workspace) {
			t.expectTypes(ws, prompb.MetricMetadata_COUNTER, prompb.MetricMetadata_GAUGE, prompb.MetricMetadata_HISTOGRAM,
				prompb.MetricMetadata_SUMMARY, prompb.MetricMetadata_UNKNOWN)
		}),
		check("types-openmetrics", Should, "The types that only OpenMetrics has are in lower case too.", "Prometheus remote write specification 1.0 [D]; Prometheus querying/api [C]", func(t *T, ws *Workspace) {
			t.expectTypes(ws, prompb.MetricMetadata_INFO, prompb.MetricMetadata_STATESET, prompb.MetricMetadata_GAUGEHISTOGRAM)
		}),
		check("text", Must, "Help is kept letter by letter.", metadataPage, func(t *T, ws *Workspace) {
			const help = "Größe \"in\" bytes,\n\\n is <no> newline & \U0001f321."
			ws.describe(describing(t.Metric("x"), prompb.MetricMetadata_GAUGE, help, ""))
			ws.expectEntries(t.Metric("x"), promv1.Metadata{Type: promv1.MetricTypeGauge, Help: help})
		}),
		check("shape", Must, "An entry has type, help and unit, empty ones too, in a list under the metric's name.", metadataPage+"; amp-api.md 1.8 [D]", func(t *T, ws *Workspace) {
			ws.describe(describing(t.Metric("x"), prompb.MetricMetadata_COUNTER, "", ""))
			ws.expectEntries(t.Metric("x"), promv1.Metadata{Type: promv1.MetricTypeCounter})
			ws.Do(Get(metadataPath+"?metric="+t.Metric("x"))).ExpectStatus(http.StatusOK).ExpectHeader("Content-Type", "application/json").
				ExpectJSON("status", "success").
				ExpectJSON("data", map[string]any{t.Metric("x"): []map[string]string{{"type": "counter", "help": "", "unit": ""}}})
		}),
		check("metric", Must, "Only the metric that is asked for is answered.", metadataPage, func(t *T, ws *Workspace) {
			ws.describe(describing(t.Metric("a"), prompb.MetricMetadata_GAUGE, "a", ""), describing(t.Metric("b"), prompb.MetricMetadata_GAUGE, "b", ""))
			ws.expectEntries(t.Metric("a"), promv1.Metadata{Type: promv1.MetricTypeGauge, Help: "a"})
			a := ws.Do(Get(metadataPath + "?metric=" + t.Metric("b"))).ExpectStatus(http.StatusOK)
			if data, _ := a.JSON("data"); len(object(data)) != 1 {
				t.Errorf("expected one metric; %s", a)
			}
		}),
		check("metric-unknown", Must, "A metric that does not exist is an empty object.", metadataPage, func(t *T, ws *Workspace) {
			ws.Do(Get(metadataPath+"?metric="+t.Metric("none"))).ExpectStatus(http.StatusOK).
				ExpectJSON("status", "success").ExpectJSON("data", map[string]any{})
		}),
		check("all", Must, "Without a metric all metrics are answered.", metadataPage, func(t *T, ws *Workspace) {
			ws.describe(describing(t.Metric("a"), prompb.MetricMetadata_GAUGE, "a", ""), describing(t.Metric("b"), prompb.MetricMetadata_COUNTER, "b", ""))
			t.Eventually("metadata of all metrics", func() error {
				a := ws.Do(Get(metadataPath)).RequireStatus(http.StatusOK)
				a.ExpectJSON("data."+t.Metric("a")+".0.help", "a").ExpectJSON("data."+t.Metric("b")+".0.help", "b")
				return nil
			})
		}),
		check("limit", Must, "limit is how many metrics are answered at most.", metadataPage, func(t *T, ws *Workspace) {
			ws.describe(describing(t.Metric("a"), prompb.MetricMetadata_GAUGE, "a", ""), describing(t.Metric("b"), prompb.MetricMetadata_GAUGE, "b", ""),
				describing(t.Metric("c"), prompb.MetricMetadata_GAUGE, "c", ""))
			ws.expectEntries(t.Metric("c"), promv1.Metadata{Type: promv1.MetricTypeGauge, Help: "c"})
			for _, limit := range []int{1, 2} {
				a := ws.Do(Get(fmt.Sprintf("%s?limit=%d", metadataPath, limit))).ExpectStatus(http.StatusOK)
				if data, _ := a.JSON("data"); len(object(data)) != limit {
					t.Errorf("expected %d metrics; %s", limit, a)
				}
			}
		}),
		check("limit-bad", Should, "A limit that is no number is refused.", "[C querier/metadata_handler.go]", func(_ *T, ws *Workspace) {
			ws.Do(Get(metadataPath+"?limit=x")).ExpectAPIError(http.StatusBadRequest, "", "limit must be a number")
		}),
		check("several", Should, "Metadata of a metric that differ are all answered.", "Prometheus querying/api [D]; amp-api.md 3 [R 10 of a metric]", func(t *T, ws *Workspace) {
			ws.describe(describing(t.Metric("x"), prompb.MetricMetadata_GAUGE, "one", ""), describing(t.Metric("x"), prompb.MetricMetadata_GAUGE, "two", ""))
			ws.expectEntries(t.Metric("x"), promv1.Metadata{Type: promv1.MetricTypeGauge, Help: "one"}, promv1.Metadata{Type: promv1.MetricTypeGauge, Help: "two"})
		}),
		check("repeated", Should, "Metadata sent again, as Prometheus does every minute, are answered once.", "Prometheus querying/api [D: unique metadata objects]", func(t *T, ws *Workspace) {
			for range 2 {
				ws.describe(describing(t.Metric("x"), prompb.MetricMetadata_GAUGE, "same", "s"))
			}
			ws.expectEntries(t.Metric("x"), promv1.Metadata{Type: promv1.MetricTypeGauge, Help: "same", Unit: "s"})
		}),
		check("limit-per-metric", May, "limit_per_metric is how many entries of a metric are answered at most.", "[C querier/metadata_handler.go]", func(t *T, ws *Workspace) {
			x := t.Metric("x")
			ws.describe(describing(x, prompb.MetricMetadata_GAUGE, "one", ""), describing(x, prompb.MetricMetadata_GAUGE, "two", ""))
			ws.expectEntries(x, promv1.Metadata{Type: promv1.MetricTypeGauge, Help: "one"}, promv1.Metadata{Type: promv1.MetricTypeGauge, Help: "two"})
			a := ws.Do(Get(metadataPath + "?limit_per_metric=1&metric=" + x)).ExpectStatus(http.StatusOK)
			if entries, _ := a.JSON("data." + x); len(list(entries)) != 1 {
				t.Errorf("expected one entry; %s", a)
			}
		}),
		check("alone", Should, "Metadata sent without series, as Prometheus does, are kept.", "amp-api.md 4 [O cockroach#87112]", func(t *T, ws *Workspace) {
			ws.Do(RemoteWrite(&prompb.WriteRequest{Metadata: []prompb.MetricMetadata{
				describing(t.Metric("x"), prompb.MetricMetadata_GAUGE, "alone", ""),
			}})).RequireStatus(http.StatusOK)
			ws.expectEntries(t.Metric("x"), promv1.Metadata{Type: promv1.MetricTypeGauge, Help: "alone"})
		}),
		check("gzip", Should, "A client that accepts gzip is answered in gzip.", "amp-api.md 1.2 [D samples of query and series; I]", func(t *T, _ *Workspace) {
			expectGzip(t, metadataPath+"?metric="+t.Metric("none"))
		}),
		check("post", Should, "POST is refused.", "amp-api.md 1.2 [D GET only]", func(t *T, ws *Workspace) {
			ws.Do(PostForm(metadataPath, gridForm("metric="+t.Metric("none"), t.Now()))).ExpectRefused()
		}),
	}
}

func describing(metric string, kind prompb.MetricMetadata_MetricType, help, unit string) prompb.MetricMetadata {
	return prompb.MetricMetadata{Type: kind, MetricFamilyName: metric, Help: help, Unit: unit}
}

// describe writes metadata, and a series of each metric: metadata without one is
// not kept by all that receive it.
func (w *Workspace) describe(all ...prompb.MetricMetadata) {
	req := &prompb.WriteRequest{Metadata: all}
	var names []string
	for _, m := range all {
		if !slices.Contains(names, m.MetricFamilyName) {
			names = append(names, m.MetricFamilyName)
			req.Timeseries = append(req.Timeseries, Series(m.MetricFamilyName, nil, At(w.t.Now(), 1)))
		}
	}
	w.Do(RemoteWrite(req)).RequireStatus(http.StatusOK)
}

// expectEntries expects the entries of a metric, in any order.
func (w *Workspace) expectEntries(metric string, want ...promv1.Metadata) {
	byHelp := func(a, b promv1.Metadata) int { return strings.Compare(a.Help, b.Help) }
	slices.SortFunc(want, byHelp)
	w.t.Eventually("metadata of "+metric, func() error {
		got := w.MetricMetadata(metric)
		slices.SortFunc(got, byHelp)
		if !slices.Equal(got, want) {
			return fmt.Errorf("expected %q, got %q", want, got)
		}
		return nil
	})
}

// expectTypes expects types to be read back by their lower-case names.
func (t *T) expectTypes(ws *Workspace, types ...prompb.MetricMetadata_MetricType) {
	var all []prompb.MetricMetadata
	for _, kind := range types {
		all = append(all, describing(t.Metric(strings.ToLower(kind.String())), kind, "help", ""))
	}
	ws.describe(all...)
	for _, m := range all {
		ws.expectEntries(m.MetricFamilyName, promv1.Metadata{Type: promv1.MetricType(strings.ToLower(m.Type.String())), Help: "help"})
	}
}

// object and list are what JSON decodes to, or nil.
func object(v any) map[string]any { m, _ := v.(map[string]any); return m }

func list(v any) []any { l, _ := v.([]any); return l }
