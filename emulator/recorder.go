package emulator

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
)

// maxKeptBody is how much of an error's body is kept for its explanation.
const maxKeptBody = 4 << 10

// recorder passes an answer on and remembers its status and, of an error, the
// beginning of its body.
type recorder struct {
	http.ResponseWriter
	status int
	body   []byte
}

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	// 1xx are not answers; the real one follows.
	if r.status == 0 && status >= 200 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	if r.status >= 400 {
		if room := maxKeptBody - len(r.body); room > 0 {
			r.body = append(r.body, p[:min(room, len(p))]...)
		}
	}
	return r.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the writer below.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// errorText returns the beginning of an error's body, unpacked if it was packed.
func (r *recorder) errorText() string {
	if r.Header().Get("Content-Encoding") != "gzip" {
		return string(r.body)
	}
	unzip, err := gzip.NewReader(bytes.NewReader(r.body))
	if err != nil {
		return ""
	}
	// What was cut off ends in an error; the text before it is good.
	text, _ := io.ReadAll(io.LimitReader(unzip, maxKeptBody))
	return string(text)
}

// code returns the status that the client gets.
func (r *recorder) code() int {
	if r.status == 0 {
		return http.StatusOK
	}
	return r.status
}
