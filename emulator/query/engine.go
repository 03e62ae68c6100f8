package query

import (
	"errors"
	"math"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/promql"

	"github.com/ampersand-amp/ampersand/emulator/quota"
)

// unlimitedTime is the evaluation time of a query while the quota is unlimited.
const unlimitedTime = 100 * 365 * 24 * time.Hour

// engines hands out the engine that has the quotas in force. An engine's limits
// cannot be changed, but making one costs microseconds, so a new one is made
// when a quota has changed. Queries that run finish on the engine they began on;
// without a query tracker an engine holds nothing that would have to be closed.
type engines struct {
	opts   promql.EngineOpts // Timeout and MaxSamples are those of current
	quotas *quota.Set

	mu      sync.Mutex
	current *promql.Engine
}

func newEngines(opts promql.EngineOpts, quotas *quota.Set) *engines {
	if opts.Reg != nil {
		opts.Reg = replacing{opts.Reg}
	}
	return &engines{opts: opts, quotas: quotas}
}

func (e *engines) get() *promql.Engine {
	timeout, samples := e.quotas.Duration(quota.QueryDuration), e.quotas.Int(quota.QuerySamples)
	if timeout < 0 {
		timeout = unlimitedTime
	}
	if samples < 0 {
		samples = math.MaxInt
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.current == nil || e.opts.Timeout != timeout || e.opts.MaxSamples != samples {
		e.opts.Timeout, e.opts.MaxSamples = timeout, samples
		e.current = promql.NewEngine(e.opts)
	}
	return e.current
}

func (e *engines) close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.current.Close()
}

// replacing registers the metrics of a new engine in place of the old one's,
// which then begin at zero, as after a restart.
type replacing struct{ prometheus.Registerer }

// MustRegister implements prometheus.Registerer.
func (r replacing) MustRegister(collectors ...prometheus.Collector) {
	for _, c := range collectors {
		var old prometheus.AlreadyRegisteredError
		if errors.As(r.Register(c), &old) {
			r.Unregister(old.ExistingCollector)
			r.Registerer.MustRegister(c)
		}
	}
}
