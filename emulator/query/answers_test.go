package query_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/query"
	"github.com/ampersand-amp/ampersand/emulator/quota"
)

const form = "application/x-www-form-urlencoded"

// TestStats compares data.stats with AMP's documented samples, member by member.
func TestStats(t *testing.T) {
	now := time.Unix(time.Now().Unix()/1000*1000, 0)
	s := start(t, query.Config{Now: func() time.Time { return now }, AlignRangeToStep: true})
	s.write(wsA, &prompb.WriteRequest{Timeseries: []prompb.TimeSeries{sample(now, 1, "__name__", "up")}})
	instant := fmt.Sprintf("query=up&time=%d&stats=all", now.Unix())
	ranged := fmt.Sprintf("query=up&start=%d&end=%d&step=1000&stats=all", now.Unix()-463, now.Unix()+705)
	samples := map[string]string{
		"/query":       fmt.Sprintf(`{"totalQueryableSamples":1,"totalQueryableSamplesPerStep":[[%d,1]]}`, now.Unix()),
		"/query_range": fmt.Sprintf(`{"totalQueryableSamples":1,"totalQueryableSamplesPerStep":[[%d,0],[%d,1]]}`, now.Unix()-1000, now.Unix()),
	}
	for path, params := range map[string]string{"/query": instant, "/query_range": ranged} {
		for _, method := range []string{"GET", "POST"} {
			var body string
			if method == "GET" {
				_, body = s.do(method, "/"+wsA+"/api/v1"+path+"?"+params, "", "")
			} else {
				_, body = s.do(method, "/"+wsA+"/api/v1"+path, form, params)
			}
			got := decode[struct {
				Data struct {
					Stats map[string]json.RawMessage
				}
				Warnings []string
			}](t, body)
			require.Empty(t, got.Warnings)
			require.JSONEq(t, samples[path], string(got.Data.Stats["samples"]))
			if path == "/query_range" {
				require.Len(t, got.Data.Stats, 1)
				continue
			}
			require.Len(t, got.Data.Stats, 2)
			timings := decode[map[string]float64](t, string(got.Data.Stats["timings"]))
			require.Len(t, timings, 6)
			require.Positive(t, timings["evalTotalTime"])
		}
	}
	_, body := s.do("GET", "/"+wsA+"/api/v1/query?query=up", "", "")
	require.NotContains(t, body, "stats")
	_, body = s.do("GET", "/"+wsA+"/api/v1/query?query=up&stats=some", "", "")
	require.Contains(t, body, `"samples":{"totalQueryableSamples":1}`)
}

// TestAlignment asks for what AMP's documentation asks for.
func TestAlignment(t *testing.T) {
	now := time.Unix(time.Now().Unix()/1000*1000, 0)
	first := map[bool]int64{false: now.Unix() - 463, true: now.Unix() - 1000}
	for align, want := range first {
		s := start(t, query.Config{AlignRangeToStep: align})
		path := fmt.Sprintf("/%s/api/v1/query_range?query=time()&start=%d&end=%d&step=1000", wsA, now.Unix()-463, now.Unix()+705)
		_, body := s.do("GET", path, "", "")
		got := decode[struct {
			Data struct{ Result []struct{ Values [][2]any } }
		}](t, body)
		values := got.Data.Result[0].Values
		require.Len(t, values, 2)
		require.InDelta(t, want, values[0][0], 0)
		require.InDelta(t, want+1000, values[1][0], 0)
	}
}

func TestThresholds(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	s := start(t, query.Config{Now: func() time.Time { return now }})
	for i := range 3 {
		s.write(wsA, &prompb.WriteRequest{Timeseries: []prompb.TimeSeries{sample(now, 1, "__name__", "up", "job", fmt.Sprint(i))}})
	}
	span := fmt.Sprintf("&start=%d&end=%d&step=60", now.Unix(), now.Unix()+60) // the lookback makes it 6 samples
	const warn, refuse = "&max_samples_processed_warning_threshold=", "&max_samples_processed_error_threshold="
	tests := map[string]struct {
		path    string
		status  int
		warning string
	}{
		"below":                     {"/query?query=up" + warn + "4" + refuse + "4", 200, ""},
		"hits the warning":          {"/query?query=up" + warn + "3" + refuse + "3", 200, "the query processed 3 samples and hit max_samples_processed_warning_threshold (3 samples)"},
		"refused":                   {"/query?query=up" + warn + "1" + refuse + "2", 422, ""},
		"range, below":              {"/query_range?query=up" + span + warn + "7" + refuse + "6", 200, ""},
		"range, warned":             {"/query_range?query=up" + span + warn + "6", 200, "the query processed 6 samples and hit max_samples_processed_warning_threshold (6 samples)"},
		"range, refused":            {"/query_range?query=up" + span + refuse + "5", 422, ""},
		"counts what functions see": {"/query?query=" + url.QueryEscape("sum_over_time(up[5m])") + refuse + "2", 422, ""},
		"a query of no series":      {"/query?query=1" + refuse + "0", 200, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			resp, body := s.do("GET", "/"+wsA+"/api/v1"+tt.path, "", "")
			require.Equal(t, tt.status, resp.StatusCode, body)
			got := decode[struct{ Warnings []string }](t, body)
			if tt.warning == "" {
				require.Empty(t, got.Warnings)
				return
			}
			require.Equal(t, []string{tt.warning}, got.Warnings)
		})
	}
}

