package fault

import (
	"net/http"
	"time"
)

// slow is how many bytes of the answer's body are sent a second. When the rule is
// removed, the rest is sent at once.
type slow int

func (s slow) name() string { return "slow" }

func (s slow) check(add func(field, format string, args ...any)) {
	if s < 0 {
		add("slow", "%d bytes a second are too few", int(s))
	}
}

func (s slow) serve(w way) {
	w.unhurried()
	w.Serve(&drip{ResponseWriter: w.Writer, way: w, rate: int(s)})
}

// drip is a writer that takes its time.
type drip struct {
	http.ResponseWriter
	way  way
	rate int
}

// Write implements http.ResponseWriter. A piece is what a tenth of a second has room
// for, so that a client sees a trickle and not bursts.
func (d *drip) Write(p []byte) (int, error) {
	written := 0
	for written < len(p) {
		piece := p[written:min(len(p), written+max(1, d.rate/10))]
		if !d.way.wait(time.Duration(len(piece)) * time.Second / time.Duration(d.rate)) {
			piece = p[written:]
		}
		n, err := d.ResponseWriter.Write(piece)
		written += n
		if err != nil {
			return written, err
		}
		_ = http.NewResponseController(d.ResponseWriter).Flush() // a writer that cannot sends later
	}
	return written, nil
}

// Unwrap lets http.ResponseController reach the writer below.
func (d *drip) Unwrap() http.ResponseWriter { return d.ResponseWriter }
