package timeline

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// TextOptions says how a run is printed.
type TextOptions struct {
	// Every is the longest time between two rows of the table; 0 picks one that gives some forty rows.
	Every time.Duration
	// Unicode allows block characters for the bars; without it the output is plain ASCII.
	Unicode bool
}

// textWidth is the widest line of the text report, in columns.
const textWidth = 110

// WriteText prints the runs one after the other, each as a table of what every hop showed, the split of the reaction time and
// the verdict. No line is wider than 110 columns.
func (r Report) WriteText(w io.Writer, opt TextOptions) error {
	for i := range r.Runs {
		if err := r.Runs[i].WriteText(w, opt); err != nil {
			return err
		}
	}
	return nil
}

// WriteText prints one run.
func (r *Run) WriteText(w io.Writer, opt TextOptions) error {
	var b bytes.Buffer
	r.head(&b)
	r.table(&b, opt)
	r.splitTable(&b)
	r.verdict(&b)
	for line := range bytes.Lines(b.Bytes()) {
		if _, err := w.Write(clip(line, opt.Unicode)); err != nil {
			return fmt.Errorf("print the timeline: %w", err)
		}
	}
	return nil
}

func (r *Run) head(b *bytes.Buffer) {
	s := r.Settings
	fmt.Fprintf(b, "%s\n", r.Name())
	fmt.Fprintf(b, "  scrape %s, rate window %s, batch %s, HPA sync %s, threshold %s/s, load %s/s -> %d replicas\n\n",
		s.ScrapeInterval, s.RateWindow, s.BatchTimeout, s.HPASync, num(s.Threshold), num(s.Load), s.Target)
}

func (r *Run) table(b *bytes.Buffer, opt TextOptions) {
	fmt.Fprintf(b, "  %8s %8s %9s %8s %8s %8s %8s %6s\n", "t", "load/s", "answer/s", "stored", "served", "HPA saw", "desired", "ready")
	origin, ok := r.MarkAt(MarkLoadStep)
	if !ok {
		origin = r.Start
	}
	every := opt.Every
	if every <= 0 {
		every = max(time.Second, (r.End().Sub(r.Start) / 40).Round(time.Second))
	}
	for _, row := range r.rows(every) {
		fmt.Fprintf(b, "  %+7.1fs %8s %9s %8s %8s %8s %8s %6s  %s", row.at.Sub(origin).Seconds(),
			row.text(HopLoad), row.text(HopAnswered), row.text(HopStored), row.text(HopServed), row.text(HopHPA),
			row.text(HopDesired), row.text(HopReady), row.bar(r.Settings, opt.Unicode))
		if len(row.marks) > 0 {
			fmt.Fprintf(b, " %s", oneLine(strings.Join(row.marks, ", ")))
		}
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
}

// text prints a value, and "-" when the hop has shown none yet.
func (r row) text(hop Hop) string {
	v, ok := r.values[hop]
	switch {
	case !ok:
		return "-"
	case slices.Contains([]Hop{HopDesired, HopReplicas, HopCreated, HopScheduled, HopReady}, hop):
		return num(v)
	default:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
}

// bar draws the ready replicas, and the desired ones that are not ready yet as dots.
func (r row) bar(s Settings, unicode bool) string {
	full, open := "#", "."
	if unicode {
		full, open = "█", "░"
	}
	width := max(s.MaxReplicas, s.Target, 1)
	scale := 1.0
	if width > 12 {
		scale = 12 / float64(width)
		width = 12
	}
	ready := min(max(int(r.values[HopReady]*scale), 0), width)
	desired := min(max(int(r.values[HopDesired]*scale), ready), width)
	return strings.Repeat(full, ready) + strings.Repeat(open, desired-ready) + strings.Repeat(" ", width-desired)
}

func (r *Run) splitTable(b *bytes.Buffer) {
	if r.Split == nil {
		return
	}
	fmt.Fprintf(b, "  %-8s %10s  %16s   %s\n", "hop", "measured", "predicted", "from -> to")
	for _, t := range r.Split.Terms {
		fmt.Fprintf(b, "  %-8s %10s  %16s   %s -> %s\n", t.Name, secondsText(t.Measured), rangeText(t.PredictedMin, t.PredictedMax), t.From, t.To)
	}
	for _, s := range r.Split.Spans {
		fmt.Fprintf(b, "  %-8s %10s  %16s   %s\n", "(span)", secondsText(&s.Seconds), "", s.label())
	}
	fmt.Fprintf(b, "  %-8s %10s  %16s   load step -> %d ready\n", "total", secondsText(r.Split.Total),
		rangeText(r.Split.PredictedMin, r.Split.PredictedMax), r.Settings.Target)
	if r.Down != nil {
		fmt.Fprintf(b, "  %-8s %10s  %16s   load off -> %d ready\n", "down", secondsText(r.DownSeconds), rangeText(r.Down.Min, r.Down.Max), r.Settings.MinReplicas)
	}
	for _, n := range r.Split.Notes {
		fmt.Fprintf(b, "  note: %s\n", oneLine(n))
	}
	b.WriteByte('\n')
}

func (r *Run) verdict(b *bytes.Buffer) {
	if r.Prediction != nil {
		for _, warning := range r.Prediction.Warnings {
			wrap(b, "  warning: ", oneLine(warning))
		}
	}
	hops := make([]string, 0, len(r.Reads))
	for hop, n := range r.Reads {
		if n.Failed > 0 {
			hops = append(hops, string(hop))
		}
	}
	sort.Strings(hops)
	for _, hop := range hops {
		n := r.Reads[Hop(hop)]
		wrap(b, "  reads: ", fmt.Sprintf("%s failed %d times, last: %s", hop, n.Failed, oneLine(n.LastError)))
	}
	for _, o := range r.Outcomes {
		state := "held: "
		if !o.Held {
			state = "NOT HELD: "
		}
		wrap(b, "  "+state, oneLine(o.Name+": wanted "+o.Want+", got "+o.Got))
	}
	for _, f := range r.otherFailures() {
		wrap(b, "  "+string(Fail)+": ", oneLine(f))
	}
	if r.Verdict != "" {
		fmt.Fprintf(b, "  %s  %s\n\n", r.Verdict, strings.Join(nonEmpty([]string{r.Scenario, r.Variant, r.Profile}), " / "))
	}
}

// wrap writes text after a lead, broken at blanks so that it keeps to the report's width.
func wrap(b *bytes.Buffer, lead, text string) {
	line := lead
	for word := range strings.FieldsSeq(text) {
		if len(line)+len(word)+1 > textWidth && len(line) > len(lead) {
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			line = strings.Repeat(" ", len(lead))
		}
		line += word + " "
	}
	b.WriteString(strings.TrimRight(line, " ") + "\n")
}

// clip cuts a line to the report's width, drops blanks at its end and, without unicode, replaces what is not ASCII.
func clip(line []byte, unicode bool) []byte {
	text := []rune(strings.TrimRight(string(line), " \n"))
	if len(text) > textWidth {
		text = append(text[:textWidth-3], '.', '.', '.')
	}
	if !unicode {
		for i, c := range text {
			if c > '~' || c < ' ' {
				text[i] = '?'
			}
		}
	}
	return []byte(strings.TrimRight(string(text), " ") + "\n")
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func secondsText(s *float64) string {
	if s == nil {
		return "not seen"
	}
	return strconv.FormatFloat(*s, 'f', 2, 64) + " s"
}

func rangeText(lo, hi float64) string { return fmt.Sprintf("%.1f .. %.1f s", lo, hi) }
