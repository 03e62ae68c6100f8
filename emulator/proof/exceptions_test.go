package proof

import "slices"

// exceptions are the evals that the emulator, set up as AMP, cannot have as
// promqltest expects them, by file and expression. promqltest switches on what
// is off in Prometheus and in Cortex unless one asks for it. Queries that do
// not even parse without it are no exceptions of this table: see experimental.
func exceptions() []*exception {
	return slices.Concat(
		because("names are removed at once, not at a query's end: Cortex does not set EnableDelayedNameRemoval [C]", nameRemoval()),
		because("remote write 1.0 has no start timestamps, and Cortex does not set UseStartTimestamps [C]", startTimestamps()),
	)
}

func because(why string, evals map[string][]string) []*exception {
	var out []*exception
	for file, exprs := range evals {
		for _, expr := range exprs {
			out = append(out, &exception{file: file, expr: expr, why: why})
		}
	}
	return out
}

func nameRemoval() map[string][]string {
	return map[string][]string{
		"histograms.test": {
			`histogram_quantile(0.8, series)`,
			`histogram_fraction(-Inf, 1, series)`,
		},
		"name_label_dropping.test": {
			`label_replace(rate({env="1"}[10m]), "my_name", "rate_$1", "__name__", "(.+)")`,
			`label_replace(rate({env="1"}[10m]), "__name__", "rate_$1", "__name__", "(.+)")`,
			`label_join(rate({env="1"}[10m]), "my_name", "_", "__name__")`,
			`label_join(rate({env="1"}[10m]), "__name__", "_", "__name__", "env")`,
			`sum(rate({env="1"}[10m])) by (env)`,
			`label_replace(sum by (__name__) (rate(metric_total{env="2"}[5m])), "__name__", "$1", "__name__", "(.+)")`,
			`sum by (__name__) (metric_total{env="1"} or rate(metric_total{env="2"}[5m]))`,
			`sum by (__name__) (rate(metric_total{env="2"}[5m]) or metric_total{env="1"})`,
		},
		"native_histograms.test": {
			`histogram_quantile(1, histogram_nan)`,
			`histogram_quantile(0.81, histogram_nan)`,
			`histogram_quantile(0.8, histogram_nan{case="100% NaNs"})`,
			`histogram_quantile(0.8, histogram_nan{case="20% NaNs"})`,
			`histogram_quantile(0.4, histogram_nan{case="100% NaNs"})`,
			`histogram_quantile(0.4, histogram_nan{case="20% NaNs"})`,
			`histogram_fraction(-Inf, 0.7071067811865475, histogram_nan)`,
			`histogram_fraction(-Inf, +Inf, histogram_nan)`,
			`histogram_quantile(0.5, nonmonotonic_bucket)`,
			`histogram_quantile(0.5, myHistogram1)`,
			`histogram_quantile(0.5, myHistogram2)`,
			`histogram_quantile(0.5, mixedHistogram)`,
		},
		"type_and_unit.test": {
			`(http_requests_total{group="canary"} + 1) and http_requests_total{instance="0"}`,
			`(http_requests_total{group="canary"} + 1) or http_requests_total{instance="1"}`,
		},
	}
}

func startTimestamps() map[string][]string {
	return map[string][]string{
		"start_timestamps.test": {
			`increase(cumulative[5m])`,
			`rate(cumulative[5m])`,
			`irate(cumulative[5m])`,
			`round(increase(cumulative[5m1ms]))`,
			`resets(cumulative[5m])`,
			`increase(delta[5m])`,
			`rate(delta[5m])`,
			`irate(delta[5m])`,
			`increase(series[5m])`,
			`round(increase(series[1m1ms]))`,
			`rate(series[5m])`,
			`rate(counter_total{type!="overlap"}[3m])`,
			`rate(counter_total{type="overlap"}[3m])`,
			`rate(counter_total[3m])`,
		},
	}
}
