package scenario

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/ampersand-amp/ampersand/e2e/timeline"
)

// Judge holds a run against what the scenario expects of it: one outcome for each thing that it states. What was not recorded is
// never taken for fulfilled.
func (s Scenario) Judge(run *timeline.Run, p Profile, m Measured) []timeline.Outcome {
	j := judge{run: run, profile: p, expect: s.Expect, measured: m}
	j.counts()
	for _, r := range s.Expect.Replicas {
		j.replicas(r)
	}
	j.times()
	j.shape()
	j.losses()
	for _, c := range s.Expect.Conditions {
		j.condition(c)
	}
	return j.outcomes
}

type judge struct {
	run      *timeline.Run
	profile  Profile
	expect   Expect
	measured Measured
	outcomes []timeline.Outcome
}

func (j *judge) say(name, want, got string, held bool) {
	j.outcomes = append(j.outcomes, timeline.Outcome{Name: name, Want: want, Got: got, Held: held})
}

func (j *judge) check(name, want, got string, err error) {
	j.outcomes = append(j.outcomes, timeline.Judged(name, want, got, err))
}

// since is an instant as the time since the load step, or since the beginning where there is none.
func (j *judge) since(at time.Time) string {
	from, found := j.run.MarkAt(timeline.MarkLoadStep)
	if !found {
		from = j.run.Start
	}
	return fmt.Sprintf("%+.1fs", at.Sub(from).Seconds())
}

func replicasOf(n int) string {
	if n == 1 {
		return "1 replica"
	}
	return fmt.Sprintf("%d replicas", n)
}

// counts judges the trajectory as a whole.
func (j *judge) counts() {
	e, run := j.expect, j.run
	if e.StaysAt != nil {
		want := "always " + replicasOf(*e.StaysAt)
		j.check("stays-at", want, want, run.StaysAt(*e.StaysAt))
		return
	}
	j.start()
	if e.Reach > 0 {
		after, found := ReadyAfter(run, e.Reach)
		got := "never"
		if found {
			got = fmt.Sprintf("%s at +%.1fs", replicasOf(e.Reach), after.Seconds())
		}
		j.say("reach", replicasOf(e.Reach)+" ready", got, found)
	}
	if e.NeverAbove > 0 {
		j.neverAbove(e.NeverAbove)
	}
	if e.BackTo != nil {
		j.backTo(*e.BackTo)
	}
}

// start judges the count before the load. What the HPA desires says nothing then: it may have no metric yet, or not be there.
func (j *judge) start() {
	want := replicasOf(j.expect.Start)
	step, found := j.run.MarkAt(timeline.MarkLoadStep)
	if !found {
		step = j.run.End()
	}
	for _, hop := range []timeline.Hop{timeline.HopReplicas, timeline.HopReady} {
		value, seen := j.run.Series[hop].At(step)
		if !seen || value != float64(j.expect.Start) {
			got := fmt.Sprintf("%s at the load step: %g", hop, value)
			if !seen {
				got = fmt.Sprintf("%s has no sample before the load step", hop)
			}
			j.say("start", want, got, false)
			return
		}
	}
	j.say("start", want, want, true)
}

// neverAbove judges the highest count that there was.
func (j *judge) neverAbove(n int) {
	want := fmt.Sprintf("at most %s", replicasOf(n))
	most := -1.0
	for _, hop := range []timeline.Hop{timeline.HopReplicas, timeline.HopReady} {
		for _, p := range j.run.Series[hop] {
			if most = max(most, p.Value); p.Value > float64(n) {
				j.say("never-above", want, fmt.Sprintf("%s at %s", replicasOf(int(p.Value)), j.since(p.At)), false)
				return
			}
		}
	}
	if most < 0 {
		j.say("never-above", want, "nothing was recorded", false)
		return
	}
	j.say("never-above", want, fmt.Sprintf("at most %s", replicasOf(int(most))), true)
}

// backTo judges where the counts ended.
func (j *judge) backTo(n int) {
	got, held := "", true
	for _, hop := range []timeline.Hop{timeline.HopReplicas, timeline.HopReady} {
		value, seen := j.run.Series[hop].At(j.run.End())
		if !seen {
			got, held = "nothing was recorded", false
			break
		}
		got = replicasOf(int(value))
		if held = held && value == float64(n); !held {
			break
		}
	}
	j.say("back-to", replicasOf(n)+" at the end", got, held)
}

