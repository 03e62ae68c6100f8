package sigv4

import "strings"

// terminator ends every credential scope.
const terminator = "aws4_request"

// Scope is what a signature is good for: one day, one region, one service.
type Scope struct {
	// Date is the UTC day, YYYYMMDD.
	Date            string
	Region, Service string
}

// checkScope refuses a credential that is not five elements, or whose scope is not
// this endpoint's on the day of the request. All that is wrong with the scope is
// said in one message ([SS, O] amp-api.md 1.5 rows 9 to 13).
func (v *Verifier) checkScope(auth authorization) (Scope, *Refusal) {
	var element [5]string
	rest, more := auth.credential, true
	for i := range element {
		if !more {
			return Scope{}, refuseBadCredential(auth.credential)
		}
		element[i], rest, more = strings.Cut(rest, "/")
	}
	if more {
		return Scope{}, refuseBadCredential(auth.credential)
	}
	scope := Scope{Date: element[1], Region: element[2], Service: element[3]}
	day := auth.date[:len("20060102")] // parseDate proved the length
	if scope.Region == v.region && scope.Service == v.service && element[4] == terminator && scope.Date == day {
		return scope, nil
	}

	var text strings.Builder
	if scope.Region != v.region {
		text.WriteString("Credential should be scoped to a valid region. ")
	}
	if scope.Service != v.service {
		text.WriteString("Credential should be scoped to correct service: '" + v.service + "'. ")
	}
	if element[4] != terminator {
		text.WriteString("Credential should be scoped with a valid terminator: '" + terminator + "', not '" + element[4] + "'. ")
	}
	if scope.Date != day {
		text.WriteString("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '" +
			scope.Date + "' != '" + day + "', from '" + auth.date + "'.")
	}
	return Scope{}, refuseBadScope(text.String())
}
