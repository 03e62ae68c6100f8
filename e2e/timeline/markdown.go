package timeline

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strings"
	"time"
)

// WriteMarkdown writes the report for a GitHub step summary: the outcomes, the split and a line of small bars for each hop.
func (r Report) WriteMarkdown(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s: %s\n\n", cell(r.Title), r.Verdict())
	for _, p := range r.Pairs {
		fmt.Fprintf(&b, "## %s and %s\n\n| | %s | %s | difference |\n|---|--:|--:|--:|\n", cell(p.AName), cell(p.BName), cell(p.AName), cell(p.BName))
		for _, d := range r.Differences(p) {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", cell(d.Name), Figure{Unit: d.Unit, Value: d.A}.Text(), Figure{Unit: d.Unit, Value: d.B}.Text(), d.Text())
		}
		b.WriteByte('\n')
	}
	for i := range r.Runs {
		r.Runs[i].markdown(&b)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write the timeline as Markdown: %w", err)
	}
	return nil
}

func (r *Run) markdown(b *bytes.Buffer) {
	fmt.Fprintf(b, "## %s: %s\n\n", cell(r.Name()), verdictText(r.Verdict))
	if r.Description != "" {
		fmt.Fprintf(b, "%s\n\n", cell(r.Description))
	}
	if len(r.Outcomes) > 0 {
		b.WriteString("| | outcome | wanted | got |\n|---|---|---|---|\n")
		for _, o := range r.Outcomes {
			held := "✅ held"
			if !o.Held {
				held = "❌ not held"
			}
			fmt.Fprintf(b, "| %s | %s | %s | %s |\n", held, cell(o.Name), cell(o.Want), cell(o.Got))
		}
		b.WriteByte('\n')
	}
	for _, f := range r.otherFailures() {
		fmt.Fprintf(b, "- ❌ %s\n", cell(f))
	}
	if len(r.otherFailures()) > 0 {
		b.WriteByte('\n')
	}
	if r.Split != nil {
		b.WriteString("| hop | measured | predicted |\n|---|--:|--:|\n")
		for _, t := range r.Split.Terms {
			fmt.Fprintf(b, "| %s | %s | %s |\n", t.Name, secondsText(t.Measured), rangeText(t.PredictedMin, t.PredictedMax))
		}
		fmt.Fprintf(b, "| **total** | **%s** | %s |\n\n", secondsText(r.Split.Total), rangeText(r.Split.PredictedMin, r.Split.PredictedMax))
	}
	b.WriteString("```text\n")
	end := r.End()
	for _, hop := range []Hop{HopLoad, HopStored, HopDesired, HopReady} {
		if s := r.Series[hop]; len(s) > 0 && end.After(r.Start) {
			top := s.most(r.Start, end)
			fmt.Fprintf(b, "%-8s %s  up to %s\n", hop, s.sparkline(r.Start, end, 60), num(*top))
		}
	}
	fmt.Fprintf(b, "%-8s %s\n```\n\n", "", strings.TrimSpace(end.Sub(r.Start).Round(time.Second).String()))
}

// sparkline draws the series in n characters, the highest value of each stretch as the height of its character.
func (s Series) sparkline(from, to time.Time, n int) string {
	all := s.most(from, to)
	if all == nil {
		return strings.Repeat(" ", n)
	}
	levels := []rune("▁▂▃▄▅▆▇█")
	var out strings.Builder
	for i := range n {
		width := to.Sub(from)
		top := s.most(from.Add(width*time.Duration(i)/time.Duration(n)), from.Add(width*time.Duration(i+1)/time.Duration(n)))
		switch {
		case top == nil:
			out.WriteByte(' ')
		case *all <= 0:
			out.WriteRune(levels[0])
		default:
			out.WriteRune(levels[int(math.Round(math.Max(0, *top) / *all * float64(len(levels)-1)))])
		}
	}
	return out.String()
}

// cell makes text safe within a table of Markdown: on one line, and without markup.
func cell(text string) string {
	return strings.NewReplacer(`\`, `\\`, "|", `\|`, "<", "&lt;", ">", "&gt;", "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "@", "&#64;").Replace(oneLine(text))
}
