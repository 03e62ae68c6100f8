package timeline

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
)

//go:embed report.html.tmpl
var page string

// segment is one part of the split's bar, in percent of its width.
type segment struct {
	Class, Title, Label string
	Width               float64
}

// pageRun is a run as the template sees it.
type pageRun struct {
	*Run
	ID       string
	Chart    chart
	Measured []segment
	Bound    []segment
}

// WriteHTML writes the report as one page that needs nothing else: no script, no style sheet, no font from elsewhere.
func (r Report) WriteHTML(w io.Writer) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"num":     num,
		"seconds": secondsText,
		"bounds":  rangeText,
	}).Parse(page)
	if err != nil {
		return fmt.Errorf("read the timeline's page template: %w", err)
	}
	var runs []pageRun
	for i := range r.Runs {
		run := &r.Runs[i]
		p := pageRun{Run: run, ID: fmt.Sprintf("run-%d", i+1), Chart: run.chart()}
		p.Measured, p.Bound = run.bars()
		runs = append(runs, p)
	}
	err = t.Execute(w, struct {
		Report
		Verdict Verdict
		Pages   []pageRun
	}{r, r.Verdict(), runs})
	if err != nil {
		return fmt.Errorf("write the timeline as HTML: %w", err)
	}
	return nil
}

// bars lays the measured split and the predicted bound out on one scale.
func (r *Run) bars() (measured, bound []segment) {
	if r.Split == nil {
		return nil, nil
	}
	scale := r.Split.PredictedMax
	if r.Split.Total != nil {
		scale = math.Max(scale, *r.Split.Total)
	}
	if scale <= 0 {
		return nil, nil
	}
	one := func(class, name string, seconds float64) segment {
		s := segment{Class: class, Title: fmt.Sprintf("%s %.2f s", name, seconds), Width: 100 * seconds / scale}
		if s.Width > 7 {
			s.Label = fmt.Sprintf("%s %.1f", name, seconds)
		}
		return s
	}
	for _, t := range r.Split.Terms {
		if t.Measured != nil && *t.Measured > 0 {
			measured = append(measured, one("t-"+string(t.Name), string(t.Name), *t.Measured))
			continue
		}
		for _, s := range r.Split.Spans {
			if s.Terms[0] == t.Name {
				measured = append(measured, one("t-span", s.label(), s.Seconds))
			}
		}
	}
	for _, t := range r.Split.Terms {
		if t.PredictedMax > 0 {
			bound = append(bound, one("t-"+string(t.Name), string(t.Name), t.PredictedMax))
		}
	}
	return measured, bound
}
