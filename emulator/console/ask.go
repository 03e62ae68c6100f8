package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// maxAnswer bounds an answer that a page is made of.
const maxAnswer = 64 << 20

// answer is one of the Prometheus API.
type answer struct {
	ErrorType string          `json:"errorType"`
	Error     string          `json:"error"`
	Warnings  []string        `json:"warnings"`
	Infos     []string        `json:"infos"`
	Data      json.RawMessage `json:"data"`
}

// text is the answer's error in words.
func (a answer) text(status int) string {
	switch {
	case a.Error == "":
		return fmt.Sprintf("The workspace answered with status %d.", status)
	case a.ErrorType == "":
		return a.Error
	default:
		return a.ErrorType + ": " + a.Error
	}
}

// ask puts a question to the API of a workspace, within this process.
func (c *Console) ask(r *http.Request, workspaceID, path string, form url.Values) (answer, int) {
	in := &http.Request{
		Method: http.MethodGet, URL: &url.URL{Path: path, RawQuery: form.Encode()}, Header: http.Header{},
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: http.NoBody, Host: r.Host,
	}
	k := &kept{header: http.Header{}}
	c.Samples.ServeQuery(k, in.WithContext(r.Context()), workspaceID)
	if k.tooLarge {
		return answer{Error: fmt.Sprintf("The answer has more than %d MiB. Choose fewer series or a shorter time.", maxAnswer>>20)}, http.StatusUnprocessableEntity
	}
	var a answer
	if err := json.Unmarshal(k.body.Bytes(), &a); err != nil {
		a.Error = strings.TrimSpace(k.body.String())
	}
	return a, max(k.status, http.StatusOK)
}

var errTooLarge = errors.New("the answer is too large to be shown")

// kept keeps an answer instead of sending it.
type kept struct {
	header   http.Header
	status   int
	body     bytes.Buffer
	tooLarge bool
}

// Header implements http.ResponseWriter.
func (k *kept) Header() http.Header { return k.header }

// WriteHeader implements http.ResponseWriter.
func (k *kept) WriteHeader(status int) {
	if k.status == 0 {
		k.status = status
	}
}

// Write implements http.ResponseWriter.
func (k *kept) Write(p []byte) (int, error) {
	k.WriteHeader(http.StatusOK)
	if k.body.Len()+len(p) > maxAnswer {
		k.tooLarge = true
		return 0, errTooLarge
	}
	return k.body.Write(p)
}
