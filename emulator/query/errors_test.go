package query_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/prompb"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/query"
	"github.com/ampersand-amp/ampersand/emulator/quota"
)

const (
	badData, execution = "bad_data", "execution"

	textTimedOut = "query timed out - consider simplifying your query"
	textSamples  = "query processing would load too many samples into memory in query execution"
	textChunks   = "expanding series: the query hit the max number of chunks limit while fetching chunks from ingesters"
	// slow takes seconds if nothing ends it.
	slow = "sum_over_time(vector(1)[30m:1ms])"
)

// TestErrors has every error of amp-api.md 1.7, over GET and over POST, with the
// quota that it needs put in force while the API runs.
func TestErrors(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	limits := quota.New()
	s := start(t, query.Config{Quotas: limits, Now: func() time.Time { return now }})
	for i := range 5 {
		s.write(wsA, &prompb.WriteRequest{Timeseries: []prompb.TimeSeries{
			sample(now, 1, "__name__", "up", "job", fmt.Sprint(i)), sample(now, 1, "__name__", "down", "job", fmt.Sprint(i)),
		}})
	}
	span := fmt.Sprintf("&start=%d&end=%d&step=60", now.Add(-2*time.Hour).Unix(), now.Unix())
	const hour = int64(time.Hour / time.Millisecond)
	type limit map[quota.ID]int64
	tests := map[string]struct {
		path      string
		limits    limit
		status    int
		errorType string
		text      string
	}{
		"parse":                {"/query?query=up{", nil, 400, badData, `invalid parameter "query"; 1:4: parse error: unexpected end of input inside braces`},
		"parse, range":         {"/query_range?query=up{" + span, nil, 400, badData, `invalid parameter "query"; 1:4: parse error: unexpected end of input inside braces`},
		"no query":             {"/query", nil, 400, badData, `invalid parameter "query"; unknown position: parse error: no expression found in input`},
		"type of range":        {"/query_range?query=up[1m]" + span, nil, 400, badData, `invalid parameter "query"; invalid expression type "range vector" for range query, must be Scalar or instant Vector`},
		"experimental":         {"/query?query=" + url.QueryEscape("limitk(1, up)"), nil, 400, badData, ""},
		"time":                 {"/query?query=up&time=x", nil, 400, badData, `invalid parameter "time"; invalid time value for 'time': cannot parse "x" to a valid timestamp`},
		"time, not a number":   {"/query?query=up&time=NaN", nil, 400, badData, `invalid parameter "time"; invalid time value for 'time': cannot parse "NaN" to a valid timestamp`},
		"time, too far":        {"/query?query=up&time=1e12", nil, 400, badData, `invalid parameter "time"; invalid time value for 'time': cannot parse "1e12" to a valid timestamp`},
		"no start":             {"/query_range?query=up&end=1&step=1", nil, 400, badData, `invalid parameter "start"; cannot parse "" to a valid timestamp`},
		"no end":               {"/query_range?query=up&start=1&step=1", nil, 400, badData, `invalid parameter "end"; cannot parse "" to a valid timestamp`},
		"start before 1677":    {"/query_range?query=up&start=-62135596800&end=1&step=1", nil, 400, badData, `invalid parameter "start"; cannot parse "-62135596800" to a valid timestamp`},
		"end before start":     {"/query_range?query=up&start=2&end=1&step=1", nil, 400, badData, `invalid parameter "end"; end timestamp must not be before start time`},
		"no step":              {"/query_range?query=up&start=1&end=2", nil, 400, badData, `invalid parameter "step"; cannot parse "" to a valid duration`},
		"zero step":            {"/query_range?query=up&start=1&end=2&step=0", nil, 400, badData, `invalid parameter "step"; zero or negative query resolution step widths are not accepted. Try a positive integer`},
		"step below 1 ms":      {"/query_range?query=up&start=1&end=1&step=0.0001", nil, 400, badData, `invalid parameter "step"; zero or negative query resolution step widths are not accepted. Try a positive integer`},
		"step overflows":       {"/query_range?query=up&start=1&end=2&step=1e300", nil, 400, badData, `invalid parameter "step"; cannot parse "1e300" to a valid duration. It overflows int64`},
		"points":               {"/query_range?query=up&start=0&end=11001&step=1", nil, 400, badData, `exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)`},
		"timeout, bad":         {"/query?query=up&timeout=x", nil, 400, badData, `invalid parameter "timeout"; cannot parse "x" to a valid duration`},
		"lookback, bad":        {"/query?query=up&lookback_delta=x", nil, 400, badData, `error parsing lookback delta duration: rpc error: code = Code(400) desc = cannot parse "x" to a valid duration`},
		"unreadable":           {"/query?query=%zz", nil, 400, badData, `invalid parameter "query"; unknown position: parse error: no expression found in input`},
		"warning threshold":    {"/query?query=up&max_samples_processed_warning_threshold=x", nil, 400, badData, `invalid parameter "max_samples_processed_warning_threshold"; cannot parse "x" to a valid number of samples`},
		"error threshold":      {"/query?query=up&max_samples_processed_error_threshold=-1", nil, 400, badData, `invalid parameter "max_samples_processed_error_threshold"; cannot parse "-1" to a valid number of samples`},
		"evaluation":           {"/query?query=" + url.QueryEscape(`label_replace(up,"a","b","c","(")`), nil, 422, execution, ""},
		"many to many":         {"/query?query=" + url.QueryEscape(`up * on() down`), nil, 422, execution, ""},
		"duration":             {"/query?query=" + url.QueryEscape(slow), limit{quota.QueryDuration: 10}, 422, execution, textTimedOut},
		"duration, zero":       {"/query?query=up", limit{quota.QueryDuration: 0}, 422, execution, textTimedOut},
		"timeout":              {"/query?timeout=10ms&query=" + url.QueryEscape(slow), nil, 422, execution, textTimedOut},
		"timeout, negative":    {"/query?query=up&timeout=-1", nil, 422, execution, textTimedOut},
		"timeout, range":       {"/query_range?timeout=0.01&query=" + url.QueryEscape(slow) + span, nil, 422, execution, textTimedOut},
		"range":                {"/query_range?query=up" + span, limit{quota.QueryRange: hour}, 422, execution, `the query time range exceeds the limit (query length: 2h0m0s, limit: 1h0m0s)`},
		"range, by selector":   {"/query?query=" + url.QueryEscape("rate(up[90m])"), limit{quota.QueryRange: hour}, 422, execution, `the query time range exceeds the limit (query length: 1h30m0s, limit: 1h0m0s)`},
		"range, by subquery":   {"/query?query=" + url.QueryEscape("max_over_time(up[1h:1m] offset 1d)"), limit{quota.QueryRange: hour}, 422, execution, `the query time range exceeds the limit (query length: 1h5m0s, limit: 1h0m0s)`},
		"range, by several":    {"/query?query=" + url.QueryEscape("max_over_time(up[40m]) + max_over_time(up[40m] @ 1000)"), limit{quota.QueryRange: hour}, 422, execution, `the query time range exceeds the limit (query length: 1h20m0s, limit: 1h0m0s)`},
		"range, series":        {"/series?match[]=up&start=" + fmt.Sprint(now.Unix()-7200) + "&end=" + fmt.Sprint(now.Unix()), limit{quota.QueryRange: hour}, 422, execution, `the query time range exceeds the limit (query length: 2h0m0s, limit: 1h0m0s)`},
		"range, labels":        {"/labels?start=" + fmt.Sprint(now.Unix()-7200) + "&end=" + fmt.Sprint(now.Unix()), limit{quota.QueryRange: hour}, 422, execution, `the query time range exceeds the limit (query length: 2h0m0s, limit: 1h0m0s)`},
		"chunks":               {"/query?query=up", limit{quota.QueryChunks: 4}, 422, execution, textChunks},
		"chunks, range":        {"/query_range?query=" + url.QueryEscape("rate(up[5m])") + span, limit{quota.QueryChunks: 4}, 422, execution, textChunks},
		"series":               {"/query?query=up", limit{quota.QuerySeries: 4}, 422, execution, `expanding series: the query hit the max number of series limit (limit: 4 series)`},
		"series, of both":      {"/query?query=" + url.QueryEscape("up + on(job) down"), limit{quota.QuerySeries: 9}, 422, execution, `expanding series: the query hit the max number of series limit (limit: 9 series)`},
		"series, lookup":       {"/series?match[]=up", limit{quota.QuerySeries: 4}, 422, execution, `the query hit the max number of series limit (limit: 4 series)`},
		"bytes":                {"/query?query=up", limit{quota.QueryBytesInstant: 100}, 422, execution, `expanding series: the query hit the aggregated data size limit (limit: 100 bytes)`},
		"bytes, range":         {"/query_range?query=up" + span, limit{quota.QueryBytesRange: 100}, 422, execution, `expanding series: the query hit the aggregated data size limit (limit: 100 bytes)`},
		"samples":              {"/query?query=up", limit{quota.QuerySamples: 3}, 422, execution, textSamples},
		"samples of subquery":  {"/query?query=" + url.QueryEscape("sum_over_time(vector(1)[100y:1ms])"), limit{quota.QueryRange: -1}, 422, execution, textSamples},
		"subquery, unlimited":  {"/query?query=" + url.QueryEscape("sum_over_time(vector(1)[100y:1ms])"), limit{quota.QueryRange: -1, quota.QuerySamples: -1}, 422, execution, textSamples},
		"processed":            {"/query?query=up&max_samples_processed_error_threshold=4", nil, 422, execution, `the query processes more samples than max_samples_processed_error_threshold allows (limit: 4 samples)`},
		"processed, range":     {"/query_range?max_samples_processed_error_threshold=0&query=up" + span, nil, 422, execution, `the query processes more samples than max_samples_processed_error_threshold allows (limit: 0 samples)`},
		"no match":             {"/series", nil, 400, badData, "no match[] parameter provided"},
		"match":                {"/series?match[]=up{", nil, 400, badData, `invalid parameter "match[]": 1:4: parse error: unexpected end of input inside braces`},
		"empty matcher":        {"/labels?match[]={}", nil, 400, badData, "match[] must contain at least one non-empty matcher"},
		"limit of series":      {"/series?match[]=up&limit=-1", nil, 400, badData, `invalid parameter "limit": limit must be non-negative`},
		"start of labels":      {"/labels?start=NaN", nil, 400, badData, `invalid parameter "start": invalid time value for 'start': cannot parse "NaN" to a valid timestamp`},
		"end of labels":        {"/labels?end=x", nil, 400, badData, `invalid parameter "end": invalid time value for 'end': cannot parse "x" to a valid timestamp`},
		"label name":           {"/label/%ff/values", nil, 400, badData, `invalid label name: "\xff"`},
		"limit of metadata":    {"/metadata?limit=x", nil, 400, "", "limit must be a number"},
		"limit of each metric": {"/metadata?limit_per_metric=x", nil, 400, "", "limit_per_metric must be a number"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for id, v := range tt.limits {
				old := limits.Get(id)
				limits.Put(id, v)
				defer limits.Put(id, old)
			}
			path, params, _ := strings.Cut("/"+wsA+"/api/v1"+tt.path, "?")
			check := func(resp answer, body string) {
				t.Helper()
				require.Equal(t, tt.status, resp.StatusCode, body)
				require.Equal(t, "application/json", resp.Header.Get("Content-Type"))
				if tt.text == "" {
					require.Contains(t, body, fmt.Sprintf(`{"status":"error","errorType":%q,"error":"`, tt.errorType))
					return
				}
				want := map[string]string{"status": "error", "error": tt.text}
				if tt.errorType != "" {
					want["errorType"] = tt.errorType
				}
				require.Equal(t, want, decode[map[string]string](t, body))
			}
			check(s.do("GET", path+"?"+params, "", ""))
			if tt.errorType != "" && !strings.HasSuffix(path, "/values") {
				check(s.do("POST", path, form, params))
				check(s.do("POST", path+"?"+params, "application/json", "")) // awscurl
			}
			resp, body := s.do("GET", path+"?"+params, "", "", "Accept-Encoding", "gzip")
			require.Equal(t, "gzip", resp.Header.Get("Content-Encoding"))
			zr, err := gzip.NewReader(strings.NewReader(body))
			require.NoError(t, err)
			raw, err := io.ReadAll(zr)
			require.NoError(t, err)
			check(resp, string(raw))
		})
	}
	_, body := s.do("GET", "/"+wsA+"/api/v1/query?query=count(up)", "", "")
	require.Contains(t, body, `"5"`, "the quotas are as before")
}

func TestClientGone(t *testing.T) {
	s := start(t, query.Config{})
	for _, path := range []string{"/query?query=1", "/query_range?query=up&start=1&end=2&step=1"} {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(ctx, "GET", path, nil)
		s.api.Handler(s.db(wsA)).ServeHTTP(w, r)
		require.Equal(t, 499, w.Code, w.Body)
		require.Contains(t, w.Body.String(), `"errorType":"canceled"`)
	}
}

// TestStorageGone shows that what goes wrong in the storage is no fault of the
// client's.
func TestStorageGone(t *testing.T) {
	s := start(t, query.Config{})
	db := s.db(wsA)
	h := s.api.Handler(db)
	require.NoError(t, s.tenants.Remove(t.Context(), wsA))
	for _, path := range []string{"/query?query=up", "/series?match[]=up", "/metadata"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", path, nil))
		require.Equal(t, 503, w.Code, w.Body)
		require.Contains(t, w.Body.String(), `"errorType":"unavailable"`)
	}
}
