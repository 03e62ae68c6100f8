package chart

import (
	"math"
	"slices"
	"strconv"
)

// column is what a curve shows within one column of the picture.
type column struct {
	x, first, low, high, last float64
}

// columns reduces points to the first, lowest, highest and last value of each column of the picture, so that the size of a
// path depends on the picture's width and not on the number of points, and no spike gets lost.
func columns(points []Point, x func(float64) float64, width float64) []column {
	var out []column
	for _, p := range points {
		at := x(p.X)
		slot := math.Floor(at / width)
		if n := len(out); n > 0 && math.Floor(out[n-1].x/width) == slot {
			c := &out[n-1]
			c.low, c.high, c.last = min(c.low, p.Y), max(c.high, p.Y), p.Y
			continue
		}
		out = append(out, column{x: at, first: p.Y, low: p.Y, high: p.Y, last: p.Y})
	}
	return out
}

// values are what of a column is drawn, in order, without repetitions.
func (c column) values() []float64 {
	return slices.Compact([]float64{c.first, c.low, c.high, c.last})
}

// path is the SVG path of a curve.
func (c Curve) path(x, y func(float64) float64, base float64) string {
	var b []byte
	number := func(command byte, v float64) {
		b = append(b, command)
		b = strconv.AppendFloat(b, round1(v), 'f', -1, 64)
	}
	lastY := math.NaN()
	for i, col := range columns(c.Points, x, 1) {
		values := col.values()
		switch {
		case i == 0 && c.Area:
			number('M', col.x)
			number(' ', base)
			number('V', y(values[0]))
		case i == 0:
			number('M', col.x)
			number(' ', y(values[0]))
		case c.Step:
			if len(values) == 1 && round1(y(values[0])) == lastY {
				continue
			}
			number('H', col.x)
			number('V', y(values[0]))
		default:
			number('L', col.x)
			number(' ', y(values[0]))
		}
		for _, v := range values[1:] {
			number('V', y(v))
		}
		lastY = round1(y(values[len(values)-1]))
	}
	if len(b) == 0 {
		return ""
	}
	number('H', x(max(c.Until, c.Points[len(c.Points)-1].X)))
	if c.Area {
		number('V', base)
	}
	return string(b)
}

// ticks returns round values in [from, to], about n of them.
func ticks(from, to float64, n int) []float64 {
	raw := (to - from) / float64(max(n, 1))
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
	for i := int(math.Ceil(from / step)); float64(i)*step <= to; i++ {
		out = append(out, float64(i)*step)
	}
	return out
}

// timeTicks are ticks at whole seconds, or at minutes when the axis is long.
func timeTicks(from, to float64, n int) []float64 {
	if to-from < 120 {
		return ticks(from, to, n)
	}
	for _, step := range []float64{15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400} {
		if (to-from)/step <= float64(n) {
			var out []float64
			for i := int(math.Ceil(from / step)); float64(i)*step <= to; i++ {
				out = append(out, float64(i)*step)
			}
			return out
		}
	}
	return ticks(from, to, n)
}

func timeText(seconds, length float64) string {
	if length < 120 {
		return number(seconds) + " s"
	}
	sign := ""
	if seconds = math.Round(seconds); seconds < 0 {
		sign, seconds = "-", -seconds
	}
	minutes := math.Floor(seconds / 60)
	rest := strconv.FormatFloat(seconds-60*minutes, 'f', 0, 64)
	if len(rest) == 1 {
		rest = "0" + rest
	}
	return sign + strconv.FormatFloat(minutes, 'f', 0, 64) + ":" + rest
}

func number(v float64) string {
	text := strconv.FormatFloat(math.Round(v*1000)/1000, 'f', -1, 64)
	if text == "-0" {
		return "0"
	}
	return text
}

func round1(v float64) float64 { return math.Round(v*10) / 10 }
