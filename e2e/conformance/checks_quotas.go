package conformance

import "slices"

// quotasChecks see the quotas that can be reached with a few requests; those of
// rates, active series and queries would cost money or disturb the account.
func quotasChecks() []Check {
	return slices.Concat(requestSizeChecks(), labelQuotaChecks(), seriesQuotaChecks())
}
