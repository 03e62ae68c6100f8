package awsapi

import (
	"context"
	"encoding/base64"
	"fmt"
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

// SetServer names the server as AMP does [O vectordotdev/vector#12958; D samples
// of the user guide].
func SetServer(h http.Header) { h.Set("Server", "amazon") }

// SetGateway sets what API Gateway adds to the control plane's answers [D user
// guide, older edition]. Strict-Transport-Security is left out: a browser would
// then refuse plain HTTP on this host, which is mostly localhost.
func SetGateway(h http.Header, now time.Time) {
	id := uuid.New()
	h.Set("X-Amz-Apigw-Id", base64.RawURLEncoding.EncodeToString(id[:11])+"=")
	h.Set("X-Amzn-Trace-Id", fmt.Sprintf("Root=1-%08x-%x", now.Unix(), id[4:]))
	h.Set("Access-Control-Allow-Methods", "OPTION,GET,POST,DELETE")
	h.Set("Access-Control-Expose-Headers", "x-amzn-errortype,x-amzn-requestid,x-amzn-trace-id,x-amzn-errormessage,x-amz-apigw-id,date")
}

// SetHeaders sets what every answer carries: the request id, and the Date that
// SDKs correct a skewed clock with. The date is the emulator's, not the
// machine's, so that a test with a clock of its own stays consistent [M].
func SetHeaders(h http.Header, id string, now time.Time) {
	h.Set(HeaderRequestID, id)
	h.Set("Date", now.UTC().Format(http.TimeFormat))
}
