package conformance

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

const (
	seriesPath = "/api/v1/series"
	labelsPath = "/api/v1/labels"
	seriesPage = "user guide AMP-APIReference-GetSeries [D]"
	labelsPage = "user guide AMP-APIReference-GetLabels [D]"
)

func seriesChecks() []Check {
	return slices.Concat(
		lookupChecks(), lookupWayChecks(), lookupTimeChecks(), labelChecks(), labelValueChecks(), lookupLimitChecks(),
		apiRefusals(SeriesLabels, lookupErrors()),
	)
}

// stock is what checks of lookups write: three series of x and one of y.
type stock struct {
	*Workspace
	t    *T
	x, y string
	at   time.Time
}

func (t *T) stock() stock {
	s := stock{t.Workspace(), t, t.Metric("x"), t.Metric("y"), t.Now()}
	s.Write(Series(s.x, Labels{"zone": "b", "job": "web"}, At(s.at, 1)), Series(s.x, Labels{"zone": "a", "job": "web"}, At(s.at, 1)),
		Series(s.x, Labels{"zone": "c"}, At(s.at, 1)), Series(s.y, Labels{"zone": "z", "other": "o"}, At(s.at, 1)))
	t.Eventually("the series to be found", func() error {
		if got := s.SeriesOf(s.at.Add(-time.Minute), s.at.Add(time.Minute), s.x, s.y); len(got) != 4 {
			return fmt.Errorf("expected 4 series, got %v", got)
		}
		return nil
	})
	return s
}

// zones expects the series that match to have these zones, in any order, each once.
func (s stock) zones(want string, match ...string) {
	s.t.zonesOf(s.Do(s.request(match...)), want)
}

func (s stock) request(match ...string) Request {
	return Get(seriesPath + "?" + url.Values{
		"match[]": match, "start": {seconds(s.at.Add(-time.Minute))}, "end": {seconds(s.at.Add(time.Minute))},
	}.Encode())
}

func (t *T) zonesOf(a Answer, want string) {
	a.RequireStatus(http.StatusOK).ExpectJSON("status", "success")
	var body struct{ Data []model.LabelSet }
	a.Decode(&body)
	var got []string
	for _, ls := range body.Data {
		got = append(got, string(ls["zone"]))
	}
	slices.Sort(got)
	if strings.Join(got, "") != want || body.Data == nil {
		t.Errorf("expected the zones %q; %s", want, a)
	}
}

func lookupChecks() []Check {
	rows := []struct {
		id, about, want string
		match           func(s stock) []string
	}{
		{"match", "Series are found by their name.", "abc", func(s stock) []string { return []string{s.x} }},
		{"match-equal", "Series are found by a label's value.", "a", func(s stock) []string { return []string{s.x + `{zone="a"}`} }},
		{"match-not-equal", "!= leaves out series with a value, and keeps those without the label.", "c", func(s stock) []string { return []string{s.x + `{job!="web"}`} }},
		{"match-regexp", "=~ matches whole values.", "bc", func(s stock) []string { return []string{s.x + `{zone=~"b|c|aa|.a"}`} }},
		{"match-not-regexp", "!~ leaves out what matches.", "a", func(s stock) []string { return []string{s.x + `{zone!~"[b-z]"}`} }},
		{"match-empty-value", "A label that equals the empty text is not there.", "c", func(s stock) []string { return []string{s.x + `{job=""}`} }},
		{"match-name", "The name is a label like others.", "abcz", func(s stock) []string { return []string{`{__name__=~"` + s.x + "|" + s.y + `"}`} }},
		{"match-several", "Several match[] find the series of each.", "az", func(s stock) []string { return []string{s.x + `{zone="a"}`, s.y} }},
		{"match-overlapping", "A series that several match[] find is listed once.", "abc", func(s stock) []string { return []string{s.x, s.x + `{zone="a"}`} }},
		{"match-nothing", "What nothing matches is an empty list.", "", func(s stock) []string { return []string{s.x + `{zone="none"}`} }},
	}
	var out []Check
	for _, row := range rows {
		out = append(out, Check{
			ID: "series." + row.id, Level: Must, Area: SeriesLabels, Description: row.about,
			Source: seriesPage + "; Prometheus querying/api [D]",
			Run: func(_ context.Context, t *T) {
				s := t.stock()
				s.zones(row.want, row.match(s)...)
			},
		})
	}
	return append(out,
		Check{
			ID: "series.shape", Level: Must, Area: SeriesLabels, Source: seriesPage,
			Description: "A series is an object of its name and all its labels.",
			Run: func(_ context.Context, t *T) {
				s := t.stock()
				s.Do(s.request(s.y)).ExpectStatus(http.StatusOK).ExpectHeader("Content-Type", "application/json").ExpectJSON("status", "success").
					ExpectJSON("data", []any{map[string]string{"__name__": s.y, "zone": "z", "other": "o"}})
			},
		},
		Check{
			ID: "series.shape-empty", Level: Must, Area: SeriesLabels, Source: seriesPage,
			Description: "No series are an empty list, not null.",
			Run: func(_ context.Context, t *T) {
				t.Workspace().Do(Get(seriesPath+"?match%5B%5D="+t.Metric("none"))).ExpectStatus(http.StatusOK).ExpectJSON("data", []any{})
			},
		},
		Check{
			ID: "series.gzip", Level: Must, Area: SeriesLabels, Source: "amp-api.md 1.2 [D samples]",
			Description: "A client that accepts gzip is answered in gzip.",
			Run: func(_ context.Context, t *T) {
				s := t.stock()
				expectGzip(t, s.request(s.y).Path)
			},
		},
	)
}

