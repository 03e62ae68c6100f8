package sigv4

import "time"

// isoBasic is the only form of date a signature takes ([SS] amp-api.md 1.5 row 6).
const isoBasic = "20060102T150405Z"

// parseDate reads a date of exactly the basic form. time.Parse alone would let
// fractions of a second through.
func parseDate(s string) (time.Time, bool) {
	if len(s) != len(isoBasic) {
		return time.Time{}, false
	}
	for i := range len(s) {
		digit := s[i] >= '0' && s[i] <= '9'
		if letter := i == 8 || i == 15; digit == letter {
			return time.Time{}, false
		}
	}
	t, err := time.Parse(isoBasic, s)
	return t, err == nil
}

// checkSkew refuses what was signed too long ago or too far ahead. The clock counts
// in whole seconds, as the dates do, so that a refusal's text is always true.
func (v *Verifier) checkSkew(when, now time.Time) *Refusal {
	now = now.Truncate(time.Second)
	if when.Before(now.Add(-v.maxSkew)) {
		return refuseExpired(when, now, v.maxSkew)
	}
	if when.After(now.Add(v.maxSkew)) {
		return refuseNotYetCurrent(when, now, v.maxSkew)
	}
	return nil
}
