package timeline

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// Verdict is the outcome of a run.
type Verdict string

// The verdicts.
const (
	// Pass means that every check held.
	Pass Verdict = "PASS"
	// Fail means that at least one check did not hold; Run.Failures says which.
	Fail Verdict = "FAIL"
)

// Run is one run of a scenario: what was set, what was seen, and what follows. Its JSON field names are stable.
type Run struct {
	// Scenario is the scenario's name, Variant how queries are signed (proxy, native), Profile its periods (fast, real).
	Scenario string `json:"scenario"`
	Variant  string `json:"variant"`
	Profile  string `json:"profile"`
	// Description says in a sentence what the scenario is about.
	Description string `json:"description,omitempty"`
	// Cluster says where it ran (kwok, kind, existing); free text.
	Cluster string `json:"cluster,omitempty"`
	// Environment is what it ran with: versions and sizes.
	Environment Environment `json:"environment,omitempty"`
	// Settings are the periods and sizes of the run.
	Settings Settings `json:"settings"`
	// Start is when the recording began.
	Start time.Time `json:"start"`
	// Series holds the samples by hop.
	Series map[Hop]Series `json:"series"`
	// Evaluated is the scaler's query over the whole run, evaluated on the store after it: it has what reads during the run
	// were too far apart to see. Empty when it was not asked for.
	Evaluated Series `json:"evaluated,omitempty"`
	// Marks are the named instants, oldest first.
	Marks []Mark `json:"marks"`
	// Phases are the stretches of the load, Faults the faults that were in force, Conditions the states of the HPA's and the
	// ScaledObject's conditions; oldest first.
	Phases     []Span `json:"phases,omitempty"`
	Faults     []Span `json:"faults,omitempty"`
	Conditions []Span `json:"conditions,omitempty"`
	// Reads counts the reads by hop that gave no sample.
	Reads map[Hop]Reads `json:"reads,omitempty"`
	// Prediction is what the settings let expect from the load step to the Target-th ready replica.
	Prediction *Prediction `json:"prediction,omitempty"`
	// Down is what they let expect from the load's end to MinReplicas.
	Down *Prediction `json:"down,omitempty"`
	// Split is the measured reaction time by hop beside the prediction.
	Split *Split `json:"split,omitempty"`
	// DownSeconds is the measured time from the load's end until MinReplicas were left, in seconds; nil when that was not seen.
	DownSeconds *float64 `json:"downSeconds,omitempty"`
	// Outcomes are the scenario's expectations, each with what came of it. They are set before Finish, which judges by them.
	Outcomes []Outcome `json:"outcomes,omitempty"`
	// Verdict is PASS or FAIL; empty until Finish.
	Verdict Verdict `json:"verdict,omitempty"`
	// Failures are the checks that did not hold, one line each.
	Failures []string `json:"failures,omitempty"`
}

// Finish computes Prediction, Split, Down and DownSeconds from what was recorded, and the verdict from Outcomes and the errors
// of the checks (nil errors are checks that held). A run that is not meant to scale (a control) has no MarkLoadStep to N ready: its split
// says so.
func (r *Run) Finish(checks ...error) {
	r.Prediction, r.Down, r.Split, r.DownSeconds = nil, nil, nil, nil
	if r.Settings.Target > r.Settings.MinReplicas { // otherwise there is nothing to be reached
		up, down := Predict(r.Settings), PredictDown(r.Settings)
		split := r.ComputeSplit(up)
		r.Prediction, r.Down, r.Split = &up, &down, &split
	}
	if off, ok := r.MarkAt(MarkLoadOff); ok {
		if back, ok := r.Series[HopReady].First(off, func(v float64) bool { return v <= float64(r.Settings.MinReplicas) }); ok {
			s := back.At.Sub(off).Seconds()
			r.DownSeconds = &s
		}
	}
	r.Verdict, r.Failures = Pass, nil
	for _, o := range r.Outcomes {
		if !o.Held {
			r.Verdict = Fail
			r.Failures = append(r.Failures, o.failure())
		}
	}
	for _, err := range checks {
		if err != nil {
			r.Verdict = Fail
			r.Failures = append(r.Failures, err.Error())
		}
	}
}

// MarkAt returns the first instant with that name.
func (r *Run) MarkAt(name MarkName) (time.Time, bool) {
	for _, m := range r.Marks {
		if m.Name == name {
			return m.At, true
		}
	}
	return time.Time{}, false
}

// End is the instant of the newest sample or mark, and Start when there is none.
func (r *Run) End() time.Time {
	end := r.Start
	for _, s := range r.Series {
		if n := len(s); n > 0 && s[n-1].At.After(end) {
			end = s[n-1].At
		}
	}
	for _, m := range r.Marks {
		if m.At.After(end) {
			end = m.At
		}
	}
	return end
}

// origin is the instant that the time axis counts from: the first load step, or the start when there was none.
func (r *Run) origin() time.Time {
	if at, ok := r.MarkAt(MarkLoadStep); ok {
		return at
	}
	return r.Start
}

// Name is the run's name for people: scenario, variant, profile and cluster.
func (r *Run) Name() string {
	return strings.Join(nonEmpty([]string{r.Scenario, r.Variant, r.Profile, r.Cluster}), " / ")
}

// Report holds the runs of one invocation. Its JSON form is what the suite keeps as an artifact.
type Report struct {
	// Title heads the page.
	Title string `json:"title"`
	// Generated is when the report was written.
	Generated time.Time `json:"generated"`
	// Runs are the runs in the order in which they were made.
	Runs []Run `json:"runs"`
	// Pairs are runs to lay over each other; Pair and Overlay add to them.
	Pairs []Pair `json:"pairs,omitempty"`
}

// Verdict is Pass when there is at least one run and every run passed.
func (r Report) Verdict() Verdict {
	if len(r.Runs) == 0 {
		return Fail
	}
	for _, run := range r.Runs {
		if run.Verdict != Pass {
			return Fail
		}
	}
	return Pass
}

// WriteJSON writes the report as indented JSON.
func (r Report) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	if err := enc.Encode(r); err != nil {
		return fmt.Errorf("write the timeline as JSON: %w", err)
	}
	return nil
}

// ReadJSON reads a report that WriteJSON wrote.
func ReadJSON(rd io.Reader) (Report, error) {
	var r Report
	dec := json.NewDecoder(rd)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		return Report{}, fmt.Errorf("read the timeline from JSON: %w", err)
	}
	for _, p := range r.Pairs {
		if err := r.check(p); err != nil {
			return Report{}, fmt.Errorf("read the timeline from JSON: %w", err)
		}
	}
	return r, nil
}
