package fault

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// document is the answer to a query. What is not changed is passed on as it is.
type document struct {
	Status   string          `json:"status"`
	Data     result          `json:"data"`
	Warnings json.RawMessage `json:"warnings,omitempty"`
	Infos    json.RawMessage `json:"infos,omitempty"`
}

// result is what a query comes to.
type result struct {
	Type   string          `json:"resultType"`
	Result json.RawMessage `json:"result"`
	Stats  json.RawMessage `json:"stats,omitempty"`
}

// Types of results whose Result is a list of series. Scalars and strings are a point.
const (
	typeVector = "vector"
	typeMatrix = "matrix"
	typeScalar = "scalar"
)

// line is a series of a result.
type line struct {
	Metric     map[string]string `json:"metric"`
	Value      *point            `json:"value,omitempty"`
	Values     []point           `json:"values,omitempty"`
	Histogram  *point            `json:"histogram,omitempty"`
	Histograms []point           `json:"histograms,omitempty"`
}

// point is a time in seconds and a value in a text, or a histogram.
type point [2]json.RawMessage

func (r *result) lines() ([]line, bool) {
	var lines []line
	if r.Type != typeVector && r.Type != typeMatrix || json.Unmarshal(r.Result, &lines) != nil {
		return nil, false
	}
	return lines, true
}

func (r *result) set(v any) {
	if raw, err := json.Marshal(v); err == nil { // made of what was read as JSON
		r.Result = raw
	}
}

func (r *result) clear() {
	if r.Type != typeMatrix {
		r.Type = typeVector // a scalar cannot be missing
	}
	r.Result = json.RawMessage("[]")
}

// rewriteResult has a query carried out and answers with its result changed. An error is passed on.
func rewriteResult(w way, e rewriter) {
	answer := w.carryOut()
	if answer.status == http.StatusOK {
		_ = answer.change(func(body []byte) ([]byte, error) { // what is no result is passed on too
			var doc document
			if err := json.Unmarshal(body, &doc); err != nil {
				return nil, fmt.Errorf("read the result of a query: %w", err)
			}
			e.rewrite(&doc.Data, w.since)
			return json.Marshal(doc)
		})
	}
	answer.send(w.Writer)
}

// change replaces the body, which may be packed and is packed again.
func (h *held) change(edit func([]byte) ([]byte, error)) error {
	packed := h.header.Get("Content-Encoding") == "gzip"
	body := h.body.Bytes()
	if packed {
		unzip, err := gzip.NewReader(&h.body)
		if err != nil {
			return fmt.Errorf("unpack: %w", err)
		}
		if body, err = io.ReadAll(unzip); err != nil {
			return fmt.Errorf("unpack: %w", err)
		}
	}
	body, err := edit(body)
	if err != nil {
		return err
	}
	var next bytes.Buffer
	if !packed {
		next.Write(body)
	} else {
		zip := gzip.NewWriter(&next)
		_, _ = zip.Write(body) // a bytes.Buffer takes everything
		_ = zip.Close()
	}
	h.body = next
	return nil
}
