package timeline

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/ampersand-amp/ampersand/e2e/timeline/chart"
)

// axisLabel is what the time axis of every chart counts.
const axisLabel = "time from the load step"

// drawing turns what a run recorded into curves and stretches on one axis.
type drawing struct {
	run      *Run
	origin   time.Time
	from, to float64
}

func (r *Run) drawing() drawing {
	d := drawing{run: r}
	d.from, d.to, d.origin = r.window()
	return d
}

// figure is the picture of a run.
func (r *Run) figure() chart.Figure {
	d := r.drawing()
	f := chart.Figure{Title: r.Name(), Desc: r.inWords(), From: d.from, To: d.to, XLabel: axisLabel,
		Panels: d.panels(), Lanes: d.lanes(), Notes: d.notes(), Bars: r.bars()}
	for _, fault := range thin(r.Faults, most) {
		f.Bands = append(f.Bands, chart.Band{From: d.at(fault.From), To: d.at(fault.until(r.End())), Class: "fault-band", Title: "fault " + fault.Name + ": " + fault.Text})
	}
	return f
}

func (d drawing) at(t time.Time) float64 { return t.Sub(d.origin).Seconds() }

func (d drawing) points(s Series, factor float64) []chart.Point {
	out := make([]chart.Point, len(s))
	for i, p := range s {
		out[i] = chart.Point{X: d.at(p.At), Y: p.Value * factor}
	}
	return out
}

// kept is a curve as wanted; it is drawn when its hop has a series.
type kept struct {
	hop    Hop
	class  string
	label  string
	step   bool
	area   bool
	factor float64
}

func (d drawing) curves(wanted ...kept) []chart.Curve {
	var out []chart.Curve
	for _, w := range wanted {
		if s := d.run.Series[w.hop]; len(s) > 0 {
			factor := w.factor
			if factor == 0 {
				factor = 1
			}
			out = append(out, chart.Curve{Class: w.class, Label: w.label, Points: d.points(s, factor), Step: w.step, Area: w.area, Until: d.to})
		}
	}
	return out
}

func (d drawing) panels() []chart.Panel {
	s := d.run.Settings
	load := []kept{{hop: HopLoad, class: "load", label: "offered", step: true, area: true}, {hop: HopAnswered, class: "answered", label: "answered"}}
	for _, code := range d.run.Codes() {
		if class := codeClass(code); class != "2xx" || len(d.run.Series[HopAnswered]) == 0 {
			load = append(load, kept{hop: CodeHop(code), class: class, label: code})
		}
	}
	metric := chart.Panel{Title: "Metric, requests/s", Unit: "/s", Height: 130, Curves: d.curves(
		kept{hop: HopStored, class: "stored", label: "in the store"},
		kept{hop: HopServed, class: "served", label: "served by KEDA", step: true},
		kept{hop: HopHPA, class: "hpa", label: "seen by the HPA", step: true})}
	if level := s.Level(s.Target); level > 0 {
		metric.Level, metric.LevelText = level, fmt.Sprintf("above %s/s: %d replicas", num(level), s.Target)
	}
	all := []chart.Panel{
		{Title: "Load, requests/s", Unit: "/s", Height: 110, Curves: d.curves(load...)},
		metric,
		{Title: "Replicas", Height: 120, Whole: true, AtLeast: float64(s.MaxReplicas), Curves: d.curves(
			kept{hop: HopDesired, class: "desired", label: "desired", step: true},
			kept{hop: HopCreated, class: "created", label: "created", step: true},
			kept{hop: HopScheduled, class: "scheduled", label: "scheduled", step: true},
			kept{hop: HopReady, class: "ready", label: "ready", step: true, area: true})},
		{Title: "Latency, ms", Unit: "ms", Height: 60, Curves: d.curves(kept{hop: HopP99, class: "p99", label: "p99", factor: 1000})},
		{Title: "Scrapes and remote writes, per s", Unit: "/s", Height: 60, Curves: d.curves(
			kept{hop: HopScrapes, class: "scrapes", label: "scrapes", step: true},
			kept{hop: HopWrites, class: "writes", label: "writes", step: true},
			kept{hop: HopRefused, class: "refused", label: "writes refused", step: true})},
	}
	return slices.DeleteFunc(all, func(p chart.Panel) bool { return len(p.Curves) == 0 })
}

