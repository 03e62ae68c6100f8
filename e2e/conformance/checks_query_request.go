package conformance

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// requestChecks are about how a query is sent and its answer is encoded.
func requestChecks() []Check {
	out := []Check{
		{
			ID: "query.time.default", Level: Must, Area: Querying, Source: queryPage,
			Description: "An instant query without a time is one of now.",
			Run: func(_ context.Context, t *T) {
				got, _ := t.Workspace().Do(Get(instantPath + "?query=time()")).RequireStatus(http.StatusOK).JSON("data.result.0")
				at, ok := got.(float64)
				if now := float64(t.Now().Unix()); !ok || at < now-300 || at > now+300 { // the clocks are NTP's
					t.Errorf("expected a time near %v, got %v", now, got)
				}
			},
		},
		{
			ID: "query.request.content-type", Level: Must, Area: Querying, Source: "amp-api.md 1.2 [D samples]",
			Description: "The answer to a query is application/json and bears a request id.",
			Run: func(_ context.Context, t *T) {
				a := t.Workspace().Do(Get(instantPath+"?query=1")).ExpectStatus(http.StatusOK).ExpectHeader("Content-Type", "application/json")
				if a.Header.Get("X-Amzn-Requestid") == "" {
					t.Errorf("expected a header x-amzn-RequestId; %s", a)
				}
			},
		},
		{
			ID: "query.request.gzip", Level: Must, Area: Querying, Source: "amp-api.md 1.2 [D samples]",
			Description: "A client that accepts gzip is answered in gzip, and the content is the same.",
			Run:         func(_ context.Context, t *T) { expectGzip(t, instantPath+"?query=1&time=1") },
		},
		{
			ID: "query.request.identity", Level: Should, Area: Querying, Source: "RFC 9110 section 12.5.3 [D]",
			Description: "A client that accepts no encoding is answered in none.",
			Run: func(_ context.Context, t *T) {
				t.Workspace().Do(Get(instantPath+"?query=1&time=1").With("Accept-Encoding", "identity")).ExpectStatus(http.StatusOK).
					ExpectHeader("Content-Encoding", "").ExpectJSON("data.result.1", "1")
			},
		},
		{
			ID: "query.request.unknown-parameter", Level: Should, Area: Querying, Source: "Prometheus querying/api [C]",
			Description: "Parameters that nobody knows are ignored: clients send some, to outwit caches.",
			Run: func(_ context.Context, t *T) {
				t.Workspace().Do(Get(instantPath+"?query=1&_=1700000000&dedup=true")).ExpectStatus(http.StatusOK).ExpectJSON("data.result.1", "1")
			},
		},
		{
			ID: "query.request.members", Level: Should, Area: Querying, Source: queryPage + " sample",
			Description: "A good answer has the members status and data, and neither error nor errorType.",
			Run: func(_ context.Context, t *T) {
				t.Workspace().Do(Get(instantPath+"?query=1")).ExpectStatus(http.StatusOK).ExpectJSON("status", "success").
					ExpectNoJSON("error").ExpectNoJSON("errorType").ExpectNoJSON("warnings").ExpectNoJSON("data.stats")
			},
		},
		{
			ID: "query.request.warnings", Level: May, Area: Querying, Source: "Prometheus querying/api [D]; version unknown, amp-api.md 8.12",
			Description: "A query whose quantile is none has a warning beside its result.",
			Run: func(_ context.Context, t *T) {
				t.Workspace().Do(Get(instantPath+"?"+url.Values{"query": {"quantile(2, vector(1))"}}.Encode())).ExpectStatus(http.StatusOK).
					ExpectJSON("data.result.0.value.1", "+Inf").ExpectContains(`quantile value should be between 0 and 1, got 2`)
			},
		},
	}
	// Grafana posts a form; AWS's samples and awscurl post with all in the URL.
	for _, way := range ways() {
		out = append(out, methodCheck("query", way, instantPath, "query=1&time=$T", `{"resultType":"scalar","result":[$T,"1"]}`),
			methodCheck("query-range", way, rangePath, "query=1&start=$T&end=$T&step=60",
				`{"resultType":"matrix","result":[{"metric":{},"values":[[$T,"1"]]}]}`))
	}
	return out
}