func lookupWayChecks() []Check {
	var out []Check
	for _, way := range ways() {
		out = append(out,
			Check{
				ID: "series.method.series-" + way.name, Level: Must, Area: SeriesLabels, Source: way.source,
				Description: "Series are asked for " + way.words + ".",
				Run: func(_ context.Context, t *T) {
					s := t.stock()
					t.zonesOf(s.Do(way.request(seriesPath, url.Values{"match[]": {s.x + `{zone="a"}`, s.y}})), "az")
				},
			},
			Check{
				ID: "series.method.labels-" + way.name, Level: Must, Area: SeriesLabels, Source: way.source,
				Description: "Label names are asked for " + way.words + ".",
				Run: func(_ context.Context, t *T) {
					s := t.stock()
					s.Do(way.request(labelsPath, url.Values{"match[]": {s.y}})).ExpectStatus(http.StatusOK).
						ExpectJSON("data", []string{"__name__", "other", "zone"})
				},
			})
	}
	return append(out, Check{
		ID: "series.method.values-post", Level: Should, Area: SeriesLabels, Source: "amp-api.md 1.2 [D GET only]",
		Description: "Label values are not asked for by POST.",
		Run: func(_ context.Context, t *T) {
			t.Workspace().Do(PostForm("/api/v1/label/job/values", url.Values{})).ExpectRefused()
		},
	})
}

func lookupTimeChecks() []Check {
	rows := []struct {
		id, about string
		level     Level
		params    func(at time.Time) url.Values
		want      string
	}{
		{"none", "Without start and end what was just written is found.", Must, func(time.Time) url.Values { return url.Values{} }, "abc"},
		{"around", "Series with samples between start and end are found.", Must, func(at time.Time) url.Values {
			return url.Values{"start": {seconds(at.Add(-time.Second))}, "end": {seconds(at.Add(time.Second))}}
		}, "abc"},
		{"rfc3339", "start and end may be RFC 3339.", Must, func(at time.Time) url.Values {
			return url.Values{"start": {at.Add(-time.Minute).UTC().Format(time.RFC3339)}, "end": {at.Add(time.Minute).UTC().Format(time.RFC3339)}}
		}, "abc"},
		{"start-only", "start alone reaches to now.", Must, func(at time.Time) url.Values {
			return url.Values{"start": {seconds(at.Add(-time.Minute))}}
		}, "abc"},
		// Cortex looks at all that its ingesters hold, in some settings [C].
		{"before", "Series without a sample between start and end are not found.", May, func(at time.Time) url.Values {
			return url.Values{"start": {seconds(at.Add(-20 * 24 * time.Hour))}, "end": {seconds(at.Add(-19 * 24 * time.Hour))}}
		}, ""},
	}
	var out []Check
	for _, row := range rows {
		out = append(out, Check{
			ID: "series.time." + row.id, Level: row.level, Area: SeriesLabels, Description: row.about, Source: seriesPage,
			Run: func(_ context.Context, t *T) {
				s := t.stock()
				params := row.params(s.at)
				params.Set("match[]", s.x)
				t.zonesOf(s.Do(Get(seriesPath+"?"+params.Encode())), row.want)
			},
		})
	}
	return out
}

func lookupErrors() []apiRefusal {
	row := func(id, about, path, params, pattern string) apiRefusal {
		return apiRefusal{id: "errors." + id, about: about, path: path, params: params, status: http.StatusBadRequest, errorType: "bad_data",
			like: pattern, source: "Prometheus querying/api [D status]; amp-api.md 1.7 [C Prometheus's handlers]"}
	}
	return []apiRefusal{
		row("no-match", "Series without match[] are refused.", seriesPath, "", `^no match\[\] parameter provided$`),
		row("match", "A match[] that is no selector is refused.", seriesPath, "match[]=up{", `^invalid parameter "match\[\]": 1:4: parse error: unexpected end of input inside braces$`),
		row("match-of-labels", "A match[] of label names that is no selector is refused.", labelsPath, "match[]=sum(up)", `^1:4: parse error: `),
		row("match-everything", "A match[] that selects everything is refused.", seriesPath, "match[]={}", `match\[\] must contain at least one non-empty matcher$`),
		row("start", "A start that is no time is refused.", seriesPath, "match[]=up&start=x", `^invalid parameter "start": invalid time value for 'start': cannot parse "x" to a valid timestamp$`),
		row("end", "An end that is no time is refused.", "/api/v1/label/job/values", "end=x", `^invalid parameter "end": invalid time value for 'end': cannot parse "x" to a valid timestamp$`),
		row("label-name", "A label name that is not UTF-8 is refused.", "/api/v1/label/%ff/values", "", `^invalid label name: "\\xff"$`),
	}
}
