package emulator

import (
	"bytes"
	"errors"
	"io"
	"math"
	"net/http"
)

// maxControlBody bounds the control plane's bodies: API Gateway's limit [I].
const maxControlBody = 10 << 20

// maxOwnBody bounds the bodies of the emulator's own API.
const maxOwnBody = 1 << 20

// maxGrow bounds what is allocated on a client's word alone.
const maxGrow = 1 << 20

// drainLimit is how much of a refused body is still read, so that the client
// finishes sending and sees the answer instead of a broken connection.
const drainLimit = 16 << 20

var errBodyTooLarge = errors.New("body is larger than the limit")

// readBody reads the whole body within the limit; a negative one is none. The
// data plane's is quota.RequestSize, 1 MB as it is on the wire
// [O opentelemetry-collector-contrib#20289; that it is 2^20 and counts
// compressed bytes: I].
func readBody(r *http.Request, limit int64) ([]byte, error) {
	if limit < 0 {
		limit = math.MaxInt64 - 1
	}
	if r.ContentLength > limit {
		drain(r)
		return nil, errBodyTooLarge
	}
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return nil, nil
	}
	var buf bytes.Buffer
	if r.ContentLength > 0 {
		buf.Grow(int(min(r.ContentLength, maxGrow)) + bytes.MinRead)
	}
	n, err := buf.ReadFrom(io.LimitReader(r.Body, limit+1))
	if err != nil {
		return nil, err
	}
	if n > limit {
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
