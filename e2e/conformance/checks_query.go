package conformance

import "slices"

func queryChecks() []Check {
	return slices.Concat(
		constantChecks(),
		requestChecks(),
		limitChecks(),
		notOffered(),
		apiRefusals(Querying, expressionErrors()),
		apiRefusals(Querying, parameterErrors()),
		apiRefusals(Querying, evaluationErrors()),
		errorFormChecks(),
		storedChecks(),
		scriptChecks(scripts()),
	)
}

// scripts are PromQL by its parts.
func scripts() []script {
	return slices.Concat(aggregationScripts(), rangeScripts(), valueScripts(), operatorScripts(), histogramScripts())
}