// TestWarningsAndInfos has what the engine says beside its answer.
func TestWarningsAndInfos(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	s := start(t, query.Config{Now: func() time.Time { return now }})
	for i := range 3 {
		s.write(wsA, &prompb.WriteRequest{Timeseries: []prompb.TimeSeries{sample(now.Add(time.Duration(i-3)*time.Second), float64(i), "__name__", "heat")}})
	}
	_, body := s.do("GET", "/"+wsA+"/api/v1/query?query="+url.QueryEscape("rate(heat[1m])"), "", "")
	got := decode[struct{ Warnings, Infos []string }](t, body)
	require.Equal(t, []string{`PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "heat" (1:6)`}, got.Infos)
	require.Empty(t, got.Warnings)
	_, body = s.do("GET", "/"+wsA+"/api/v1/query?query="+url.QueryEscape("quantile(2, heat)"), "", "")
	got = decode[struct{ Warnings, Infos []string }](t, body)
	require.Equal(t, []string{`PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)`}, got.Warnings)
}

func TestNativeHistograms(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	s := start(t, query.Config{Now: func() time.Time { return now }})
	app := s.db(wsA).Appender(t.Context())
	for i, h := range tsdbutil.GenerateTestHistograms(5) {
		_, err := app.AppendHistogram(0, labels.FromStrings("__name__", "latency"), now.Add(time.Duration(i-4)*15*time.Second).UnixMilli(), h, nil)
		require.NoError(t, err)
	}
	require.NoError(t, app.Commit())
	type histogram struct {
		Count, Sum string
		Buckets    [][]any
	}
	_, body := s.do("GET", "/"+wsA+"/api/v1/query?query=latency", "", "")
	instant := decode[struct {
		Data struct {
			Result []struct{ Histogram []json.RawMessage }
		}
	}](t, body)
	h := decode[histogram](t, string(instant.Data.Result[0].Histogram[1]))
	require.Equal(t, "48", h.Count)
	require.NotEmpty(t, h.Buckets)
	_, body = s.do("GET", fmt.Sprintf("/%s/api/v1/query_range?query=latency&start=%d&end=%d&step=15", wsA, now.Unix()-60, now.Unix()), "", "")
	ranged := decode[struct {
		Data struct {
			Result []struct{ Histograms [][]json.RawMessage }
		}
	}](t, body)
	require.Len(t, ranged.Data.Result[0].Histograms, 5)
	_, body = s.do("GET", "/"+wsA+"/api/v1/query?query="+url.QueryEscape("histogram_count(rate(latency[1m]))"), "", "")
	require.Contains(t, body, `"value":[`)
}

func TestLimits(t *testing.T) {
	now := time.Now()
	s := start(t, query.Config{Now: func() time.Time { return now }})
	for i := range 3 {
		s.write(wsA, &prompb.WriteRequest{Timeseries: []prompb.TimeSeries{sample(now, 1, "__name__", "up", "job", fmt.Sprint(i))}})
	}
	tests := map[string]struct {
		path    string
		length  int
		warning bool
	}{
		"series":           {"/series?match[]=up&limit=2", 2, true},
		"series, enough":   {"/series?match[]=up&limit=3", 3, false},
		"series, none":     {"/series?match[]=up&limit=0", 3, false},
		"labels":           {"/labels?limit=1", 1, true},
		"values":           {"/label/job/values?limit=2", 2, true},
		"values, matchers": {`/label/job/values?match[]=up&match[]={job="1"}&limit=5`, 3, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			resp, body := s.do("GET", "/"+wsA+"/api/v1"+tt.path, "", "")
			require.Equal(t, 200, resp.StatusCode, body)
			got := decode[struct {
				Data     []any
				Warnings []string
			}](t, body)
			require.Len(t, got.Data, tt.length)
			require.Equal(t, tt.warning, len(got.Warnings) > 0, got.Warnings)
		})
	}
	_, body := s.do("GET", "/"+wsA+"/api/v1/query?query=up&limit=1", "", "")
	require.Len(t, decode[struct{ Data struct{ Result []any } }](t, body).Data.Result, 3, "Cortex knows no limit of queries")
}

