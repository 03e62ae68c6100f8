package chart

import (
	_ "embed"
	"fmt"
	"html"
	"math"
	"strings"
)

//go:embed style.css
var style string

// Style is the style sheet of the drawings: colours for light and for dark.
func Style() string { return style }

// The measures of a drawing, in its own units.
const (
	charWidth  = 6.1 // of the text, on average and a little more
	right      = 12.0
	legendLine = 17.0
	laneHeight = 17.0
	barHeight  = 22.0
)

// drawing is a figure on its way to SVG.
type drawing struct {
	Figure
	size Size
	id   string
	b    strings.Builder
	y    float64
	// top is where the panels begin.
	top float64
}

// SVG draws the figure. The id tells its text alternative from those of other figures on the same page.
func (f Figure) SVG(size Size, id string) string {
	body, height := f.body(size, id)
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" class="chart %s" viewBox="0 0 %s %s" role="img" aria-labelledby="%s-t %s-d" data-left="%s" data-right="%s">%s</svg>`,
		size.Class, number(size.Width), number(height), id, id, number(size.Left), number(size.Width-right), body)
}

// Stack draws figures one below the other as a picture that stands alone, with its style and its background.
func Stack(size Size, title string, figures ...Figure) string {
	var b strings.Builder
	height := 8.0
	for i, f := range figures {
		body, h := f.body(size, fmt.Sprintf("f%d", i+1))
		fmt.Fprintf(&b, `<text class="head" x="12" y="%s">%s</text><g transform="translate(0 %s)">%s</g>`, number(height+18), escape(f.Title), number(height+26), body)
		height += h + 40
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" class="chart" width="%s" height="%s" viewBox="0 0 %s %s" role="img"><title>%s</title><style>%s</style><rect class="paper" width="100%%" height="100%%"/>%s</svg>`,
		number(size.Width), number(height), number(size.Width), number(height), escape(title), style, b.String()) + "\n"
}

func (f Figure) body(size Size, id string) (string, float64) {
	d := &drawing{Figure: f, size: size, id: id}
	if d.To <= d.From {
		d.To = d.From + 1
	}
	d.printf(`<title id="%s-t">%s</title><desc id="%s-d">%s</desc>`, id, escape(f.Title), id, escape(f.Desc))
	d.notesTexts()
	bottom := d.measure()
	for _, band := range d.Bands {
		x, w := d.stretch(band.From, band.To)
		d.printf(`<rect class="band %s" x="%s" y="%s" width="%s" height="%s"><title>%s</title></rect>`,
			band.Class, number(x), number(d.top), number(w), number(bottom-d.top), escape(band.Title))
	}
	for _, p := range d.Panels {
		d.panel(p)
	}
	for _, l := range d.Lanes {
		d.lane(l)
	}
	d.axis()
	d.printf(`<path class="cross" d="M0 %sV%s"/>`, number(d.top), number(bottom))
	d.bars()
	return d.b.String(), d.y + 6
}

func (d *drawing) printf(format string, args ...any) { fmt.Fprintf(&d.b, format, args...) }

func (d *drawing) x(seconds float64) float64 {
	return d.size.Left + (seconds-d.From)/(d.To-d.From)*(d.size.Width-right-d.size.Left)
}

// stretch is where a stretch lies, at least 2 wide and never outside of the axis.
func (d *drawing) stretch(from, to float64) (x, width float64) {
	x = round1(d.x(min(max(from, d.From), d.To)))
	return x, round1(max(2, d.x(min(max(to, d.From), d.To))-x))
}