func methodCheck(name string, way way, path, params, data string) Check {
	return Check{
		ID: "query.method." + name + "-" + way.name, Level: Must, Area: Querying, Source: way.source,
		Description: path + " is taken " + way.words + ".",
		Run: func(_ context.Context, t *T) {
			now := t.Now()
			t.Workspace().Do(way.request(path, gridForm(params, now))).ExpectStatus(http.StatusOK).
				ExpectJSON("data", json.RawMessage(gridText(data, now)))
		},
	}
}

// way is how parameters are sent.
type way struct {
	name, words, source string
	request             func(path string, v url.Values) Request
}

func ways() []way {
	return []way{
		{"get", "by GET", "amp-api.md 1.2 [D]", func(path string, v url.Values) Request { return Get(path + "?" + v.Encode()) }},
		{"post-form", "by POST of a form", "amp-api.md 1.2 [D methods, I form]; Prometheus querying/api [D]", PostForm},
		{"post-url", "by POST with all in the URL and a JSON type, as awscurl does", "amp-api.md 1.2 [D samples, M awscurl]",
			func(path string, v url.Values) Request {
				return Request{Method: http.MethodPost, Path: path + "?" + v.Encode(), Header: http.Header{"Content-Type": {"application/json"}}}
			}},
	}
}

// expectGzip expects the answer to a GET to be the same with gzip as without.
func expectGzip(t *T, path string) {
	ws := t.Workspace()
	want := ws.Do(Get(path).With("Accept-Encoding", "identity")).RequireStatus(http.StatusOK)
	got := ws.Do(Get(path).With("Accept-Encoding", "gzip")).RequireStatus(http.StatusOK).ExpectHeader("Content-Encoding", "gzip")
	zipped, err := gzip.NewReader(strings.NewReader(got.Body))
	if err != nil {
		t.Fatalf("expected gzip: %v", err)
	}
	body, err := io.ReadAll(zipped)
	if err != nil {
		t.Fatalf("expected gzip: %v", err)
	}
	if string(body) != want.Body {
		t.Errorf("expected %q in gzip too, got %q", want.Body, body)
	}
}

// notOffered are APIs of Prometheus and Cortex that AMP does not have.
func notOffered() []Check {
	rows := []struct {
		id, method, path, source string
		level                    Level
		status                   int // 0: any refusal
	}{
		{"status-config", http.MethodGet, "/api/v1/status/config", "amp-api.md 1.3 [O kiali/kiali#8370]", Must, http.StatusNotFound},
		{"status-runtimeinfo", http.MethodGet, "/api/v1/status/runtimeinfo", "amp-api.md 1.3 [O kiali/kiali#8370]", Must, http.StatusNotFound},
		{"status-flags", http.MethodGet, "/api/v1/status/flags", "amp-api.md 1.3 [O kiali/kiali#8370]", Must, http.StatusNotFound},
		{"status-tsdb", http.MethodGet, "/api/v1/status/tsdb", "amp-api.md 1.3 [O roadmap#24]", Must, 0},
		{"read", http.MethodPost, "/api/v1/read", "amp-api.md 1.3 [O roadmap#28]", Must, 0},
		{"exemplars", http.MethodGet, "/api/v1/query_exemplars?query=up&start=1&end=2", "amp-api.md 1.3 [O roadmap#41]", Must, 0},
		{"targets", http.MethodGet, "/api/v1/targets", "amp-api.md 1.3 [D list of APIs]", Should, 0},
		{"alertmanagers", http.MethodGet, "/api/v1/alertmanagers", "amp-api.md 1.3 [D list of APIs]", Should, 0},
		{"delete-series", http.MethodPost, "/api/v1/admin/tsdb/delete_series?match%5B%5D=nonesuch", "amp-api.md 1.3 [D list of APIs]", Should, 0},
		{"format-query", http.MethodGet, "/api/v1/format_query?query=1", "amp-api.md 1.3 [D list of APIs]", Should, 0},
		{"unknown", http.MethodGet, "/api/v1/nonesuch", "amp-api.md 1.3 [D list of APIs]", Should, 0},
		{"delete-query", http.MethodDelete, instantPath + "?query=1", "amp-api.md 1.2 [D methods]", Should, 0},
		{"put-query", http.MethodPut, rangePath + "?query=1&start=1&end=1&step=1", "amp-api.md 1.2 [D methods]", Should, 0},
	}
	var out []Check
	for _, row := range rows {
		path, _, _ := strings.Cut(row.path, "?")
		c := Check{
			ID: "query.not-offered." + row.id, Level: row.level, Area: Querying, Source: row.source,
			Description: row.method + " " + path + " is refused.",
			Run: func(_ context.Context, t *T) {
				a := t.Workspace().Do(Request{Method: row.method, Path: row.path}).ExpectRefused()
				if row.status != 0 {
					a.ExpectStatus(row.status)
				}
			},
		}
		out = append(out, c)
	}
	return out
}

