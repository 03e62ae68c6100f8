package conformance

const (
	// loadRequests are counters, one of which restarts.
	loadRequests = `
requests_total{job="api",instance="0",zone="a"} 0+10x20
requests_total{job="api",instance="1",zone="b"} 0+20x20
requests_total{job="web",instance="0",zone="a"} 0+30x9 5+30x10
requests_total{job="web",instance="1",zone="b"} 100+7x20
`
	// loadHeat are gauges, one with a gap and one with values that are none.
	loadHeat = `
heat{room="a",floor="1"} 1 4 9 16 25 36 25 16 9 4 1 -4 -9 -16 -25 -16 -9 -4 -1 2 5
heat{room="b",floor="1"} 20 20 20 21 21 21 _ _ _ 22 22 23 23 23 23 24.5 24.5 24.5 25 25 25.25
heat{room="c",floor="2"} -3+0.25x20
heat{room="d",floor="2"} 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7
`
	// loadStrange are values that are no numbers, or none that end.
	loadStrange = `
strange{is="nan"} NaN+0x20
strange{is="plus"} Inf+0x20
strange{is="minus"} -Inf+0x20
strange{is="number"} 3+1x20
`
)

func aggregationScripts() []script {
	return []script{
		{id: "aggregation.sum", about: "sum adds up all series of a group", source: "operators#aggregation-operators", load: loadRequests,
			queries: []string{"sum(requests_total)", "sum by (job) (requests_total)", "sum by (job, zone) (requests_total)"}},
		{id: "aggregation.avg", about: "avg is the mean of a group", source: "operators#aggregation-operators", load: loadHeat,
			queries: []string{"avg(heat)", "avg by (floor) (heat)"}},
		{id: "aggregation.min-max", about: "min and max are a group's least and greatest value", source: "operators#aggregation-operators", load: loadHeat,
			queries: []string{"min(heat)", "max(heat)", "min by (floor) (heat)", "max by (floor) (heat)"}},
		{id: "aggregation.nan", about: "min and max leave NaN out, sum does not", source: "operators#aggregation-operators", load: loadStrange,
			queries: []string{"min(strange)", "max(strange)", `sum(strange{is=~"nan|number"})`, `min(strange{is="nan"})`}},
		{id: "aggregation.count", about: "count counts series, whatever their values", source: "operators#aggregation-operators", load: loadRequests,
			queries: []string{"count(requests_total)", "count by (zone) (requests_total)"}, empty: []string{"count(requests_total > 1e9)"}},
		{id: "aggregation.group", about: "group is 1 for each group", source: "operators#aggregation-operators", load: loadRequests,
			queries: []string{"group(requests_total)", "group by (instance) (requests_total)"}},
		{id: "aggregation.count-values", about: "count_values counts the series of each value, in a label", source: "operators#aggregation-operators",
			load:    "version{i=\"0\"} 7x20\nversion{i=\"1\"} 7x20\nversion{i=\"2\"} 8.5x20\n",
			queries: []string{`count_values("v", version)`, `count_values by (i) ("v", version)`}},
		{id: "aggregation.quantile", about: "quantile interpolates between a group's values", source: "operators#aggregation-operators", load: loadHeat,
			queries: []string{"quantile(0.5, heat)", "quantile by (floor) (0.9, heat)", "quantile(0, heat)", "quantile(1, heat)"}},
		{id: "aggregation.quantile-outside", about: "quantile below 0 and above 1 is infinite", source: "operators#aggregation-operators", load: loadHeat,
			queries: []string{"quantile(-0.1, heat)", "quantile(1.1, heat)", "quantile(NaN, heat)"}},
		{id: "aggregation.spread", about: "stddev and stdvar are those of a whole population", source: "operators#aggregation-operators", load: loadHeat,
			queries: []string{"stddev(heat)", "stdvar(heat)", "stddev by (floor) (heat)", "stdvar by (floor) (heat)"}},
		{id: "aggregation.topk", about: "topk and bottomk keep the series with all their labels", source: "operators#aggregation-operators", load: loadHeat,
			queries: []string{"topk(2, heat)", "bottomk(1, heat)", "topk by (floor) (1, heat)", "bottomk(100, heat)"},
			empty:   []string{"topk(0, heat)"}},
		{id: "aggregation.topk-order", about: "topk and bottomk of an instant are in order", source: "operators#aggregation-operators", load: loadHeat, sorted: true,
			queries: []string{"topk(4, heat)", "bottomk(4, heat)"}},
		{id: "aggregation.without", about: "without groups by all other labels", source: "operators#aggregation-operators", load: loadRequests,
			queries: []string{"sum without (instance) (requests_total)", "max without (instance, zone) (requests_total)", "avg without () (requests_total)"}},
		{id: "aggregation.by-missing", about: "a label that no series has groups as an empty one", source: "operators#aggregation-operators", load: loadRequests,
			queries: []string{"sum by (nonesuch) (requests_total)", "sum by (job, nonesuch) (requests_total)", "sum by () (requests_total)"}},
		{id: "aggregation.nested", about: "aggregations are aggregated again", source: "operators#aggregation-operators", load: loadRequests,
			queries: []string{"max(sum by (job) (rate(requests_total[1m])))", "count(count by (job, zone) (requests_total))"}},
	}
}
