package console

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// hues is how many colours lines have; their dashes tell lines of one colour apart.
const hues = 6

// graph is the picture of a range query, at two sizes: scaled down, the texts of the
// wide one could not be read.
type graph struct {
	Wide, Narrow drawing
	Legend       []string
	// Table has the values at some times, as the words for the picture.
	Table []graphRow
	// Left is how many times the table leaves out.
	Left int
	// Empty says that there is no number to draw.
	Empty bool
}

// graphRow is the values of all drawn series at one time.
type graphRow struct {
	Time   time.Time
	Values []string
}

// drawing is a graph with everything at its place.
type drawing struct {
	Class                    string
	Width, Height            float64
	Left, Right, Top, Bottom float64
	X, Y                     []tick
	Lines                    []string // path data, by series
}

// tick is a mark on an axis.
type tick struct {
	At   float64
	Text string
}

func newGraph(m model.Matrix, from, to time.Time, step time.Duration) *graph {
	g := &graph{Legend: make([]string, len(m))}
	for i, s := range m {
		g.Legend[i] = s.Metric.String()
	}
	low, high := bounds(m)
	g.Empty = math.IsInf(low, 0)
	if g.Empty {
		low, high = 0, 1
	}
	g.Wide = draw("wide", 960, 300, 8, m, from, to, step, low, high)
	g.Narrow = draw("narrow", 360, 240, 4, m, from, to, step, low, high)
	g.tabulate(m, from, to, step)
	return g
}

// bounds are the least and the greatest number, infinite if there is none.
func bounds(m model.Matrix) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, s := range m {
		for _, p := range s.Values {
			if v := float64(p.Value); !math.IsNaN(v) && !math.IsInf(v, 0) {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	return low, high
}

func draw(class string, width, height float64, times int, m model.Matrix, from, to time.Time, step time.Duration, low, high float64) drawing {
	d := drawing{Class: class, Width: width, Height: height, Left: 56, Right: width - 14, Top: 12, Bottom: height - 28}
	steps := niceStep(low, high)
	if low >= 0 && (low < high/2 || low == high) {
		low = 0
	}
	low, high = math.Floor(low/steps)*steps, math.Ceil(high/steps)*steps
	if high <= low {
		high = low + steps
	}
	y := func(v float64) float64 { return round(d.Bottom - (v-low)/(high-low)*(d.Bottom-d.Top)) }
	x := func(t time.Time) float64 {
		return round(d.Left + t.Sub(from).Seconds()/to.Sub(from).Seconds()*(d.Right-d.Left))
	}
	for i := 0; ; i++ {
		v := low + float64(i)*steps
		if v > high+steps/2 || i > 20 {
			break
		}
		d.Y = append(d.Y, tick{y(v), short(v, steps)})
	}
	every, layout := timeStep(to.Sub(from), times)
	for t := from.Truncate(every).Add(every); !t.After(to); t = t.Add(every) {
		d.X = append(d.X, tick{x(t), t.UTC().Format(layout)})
	}
	for _, s := range m {
		d.Lines = append(d.Lines, linePath(s.Values, step, x, y))
	}
	return d
}

// linePath is a line that is broken where points are missing; a point alone is a dot.
func linePath(points []model.SamplePair, step time.Duration, x func(time.Time) float64, y func(float64) float64) string {
	var b strings.Builder
	var last time.Time
	for i, p := range points {
		v, at := float64(p.Value), p.Timestamp.Time()
		if math.IsNaN(v) || math.IsInf(v, 0) {
			last = time.Time{}
			continue
		}
		letter := "L"
		if last.IsZero() || at.Sub(last) > step*3/2 {
			letter = "M"
		}
		fmt.Fprintf(&b, "%s%s %s", letter, coordinate(x(at)), coordinate(y(v)))
		alone := letter == "M" && (i == len(points)-1 || points[i+1].Timestamp.Time().Sub(at) > step*3/2)
		if alone {
			b.WriteString("h0")
		}
		last = at
	}
	return b.String()
}

// tabulate picks times evenly; the table has every value at them.
func (g *graph) tabulate(m model.Matrix, from, to time.Time, step time.Duration) {
	from, to = from.Truncate(step), to.Truncate(step)
	at := make([]map[int64]string, len(m))
	for i, s := range m {
		at[i] = make(map[int64]string, len(s.Values)+len(s.Histograms))
		for _, p := range s.Values {
			at[i][int64(p.Timestamp)] = p.Value.String()
		}
		for _, p := range s.Histograms {
			at[i][int64(p.Timestamp)] = p.Histogram.String()
		}
	}
	var rows []graphRow
	for t := from; !t.After(to); t = t.Add(step) {
		row := graphRow{Time: t, Values: make([]string, len(m))}
		some := false
		for i := range m {
			row.Values[i] = at[i][t.UnixMilli()]
			some = some || row.Values[i] != ""
		}
		if some {
			rows = append(rows, row)
		}
	}
	every := max(1, (len(rows)+shownTimes-1)/shownTimes)
	for i := len(rows) - 1; i >= 0; i -= every {
		g.Table = append(g.Table, rows[i])
	}
	g.Left = len(rows) - len(g.Table)
}

// niceStep is 1, 2 or 5 times a power of ten, so that there are some five of it.
func niceStep(low, high float64) float64 {
	width := high - low
	if low >= 0 && low < high/2 {
		width = high
	}
	if width <= 0 {
		width = max(math.Abs(high), 1)
	}
	power := math.Pow(10, math.Floor(math.Log10(width/5)))
	for _, times := range []float64{1, 2, 5, 10} {
		if width/(power*times) <= 6 {
			return power * times
		}
	}
	return power * 10
}

// timeStep is the distance of the marks of time, and how they are written.
func timeStep(long time.Duration, most int) (every time.Duration, layout string) {
	for _, every := range []time.Duration{
		time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
		time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	} {
		if long/every <= time.Duration(most) {
			return every, "15:04"
		}
	}
	day := 24 * time.Hour
	return day * max(1, (long/day+time.Duration(most)-1)/time.Duration(most)), "Jan 2"
}

// short writes a mark's value with no more digits than its step needs.
func short(v, step float64) string {
	if math.Abs(v) < step/1e6 {
		return "0"
	}
	for _, unit := range []struct {
		size float64
		name string
	}{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if math.Abs(v) >= unit.size && math.Abs(v) < unit.size*1e3 {
			return strconv.FormatFloat(round(v/unit.size*1e2)/1e2, 'f', -1, 64) + unit.name
		}
	}
	if math.Abs(v) >= 1e15 || step < 1e-4 {
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	digits := max(0, int(-math.Floor(math.Log10(step))))
	return strconv.FormatFloat(v, 'f', digits, 64)
}

func round(v float64) float64 { return math.Round(v*10) / 10 }

func coordinate(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