// limitChecks are about how much a query may ask for.
func limitChecks() []Check {
	return []Check{
		{
			ID: "query.limits.points", Level: Should, Area: Querying, Source: errorsSource,
			Description: "11,000 steps from start to end are not too many.",
			Run: func(_ context.Context, t *T) {
				now := t.Now().Truncate(time.Second)
				m := t.Workspace().QueryRange("1", now.Add(-1100*time.Second), now, 100*time.Millisecond)
				if len(m) != 1 || len(m[0].Values) != 11_001 {
					t.Errorf("expected a series of 11001 values, got %d series", len(m))
				}
			},
		},
		{
			ID: "query.limits.range", Level: Must, Area: Querying, Source: "amp-api.md 3 [O two lists of quotas]",
			Description: "A range of 31 days is not too long.",
			Run: func(_ context.Context, t *T) {
				now := t.Now()
				t.Workspace().Do(QueryBetween(t.Metric("none"), now.Add(-31*24*time.Hour), now, 6*time.Hour)).ExpectStatus(http.StatusOK).
					ExpectJSON("data.resultType", "matrix")
			},
		},
		{
			ID: "query.limits.range-exceeded", Level: Must, Area: Querying, Source: "user guide AMP-troubleshooting [D text]; status [C]",
			Description: "A range of 1,000 days is refused as too long.",
			Run: func(_ context.Context, t *T) {
				end := t.Now().Truncate(6 * time.Hour)
				a := t.Workspace().Do(QueryBetween("1", end.Add(-24_000*time.Hour), end, 6*time.Hour))
				a.ExpectRefused().ExpectJSON("status", "error")
				if got, _ := a.JSON("error"); !matches(`the query time range exceeds the limit \(query length: 24000h0m0s, limit: [1-9]\d*h0m0s\)`, got) {
					t.Errorf("expected the documented text; %s", a)
				}
			},
		},
		{
			ID: "query.limits.range-documented", Level: Should, Area: Querying, Source: "amp-api.md 1.7 [D text], 3 [O 32 days], status [C]",
			Description: "The limit of a range is 32 days: AWS's example of 800 hours is refused with AWS's words.",
			Run: func(_ context.Context, t *T) {
				end := t.Now().Truncate(time.Hour)
				t.Workspace().Do(QueryBetween("1", end.Add(-800*time.Hour), end, time.Hour)).
					ExpectAPIError(http.StatusUnprocessableEntity, "execution", "the query time range exceeds the limit (query length: 800h0m0s, limit: 768h0m0s)")
			},
		},
		{
			ID: "query.limits.range-selector", Level: Should, Area: Querying, Source: "amp-api.md 3 [O 32 days]; [C tripperware/queryrange/limits.go]",
			Description: "A selector that reaches back further than a range may is refused.",
			Run: func(_ context.Context, t *T) {
				t.Workspace().Do(QueryAt("rate("+t.Metric("none")+"[800h])", t.Now())).
					ExpectAPIErrorMatch(http.StatusUnprocessableEntity, "execution", `^the query time range exceeds the limit \(query length: 800h\d*m?\d*\.?\d*s?, limit: 768h0m0s\)$`)
			},
		},
		{
			ID: "query.limits.timeout", Level: Should, Area: Querying, Source: "amp-api.md 1.7 [D status and text of the limit; C parameter]",
			Description: "A query that takes longer than its own timeout is ended with 422 and AMP's words.",
			Run: func(_ context.Context, t *T) {
				t.Workspace().Do(Get(instantPath+"?timeout=5ms&"+url.Values{"query": {"sum_over_time(vector(1)[30m:1ms])"}}.Encode())).
					ExpectAPIError(http.StatusUnprocessableEntity, "execution", "query timed out - consider simplifying your query")
			},
		},
		{
			ID: "query.limits.timeout-enough", Level: Must, Area: Querying, Source: queryPage,
			Description: "A query within its own timeout is answered, be it a duration or seconds.",
			Run: func(_ context.Context, t *T) {
				for _, timeout := range []string{"30s", "30"} {
					t.Workspace().Do(Get(instantPath+"?query=1&timeout="+timeout)).ExpectStatus(http.StatusOK).ExpectJSON("data.result.1", "1")
				}
			},
		},
	}
}
