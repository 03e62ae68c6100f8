package sigv4

import (
	"net/http"
	"strings"
)

// Values of the x-amzn-ErrorType header of a refusal (amp-api.md 1.5).
const (
	// TypeMissingAuthenticationToken: nothing is signed. [D] row 1.
	TypeMissingAuthenticationToken = "MissingAuthenticationTokenException"
	// TypeIncompleteSignature: the authorization cannot be read. [O, SS] rows 2 to 4, 6 and 9.
	TypeIncompleteSignature = "IncompleteSignatureException"
	// TypeInvalidSignature: the signature is stale, misdirected or wrong. [O, SS] rows 5, 7, 8, 10 to 13 and 16.
	TypeInvalidSignature = "InvalidSignatureException"
	// TypeUnrecognizedClient: the key or its session token is not known. [O] row 14.
	TypeUnrecognizedClient = "UnrecognizedClientException"
	// TypeExpiredToken: the session is over. [O] row 15.
	TypeExpiredToken = "ExpiredTokenException"
)

// Values of Refusal.Reason: stable, short and few, for logs and metrics. They are
// ours; AWS sends nothing like them.
const (
	// ReasonMissingToken: neither an Authorization header nor a presigned query.
	ReasonMissingToken = "missing-token"
	// ReasonBothPlaces: an Authorization header and a presigned query at once.
	ReasonBothPlaces = "header-and-query"
	// ReasonMalformedHeader: a part of the Authorization header is not key=value.
	ReasonMalformedHeader = "malformed-header"
	// ReasonMissingParameter: the authorization or the date is incomplete.
	ReasonMissingParameter = "missing-parameter"
	// ReasonUnsupportedAlgorithm: an algorithm other than AWS4-HMAC-SHA256.
	ReasonUnsupportedAlgorithm = "unsupported-algorithm"
	// ReasonHostNotSigned: SignedHeaders lacks the host.
	ReasonHostNotSigned = "host-not-signed"
	// ReasonBadDate: the date is not ISO 8601 basic.
	ReasonBadDate = "bad-date"
	// ReasonExpired: signed too long ago.
	ReasonExpired = "expired"
	// ReasonNotYetCurrent: signed too far in the future.
	ReasonNotYetCurrent = "not-yet-current"
	// ReasonBadCredential: the credential is not five elements.
	ReasonBadCredential = "bad-credential"
	// ReasonBadScope: wrong region, service, terminator or day.
	ReasonBadScope = "bad-scope"
	// ReasonUnknownKey: no such access key.
	ReasonUnknownKey = "unknown-key"
	// ReasonBadToken: the session token is missing or not the key's.
	ReasonBadToken = "bad-token"
	// ReasonTokenWithLongLivedKey: a session token beside a key that has none.
	ReasonTokenWithLongLivedKey = "session-token-with-long-lived-key"
	// ReasonExpiredToken: the session of the key is over.
	ReasonExpiredToken = "expired-token"
	// ReasonRepeatedHeader: SignedHeaders names a header twice.
	ReasonRepeatedHeader = "repeated-header"
	// ReasonBadPayloadHash: X-Amz-Content-Sha256 is not the hash of the body.
	ReasonBadPayloadHash = "bad-payload-hash"
	// ReasonSignatureMismatch: well formed, but not what the key would sign.
	ReasonSignatureMismatch = "signature-mismatch"
)

// Refusal is why a request was not accepted, in the words of AWS.
type Refusal struct { //nolint:errname // an answer to a client first: its fields are read, and logs and metrics call it a refusal
	// Type is the value of the x-amzn-ErrorType header.
	Type string
	// Status is the HTTP status. No refusal of the front is a 401 ([O] amp-api.md
	// section 0, fact 3): it is always 403.
	Status int
	// Message is the exact text of AWS, for the member "message" of the body.
	Message string
	// Reason is one of the Reason constants.
	Reason string
	// Hint is the text of Diagnosis.
	Hint string
	// Diagnosis says what happened and what to do, where AWS' text leaves both open.
	// It is ours, for logs and explanations, and not part of the answer.
	Diagnosis Diagnosis
	// AccessKeyID is the key the request names, whether it exists or not; empty if
	// the request could not be read that far.
	AccessKeyID string
	// CanonicalRequest and StringToSign are the server's own, on a mismatch only.
	// The canonical request may hold a session token in clear.
	CanonicalRequest, StringToSign string
}

// Error gives the reason and the first line of the message, so that a log line
// stays a line and holds no session token.
func (r *Refusal) Error() string {
	line, _, _ := strings.Cut(r.Message, "\n")
	return "request refused (" + r.Reason + "): " + line
}

// refuse makes a refusal of the front.
func refuse(errorType, reason, message string) *Refusal {
	return &Refusal{Type: errorType, Status: http.StatusForbidden, Message: message, Reason: reason}
}
