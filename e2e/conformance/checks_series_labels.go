package conformance

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

func labelChecks() []Check {
	check := func(id, about string, run func(t *T, s stock)) Check {
		return Check{
			ID: "series.labels." + id, Level: Must, Area: SeriesLabels, Description: about, Source: labelsPage,
			Run: func(_ context.Context, t *T) { run(t, t.stock()) },
		}
	}
	return []Check{
		check("all", "Without match[] the label names of all series are listed, in order.", func(t *T, s stock) {
			var names []string
			s.data(labelsPath, url.Values{}, &names)
			if !slices.IsSorted(names) {
				t.Errorf("expected label names in order, got %q", names)
			}
			for _, want := range []string{"__name__", "job", "other", "zone"} {
				if !slices.Contains(names, want) {
					t.Errorf("expected %s among the label names, got %q", want, names)
				}
			}
		}),
		check("match", "With match[] only the label names of what matches are listed.", func(t *T, s stock) {
			t.expectList("label names", s.LabelNames(s.at.Add(-time.Minute), s.at.Add(time.Minute), s.x+`{zone="c"}`), "__name__", "zone")
		}),
		check("match-several", "Several match[] list the label names of each, once.", func(t *T, s stock) {
			t.expectList("label names", s.LabelNames(s.at.Add(-time.Minute), s.at.Add(time.Minute), s.x, s.y), "__name__", "job", "other", "zone")
		}),
		check("nothing", "What nothing matches has no label names: an empty list, not null.", func(t *T, s stock) {
			s.Do(Get(labelsPath+"?match%5B%5D="+t.Metric("none"))).ExpectStatus(http.StatusOK).ExpectJSON("status", "success").ExpectJSON("data", []any{})
		}),
	}
}

func labelValueChecks() []Check {
	check := func(id string, level Level, about, source string, run func(t *T, s stock)) Check {
		return Check{
			ID: "series.label-values." + id, Level: level, Area: SeriesLabels, Description: about, Source: source,
			Run: func(_ context.Context, t *T) { run(t, t.stock()) },
		}
	}
	around := func(s stock) (time.Time, time.Time) { return s.at.Add(-time.Minute), s.at.Add(time.Minute) }
	return []Check{
		check("match", Must, "The values of a label are those of the series that match, in order.", labelsPage, func(t *T, s stock) {
			start, end := around(s)
			t.expectList("values of zone", s.LabelValues("zone", start, end, s.x), "a", "b", "c")
		}),
		check("match-several", Must, "Several match[] list the values of each, once.", labelsPage, func(t *T, s stock) {
			start, end := around(s)
			t.expectList("values of zone", s.LabelValues("zone", start, end, s.x, s.y, s.x+`{zone="a"}`), "a", "b", "c", "z")
		}),
		check("all", Must, "Without match[] the values of all series are listed.", labelsPage, func(t *T, s stock) {
			start, end := around(s)
			if got := s.LabelValues("__name__", start, end); !slices.Contains(got, s.x) || !slices.Contains(got, s.y) {
				t.Errorf("expected the names %s and %s among %q", s.x, s.y, got)
			}
		}),
		check("name", Must, "The names of metrics are the values of __name__.", labelsPage, func(t *T, s stock) {
			start, end := around(s)
			t.expectList("names", s.LabelValues("__name__", start, end, `{zone="z",__name__=~"`+s.x+"|"+s.y+`"}`), s.y)
		}),
		check("missing", Must, "A series without the label adds no value.", labelsPage, func(t *T, s stock) {
			start, end := around(s)
			t.expectList("values of job", s.LabelValues("job", start, end, s.x), "web")
		}),
		check("nothing", Must, "A label that does not exist has no values: an empty list, not null.", labelsPage, func(t *T, s stock) {
			s.Do(Get("/api/v1/label/"+t.Metric("none")+"/values")).ExpectStatus(http.StatusOK).ExpectJSON("status", "success").ExpectJSON("data", []any{})
		}),
		check("text", Must, "Values come back letter by letter.", labelsPage, func(t *T, s stock) {
			start, end := around(s)
			want := []string{"\"quoted\"", "\\back\\slash", "line\nbreak", "ü <&> \U0001f321"}
			for _, value := range want {
				s.Write(Series(t.Metric("text"), Labels{"text": value}, At(s.at, 1)))
			}
			t.Eventually("values of text", func() error {
				if got := s.LabelValues("text", start, end, t.Metric("text")); !slices.Equal(got, want) {
					return fmt.Errorf("expected %q, got %q", want, got)
				}
				return nil
			})
		}),
		check("no-time", Must, "Without start and end what was just written is found.", labelsPage, func(t *T, s stock) {
			var got []string
			s.data("/api/v1/label/zone/values", url.Values{"match[]": {s.x}}, &got)
			t.expectList("values of zone", got, "a", "b", "c")
		}),
		check("gzip", Should, "A client that accepts gzip is answered in gzip.", "amp-api.md 1.2 [D samples of query and series; I]", func(t *T, s stock) {
			expectGzip(t, "/api/v1/label/zone/values?"+url.Values{"match[]": {s.x}}.Encode())
		}),
	}
}

// lookupLimitChecks are about limit, which AMP's documentation does not have.
func lookupLimitChecks() []Check {
	rows := []struct {
		id, about string
		path      func(s stock) string
	}{
		{"series", "limit is how many series are listed at most.", func(s stock) string { return seriesPath + "?limit=2&match%5B%5D=" + s.x }},
		{"labels", "limit is how many label names are listed at most.", func(s stock) string { return labelsPath + "?limit=2&match%5B%5D=" + s.x }},
		{"values", "limit is how many values are listed at most.", func(s stock) string { return "/api/v1/label/zone/values?limit=2&match%5B%5D=" + s.x }},
	}
	var out []Check
	for _, row := range rows {
		out = append(out, Check{
			ID: "series.limit." + row.id, Level: May, Area: SeriesLabels, Description: row.about,
			Source: "Prometheus querying/api [D]; amp-api.md 1.2 does not list it for AMP [C]",
			Run: func(_ context.Context, t *T) {
				s := t.stock()
				path := row.path(s)
				a := s.Do(Get(path)).ExpectStatus(http.StatusOK)
				if data, _ := a.JSON("data"); len(list(data)) != 2 {
					t.Errorf("expected 2 of 3; %s", a)
				}
				if _, ok := a.JSON("warnings.0"); !ok {
					t.Errorf("expected a warning that there is more; %s", a)
				}
				enough := s.Do(Get(strings.Replace(path, "limit=2", "limit=3", 1))).ExpectStatus(http.StatusOK).ExpectNoJSON("warnings")
				if data, _ := enough.JSON("data"); len(list(data)) != 3 {
					t.Errorf("expected all 3; %s", enough)
				}
			},
		})
	}
	return out
}

// expectList expects these texts in this order.
func (t *T) expectList(what string, got []string, want ...string) {
	if !slices.Equal(got, want) {
		t.Errorf("expected the %s %q, got %q", what, want, got)
	}
}
