// Package chart draws curves, stretches and instants on one time axis as SVG. It knows nothing of runs: a [Figure] holds
// numbers, names and CSS classes, and style.css gives the classes their colours, light and dark.
//
// No library among the module's draws SVG; what is here draws what a timeline needs and no more.
package chart

// Figure is a picture: panels one above the other, then lanes, on one axis in seconds.
type Figure struct {
	// Title and Desc are the text alternative: what it is, and what it shows in words.
	Title, Desc string
	// From and To are the ends of the axis, XLabel says what it counts.
	From, To float64
	XLabel   string
	Panels   []Panel
	Lanes    []Lane
	// Bands lie behind all panels, Notes are lines across them.
	Bands []Band
	Notes []Note
	// Bars, when there are any, lie below the axis.
	Bars []Bar
}

// Panel is a set of curves with an axis of their own.
type Panel struct {
	// Title names it with its unit; Unit is short and follows values.
	Title, Unit string
	// Height is that of the area for curves.
	Height float64
	Curves []Curve
	// Level is a value worth a line, drawn when LevelText is not empty.
	Level     float64
	LevelText string
	// AtLeast is a value that the axis must reach.
	AtLeast float64
	// Whole says that only whole numbers mean anything.
	Whole bool
}

// Curve is a line of a panel.
type Curve struct {
	// Class is its CSS class without the leading "c-". Label is for the legend.
	Class, Label string
	Points       []Point
	// Step says that a value holds until the next one. Area fills what is below.
	Step, Area bool
	// Until is where the last value ends.
	Until float64
}

// Point is a value at a time in seconds.
type Point struct{ X, Y float64 }

// Lane is a row of stretches and instants.
type Lane struct {
	Label string
	Boxes []Box
	Ticks []Tick
}

// Box is a stretch. Text is drawn where there is room, Title is told in full.
type Box struct {
	From, To           float64
	Class, Text, Title string
}

// Tick is an instant of a lane.
type Tick struct {
	X     float64
	Title string
}

// Band is a stretch behind all panels.
type Band struct {
	From, To     float64
	Class, Title string
}

// Note is a line across all panels. Where there is no room, the text is left to the line's title.
type Note struct {
	X    float64
	Text string
}

// Bar is a row of segments on a scale of its own: the widest of all bars fills the width.
type Bar struct {
	Label    string
	Segments []Segment
}

// Segment is a part of a bar.
type Segment struct {
	Class, Label, Title string
	Value               float64
}

// Size is a size at which a figure is drawn. The text keeps its size: a narrow picture has fewer ticks.
type Size struct {
	// Class is the CSS class of the picture.
	Class string
	Width float64
	Left  float64
}

// Wide is the size for a page or a README.
func Wide() Size { return Size{Class: "wide", Width: 960, Left: 44} }

// Narrow is the size for a phone.
func Narrow() Size { return Size{Class: "narrow", Width: 360, Left: 34} }
