package conformance

import (
	"encoding/json"
	"mime"
	"net/http"
	"regexp"
	"strings"
)

// mismatch begins the refusal of a wrong signature
// [O grafana/tempo#2973, grafana/grafana#94734].
const mismatch = "The request signature we calculated does not match the signature you provided. " +
	"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."

// ExpectFront expects the authentication front's refusal: 403, and a JSON object
// with nothing but this message (amp-api.md 1.4).
func (a Answer) ExpectFront(message string) Answer {
	return a.ExpectFrontMatch("^" + regexp.QuoteMeta(message) + "$")
}

// ExpectFrontMatch is ExpectFront with a pattern for the message.
func (a Answer) ExpectFrontMatch(pattern string) Answer {
	return a.expectRefusal("message", pattern)
}

// ExpectMismatch expects the refusal of a wrong signature.
func (a Answer) ExpectMismatch() Answer {
	return a.ExpectFrontMatch("^" + regexp.QuoteMeta(mismatch+"\n\nThe Canonical String for this request should have been\n'"))
}

// ExpectDenied expects the data plane's refusal of an action that the caller has
// no right to [O amp-api.md 1.5 row 17]. Services of a newer make go on to say
// why, which was not seen of aps and is let pass (open question 11).
func (a Answer) ExpectDenied(caller, action, resource string) Answer {
	return a.expectRefusal("Message", denial(caller, action, regexp.QuoteMeta(resource)))
}

// ExpectControlDenied is ExpectDenied of the control plane, whose message has a
// small m and whose type is told [D API model]. The resource is a pattern.
func (a Answer) ExpectControlDenied(caller, action, resource string) Answer {
	return a.expectRefusal("message", denial(caller, action, resource)).ExpectErrorType("AccessDeniedException")
}

// denial is the pattern of a refusal's text.
func denial(caller, action, resource string) string {
	return "^User: " + regexp.QuoteMeta(caller) + " is not authorized to perform: " + regexp.QuoteMeta(action) +
		" on resource: " + resource +
		"( because no [a-z -]+ allows the " + regexp.QuoteMeta(action) + " action| with an explicit deny in [a-z -]+)?$"
}

// ExpectMayDo expects that the request was not refused for want of rights,
// whatever else it came to.
func (a Answer) ExpectMayDo() Answer {
	if a.Status == http.StatusForbidden || a.Status == http.StatusUnauthorized || a.Status >= http.StatusInternalServerError {
		a.t.Errorf("expected the request to be allowed; %s", a)
	}
	return a
}

// ExpectMediaType expects a Content-Type, whatever its parameters.
func (a Answer) ExpectMediaType(want string) Answer {
	got, _, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
	if err != nil || got != want {
		a.t.Errorf("expected Content-Type %s, got %q; %s", want, a.Header.Get("Content-Type"), a)
	}
	return a
}

func (a Answer) expectRefusal(member, pattern string) Answer {
	a.ExpectStatus(http.StatusForbidden)
	var body map[string]string
	if json.Unmarshal([]byte(a.Body), &body) != nil || len(body) != 1 || !regexp.MustCompile(pattern).MatchString(body[member]) {
		a.t.Errorf("expected a JSON object with the one member %s that matches %q; %s", member, pattern, a)
	}
	return a
}

// contains reports whether a JSON member is a text with another in it.
func contains(member any, part string) bool {
	s, ok := member.(string)
	return ok && strings.Contains(s, part)
}