// Codes returns the codes of the requests by code, sorted.
func (r *Run) Codes() []string {
	var codes []string
	for hop := range r.Series {
		if code, ok := hop.Code(); ok {
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	return codes
}

func codeClass(code string) string {
	for _, digit := range []string{"2", "4", "5"} {
		if strings.HasPrefix(code, digit) {
			return digit + "xx"
		}
	}
	return "lost"
}

// lanes are the stretches: a lane for the phases, one for each fault and condition by name, and one for events.
func (d drawing) lanes() []chart.Lane {
	var out []chart.Lane
	phases := chart.Lane{Label: "phases"}
	for _, p := range d.run.Phases {
		phases.Boxes = append(phases.Boxes, d.box(p, "phase", p.Name))
	}
	if len(phases.Boxes) > 0 {
		out = append(out, phases)
	}
	add := func(label string, box chart.Box) {
		if i := slices.IndexFunc(out, func(l chart.Lane) bool { return l.Label == label }); i >= 0 {
			out[i].Boxes = append(out[i].Boxes, box)
			return
		}
		out = append(out, chart.Lane{Label: label, Boxes: []chart.Box{box}})
	}
	for _, f := range d.run.Faults {
		add("fault "+f.Name, d.box(f, "fault", f.Text))
	}
	for _, c := range d.run.Conditions {
		class := "box-unknown"
		if c.State == "True" || c.State == "False" {
			class = strings.ToLower(c.State)
		}
		add(c.Name, d.box(c, class, strings.TrimSpace(c.State+" "+c.Text)))
	}
	events := chart.Lane{Label: "events"}
	for _, m := range d.run.Marks {
		if m.Name != MarkLoadStep && m.Name != MarkLoadOff {
			events.Ticks = append(events.Ticks, chart.Tick{X: d.at(m.At), Title: fmt.Sprintf("%+.1f s %s: %s", d.at(m.At), m.Name, m.Text)})
		}
	}
	if len(events.Ticks) > 0 {
		out = append(out, events)
	}
	for i := range out {
		out[i].Boxes, out[i].Ticks = thin(out[i].Boxes, most), thin(out[i].Ticks, most)
	}
	return out
}

// most is how many stretches, instants or lines of one kind a picture has room for.
const most = 300

// thin takes n elements evenly out of a longer list.
func thin[T any](list []T, n int) []T {
	if len(list) <= n {
		return list
	}
	out := make([]T, 0, n)
	for i := range n {
		out = append(out, list[i*len(list)/n])
	}
	return out
}

func (d drawing) box(s Span, class, text string) chart.Box {
	from, to := d.at(s.From), d.at(s.until(d.run.End()))
	return chart.Box{From: from, To: to, Class: class, Text: text,
		Title: fmt.Sprintf("%s %s %s, %+.1f to %+.1f s", s.Name, s.State, s.Text, from, to)}
}

func (d drawing) notes() []chart.Note {
	var out []chart.Note
	for _, m := range d.run.Marks {
		if m.Name == MarkLoadStep || m.Name == MarkLoadOff {
			text := string(m.Name)
			if m.Text != "" {
				text += " " + m.Text
			}
			out = append(out, chart.Note{X: d.at(m.At), Text: text})
		}
	}
	target := d.run.Settings.Target
	if p, ok := d.run.Series[HopReady].First(d.origin, func(v float64) bool { return target > 0 && v >= float64(target) }); ok {
		out = append(out, chart.Note{X: d.at(p.At), Text: fmt.Sprintf("%d ready", target)})
	}
	slices.SortStableFunc(out, func(a, b chart.Note) int { return int(math.Copysign(1, a.X-b.X)) })
	return thin(out, most)
}

// bars are the measured split above the predicted bound, on one scale.
func (r *Run) bars() []chart.Bar {
	if r.Split == nil {
		return nil
	}
	measured, bound := chart.Bar{Label: "measured, seconds by hop"}, chart.Bar{Label: "predicted at most"}
	one := func(class, name string, seconds float64) chart.Segment {
		return chart.Segment{Class: class, Label: fmt.Sprintf("%s %.1f", name, seconds), Title: fmt.Sprintf("%s %.2f s", name, seconds), Value: seconds}
	}
	for _, t := range r.Split.Terms {
		if t.PredictedMax > 0 {
			bound.Segments = append(bound.Segments, one(string(t.Name), string(t.Name), t.PredictedMax))
		}
		if t.Measured != nil {
			measured.Segments = append(measured.Segments, one(string(t.Name), string(t.Name), *t.Measured))
			continue
		}
		for _, s := range r.Split.Spans {
			if s.Terms[0] == t.Name {
				measured.Segments = append(measured.Segments, one("span", s.label(), s.Seconds))
			}
		}
	}
	return []chart.Bar{measured, bound}
}

// inWords tells what the chart shows: its text alternative.
func (r *Run) inWords() string {
	var parts []string
	const told = 16
	for _, m := range r.Marks {
		if (m.Name == MarkLoadStep || m.Name == MarkLoadOff) && len(parts) < told {
			parts = append(parts, strings.TrimSpace(fmt.Sprintf("%s %s", m.Name, m.Text))+fmt.Sprintf(" at %+.1f s", m.At.Sub(r.origin()).Seconds()))
		}
	}
	for _, hop := range []Hop{HopDesired, HopReady} {
		var changes []string
		s := r.Series[hop]
		for i, p := range s {
			if i == 0 || s[i-1].Value != p.Value {
				changes = append(changes, fmt.Sprintf("%s at %+.1f s", num(p.Value), p.At.Sub(r.origin()).Seconds()))
			}
		}
		if n := len(changes); n > told {
			changes = append(append(changes[:8:8], fmt.Sprintf("%d more changes", n-told)), changes[n-8:]...)
		}
		if len(changes) > 0 {
			parts = append(parts, fmt.Sprintf("replicas %s: %s", hop, strings.Join(changes, ", ")))
		}
	}
	for _, f := range r.Faults[:min(len(r.Faults), told)] {
		parts = append(parts, fmt.Sprintf("fault %s from %+.1f to %+.1f s", f.Name, f.From.Sub(r.origin()).Seconds(), f.until(r.End()).Sub(r.origin()).Seconds()))
	}
	return strings.Join(parts, "; ") + "."
}

// overlay is the picture of two runs on one axis, counted from the load step of each.
func (r Report) overlay(p Pair) chart.Figure {
	a, b := r.Runs[p.A].drawing(), r.Runs[p.B].drawing()
	f := chart.Figure{Title: p.AName + " and " + p.BName + ": " + r.Runs[p.A].Scenario, From: min(a.from, b.from), To: max(a.to, b.to), XLabel: axisLabel,
		Desc: p.AName + ": " + a.run.inWords() + " " + p.BName + ": " + b.run.inWords()}
	for _, of := range []struct {
		title, unit string
		height      float64
		hop         Hop
		step        bool
	}{
		{"Load offered, requests/s", "/s", 80, HopLoad, true}, {"Metric in the store, requests/s", "/s", 120, HopStored, false},
		{"Replicas desired", "", 100, HopDesired, true}, {"Replicas ready", "", 100, HopReady, true},
	} {
		panel := chart.Panel{Title: of.title, Unit: of.unit, Height: of.height, Whole: of.unit == ""}
		panel.Curves = append(panel.Curves, a.curves(kept{hop: of.hop, class: "first", label: p.AName, step: of.step})...)
		panel.Curves = append(panel.Curves, b.curves(kept{hop: of.hop, class: "second", label: p.BName, step: of.step})...)
		if len(panel.Curves) > 0 {
			f.Panels = append(f.Panels, panel)
		}
	}
	for _, side := range []struct {
		name string
		d    drawing
	}{{p.AName, a}, {p.BName, b}} {
		for _, n := range side.d.notes() {
			if strings.HasSuffix(n.Text, " ready") {
				f.Notes = append(f.Notes, chart.Note{X: n.X, Text: n.Text + ": " + side.name})
			}
		}
		for _, bar := range side.d.run.bars() {
			if strings.HasPrefix(bar.Label, "measured") {
				bar.Label = side.name + ": " + bar.Label
				f.Bars = append(f.Bars, bar)
			}
		}
	}
	return f
}
