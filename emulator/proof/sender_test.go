package proof

import (
	"context"
	"fmt"
	"math/rand"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	remoteapi "github.com/prometheus/client_golang/exp/api/remote"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator"
)

// TestPrometheusSends lets Prometheus' own scraper, WAL, watcher and queues send
// to a workspace, set up by a prometheus.yml. In the end the workspace holds
// what Prometheus' own TSDB holds, and the metadata of what was scraped.
func TestPrometheusSends(t *testing.T) {
	t.Parallel()
	tests := map[remoteapi.WriteMessageType]struct {
		all string // selects what this protocol carries
	}{
		// Prometheus drops histograms with custom buckets before it sends 1.0.
		remoteapi.WriteV1MessageType: {`{__name__=~".+", __name__!="custom_seconds"}`},
		remoteapi.WriteV2MessageType: {`{__name__=~".+"}`},
	}
	for message, tt := range tests {
		t.Run(string(message), func(t *testing.T) {
			t.Parallel()
			ws := start(t, emulator.Config{Quotas: map[string]string{"query-tps": "unlimited", "metadata-tps": "unlimited"}}).workspace(t)
			app := startApp(t)
			p := startProm(t, ws, string(message), app.address)

			// The watcher sends what is newer than its own start, so these samples
			// are of the minutes that AMP takes in advance.
			const ahead = 8 * time.Minute
			end := time.Now().Add(30*time.Second + ahead)
			data := (&generator{rand.New(rand.NewSource(1)), end, ahead}).series()
			require.NoError(t, p.write(t.Context(), data))
			query := fmt.Sprintf("%s[%dms]", tt.all, 2*ahead.Milliseconds())
			p.arrives(t, ws, query, end)
			_, _, marks := extent(data)
			for at, gone := range marks {
				require.NoError(t, ws.verifyGone(t.Context(), at, gone))
			}

			before := app.scrapes.Load()
			stop := p.scrape(t)
			require.Eventually(t, func() bool { return app.scrapes.Load() >= before+5 }, 30*time.Second, 20*time.Millisecond)
			require.EventuallyWithT(t, func(c *assert.CollectT) {
				got, err := ws.get(t.Context(), "/api/v1/metadata", url.Values{"metric": {"app_seconds"}})
				require.NoError(c, err)
				assert.JSONEq(c, `{"status":"success","data":{"app_seconds":[{"type":"histogram","help":"How long it took.","unit":""}]}}`, string(got.body))
			}, 30*time.Second, 50*time.Millisecond)
			stop()
			p.arrives(t, ws, query, end)
			p.arrives(t, ws, `count({job="app"}) by (__name__)`, time.Now())
		})
	}
}

// arrives waits until the workspace answers as the TSDB of the sender does.
func (p *prom) arrives(t *testing.T, ws *space, query string, at time.Time) {
	t.Helper()
	want, err := p.content(t.Context(), query, at)
	require.NoError(t, err)
	require.NotRegexp(t, nothing, string(want), "something was there to send")
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		p.remote.Notify() // what was written before the watcher listened would wait 15 s for the next sample
		got, err := ws.instant(t.Context(), query, at.UnixMilli())
		require.NoError(c, err)
		assert.NoError(c, sameAnswer(want, got.body))
	}, 30*time.Second, 50*time.Millisecond)
}

// get asks by GET, for what knows no other method.
func (s *space) get(ctx context.Context, path string, params url.Values) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.QueryURL+path+"?"+params.Encode(), http.NoBody)
	if err != nil {
		return answer{}, fmt.Errorf("make request: %w", err)
	}
	return do(s.http, req)
}

// app is an application with metrics of every kind.
type app struct {
	address string
	scrapes atomic.Int64
}

func startApp(t *testing.T) *app {
	t.Helper()
	registry := prometheus.NewRegistry()
	calls := prometheus.NewCounter(prometheus.CounterOpts{Name: "app_calls_total", Help: "Calls."})
	depth := prometheus.NewGauge(prometheus.GaugeOpts{Name: "app_depth", Help: "Depth."})
	took := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "app_seconds", Help: "How long it took.",
		Buckets: prometheus.DefBuckets, NativeHistogramBucketFactor: 1.1,
	})
	registry.MustRegister(calls, depth, took)
	a := &app{}
	page := promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := float64(a.scrapes.Add(1))
		calls.Inc()
		depth.Set(-n)
		took.Observe(n / 7)
		page.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	a.address = server.Listener.Addr().String()
	return a
}
