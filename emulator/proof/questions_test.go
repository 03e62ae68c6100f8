package proof

import (
	"maps"
	"math/rand"
	"net/url"
	"slices"
	"strings"

	"github.com/cortexproject/promqlsmith"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// questions makes random requests.
type questions struct {
	rnd   *rand.Rand
	end   int64 // of the samples
	smith *promqlsmith.PromQLSmith
}

func newQuestions(rnd *rand.Rand, end int64, data []series) *questions {
	var all []labels.Labels
	for _, one := range data {
		if one.labels.Get(labels.BucketLabel) != "+Inf" { // the smith makes regular expressions of values as they are
			all = append(all, one.labels)
		}
	}
	return &questions{rnd, end, promqlsmith.New(rnd, all,
		promqlsmith.WithEnableOffset(true), promqlsmith.WithEnableAtModifier(true),
		promqlsmith.WithEnableVectorMatching(true), promqlsmith.WithAtModifierMaxTimestamp(end),
		promqlsmith.WithEnabledFunctions(functions()), promqlsmith.WithEnabledAggrs(aggregations()),
		promqlsmith.WithMaxDepth(4))}
}

// functions are those that AMP has. holt_winters is what the smith adds to
// Prometheus' table for the sake of old servers.
func functions() []*parser.Function {
	var out []*parser.Function
	for _, name := range slices.Sorted(maps.Keys(parser.Functions)) {
		if f := parser.Functions[name]; !f.Experimental && name != "holt_winters" {
			out = append(out, f)
		}
	}
	return out
}

// aggregations are all but topk and bottomk, which choose among equals by
// chance. promqltest's suite has them.
func aggregations() []parser.ItemType {
	return []parser.ItemType{
		parser.SUM, parser.MIN, parser.MAX, parser.AVG, parser.COUNT, parser.GROUP,
		parser.STDDEV, parser.STDVAR, parser.QUANTILE, parser.COUNT_VALUES,
	}
}

// next makes a request: mostly queries, and now and then a look at the series.
func (q *questions) next() (path string, form url.Values) {
	at := q.end - q.rnd.Int63n(span.Milliseconds())
	switch q.rnd.Intn(10) {
	case 0:
		var matchers []string
		for _, m := range q.smith.WalkSelectors() {
			matchers = append(matchers, m.String())
		}
		paths := []string{"/api/v1/series", "/api/v1/labels"}
		return paths[q.rnd.Intn(len(paths))], url.Values{
			"match[]": {"{" + strings.Join(matchers, ",") + "}"}, "start": {seconds(at)}, "end": {seconds(q.end)},
		}
	case 1, 2, 3:
		return "/api/v1/query_range", url.Values{
			"query": {q.smith.WalkRangeQuery().String()},
			"start": {seconds(at)}, "end": {seconds(q.end + q.rnd.Int63n(600_000))},
			"step": {millis(5000 + q.rnd.Int63n(300_000))},
		}
	default:
		return "/api/v1/query", url.Values{"query": {q.smith.WalkInstantQuery().String()}, "time": {seconds(at)}}
	}
}
