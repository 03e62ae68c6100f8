package query

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// timedOut is AMP's answer to an evaluation of more than a minute: 422, where
// Prometheus and Cortex say 503. [D] amp-api.md 0, fact 9
const timedOut = "query timed out - consider simplifying your query"

const (
	typeTimeout  = "timeout"
	typeInternal = "internal"
	// typeUnavailable comes with 503, as in Prometheus' own API.
	typeUnavailable = "unavailable"
	typeServer      = "server_error"
	typeExecution   = "execution"
	typeBadData     = "bad_data"
)

// apiError is an error of the Prometheus HTTP API. [C] amp-api.md 1.4
type apiError struct {
	Status    string `json:"status"`
	ErrorType string `json:"errorType,omitempty"`
	Error     string `json:"error"`
}

// errorWriter passes a good answer on and holds an error back until finish has
// put it into the form that AMP gives it.
type errorWriter struct {
	http.ResponseWriter
	// cortex has parameter errors written as by Cortex' own handlers, which
	// serve query and query_range; the rest is Prometheus' code there too.
	// [C] pkg/api/queryapi
	cortex bool

	// gone is why the samples went away, if they did.
	gone func() error

	status int
	held   bytes.Buffer
}

// WriteHeader implements http.ResponseWriter.
func (w *errorWriter) WriteHeader(status int) {
	if w.status != 0 {
		return
	}
	w.status = status
	h := w.Header()
	slices.Sort(h["Vary"])
	h["Vary"] = slices.Compact(h["Vary"])
	if status < http.StatusBadRequest {
		w.ResponseWriter.WriteHeader(status)
	}
}

// Write implements http.ResponseWriter.
func (w *errorWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.status < http.StatusBadRequest {
		return w.ResponseWriter.Write(p)
	}
	return w.held.Write(p)
}

// finish writes the error that was held back, if there was one.
func (w *errorWriter) finish() {
	if w.status < http.StatusBadRequest {
		return
	}
	var e apiError
	if json.Unmarshal(w.held.Bytes(), &e) != nil || e.ErrorType == "" {
		w.ResponseWriter.WriteHeader(w.status)
		_, _ = w.ResponseWriter.Write(w.held.Bytes())
		return
	}
	status := w.status
	switch {
	case e.ErrorType == typeTimeout:
		status, e.ErrorType, e.Error = http.StatusUnprocessableEntity, typeExecution, timedOut
	case e.ErrorType == typeInternal && w.gone() != nil:
		// They were there when the request came: the next one is told that the
		// workspace is not found. The same as to a writer, whom 503 has try again.
		status, e.ErrorType = http.StatusServiceUnavailable, typeUnavailable
	case e.ErrorType == typeInternal && w.cortex:
		e.ErrorType = typeServer // [C] util/api/response.go
	case e.ErrorType == typeBadData && w.cortex:
		e.Error = cortexText(e.Error)
	}
	writeError(w.ResponseWriter, status, e.ErrorType, e.Error)
}

// cortexText puts a semicolon where Prometheus has a colon after the
// parameter's name: `invalid parameter "query"; 1:5: parse error: ...`.
// [C] amp-api.md 1.7
func cortexText(text string) string {
	rest, ok := strings.CutPrefix(text, `invalid parameter "`)
	if !ok {
		return text
	}
	name, detail, ok := strings.Cut(rest, `": `)
	if !ok {
		return text
	}
	return `invalid parameter "` + name + `"; ` + detail
}

func writeError(w http.ResponseWriter, status int, errorType, text string) {
	w.Header().Del("Content-Length")
	writeJSON(w, status, apiError{Status: "error", ErrorType: errorType, Error: text})
}

// writeJSON writes v. A client that went away is no error of ours.
func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
