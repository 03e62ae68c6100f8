package proof

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/annotations"
	v1 "github.com/prometheus/prometheus/web/api/v1"
)

// maxNotes is how many annotations of a kind the API shows; one more says how
// many it left out.
const maxNotes = 10

// encode writes a result as Prometheus' API writes it.
func encode(res *promql.Result, query string) ([]byte, error) {
	warnings, infos := res.Warnings.AsStrings(query, maxNotes, maxNotes)
	defer res.Warnings.AsStrings("", 0, 0) // AsStrings leaves the query in the annotations
	body, err := v1.JSONCodec{}.Encode(&v1.Response{
		Status: "success", Warnings: warnings, Infos: infos,
		Data: &v1.QueryData{ResultType: res.Value.Type(), Result: res.Value},
	})
	if err != nil {
		return nil, fmt.Errorf("encode the result of %s: %w", query, err)
	}
	return body, nil
}

// wire is the part of an answer that this package turns back into values.
type wire struct {
	Status    string   `json:"status"`
	ErrorType string   `json:"errorType"`
	Error     string   `json:"error"`
	Warnings  []string `json:"warnings"`
	Infos     []string `json:"infos"`
	Data      struct {
		ResultType parser.ValueType `json:"resultType"`
		Result     json.RawMessage  `json:"result"`
	} `json:"data"`
}

type wireSeries struct {
	Metric     labels.Labels `json:"metric"`
	Value      *wirePoint    `json:"value"`
	Values     []wirePoint   `json:"values"`
	Histogram  *wirePoint    `json:"histogram"`
	Histograms []wirePoint   `json:"histograms"`
}

// wirePoint is a time and a float as text. Of a histogram the value is left
// out: its JSON has neither schema nor spans, so it cannot be turned back.
type wirePoint struct {
	at    int64
	text  string
	float float64
}

// UnmarshalJSON takes [seconds, "value"] and [seconds, {histogram}].
func (p *wirePoint) UnmarshalJSON(raw []byte) error {
	var pair [2]json.RawMessage
	if err := json.Unmarshal(raw, &pair); err != nil {
		return err
	}
	at, err := strconv.ParseFloat(string(pair[0]), 64)
	if err != nil {
		return err
	}
	p.at = int64(math.Round(at * 1000))
	if pair[1][0] == '{' {
		return nil
	}
	return json.Unmarshal(pair[1], &p.text)
}

func (p *wirePoint) number() (err error) {
	p.float, err = strconv.ParseFloat(p.text, 64)
	return err
}

// errHistograms says that an answer has histograms.
var errHistograms = errors.New("the answer has histograms, which JSON has without their schema")

// decode turns an answer without histograms back into what the engine made;
// errors and annotations have the texts that the engine gave them.
func decode(got answer) *promql.Result {
	var w wire
	if err := json.Unmarshal(got.body, &w); err != nil {
		return &promql.Result{Err: fmt.Errorf("status %d, not JSON: %w: %.200s", got.status, err, got.body)}
	}
	if w.Status != "success" || got.status != 200 {
		return &promql.Result{Err: fmt.Errorf("%s", w.Error)}
	}
	res := &promql.Result{}
	for _, text := range w.Warnings {
		res.Warnings.Add(note{text, annotations.PromQLWarning})
	}
	for _, text := range w.Infos {
		res.Warnings.Add(note{text, annotations.PromQLInfo})
	}
	res.Value, res.Err = w.value()
	return res
}

// names returns the series of an answer, whatever their values are.
func names(got answer) ([]labels.Labels, error) {
	var w wire
	if err := json.Unmarshal(got.body, &w); err != nil {
		return nil, fmt.Errorf("status %d, not JSON: %w: %.200s", got.status, err, got.body)
	}
	var all []wireSeries
	if err := json.Unmarshal(w.Data.Result, &all); err != nil {
		return nil, fmt.Errorf("status %d, no series: %w: %.200s", got.status, err, got.body)
	}
	var out []labels.Labels
	for _, one := range all {
		out = append(out, one.Metric)
	}
	return out, nil
}

