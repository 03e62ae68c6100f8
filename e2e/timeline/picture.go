package timeline

import (
	"fmt"
	"io"

	"github.com/ampersand-amp/ampersand/e2e/timeline/chart"
)

// WriteSVG writes the report as one picture that needs nothing else, for a README or a pull request: the pairs of runs laid
// over each other, or, when there are none, the runs one below the other. It follows the reader's light or dark.
func (r Report) WriteSVG(w io.Writer) error {
	var figures []chart.Figure
	for _, p := range r.Pairs {
		figures = append(figures, r.overlay(p))
	}
	if len(figures) == 0 {
		for i := range r.Runs {
			f := r.Runs[i].figure()
			f.Title = verdictText(r.Runs[i].Verdict) + "  " + f.Title
			figures = append(figures, f)
		}
	}
	if _, err := io.WriteString(w, chart.Stack(chart.Wide(), r.Title, figures...)); err != nil {
		return fmt.Errorf("write the timeline as SVG: %w", err)
	}
	return nil
}

func verdictText(v Verdict) string {
	if v == "" {
		return "NOT JUDGED"
	}
	return string(v)
}
