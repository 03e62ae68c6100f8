package conformance

import (
	"context"
	"encoding/json"
	"net/http"
)

// constant is a query that needs no series, and the data of its answer. Times
// are written as gridText reads them.
type constant struct {
	id           string // follows query.
	level        Level  // MUST if empty
	about        string
	source       string
	path, params string
	data         string
}

const (
	instantPath = "/api/v1/query"
	rangePath   = "/api/v1/query_range"

	queryPage = "user guide AMP-APIReference-QueryMetrics [D]"
	statsPage = "user guide AMP-stats [D]"
)

func (c constant) check() Check {
	if c.level == "" {
		c.level = Must
	}
	return Check{
		ID: "query." + c.id, Level: c.level, Area: Querying, Description: c.about, Source: c.source,
		Run: func(_ context.Context, t *T) {
			now := t.Now()
			t.Workspace().Do(Get(c.path+"?"+gridForm(c.params, now).Encode())).ExpectStatus(http.StatusOK).
				ExpectJSON("status", "success").ExpectJSON("data", json.RawMessage(gridText(c.data, now)))
		},
	}
}

func constantChecks() []Check {
	var out []Check
	for _, rows := range [][]constant{shapes(), times(), steps(), alignments(), syntax()} {
		for _, c := range rows {
			out = append(out, c.check())
		}
	}
	return out
}

func shapes() []constant {
	const source = queryPage + "; Prometheus querying/api [D]"
	return []constant{
		{id: "shape.scalar", about: "An instant query of a scalar is a time and a text.", source: source,
			path: instantPath, params: "query=1.5&time=$T", data: `{"resultType":"scalar","result":[$T,"1.5"]}`},
		{id: "shape.string", about: "An instant query of a string is a time and a text.", source: source,
			path: instantPath, params: "query='a \"b\" c'&time=$T", data: `{"resultType":"string","result":[$T,"a \"b\" c"]}`},
		{id: "shape.vector", about: "An instant query of a vector has metric and value of each series.", source: source,
			path: instantPath, params: "query=label_replace(vector(-0.25),'a','b','','')&time=$T",
			data: `{"resultType":"vector","result":[{"metric":{"a":"b"},"value":[$T,"-0.25"]}]}`},
		{id: "shape.vector-empty", about: "An empty vector is an empty list, not null.", source: source,
			path: instantPath, params: "query=vector(1)>2&time=$T", data: `{"resultType":"vector","result":[]}`},
		{id: "shape.no-labels", about: "A series without labels has an empty metric.", source: source,
			path: instantPath, params: "query=vector(1)&time=$T", data: `{"resultType":"vector","result":[{"metric":{},"value":[$T,"1"]}]}`},
		{id: "shape.range-matrix", about: "A range query has the values of each series in the order of time.", source: source,
			path: rangePath, params: "query=vector(time()-$T)&start=$T&end=$T+120&step=60",
			data: `{"resultType":"matrix","result":[{"metric":{},"values":[[$T,"0"],[$T+60,"60"],[$T+120,"120"]]}]}`},
		{id: "shape.range-scalar", about: "A range query of a scalar is a matrix of one series without labels.", source: source,
			path: rangePath, params: "query=1&start=$T&end=$T+60&step=60",
			data: `{"resultType":"matrix","result":[{"metric":{},"values":[[$T,"1"],[$T+60,"1"]]}]}`},
		{id: "shape.range-empty", about: "A range query that comes to nothing is an empty list, not null.", source: source,
			path: rangePath, params: "query=vector(1)>2&start=$T&end=$T+60&step=60", data: `{"resultType":"matrix","result":[]}`},
		{id: "shape.range-gaps", about: "A series has values only for the steps at which it is there.", source: source,
			path: rangePath, params: "query=vector(time()-$T)!=60&start=$T&end=$T+120&step=60",
			data: `{"resultType":"matrix","result":[{"metric":{},"values":[[$T,"0"],[$T+120,"120"]]}]}`},
		{id: "shape.not-a-number", about: "NaN and infinity are written as NaN, +Inf and -Inf.", source: source,
			path: rangePath, params: "query=vector((time()-60-$T)/0)&start=$T&end=$T+120&step=60",
			data: `{"resultType":"matrix","result":[{"metric":{},"values":[[$T,"-Inf"],[$T+60,"NaN"],[$T+120,"+Inf"]]}]}`},
		{id: "shape.digits", about: "A value has as many digits as tell it from all others, and large ones an exponent.", source: source,
			path: instantPath, params: "query=label_replace(vector(0.1+0.2),'is','small','','') or vector(1e21)&time=$T",
			data: `{"resultType":"vector","result":[{"metric":{"is":"small"},"value":[$T,"0.30000000000000004"]},{"metric":{},"value":[$T,"1e+21"]}]}`},
		{id: "shape.milliseconds", about: "Times are seconds with at most three decimals.", source: source,
			path: instantPath, params: "query=time()-$T&time=$T.125", data: `{"resultType":"scalar","result":[$T.125,"0.125"]}`},
	}
}

