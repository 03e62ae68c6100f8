package timeline

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"time"

	"github.com/ampersand-amp/ampersand/e2e/timeline/chart"
)

//go:embed report.html.tmpl
var page string

//go:embed report.css
var pageStyle string

//go:embed report.js
var pageScript string

// What a page shows at most; the JSON and the CSV hold everything.
const (
	pageColumns = 480 // instants at which the page knows every value
	pageRows    = 200
	pageMarks   = 300
)

// pageChart is a chart at both sizes, with the values under a pointer.
type pageChart struct {
	ID           string
	Wide, Narrow template.HTML
	Grid         chart.Grid
}

// pageRun is a run as the template sees it.
type pageRun struct {
	*Run
	ID, Name   string
	Chart      pageChart
	Others     []string
	Rows       []pageRow
	MarksShown []Mark
	// RowsLeft and MarksLeft count what the page leaves out.
	RowsLeft, MarksLeft int
	Origin              time.Time
	HeldOf              string
	PredictedText       string
}

// pageRow is a line of the table that stands for the chart.
type pageRow struct {
	At    string
	Cells []string
	Marks []string
}

// pageSpans are spans with what their times are counted from.
type pageSpans struct {
	Origin time.Time
	Spans  []Span
}

// pagePair is a pair of runs as the template sees it.
type pagePair struct {
	Pair
	ID, Name    string
	Chart       pageChart
	Differences []Difference
}

// WriteHTML writes the report as one page that needs nothing else: its style and its few lines of script are in it, and it can
// be read without the script.
func (r Report) WriteHTML(w io.Writer) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"num":     num,
		"seconds": secondsText,
		"bounds":  rangeText,
		"verdict": verdictText,
		"figure":  func(unit string, v *float64) string { return Figure{Unit: unit, Value: v}.Text() },
		"spans": func(origin time.Time, spans []Span) pageSpans {
			return pageSpans{Origin: origin, Spans: spans[:min(len(spans), pageMarks)]}
		},
		"since": func(from, at time.Time) string { return fmt.Sprintf("%+.1f s", at.Sub(from).Seconds()) },
	}).Parse(page)
	if err != nil {
		return fmt.Errorf("read the timeline's page template: %w", err)
	}
	var runs []pageRun
	for i := range r.Runs {
		runs = append(runs, r.Runs[i].page(fmt.Sprintf("run-%d", i+1)))
	}
	var pairs []pagePair
	for i, p := range r.Pairs {
		id := fmt.Sprintf("pair-%d", i+1)
		pairs = append(pairs, pagePair{Pair: p, ID: id, Name: p.AName + " and " + p.BName, Chart: drawn(r.overlay(p), id), Differences: r.Differences(p)})
	}
	err = t.Execute(w, struct {
		Report
		Verdict Verdict
		Runs    []pageRun
		Pairs   []pagePair
		Style   template.CSS
		Script  template.JS
	}{r, r.Verdict(), runs, pairs, template.CSS(pageStyle + chart.Style()), template.JS(pageScript)})
	if err != nil {
		return fmt.Errorf("write the timeline as HTML: %w", err)
	}
	return nil
}

// drawn draws a figure for a page. The chart package escapes every text that it draws.
func drawn(f chart.Figure, id string) pageChart {
	return pageChart{ID: id, Grid: f.Grid(pageColumns),
		Wide: template.HTML(f.SVG(chart.Wide(), id+"-w")), Narrow: template.HTML(f.SVG(chart.Narrow(), id+"-n"))}
}

func (r *Run) page(id string) pageRun {
	p := pageRun{Run: r, ID: id, Name: r.Name(), Chart: drawn(r.figure(), id), Others: r.otherFailures(), Origin: r.origin(), MarksShown: r.Marks}
	if len(r.Outcomes) > 0 {
		p.HeldOf = fmt.Sprintf("%d of %d", r.held(), len(r.Outcomes))
	}
	if r.Split != nil {
		p.PredictedText = rangeText(r.Split.PredictedMin, r.Split.PredictedMax)
	}
	if left := len(r.Marks) - pageMarks; left > 0 {
		p.MarksShown, p.MarksLeft = r.Marks[:pageMarks], left
	}
	every := max(time.Second, (r.End().Sub(r.Start) / 60).Round(time.Second))
	rows := r.rows(every)
	p.RowsLeft = max(0, len(rows)-pageRows)
	rows = thin(rows, pageRows)
	for _, row := range rows {
		line := pageRow{At: fmt.Sprintf("%+.1f s", row.at.Sub(p.Origin).Seconds()), Marks: row.marks}
		for _, hop := range p.Columns() {
			line.Cells = append(line.Cells, row.text(hop))
		}
		p.Rows = append(p.Rows, line)
	}
	return p
}

// Columns are the hops of the table that stands for the chart.
func (p pageRun) Columns() []Hop {
	return slices.DeleteFunc([]Hop{HopLoad, HopAnswered, HopStored, HopServed, HopHPA, HopDesired, HopCreated, HopScheduled, HopReady},
		func(h Hop) bool { return len(p.Series[h]) == 0 })
}
