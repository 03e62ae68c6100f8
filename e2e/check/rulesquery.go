package check

// queryRules are about a trigger's query, and about what a server answers to it.
func queryRules() []Rule {
	return []Rule{
		{
			ID: "query-missing", Level: LevelError, Source: "KEDA",
			Why: "The scaler needs it.",
			Do:  "Set query.",
		},
		{
			ID: "query-syntax", Level: LevelError, Source: "PromQL",
			Why: "The server answers 400 to each query, and KEDA hides the reason.",
			Do:  "Correct the PromQL.",
		},
		{
			ID: "query-variable", Level: LevelError, Source: "PromQL",
			Why: "Variables such as $__rate_interval are Grafana's; to the server they are errors.",
			Do:  "Put the value in.",
		},
		{
			ID: "not-a-vector", Level: LevelError, Source: "K04",
			Why: "KEDA reads a vector, and fails on a scalar or text.",
			Do:  "Wrap it in vector(...).",
		},
		{
			ID: "range-result", Level: LevelError, Source: "K04",
			Why: "KEDA finds no value in a range of samples: it reads 0, or fails with ignoreNullValues \"false\".",
			Do:  "Take a rate or an aggregation over the range.",
		},
		{
			ID: "several-elements", Level: LevelError, Source: "K04",
			Why: "KEDA takes one element and fails on several; with a fallback the count then stands at it.",
			Do:  "Aggregate: sum(...).",
		},
		{
			ID: "maybe-several-elements", Level: LevelWarning, Source: "K04",
			Why: "KEDA takes one element and fails as soon as there is a second series.",
			Do:  "Aggregate: sum(...) or max(...).",
		},
		{
			ID: "empty-as-zero", Level: LevelWarning, Source: "K01",
			Why: "KEDA takes an empty result for 0: when the metric is lost, the workload is scaled to its minimum under load.",
			Do:  "Set ignoreNullValues to \"false\" with a fallback, or append or vector(0) where 0 is right.",
		},
		{
			ID: "rate-window-empty", Level: LevelError, Source: "K11",
			Why: "The functions need two samples in their range and yield nothing otherwise.",
			Do:  "Widen the range to four scrapes.",
		},
		{
			ID: "rate-window", Level: LevelWarning, Source: "K11",
			Why: "A late or lost scrape leaves holes, which KEDA takes for 0 or an error.",
			Do:  "Widen the range to four scrapes.",
		},
		{
			ID: "rate-of-gauge", Level: LevelWarning, Source: "PromQL",
			Why: "rate() takes each fall for a counter's reset, so a gauge that falls counts as growth.",
			Do:  "Use the gauge itself, delta() or avg_over_time().",
		},
		{
			ID: "counter-without-rate", Level: LevelWarning, Source: "PromQL",
			Why: "A counter only grows, and so will the replicas.",
			Do:  "Use rate(...[1m]).",
		},
		{
			ID: "no-selector", Level: LevelWarning, Source: "recipe",
			Why: "It counts every workload's series in the workspace.",
			Do:  "Select the workload that is scaled.",
		},
		{
			ID: "no-namespace", Level: LevelNote, Source: "recipe",
			Why: "Workloads of the same name in other namespaces count as well.",
			Do:  "Select the namespace.",
		},
		{
			ID: "division", Level: LevelNote, Source: "K03",
			Why: "0/0 is NaN, which KEDA takes for 0, or for a failure with ignoreNullValues \"false\".",
			Do:  "Make sure that the divisor is never 0.",
		},
		{
			ID: "quantile-without-le", Level: LevelError, Source: "PromQL",
			Why: "histogram_quantile() then yields nothing.",
			Do:  "Sum by (le).",
		},
		{
			ID: "answer-unreachable", Level: LevelError, Source: "KEDA",
			Why: "The query was not answered at all.",
			Do:  "Look at address, network and certificate.",
		},
		{
			ID: "answer-refused", Level: LevelError, Source: "S03",
			Why: "KEDA counts this as a failure and throws the reason away.",
			Do:  "The answer says what is wrong; ampersand explain says more about an emulator's.",
		},
		{
			ID: "answer-unreadable", Level: LevelError, Source: "KEDA",
			Why: "KEDA fails on what is no vector in Prometheus's JSON.",
			Do:  "Make sure that serverAddress is that of a Prometheus API.",
		},
		{
			ID: "answer-several", Level: LevelError, Source: "K04",
			Why: "KEDA takes one element and fails on several.",
			Do:  "Aggregate over the labels that differ.",
		},
		{
			ID: "answer-null", Level: LevelWarning, Source: "K01",
			Why: "KEDA takes it for 0, and the workload goes to its minimum.",
			Do:  "Set ignoreNullValues to \"false\", and find out why there is no value.",
		},
		{
			ID: "answer-null-error", Level: LevelError, Source: "K01",
			Why: "KEDA counts this as a failure: ignoreNullValues is false.",
			Do:  "Find out why there is no value.",
		},
		{
			ID: "answer-slow", Level: LevelError, Source: "K07",
			Why: "KEDA gives up before the answer is there.",
			Do:  "Set timeout, or make the query cheaper.",
		},
		{
			ID: "answer-held", Level: LevelNote, Source: "K10",
			Why: "The metric is within the HPA's tolerance of the current count's target.",
			Do:  "Nothing; set behavior.scaleUp.tolerance if that is too coarse.",
		},
	}
}
