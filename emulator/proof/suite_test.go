package proof

import (
	"path"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator"
)

// atLeast is the part of promqltest's evals, those for experimental features
// apart, that the emulator must answer as promqltest expects.
const atLeast = 0.9

// TestPromQLSuite runs promqltest's built-in suite through remote write and the
// HTTP API. Each load is written to a workspace and read back; each eval, in all
// the forms that promqltest gives it, is asked of the workspace.
func TestPromQLSuite(t *testing.T) {
	exprs, err := promqltest.GetBuiltInExprs()
	require.NoError(t, err)
	t.Parallel()
	ledger := newLedger(exprs, exceptions())
	engine := &suiteEngine{
		amp:    promqltest.NewTestEngineWithOpts(t, ampOptions()),
		full:   promqltest.NewTestEngine(t, false, 0, promqltest.DefaultMaxSamplesPerQuery),
		ledger: ledger,
	}
	r := start(t, suiteConfig())
	promqltest.RunBuiltinTestsWithStorage(t, engine, func(t testing.TB) storage.Storage {
		return newSuiteStorage(t, r, path.Base(t.Name()))
	})
	if !t.Failed() {
		ledger.check(t)
	}
}

// century is longer than any sample here is old.
const century = 100 * 365 * 24 * time.Hour

// suiteConfig is an emulator for samples that are at the beginning of 1970 and
// come in any order.
func suiteConfig() emulator.Config {
	return emulator.Config{
		Retention: century, OutOfOrderWindow: century,
		NoRangeAlignment: true, // Prometheus and its suite do not align
		Quotas: map[string]string{
			"workspaces": "unlimited", "sample-age": "unlimited", "sample-future": "unlimited",
			"query-tps": "unlimited", "query-range": "unlimited",
		},
	}
}

// ampOptions are the options that Cortex gives its engine [C], as the emulator
// has them.
func ampOptions() promql.EngineOpts {
	return promql.EngineOpts{
		MaxSamples: 50_000_000, Timeout: time.Minute,
		EnableAtModifier: true, EnableNegativeOffset: true, EnablePerStepStats: true,
		NoStepSubqueryIntervalFn: func(int64) int64 { return time.Minute.Milliseconds() },
		Parser:                   parser.NewParser(parser.Options{}),
	}
}
