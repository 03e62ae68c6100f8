package query_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/prompb"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/query"
)

// TestRealClients writes with Prometheus' client and reads with client_golang's.
func TestRealClients(t *testing.T) {
	ctx, now := context.Background(), time.Now().Truncate(time.Millisecond)
	s := start(t, query.Config{})
	s.write(wsA, &prompb.WriteRequest{Timeseries: []prompb.TimeSeries{
		sample(now, 1, "__name__", "up", "job", "a"), sample(now, 2, "__name__", "up", "job", "b"),
	}})
	s.write(wsA, &prompb.WriteRequest{Metadata: []prompb.MetricMetadata{{Type: prompb.MetricMetadata_GAUGE, MetricFamilyName: "up", Help: "is up"}}})
	s.write(wsB, &prompb.WriteRequest{Timeseries: []prompb.TimeSeries{sample(now, 9, "__name__", "secret", "job", "z")}})
	c := s.client(wsA)

	got, _, err := c.Query(ctx, "sum(up)", now)
	require.NoError(t, err)
	require.Equal(t, fmt.Sprintf("{} => 3 @[%s]", model.TimeFromUnixNano(now.UnixNano())), got.String())

	got, _, err = c.QueryRange(ctx, `up{job="b"}`, promv1.Range{Start: now.Add(-time.Second), End: now.Add(time.Second), Step: time.Second})
	require.NoError(t, err)
	require.Len(t, got.(model.Matrix)[0].Values, 2)

	names, _, err := c.LabelNames(ctx, nil, now.Add(-time.Hour), now)
	require.NoError(t, err)
	require.Equal(t, model.LabelNames{"__name__", "job"}, model.LabelNames{names[0], names[1]})

	values, _, err := c.LabelValues(ctx, "job", nil, now.Add(-time.Hour), now)
	require.NoError(t, err)
	require.Equal(t, model.LabelValues{"a", "b"}, values)

	found, _, err := c.Series(ctx, []string{`{job=~".+"}`}, now.Add(-time.Hour), now)
	require.NoError(t, err)
	require.Equal(t, []model.LabelSet{{"__name__": "up", "job": "a"}, {"__name__": "up", "job": "b"}}, found)

	meta, err := c.Metadata(ctx, "", "")
	require.NoError(t, err)
	require.Equal(t, map[string][]promv1.Metadata{"up": {{Type: "gauge", Help: "is up"}}}, meta)

	got, _, err = s.client(wsB).Query(ctx, "up", now)
	require.NoError(t, err)
	require.Empty(t, got, "nothing of another workspace")
	meta, err = s.client(wsB).Metadata(ctx, "", "")
	require.NoError(t, err)
	require.Empty(t, meta)
}

// TestParameters has every way in which clients put parameters.
func TestParameters(t *testing.T) {
	now := time.Now()
	s := start(t, query.Config{Now: func() time.Time { return now }})
	s.write(wsA, &prompb.WriteRequest{Timeseries: []prompb.TimeSeries{sample(now, 1, "__name__", "up", "job", "ajob")}})
	at := fmt.Sprintf("%.3f", float64(now.UnixMilli())/1000)
	instant := url.Values{"query": {"up"}, "time": {at}}.Encode()
	span := url.Values{"query": {"up"}, "start": {at}, "end": {at}, "step": {"15"}}.Encode()
	match := url.Values{"match[]": {"up"}}.Encode()
	tests := map[string]struct{ method, path, query, contentType, body string }{
		"query, GET":                   {"GET", "/query", instant, "", ""},
		"query, no time":               {"GET", "/query", "query=up", "", ""},
		"query, form":                  {"POST", "/query", "", form, instant},
		"query, form with charset":     {"POST", "/query", "", form + "; charset=UTF-8", instant},
		"query, URL and JSON type":     {"POST", "/query", instant, "application/json", ""},
		"query, URL and no type":       {"POST", "/query", instant, "", ""},
		"query, URL and broken type":   {"POST", "/query", instant, "a/b; c", ""},
		"query, URL and form type":     {"POST", "/query", instant, form, ""},
		"query, URL and multipart":     {"POST", "/query", instant, "multipart/form-data; boundary=x", ""},
		"query, from both":             {"POST", "/query", "time=" + at, form, "query=up"},
		"range, GET":                   {"GET", "/query_range", span, "", ""},
		"range, form":                  {"POST", "/query_range", "", form, span},
		"range, URL and JSON type":     {"POST", "/query_range", span, "application/json", ""},
		"series, GET":                  {"GET", "/series", match, "", ""},
		"series, form":                 {"POST", "/series", "", form, match},
		"series, URL and JSON type":    {"POST", "/series", match, "application/json", ""},
		"labels, GET":                  {"GET", "/labels", match, "", ""},
		"labels, form":                 {"POST", "/labels", "", form, match},
		"values, GET":                  {"GET", "/label/job/values", match, "", ""},
		"query, stats":                 {"GET", "/query", instant + "&stats=all", "", ""},
		"query, from a page elsewhere": {"GET", "/query", instant, "", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			resp, body := s.do(tt.method, "/"+wsA+"/api/v1"+tt.path+"?"+tt.query, tt.contentType, tt.body, "Origin", "http://evil.example")
			require.Equal(t, http.StatusOK, resp.StatusCode, body)
			require.Equal(t, "application/json", resp.Header.Get("Content-Type"))
			require.Empty(t, resp.Header.Get("Access-Control-Allow-Origin"))
			require.Contains(t, body, `"status":"success"`)
			require.Contains(t, body, "job", "the series was found")
			if strings.Contains(tt.query, "stats") {
				require.Contains(t, body, `"totalQueryableSamplesPerStep":[[`)
			}
		})
	}
}

