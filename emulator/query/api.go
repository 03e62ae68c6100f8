// Package query serves the Prometheus HTTP API of one workspace, as much of it
// as AMP offers: query, query_range, series, labels, label values, metadata.
//
// The work is done by Prometheus' engine and its web/api/v1. What is here
// chooses the routes, hands them the workspace's samples, and turns errors into
// the form of the Cortex behind AMP. Rules, alerts and everything else of
// web/api/v1 is not reachable through it.
package query

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	v1 "github.com/prometheus/prometheus/web/api/v1"

	"github.com/ampersand-amp/ampersand/emulator/expression"
	"github.com/ampersand-amp/ampersand/emulator/quota"
	"github.com/ampersand-amp/ampersand/emulator/storage"
)

// defaultSubqueryStep is the step of a subquery that names none: the default
// evaluation interval of Cortex. [C] querier.default-evaluation-interval
const defaultSubqueryStep = time.Minute

// Config sets up an API. The zero value has AMP's limits.
type Config struct {
	// Quotas limit what a query may take and read. They are read anew for each
	// query. Nil is AMP's defaults.
	Quotas *quota.Set
	// AlignRangeToStep rounds start and end of query_range down to multiples of
	// the step, as Cortex' frontend does with align_queries_with_step [C].
	// AMP's documented sample shows it: start=1652382537 with step=1000 answers
	// with points from 1652382000 on. [D] UG:AMP-stats. Plain Prometheus does
	// not align, so comparing with it needs this to be false.
	AlignRangeToStep bool
	// Lookback is how far back an instant selector looks. Zero is 5 min.
	Lookback time.Duration
	// Logger takes what goes wrong inside; nil is silent.
	Logger *slog.Logger
	// Registerer takes the engine's metrics; nil drops them.
	Registerer prometheus.Registerer
	// Now is the time of an instant query that names none; nil is time.Now.
	Now func() time.Time
}

// API answers queries for all workspaces. Its methods may be called
// concurrently.
type API struct {
	quotas  *quota.Set
	engines *engines
	align   bool
	now     func() time.Time
	gzip    func(http.Handler) http.HandlerFunc
	base    func() *v1.API

	mu       sync.Mutex
	handlers map[*storage.DB]http.Handler
}

// New returns an API. It starts no goroutine.
func New(c Config) *API {
	if c.Quotas == nil {
		c.Quotas = quota.New()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	// Small answers too: AMP's documented samples are gzip. [D] amp-api.md 1.2
	gzip, err := gzhttp.NewWrapper(gzhttp.MinSize(0), gzhttp.EnableZstd(false))
	if err != nil {
		panic(fmt.Sprintf("query: gzip options: %v", err)) // they are constants
	}
	// Experimental functions are off. [C] querier.enable-promql-experimental-functions
	promParser := expression.NewParser()
	engines := newEngines(promql.EngineOpts{
		Logger:                   c.Logger,
		Reg:                      c.Registerer,
		LookbackDelta:            c.Lookback,
		NoStepSubqueryIntervalFn: func(int64) int64 { return defaultSubqueryStep.Milliseconds() },
		EnableAtModifier:         true,
		EnableNegativeOffset:     true,
		// stats=all has totalQueryableSamplesPerStep. [D] UG:AMP-stats
		EnablePerStepStats: true,
		Parser:             promParser,
	}, c.Quotas)
	engines.get() // its metrics are there from the start
	return &API{
		quotas:   c.Quotas,
		engines:  engines,
		align:    c.AlignRangeToStep,
		now:      c.Now,
		gzip:     gzip,
		base:     sync.OnceValue(func() *v1.API { return newBase(promParser, c.Logger) }),
		handlers: make(map[*storage.DB]http.Handler),
	}
}

// Close gives the engine free. Handlers must not be used afterwards.
func (a *API) Close() error {
	if err := a.engines.close(); err != nil {
		return fmt.Errorf("close query engine: %w", err)
	}
	return nil
}

// Engine returns the engine with the duration and the samples that the quotas
// allow now. Ask for it for each evaluation. The quotas on what a query reads
// are not the engine's; Handler has them.
func (a *API) Engine() *promql.Engine { return a.engines.get() }

// Handler returns the HTTP API of a workspace. In the requests it serves,
// URL.Path is the part after /api/v1, such as "/query" or "/label/job/values".
// The same handler is returned for the same DB, so calling it for every request
// is fine.
func (a *API) Handler(db *storage.DB) http.Handler {
	a.mu.Lock()
	defer a.mu.Unlock()
	if h, ok := a.handlers[db]; ok {
		return h
	}
	for old := range a.handlers {
		if old.Err() != nil {
			delete(a.handlers, old)
		}
	}
	h := a.gzip(a.newWorkspace(db))
	a.handlers[db] = h
	return h
}

// newBase makes the Prometheus API that all workspaces' APIs are copies of,
// with nil for every part that no route leads to.
//
// NewAPI renders an OpenAPI document that nobody here is served: some 60 ms and
// 40 MB of garbage. So it runs once, not once a workspace, not before the first
// query, and the memory goes back at once instead of with later collections.
func newBase(p parser.Parser, log *slog.Logger) *v1.API {
	defer debug.FreeOSMemory()
	always := func(h http.HandlerFunc) http.HandlerFunc { return h }
	return v1.NewAPI(
		nil, nil, // engine and queryable: set in each copy
		nil, nil, nil, // appendables, exemplars
		nil, nil, nil, // scrape pools, targets, alertmanagers
		func() config.Config { return config.Config{} },
		nil, // flags
		v1.GlobalURLOptions{},
		always,
		nil, "", false, // TSDB administration
		false, 0, // search
		log,
		nil,     // rules
		0, 1, 0, // remote read: routed nowhere
		false, // agent
		nil,   // CORS: the Origin header does not reach it
		nil, nil, nil, nil,
		nil, nil, // gatherer, registerer
		renderStats,
		false, nil, false, // remote write, OTLP
		false, false, false,
		0, false, false,
		nil, nil,
		v1.OpenAPIOptions{IncludePaths: []string{"none"}},
		p,
	)
}