// span is the stretch of the run that a phase or a fault, and times within it, name.
func (j *judge) span(phase, fault string, after, length timeline.Duration) (stretch, error) {
	spans, name := j.run.Phases, phase
	if fault != "" {
		spans, name = j.run.Faults, fault
	}
	span, found := spanOf(spans, name)
	if !found {
		return stretch{}, fmt.Errorf("%s was not seen in this run", name)
	}
	to := span.To
	if to.IsZero() {
		to = j.run.End()
	}
	s := stretch{span.From.Add(after.D()), to}
	if length > 0 {
		s.to = s.from.Add(length.D())
	}
	if s.to.After(j.run.End()) {
		s.to = j.run.End()
	}
	if !s.from.Before(s.to) {
		return s, fmt.Errorf("%s ended %s after it began, before there was anything to judge", name, to.Sub(span.From).Round(time.Millisecond))
	}
	return s, nil
}

// replicas judges the counts during a stretch.
func (j *judge) replicas(r Replicas) {
	name := "replicas[" + r.Phase + r.Fault + "]"
	want := bounds(r.Min, r.Max) + " replicas"
	if r.After > 0 {
		want += fmt.Sprintf(" from %s on", r.After)
	}
	if r.For > 0 {
		want += fmt.Sprintf(" for %s", r.For)
	}
	s, err := j.span(r.Phase, r.Fault, r.After, r.For)
	if err != nil {
		j.check(name, want, "", err)
		return
	}
	least, most := -1, -1
	for _, hop := range []timeline.Hop{timeline.HopReplicas, timeline.HopReady} {
		points := j.run.Series[hop].Between(s.from, s.to)
		if len(points) == 0 {
			j.check(name, want, "", errors.New("nothing was recorded"))
			return
		}
		for _, p := range points {
			n := int(p.Value)
			if r.Min != nil && n < *r.Min || r.Max != nil && n > *r.Max {
				j.say(name, want, fmt.Sprintf("%d (%s) at %s", n, hop, j.since(p.At)), false)
				return
			}
			if least < 0 || n < least {
				least = n
			}
			most = max(most, n)
		}
	}
	j.say(name, want, bounds(&least, &most)+" replicas", true)
}

func bounds(least, most *int) string {
	switch {
	case least == nil:
		return fmt.Sprintf("at most %d", *most)
	case most == nil:
		return fmt.Sprintf("at least %d", *least)
	case *least == *most:
		return fmt.Sprint(*least)
	}
	return fmt.Sprintf("%d to %d", *least, *most)
}

// times judges how long it took.
func (j *judge) times() {
	e := j.expect
	after, reached := ReadyAfter(j.run, e.Reach)
	got := "never"
	if reached {
		got = fmt.Sprintf("%.1fs", after.Seconds())
	}
	if e.ReactionTime != nil {
		j.say("reaction-time", e.ReactionTime.text(), got, reached && e.ReactionTime.hold(after))
	}
	if e.Predicted {
		prediction := timeline.Predict(j.run.Settings)
		j.check("predicted", fmt.Sprintf("at most %.1fs, and %s of the machine's", prediction.Max, j.measured.Slack), got,
			j.run.WithinBound(prediction, j.measured.Slack))
	}
}

// shape judges overshoot, flaps and cost.
func (j *judge) shape() {
	e := j.expect
	if e.Overshoot != nil {
		over, when := j.profile.Overshoot(j.run, e.Start)
		got := "none"
		if over > 0 {
			got = fmt.Sprintf("%d at %s", over, j.since(when))
		}
		_, loaded := j.run.MarkAt(timeline.MarkLoadStep)
		j.say("overshoot", fmt.Sprintf("at most %d more than the load asks for", *e.Overshoot), got, loaded && over <= *e.Overshoot)
	}
	if e.Flaps != nil {
		flaps := j.profile.Flaps(j.run)
		recorded := len(j.run.Series[timeline.HopReplicas]) > 0
		j.say("flaps", fmt.Sprintf("at most %d", *e.Flaps), fmt.Sprint(flaps), recorded && flaps <= *e.Flaps)
	}
	if e.ReplicaSeconds != nil {
		cost := ReplicaSeconds(j.run, j.run.Start, j.run.End())
		j.say("replica-seconds", e.ReplicaSeconds.text(), fmt.Sprintf("%.0f", cost), e.ReplicaSeconds.hold(cost))
	}
}

