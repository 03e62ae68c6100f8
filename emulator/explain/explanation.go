package explain

import (
	"strings"

	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

// Bounds of what is remembered, so that it does not grow with what clients send.
const (
	maxText  = 16 << 10
	maxLine  = 1 << 10
	maxKeyID = 128
)

// CauseNotAllowed is the cause of a request that no policy allows, or that one denies.
const CauseNotAllowed = "not-allowed"

// OfRefusal explains a request whose signature was refused.
func OfRefusal(refusal *sigv4.Refusal, red Redactor) *Explanation {
	d := refusal.Diagnosis
	text := func(s string) string { return red.textOf(s, maxText) }
	id, message := cut(red.KeyID(refusal.AccessKeyID), maxKeyID), refusal.Message
	if before, _, ok := strings.Cut(message, "'"+refusal.AccessKeyID); ok && id == Redacted && refusal.Reason == sigv4.ReasonBadCredential {
		message = before + "'" + Redacted + "'" // a secret with slashes goes on behind what was taken for the id
	}
	e := &Explanation{
		Type: refusal.Type, Message: text(message),
		Cause: d.Cause, Text: text(d.Text), Proven: d.Proven,
		AccessKeyID:            id,
		CanonicalRequest:       text(refusal.CanonicalRequest),
		StringToSign:           text(refusal.StringToSign),
		ClientCanonicalRequest: text(d.ClientCanonicalRequest),
		ClientStringToSign:     text(d.ClientStringToSign),
	}
	if d.Difference.Line > 0 {
		e.Difference = &Difference{
			Line:   d.Difference.Line,
			Client: red.textOf(d.Difference.Client, maxLine),
			Server: red.textOf(d.Difference.Server, maxLine),
		}
	}
	return e
}

// Denial is a request that was signed well and is not allowed.
type Denial struct {
	// Principal is the caller's ARN.
	Principal string
	// Action and Resource are what was asked for, in the words of policies.
	Action, Resource string
	// Reason says in plain words which statement denied, or that none allows.
	Reason string
	// Policy names the policy of an explicit denial.
	Policy string
	// Explicit: a policy denies it, so that allowing it elsewhere does not help.
	Explicit bool
}

// OfDenial explains a request that IAM refused.
func OfDenial(d Denial, errorType, message string, red Redactor) *Explanation {
	remedy := "Allow " + d.Action + " on that resource where it is said to be missing."
	if d.Explicit {
		remedy = "An explicit deny wins over every allow: change the policy that denies."
	}
	reason := strings.TrimRight(strings.TrimSpace(d.Reason), ".")
	if reason != "" {
		reason = ": " + reason
	}
	return &Explanation{
		Type: errorType, Message: red.textOf(message, maxText),
		Cause:  CauseNotAllowed,
		Text:   red.textOf(d.Principal+" may not do "+d.Action+" on "+d.Resource+reason+". "+remedy, maxText),
		Policy: red.textOf(d.Policy, maxLine),
	}
}

// OfRoute explains an unknown path or method, which AMP's front words like a missing
// signature ([D] API Gateway, amp-api.md 1.3).
func OfRoute(errorType, message string, red Redactor) *Explanation {
	return &Explanation{
		Type: errorType, Message: red.textOf(message, maxText), Cause: "unknown-route",
		Text: "The path or the method is none of AMP's; AMP answers those as if the request were not signed. Look for a slash at the end, " +
			"a missing or doubled /api/v1, a missing /workspaces/ID, and APIs of Prometheus that AMP does not offer.",
	}
}

// OfAnswer explains what was refused behind the signature, where the answer itself
// says why.
func OfAnswer(reason, errorType, message string, red Redactor) *Explanation {
	return &Explanation{Type: errorType, Message: red.textOf(message, maxText), Cause: reason}
}

// cut returns the beginning of s, in memory of its own: s may be a piece of a large
// request, which must not live as long as what is remembered of it.
func cut(s string, limit int) string {
	return strings.Clone(strings.ToValidUTF8(s[:min(limit, len(s))], "?"))
}
