package conformance

import "slices"

func readBackChecks() []Check {
	return slices.Concat(
		readBackFloatChecks(),
		readBackLabelChecks(),
		readBackTimeChecks(),
		readBackStaleChecks(),
		readBackHistogramChecks(),
		readBackWholeChecks(),
	)
}