func TestRoutes(t *testing.T) {
	s := start(t, query.Config{})
	tests := map[string]struct {
		method, path string
		status       int
	}{
		"values by POST":     {"POST", "/label/job/values", 405},
		"metadata by POST":   {"POST", "/metadata", 405},
		"query by DELETE":    {"DELETE", "/query", 405},
		"OPTIONS":            {"OPTIONS", "/query", 405},
		"trailing slash":     {"GET", "/query/", 404},
		"double slash":       {"GET", "//query", 404},
		"other case":         {"GET", "/QUERY", 404},
		"dots":               {"GET", "/x/../query", 404},
		"rules":              {"GET", "/rules", 404},
		"alerts":             {"GET", "/alerts", 404},
		"status":             {"GET", "/status/config", 404},
		"read":               {"POST", "/read", 404},
		"write":              {"POST", "/write", 404},
		"exemplars":          {"GET", "/query_exemplars", 404},
		"admin":              {"POST", "/admin/tsdb/snapshot", 404},
		"search":             {"GET", "/search/metric_names", 404},
		"openapi":            {"GET", "/openapi.yaml", 404},
		"root":               {"GET", "/", 404},
		"no label":           {"GET", "/label//values", 404},
		"utf-8 label":        {"GET", "/label/a.b/values", 200},
		"label with a slash": {"GET", "/label/a%2Fb/values", 200},
		"escaped label":      {"GET", "/label/U__a_2e_b/values", 200},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), tt.method, tt.path, nil)
			w := httptest.NewRecorder()
			s.api.Handler(s.db(wsA)).ServeHTTP(w, r)
			require.Equal(t, tt.status, w.Code, w.Body)
		})
	}
}

func TestMetadata(t *testing.T) {
	s := start(t, query.Config{})
	s.write(wsA, &prompb.WriteRequest{Metadata: []prompb.MetricMetadata{
		{Type: prompb.MetricMetadata_COUNTER, MetricFamilyName: "b_total", Help: "b"},
		{Type: prompb.MetricMetadata_GAUGE, MetricFamilyName: "a", Help: "<a>", Unit: "s"},
	}})
	const a, b = `"a":[{"type":"gauge","help":"<a>","unit":"s"}]`, `"b_total":[{"type":"counter","help":"b","unit":""}]`
	tests := map[string]string{
		"":                        a + "," + b,
		"?limit=1":                a,
		"?limit=0":                "",
		"?metric=b_total":         b,
		"?metric=none":            "",
		"?limit_per_metric=1":     a + "," + b,
		"?metric=b_total&limit=5": b,
	}
	for q, want := range tests {
		_, body := s.do("GET", "/"+wsA+"/api/v1/metadata"+q, "", "")
		require.JSONEq(t, `{"status":"success","data":{`+want+`}}`, body, q)
	}
}

// TestOneHandlerPerWorkspace shows that handlers are cached, leave no
// goroutines, and that one registry takes the engine's metrics.
func TestOneHandlerPerWorkspace(t *testing.T) {
	s := start(t, query.Config{Registerer: prometheus.NewRegistry()})
	a := s.db(wsA)
	s.api.Handler(a)
	before := runtime.NumGoroutine()
	require.Zero(t, testing.AllocsPerRun(100, func() { s.api.Handler(a) }), "it is made once")
	require.LessOrEqual(t, runtime.NumGoroutine(), before)
}
