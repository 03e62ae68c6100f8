//go:build clients

package clients

import (
	"math"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// sample is what the senders scrape besides themselves and the emulator: one series of each kind that there is, and one
// that comes and goes.
type sample struct {
	up, visits *prometheus.Desc
	requests   prometheus.Counter
	classic    prometheus.Histogram
	native     prometheus.Histogram
	summary    prometheus.Summary
}

// newTarget serves the metrics and returns the address.
func newTarget(t *testing.T) string {
	t.Helper()
	s := &sample{
		up:       prometheus.NewDesc("sample_value", "Values that are easily lost.", []string{"kind"}, nil),
		visits:   prometheus.NewDesc("sample_visitor", "There for four seconds, away for four.", nil, nil),
		requests: prometheus.NewCounter(prometheus.CounterOpts{Name: "sample_requests_total", Help: `Requests, "quoted" and \ back.`}),
		classic: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "sample_classic_seconds", Help: "A classic histogram.", Buckets: []float64{.1, 1, 10}}),
		native: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "sample_native_seconds", Help: "A native histogram.", NativeHistogramBucketFactor: 1.1}),
		summary: prometheus.NewSummary(prometheus.SummaryOpts{
			Name: "sample_summary_seconds", Help: "A summary.", Objectives: map[float64]float64{.5: .05, .9: .01}}),
	}
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(s)
	server := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// Describe implements prometheus.Collector.
func (s *sample) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{s.up, s.visits, s.requests.Desc(), s.classic.Desc(), s.native.Desc(), s.summary.Desc()} {
		ch <- d
	}
}

// Collect implements prometheus.Collector. Everything moves a little each time.
func (s *sample) Collect(ch chan<- prometheus.Metric) {
	now := time.Now()
	observed := 1 + math.Sin(float64(now.UnixMilli()))
	trace := prometheus.Labels{"trace_id": now.Format("150405.000")}
	s.requests.(prometheus.ExemplarAdder).AddWithExemplar(1, trace)
	for _, h := range []prometheus.Observer{s.classic, s.native} {
		h.(prometheus.ExemplarObserver).ObserveWithExemplar(observed, trace)
	}
	s.summary.Observe(observed)
	for _, m := range []prometheus.Metric{s.requests, s.classic, s.native, s.summary} {
		ch <- m
	}
	for kind, value := range map[string]float64{
		"time": float64(now.UnixNano()) / 1e9, "none": math.NaN(), "most": math.Inf(1), "least": math.Inf(-1),
		"smallest": math.SmallestNonzeroFloat64, "third": 1. / 3, // a negative zero loses its sign in remote write [M Prometheus 3.14]
	} {
		ch <- prometheus.MustNewConstMetric(s.up, prometheus.GaugeValue, value, kind)
	}
	if now.Unix()/4%2 == 0 {
		ch <- prometheus.MustNewConstMetric(s.visits, prometheus.GaugeValue, 1)
	}
}