// notesTexts puts the labels of the notes at the top, on up to three lines; one that finds no room is left out.
func (d *drawing) notesTexts() {
	ends := make([]float64, 3)
	used := 0
	for _, n := range d.Notes {
		x, w := d.x(n.X), charWidth*float64(len([]rune(n.Text)))
		start, anchor := x+4, "start"
		if start+w > d.size.Width {
			start, anchor = x-4-w, "end"
		}
		for line := range ends {
			if start < ends[line] {
				continue
			}
			ends[line] = start + w + 8
			used = max(used, line+1)
			at := x + 4
			if anchor == "end" {
				at = x - 4
			}
			d.printf(`<text x="%s" y="%d" text-anchor="%s">%s</text>`, number(round1(at)), 12+13*line, anchor, escape(n.Text))
			break
		}
	}
	d.y = float64(used)*13 + 6
	d.top = d.y
}

// measure is where the last panel or lane ends.
func (d *drawing) measure() float64 {
	y := d.y
	for _, p := range d.Panels {
		y += d.legendHeight(p) + p.Height + 8
	}
	for range d.Lanes {
		y += 14 + laneHeight
	}
	return y
}

func (d *drawing) legendHeight(p Panel) float64 {
	lines := 1
	d.legend(p, func(_ float64, line int, _ Curve) { lines = max(lines, line+1) })
	return float64(lines)*legendLine + 8
}

// legend lays the entries out behind the panel's title, and on more lines where they need them.
func (d *drawing) legend(p Panel, place func(x float64, line int, c Curve)) {
	x, line := 2+charWidth*1.12*float64(len([]rune(p.Title)))+14, 0
	for _, c := range p.Curves {
		w := 24 + charWidth*float64(len([]rune(c.Label))) + 10
		if x+w > d.size.Width {
			x, line = 2, line+1
		}
		place(x, line, c)
		x += w
	}
}

func (d *drawing) panel(p Panel) {
	d.printf(`<text class="axis" x="2" y="%s">%s</text>`, number(d.y+15), escape(p.Title))
	y0 := d.y
	d.legend(p, func(x float64, line int, c Curve) {
		y := y0 + 11 + float64(line)*legendLine
		d.printf(`<path class="curve c-%s" d="M%s %sh18"/><text x="%s" y="%s">%s</text>`, c.Class, number(round1(x)), number(y), number(round1(x+23)), number(y+4), escape(c.Label))
	})
	top := d.y + d.legendHeight(p)
	bottom := top + p.Height
	highest := p.highest()
	y := func(v float64) float64 { return bottom - max(0, v)/highest*p.Height }
	for _, v := range ticks(0, highest, int(p.Height/22)) {
		if p.Whole && v != math.Trunc(v) {
			continue
		}
		at := number(round1(y(v)))
		d.printf(`<path class="grid" d="M%s %sH%s"/><text x="%s" y="%s" dy="4" text-anchor="end">%s</text>`, number(d.size.Left), at, number(d.size.Width-right), number(d.size.Left-6), at, number(v))
	}
	for _, t := range d.timeTicks() {
		d.printf(`<path class="grid" d="M%s %sV%s"/>`, number(round1(d.x(t))), number(top), number(bottom))
	}
	if p.LevelText != "" && p.Level < highest {
		at := y(p.Level)
		d.printf(`<path class="level" d="M%s %sH%s"/><text x="%s" y="%s" text-anchor="end">%s</text>`, number(d.size.Left), number(round1(at)), number(d.size.Width-right), number(d.size.Width-right-2), number(round1(at+13)), escape(p.LevelText))
	}
	for _, c := range p.Curves {
		if path := c.path(d.x, y, bottom); path != "" {
			class := "curve c-" + c.Class
			if c.Area {
				class += " area"
			}
			d.printf(`<path class="%s" d="%s"/>`, class, path)
		}
	}
	d.notes(top, bottom)
	d.y = bottom + 8
}

// notes draws the part of their lines that lies between two heights: between the panels they would cross the legends.
func (d *drawing) notes(top, bottom float64) {
	for _, n := range d.Notes {
		d.printf(`<path class="note" d="M%s %sV%s"><title>%s</title></path>`, number(round1(d.x(n.X))), number(round1(top)), number(round1(bottom)), escape(n.Text))
	}
}

