package conformance

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/prometheus/prometheus/prompb"
)

// writeLabelRefusals are labels that make AMP refuse a series. In texts a metric
// is written as the name and its labels in order, cut to 200 bytes.
func writeLabelRefusals() []Check {
	var checks []Check
	for _, c := range []struct {
		id, description string
		// labels are in the order they are sent; the mark follows.
		labels func(name string) []string
		text   func(name, id string) string
	}{
		{"no-name", "without a name", func(string) []string { return nil },
			func(string, string) string { return "sample missing metric name" }},
		{"name-empty", "whose name is empty", func(string) []string { return []string{"__name__", ""} },
			func(string, string) string { return `sample invalid metric name: ""` }},
		{"name-with-dash", "with a dash in its name", func(name string) []string { return []string{"__name__", name + "-x"} },
			func(name, _ string) string { return fmt.Sprintf("sample invalid metric name: %q", name+"-x") }},
		{"name-with-digit-first", "whose name begins with a digit", func(name string) []string { return []string{"__name__", "1" + name} },
			func(name, _ string) string { return fmt.Sprintf("sample invalid metric name: %q", "1"+name) }},
		{"name-not-ascii", "with a letter beyond ASCII in its name", func(name string) []string { return []string{"__name__", name + "_é"} },
			func(name, _ string) string { return fmt.Sprintf("sample invalid metric name: %q", name+"_é") }},
		{"label-with-dash", "with a dash in a label's name", func(name string) []string { return []string{"__name__", name, "a-b", "v"} },
			func(name, id string) string {
				return fmt.Sprintf("sample invalid label: %q metric %.200q", "a-b", name+`{a-b="v", id="`+id+`"}`)
			}},
		{"label-with-digit-first", "with a label whose name begins with a digit", func(name string) []string { return []string{"1a", "v", "__name__", name} },
			func(name, id string) string {
				return fmt.Sprintf("sample invalid label: %q metric %.200q", "1a", name+`{1a="v", id="`+id+`"}`)
			}},
		{"label-with-colon", "with a colon in a label's name", func(name string) []string { return []string{"__name__", name, "a:b", "v"} },
			func(name, id string) string {
				return fmt.Sprintf("sample invalid label: %q metric %.200q", "a:b", name+`{a:b="v", id="`+id+`"}`)
			}},
		{"label-not-ascii", "with a letter beyond ASCII in a label's name", func(name string) []string { return []string{"__name__", name, "größe", "v"} },
			func(name, id string) string {
				return fmt.Sprintf("sample invalid label: %q metric %.200q", "größe", name+`{größe="v", id="`+id+`"}`)
			}},
		{"label-without-name", "with a label without a name", func(name string) []string { return []string{"", "v", "__name__", name} },
			func(name, id string) string {
				return fmt.Sprintf("sample invalid label: %q metric %.200q", "", name+`{="v", id="`+id+`"}`)
			}},
		{"label-twice", "that has a label twice", func(name string) []string { return []string{"__name__", name, "a", "1", "a", "2"} },
			func(name, id string) string {
				return fmt.Sprintf("duplicate label name: %q metric %.200q", "a", name+`{a="1", a="2", id="`+id+`"}`)
			}},
		{"label-twice-alike", "that has a label twice with one value", func(name string) []string { return []string{"__name__", name, "a", "1", "a", "1"} },
			func(name, id string) string {
				return fmt.Sprintf("duplicate label name: %q metric %.200q", "a", name+`{a="1", a="1", id="`+id+`"}`)
			}},
		{"label-twice-apart", "that has a label twice with another between them", func(name string) []string { return []string{"__name__", name, "a", "1", "b", "3", "a", "2"} },
			func(name, id string) string {
				return fmt.Sprintf("duplicate label name: %q metric %.200q", "a", name+`{a="1", a="2", b="3", id="`+id+`"}`)
			}},
		{"name-twice", "that has two names", func(name string) []string { return []string{"__name__", name, "__name__", "other"} },
			func(name, id string) string {
				return fmt.Sprintf("duplicate label name: %q metric %.200q", "__name__", name+`{__name__="other", id="`+id+`"}`)
			}},
	} {
		checks = append(checks, Check{
			ID: "remote-write.errors." + c.id, Level: Should, Area: RemoteWriting,
			Description: "A series " + c.description + " is refused with 400 and Cortex's text; the good series beside it are stored.",
			Source:      "amp-api.md 1.6 [C validate.go, distributor.go]",
			Run: func(_ context.Context, t *T) {
				m, name := t.Workspace().marked(), t.Metric("bad")
				m.expectRefused(c.text(name, m.id), m.raw(m.one(), c.labels(name)...))
			},
		})
	}
	return checks
}

