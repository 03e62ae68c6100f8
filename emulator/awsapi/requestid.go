package awsapi

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"
)

// HeaderRequestID names the response header that carries the request id. AWS
// sends it on every response and its SDKs print it with every error [D, M].
const HeaderRequestID = "X-Amzn-Requestid"

type requestIDKey struct{}

// NewRequestID returns a fresh request id in the form AWS uses: a lower-case
// UUID version 4 [D samples of the user guide].
func NewRequestID() string { return uuid.NewString() }

// WithRequestID returns a context that carries the id of the current request.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// RequestID returns the id that WithRequestID put into the context, or "".
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// SetHeaders sets what every answer carries: the request id, and the Date that
// SDKs correct a skewed clock with. The date is the emulator's, not the
// machine's, so that a test with a clock of its own stays consistent [M].
func SetHeaders(h http.Header, id string, now time.Time) {
	h.Set(HeaderRequestID, id)
	h.Set("Date", now.UTC().Format(http.TimeFormat))
}
