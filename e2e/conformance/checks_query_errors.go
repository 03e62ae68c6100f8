package conformance

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
)

// apiRefusal is a request that is refused with an error of the Prometheus API.
type apiRefusal struct {
	id           string
	level        Level // SHOULD if empty
	about        string
	path, params string // as of a constant
	status       int
	errorType    string
	text         string // exact
	like         string // or a pattern
	source       string // errorsSource if empty
}

const errorsSource = "amp-api.md 1.7 [C pkg/api/queryapi]"

func (r apiRefusal) check(area Area) Check {
	if r.level == "" {
		r.level = Should
	}
	if r.source == "" {
		r.source = errorsSource
	}
	if r.text != "" {
		r.like = "^" + regexp.QuoteMeta(r.text) + "$"
	}
	return Check{
		ID: string(area) + "." + r.id, Level: r.level, Area: area, Description: r.about, Source: r.source,
		Run: func(_ context.Context, t *T) {
			t.Workspace().Do(Get(r.path+"?"+gridForm(r.params, t.Now()).Encode())).
				ExpectAPIErrorMatch(r.status, r.errorType, r.like)
		},
	}
}

func apiRefusals(area Area, rows []apiRefusal) []Check {
	var out []Check
	for _, r := range rows {
		out = append(out, r.check(area))
	}
	return out
}

func expressionErrors() []apiRefusal {
	row := func(id, about, expr, pattern string) apiRefusal {
		return apiRefusal{id: "errors.expression." + id, about: about, path: instantPath, params: "query=" + expr,
			status: http.StatusBadRequest, errorType: "bad_data", like: `^invalid parameter "query"; ` + pattern}
	}
	// What comes after the place is Prometheus's parser's, and its version is not
	// known: only what has not changed over the years is expected.
	rows := []apiRefusal{
		row("unfinished", "An expression that ends too early is refused.", "sum(", `1:5: parse error: `),
		row("braces", "Braces that do not end are refused.", "up{", `1:4: parse error: unexpected end of input inside braces`),
		row("line", "The place of an error counts lines.", "1 +\n2 +* 3", `2:4: parse error: `),
		row("function", "A function that does not exist is refused.", "nonesuch(1)", `1:1: parse error: unknown function with name "nonesuch"`),
		row("arguments", "Too few arguments are refused.", "label_join()", `1:1: parse error: expected at least 3 argument\(s\) in call to "label_join", got 0`),
		row("type", "An instant vector where a range belongs is refused.", "rate(vector(1))", `1:6: parse error: expected type range vector in call to function "rate", got instant vector`),
		row("range", "A range where an instant vector belongs is refused.", "abs(up[1m])", `1:5: parse error: expected type instant vector in call to function "abs", got range vector`),
		row("no-matcher", "A selector that selects everything is refused.", `{job=~".*"}`, `1:1: parse error: vector selector must contain at least one non-empty matcher`),
		row("regexp", "A matcher that is no regular expression is refused.", `up{job=~"("}`, `1:\d+: parse error: error parsing regexp: missing closing \)`),
		row("comparison", "Comparing scalars without bool is refused.", "1 > 2", `1:\d+: parse error: comparisons between scalars must use BOOL modifier`),
		row("set", "Set operators between scalars are refused.", "1 and 2", `1:\d+: parse error: set operator "and" not allowed in binary scalar expression`),
		row("offset", "An offset of what is no selector is refused.", "vector(1) offset 1m", `1:1: parse error: offset modifier must be preceded by an instant vector selector or range vector selector or a subquery`),
		row("many-many", "Grouping both sides of a set operator is refused.", "up and on(a) group_left up", `1:\d+: parse error: no grouping allowed for "and" operation`),
		row("empty", "An empty expression is refused.", "", `.*parse error: no expression found in input$`),
		row("number", "A broken number is refused.", "1x", `1:\d: parse error: (bad number or duration syntax|unexpected)`),
	}
	ranged := row("range-query", "A range query of a range is refused.", "up[1m]", `invalid expression type "range vector" for range query, must be Scalar or instant Vector$`)
	ranged.path, ranged.params = rangePath, "query=up[1m]&start=$T&end=$T+60&step=60"
	experimental := row("experimental", "Functions that are experiments are refused.", "limitk(1, up)", ".*parse error: ")
	experimental.level = May
	return append(rows, ranged, experimental)
}

