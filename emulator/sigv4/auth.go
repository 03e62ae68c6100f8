package sigv4

import (
	"net/http"
	"strings"
)

// algorithm is the only one AMP takes. [D] amp-api.md 5.1: the API model lists
// aws.auth#sigv4 alone, so SigV4a (AWS4-ECDSA-P256-SHA256) is an unsupported one.
const algorithm = "AWS4-HMAC-SHA256"

// Names of the query parameters of a presigned request.
const (
	paramAlgorithm     = "X-Amz-Algorithm"
	paramCredential    = "X-Amz-Credential"
	paramDate          = "X-Amz-Date"
	paramSecurityToken = "X-Amz-Security-Token"
	paramSignature     = "X-Amz-Signature"
	paramSignedHeaders = "X-Amz-SignedHeaders"
)

// authorization is what a request says about its own signature, parsed for syntax
// and not yet believed.
type authorization struct {
	credential    string   // keyid/date/region/service/term
	signedHeaders []string // as sent
	signature     string
	date          string // as sent
	token         string // empty: none sent
	presigned     bool
}

// accessKeyID is the first element of the credential, known or not.
func (a *authorization) accessKeyID() string {
	id, _, _ := strings.Cut(a.credential, "/")
	return id
}

// signsHost reports whether the signature covers the host, whose name must be in
// lower case ([SS]; AWS asks for lower-case names throughout).
func (a *authorization) signsHost() bool {
	for _, name := range a.signedHeaders {
		if name == "host" || name == ":authority" {
			return true
		}
	}
	return false
}

// repeatsHeader reports whether a name is signed twice, in whatever case.
func (a *authorization) repeatsHeader() bool {
	const few = 16 // so many are compared without memory of their own
	if len(a.signedHeaders) <= few {
		for k, name := range a.signedHeaders {
			for _, earlier := range a.signedHeaders[:k] {
				if strings.EqualFold(name, earlier) {
					return true
				}
			}
		}
		return false
	}
	seen := make(map[string]struct{}, len(a.signedHeaders))
	for _, name := range a.signedHeaders {
		seen[strings.ToLower(name)] = struct{}{}
	}
	return len(seen) < len(a.signedHeaders)
}

// parseAuthorization finds the signature in the Authorization header or in the
// query. Both at once is a signature error without detail ([SS] amp-api.md 5.1).
func parseAuthorization(r *http.Request, rawQuery string) (authorization, *Refusal) {
	header := strings.Trim(r.Header.Get("Authorization"), " \t")
	queryAlgorithm, inQuery := queryParam(rawQuery, paramAlgorithm)
	switch {
	case header != "" && inQuery:
		return authorization{}, refuseBothPlaces()
	case header != "":
		return parseHeader(header, r.Header)
	case inQuery:
		return parseQuery(queryAlgorithm, rawQuery)
	}
	return authorization{}, refuseMissingToken()
}

// parseHeader reads "ALGORITHM Credential=..., SignedHeaders=..., Signature=...",
// with or without blanks after the commas; of a repeated parameter the last counts
// ([SS]). That every part is key=value and that nothing is missing is judged before
// the algorithm: API Gateway names the missing parameters to a client that sends
// basic or bearer credentials ([O] amp-api.md 1.5 rows 2 and 3).
func parseHeader(header string, headers http.Header) (authorization, *Refusal) {
	var a authorization
	var hasCredential, hasSignature, hasSignedHeaders bool
	alg, rest, _ := strings.Cut(header, " ")
	for rest != "" {
		var part string
		part, rest, _ = strings.Cut(rest, ",")
		part = strings.Trim(part, " \t")
		if part == "" {
			continue
		}
		name, value, ok := strings.Cut(part, "=")
		if !ok {
			return a, refuseMalformedHeader(header)
		}
		switch name {
		case "Credential":
			a.credential, hasCredential = value, true
		case "Signature":
			a.signature, hasSignature = value, true
		case "SignedHeaders":
			a.signedHeaders, hasSignedHeaders = strings.Split(value, ";"), true
		}
	}
	a.date = headers.Get("X-Amz-Date")
	if a.date == "" {
		a.date = headers.Get("Date")
	}
	if !hasCredential || !hasSignature || !hasSignedHeaders || a.date == "" {
		return a, refuseMissingParameters(alg, !hasCredential, !hasSignature, !hasSignedHeaders, a.date == "")
	}
	if alg != algorithm {
		refusal := refuseAlgorithm(alg)
		refusal.AccessKeyID = a.accessKeyID()
		return a, refusal
	}
	a.token = headers.Get("X-Amz-Security-Token")
	return a, nil
}

// parseQuery reads the parameters of a presigned request. X-Amz-Expires is signed
// like any parameter but does not widen the skew window: only S3 is known to honour
// it ([R]; AMP's treatment of presigned queries is open, amp-api.md 8.10).
func parseQuery(alg, rawQuery string) (authorization, *Refusal) {
	a := authorization{presigned: true}
	var hasCredential, hasSignature, hasSignedHeaders, hasDate bool
	var names string
	a.credential, hasCredential = queryParam(rawQuery, paramCredential)
	a.signature, hasSignature = queryParam(rawQuery, paramSignature)
	names, hasSignedHeaders = queryParam(rawQuery, paramSignedHeaders)
	a.date, hasDate = queryParam(rawQuery, paramDate)
	if hasSignedHeaders {
		a.signedHeaders = strings.Split(names, ";")
	}
	if !hasCredential || !hasSignature || !hasSignedHeaders || !hasDate {
		return a, refuseMissingQueryParameters(!hasCredential, !hasSignature, !hasSignedHeaders, !hasDate)
	}
	if alg != algorithm {
		refusal := refuseAlgorithm(alg)
		refusal.AccessKeyID = a.accessKeyID()
		return a, refusal
	}
	a.token, _ = queryParam(rawQuery, paramSecurityToken)
	return a, nil
}
