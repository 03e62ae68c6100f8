package fault

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Value takes the place of values in the result of a query: NaN, +Inf, -Inf, a number
// or Stale. Histograms become floats of it.
type Value string

// Stale is as if all series had become stale when the rule became active: points since
// then are missing, those before are left.
const Stale Value = "stale"

// UnmarshalJSON implements json.Unmarshaler: a number need not be a text.
func (v *Value) UnmarshalJSON(raw []byte) error {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		*v = Value(text)
		return nil
	}
	var number json.Number
	if err := json.Unmarshal(raw, &number); err != nil {
		return fmt.Errorf("%s is neither a number nor NaN, +Inf, -Inf or stale", raw)
	}
	*v = Value(number)
	return nil
}

func (v Value) name() string { return "value" }

func (v Value) check(add func(field, format string, args ...any)) {
	if _, err := strconv.ParseFloat(string(v), 64); err != nil && v != Stale {
		add("value", "%q is neither a number nor NaN, +Inf, -Inf or stale", string(v))
	}
}

func (v Value) serve(w way) { rewriteResult(w, v) }

func (v Value) rewrite(r *result, since time.Time) {
	lines, ok := r.lines()
	switch {
	case ok && v == Stale:
		r.set(stale(lines, since))
	case ok:
		for i := range lines {
			lines[i] = v.fill(lines[i])
		}
		r.set(lines)
	case r.Type == typeScalar && v != Stale: // a scalar is of no series that could be stale
		var p point
		if json.Unmarshal(r.Result, &p) == nil {
			r.set(v.at(p))
		}
	}
}

// fill gives all points of a series the value.
func (v Value) fill(l line) line {
	if l.Value == nil {
		l.Value = l.Histogram
	}
	if l.Value != nil {
		p := v.at(*l.Value)
		l.Value = &p
	}
	values := slices.Concat(l.Values, l.Histograms)
	for i := range values {
		values[i] = v.at(values[i])
	}
	slices.SortStableFunc(values, func(a, b point) int { return a.when().Compare(b.when()) })
	return line{Metric: l.Metric, Value: l.Value, Values: values}
}

// at is the point with the value, as Prometheus writes it.
func (v Value) at(p point) point {
	f, _ := strconv.ParseFloat(string(v), 64) // check was content
	p[1] = json.RawMessage(`"` + strconv.FormatFloat(f, 'f', -1, 64) + `"`)
	return p
}

// when is the point's time.
func (p point) when() time.Time {
	seconds, _ := strconv.ParseFloat(string(p[0]), 64) // 0 if it is no number, which Prometheus does not write
	return time.UnixMilli(int64(seconds * 1000))
}

// stale drops the points from a time on, and the series that have no others.
func stale(lines []line, since time.Time) []line {
	since = since.Truncate(time.Millisecond) // as fine as points are
	gone := func(p point) bool { return !p.when().Before(since) }
	kept := []line{}
	for _, l := range lines {
		if l.Value != nil && gone(*l.Value) {
			l.Value = nil
		}
		if l.Histogram != nil && gone(*l.Histogram) {
			l.Histogram = nil
		}
		l.Values = slices.DeleteFunc(l.Values, gone)
		l.Histograms = slices.DeleteFunc(l.Histograms, gone)
		if l.Value != nil || l.Histogram != nil || len(l.Values) > 0 || len(l.Histograms) > 0 {
			kept = append(kept, l)
		}
	}
	return kept
}
