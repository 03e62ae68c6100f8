package query_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/query"
	"github.com/ampersand-amp/ampersand/emulator/quota"
)

// FuzzParameters sends any parameters to every path, in the URL and as a form,
// and wants a well-formed answer whose status fits what it says, never a 500.
func FuzzParameters(f *testing.F) {
	for _, seed := range []string{
		"query=up", "query=rate(up[1m])&time=2026-01-01T00:00:00Z&stats=all", "query=up{&time=NaN",
		"query=up&start=-1e308&end=1e308&step=1e-9", "query=up&start=0&end=10&step=1&timeout=Inf", "start=9e15&match[]=up&end=NaN&limit=1",
		"match[]=up&match[]={job=~\".*\"}", "match[]={}&limit=99999999999999999999", "query=%zz&%", "query=max_over_time(up[1000y:1ms])",
		"query=up offset 290y&start=-9223372036&end=9223372036&step=2y", "query=up@start()&start=1&end=1&step=0.0000001&stats=x",
		"query=up&lookback_delta=-1&max_samples_processed_error_threshold=0", "limit=-1&limit_per_metric=0&metric=up",
		"query=up[1m:]&timeout=1&max_samples_processed_warning_threshold=9223372036854775808", "query=\"\xff\"&time=1;2",
	} {
		f.Add(seed, "job")
	}
	f.Add("limit=1", "U__a_2e_b")
	f.Add("", "\xff")
	limits := quota.New()
	limits.Put(quota.QueryDuration, 200)
	limits.Put(quota.QuerySamples, 10_000)
	now := time.Now()
	s := start(f, query.Config{Quotas: limits, Now: func() time.Time { return now }})
	app := s.db(wsA).Appender(f.Context())
	_, err := app.Append(0, labels.FromStrings("__name__", "up", "job", "a"), now.UnixMilli(), 1)
	require.NoError(f, err)
	require.NoError(f, app.Commit())
	h := s.api.Handler(s.db(wsA))
	f.Fuzz(func(t *testing.T, params, label string) {
		for _, path := range []string{"/query", "/query_range", "/series", "/labels", "/metadata", "/label/" + label + "/values"} {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				r := &http.Request{Method: method, URL: &url.URL{Path: path}, Header: http.Header{}, Body: http.NoBody}
				if method == http.MethodGet {
					r.URL.RawQuery = params
				} else {
					r.Header.Set("Content-Type", form)
					r.Body = io.NopCloser(strings.NewReader(params))
				}
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r.WithContext(t.Context()))
				judge(t, w, method, path)
			}
		}
	})
}

func judge(t *testing.T, w *httptest.ResponseRecorder, method, path string) {
	t.Helper()
	if w.Code == http.StatusMethodNotAllowed || (w.Code == http.StatusNotFound && path == "/label//values") {
		return
	}
	require.Equal(t, "application/json", w.Header().Get("Content-Type"), "%s %s", method, path)
	var got struct {
		Status, ErrorType, Error string
		Data                     json.RawMessage
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got), w.Body)
	want := map[string][]int{
		"": {http.StatusOK}, "bad_data": {http.StatusBadRequest}, "execution": {http.StatusUnprocessableEntity},
	}
	if path == "/metadata" {
		want[""] = []int{http.StatusOK, http.StatusBadRequest}
	}
	require.Contains(t, want[got.ErrorType], w.Code, "%s %s: %s", method, path, w.Body)
	if w.Code == http.StatusOK {
		require.Equal(t, "success", got.Status)
		require.NotEmpty(t, got.Data)
		return
	}
	require.Equal(t, "error", got.Status)
	require.NotEmpty(t, got.Error)
}