// writeLabelChecks are labels that look odd and are taken.
func writeLabelChecks() []Check {
	return []Check{
		{
			ID: "remote-write.labels.colon-in-name", Level: Must, Area: RemoteWriting,
			Description: "A name with colons, as recording rules have, is taken.",
			Source:      "Prometheus data model [D]",
			Run: func(_ context.Context, t *T) {
				m := t.Workspace().marked()
				m.takes(m.series(t.Metric("job:x:sum"), nil, At(m.at, 1)))
			},
		},
		{
			ID: "remote-write.labels.underscores", Level: Should, Area: RemoteWriting,
			Description: "A label that begins with two underscores is stored as it is.",
			Source:      "Prometheus data model [D]; [C]",
			Run: func(_ context.Context, t *T) {
				m := t.Workspace().marked()
				m.takes(m.series(t.Metric("x"), Labels{"__own__": "1", "_": "2"}, At(m.at, 1)))
			},
		},
		{
			ID: "remote-write.labels.any-order", Level: Should, Area: RemoteWriting,
			Description: "Labels in another order than by name are the same series.",
			Source:      "[C distributor.go sorts before it validates]",
			Run: func(_ context.Context, t *T) {
				m, name := t.Workspace().marked(), t.Metric("x")
				m.Do(RemoteWriteSeries(m.raw([]prompb.Sample{At(m.at, 1)}, "z", "1", "__name__", name, "a", "2"))).ExpectStatus(http.StatusOK)
				sorted := m.series(name, Labels{"a": "2", "z": "1"}, At(m.at.Add(1e6), 3))
				m.Write(sorted)
				m.expectStored(m.at.Add(1e6), sorted)
			},
		},
		{
			ID: "remote-write.labels.empty-value", Level: Should, Area: RemoteWriting,
			Description: "A label without a value is no label, even twice: the series is the one without it.",
			Source:      "Prometheus data model [D]; [C distributor.go removeEmptyLabels]",
			Run: func(_ context.Context, t *T) {
				m, name := t.Workspace().marked(), t.Metric("x")
				m.Do(RemoteWriteSeries(m.raw([]prompb.Sample{At(m.at, 1)}, "__name__", name, "a", "", "a", ""))).ExpectStatus(http.StatusOK)
				without := m.series(name, nil, At(m.at.Add(1e6), 2))
				m.Write(without)
				m.expectStored(m.at.Add(1e6), without)
			},
		},
		{
			ID: "remote-write.labels.differ-by-one-letter", Level: Must, Area: RemoteWriting,
			Description: "Series whose labels differ in case, in name or in where name ends and value begins are different series.",
			Source:      "Prometheus data model [D]",
			Run: func(_ context.Context, t *T) {
				m, name := t.Workspace().marked(), t.Metric("x")
				var all []prompb.TimeSeries
				for i, l := range []Labels{{"a": "b"}, {"a": "B"}, {"A": "b"}, {"a": "bc"}, {"ab": "c"}, {"a": "b", "c": "d"}, nil} {
					all = append(all, m.series(name, l, At(m.at, float64(i+1))))
				}
				m.takes(all...)
			},
		},
		{
			ID: "remote-write.labels.only-a-name", Level: Must, Area: RemoteWriting,
			Description: "A series that has nothing but a name is taken.",
			Source:      "Prometheus data model [D]",
			Run: func(_ context.Context, t *T) {
				ws, now := t.Workspace(), t.Now()
				ws.Write(Series(t.Metric("x"), nil, At(now, 1)))
				ws.ExpectQuery(t.Metric("x"), now, t.Metric("x")+" 1")
			},
		},
		{
			ID: "remote-write.labels.twenty", Level: Must, Area: RemoteWriting,
			Description: "A series of twenty labels is taken with all of them.",
			Source:      "amp-api.md 3, 70 or 150 labels per series [D old]",
			Run: func(_ context.Context, t *T) {
				m, labels := t.Workspace().marked(), Labels{}
				for i := range 20 {
					labels[fmt.Sprintf("label_%02d", i)] = strings.Repeat("v", i+1)
				}
				m.takes(m.series(t.Metric("x"), labels, At(m.at, 1)))
			},
		},
	}
}

// takes expects series to be taken by a write and to be all that is stored.
func (m marked) takes(series ...prompb.TimeSeries) {
	m.Do(RemoteWriteSeries(series...)).ExpectStatus(http.StatusOK).ExpectBody("")
	m.expectStored(m.at, series...)
}