// value is the value of an answer.
func (w *wire) value() (parser.Value, error) {
	switch w.Data.ResultType {
	case parser.ValueTypeScalar, parser.ValueTypeString:
		var p wirePoint
		if err := json.Unmarshal(w.Data.Result, &p); err != nil {
			return nil, fmt.Errorf("decode %s: %w", w.Data.ResultType, err)
		}
		if w.Data.ResultType == parser.ValueTypeString {
			return promql.String{T: p.at, V: p.text}, nil
		}
		err := p.number()
		return promql.Scalar{T: p.at, V: p.float}, err
	}
	var all []wireSeries
	if err := json.Unmarshal(w.Data.Result, &all); err != nil {
		return nil, fmt.Errorf("decode %s: %w", w.Data.ResultType, err)
	}
	vector, matrix := promql.Vector{}, promql.Matrix{}
	for _, one := range all {
		if one.Histogram != nil || len(one.Histograms) > 0 {
			return nil, errHistograms
		}
		if one.Value != nil {
			if err := one.Value.number(); err != nil {
				return nil, err
			}
			vector = append(vector, promql.Sample{Metric: one.Metric, T: one.Value.at, F: one.Value.float})
			continue
		}
		points := promql.Series{Metric: one.Metric}
		for _, p := range one.Values {
			if err := p.number(); err != nil {
				return nil, err
			}
			points.Floats = append(points.Floats, promql.FPoint{T: p.at, F: p.float})
		}
		matrix = append(matrix, points)
	}
	if w.Data.ResultType == parser.ValueTypeVector {
		return vector, nil
	}
	return matrix, nil
}

// note is an annotation that came as text. The API adds to the engine's text
// where in the query and over which samples it arose; promqltest knows the text
// without.
type note struct {
	text string
	kind error
}

var notePosition = regexp.MustCompile(`(, from buckets .* over \d+ samples from \S+ to \S+)?( \(\d+ occurrences\))? \(\d+:\d+\)$`)

func (n note) Error() string        { return notePosition.ReplaceAllString(n.text, "") }
func (n note) Is(target error) bool { return target == n.kind }

// Floats may differ by tolerance relative to the greater one, because sums come
// out differently with the order of their parts, and by noise where what is left
// is the difference of numbers that are nearly the same.
const (
	tolerance = 1e-9
	noise     = 1e-12
)

// sameAnswer compares two answers of the API. The order of an instant query's
// series is the storage's, which is no part of an answer.
func sameAnswer(want, got []byte) error {
	var a, b any
	for _, doc := range []struct {
		raw []byte
		to  *any
	}{{want, &a}, {got, &b}} {
		if err := json.Unmarshal(doc.raw, doc.to); err != nil {
			return fmt.Errorf("not JSON: %w: %.300s", err, doc.raw)
		}
	}
	sortSeries(a)
	sortSeries(b)
	if !same(a, b, "") {
		return fmt.Errorf("want %.1500s\n got %.1500s", bytes.TrimSpace(want), bytes.TrimSpace(got))
	}
	return nil
}

func sortSeries(doc any) {
	top, _ := doc.(map[string]any)
	data, _ := top["data"].(map[string]any)
	list, _ := data["result"].([]any)
	if data["resultType"] == "vector" {
		slices.SortFunc(list, func(x, y any) int {
			mx, _ := json.Marshal(x.(map[string]any)["metric"])
			my, _ := json.Marshal(y.(map[string]any)["metric"])
			return bytes.Compare(mx, my)
		})
	}
	for _, key := range []string{"warnings", "infos"} {
		notes, _ := top[key].([]any)
		if len(notes) > maxNotes { // which of them are shown is chance
			top[key] = float64(len(notes))
			continue
		}
		slices.SortFunc(notes, func(x, y any) int { return bytes.Compare([]byte(x.(string)), []byte(y.(string))) })
	}
}

// same compares two decoded documents. Texts in lists and a histogram's count
// and sum are numbers; a label's value never is, though it may look like one.
func same(a, b any, key string) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k, v := range a {
			other, ok := b[k]
			if !ok || !same(v, other, key+"."+k) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !same(a[i], b[i], key+"[]") {
				return false
			}
		}
		return true
	case string:
		b, ok := b.(string)
		return ok && (a == b || numeric(key) && sameNumber(a, b))
	default:
		return a == b
	}
}

var numericKey = regexp.MustCompile(`^\.data\.result(\[\](\.(value|histogram)|\.(values|histograms)\[\]))?\[\](\.(count|sum)|\.buckets\[\]\[\])?$`)

func numeric(key string) bool { return numericKey.MatchString(key) }

func sameNumber(a, b string) bool {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	if errX != nil || errY != nil {
		return false
	}
	if math.IsNaN(x) || math.IsNaN(y) {
		return math.IsNaN(x) && math.IsNaN(y)
	}
	return x == y || math.Abs(x-y) <= tolerance*max(math.Abs(x), math.Abs(y))+noise
}
