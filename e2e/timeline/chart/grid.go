package chart

import "sort"

// Grid holds the values of all curves at evenly spaced instants: what a page needs to tell the values under a pointer.
type Grid struct {
	From   float64     `json:"from"`
	To     float64     `json:"to"`
	Curves []GridCurve `json:"curves"`
	Spans  []GridSpan  `json:"spans,omitempty"`
}

// GridCurve is one curve of a Grid. A value is null where the curve has none.
type GridCurve struct {
	Class  string     `json:"class"`
	Label  string     `json:"label"`
	Unit   string     `json:"unit"`
	Values []*float64 `json:"values"`
}

// GridSpan is a stretch of a lane.
type GridSpan struct {
	From float64 `json:"from"`
	To   float64 `json:"to"`
	Text string  `json:"text"`
}

// Grid evaluates the curves at n+1 instants. A curve between two points is where it was last: that is what was seen.
func (f Figure) Grid(n int) Grid {
	g := Grid{From: f.From, To: f.To}
	for _, p := range f.Panels {
		for _, c := range p.Curves {
			out := GridCurve{Class: c.Class, Label: c.Label, Unit: p.Unit, Values: make([]*float64, n+1)}
			for i := range out.Values {
				at := f.From + (f.To-f.From)*float64(i)/float64(n)
				j := sort.Search(len(c.Points), func(j int) bool { return c.Points[j].X > at+1e-9 })
				if j > 0 {
					v := round1(c.Points[j-1].Y)
					out.Values[i] = &v
				}
			}
			g.Curves = append(g.Curves, out)
		}
	}
	for _, l := range f.Lanes {
		for _, b := range l.Boxes {
			g.Spans = append(g.Spans, GridSpan{From: round1(b.From), To: round1(b.To), Text: l.Label + ": " + b.Text})
		}
	}
	return g
}
