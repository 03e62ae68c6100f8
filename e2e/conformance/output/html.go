package output

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"time"

	"github.com/ampersand-amp/ampersand/e2e/conformance"
)

//go:embed page.html.tmpl
var page string

// pageArea is a line of the page's summary.
type pageArea struct {
	Area   conformance.Area
	Total  int
	Counts []pageCount
}

// pageCount is one outcome of an area, and its share of the area's bar.
type pageCount struct {
	Outcome conformance.Outcome
	Count   int
	Percent float64
}

// WriteHTML writes the report as one page that needs nothing else. Its filters
// are a few lines of script; without script everything is shown.
func WriteHTML(w io.Writer, r conformance.Report) error {
	t, err := template.New("page").Funcs(template.FuncMap{
		"took": took,
		"mark": mark,
	}).Parse(page)
	if err != nil {
		return fmt.Errorf("read the page's template: %w", err)
	}
	data := struct {
		conformance.Report
		Passed   bool
		Verdict  string
		Requests int
		Areas    []pageArea
		All      pageArea
		Outcomes []conformance.Outcome
		Levels   []conformance.Level
		Failed   []conformance.Check // the most binding first
	}{
		Report: r, Passed: Passed(r), Verdict: Verdict(r), Requests: requests(r.Results),
		Outcomes: shownOutcomes(r.Results), Levels: conformance.Levels(),
	}
	data.All = newArea("all", r.Results, data.Outcomes)
	for _, level := range conformance.Levels() {
		for _, res := range r.Results {
			if res.Outcome == conformance.Fail && res.Check.Level == level {
				data.Failed = append(data.Failed, res.Check)
			}
		}
	}
	for _, area := range conformance.Areas() {
		if results := of(r.Results, area); len(results) > 0 {
			data.Areas = append(data.Areas, newArea(area, results, data.Outcomes))
		}
	}
	if err := t.Execute(w, data); err != nil {
		return fmt.Errorf("write the report as HTML: %w", err)
	}
	return nil
}

// shownOutcomes are the columns of the summary: pass, fail, and what else there is.
func shownOutcomes(results []conformance.Result) []conformance.Outcome {
	return slices.DeleteFunc(conformance.Outcomes(), func(o conformance.Outcome) bool {
		return o != conformance.Pass && o != conformance.Fail && count(results, o) == 0
	})
}

func newArea(area conformance.Area, results []conformance.Result, outcomes []conformance.Outcome) pageArea {
	a := pageArea{Area: area, Total: len(results)}
	for _, o := range outcomes {
		n := count(results, o)
		a.Counts = append(a.Counts, pageCount{o, n, 100 * float64(n) / float64(max(1, len(results)))})
	}
	return a
}

// took is a duration to three digits or so.
func took(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "<1 ms"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	default:
		return d.Round(time.Second).String()
	}
}

// mark is an outcome's sign, for those who cannot tell its colour.
func mark(o conformance.Outcome) string {
	switch o {
	case conformance.Pass:
		return "✓"
	case conformance.Fail:
		return "✗"
	case conformance.Recorded:
		return "●"
	case conformance.NotApplicable:
		return "–"
	default:
		return "○"
	}
}
