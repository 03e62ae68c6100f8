package check

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// checkQuery judges the trigger's PromQL.
func (t *trigger) checkQuery(found *notes, o Options) {
	at := t.where("query")
	switch {
	case strings.TrimSpace(t.Query) == "":
		found.add("query-missing", at, "trigger %d has no query", t.Index)
		return
	case t.bad != nil:
		t.checkSyntax(found, at)
		return
	}
	switch t.expr.Type() {
	case parser.ValueTypeScalar, parser.ValueTypeString:
		found.add("not-a-vector", at, "the query yields a %s", parser.DocumentedType(t.expr.Type()))
		return
	case parser.ValueTypeMatrix:
		found.add("range-result", at, "the query yields a %s", parser.DocumentedType(t.expr.Type()))
		return
	}
	s := shapeOf(t.expr)
	switch {
	case s.one:
	case s.maybe:
		found.add("maybe-several-elements", at, "the query does not aggregate: %s", s.why)
	default:
		found.add("several-elements", at, "the query can yield several elements: %s", s.why)
	}
	if t.EmptyIsZero && !s.sure {
		found.add("empty-as-zero", at, "the query can be empty and ignoreNullValues is not false")
	}
	for _, u := range uses(t.expr) {
		t.checkUse(found, at, u, o)
	}
	t.checkNodes(found, at)
}

// checkSyntax says where the query stops being PromQL.
func (t *trigger) checkSyntax(found *notes, at place) {
	if strings.Contains(t.Query, "$") {
		found.add("query-variable", at, "the query holds a variable ($...)")
		return
	}
	var several parser.ParseErrors
	if !errors.As(t.bad, &several) || len(several) == 0 {
		found.add("query-syntax", at, "%s", t.bad)
		return
	}
	before := t.Query[:min(int(several[0].PositionRange.Start), len(t.Query))]
	line, column := strings.Count(before, "\n"), len(before)-strings.LastIndex(before, "\n")
	if t.meta.at("query").block() {
		at.line += 1 + line
	}
	found.add("query-syntax", at, "line %d, column %d of the query: %s", line+1, column, several[0].Err)
}

// use is a selector with what is done to it.
type use struct {
	selector *parser.VectorSelector
	name     string
	fn       string
	window   time.Duration
	// around are all functions and aggregations around it.
	around []string
}

// uses finds the selectors of an expression.
func uses(e parser.Expr) []use {
	var all []use
	parser.Inspect(e, func(n parser.Node, path []parser.Node) error {
		s, ok := n.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		u := use{selector: s, name: s.Name}
		for _, m := range s.LabelMatchers {
			if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
				u.name = m.Value
			}
		}
		for _, p := range slices.Backward(path) {
			switch p := p.(type) {
			case *parser.MatrixSelector:
				u.window = p.Range
			case *parser.Call:
				if u.window > 0 && u.fn == "" {
					u.fn = p.Func.Name
				}
				u.around = append(u.around, p.Func.Name)
			case *parser.AggregateExpr:
				u.around = append(u.around, p.Op.String())
			}
		}
		all = append(all, u)
		return nil
	})
	return all
}

// window is the longest range that a rate is taken over, 0 when there is none.
func (t *trigger) window() time.Duration {
	var longest time.Duration
	if t.expr == nil {
		return 0
	}
	for _, u := range uses(t.expr) {
		if slices.Contains(twoSamples(), u.fn) {
			longest = max(longest, u.window)
		}
	}
	return longest
}

// twoSamples are the functions that yield nothing for a single sample.
func twoSamples() []string {
	return []string{"rate", "irate", "increase", "delta", "idelta", "deriv", "predict_linear"}
}

// counted reports whether something around a counter makes its growth not matter.
func (u use) counted() bool {
	return slices.ContainsFunc(u.around, func(name string) bool {
		return slices.Contains(twoSamples(), name) || slices.Contains([]string{
			"changes", "resets", "absent", "absent_over_time", "count", "count_over_time", "present_over_time", "group", "timestamp",
		}, name)
	})
}

func (t *trigger) checkUse(found *notes, at place, u use, o Options) {
	if slices.Contains(twoSamples(), u.fn) {
		switch window, interval := u.window, o.ScrapeInterval; {
		case window < 2*interval:
			found.add("rate-window-empty", at, "%s over %s holds fewer than two samples with a scrape each %s", u.fn, model.Duration(window), model.Duration(interval))
		case window < 4*interval:
			found.add("rate-window", at, "%s over %s is less than four scrapes of %s", u.fn, model.Duration(window), model.Duration(interval))
		}
	}
	if slices.Contains([]string{"rate", "irate", "increase"}, u.fn) && gauge(u.name) {
		found.add("rate-of-gauge", at, "%s of %s, whose name is a gauge's", u.fn, u.name)
	}
	if strings.HasSuffix(u.name, "_total") && !u.counted() {
		found.add("counter-without-rate", at, "%s is read without rate()", u.name)
	}
	switch {
	case len(u.selector.LabelMatchers) < 2:
		found.add("no-selector", at, "%s selects no workload", u.selector)
	case !slices.ContainsFunc(u.selector.LabelMatchers, func(m *labels.Matcher) bool { return strings.Contains(m.Name, "namespace") }):
		found.add("no-namespace", at, "%s selects no namespace", u.selector)
	}
}

// gauge reports whether a name ends as those of gauges do, by Prometheus's naming rules.
func gauge(name string) bool {
	for _, end := range []string{"_bytes", "_ratio", "_celsius", "_info", "_current", "_in_flight", "_length", "_size", "_depth", "_percent", "_timestamp_seconds"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

// checkNodes judges what is wrong with operators and functions themselves.
func (t *trigger) checkNodes(found *notes, at place) {
	parser.Inspect(t.expr, func(n parser.Node, _ []parser.Node) error {
		switch n := n.(type) {
		case *parser.BinaryExpr:
			if _, literal := n.RHS.(*parser.NumberLiteral); n.Op == parser.DIV && !literal {
				found.add("division", at, "the query divides by %s", brief(n.RHS))
			}
		case *parser.Call:
			if n.Func.Name == "histogram_quantile" && dropsLe(n.Args[1]) {
				found.add("quantile-without-le", at, "the buckets are summed without le before histogram_quantile")
			}
		}
		return nil
	})
}

// dropsLe reports whether an aggregation takes the label le away from classic buckets.
func dropsLe(e parser.Expr) bool {
	if paren, ok := e.(*parser.ParenExpr); ok {
		return dropsLe(paren.Expr)
	}
	a, ok := e.(*parser.AggregateExpr)
	return ok && slices.Contains(a.Grouping, "le") == a.Without &&
		slices.ContainsFunc(uses(a.Expr), func(u use) bool { return strings.HasSuffix(u.name, "_bucket") })
}

func brief(e parser.Expr) string {
	s := e.String()
	if len(s) > 60 {
		s = s[:57] + "..."
	}
	return fmt.Sprintf("%q", s)
}
