package scenario

import (
	"math"
	"slices"
	"time"

	"github.com/ampersand-amp/ampersand/e2e/timeline"
)

// Measured is what a run does not hold itself.
type Measured struct {
	// SamplesSeen are the scrapes of pods that the store holds, SamplesLost those that were due between them and are not there.
	SamplesSeen, SamplesLost int
	// Offered are the requests of the load, Answered those of them that ended with a success.
	Offered, Answered int
	// Queries are those of the first trigger that reached AMP, and Over the time that they took.
	Queries int
	Over    time.Duration
	// Slack is what the machine may add to a predicted time.
	Slack time.Duration
}

// ReplicaSeconds is the integral of the ready replicas between two instants.
func ReplicaSeconds(run *timeline.Run, from, to time.Time) float64 {
	points := run.Series[timeline.HopReady].Between(from, to)
	sum := 0.0
	for i, p := range points {
		end := to
		if i+1 < len(points) {
			end = points[i+1].At
		}
		sum += p.Value * end.Sub(p.At).Seconds()
	}
	return sum
}

// stretch is a span of a run's time.
type stretch struct{ from, to time.Time }

// loaded is the time from the load step to the load's end, which is the beginning of the first phase without load after it.
func (p Profile) loaded(run *timeline.Run) (stretch, bool) {
	step, found := run.MarkAt(timeline.MarkLoadStep)
	if !found {
		return stretch{}, false
	}
	s := stretch{step, run.End()}
	for _, phase := range p.Load {
		span, played := spanOf(run.Phases, phase.Name)
		if played && span.From.After(step) && phase.Peak() == 0 {
			s.to = span.From
			break
		}
	}
	return s, true
}

func spanOf(spans []timeline.Span, name string) (timeline.Span, bool) {
	i := slices.IndexFunc(spans, func(s timeline.Span) bool { return s.Name == name })
	if i < 0 {
		return timeline.Span{}, false
	}
	return spans[i], true
}

// rateAt is the rate that the scenario offered at an instant of a run.
func (p Profile) rateAt(run *timeline.Run, at time.Time) float64 {
	for _, phase := range slices.Backward(p.Load) {
		if span, played := spanOf(run.Phases, phase.Name); played && !at.Before(span.From) {
			return phase.RateAt(at.Sub(span.From))
		}
	}
	return 0
}

// Overshoot is by how many replicas the count exceeded, at most, what the load asked for at its highest up to that moment, and
// when. A count that a higher load has led to is no overshoot while the stabilization window holds it.
func (p Profile) Overshoot(run *timeline.Run, minimum int) (most int, when time.Time) {
	span, found := p.loaded(run)
	if !found {
		return 0, time.Time{}
	}
	highest, last := 0.0, span.from
	for _, point := range run.Series[timeline.HopReplicas].Between(span.from, span.to) {
		for at := last; !at.After(point.At); at = at.Add(50 * time.Millisecond) {
			highest = max(highest, p.rateAt(run, at))
		}
		highest = max(highest, p.rateAt(run, point.At))
		last = point.At
		asked := max(minimum, int(math.Ceil(highest/p.Threshold-1e-9)))
		if over := int(point.Value) - asked; over > most {
			most, when = over, point.At
		}
	}
	return most, when
}

// Flaps counts the turns of the wanted count over a run: changes against the direction of the one before, but for one turn after
// each fall and each rise of the offered load.
func (p Profile) Flaps(run *timeline.Run) int {
	flaps, direction := 0, 0.0
	var last timeline.Point
	for i, point := range run.Series[timeline.HopReplicas] {
		change := point.Value - last.Value
		last = point
		if i == 0 || change == 0 {
			continue
		}
		if direction != 0 && change*direction < 0 && !p.turned(run, point.At, change) {
			flaps++
		}
		direction = change
	}
	return flaps
}

// turned tells whether the load went the way of a change at some time before it: since the start for the first, and so on.
func (p Profile) turned(run *timeline.Run, at time.Time, change float64) bool {
	const step = 100 * time.Millisecond
	// How long a change of the load may take to show: the window over which the rate is taken and the one that holds a count.
	back := p.RateWindow.D() + p.Cooldown.D() + 10*time.Second
	if down := p.Behavior.ScaleDown; down != nil && down.StabilizationWindowSeconds != nil {
		back += time.Duration(*down.StabilizationWindowSeconds) * time.Second
	}
	for t := at.Add(-back); t.Before(at); t = t.Add(step) {
		if t.Before(run.Start) {
			continue
		}
		if d := p.rateAt(run, t.Add(step)) - p.rateAt(run, t); d*change > 0 {
			return true
		}
	}
	return false
}

// ReadyAfter is how long after the load step n replicas were ready for the first time.
func ReadyAfter(run *timeline.Run, n int) (time.Duration, bool) {
	step, found := run.MarkAt(timeline.MarkLoadStep)
	if !found {
		return 0, false
	}
	point, found := run.Series[timeline.HopReady].First(step, func(v float64) bool { return v >= float64(n) })
	return point.At.Sub(step), found
}

// CapacityLead is how much earlier the replicas of another run were ready than those of a baseline, on average over the counts that
// both reached above the baseline's first; false when there are none.
func CapacityLead(baseline, other *timeline.Run) (time.Duration, bool) {
	var sum time.Duration
	counts := 0
	first, _ := startOf(baseline)
	for n := first + 1; ; n++ {
		b, inBaseline := ReadyAfter(baseline, n)
		o, inOther := ReadyAfter(other, n)
		if !inBaseline || !inOther {
			break
		}
		sum += b - o
		counts++
	}
	if counts == 0 {
		return 0, false
	}
	return sum / time.Duration(counts), true
}

func startOf(run *timeline.Run) (int, bool) {
	step, found := run.MarkAt(timeline.MarkLoadStep)
	if !found {
		return 0, false
	}
	v, seen := run.Series[timeline.HopReady].At(step)
	return int(v), seen
}