func times() []constant {
	const zero = `{"resultType":"scalar","result":[$T,"0"]}`
	return []constant{
		{id: "time.unix", about: "time is Unix seconds.", source: queryPage, path: instantPath, params: "query=time()-$T&time=$T", data: zero},
		{id: "time.fraction", about: "time may have a fraction, of which milliseconds count.", source: queryPage,
			path: instantPath, params: "query=time()-$T&time=$T.5004", data: `{"resultType":"scalar","result":[$T.5,"0.5"]}`},
		{id: "time.rfc3339", about: "time may be RFC 3339.", source: queryPage, path: instantPath, params: "query=time()-$T&time=$UTCZ", data: zero},
		{id: "time.rfc3339-zone", about: "time may be RFC 3339 with a zone.", source: queryPage,
			path: instantPath, params: "query=time()-$T&time=$EAST+02:00", data: zero},
		{id: "time.rfc3339-fraction", about: "time may be RFC 3339 with a fraction.", source: queryPage,
			path: instantPath, params: "query=time()-$T&time=$UTC.25Z", data: `{"resultType":"scalar","result":[$T.25,"0.25"]}`},
		{id: "time.exponent", level: Should, about: "time may be a number with an exponent.", source: "amp-api.md 1.7 [C util.ParseTime]",
			path: instantPath, params: "query=time()&time=1.6e9", data: `{"resultType":"scalar","result":[1600000000,"1600000000"]}`},
		{id: "time.range-rfc3339", about: "start and end may be RFC 3339.", source: queryPage,
			path: rangePath, params: "query=1&start=$UTCZ&end=$EAST+02:00&step=60",
			data: `{"resultType":"matrix","result":[{"metric":{},"values":[[$T,"1"]]}]}`},
	}
}

func steps() []constant {
	three := `{"resultType":"matrix","result":[{"metric":{},"values":[[$T,"1"],[$T+60,"1"],[$T+120,"1"]]}]}`
	return []constant{
		{id: "step.seconds", about: "step is seconds.", source: queryPage, path: rangePath, params: "query=1&start=$T&end=$T+120&step=60", data: three},
		{id: "step.duration", about: "step may be a duration.", source: queryPage, path: rangePath, params: "query=1&start=$T&end=$T+120&step=1m", data: three},
		{id: "step.duration-compound", level: Should, about: "step may be a duration of several units.", source: "Prometheus querying/basics [D]; amp-api.md 1.7 [C]",
			path: rangePath, params: "query=1&start=$T&end=$T+200&step=1m40s",
			data: `{"resultType":"matrix","result":[{"metric":{},"values":[[$T,"1"],[$T+100,"1"],[$T+200,"1"]]}]}`},
		{id: "step.fraction", about: "step may be a fraction of seconds.", source: queryPage, path: rangePath, params: "query=1&start=$T&end=$T+1&step=0.5",
			data: `{"resultType":"matrix","result":[{"metric":{},"values":[[$T,"1"],[$T.5,"1"],[$T+1,"1"]]}]}`},
		{id: "step.beyond", about: "A step that leads past the end leaves the start alone.", source: queryPage, path: rangePath,
			params: "query=1&start=$T&end=$T+120&step=1000", data: `{"resultType":"matrix","result":[{"metric":{},"values":[[$T,"1"]]}]}`},
		{id: "step.single", about: "A range that ends where it starts has one point.", source: queryPage, path: rangePath,
			params: "query=1&start=$T&end=$T&step=60", data: `{"resultType":"matrix","result":[{"metric":{},"values":[[$T,"1"]]}]}`},
	}
}

