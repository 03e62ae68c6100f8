package conformance_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// readMutations understand an expression otherwise than PromQL.
func readMutations() []mutation {
	var out []mutation
	const p = "query.promql."
	for _, f := range []struct {
		pattern, with string
		kills         []string
	}{
		{`\bsum\b`, "avg", []string{p + "aggregation.sum", p + "aggregation.nested"}},
		{`\bavg\b`, "sum", []string{p + "aggregation.avg"}},
		{`\bmin\b`, "max", []string{p + "aggregation.min-max"}},
		{`\bmax\b`, "min", []string{p + "aggregation.min-max"}},
		{`\bcount\b`, "group", []string{p + "aggregation.count"}},
		{`\bgroup\b`, "count", []string{p + "aggregation.group"}},
		{`\bstddev\b`, "stdvar", []string{p + "aggregation.spread"}},
		{`\bquantile ?\(0\.`, "quantile(0.1", []string{p + "aggregation.quantile"}},
		{`\bquantile ?\((-|1\.|2)`, "quantile(0", []string{p + "aggregation.quantile-outside"}},
		{`\bcount_values ?\("[a-z]+"`, `count_values("other"`, []string{p + "aggregation.count-values"}},
		{`\btopk\b`, "bottomk", []string{p + "aggregation.topk", p + "aggregation.topk-order"}},
		{`\bby ?\(`, "without (", []string{p + "aggregation.by-missing"}},
		{`\bwithout ?\(`, "by (", []string{p + "aggregation.without"}},
		{`\brate\(`, "increase(", []string{p + "range.rate", p + "histogram.native-rate"}},
		{`\bincrease\(`, "delta(", []string{p + "range.counter-reset"}},
		{`\birate\(`, "rate(", []string{p + "range.irate"}},
		{`\bidelta\(`, "delta(", []string{p + "range.delta"}},
		{`\bderiv\(`, "rate(", []string{p + "range.deriv"}},
		{`(predict_linear\(.*, )[-0-9]+`, "${1}0", []string{p + "range.predict-linear"}},
		{`\bchanges\(`, "resets(", []string{p + "range.changes"}},
		{`\bsum_over_time\b`, "avg_over_time", []string{p + "range.sum-avg-count"}},
		{`\bmin_over_time\b`, "max_over_time", []string{p + "range.min-max", p + "range.subquery-nested"}},
		{`\bstddev_over_time\b`, "stdvar_over_time", []string{p + "range.spread"}},
		{`\bquantile_over_time\(0\.[0-9]+`, "quantile_over_time(0.1", []string{p + "range.quantile"}},
		{`\blast_over_time\b`, "max_over_time", []string{p + "range.last"}},
		{`\bfirst_over_time\b`, "max_over_time", []string{p + "range.first"}},
		{`\bpresent_over_time\b`, "count_over_time", []string{p + "range.present"}},
		{`\babsent_over_time\(`, "count_over_time(", []string{p + "range.absent"}},
		{`\babsent\(`, "count(", []string{p + "range.absent-instant"}},
		{`offset (\d)`, "offset -$1", []string{p + "range.offset"}},
		{`offset -(\d)`, "offset $1", []string{p + "range.offset-negative"}},
		{`@ \d+(\.\d+)?`, "", []string{p + "range.at"}},
		{`@ (start|end)\(\)`, "", []string{p + "range.at-start-end"}},
		{`:\d+s\]`, ":50s]", []string{p + "range.subquery", p + "range.subquery-nested"}},
		{`:\]`, ":15s]", []string{p + "range.subquery-default-step"}},
		{`\band\b`, "or", []string{p + "operators.and", p + "operators.precedence"}},
		{`\bor\b`, "and", []string{p + "operators.or"}},
		{`\bunless\b`, "and", []string{p + "operators.unless"}},
		{` \+ `, " - ", []string{p + "operators.arithmetic", p + "operators.scalar"}},
		{` % `, " * ", []string{p + "operators.modulo-power"}},
		{` \^ `, " * ", []string{p + "operators.precedence"}},
		{`\batan2\b`, "/", []string{p + "operators.atan2"}},
		{` > (\w)`, " < $1", []string{p + "operators.comparison"}},
		{` bool `, " ", []string{p + "operators.comparison-bool"}},
		{`==`, "!=", []string{p + "operators.comparison-nan"}},
		{`\bon ?\(`, "ignoring (", []string{p + "operators.matching-on"}},
		{`\bignoring ?\(`, "on (", []string{p + "operators.matching-ignoring"}},
		{`group_left ?(\(\))? `, "group_right ", []string{p + "operators.group-left"}},
		{`group_right ?(\(\))? `, "group_left ", []string{p + "operators.group-right"}},
		{`group_left ?\([a-z]+\)`, "group_left()", []string{p + "operators.group-labels"}},
		{`=~`, "=", []string{p + "selectors.matchers"}},
		{`!=`, "=", []string{p + "selectors.matchers"}},
		{`=~"([^"]*)"`, `=~".*($1).*"`, []string{p + "selectors.anchored"}},
		{`=""`, `="empty"`, []string{p + "selectors.missing-label", "read-back.label.absent"}},
		{`\{__name__`, `{name`, []string{p + "selectors.name"}},
		{`histogram_quantile\((-|1\.|2)`, "histogram_quantile(0", []string{p + "histogram.classic-outside"}},
		{`histogram_quantile\(0?\.\d+`, "histogram_quantile(0.01", []string{p + "histogram.classic-quantile", p + "histogram.native-quantile"}},
		{`histogram_fraction\(`, "histogram_quantile(", []string{p + "histogram.native-fraction", p + "histogram.classic-fraction"}},
		{`histogram_count\(`, "histogram_sum(", []string{p + "histogram.native-count-sum"}},
		{`histogram_stddev\(`, "histogram_stdvar(", []string{p + "histogram.native-spread"}},
		{`\bdeg\(`, "rad(", []string{p + "values.angle"}},
		{`\basin\(`, "acos(", []string{p + "values.arcus"}},
		{`\bhour\(`, "minute(", []string{p + "values.calendar"}},
		{`\byear\(\)`, "month()", []string{p + "values.calendar-now"}},
		{`\bclamp_min\(`, "clamp_max(", []string{p + "values.clamp"}},
		{`\bsinh\(`, "cosh(", []string{p + "values.hyperbolic"}},
		{`\bInf\b`, "1", []string{p + "histogram.native-fraction"}},
		{`\blabel_join\((.*?), "[^"]*"`, `label_join($1, "other"`, []string{p + "values.label-join"}},
		{`\blabel_replace\((.*?), "[^"]*"`, `label_replace($1, "other"`, []string{p + "values.label-replace"}},
		{`\bln\(`, "log2(", []string{p + "values.logarithm"}},
		{`\bceil\(`, "floor(", []string{p + "values.round"}},
		{`\bscalar\(`, "-scalar(", []string{p + "values.scalar-vector"}},
		{`\bsgn\(`, "abs(", []string{p + "values.sign"}},
		{`\bsort\(`, "sort_desc(", []string{p + "values.sort"}},
		{`\btime\(\)`, "(time() - 1)", []string{p + "values.time"}},
		{`\bsin\(`, "cos(", []string{p + "values.trigonometry"}},
	} {
		re := regexp.MustCompile(f.pattern)
		out = append(out, mutation{
			name:  "of PromQL " + f.pattern + " is read as " + f.with,
			layer: on(reworded("query", func(q string) string { return re.ReplaceAllString(q, f.with) }), "WS/api/v1/query", "WS/api/v1/query_range"),
			in:    []string{f.kills[0][:strings.LastIndex(f.kills[0], ".")]}, also: dataAreas(), kills: f.kills,
		})
	}
	return out
}

