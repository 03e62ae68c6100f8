package query

import (
	"cmp"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/timestamp"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/ampersand-amp/ampersand/emulator/quota"
)

// maxSubquerySteps bounds the steps of a subquery where the quota of samples
// does not: the engine takes 16 bytes for each before it reads anything, and a
// year of milliseconds would end the process. [I]
const maxSubquerySteps = 50_000_000

// judgeStatement refuses what can be refused before anything is read: too long a
// time range and subqueries of too many steps.
//
// Two lengths are judged, each by itself, as in Cortex' frontend: that from
// start to end, and that which the selectors reach back with their ranges,
// offsets, subqueries and the lookback, gaps between selectors not counted.
// [C] tripperware/queryrange/limits.go
func judgeStatement(q *quota.Set, stmt *parser.EvalStmt) error {
	length := stmt.End.Sub(stmt.Start).Milliseconds()
	if err := judgeRange(q, length); err != nil {
		return err
	}
	r := reach{lookback: stmt.LookbackDelta.Milliseconds(), length: length}
	at := timestamp.FromTime(stmt.Start)
	r.walk(stmt.Expr, span{at, at}, 0)
	if err := judgeRange(q, r.total()); err != nil {
		return err
	}
	limit := int64(maxSubquerySteps)
	if samples := q.Get(quota.QuerySamples); samples >= 0 {
		limit = min(limit, samples)
	}
	if r.steps > limit {
		return promql.ErrTooManySamples("query execution")
	}
	return nil
}

// span is an interval of time in Unix milliseconds.
type span struct{ from, to int64 }

// reach finds out which time a statement's selectors read.
type reach struct {
	lookback int64
	length   int64 // from start to end of the query
	spans    []span
	steps    int64 // the most steps that a subquery has
}

// walk follows the expression down. in is the time at which node is evaluated,
// window the range of the matrix selector that it is in.
func (r *reach) walk(node parser.Node, in span, window time.Duration) {
	switch n := node.(type) {
	case *parser.VectorSelector:
		in = shift(in, n.Timestamp, n.OriginalOffset)
		if window > 0 {
			in.from -= window.Milliseconds()
		} else {
			in.from -= r.lookback
		}
		r.spans = append(r.spans, in)
		return
	case *parser.MatrixSelector:
		window = n.Range
	case *parser.SubqueryExpr:
		in = shift(in, n.Timestamp, n.OriginalOffset)
		in.from -= n.Range.Milliseconds()
		step := n.Step
		if step <= 0 {
			step = defaultSubqueryStep
		}
		r.steps = max(r.steps, (in.to-in.from+r.length)/max(step.Milliseconds(), 1))
	}
	for child := range parser.ChildrenIter(node) {
		r.walk(child, in, window)
	}
}

// shift applies @ and offset.
func shift(s span, at *int64, offset time.Duration) span {
	if at != nil {
		s = span{*at, *at}
	}
	return span{s.from - offset.Milliseconds(), s.to - offset.Milliseconds()}
}

// total is the length of all spans together, what they share counted once.
func (r *reach) total() int64 {
	slices.SortFunc(r.spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var sum int64
	for i := 0; i < len(r.spans); {
		s := r.spans[i]
		for i++; i < len(r.spans) && r.spans[i].from <= s.to; i++ {
			s.to = max(s.to, r.spans[i].to)
		}
		sum += s.to - s.from
	}
	return sum
}
