package timeline

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// The geometry of a chart, in the units of its SVG view box.
const (
	chartWidth  = 960.0
	chartLeft   = 52.0
	chartRight  = 944.0
	upperTop    = 28.0 // requests per second
	upperBottom = 228.0
	lowerTop    = 262.0 // replicas
	lowerBottom = 382.0
	chartHeight = 424.0
)

// line is one curve of a chart.
type line struct {
	Class string // the CSS class, which gives the colour
	Label string
	Path  string // an SVG path
}

// tick is a labelled line of an axis.
type tick struct {
	Pos  float64
	Text string
}

// note is a vertical line with a label.
type note struct {
	X, LabelY float64
	Anchor    string
	Text      string
}

// chart is what the page's template draws.
type chart struct {
	Width, Height                                          float64
	Left, Right                                            float64
	UpperTop, UpperBottom, LowerTop, LowerBottom, LevelPos float64
	LevelText                                              string
	Lines                                                  []line
	X, Upper, Lower                                        []tick
	Notes                                                  []note
}

// plot maps time and value to the chart.
type plot struct {
	origin       time.Time
	from, to     float64 // seconds
	top, bottom  float64
	highest      float64
	stepPerPoint bool
}

func (r *Run) chart() chart {
	origin, ok := r.MarkAt(MarkLoadStep)
	if !ok {
		origin = r.Start
	}
	from := math.Min(0, r.Start.Sub(origin).Seconds())
	to := math.Max(from+1, r.End().Sub(origin).Seconds())
	rate := plot{origin: origin, from: from, to: to, top: upperTop, bottom: upperBottom, highest: r.highest(HopLoad, HopStored, HopServed, HopHPA) * 1.08}
	count := plot{origin: origin, from: from, to: to, top: lowerTop, bottom: lowerBottom,
		highest: math.Max(r.highest(HopDesired, HopReady), float64(r.Settings.MaxReplicas)) * 1.08, stepPerPoint: true}
	c := chart{Width: chartWidth, Height: chartHeight, Left: chartLeft, Right: chartRight,
		UpperTop: upperTop, UpperBottom: upperBottom, LowerTop: lowerTop, LowerBottom: lowerBottom}
	for _, l := range []struct {
		hop   Hop
		label string
		p     plot
		step  bool
	}{
		{HopLoad, "load offered", rate, true},
		{HopStored, "metric in the store", rate, false},
		{HopServed, "served by KEDA", rate, true},
		{HopHPA, "seen by the HPA", rate, true},
		{HopDesired, "desired replicas", count, true},
		{HopReady, "ready replicas", count, true},
	} {
		if s := r.Series[l.hop]; len(s) > 0 {
			l.p.stepPerPoint = l.step
			c.Lines = append(c.Lines, line{Class: string(l.hop), Label: l.label, Path: l.p.path(s, r.End())})
		}
	}
	if level := r.Settings.Level(r.Settings.Target); level > 0 && level < rate.highest {
		c.LevelPos, c.LevelText = rate.y(level), fmt.Sprintf("above %s/s: %d replicas", num(level), r.Settings.Target)
	}
	for _, v := range ticks(0, rate.highest, 5) {
		c.Upper = append(c.Upper, tick{rate.y(v), num(v)})
	}
	for _, v := range ticks(0, count.highest, 4) {
		if v == math.Trunc(v) {
			c.Lower = append(c.Lower, tick{count.y(v), num(v)})
		}
	}
	for _, v := range ticks(from, to, 12) {
		c.X = append(c.X, tick{rate.x(v), num(v) + " s"})
	}
	for _, m := range r.Marks {
		if m.Name == MarkLoadStep || m.Name == MarkLoadOff {
			c.Notes = append(c.Notes, rate.note(m.At, string(m.Name)))
		}
	}
	if p, ok := r.Series[HopReady].First(origin, func(v float64) bool { return v >= float64(r.Settings.Target) }); ok {
		c.Notes = append(c.Notes, rate.note(p.At, fmt.Sprintf("%d ready", r.Settings.Target)))
	}
	c.stack()
	return c
}

func (r *Run) highest(hops ...Hop) float64 {
	top := 0.0
	for _, hop := range hops {
		for _, p := range r.Series[hop] {
			top = math.Max(top, p.Value)
		}
	}
	if top == 0 {
		return 1
	}
	return top
}

func (p plot) x(seconds float64) float64 {
	return round1(chartLeft + (seconds-p.from)/(p.to-p.from)*(chartRight-chartLeft))
}

func (p plot) y(value float64) float64 {
	return round1(p.bottom - math.Max(0, value)/p.highest*(p.bottom-p.top))
}

// path draws a series up to end, as steps or as a line from point to point.
func (p plot) path(s Series, end time.Time) string {
	var b strings.Builder
	lastX, lastY := math.Inf(-1), math.Inf(-1)
	for i, pt := range s {
		x, y := p.x(pt.At.Sub(p.origin).Seconds()), p.y(pt.Value)
		switch {
		case i == 0:
			fmt.Fprintf(&b, "M%g %g", x, y)
		case x == lastX && y == lastY:
			continue
		case p.stepPerPoint:
			fmt.Fprintf(&b, "H%gV%g", x, y)
		default:
			fmt.Fprintf(&b, "L%g %g", x, y)
		}
		lastX, lastY = x, y
	}
	fmt.Fprintf(&b, "H%g", p.x(end.Sub(p.origin).Seconds()))
	return b.String()
}

func (p plot) note(at time.Time, text string) note {
	n := note{X: p.x(at.Sub(p.origin).Seconds()), Text: text, Anchor: "start"}
	if n.X > chartRight-120 {
		n.Anchor = "end"
	}
	return n
}

// stack puts labels that would touch each other on two heights.
func (c *chart) stack() {
	for i := range c.Notes {
		c.Notes[i].LabelY = 12
		if i > 0 && math.Abs(c.Notes[i].X-c.Notes[i-1].X) < 76 && c.Notes[i-1].LabelY == 12 {
			c.Notes[i].LabelY = 24
		}
	}
}

// ticks returns round values in [from, to], about n of them.
func ticks(from, to float64, n int) []float64 {
	raw := (to - from) / float64(n)
	if raw <= 0 || math.IsInf(raw, 0) || math.IsNaN(raw) {
		return nil
	}
	unit := math.Pow(10, math.Floor(math.Log10(raw)))
	step := unit * 10
	for _, m := range []float64{1, 2, 5} {
		if raw <= m*unit {
			step = m * unit
			break
		}
	}
	var out []float64
	for i := math.Ceil(from / step); i*step <= to; i++ {
		out = append(out, i*step)
	}
	return out
}

func round1(v float64) float64 { return math.Round(v*10) / 10 }