// answerMutations answer questions otherwise.
func answerMutations() []mutation {
	queries := []string{"WS/api/v1/query", "WS/api/v1/query_range"}
	lists := []string{"WS/api/v1/series", "WS/api/v1/labels", "WS/api/v1/label/**"}
	point := func(edit func(seconds float64, value string) (float64, string)) func(*exchange) {
		pair := func(v any) {
			if p, ok := v.([]any); ok && len(p) == 2 {
				n, isNumber := p[0].(json.Number)
				s, isText := p[1].(string)
				if isNumber && isText {
					at, err := n.Float64()
					if err == nil {
						at, s = edit(at, s)
						p[0], p[1] = json.Number(strconv.FormatFloat(at, 'f', -1, 64)), s
					}
				}
			}
		}
		return each(func(o map[string]any) {
			pair(o["value"])
			if values, ok := o["values"].([]any); ok {
				for _, v := range values {
					pair(v)
				}
			}
			if o["resultType"] == "scalar" || o["resultType"] == "string" {
				pair(o["result"])
			}
		})
	}
	results := func(edit func([]any) []any) func(*exchange) {
		return each(func(o map[string]any) {
			for _, name := range []string{"result", "data"} {
				if list, ok := o[name].([]any); ok && o["resultType"] != "scalar" && o["resultType"] != "string" {
					o[name] = edit(list)
				}
			}
		})
	}
	reversed := func(list []any) []any { slices.Reverse(list); return list }
	var out []mutation
	for _, f := range []mutation{
		{name: "queries have values one more", layer: on(accepted(point(func(at float64, v string) (float64, string) {
			if n, err := strconv.ParseFloat(v, 64); err == nil {
				v = strconv.FormatFloat(n+1, 'f', -1, 64)
			}
			return at, v
		})), queries...), coarse: true, kills: []string{"query.promql.aggregation.sum", "read-back.sample.every-value"}},
		{name: "queries have values of eight digits", layer: on(accepted(point(func(at float64, v string) (float64, string) {
			if n, err := strconv.ParseFloat(v, 64); err == nil && strings.Trim(v, "-0123456789.") == "" {
				v = strconv.FormatFloat(n, 'g', 8, 64)
			}
			return at, v
		})), queries...), kills: []string{"read-back.float.all-bits"}},
		{name: "queries have times a millisecond late", layer: on(accepted(point(func(at float64, v string) (float64, string) { return at + 0.001, v })), queries...),
			kills: []string{"query.promql.aggregation.sum"}},
		{name: "queries have times of whole seconds", layer: on(accepted(point(func(at float64, v string) (float64, string) { return float64(int64(at)), v })), queries...)},
		{name: "queries show large numbers as integers", layer: on(accepted(point(func(at float64, v string) (float64, string) {
			if n, err := strconv.ParseFloat(v, 64); err == nil && strings.Contains(v, "e") {
				v = strconv.FormatFloat(n, 'f', 0, 64)
			}
			return at, v
		})), queries...), kills: []string{"read-back.float.smallest"}},
		{name: "queries lose a label", layer: on(accepted(each(func(o map[string]any) {
			if m, ok := o["metric"].(map[string]any); ok {
				delete(m, slices.Max(append(keys(m), "")))
			}
		})), queries...), coarse: true, kills: []string{"query.promql.values.label-join"}},
		{name: "queries lose the name", layer: on(accepted(each(func(o map[string]any) {
			if m, ok := o["metric"].(map[string]any); ok {
				delete(m, "__name__")
			}
		})), queries...), kills: []string{"query.promql.values.name", "query.promql.range.last"}},
		{name: "queries lose the last series", layer: on(accepted(results(func(list []any) []any { return list[:max(0, len(list)-1)] })), queries...), coarse: true,
			kills: []string{"query.promql.aggregation.sum"}},
		{name: "queries show a series twice", layer: on(accepted(results(func(list []any) []any { return append(list, list[:min(1, len(list))]...) })), queries...), coarse: true},
		{name: "queries are in another order", layer: on(accepted(results(reversed)), queries...), kills: []string{"query.promql.values.sort", "query.promql.aggregation.topk-order"}},
		{name: "queries lose the last point", layer: on(accepted(each(func(o map[string]any) {
			if values, ok := o["values"].([]any); ok && len(values) > 1 {
				o["values"] = values[:len(values)-1]
			}
		})), queries...), kills: []string{"read-back.time.steps"}},
		{name: "queries have no histograms", layer: on(accepted(both(drop("histogram"), drop("histograms"))), queries...), kills: []string{"query.promql.histogram.native-selector"}},
		{name: "queries of nothing have no result", layer: on(accepted(each(func(o map[string]any) {
			if list, ok := o["result"].([]any); ok && len(list) == 0 {
				o["result"] = nil
			}
		})), queries...), kills: nil},
		{name: "queries of nothing are errors", layer: on(accepted(func(x *exchange) {
			if strings.Contains(string(x.body), `"result":[]`) {
				x.answer(422, `{"status":"error","errorType":"execution","error":"no data"}`)
			}
		}), queries...), kills: []string{"read-back.whole.nothing"}},
		{name: "queries do not say what they are", layer: on(accepted(drop("resultType")), queries...), coarse: true},
		{name: "answers do not say success", layer: on(accepted(set("status", "ok")), append(queries, lists...)...), coarse: true},
		{name: "errors have another type", layer: on(refused(set("errorType", "internal")), "WS/api/v1/**")},
		{name: "errors have no type", layer: on(refused(drop("errorType")), "WS/api/v1/**")},
		{name: "errors do not say error", layer: on(refused(set("status", "success")), "WS/api/v1/**")},
		{name: "queries look back four minutes", layer: on(reworded("time", func(at string) string { return later(at, 60) }), "WS/api/v1/query"), coarse: true, kills: []string{"read-back.time.lookback"}},
		{name: "queries are evaluated a millisecond late", layer: on(reworded("time", func(at string) string { return later(at, 0.001) }), "WS/api/v1/query"), coarse: true, kills: []string{"read-back.time.not-before"}},
		{name: "ranges begin a step late", layer: on(func(x *exchange) error {
			return reworded("start", func(at string) string {
				step, err := strconv.ParseFloat(x.params().Get("step"), 64)
				if err != nil {
					return at
				}
				return later(at, step)
			})(x)
		}, "WS/api/v1/query_range"), kills: []string{"read-back.stale.gap"}},
		{name: "ranges have twice the step", layer: on(reworded("step", func(step string) string {
			n, err := strconv.ParseFloat(step, 64)
			if err != nil {
				return step
			}
			return strconv.FormatFloat(2*n, 'f', -1, 64)
		}), "WS/api/v1/query_range"), kills: []string{"read-back.time.steps"}},
		{name: "lists are in another order", layer: on(accepted(results(reversed)), lists...), kills: []string{"series.label-values.match"}},
		{name: "lists lose the last", layer: on(accepted(results(func(list []any) []any { return list[:max(0, len(list)-1)] })), lists...), kills: []string{"series.label-values.match"}},
		{name: "lists show one twice", layer: on(accepted(results(func(list []any) []any { return append(list, list[:min(1, len(list))]...) })), lists...), kills: []string{"series.label-values.match"}},
		{name: "series lose a label", layer: on(accepted(func(x *exchange) {
			x.edited(func(v any) any {
				return members(v, func(o map[string]any) {
					if _, ok := o["__name__"]; ok {
						delete(o, slices.Max(append(keys(o), "")))
					}
				})
			})
		}), "WS/api/v1/series")},
		{name: "lists do not match", layer: on(unmatched, lists...), kills: []string{"series.label-values.match"}},
		{name: "metadata has no help", layer: on(accepted(set("help", "")), "WS/api/v1/metadata"), kills: []string{"metadata.read-back", "remote-write.metadata.help-of-full-length"}},
		{name: "metadata has no unit", layer: on(accepted(set("unit", "")), "WS/api/v1/metadata"), kills: []string{"metadata.read-back"}},
		{name: "metadata is of no type", layer: on(accepted(set("type", "unknown")), "WS/api/v1/metadata"), kills: []string{"metadata.read-back", "remote-write.metadata.types"}},
		{name: "metadata is not found", layer: on(accepted(set("data", map[string]any{})), "WS/api/v1/metadata"), kills: []string{"metadata.read-back"}},
		{name: "metadata is not limited", layer: on(reworded("limit", func(string) string { return "1000" }), "WS/api/v1/metadata")},
		{name: "metadata is of all metrics", layer: on(reworded("metric", func(string) string { return "" }), "WS/api/v1/metadata")},
		{name: "forms are not read", layer: on(where(func(x *exchange) bool { return x.request.Method == http.MethodPost && len(x.sent) > 0 }, func(x *exchange) error {
			x.answer(400, `{"status":"error","errorType":"bad_data","error":"invalid parameter \"query\": unknown position: parse error: no expression found in input"}`)
			return nil
		}), append(queries, lists...)...), kills: []string{"authentication.encoding.form"}},
		{name: "all workspaces are one", layer: oneWorkspace, coarse: true, kills: []string{"read-back.whole.other-workspace"}},
	} {
		f.also = dataAreas()
		switch name, _, _ := strings.Cut(f.name, " "); name {
		case "lists", "series":
			f.in = []string{"series"}
		case "metadata":
			f.in = []string{"metadata"}
		case "errors":
			f.in = []string{"query.errors", "series.errors", "query.limits", "metadata"}
		default:
			f.in = []string{"query.shape", "query.time", "query.step", "query.lookback", "query.request", "query.stats", "query.syntax", "query.method", "query.alignment", "query.range-edges", "read-back", "query.promql.aggregation"}
		}
		out = append(out, f)
	}
	return out
}

