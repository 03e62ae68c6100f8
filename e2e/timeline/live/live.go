// Package live shows a run while it goes on: one screen that is drawn anew on a terminal, and plain lines elsewhere.
package live

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/ampersand-amp/ampersand/e2e/timeline"
)

// View shows what a recorder has. The zero value of every optional field is usable.
type View struct {
	// Title heads the screen.
	Title string
	// Settings give the bars their lengths.
	Settings timeline.Settings
	// Recorder is read; the view changes nothing in it.
	Recorder *timeline.Recorder
	// Out is written to. Terminal says that it understands the few control sequences that redrawing takes; Width and Height
	// are its size then, asked before each drawing; nil means 80 by 24.
	Out      io.Writer
	Terminal bool
	Size     func() (width, height int)
	// Every is the time between two drawings (default 250 ms), Lines the shortest time between two plain lines (default 2 s).
	Every, Lines time.Duration
}

// On sets Out, Terminal and Size for a file such as os.Stdout; environ is os.Getenv. With TERM=dumb or CI set even a terminal
// gets plain lines.
func (v View) On(file *os.File, environ func(string) string) View {
	v.Out = file
	v.Terminal = term.IsTerminal(int(file.Fd())) && environ("TERM") != "dumb" && environ("CI") == ""
	v.Size = func() (int, int) {
		width, height, err := term.GetSize(int(file.Fd()))
		if err != nil {
			return 80, 24
		}
		return width, height
	}
	return v
}

