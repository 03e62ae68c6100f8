package awsquery

import "net/http"

// The error codes that every service of the protocol has [D common errors].
const (
	CodeMalformedQueryString = "MalformedQueryString"
	CodeMissingAction        = "MissingAction"
	CodeInvalidAction        = "InvalidAction"
	CodeMissingToken         = "MissingAuthenticationToken"
	CodeValidation           = "ValidationError"
)

// Error is a refusal in the words of the service.
type Error struct {
	// Status is the HTTP status.
	Status int
	// Code and Message are what the client reads.
	Code, Message string
	// Reason says in plain words why, where the service's own words leave it open. It is
	// for logs and explanations and never sent. It holds no token and no secret.
	Reason string
	// Cause is what went wrong underneath. It is for logs and never sent.
	Cause error
}

// Error gives code, message and reason.
func (e *Error) Error() string {
	text := e.Code + ": " + e.Message
	if e.Reason != "" {
		text += " (" + e.Reason + ")"
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Validation refuses a parameter [O].
func Validation(message string) *Error {
	return &Error{Status: http.StatusBadRequest, Code: CodeValidation, Message: message}
}

// MissingToken refuses an unsigned request for an action that must be signed [O].
func MissingToken(action string) *Error {
	return &Error{
		Status: http.StatusForbidden, Code: CodeMissingToken, Message: "Request is missing Authentication Token",
		Reason: "the request is not signed, and " + action + " must be",
	}
}