func keys(m map[string]any) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	return out
}

// later is a time of the API with seconds added.
func later(at string, seconds float64) string {
	n, err := strconv.ParseFloat(at, 64)
	if err != nil {
		return at
	}
	return strconv.FormatFloat(n+seconds, 'f', 3, 64)
}

// unmatched lists as if nothing had been asked to match.
func unmatched(x *exchange) error {
	return x.rewrite(func() error {
		query := x.request.URL.Query()
		if query.Has("match[]") {
			query["match[]"] = []string{`{__name__!=""}`}
			x.request.URL.RawQuery = query.Encode()
		}
		return nil
	})
}

// oneWorkspace reads from the workspace that was last written to.
func oneWorkspace() layer {
	last := make(chan string, 1)
	last <- ""
	return func(x *exchange) error {
		id := <-last
		defer func() { last <- id }()
		own, rest, found := strings.Cut(strings.TrimPrefix(x.path, "/workspaces/"), "/")
		switch {
		case x.is("POST WS/api/v1/remote_write"):
			id = own
		case found && id != "" && id != own && (x.is("WS/api/v1/query") || x.is("WS/api/v1/query_range")):
			return x.rewrite(func() error {
				x.request.URL.Opaque = "/workspaces/" + id + "/" + rest
				return nil
			})
		}
		return nil
	}
}
