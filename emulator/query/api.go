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

	"github.com/ampersand-amp/ampersand/emulator/storage"
)

const (
	defaultTimeout    = time.Minute
	defaultMaxSamples = 50_000_000
)

// Config sets up an API. The zero value has AMP's limits.
type Config struct {
	// Timeout ends a query's evaluation. Zero is 1 min. [D] amp-api.md 3.
	Timeout time.Duration
	// MaxSamples is how many samples one query may hold. Zero is 50 million.
	// [O] amp-api.md 3, L-D01F3F3F.
	MaxSamples int
	// Lookback is how far back an instant selector looks. Zero is 5 min.
	Lookback time.Duration
	// Logger takes what goes wrong inside; nil is silent.
	Logger *slog.Logger
	// Registerer takes the engine's metrics; nil drops them.
	Registerer prometheus.Registerer
	// Now is the time of an instant query that names none; nil is time.Now.
	Now func() time.Time
}

// API answers queries for all workspaces with one engine. Its methods may be
// called concurrently.
type API struct {
	engine *promql.Engine
	now    func() time.Time
	gzip   func(http.Handler) http.HandlerFunc
	base   func() *v1.API

	mu       sync.Mutex
	handlers map[*storage.DB]http.Handler
}

// New returns an API. It starts no goroutine.
func New(c Config) *API {
	if c.Timeout <= 0 {
		c.Timeout = defaultTimeout
	}
	if c.MaxSamples <= 0 {
		c.MaxSamples = defaultMaxSamples
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
	promParser := parser.NewParser(parser.Options{})
	engine := promql.NewEngine(promql.EngineOpts{
		Logger:        c.Logger,
		Reg:           c.Registerer,
		MaxSamples:    c.MaxSamples,
		Timeout:       c.Timeout,
		LookbackDelta: c.Lookback,
		// A subquery without a step takes the default evaluation interval of
		// Cortex. [C] querier.default-evaluation-interval
		NoStepSubqueryIntervalFn: func(int64) int64 { return time.Minute.Milliseconds() },
		EnableAtModifier:         true,
		EnableNegativeOffset:     true,
		// stats=all has totalQueryableSamplesPerStep. [D] UG:AMP-stats
		EnablePerStepStats: true,
		Parser:             promParser,
	})
	return &API{
		engine:   engine,
		now:      c.Now,
		gzip:     gzip,
		base:     sync.OnceValue(func() *v1.API { return newBase(engine, promParser, c.Logger) }),
		handlers: make(map[*storage.DB]http.Handler),
	}
}

// Close gives the engine free. Handlers must not be used afterwards.
func (a *API) Close() error {
	if err := a.engine.Close(); err != nil {
		return fmt.Errorf("close query engine: %w", err)
	}
	return nil
}

// Engine returns the engine that answers the queries.
func (a *API) Engine() *promql.Engine { return a.engine }

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
func newBase(engine *promql.Engine, p parser.Parser, log *slog.Logger) *v1.API {
	defer debug.FreeOSMemory()
	always := func(h http.HandlerFunc) http.HandlerFunc { return h }
	return v1.NewAPI(
		engine,
		nil,           // queryable: set in each copy
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
		nil,               // default stats renderer
		false, nil, false, // remote write, OTLP
		false, false, false,
		0, false, false,
		nil, nil,
		v1.OpenAPIOptions{IncludePaths: []string{"none"}},
		p,
	)
}
