package check

import (
	"fmt"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// shape says how many elements an expression can yield, whatever is in the store.
type shape struct {
	// one says that it yields one element at most, bare that this one has no labels, sure that there always is one.
	one, bare, sure bool
	// maybe says that it may well be one: what is stored is not known to have several.
	maybe bool
	// why says where several come from.
	why string
}

// shapeOf follows PromQL's rules for the labels of a result.
func shapeOf(e parser.Expr) shape {
	switch e := e.(type) {
	case *parser.ParenExpr:
		return shapeOf(e.Expr)
	case *parser.UnaryExpr:
		return shapeOf(e.Expr)
	case *parser.SubqueryExpr:
		return ranged(shapeOf(e.Expr))
	case *parser.MatrixSelector:
		return ranged(shapeOf(e.VectorSelector))
	case *parser.VectorSelector:
		return shape{maybe: true, why: fmt.Sprintf("%s yields an element for each series", e)}
	case *parser.AggregateExpr:
		return aggregated(e)
	case *parser.Call:
		return called(e)
	case *parser.BinaryExpr:
		return combined(e)
	}
	return shape{one: true, bare: true, sure: true} // a number
}

// ranged is the shape of what has a range: a rate is one of each target's counter.
func ranged(s shape) shape {
	s.maybe, s.sure = false, false
	return s
}

func aggregated(e *parser.AggregateExpr) shape {
	inner := shapeOf(e.Expr)
	switch {
	case e.Op == parser.TOPK || e.Op == parser.BOTTOMK || e.Op == parser.LIMITK:
		if k, ok := e.Param.(*parser.NumberLiteral); ok && k.Val < 2 && len(e.Grouping) == 0 && !e.Without {
			return shape{one: true, sure: inner.sure}
		}
		inner.maybe = false
		return inner
	case e.Op == parser.COUNT_VALUES || e.Op == parser.LIMIT_RATIO:
		inner.one, inner.bare, inner.maybe, inner.why = false, false, false, fmt.Sprintf("%s yields several elements", e.Op)
		return inner
	case !e.Without && (len(e.Grouping) == 0 || inner.bare):
		return shape{one: true, bare: true, sure: inner.sure}
	case inner.one:
		return inner
	case !e.Without && pinned(e.Expr, e.Grouping):
		return shape{one: true, sure: inner.sure}
	case e.Without:
		return shape{why: fmt.Sprintf("%s without(...) keeps the other labels", e.Op)}
	}
	return shape{why: fmt.Sprintf("%s by(...) yields an element for each group", e.Op)}
}

// pinned reports whether every selector fixes the value of each of the labels.
func pinned(e parser.Expr, names []string) bool {
	all := true
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		if s, ok := n.(*parser.VectorSelector); ok {
			for _, name := range names {
				all = all && slices.ContainsFunc(s.LabelMatchers, func(m *labels.Matcher) bool { return m.Name == name && m.Type == labels.MatchEqual })
			}
		}
		return nil
	})
	return all
}

func called(e *parser.Call) shape {
	switch e.Func.Name {
	case "vector":
		return shape{one: true, bare: true, sure: true}
	case "absent", "absent_over_time":
		return shape{one: true}
	case "histogram_quantile", "histogram_fraction":
		inner := e.Args[len(e.Args)-1]
		for {
			paren, ok := inner.(*parser.ParenExpr)
			if !ok {
				break
			}
			inner = paren.Expr
		}
		if a, ok := inner.(*parser.AggregateExpr); ok && !a.Without && len(a.Grouping) == 1 && a.Grouping[0] == "le" {
			return shape{one: true, bare: true}
		}
		return shapeOf(inner)
	}
	for _, arg := range e.Args {
		if kind := arg.Type(); kind == parser.ValueTypeVector || kind == parser.ValueTypeMatrix {
			s := shapeOf(arg)
			if e.Func.Name == "label_replace" || e.Func.Name == "label_join" {
				s.bare = false
			}
			return s
		}
	}
	return shape{one: true, bare: true, sure: true} // hour() and the like: of the time, without labels
}

func combined(e *parser.BinaryExpr) shape {
	l, r := shapeOf(e.LHS), shapeOf(e.RHS)
	filters := e.Op.IsComparisonOperator() && !e.ReturnBool
	var s shape
	switch {
	case e.LHS.Type() == parser.ValueTypeScalar:
		s = r
	case e.RHS.Type() == parser.ValueTypeScalar:
		s = l
	case e.Op == parser.LOR:
		if l.one && r.one && (l.bare && r.bare || e.VectorMatching.On && len(e.VectorMatching.MatchingLabels) == 0) {
			return shape{one: true, bare: l.bare && r.bare, sure: l.sure || r.sure}
		}
		return shape{maybe: l.maybe || r.maybe, sure: l.sure || r.sure, why: either(l.why, either(r.why, "the sides of or have different labels"))}
	case e.Op == parser.LAND || e.Op == parser.LUNLESS:
		s = l
		s.sure = false
		return s
	case e.VectorMatching.Card == parser.CardManyToOne:
		s = l
	case e.VectorMatching.Card == parser.CardOneToMany:
		s = r
	default:
		s = shape{one: l.one || r.one, bare: l.bare && r.bare, maybe: l.maybe && r.maybe, why: either(l.why, r.why)}
		if s.one {
			s.why = ""
		}
	}
	s.sure = l.sure && r.sure && !filters
	return s
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
