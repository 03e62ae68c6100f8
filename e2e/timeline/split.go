package timeline

import (
	"fmt"
	"strings"
	"time"
)

// Split is the measured reaction time by hop, from the load step to the Target-th ready replica.
type Split struct {
	// Terms are in the order in which they pass.
	Terms []SplitTerm `json:"terms"`
	// Total is from the load step to the Target-th ready replica, in seconds; nil when one of the two was not seen. It is the
	// sum of the measured Terms and of Spans.
	Total *float64 `json:"totalSeconds"`
	// PredictedMin and PredictedMax bound Total, in seconds.
	PredictedMin float64 `json:"predictedMinSeconds"`
	PredictedMax float64 `json:"predictedMaxSeconds"`
	// Spans are stretches of several terms that cannot be told apart because an instant between them was not seen.
	Spans []SplitSpan `json:"spans,omitempty"`
	// Notes say plainly what was not seen, or what the sampling blurs.
	Notes []string `json:"notes,omitempty"`
}

// SplitTerm is one term, predicted and measured.
type SplitTerm struct {
	// Name is the term.
	Name TermName `json:"name"`
	// From and To name the instants between which it lies.
	From string `json:"from"`
	To   string `json:"to"`
	// PredictedMin and PredictedMax bound it, in seconds.
	PredictedMin float64 `json:"predictedMinSeconds"`
	PredictedMax float64 `json:"predictedMaxSeconds"`
	// Measured is its duration in seconds; nil when one of its two instants was not seen.
	Measured *float64 `json:"measuredSeconds"`
}

// SplitSpan is a stretch of several terms.
type SplitSpan struct {
	// Terms are the terms, in order.
	Terms []TermName `json:"terms"`
	// Seconds is their common duration.
	Seconds float64 `json:"seconds"`
}

type instant struct {
	name string
	at   time.Time
	seen bool
}

// ComputeSplit splits the reaction time that was recorded.
//
// The instants are: the load step (mark), the first sample (mark), the first sample visible (mark), the stored value above
// Settings.Level(Target), the HPA desiring Target, Target replicas ready. An instant that was not seen is never invented: its two
// terms have no measured value, and a span gives the time they took together. An instant that was seen later than its
// follower, because a polled hop was read too seldom, is moved to the follower, and a note says so: the terms still add up.
func (r *Run) ComputeSplit(p Prediction) Split {
	target := float64(r.Settings.Target)
	ins := []instant{r.markInstant(MarkLoadStep), r.markInstant(MarkFirstSample), r.markInstant(MarkFirstVisible)}
	names := []TermName{TermScrape, TermExport, TermRate, TermReact, TermPods}
	level := r.Settings.Level(r.Settings.Target)
	ins = append(ins,
		r.hopInstant(ins[0], HopStored, fmt.Sprintf("stored value above %s/s", num(level)), func(v float64) bool { return v > level }),
		r.hopInstant(ins[0], HopDesired, fmt.Sprintf("HPA desires %d", r.Settings.Target), func(v float64) bool { return v >= target }),
		r.hopInstant(ins[0], HopReady, fmt.Sprintf("%d ready", r.Settings.Target), func(v float64) bool { return v >= target }))

	s := Split{PredictedMin: p.Min, PredictedMax: p.Max}
	s.align(ins)
	for i, name := range names {
		t := SplitTerm{Name: name, From: ins[i].name, To: ins[i+1].name}
		if term, ok := p.Term(name); ok {
			t.PredictedMin, t.PredictedMax = term.Min, term.Max
		}
		if ins[i].seen && ins[i+1].seen {
			t.Measured = seconds(ins[i+1].at.Sub(ins[i].at))
		}
		s.Terms = append(s.Terms, t)
	}
	first, last := ins[0], ins[len(ins)-1]
	if first.seen && last.seen {
		s.Total = seconds(last.at.Sub(first.at))
	}
	s.spans(ins, names)
	return s
}

func (r *Run) markInstant(name MarkName) instant {
	at, ok := r.MarkAt(name)
	return instant{name: string(name), at: at, seen: ok}
}

func (r *Run) hopInstant(step instant, hop Hop, name string, ok func(float64) bool) instant {
	if !step.seen {
		return instant{name: name}
	}
	p, found := r.Series[hop].First(step.at, ok)
	return instant{name: name, at: p.At, seen: found}
}

// align moves an instant that lies after a later one back to it.
func (s *Split) align(ins []instant) {
	var next *instant
	for i := len(ins) - 1; i >= 0; i-- {
		if !ins[i].seen {
			s.Notes = append(s.Notes, fmt.Sprintf("%q was not seen", ins[i].name))
			continue
		}
		if next != nil && ins[i].at.After(next.at) {
			s.Notes = append(s.Notes, fmt.Sprintf("%q was seen %.2f s after %q: reads are too far apart to tell them apart",
				ins[i].name, ins[i].at.Sub(next.at).Seconds(), next.name))
			ins[i].at = next.at
		}
		next = &ins[i]
	}
}

// spans adds the stretches between two seen instants with unseen ones between them.
func (s *Split) spans(ins []instant, names []TermName) {
	prev := -1
	for i := range ins {
		if !ins[i].seen {
			continue
		}
		if prev >= 0 && i-prev > 1 {
			span := SplitSpan{Terms: append([]TermName(nil), names[prev:i]...), Seconds: ins[i].at.Sub(ins[prev].at).Seconds()}
			s.Spans = append(s.Spans, span)
			s.Notes = append(s.Notes, fmt.Sprintf("%s took %.2f s together", span.label(), span.Seconds))
		}
		prev = i
	}
}

func (s SplitSpan) label() string {
	var names []string
	for _, t := range s.Terms {
		names = append(names, string(t))
	}
	return strings.Join(names, " + ")
}

func seconds(d time.Duration) *float64 {
	s := d.Seconds()
	return &s
}
