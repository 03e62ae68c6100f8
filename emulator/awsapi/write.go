package awsapi

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// Write answers with e in the shape of its dialect. It never sends e.Cause.
func Write(w http.ResponseWriter, e *Error) {
	h := w.Header()
	if e.Type != "" {
		h.Set("X-Amzn-Errortype", e.Type)
	}
	if e.RetryAfter > 0 {
		// Whole seconds, rounded up: a client must not come back too early.
		h.Set("Retry-After", strconv.FormatInt(int64((e.RetryAfter+time.Second-1)/time.Second), 10))
	}
	WriteJSON(w, e.Status, e.body())
}

// WriteJSON answers with v as JSON. HTML characters are left as they are, as
// AWS leaves them, so that a canonical request can be copied from an error.
func WriteJSON(w http.ResponseWriter, status int, v any) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		// Only values of this module arrive here, so this is a bug in it; the
		// client still gets a well-formed error.
		status = http.StatusInternalServerError
		buf.Reset()
		buf.WriteString(`{"message":"Internal server error"}`)
	}
	body := bytes.TrimRight(buf.Bytes(), "\n")
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone; nobody is left to tell
}

type frontBody struct {
	Message string `json:"message"`
}

type accessBody struct {
	Message string `json:"Message"`
}

type resourceBody struct {
	Message      string `json:"message"`
	ResourceID   string `json:"resourceId"`
	ResourceType string `json:"resourceType"`
}

type quotaBody struct {
	resourceBody
	ServiceCode string `json:"serviceCode"`
	QuotaCode   string `json:"quotaCode"`
}

type throttlingBody struct {
	Message     string `json:"message"`
	ServiceCode string `json:"serviceCode,omitempty"`
	QuotaCode   string `json:"quotaCode,omitempty"`
}

type validationBody struct {
	Message string  `json:"message"`
	Reason  string  `json:"reason"`
	Fields  []Field `json:"fieldList,omitempty"`
}

// body returns the members that the API model requires of e's type [D], or the
// single message of the other dialects [O].
func (e *Error) body() any {
	if e.Dialect == Access {
		return accessBody{e.Message}
	}
	if e.Dialect == Front {
		return frontBody{e.Message}
	}
	resource := resourceBody{e.Message, e.ResourceID, e.ResourceType}
	switch e.Type {
	case TypeConflict, TypeResourceNotFound:
		return resource
	case TypeServiceQuotaExceeded:
		return quotaBody{resource, e.ServiceCode, e.QuotaCode}
	case TypeThrottling:
		return throttlingBody{e.Message, e.ServiceCode, e.QuotaCode}
	case TypeValidation:
		return validationBody{e.Message, e.Reason, e.Fields}
	default:
		return frontBody{e.Message}
	}
}