// losses judges what got lost, and how often KEDA asked.
func (j *judge) losses() {
	e, m := j.expect, j.measured
	if l := e.RequestsLost; l != nil {
		lost := m.Offered - m.Answered
		part := 100 * float64(lost) / float64(max(1, m.Offered))
		held := m.Offered > 0 && (l.Max == nil || lost <= *l.Max) && (l.Percent == nil || part <= *l.Percent)
		want := ""
		if l.Max != nil {
			want = fmt.Sprintf("at most %d", *l.Max)
		}
		if l.Percent != nil {
			want += fmt.Sprintf(" at most %g %%", *l.Percent)
		}
		j.say("requests-lost", want, fmt.Sprintf("%d of %d (%.2f %%)", lost, m.Offered, part), held)
	}
	if e.SamplesLost != nil {
		j.say("samples-lost", fmt.Sprintf("at most %d", *e.SamplesLost), fmt.Sprintf("%d; %d are in the store", m.SamplesLost, m.SamplesSeen),
			m.SamplesSeen > 0 && m.SamplesLost <= *e.SamplesLost)
	}
	if e.QueryRate != nil {
		if m.Over <= 0 {
			j.say("query-rate", e.QueryRate.text()+" a second", "no two queries were seen", false)
			return
		}
		rate := float64(m.Queries) / m.Over.Seconds()
		j.say("query-rate", e.QueryRate.text()+" a second", fmt.Sprintf("%.2f", rate), e.QueryRate.hold(rate))
	}
}

// condition judges whether a condition was seen in a state.
func (j *judge) condition(c Condition) {
	name := fmt.Sprintf("condition[%s %s=%s]", c.Object, c.Type, c.Status)
	want := "seen"
	if c.Reason != "" {
		want += " because of " + c.Reason
	}
	s := stretch{j.run.Start, j.run.End()}
	if c.Phase+c.Fault != "" {
		var err error
		if s, err = j.span(c.Phase, c.Fault, 0, 0); err != nil {
			j.check(name, want, "", err)
			return
		}
		want += " during " + c.Phase + c.Fault
	}
	reason, err := regexp.Compile(c.Reason)
	if err != nil {
		j.check(name, want, "", err)
		return
	}
	got := "never seen"
	for _, span := range j.run.Conditions {
		if span.Name != c.Object+" "+c.Type || span.From.After(s.to) || !span.To.IsZero() && span.To.Before(s.from) {
			continue
		}
		got = span.State + ": " + span.Text
		if span.State == c.Status && reason.MatchString(span.Text) {
			j.say(name, want, fmt.Sprintf("%s (at %s)", span.Text, j.since(span.From)), true)
			return
		}
	}
	j.say(name, want, got, false)
}

// Judge holds two runs on the same load against each other. The figures are told whether or not anything is expected of them.
func (c Compare) Judge(baseline, other *timeline.Run) []timeline.Outcome {
	lead, found := CapacityLead(baseline, other)
	got := "the two have reached no count in common"
	if found {
		got = fmt.Sprintf("%s was %.1fs earlier than %s", c.Name, lead.Seconds(), c.Baseline)
	}
	end := baseline.End()
	if other.End().Before(end) {
		end = other.End()
	}
	extra := ReplicaSeconds(other, other.Start, end) - ReplicaSeconds(baseline, baseline.Start, end)
	return []timeline.Outcome{
		{Name: "capacity-lead", Want: c.Expect.CapacityLead.text(), Got: got, Held: found && c.Expect.CapacityLead.hold(lead)},
		{
			Name: "extra-replica-seconds", Want: c.Expect.ExtraReplicaSeconds.text(), Got: fmt.Sprintf("%.0f", extra),
			Held: c.Expect.ExtraReplicaSeconds.hold(extra),
		},
	}
}

func (t *Times) hold(d time.Duration) bool {
	return t == nil || (t.Min == nil || d >= t.Min.D()) && (t.Max == nil || d <= t.Max.D())
}

func (t *Times) text() string {
	switch {
	case t == nil || t.Min == nil && t.Max == nil:
		return "any"
	case t.Min == nil:
		return fmt.Sprintf("at most %s", t.Max)
	case t.Max == nil:
		return fmt.Sprintf("at least %s", t.Min)
	}
	return fmt.Sprintf("%s to %s", t.Min, t.Max)
}

func (n *Numbers) hold(v float64) bool {
	return n == nil || (n.Min == nil || v >= *n.Min) && (n.Max == nil || v <= *n.Max)
}

func (n *Numbers) text() string {
	switch {
	case n == nil || n.Min == nil && n.Max == nil:
		return "any"
	case n.Min == nil:
		return fmt.Sprintf("at most %g", *n.Max)
	case n.Max == nil:
		return fmt.Sprintf("at least %g", *n.Min)
	}
	return fmt.Sprintf("%g to %g", *n.Min, *n.Max)
}
