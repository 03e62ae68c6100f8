package awsapi

import (
	"fmt"
	"net/http"
	"time"
)

// Dialect says which layer of AWS speaks, which decides the shape of the body.
type Dialect int

const (
	// Front is the authentication front, which behaves as API Gateway does:
	// {"message":"..."} and the header x-amzn-ErrorType [O; D API Gateway].
	Front Dialect = iota
	// Access is what decides on rights and looks up the workspace on the data
	// plane: {"Message":"..."} with a capital M
	// [O aws-ia/terraform-aws-eks-blueprints#709, aws-observability/aws-otel-collector#2155].
	Access
	// Control is the control plane: the errors of the API model, typed by the
	// header x-amzn-ErrorType [D botocore model; M SDK reads the header first].
	Control
)

// The error types that the emulator answers with, as x-amzn-ErrorType carries
// them.
const (
	TypeMissingAuthenticationToken = "MissingAuthenticationTokenException"
	TypeRequestTooLarge            = "RequestEntityTooLargeException"
	TypeAccessDenied               = "AccessDeniedException"
	TypeConflict                   = "ConflictException"
	TypeResourceNotFound           = "ResourceNotFoundException"
	TypeServiceQuotaExceeded       = "ServiceQuotaExceededException"
	TypeThrottling                 = "ThrottlingException"
	TypeValidation                 = "ValidationException"
	TypeInternalServer             = "InternalServerException"
)

// The values of ValidationException's member reason [D botocore model].
const (
	ReasonUnknownOperation      = "UNKNOWN_OPERATION"
	ReasonCannotParse           = "CANNOT_PARSE"
	ReasonFieldValidationFailed = "FIELD_VALIDATION_FAILED"
	ReasonOther                 = "OTHER"
)

// ServiceCode is the code of the service in Service Quotas [D].
const ServiceCode = "aps"

// Field names one member of a request that failed validation.
type Field struct {
	Name    string `json:"name"`
	Message string `json:"message"`
}

// Error is an answer that refuses a request. Which of the members below Message
// are written depends on the dialect and the type.
type Error struct {
	Dialect Dialect
	Status  int
	Type    string
	Message string

	// ResourceID and ResourceType are required members of Conflict,
	// ResourceNotFound and ServiceQuotaExceeded [D].
	ResourceID, ResourceType string
	// ServiceCode and QuotaCode are required members of ServiceQuotaExceeded
	// and optional ones of Throttling [D].
	ServiceCode, QuotaCode string
	// Reason is a required member of ValidationException, Fields an optional
	// one [D].
	Reason string
	Fields []Field
	// RetryAfter becomes the header of the same name on Throttling and
	// InternalServer [D].
	RetryAfter time.Duration

	// Cause is what went wrong inside. It is logged and never sent.
	Cause error
}

// Error returns the type and the message, and the cause if there is one.
func (e *Error) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Type, e.Message, e.Cause)
	}
	return fmt.Sprintf("%s: %s", e.Type, e.Message)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// FrontError is a refusal by the authentication front.
func FrontError(status int, errType, message string) *Error {
	return &Error{Dialect: Front, Status: status, Type: errType, Message: message}
}

// MissingAuthenticationToken is how API Gateway refuses a request without a
// signature and, with the same words, an unknown route or method
// [O prometheus-community/helm-charts#2402; D API Gateway 403 page].
func MissingAuthenticationToken() *Error {
	return FrontError(http.StatusForbidden, TypeMissingAuthenticationToken, "Missing Authentication Token")
}

// RequestTooLarge is the answer to a body over 1 MB. The status is observed
// [O opentelemetry-collector-contrib#20289], the text is the status text [I].
func RequestTooLarge() *Error {
	return FrontError(http.StatusRequestEntityTooLarge, TypeRequestTooLarge, "Request Entity Too Large")
}

// RateExceeded is the answer to a request above its rate: the front's on the
// data plane [D troubleshooting; type I], ThrottlingException on the control
// plane [D].
func RateExceeded(control bool, quotaCode string, retryAfter time.Duration) *Error {
	e := FrontError(http.StatusTooManyRequests, TypeThrottling, "Rate exceeded")
	e.RetryAfter = retryAfter
	if control {
		e.Dialect, e.ServiceCode, e.QuotaCode = Control, ServiceCode, quotaCode
	}
	return e
}

// WorkspaceNotFound is the data plane's answer for a workspace that this
// account and region do not have
// [O aws-observability/aws-otel-collector#2155; type I].
func WorkspaceNotFound() *Error {
	return &Error{Dialect: Access, Status: http.StatusNotFound, Type: TypeResourceNotFound, Message: "Workspace not found"}
}

// NotFound is the control plane's 404 [D].
func NotFound(message, resourceType, resourceID string) *Error {
	return &Error{
		Dialect: Control, Status: http.StatusNotFound, Type: TypeResourceNotFound,
		Message: message, ResourceType: resourceType, ResourceID: resourceID,
	}
}

// Conflict is the control plane's 409 [D].
func Conflict(message, resourceType, resourceID string) *Error {
	return &Error{
		Dialect: Control, Status: http.StatusConflict, Type: TypeConflict,
		Message: message, ResourceType: resourceType, ResourceID: resourceID,
	}
}

// QuotaExceeded is the control plane's answer to a quota that is used up. Its
// status is 402 [D botocore model, SDK].
func QuotaExceeded(message, quotaCode, resourceType, resourceID string) *Error {
	return &Error{
		Dialect: Control, Status: http.StatusPaymentRequired, Type: TypeServiceQuotaExceeded,
		Message: message, ServiceCode: ServiceCode, QuotaCode: quotaCode,
		ResourceType: resourceType, ResourceID: resourceID,
	}
}

// Validation is the control plane's 400. Reason is one of the Reason constants
// [D].
func Validation(reason, message string, fields ...Field) *Error {
	return &Error{
		Dialect: Control, Status: http.StatusBadRequest, Type: TypeValidation,
		Message: message, Reason: reason, Fields: fields,
	}
}

// Internal is the control plane's 500. The cause stays inside; the client reads
// only that an internal error happened [D status; text I].
func Internal(cause error) *Error {
	return &Error{
		Dialect: Control, Status: http.StatusInternalServerError, Type: TypeInternalServer,
		Message: "Internal server error", Cause: cause,
	}
}
