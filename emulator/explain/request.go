package explain

import "time"

// The verdicts on a request.
const (
	// Accepted: answered as asked.
	Accepted = "accepted"
	// Refused: the client's fault, 4xx.
	Refused = "refused"
	// Failed: the emulator's fault, 5xx.
	Failed = "failed"
)

// Request is one request as the inspector remembers it.
type Request struct {
	ID     string    `json:"id"`
	Time   time.Time `json:"time"`
	Method string    `json:"method"`
	// Path has no query: a presigned one carries a signature.
	Path string `json:"path"`
	// Query is the PromQL of a query, empty for other requests.
	Query string `json:"query,omitempty"`
	// UserAgent is what the client calls itself.
	UserAgent string `json:"userAgent,omitempty"`
	// Identity is the ARN of the verified caller, empty if there is none.
	Identity string `json:"identity"`
	Verdict  string `json:"verdict"`
	// Reason says why a request was not accepted, in one word for machines.
	Reason string `json:"reason,omitempty"`
	// Cause is the explanation's, so that a list has it too.
	Cause string `json:"cause,omitempty"`
	// Status is that of the answer; 0 if a fault rule left the client without one.
	Status int `json:"status"`
	// Fault names the fault rules that changed the request, with their effects.
	Fault string `json:"fault,omitempty"`
	// Duration is in seconds.
	Duration float64 `json:"duration"`
	// Explanation is there when one request is asked for that was not accepted.
	Explanation *Explanation `json:"explanation,omitempty"`
}

// List is the last requests, the newest first, without their explanations.
type List struct {
	Requests []Request `json:"requests"`
}

// Explanation is what is known about a request that was not accepted, free of
// secrets, tokens and signatures.
type Explanation struct {
	// Type and Message are of the answer, in AWS's words.
	Type    string `json:"type,omitempty"`
	Message string `json:"message,omitempty"`
	// Cause is one word for machines, Text says what happened and what to do.
	Cause string `json:"cause,omitempty"`
	Text  string `json:"text,omitempty"`
	// Proven says that the cause was found by computing, not by its looks.
	Proven bool `json:"proven,omitempty"`
	// AccessKeyID is the key that the request names.
	AccessKeyID string `json:"accessKeyId,omitempty"`
	// Policy names the policy that denied the action.
	Policy string `json:"policy,omitempty"`
	// CanonicalRequest and StringToSign are the server's.
	CanonicalRequest string `json:"canonicalRequest,omitempty"`
	StringToSign     string `json:"stringToSign,omitempty"`
	// ClientCanonicalRequest and ClientStringToSign are the client's, where they could
	// be reconstructed.
	ClientCanonicalRequest string `json:"clientCanonicalRequest,omitempty"`
	ClientStringToSign     string `json:"clientStringToSign,omitempty"`
	// Difference is where the two canonical requests part.
	Difference *Difference `json:"difference,omitempty"`
}

// Difference is the first line in which two canonical requests differ.
type Difference struct {
	Line   int    `json:"line"`
	Client string `json:"client"`
	Server string `json:"server"`
}
