package conformance

import (
	"context"
	"strconv"
	"strings"
)

// readBackLabelChecks write label values of all kinds, find them by a matcher
// and compare them.
func readBackLabelChecks() []Check {
	var checks []Check
	for _, c := range []struct{ id, description, value string }{
		{"two-bytes", "A value of letters that are two bytes", "größer als ñandú, Ωμέγα, привет"},
		{"three-bytes", "A value of letters that are three bytes", "東京都 ― 한국어"},
		{"four-bytes", "A value of letters that are four bytes", "\U0001F980\U0001F468\u200d\U0001F469"},
		{"combining", "A value of combining letters, which no one is to normalize", "e\u0301 is not \u00e9"},
		{"quotes", "A value of quotes and backslashes", `"\\" and '\n' and \"`},
		{"controls", "A value of newlines, tabs and other controls", "line\nline\r\n\ttab\x01\x7f"},
		{"blanks", "A value with blanks at its ends", "  two  before and after  "},
		{"markup", "A value of HTML's letters, which JSON may escape", "<a href='x'>&amp;</a>\u2028"},
		{"promql", "A value that looks like PromQL", `up{job=~"a|b"} == 1 or {}, # no comment`},
		{"url", "A value of letters that mean something in a URL", "100%/%2F?a=b&c=d+e;f#g"},
		{"long", "A value of 2000 bytes", strings.Repeat("0123456789", 200)},
	} {
		checks = append(checks, Check{
			ID: "read-back.label." + c.id, Level: Must, Area: ReadBack,
			Description: c.description + " is read back unchanged, and found by a matcher.",
			Source:      "Prometheus data model [D]",
			Run: func(_ context.Context, t *T) {
				ws, now, x := t.Workspace(), t.Now(), t.Metric("x")
				good := Series(x, Labels{"value": c.value}, At(now, 1))
				ws.Write(good, Series(x, Labels{"value": c.value + "."}, At(now, 2)))
				ws.ExpectQuery(x+`{value=`+strconv.Quote(c.value)+`}`, now, labelsText(good)+" 1")
			},
		})
	}
	return append(checks, Check{
		ID: "read-back.label.absent", Level: Must, Area: ReadBack,
		Description: "A label that a series does not have is matched by the empty value, and not shown.",
		Source:      "Prometheus data model, PromQL selectors [D]",
		Run: func(_ context.Context, t *T) {
			ws, now, x := t.Workspace(), t.Now(), t.Metric("x")
			ws.Write(Series(x, nil, At(now, 1)), Series(x, Labels{"a": "b"}, At(now, 2)))
			ws.ExpectQuery(x+`{a=""}`, now, x+" 1")
			ws.ExpectQuery(x+`{a!=""}`, now, x+`{a="b"} 2`)
		},
	})
}
