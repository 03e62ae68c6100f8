package emulator

import (
	"maps"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/ampersand-amp/ampersand/emulator/storage"
)

// metrics are the emulator's own, in a registry of their own: what another
// package registers globally does not show up here, and two servers in one
// process do not meet.
type metrics struct {
	registry  *prometheus.Registry
	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	refusals  *prometheus.CounterVec
	ingested  *prometheus.CounterVec
	discarded *prometheus.CounterVec
	faults    *prometheus.CounterVec
	heads     *headCollector
}

func newMetrics(version, revision string) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ampersand_requests_total",
			Help: "Requests answered, by route and status code.",
		}, []string{"route", "status"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "ampersand_request_duration_seconds",
			Help:    "Time from the end of a request's headers to the end of its answer, by route.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 4, 9), // 0.5 ms to 33 s
		}, []string{"route"}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ampersand_refusals_total",
			Help: "Requests that were not accepted, by reason.",
		}, []string{"reason"}),
		ingested: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ampersand_ingested_samples_total",
			Help: "Samples of remote write requests that were stored, by workspace.",
		}, []string{"workspace"}),
		discarded: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ampersand_discarded_samples_total",
			Help: "Samples of remote write requests that were not stored, by workspace and reason.",
		}, []string{"workspace", "reason"}),
		faults: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ampersand_faults_total",
			Help: "Requests that a fault rule changed, by rule and effect.",
		}, []string{"rule", "effect"}),
		heads: newHeadCollector(),
	}
	built := prometheus.Labels{"version": version}
	if revision != "" {
		built["revision"] = revision
	}
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "ampersand_build_info",
		Help:        "Always 1; the labels say which version runs.",
		ConstLabels: built,
	})
	info.Set(1)
	m.registry.MustRegister(info, m.requests, m.durations, m.refusals, m.ingested, m.discarded, m.faults, m.heads,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// forget drops the series of a workspace that is deleted.
func (m *metrics) forget(workspaceID string) {
	m.ingested.DeleteLabelValues(workspaceID)
	m.discarded.DeletePartialMatch(prometheus.Labels{"workspace": workspaceID})
}

func (m *metrics) observe(route string, status int, reason string, took time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	m.durations.WithLabelValues(route).Observe(took.Seconds())
	if reason != "" {
		m.refusals.WithLabelValues(reason).Inc()
	}
}

// headCollector reports the series in memory of every workspace whose samples
// were opened since the start. It opens none itself.
type headCollector struct {
	desc *prometheus.Desc

	mu  sync.Mutex
	dbs map[string]*storage.DB
}

func newHeadCollector() *headCollector {
	return &headCollector{
		desc: prometheus.NewDesc("ampersand_workspace_head_series",
			"Series in memory, by workspace, of the workspaces used since the start.", []string{"workspace"}, nil),
		dbs: map[string]*storage.DB{},
	}
}

func (c *headCollector) track(db *storage.DB) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dbs[db.ID()] == db {
		return
	}
	c.dbs[db.ID()] = db
	c.forget() // here too, because nobody may ever scrape
}

// forget drops deleted workspaces, whose samples in memory would stay with them.
func (c *headCollector) forget() {
	maps.DeleteFunc(c.dbs, func(_ string, db *storage.DB) bool { return db.Err() != nil })
}

// series returns the number of series in memory of a workspace; ok is false if its
// samples were not opened since the start.
func (c *headCollector) series(workspaceID string) (n uint64, ok bool) {
	c.mu.Lock()
	db := c.dbs[workspaceID]
	c.mu.Unlock()
	if db == nil || db.Err() != nil {
		return 0, false
	}
	return db.Stats().Series, true
}

// Describe implements prometheus.Collector.
func (c *headCollector) Describe(ch chan<- *prometheus.Desc) { ch <- c.desc }

// Collect implements prometheus.Collector.
func (c *headCollector) Collect(ch chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget()
	for id, db := range c.dbs {
		ch <- prometheus.MustNewConstMetric(c.desc, prometheus.GaugeValue, float64(db.Stats().Series), id)
	}
}
