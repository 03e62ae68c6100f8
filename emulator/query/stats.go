package query

import (
	"context"

	"github.com/prometheus/prometheus/util/stats"
)

// queryStats is data.stats. AMP's documented answer to query has timings and two
// members of samples, that to query_range only the latter: a frontend merges it
// from parts. [D] UG:AMP-stats. Prometheus' peakSamples and samplesRead are not
// in them and left out.
type queryStats struct {
	all     stats.QueryStats
	Timings any          `json:"timings,omitempty"`
	Samples *sampleStats `json:"samples,omitempty"`
}

type sampleStats struct {
	Total int64 `json:"totalQueryableSamples"`
	Steps any   `json:"totalQueryableSamplesPerStep,omitempty"`
}

// Builtin implements stats.QueryStats.
func (s *queryStats) Builtin() stats.BuiltinStats { return s.all.Builtin() }

// renderStats implements v1.StatsRenderer. Documented is stats=all [D]; any
// other value leaves the steps out, as in Cortex [C].
func renderStats(ctx context.Context, s *stats.Statistics, param string) stats.QueryStats {
	if param == "" {
		return nil
	}
	out := &queryStats{all: stats.NewQueryStats(s)}
	builtin := out.all.Builtin()
	if !callOf(ctx).ranged {
		out.Timings = builtin.Timings
	}
	if samples := builtin.Samples; samples != nil {
		out.Samples = &sampleStats{Total: samples.TotalQueryableSamples}
		if steps := samples.TotalQueryableSamplesPerStep; len(steps) > 0 {
			out.Samples.Steps = steps
		}
	}
	return out
}
