package expression_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/expression"
)

func nested(n int) string { return strings.Repeat("abs(", n) + "up" + strings.Repeat(")", n) }
func chain(n int) string  { return "1" + strings.Repeat("+1", n) }

func TestBounds(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, text, want string }{
		{"deepest", nested(expression.MaxDepth), ""},
		{"too deep", nested(expression.MaxDepth + 1), "1:804: parse error: expression is nested more than 200 deep"},
		{"far too deep", strings.Repeat("(", 1<<20), "nested more than 200 deep"},
		{"braces", strings.Repeat("{", 1<<20), "parse error"},
		{"longest", chain(expression.MaxOperators), ""},
		{"too long", chain(expression.MaxOperators + 1), "more than 2000 operators"},
		{"signs", strings.Repeat("-", 1<<20) + "1", "more than 2000 operators"},
		{"subqueries", "x" + strings.Repeat("[1m:1m]", 1<<17), "more than 2000 operators"},
		{"words", "a" + strings.Repeat(" or a", 1<<17), "more than 2000 operators"},
		{"one after the other", "(1)" + strings.Repeat("+(1)", 1000), ""},
		{"in a text", `x{a="` + strings.Repeat("(", 1<<17) + `"}`, ""},
		{"in a comment", "up # " + strings.Repeat("(-", 1<<17), ""},
		{"no PromQL", "sum(", "unclosed left parenthesis"},
		{"no token", "up ~ 1", "unexpected character"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := expression.NewParser().ParseExpr(tc.text)
			if tc.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tc.want)
			require.Less(t, len(err.Error()), 200)
		})
	}
}

func TestSelectorsAreBounded(t *testing.T) {
	t.Parallel()
	p := expression.NewParser()
	_, err := p.ParseMetricSelector(`up{a="b"}`)
	require.NoError(t, err)
	_, err = p.ParseMetricSelector(strings.Repeat("(", 1<<20))
	require.ErrorContains(t, err, "nested more than")
	_, err = p.ParseMetricSelectors([]string{"up", "down"})
	require.NoError(t, err)
	_, err = p.ParseMetricSelectors([]string{"up", strings.Repeat("-", 1<<20)})
	require.ErrorContains(t, err, "operators")
}

func FuzzParseExpr(f *testing.F) {
	for _, seed := range []string{nested(5), chain(5), `rate(x{a=~"b"}[5m:1m] offset -1m) @ end()`, "{{", "[[", "x[1m][1m]", strings.Repeat("(", 300), "-" + nested(250)} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		_, _ = expression.NewParser().ParseExpr(text)
	})
}