func (p Panel) highest() float64 {
	top := p.AtLeast
	for _, c := range p.Curves {
		for _, pt := range c.Points {
			top = max(top, pt.Y)
		}
	}
	if top <= 0 {
		return 1
	}
	return top * 1.08
}

func (d *drawing) lane(l Lane) {
	d.printf(`<text x="2" y="%s">%s</text>`, number(d.y+10), escape(l.Label))
	y := d.y + 14
	d.printf(`<path class="grid" d="M%s %sH%s"/>`, number(d.size.Left), number(y+laneHeight/2-2), number(d.size.Width-right))
	for _, box := range l.Boxes {
		x, w := d.stretch(box.From, box.To)
		d.printf(`<rect class="box %s" x="%s" y="%s" width="%s" height="%s" rx="2"><title>%s</title></rect>`, box.Class, number(x), number(y), number(w), number(laneHeight-4), escape(box.Title))
		if text := fit(box.Text, w-8); text != "" {
			d.printf(`<text class="on" x="%s" y="%s">%s</text>`, number(x+4), number(y+10), escape(text))
		}
	}
	for _, t := range l.Ticks {
		d.printf(`<path class="tick" d="M%s %sv%s"><title>%s</title></path>`, number(round1(d.x(t.X))), number(y), number(laneHeight-4), escape(t.Title))
	}
	d.notes(y-1, y+laneHeight-3)
	d.y += 14 + laneHeight
}

// fit cuts a text to a width; nothing is better than two letters of something.
func fit(text string, width float64) string {
	runes := []rune(text)
	if room := int(width / charWidth); room < len(runes) {
		if room < 5 {
			return ""
		}
		return string(runes[:room-1]) + "…"
	}
	return text
}

func (d *drawing) timeTicks() []float64 { return timeTicks(d.From, d.To, int(d.size.Width/75)) }

func (d *drawing) axis() {
	for _, t := range d.timeTicks() {
		d.printf(`<text x="%s" y="%s" text-anchor="middle">%s</text>`, number(round1(d.x(t))), number(d.y+12), timeText(t, d.To-d.From))
	}
	d.printf(`<text class="axis" x="%s" y="%s" text-anchor="end">%s</text>`, number(d.size.Width-right), number(d.y+27), escape(d.XLabel))
	d.y += 34
}

func (d *drawing) bars() {
	longest := 0.0
	for _, bar := range d.Bars {
		sum := 0.0
		for _, s := range bar.Segments {
			sum += max(0, s.Value)
		}
		longest = max(longest, sum)
	}
	if longest <= 0 {
		return
	}
	for _, bar := range d.Bars {
		d.printf(`<text x="2" y="%s">%s</text>`, number(d.y+10), escape(bar.Label))
		x, y := 2.0, d.y+15
		for _, s := range bar.Segments {
			w := max(0, s.Value) / longest * (d.size.Width - right - 2)
			if w < 0.1 {
				continue
			}
			d.printf(`<rect class="s-%s" x="%s" y="%s" width="%s" height="%s"><title>%s</title></rect>`, s.Class, number(round1(x)), number(y), number(round1(w)), number(barHeight), escape(s.Title))
			if text := fit(s.Label, w-8); text == s.Label {
				d.printf(`<text class="on" x="%s" y="%s">%s</text>`, number(round1(x+5)), number(y+15), escape(text))
			}
			x += w
		}
		d.y += 15 + barHeight + 8
	}
}

// escape makes text safe within SVG: markup is escaped, and what XML does not allow is replaced.
func escape(text string) string {
	return html.EscapeString(strings.Map(func(c rune) rune {
		if (c < ' ' && c != '\n' && c != '\t') || c == '\uFFFE' || c == '\uFFFF' {
			return '\uFFFD'
		}
		return c
	}, strings.ToValidUTF8(text, "\uFFFD")))
}
