package query_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/query"
)

// BenchmarkKEDA asks what KEDA's scaler asks, over as many series as named, each
// of them scraped every 15 s for five minutes.
func BenchmarkKEDA(b *testing.B) {
	for _, series := range []int{10, 1_000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("series=%d", series), func(b *testing.B) {
			now := time.Now().Truncate(time.Second)
			s := start(b, query.Config{Now: func() time.Time { return now }})
			fill(b, s, series, now)
			h := s.api.Handler(s.db(wsA))
			q := url.QueryEscape(`sum(rate(http_requests_total{job="app"}[1m]))`)
			r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/query?query="+q, nil)
			b.ReportAllocs()
			for b.Loop() {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatal(w.Body)
				}
			}
		})
	}
}

// fill appends 20 samples of each of as many series, 15 s apart, the last now.
func fill(t testing.TB, s *server, series int, now time.Time) {
	t.Helper()
	for at := range 20 {
		app := s.db(wsA).Appender(t.Context())
		when := now.Add(time.Duration(at-19) * 15 * time.Second).UnixMilli()
		for i := range series {
			_, err := app.Append(0, labels.FromStrings(
				"__name__", "http_requests_total", "job", "app", "namespace", "demo", "pod", fmt.Sprintf("app-%07d", i),
			), when, float64(at*i))
			require.NoError(t, err)
		}
		require.NoError(t, app.Commit())
	}
}