// Run shows the run until ctx ends, and once more then. It returns the first error of writing.
func (v View) Run(ctx context.Context) error {
	if v.Every <= 0 {
		v.Every = 250 * time.Millisecond
	}
	if v.Lines <= 0 {
		v.Lines = 2 * time.Second
	}
	draw := v.lines()
	if v.Terminal {
		draw = v.screen
	}
	tick := time.NewTicker(v.Every)
	defer tick.Stop()
	for {
		if err := draw(v.Recorder.Now(8), ctx.Err() != nil); err != nil {
			return fmt.Errorf("show the run: %w", err)
		}
		if ctx.Err() != nil {
			return nil
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// screen draws over what is there, line by line, so that nothing flickers. The last drawing leaves the cursor below it.
func (v View) screen(now timeline.Now, last bool) error {
	width, height := 80, 24
	if v.Size != nil {
		width, height = v.Size()
	}
	lines := v.draw(now, width)
	if len(lines) > height-1 {
		lines = lines[:max(height-1, 0)]
	}
	var b strings.Builder
	b.WriteString("\x1b[H")
	for _, line := range lines {
		b.WriteString(clip(line, width) + "\x1b[K\r\n")
	}
	b.WriteString("\x1b[J")
	if last {
		b.WriteString("\r\n")
	}
	_, err := io.WriteString(v.Out, b.String())
	return err
}

// draw is the screen's lines.
func (v View) draw(now timeline.Now, width int) []string {
	bar := max(10, width-28)
	top := max(v.Settings.Load, now.Values[timeline.HopLoad], now.Values[timeline.HopStored], 1)
	replicas := float64(max(v.Settings.MaxReplicas, v.Settings.Target, 1))
	lines := []string{v.Title, elapsed(now) + phase(now), ""}
	for _, row := range []struct {
		label string
		hop   timeline.Hop
		full  float64
		unit  string
	}{
		{"offered", timeline.HopLoad, top, "/s"}, {"answered", timeline.HopAnswered, top, "/s"}, {"metric", timeline.HopStored, top, "/s"}, {"served", timeline.HopServed, top, "/s"},
		{"desired", timeline.HopDesired, replicas, ""}, {"ready", timeline.HopReady, replicas, ""},
	} {
		value, seen := now.Values[row.hop]
		text := "-"
		if seen {
			text = format(value) + row.unit
		}
		lines = append(lines, fmt.Sprintf("%-9s %10s  %s", row.label, text, strings.Repeat("█", filled(value, row.full, bar))+strings.Repeat("·", bar-filled(value, row.full, bar))))
	}
	lines = append(lines, "")
	for _, f := range now.Faults {
		lines = append(lines, "fault in force: "+f.Name+" "+f.Text)
	}
	for _, m := range now.Marks {
		lines = append(lines, since(now, m.At)+"  "+strings.TrimSuffix(string(m.Name)+": "+m.Text, ": "))
	}
	return lines
}

func filled(value, full float64, width int) int {
	return min(width, max(0, int(value/full*float64(width)+0.5)))
}

// lines returns what writes a line when counts, phase, faults or marks have changed, and not more often than v.Lines allows.
func (v View) lines() func(now timeline.Now, last bool) error {
	var shown state
	var at time.Time
	return func(now timeline.Now, last bool) error {
		next := stateOf(now)
		if next.same(shown) || (!last && !at.IsZero() && now.At.Sub(at) < v.Lines) {
			return nil
		}
		line := fmt.Sprintf("%s  load %s/s  metric %s/s  desired %s  ready %s", strings.TrimSpace(elapsed(now)),
			valueText(now, timeline.HopLoad), valueText(now, timeline.HopStored), valueText(now, timeline.HopDesired), valueText(now, timeline.HopReady))
		line += phase(now)
		for _, f := range now.Faults {
			line += "  fault " + f.Name
		}
		for _, m := range now.Marks {
			if m.At.After(shown.mark) && m.Name == timeline.MarkEvent {
				line += "  " + m.Text
			}
		}
		shown, at = next, now.At
		_, err := io.WriteString(v.Out, clip(line, 200)+"\n")
		return err
	}
}

// state is what a change of is worth a line: the replicas, the phase, the faults and the marks, and not the noise of the metric.
type state struct {
	counts map[timeline.Hop]float64
	phase  string
	faults string
	mark   time.Time
}

func stateOf(now timeline.Now) state {
	s := state{counts: map[timeline.Hop]float64{}, phase: phase(now)}
	for _, hop := range []timeline.Hop{timeline.HopDesired, timeline.HopReady} {
		if v, ok := now.Values[hop]; ok {
			s.counts[hop] = v
		}
	}
	for _, f := range now.Faults {
		s.faults += f.Name + "\n"
	}
	if n := len(now.Marks); n > 0 {
		s.mark = now.Marks[n-1].At
	}
	return s
}

func (s state) same(o state) bool {
	return maps.Equal(s.counts, o.counts) && s.phase == o.phase && s.faults == o.faults && s.mark.Equal(o.mark)
}

func elapsed(now timeline.Now) string {
	if !now.Step.IsZero() {
		return fmt.Sprintf("%+.1f s from the load step", now.At.Sub(now.Step).Seconds())
	}
	if now.Start.IsZero() {
		return "nothing was seen yet"
	}
	return fmt.Sprintf("%.1f s, no load step yet", now.At.Sub(now.Start).Seconds())
}

func phase(now timeline.Now) string {
	if now.Phase == nil {
		return ""
	}
	return strings.TrimRight("  phase "+now.Phase.Name+" "+now.Phase.Text, " ")
}

func since(now timeline.Now, at time.Time) string {
	from := now.Step
	if from.IsZero() {
		from = now.Start
	}
	return fmt.Sprintf("%+8.1f s", at.Sub(from).Seconds())
}

func valueText(now timeline.Now, hop timeline.Hop) string {
	v, ok := now.Values[hop]
	if !ok {
		return "-"
	}
	return format(v)
}

func format(v float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0")
}

// clip makes a text fit a line: what an event tells must not move the cursor.
func clip(text string, width int) string {
	runes := []rune(strings.Map(func(c rune) rune {
		if c < ' ' || (c >= 0x7f && c < 0xa0) {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(text, "?")))
	return string(runes[:min(len(runes), max(width, 0))])
}