// TestBytesPerDay shows that the quota of range queries is judged for each day.
func TestBytesPerDay(t *testing.T) {
	now := time.Now().Truncate(24 * time.Hour)
	limits := quota.New()
	s := start(t, query.Config{Quotas: limits, Now: func() time.Time { return now }})
	app := s.db(wsA).Appender(t.Context())
	for at := now.Add(-72 * time.Hour); at.Before(now); at = at.Add(10 * time.Minute) {
		_, err := app.Append(0, labels.FromStrings("__name__", "x"), at.UnixMilli(), float64(at.UnixNano()%997))
		require.NoError(t, err)
	}
	require.NoError(t, app.Commit())
	ask := func(path string) int {
		resp, _ := s.do("GET", "/"+wsA+"/api/v1"+path, "", "")
		return resp.StatusCode
	}
	ranged := fmt.Sprintf("/query_range?query=x&start=%d&end=%d&step=600", now.Unix()-72*3600, now.Unix())
	instant := "/query?query=" + url.QueryEscape("count_over_time(x[3d])")
	atLeast := func(id quota.ID, path string) int64 { // the smallest limit under which it succeeds
		low, high := int64(0), int64(1<<20)
		for low < high {
			mid := (low + high) / 2
			limits.Put(id, mid)
			if ask(path) == 200 {
				high = mid
			} else {
				low = mid + 1
			}
		}
		return low
	}
	day, all := atLeast(quota.QueryBytesRange, ranged), atLeast(quota.QueryBytesInstant, instant)
	require.Greater(t, day, int64(100))
	require.Greater(t, all, 2*day, "three days have nearly three times the bytes of one")
	require.Less(t, all, 4*day)
}

func TestGzip(t *testing.T) {
	s := start(t, query.Config{})
	paths := map[string]string{
		"small": "/" + wsA + "/api/v1/query?query=1&time=1",
		"large": "/" + wsA + "/api/v1/query_range?query=" + url.QueryEscape("time()") + "&start=0&end=10000&step=1",
		"error": "/" + wsA + "/api/v1/query?query=up{",
	}
	accept := map[string]bool{
		"gzip": true, "gzip, deflate": true, "deflate, gzip;q=1.0": true, "GZIP": true, "br, gzip;q=0.5": true,
		"": false, "identity": false, "br": false, "gzip;q=0": false, "zstd": false, "deflate": false,
	}
	for name, path := range paths {
		_, plain := s.do("GET", path, "", "", "Accept-Encoding", "identity")
		for encoding, zipped := range accept {
			t.Run(name+"/"+encoding, func(t *testing.T) {
				resp, body := s.do("GET", path, "", "", "Accept-Encoding", encoding)
				// Origin is in AMP's samples too. [D] amp-api.md 1.2
				require.Equal(t, []string{"Accept-Encoding", "Origin"}, resp.Header.Values("Vary"))
				if !zipped {
					require.Empty(t, resp.Header.Get("Content-Encoding"))
					require.Equal(t, plain, body)
					return
				}
				require.Equal(t, "gzip", resp.Header.Get("Content-Encoding"))
				zr, err := gzip.NewReader(bytes.NewReader([]byte(body)))
				require.NoError(t, err)
				raw, err := io.ReadAll(zr)
				require.NoError(t, err)
				if name == "large" {
					require.Less(t, len(body), len(plain)/2)
				}
				require.Equal(t, plain, string(raw))
			})
		}
	}
	resp, body := s.do("HEAD", paths["small"], "", "", "Accept-Encoding", "gzip")
	require.Equal(t, 405, resp.StatusCode)
	require.Empty(t, body)
}

// TestEngineFollowsQuotas shows that the engine is the same until a quota
// changes, and that one registry takes the metrics of all.
func TestEngineFollowsQuotas(t *testing.T) {
	limits, registry := quota.New(), prometheus.NewRegistry()
	s := start(t, query.Config{Quotas: limits, Registerer: registry})
	first := s.api.Engine()
	require.Same(t, first, s.api.Engine())
	for id, v := range map[quota.ID]int64{quota.QueryDuration: 5, quota.QuerySamples: quota.Unlimited} {
		before := s.api.Engine()
		limits.Put(id, v)
		require.NotSame(t, before, s.api.Engine())
	}
	limits.Put(quota.QueryDuration, quota.Unlimited)
	_, body := s.do("GET", "/"+wsA+"/api/v1/query?query=1", "", "")
	require.Contains(t, body, "success")
	families, err := registry.Gather()
	require.NoError(t, err)
	require.NotEmpty(t, families)
}
