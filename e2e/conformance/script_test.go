package conformance

import (
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestScripts holds scripts to what makes a comparison with the oracle worth
// something: the queries come to a result, those that are to be empty do not,
// and all functions and aggregations that are no experiments occur.
func TestScripts(t *testing.T) {
	now := time.Date(2026, 2, 3, 4, 5, 6, 7e6, time.UTC)
	missing := make(map[string]bool)
	for name, f := range parser.Functions {
		missing[name] = !f.Experimental
	}
	for item, name := range parser.ItemTypeStr {
		missing[name] = missing[name] || item.IsAggregator() && !item.IsExperimentalAggregator()
	}
	for _, s := range scripts() {
		p, err := s.perform(now, "test")
		require.NoError(t, err, s.id)
		require.NotEmpty(t, s.queries, s.id)
		for i, q := range p.queries {
			expr, err := plain().ParseExpr(q)
			require.NoError(t, err, q)
			parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
				switch n := node.(type) {
				case *parser.Call:
					missing[n.Func.Name] = false
				case *parser.AggregateExpr:
					missing[n.Op.String()] = false
				}
				return nil
			})
			got, err := p.oracle.instant(t.Context(), q, p.at)
			require.NoError(t, err, q)
			assert.Equal(t, i >= len(s.queries), nothing(got), "%s: %s comes to %s", s.id, q, got)
			got, err = p.oracle.ranged(t.Context(), q, p.start, p.end, scriptStep)
			require.NoError(t, err, q)
			if i < len(s.queries) {
				assert.False(t, nothing(got), "%s: %s comes to nothing over the range", s.id, q)
			}
		}
	}
	for name, yes := range missing {
		assert.False(t, yes, "no script has %s", name)
	}
}

func nothing(v model.Value) bool {
	switch v := v.(type) {
	case model.Vector:
		return len(v) == 0
	case model.Matrix:
		return len(v) == 0
	default:
		return false
	}
}

// TestSameValue shows that every part of a result counts.
func TestSameValue(t *testing.T) {
	vector := func(change func(*model.Sample)) model.Vector {
		s := &model.Sample{
			Metric: model.Metric{"a": "b"}, Value: 1, Timestamp: 2,
			Histogram: &model.SampleHistogram{Count: 3, Sum: 4, Buckets: model.HistogramBuckets{{Boundaries: 1, Lower: 1, Upper: 2, Count: 3}}},
		}
		change(s)
		return model.Vector{s, {Metric: model.Metric{"a": "c"}}}
	}
	stay := func(*model.Sample) {}
	require.NoError(t, sameValue(vector(stay), vector(func(s *model.Sample) { s.Value += 1e-10 }), true))
	for name, change := range map[string]func(*model.Sample){
		"label": func(s *model.Sample) { s.Metric["a"] = "x" },
		"value": func(s *model.Sample) { s.Value += 1e-8 },
		"NaN": func(s *model.Sample) {
			s.Value = model.SampleValue(model.FloatString(0) / model.FloatString(float64(len(s.Metric)-1)))
		},
		"time":       func(s *model.Sample) { s.Timestamp++ },
		"none":       func(s *model.Sample) { s.Histogram = nil },
		"count":      func(s *model.Sample) { s.Histogram.Count++ },
		"sum":        func(s *model.Sample) { s.Histogram.Sum++ },
		"boundaries": func(s *model.Sample) { s.Histogram.Buckets[0].Boundaries++ },
		"upper":      func(s *model.Sample) { s.Histogram.Buckets[0].Upper++ },
	} {
		require.Error(t, sameValue(vector(stay), vector(change), false), name)
	}
	turned := vector(stay)
	turned[0], turned[1] = turned[1], turned[0]
	require.NoError(t, sameValue(vector(stay), turned, false))
	require.Error(t, sameValue(vector(stay), turned, true))
	require.Error(t, sameValue(vector(stay), vector(stay)[:1], false))
	require.Error(t, sameValue(&model.Scalar{Value: 1}, vector(stay), false))
}
