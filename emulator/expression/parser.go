// Package expression reads PromQL that strangers send.
//
// Prometheus's parser and engine are recursive, and the parser's work grows with
// the square of a chain of operators: an expression of a megabyte can overflow
// the stack, which ends the process, or take minutes that no deadline bounds. The
// parser of this package looks at the tokens first, which takes no longer than
// reading them, and refuses what is deeper or longer than anyone writes.
package expression

import (
	"errors"
	"fmt"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/parser/posrange"
)

const (
	// MaxDepth is how deep parentheses, brackets and braces may be nested. The
	// deepest of Prometheus's own test suite has seven [I].
	MaxDepth = 200
	// MaxOperators is how many operators, subqueries and modifiers with brackets
	// an expression may have: each makes the tree one deeper at worst [I].
	MaxOperators = 2000
)

// Parser is Prometheus's parser with a bound on what it takes.
type Parser struct{ parser.Parser }

// NewParser returns a parser without experimental functions, as Cortex has it by
// default [C].
func NewParser() Parser { return Parser{parser.NewParser(parser.Options{})} }

// ParseExpr implements parser.Parser.
func (p Parser) ParseExpr(input string) (parser.Expr, error) {
	if err := check(input); err != nil {
		return nil, err
	}
	return p.Parser.ParseExpr(input)
}

// ParseMetricSelector implements parser.Parser.
func (p Parser) ParseMetricSelector(input string) ([]*labels.Matcher, error) {
	if err := check(input); err != nil {
		return nil, err
	}
	return p.Parser.ParseMetricSelector(input)
}

// ParseMetricSelectors implements parser.Parser.
func (p Parser) ParseMetricSelectors(selectors []string) ([][]*labels.Matcher, error) {
	for _, s := range selectors {
		if err := check(s); err != nil {
			return nil, err
		}
	}
	return p.Parser.ParseMetricSelectors(selectors)
}

// check counts tokens until the end or the first that is none; what is wrong with
// that one the parser says.
func check(input string) error {
	lexer := parser.Lex(input)
	var item parser.Item
	depth, operators := 0, 0
	for {
		lexer.NextItem(&item)
		switch {
		case item.Typ == parser.EOF || item.Typ == parser.ERROR:
			return nil
		case item.Typ == parser.LEFT_PAREN || item.Typ == parser.LEFT_BRACE:
			depth++
		case item.Typ == parser.RIGHT_PAREN || item.Typ == parser.RIGHT_BRACE:
			depth--
		case item.Typ == parser.LEFT_BRACKET || item.Typ.IsOperator():
			operators++
		}
		if depth > MaxDepth {
			return refuse(input, item, fmt.Sprintf("expression is nested more than %d deep", MaxDepth))
		}
		if operators > MaxOperators {
			return refuse(input, item, fmt.Sprintf("expression has more than %d operators", MaxOperators))
		}
	}
}

// refuse makes the error of a parser, with the place in the input. Of that only
// the beginning goes along: the error is logged and sent.
func refuse(input string, at parser.Item, text string) error {
	return parser.ParseErrors{{
		PositionRange: posrange.PositionRange{Start: at.Pos, End: at.Pos + 1},
		Err:           errors.New(text),
		Query:         input,
	}}
}
