package chart_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/timeline/chart"
)

// curveOf draws one curve and returns its path's data.
func curveOf(t *testing.T, size chart.Size, c chart.Curve, from, to float64) string {
	t.Helper()
	c.Class = "x"
	svg := chart.Figure{From: from, To: to, Panels: []chart.Panel{{Title: "t", Height: 100, AtLeast: 100 / 1.08, Curves: []chart.Curve{c}}}}.SVG(size, "id")
	found := regexp.MustCompile(`class="curve c-x(?: area)?" d="(M[^"h]*)"`).FindStringSubmatch(svg)
	require.NotNil(t, found, svg)
	return found[1]
}

func TestCurves(t *testing.T) {
	// 100 wide and 100 high, from 31 down to 131: a value is as many units above 131, a second is a unit.
	size := chart.Size{Width: 112, Left: 0}
	for _, tc := range []struct {
		name string
		c    chart.Curve
		want string
	}{
		{"a line", chart.Curve{Points: []chart.Point{{0, 0}, {10, 50}, {20, 90}}, Until: 100}, "M0 131L10 81L20 41H100"},
		{"steps", chart.Curve{Points: []chart.Point{{0, 0}, {10, 50}, {20, 50}, {30, 90}}, Step: true, Until: 100}, "M0 131H10V81H30V41H100"},
		{"an area", chart.Curve{Points: []chart.Point{{0, 10}, {10, 50}}, Step: true, Area: true, Until: 50}, "M0 131V121H10V81H50V131"},
		{"a spike within a column", chart.Curve{Points: []chart.Point{{0, 10}, {10.1, 10}, {10.4, 90}, {10.6, 20}, {10.9, 30}}, Until: 12}, "M0 121L10.1 121V41V101H12"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			assert.Equal(t, tc.want, curveOf(t, size, tc.c, 0, 100))
		})
	}
}

func TestPathsDoNotGrowWithThePoints(t *testing.T) {
	length := func(n int) int {
		var points []chart.Point
		for i := range n {
			points = append(points, chart.Point{X: float64(i) / float64(n) * 1000, Y: 50 + 40*math.Sin(float64(i*i))})
		}
		return len(curveOf(t, chart.Wide(), chart.Curve{Points: points, Until: 1000}, 0, 1000))
	}
	assert.Less(t, length(200_000), 30_000)
	assert.InEpsilon(t, length(100_000), length(200_000), 0.05)
}

func TestHostileTextIsText(t *testing.T) {
	evil := "</title><script>alert(1)</script>\" onload=\"x\x00\xff"
	f := chart.Figure{Title: evil, Desc: evil, From: 0, To: 10, XLabel: evil,
		Panels: []chart.Panel{{Title: evil, Height: 50, LevelText: evil, Level: 1, Curves: []chart.Curve{{Class: "x", Label: evil, Points: []chart.Point{{0, 2}}}}}},
		Lanes:  []chart.Lane{{Label: evil, Boxes: []chart.Box{{From: 0, To: 10, Text: evil, Title: evil}}, Ticks: []chart.Tick{{X: 1, Title: evil}}}},
		Bands:  []chart.Band{{From: 1, To: 2, Title: evil}}, Notes: []chart.Note{{X: 1, Text: evil}},
		Bars: []chart.Bar{{Label: evil, Segments: []chart.Segment{{Label: evil, Title: evil, Value: 1}}}}}
	for _, svg := range []string{f.SVG(chart.Wide(), "a"), f.SVG(chart.Narrow(), "b"), chart.Stack(chart.Wide(), evil, f, f)} {
		dec := xml.NewDecoder(strings.NewReader(svg))
		for {
			token, err := dec.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			if e, ok := token.(xml.StartElement); ok {
				assert.NotEqual(t, "script", e.Name.Local)
				for _, a := range e.Attr {
					assert.NotEqual(t, "onload", a.Name.Local)
				}
			}
		}
	}
}

func TestNothingLeavesThePicture(t *testing.T) {
	var f chart.Figure
	f.From, f.To = -5, 3000
	for i := range 40 {
		f.Notes = append(f.Notes, chart.Note{X: float64(i * 75), Text: fmt.Sprintf("load step %d to 198/s", i)})
		f.Bands = append(f.Bands, chart.Band{From: float64(i*75) - 100, To: float64(i*75) + 4000})
	}
	f.Panels = []chart.Panel{{Title: "p", Height: 60, Curves: []chart.Curve{{Class: "x", Label: "y", Points: []chart.Point{{-5, 3}, {2999, 4}}, Until: 3000}}}}
	for _, size := range []chart.Size{chart.Wide(), chart.Narrow()} {
		svg := f.SVG(size, "id")
		for _, m := range regexp.MustCompile(`<rect class="band [^"]*" x="([^"]+)" y="[^"]+" width="([^"]+)"`).FindAllStringSubmatch(svg, -1) {
			x, errX := strconv.ParseFloat(m[1], 64)
			width, errW := strconv.ParseFloat(m[2], 64)
			require.NoError(t, errors.Join(errX, errW))
			assert.GreaterOrEqual(t, x, size.Left)
			assert.LessOrEqual(t, x+width, size.Width-10)
		}
		assert.Less(t, strings.Count(svg, ">load step"), 80, "labels without room are left to the lines' titles")
		assert.NotContains(t, svg, "NaN")
		assert.NotContains(t, svg, "-0:")
	}
	assert.NotContains(t, chart.Figure{}.SVG(chart.Wide(), "id"), "NaN", "nothing to draw")
}

func TestGrid(t *testing.T) {
	f := chart.Figure{From: 0, To: 10, Panels: []chart.Panel{{Unit: "/s", Curves: []chart.Curve{{Class: "x", Label: "y", Points: []chart.Point{{1, 3}, {4, 5.27}}}}}}, Lanes: []chart.Lane{{Label: "fault", Boxes: []chart.Box{{From: 1, To: 2, Text: "503"}}}}}
	g := f.Grid(10)
	require.Len(t, g.Curves[0].Values, 11)
	assert.Nil(t, g.Curves[0].Values[0], "before the first point there is no value")
	assert.Equal(t, 3.0, *g.Curves[0].Values[1])
	assert.Equal(t, 3.0, *g.Curves[0].Values[3])
	assert.Equal(t, 5.3, *g.Curves[0].Values[10])
	assert.Equal(t, []chart.GridSpan{{From: 1, To: 2, Text: "fault: 503"}}, g.Spans)
}
