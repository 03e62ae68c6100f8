package emulator

import (
	"bytes"
	"errors"
	"io"
	"net/http"
)

// MaxRequestBytes is AMP's limit of a request body as it is on the wire, 1 MB
// [O opentelemetry-collector-contrib#20289; that it is 2^20 and counts
// compressed bytes: I].
const MaxRequestBytes = 1 << 20

// drainLimit is how much of a refused body is still read, so that the client
// finishes sending and sees the answer instead of a broken connection.
const drainLimit = 16 << 20

var errBodyTooLarge = errors.New("body is larger than the limit")

// readBody reads the whole body within the limit.
func readBody(r *http.Request) ([]byte, error) {
	if r.ContentLength > MaxRequestBytes {
		drain(r)
		return nil, errBodyTooLarge
	}
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return nil, nil
	}
	var buf bytes.Buffer
	if r.ContentLength > 0 {
		buf.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	n, err := buf.ReadFrom(io.LimitReader(r.Body, MaxRequestBytes+1))
	if err != nil {
		return nil, err
	}
	if n > MaxRequestBytes {
		drain(r)
		return nil, errBodyTooLarge
	}
	return buf.Bytes(), nil
}

func drain(r *http.Request) {
	if r.Header.Get("Expect") != "" {
		return // the client has not sent the body and need not
	}
	_, _ = io.CopyN(io.Discard, r.Body, drainLimit)
}
