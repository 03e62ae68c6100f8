package conformance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

// QueryAt is an instant query, for Workspace.Do.
func QueryAt(expr string, at time.Time) Request {
	return Get("/api/v1/query?" + url.Values{"query": {expr}, "time": {seconds(at)}}.Encode())
}

// QueryBetween is a range query, for Workspace.Do.
func QueryBetween(expr string, start, end time.Time, step time.Duration) Request {
	return Get("/api/v1/query_range?" + url.Values{
		"query": {expr}, "start": {seconds(start)}, "end": {seconds(end)},
		"step": {strconv.FormatFloat(step.Seconds(), 'f', -1, 64)},
	}.Encode())
}

// Query evaluates an instant query; that it fails is fatal.
func (w *Workspace) Query(expr string, at time.Time) model.Value {
	return w.value(QueryAt(expr, at))
}

// QueryRange evaluates a range query; that it fails is fatal.
func (w *Workspace) QueryRange(expr string, start, end time.Time, step time.Duration) model.Matrix {
	v := w.value(QueryBetween(expr, start, end, step))
	m, ok := v.(model.Matrix)
	if !ok {
		w.t.Fatalf("range query %s: expected a matrix, got a %s", expr, v.Type())
	}
	return m
}

// ExpectQuery expects an instant query to come to want, in the form of Text,
// within the target's patience.
func (w *Workspace) ExpectQuery(expr string, at time.Time, want ...string) {
	w.t.Eventually("query "+expr, func() error {
		if got := Text(w.Query(expr, at)); got != strings.Join(want, "\n") {
			return fmt.Errorf("at %s expected %q, got %q", at.UTC().Format(time.RFC3339Nano), strings.Join(want, "\n"), got)
		}
		return nil
	})
}

// ExpectRange expects a range query to come to want, in the form of Text, within
// the target's patience.
func (w *Workspace) ExpectRange(expr string, start, end time.Time, step time.Duration, want ...string) {
	w.t.Eventually("range query "+expr, func() error {
		if got := Text(w.QueryRange(expr, start, end, step)); got != strings.Join(want, "\n") {
			return fmt.Errorf("from %s to %s by %s expected %q, got %q", seconds(start), seconds(end), step, strings.Join(want, "\n"), got)
		}
		return nil
	})
}

// Text writes a result for comparing: a line for each series, in order, of its
// labels and value; a matrix's values are followed by @ and the time in seconds.
// The text of a scalar or string is its value.
func Text(v model.Value) string {
	var lines []string
	switch v := v.(type) {
	case *model.Scalar:
		return v.Value.String()
	case *model.String:
		return v.Value
	case model.Vector:
		for _, s := range v {
			value := s.Value.String()
			if s.Histogram != nil {
				value = s.Histogram.String()
			}
			lines = append(lines, s.Metric.String()+" "+value)
		}
	case model.Matrix:
		for _, s := range v {
			line := s.Metric.String()
			for _, p := range s.Values {
				line += " " + p.Value.String() + "@" + p.Timestamp.String()
			}
			for _, p := range s.Histograms {
				line += " " + p.Histogram.String() + "@" + p.Timestamp.String()
			}
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// SeriesOf lists the series that match, between start and end.
func (w *Workspace) SeriesOf(start, end time.Time, match ...string) []model.LabelSet {
	var out []model.LabelSet
	w.data("/api/v1/series", url.Values{"match[]": match, "start": {seconds(start)}, "end": {seconds(end)}}, &out)
	return out
}

// LabelNames lists the label names of the series that match (all, if none is
// given), between start and end.
func (w *Workspace) LabelNames(start, end time.Time, match ...string) []string {
	var out []string
	w.data("/api/v1/labels", url.Values{"match[]": match, "start": {seconds(start)}, "end": {seconds(end)}}, &out)
	return out
}

// LabelValues is LabelNames for the values of one label.
func (w *Workspace) LabelValues(label string, start, end time.Time, match ...string) []string {
	var out []string
	w.data("/api/v1/label/"+url.PathEscape(label)+"/values",
		url.Values{"match[]": match, "start": {seconds(start)}, "end": {seconds(end)}}, &out)
	return out
}

// MetricMetadata returns the metadata of a metric.
func (w *Workspace) MetricMetadata(metric string) []promv1.Metadata {
	var out map[string][]promv1.Metadata
	w.data("/api/v1/metadata", url.Values{"metric": {metric}}, &out)
	return out[metric]
}

// data gets what a Prometheus API has under data.
func (w *Workspace) data(path string, params url.Values, out any) {
	a := w.Do(Get(path+"?"+params.Encode())).RequireStatus(http.StatusOK).ExpectJSON("status", "success")
	a.Decode(&struct {
		Data any `json:"data"`
	}{out})
}

func (w *Workspace) value(r Request) model.Value {
	a := w.Do(r).RequireStatus(http.StatusOK).ExpectJSON("status", "success")
	var body struct {
		Data struct {
			ResultType model.ValueType `json:"resultType"`
			Result     json.RawMessage `json:"result"`
		} `json:"data"`
	}
	a.Decode(&body)
	var (
		err  error
		read = func(out any) { err = json.Unmarshal(body.Data.Result, out) }
		v    model.Value
	)
	switch body.Data.ResultType {
	case model.ValScalar:
		s := &model.Scalar{}
		read(s)
		v = s
	case model.ValString:
		s := &model.String{}
		read(s)
		v = s
	case model.ValVector:
		var vec model.Vector
		read(&vec)
		v = vec
	case model.ValMatrix:
		var m model.Matrix
		read(&m)
		v = m
	default:
		w.t.Fatalf("expected a resultType of Prometheus; %s", a)
	}
	if err != nil {
		w.t.Fatalf("expected data.result to be a %s, reading it failed (%v); %s", body.Data.ResultType, err, a)
	}
	return v
}

// seconds is a time as the Prometheus API takes it.
func seconds(at time.Time) string {
	return strconv.FormatFloat(float64(at.UnixMilli())/1000, 'f', -1, 64)
}