func parameterErrors() []apiRefusal {
	const rest = "&query=1"
	row := func(id, about, path, params, text string) apiRefusal {
		return apiRefusal{id: "errors.parameter." + id, about: about, path: path, params: params + rest,
			status: http.StatusBadRequest, errorType: "bad_data", text: text}
	}
	const positive = `invalid parameter "step"; zero or negative query resolution step widths are not accepted. Try a positive integer`
	return []apiRefusal{
		row("time", "A time that is none is refused.", instantPath, "time=x", `invalid parameter "time"; invalid time value for 'time': cannot parse "x" to a valid timestamp`),
		row("start", "A start that is no time is refused.", rangePath, "start=x&end=$T&step=60", `invalid parameter "start"; cannot parse "x" to a valid timestamp`),
		row("start-missing", "A range query without a start is refused.", rangePath, "end=$T&step=60", `invalid parameter "start"; cannot parse "" to a valid timestamp`),
		row("end", "An end that is no time is refused.", rangePath, "start=$T&end=tomorrow&step=60", `invalid parameter "end"; cannot parse "tomorrow" to a valid timestamp`),
		row("end-missing", "A range query without an end is refused.", rangePath, "start=$T&step=60", `invalid parameter "end"; cannot parse "" to a valid timestamp`),
		row("end-before-start", "A range that ends before it starts is refused.", rangePath, "start=$T+60&end=$T&step=60", `invalid parameter "end"; end timestamp must not be before start time`),
		row("step", "A step that is no duration is refused.", rangePath, "start=$T&end=$T&step=x", `invalid parameter "step"; cannot parse "x" to a valid duration`),
		row("step-missing", "A range query without a step is refused.", rangePath, "start=$T&end=$T+60", `invalid parameter "step"; cannot parse "" to a valid duration`),
		row("step-zero", "A step of zero is refused.", rangePath, "start=$T&end=$T+60&step=0", positive),
		row("step-negative", "A negative step is refused.", rangePath, "start=$T&end=$T+60&step=-60", positive),
		row("step-overflow", "A step beyond 64 bits is refused.", rangePath, "start=$T&end=$T+60&step=1e300", `invalid parameter "step"; cannot parse "1e300" to a valid duration. It overflows int64`),
		row("points", "More than 11,000 points of a series are refused.", rangePath, "start=$T-10&end=$T+1090.1&step=0.1",
			"exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)"),
		row("timeout", "A timeout that is no duration is refused.", instantPath, "timeout=x", `invalid parameter "timeout"; cannot parse "x" to a valid duration`),
		// Nobody has documented lookback_delta for AMP.
		{id: "errors.parameter.lookback", level: May, about: "A lookback_delta that is no duration is refused.", path: instantPath, params: "lookback_delta=x" + rest,
			status: http.StatusBadRequest, errorType: "bad_data", like: `cannot parse "x" to a valid duration$`},
	}
}

func evaluationErrors() []apiRefusal {
	row := func(id, about, expr, pattern string) apiRefusal {
		return apiRefusal{id: "errors.evaluation." + id, about: about, path: instantPath, params: "query=" + expr,
			status: http.StatusUnprocessableEntity, errorType: "execution", like: pattern, source: "amp-api.md 1.7 [C]; Prometheus querying/api [D]"}
	}
	const two = `(vector(1) or label_replace(vector(2), "a", "b", "", ""))`
	rows := []apiRefusal{
		row("many-to-many", "Two elements on each side of a match are an error.", two+" * on() "+two,
			`^found duplicate series for the match group \{\} on the right hand-side of the operation: .*;many-to-many matching not allowed: matching labels must be unique on one side$`),
		row("many-to-one", "Many elements that meet one without group_left are an error.", two+" * on() vector(1)",
			`^multiple matches for labels: many-to-one matching must be explicit \(group_left/group_right\)$`),
		row("same-labels", "A result with two series of the same labels is an error.", "label_replace("+two+`, "a", "c", "", "")`,
			`^vector cannot contain metrics with the same labelset$`),
		row("regexp", "A pattern of label_replace that is none is an error.", `label_replace(vector(1), "a", "b", "c", "(")`,
			`^invalid regular expression in label_replace\(\): \($`),
		row("label-replace-name", "A label that label_replace cannot set is an error.", "label_replace(vector(1), \"a\\xff\", \"b\", \"\", \"\")",
			`^invalid destination label name in label_replace\(\): `),
		row("label-join-name", "A label that label_join cannot set is an error.", "label_join(vector(1), \"a\\xff\", \"b\", \"c\")",
			`^invalid destination label name in label_join\(\): `),
	}
	ranged := row("range", "An error at one step of a range is one of the whole.", "", `^multiple matches for labels: many-to-one matching must be explicit`)
	ranged.path = rangePath
	ranged.params = "query=" + two + " * on() vector(1)&start=$T&end=$T+60&step=60"
	return append(rows, ranged)
}

// errorFormChecks are about how errors are sent.
func errorFormChecks() []Check {
	return []Check{
		{
			ID: "query.errors.post", Level: Should, Area: Querying, Source: errorsSource,
			Description: "A form that is refused by POST is refused as by GET.",
			Run: func(_ context.Context, t *T) {
				ws, bad := t.Workspace(), url.Values{"query": {"up{"}}
				got := ws.Do(Get(instantPath + "?" + bad.Encode())).ExpectStatus(http.StatusBadRequest)
				ws.Do(PostForm(instantPath, bad)).ExpectStatus(got.Status).ExpectBody(got.Body).
					ExpectHeader("Content-Type", got.Header.Get("Content-Type"))
			},
		},
		{
			ID: "query.errors.first", Level: Should, Area: Querying, Source: errorsSource,
			Description: "Of several bad parameters the first in the order start, end, step, query is named.",
			Run: func(_ context.Context, t *T) {
				ws := t.Workspace()
				for _, row := range []struct{ params, name string }{
					{"start=x&end=x&step=x&query=(", "start"}, {"start=1&end=x&step=x&query=(", "end"},
					{"start=1&end=1&step=x&query=(", "step"}, {"start=1&end=1&step=1&query=(", "query"},
				} {
					ws.Do(Get(rangePath+"?"+row.params)).ExpectAPIErrorMatch(http.StatusBadRequest, "bad_data", `^invalid parameter "`+row.name+`"; `)
				}
			},
		},
	}
}
