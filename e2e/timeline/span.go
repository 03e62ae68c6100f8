package timeline

import (
	"slices"
	"time"
)

// Span is a stretch of time that has a name: a phase of the load, a fault in force, a state of a condition.
type Span struct {
	// Name says what it is: the phase's, the fault's, or the condition's ("HPA ScalingActive").
	Name string `json:"name"`
	// State is a condition's: True, False or Unknown. Phases and faults have none.
	State string `json:"state,omitempty"`
	// From is when it began, To when it ended: zero when it went on until the end of the recording.
	From time.Time `json:"from"`
	To   time.Time `json:"to,omitzero"`
	// Text is free text for people, one line.
	Text string `json:"text,omitempty"`
}

// until is when the span ended, given the end of the recording.
func (s Span) until(end time.Time) time.Time {
	if s.To.IsZero() {
		return end
	}
	return s.To
}

type recordedSpans struct{ phases, faults, conditions []Span }

// Phase begins a phase of the load and ends the one before it.
func (r *Recorder) Phase(name, text string, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.spans.phases); n > 0 && r.spans.phases[n-1].To.IsZero() {
		r.spans.phases[n-1].To = at
	}
	r.spans.phases = append(r.spans.phases, Span{Name: name, From: at, Text: text})
}

// FaultBegins says that a fault is in force from at on. A fault that is in force already goes on as it is.
func (r *Recorder) FaultBegins(name, text string, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if open(r.spans.faults, name) == nil {
		r.spans.faults = append(r.spans.faults, Span{Name: name, From: at, Text: text})
	}
}

// FaultEnds says that a fault is no longer in force. It reports whether it was.
func (r *Recorder) FaultEnds(name string, at time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	fault := open(r.spans.faults, name)
	if fault == nil {
		return false
	}
	fault.To = at
	return true
}

// Condition says what state a condition is in and why. It may be called with every object that a watch sees: only a change
// of state or text begins a new span.
func (r *Recorder) Condition(name, state, text string, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if last := open(r.spans.conditions, name); last != nil {
		if last.State == state && last.Text == text {
			return
		}
		last.To = at
	}
	r.spans.conditions = append(r.spans.conditions, Span{Name: name, State: state, From: at, Text: text})
}

// open returns the span of that name that has not ended, nil when there is none.
func open(spans []Span, name string) *Span {
	for i := len(spans) - 1; i >= 0; i-- {
		if spans[i].Name == name && spans[i].To.IsZero() {
			return &spans[i]
		}
	}
	return nil
}

// Count adds n events of a hop, such as scrapes or remote writes, to the second in which they happened.
func (r *Recorder) Count(hop Hop, at time.Time, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.counts[hop] == nil {
		r.counts[hop] = map[int64]int{}
	}
	r.counts[hop][at.Unix()] += n
}

// perSecond makes a series of counts by second: 0 where nothing was counted between, and after the last.
func perSecond(counts map[int64]int) Series {
	seconds := make([]int64, 0, len(counts))
	for second := range counts {
		seconds = append(seconds, second)
	}
	slices.Sort(seconds)
	var s Series
	for i, second := range seconds {
		s = append(s, Point{At: time.Unix(second, 0).UTC(), Value: float64(counts[second])})
		if i+1 == len(seconds) || seconds[i+1] > second+1 {
			s = append(s, Point{At: time.Unix(second+1, 0).UTC()})
		}
	}
	return s
}

// Now is what the recording shows at one instant, for a view of a run that goes on.
type Now struct {
	// At is the instant, on the recorder's clock.
	At time.Time
	// Values are the newest values of the hops.
	Values map[Hop]float64
	// Phase is the phase of the load, nil when none has begun; Faults are in force.
	Phase  *Span
	Faults []Span
	// Marks are the newest marks, oldest first.
	Marks []Mark
	// Step is the first load step, zero when there was none; Start the first thing that was seen.
	Step, Start time.Time
}

// Now returns what the recording shows now, with at most marks marks.
func (r *Recorder) Now(marks int) Now {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := Now{At: r.cfg.Now(), Values: map[Hop]float64{}}
	seen := func(at time.Time) {
		if now.Start.IsZero() || at.Before(now.Start) {
			now.Start = at
		}
	}
	for hop, s := range r.series {
		if len(s) > 0 {
			now.Values[hop] = s[len(s)-1].Value
			seen(s[0].At)
		}
	}
	if n := len(r.spans.phases); n > 0 {
		phase := r.spans.phases[n-1]
		now.Phase = &phase
		seen(r.spans.phases[0].From)
	}
	for _, f := range r.spans.faults {
		if f.To.IsZero() {
			now.Faults = append(now.Faults, f)
		}
	}
	for _, m := range r.marks {
		if m.Name == MarkLoadStep && (now.Step.IsZero() || m.At.Before(now.Step)) {
			now.Step = m.At
		}
	}
	now.Marks = slices.Clone(r.marks[max(0, len(r.marks)-marks):])
	return now
}
