package timeline

import (
	"math"
	"strings"
	"time"
)

// Figure is one number that sums a run up.
type Figure struct {
	// Name says what it is.
	Name string
	// Unit is the value's: "s", "replicas", "requests", "ms", "".
	Unit string
	// Value is nil when it was not seen.
	Value *float64
}

// Text is the value with its unit.
func (f Figure) Text() string {
	switch {
	case f.Value == nil:
		return "not seen"
	case f.Unit == "s":
		return secondsText(f.Value)
	}
	return strings.TrimRight(num(math.Round(*f.Value*10)/10)+" "+f.Unit, " ")
}

// Figures sums the run up over its whole length.
func (r *Run) Figures() []Figure { return r.figures(r.End()) }

// figures sums the run up from its load step to end.
func (r *Run) figures(end time.Time) []Figure {
	from := r.origin()
	out := []Figure{{Name: "load step to target ready", Unit: "s"}, {Name: "load off to minimum", Unit: "s", Value: r.DownSeconds}}
	if r.Split != nil {
		out[0].Value = r.Split.Total
	}
	replicas := r.Series[HopReplicas]
	if len(replicas) == 0 {
		replicas = r.Series[HopDesired]
	}
	out = append(out,
		Figure{Name: "replica-seconds", Value: replicas.integral(from, end)},
		Figure{Name: "most desired", Unit: "replicas", Value: r.Series[HopDesired].most(from, end)},
		Figure{Name: "changes of direction", Value: r.Series[HopDesired].reversals(from, end)})
	offered, answered := r.Series[HopLoad].integral(from, end), r.Series[HopAnswered].integral(from, end)
	if offered != nil && answered != nil {
		lost := math.Max(0, *offered-*answered)
		out = append(out, Figure{Name: "not answered", Unit: "requests", Value: &lost})
	}
	if p99 := r.Series[HopP99].most(from, end); p99 != nil {
		ms := *p99 * 1000
		out = append(out, Figure{Name: "worst p99", Unit: "ms", Value: &ms})
	}
	return out
}

// integral is the area under the steps of the series, nil when it has no value in the stretch.
func (s Series) integral(from, to time.Time) *float64 {
	part := s.Between(from, to)
	if len(part) == 0 {
		return nil
	}
	sum := 0.0
	for i, p := range part {
		until := to
		if i+1 < len(part) {
			until = part[i+1].At
		}
		sum += p.Value * until.Sub(p.At).Seconds()
	}
	return &sum
}

// most is the greatest value in the stretch.
func (s Series) most(from, to time.Time) *float64 {
	part := s.Between(from, to)
	if len(part) == 0 {
		return nil
	}
	_, top := bounds(part)
	return &top
}

// reversals counts how often a rise follows a fall or a fall a rise.
func (s Series) reversals(from, to time.Time) *float64 {
	part := s.Between(from, to)
	if len(part) == 0 {
		return nil
	}
	n, last := 0.0, 0.0
	for i := 1; i < len(part); i++ {
		if d := part[i].Value - part[i-1].Value; d != 0 {
			if last*d < 0 {
				n++
			}
			last = d
		}
	}
	return &n
}