func alignments() []constant {
	return []constant{
		{id: "alignment.start", about: "start is rounded down to a multiple of the step.", source: "amp-api.md 1.7; " + statsPage, path: rangePath,
			params: "query=time()-$T&start=$T+537&end=$T+2000&step=1000",
			data:   `{"resultType":"matrix","result":[{"metric":{},"values":[[$T,"0"],[$T+1000,"1000"],[$T+2000,"2000"]]}]}`},
		{id: "alignment.end", about: "end is rounded down to a multiple of the step.", source: statsPage, path: rangePath,
			params: "query=time()-$T&start=$T+537&end=$T+2168&step=1000",
			data:   `{"resultType":"matrix","result":[{"metric":{},"values":[[$T,"0"],[$T+1000,"1000"],[$T+2000,"2000"]]}]}`},
		{id: "alignment.within-step", level: Should, about: "A range within one step has the point before it.", source: statsPage + ", [C align_queries_with_step]", path: rangePath,
			params: "query=time()-$T&start=$T+10&end=$T+50&step=60", data: `{"resultType":"matrix","result":[{"metric":{},"values":[[$T,"0"]]}]}`},
		{id: "alignment.instant", about: "The time of an instant query is not rounded.", source: queryPage, path: instantPath,
			params: "query=time()-$T&time=$T+537", data: `{"resultType":"scalar","result":[$T+537,"537"]}`},
	}
}

func syntax() []constant {
	row := func(id, about, expr, value string) constant {
		return constant{id: "syntax." + id, about: about, source: "Prometheus querying/basics [D]", path: instantPath,
			params: "query=" + expr + "&time=$T", data: value}
	}
	scalar := func(v string) string { return `{"resultType":"scalar","result":[$T,"` + v + `"]}` }
	return []constant{
		row("number-hexadecimal", "A number may be hexadecimal.", "0xff", scalar("255")),
		row("number-exponent", "A number may have an exponent.", "-2.5e-3", scalar("-0.0025")),
		row("number-infinite", "Inf and NaN are numbers, in any case.", "-inf", scalar("-Inf")),
		row("comment", "What follows # is a comment, up to the end of the line.", "1 + # one\n  2 # two", scalar("3")),
		row("string-escapes", "A quoted string has Go's escapes.", `"tab\tquote\"A\u00e4"`, `{"resultType":"string","result":[$T,"tab\tquote\"Aä"]}`),
		row("string-raw", "A string in backticks has no escapes.", "`a\\tb`", `{"resultType":"string","result":[$T,"a\\tb"]}`),
		row("keywords", "Keywords of aggregations may be in any case, and stand before or after.", "SUM(vector(1)) BY (a) + sum by (a) (vector(2))",
			`{"resultType":"vector","result":[{"metric":{},"value":[$T,"3"]}]}`),
		row("white-space", "White space and line breaks separate and mean nothing else.", " \n\tsum (\n vector( 2 ) )\n", `{"resultType":"vector","result":[{"metric":{},"value":[$T,"2"]}]}`),
	}
}
