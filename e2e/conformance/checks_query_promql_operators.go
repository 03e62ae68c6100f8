package conformance

const (
	// loadSides are two metrics to be matched, some labels of which differ.
	loadSides = `
errors{method="get",code="500"} 24+1x20
errors{method="get",code="404"} 30+2x20
errors{method="put",code="501"} 3+1x20
errors{method="post",code="500"} 6+3x20
errors{method="post",code="404"} 21+1x20
all{method="get"} 600+5x20
all{method="del"} 34+1x20
all{method="post"} 120+6x20
owner{method="get",team="red"} 1x20
owner{method="post",team="blue"} 1x20
`
	// loadPairs are metrics with the same labels.
	loadPairs = `
left{i="0"} 1+1x20
left{i="1"} 10+1x20
left{i="2"} -5+1x20
right{i="0"} 4x20
right{i="1"} 4x20
right{i="3"} 4x20
`
)

func operatorScripts() []script {
	return []script{
		{id: "operators.arithmetic", about: "two vectors are added, subtracted, multiplied and divided by equal labels", source: "operators#arithmetic-binary-operators", load: loadPairs,
			queries: []string{"left + right", "left - right", "left * right", "left / right"}, empty: []string{`left{i="2"} + right`}},
		{id: "operators.modulo-power", about: "% has the dividend's sign, ^ raises to a power", source: "operators#arithmetic-binary-operators", load: loadPairs,
			queries: []string{"left % right", "left ^ right", "left % 3", "-7 % vector(4)", "left ^ 0.5"}},
		{id: "operators.atan2", about: "atan2 is the angle of two vectors", source: "operators#arithmetic-binary-operators", load: loadPairs,
			queries: []string{"left atan2 right", "left atan2 -1"}},
		{id: "operators.scalar", about: "a scalar meets each element of a vector, from either side", source: "operators#arithmetic-binary-operators", load: loadPairs,
			queries: []string{"left + 1", "1 - left", "2 * left / 4", "100 / left", "3 + 4 * 2"}},
		{id: "operators.precedence", about: "^ binds tightest and to the right, then * / %, + -, comparison, and, or", source: "operators#binary-operator-precedence", load: loadPairs,
			queries: []string{"2 ^ 3 ^ 2", "-2 ^ 2", "1 + 2 * 3 ^ 2", "10 - 4 - 3", "left + right * 2 > 5 and left or right", "12 / 2 % 4"}},
		{id: "operators.comparison", about: "a comparison keeps the elements for which it holds, with the left side's value", source: "operators#comparison-binary-operators", load: loadPairs,
			queries: []string{"left > 10", "left >= right", "left < right * 6", "left <= 20", "left != right", "right == 4", "20 < left"},
			empty:   []string{"left > 1e6", "right != 4"}},
		{id: "operators.comparison-bool", about: "with bool a comparison is 0 or 1, without the name", source: "operators#comparison-binary-operators", load: loadPairs,
			queries: []string{"left > bool 10", "left >= bool right", "left == bool right", "1 < bool 2", "2 != bool 2"}},
		{id: "operators.comparison-nan", about: "NaN is not equal to anything", source: "operators#comparison-binary-operators", load: loadStrange,
			queries: []string{"strange == strange", "strange != strange", "strange > bool 0"}},
		{id: "operators.and", about: "and keeps the left elements that the right side has too", source: "operators#logical-set-binary-operators", load: loadPairs,
			queries: []string{"left and right", `left and on(i) right{i="0"}`, "left and ignoring(i) right"}, empty: []string{`left{i="2"} and right`}},
		{id: "operators.or", about: "or adds the right elements that the left side lacks", source: "operators#logical-set-binary-operators", load: loadPairs,
			queries: []string{"left or right", "left or on(i) right", "nonesuch or left"}},
		{id: "operators.unless", about: "unless keeps the left elements that the right side lacks", source: "operators#logical-set-binary-operators", load: loadPairs,
			queries: []string{"left unless right", "right unless left", "left unless on(nonesuch) nonesuch"}, empty: []string{"left unless left"}},
		{id: "operators.matching-on", about: "on matches by the labels named, and only they are left", source: "operators#vector-matching", load: loadSides,
			queries: []string{`errors{code="500"} / on(method) all`, `sum by (method) (errors) / on(method) all`}},
		{id: "operators.matching-ignoring", about: "ignoring matches by all other labels", source: "operators#vector-matching", load: loadSides,
			queries: []string{`errors{code="500"} / ignoring(code) all`, `errors{code="404"} > ignoring(code) all / 30`}},
		{id: "operators.group-left", about: "group_left lets many left elements meet one and keeps their labels", source: "operators#many-to-one-and-one-to-many-vector-matches", load: loadSides,
			queries: []string{"errors / on(method) group_left all", "errors / ignoring(code) group_left() all", "errors > on(method) group_left all / 30"}},
		{id: "operators.group-right", about: "group_right lets many right elements meet one", source: "operators#many-to-one-and-one-to-many-vector-matches", load: loadSides,
			queries: []string{"all / on(method) group_right errors", "owner * on(method) group_right() errors"}},
		{id: "operators.group-labels", about: "group_left takes labels over from the one side", source: "operators#many-to-one-and-one-to-many-vector-matches", load: loadSides,
			queries: []string{"errors * on(method) group_left(team) owner", "owner * on(method) group_right(team) errors"}},
		{id: "selectors.matchers", about: "=, !=, =~ and !~ select by labels", source: "basics#instant-vector-selectors", load: loadSides,
			queries: []string{`errors{code="500"}`, `errors{code!="500"}`, `errors{code=~"4..|501"}`, `errors{code!~"5.*"}`, `errors{method="get",code=~"5.*"}`},
			empty:   []string{`errors{code=""}`, `errors{code="50"}`}},
		{id: "selectors.anchored", about: "regular expressions match whole values", source: "basics#instant-vector-selectors", load: loadSides,
			queries: []string{`errors{code=~".*4"}`, `errors{code=~"(?i)50[01]"}`, `errors{method!~"g|p.*"}`}, empty: []string{`errors{code=~"50"}`, `errors{method=~"et"}`}},
		{id: "selectors.missing-label", about: "a label that is not there equals the empty text", source: "basics#instant-vector-selectors", load: loadSides,
			queries: []string{`{method="get",code=""}`, `{method="get",team!=""}`, `{method=~"get|put",code=~"|500"}`}},
		{id: "selectors.name", about: "the name is a label like others", source: "basics#instant-vector-selectors", load: loadSides,
			queries: []string{`{__name__="all"}`, `{__name__=~"all|owner",method="get"}`, `{__name__!="errors",method="post"}`}},
		{id: "selectors.stale", about: "a series ends at its staleness marker and may go on later", source: "basics#staleness",
			load:    "gone 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 stale _ _\nback 1 2 3 4 5 6 7 8 9 10 11 12 stale _ _ _ 17 18 19 20 21\n",
			queries: []string{"back", "count_over_time(back[4m])", "count_over_time(gone[2m])", "gone offset 1m", "back + 1"},
			empty:   []string{"gone", "gone + 1"}},
	}
}
