package scenario

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"text/template"

	"sigs.k8s.io/yaml"
)

func (p Phase) validate(v *violations, at string) {
	v.check(p.Name != "", at+".name", "is missing")
	forms := 0
	for _, given := range []bool{p.Rate != 0, p.Ramp != nil, p.Spike != nil, p.Sine != nil, p.Replay != nil} {
		if given {
			forms++
		}
	}
	v.check(forms <= 1, at, "has several of rate, ramp, spike, sine and replay; a phase has one")
	rate := func(field string, r float64) {
		v.check(r >= 0 && r <= maxRate, at+field, "is %g, must be between 0 and %d", r, maxRate)
	}
	rate(".rate", p.Rate)
	v.check(p.For >= 0, at+".for", "is %s, must not be negative", p.For)
	v.check(p.For > 0 || p.Spike != nil || p.Replay != nil, at+".for", "is %s, must be more than 0 (with until: the longest it may take)", p.For)
	if p.Ramp != nil {
		rate(".ramp.from", p.Ramp.From)
		rate(".ramp.to", p.Ramp.To)
	}
	if s := p.Spike; s != nil {
		rate(".spike.base", s.Base)
		rate(".spike.peak", s.Peak)
		v.check(s.Peak > s.Base, at+".spike.peak", "is %g, must be above base (%g)", s.Peak, s.Base)
		v.check(s.Rise >= 0 && s.Hold >= 0 && s.Fall >= 0 && s.Rise+s.Hold+s.Fall > 0, at+".spike", "rise, hold and fall must not be negative, nor all 0")
		v.check(p.For == 0 || p.For >= s.Rise+s.Hold+s.Fall, at+".for", "is %s, the spike takes %s", p.For, s.Rise+s.Hold+s.Fall)
	}
	if s := p.Sine; s != nil {
		rate(".sine.mean", s.Mean+s.Amplitude)
		v.check(s.Amplitude > 0 && s.Amplitude <= s.Mean, at+".sine.amplitude", "is %g, must be above 0 and at most mean (%g)", s.Amplitude, s.Mean)
		v.check(s.Period.D() >= 10*minSineStep, at+".sine.period", "is %s, must be at least %s", s.Period, 10*minSineStep)
	}
	if r := p.Replay; r != nil {
		v.check(r.File != "", at+".replay.file", "is missing")
		v.check(r.Scale >= 0 && r.Speed >= 0, at+".replay", "scale and speed must not be negative")
	}
	switch p.Until {
	case UntilTime:
	case UntilReached, UntilReturned:
		v.check(forms == 0 || p.Rate != 0 || p.Ramp != nil, at+".until", "only a rate, or a ramp, which keeps its last rate, can be held until something happens")
	default:
		v.check(false, at+".until", "is %q, must be %q, %q or absent", p.Until, UntilReached, UntilReturned)
	}
}

func (f Fault) validate(v *violations, at string, phases map[string]bool) {
	v.check(f.For > 0, at+".for", "is %s, must be more than 0", f.For)
	v.check(f.After >= 0, at+".after", "is %s, must not be negative", f.After)
	v.check(f.Phase == "" || phases[f.Phase], at+".phase", "there is no phase %q", f.Phase)
	v.check((len(f.Rule) > 0) != (f.Stop != ""), at, "must have either rule or stop")
	if f.Stop != "" {
		v.check(slices.Contains([]Component{StopEmulator, StopCollector, StopProxy, StopKEDA}, f.Stop), at+".stop",
			"is %q, must be emulator, collector, proxy or keda", f.Stop)
	}
	var fields map[string]any
	if len(f.Rule) > 0 && json.Unmarshal(f.Rule, &fields) == nil {
		for _, name := range []string{"name", "workspace", "schedule"} {
			_, given := fields[name]
			v.check(!given, at+".rule."+name, "is the scenario's to say: leave it out")
		}
	}
}

func (s ScaledObject) validate(v *violations, at string) {
	queries := map[string]string{at + ".query": s.Query}
	for i, t := range s.Triggers {
		field := fmt.Sprintf("%s.triggers[%d]", at, i)
		queries[field+".query"] = t.Query
		v.check(t.Query != "", field+".query", "is missing")
		v.check(t.Threshold > 0, field+".threshold", "is %g, must be more than 0", t.Threshold)
		v.check(s.File == "", field, "a file has triggers of its own")
	}
	for field, query := range queries {
		_, err := template.New("query").Parse(query)
		v.check(err == nil, field, "%v", err)
	}
	v.check(s.MinReplicas == nil || *s.MinReplicas >= 0, at+".minReplicas", "must not be negative")
	v.check(s.MaxReplicas == nil || *s.MaxReplicas > 0, at+".maxReplicas", "must be more than 0")
	v.check(s.Paused == nil || *s.Paused >= 0, at+".paused", "must not be negative")
	if f := s.Fallback; f != nil {
		behaviors := []string{"", "static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower"}
		v.check(!f.Off || *f == Fallback{Off: true}, at+".fallback", "with off nothing else is said")
		v.check(f.Off || f.FailureThreshold > 0, at+".fallback.failureThreshold", "is %d, must be more than 0", f.FailureThreshold)
		v.check(f.Replicas >= 0, at+".fallback.replicas", "must not be negative")
		v.check(slices.Contains(behaviors, f.Behavior), at+".fallback.behavior", "is %q, must be one of %q", f.Behavior, behaviors[1:])
	}
}

// validateManifest checks what can be used of a user's own ScaledObject.
func (s ScaledObject) validateManifest(v *violations, at string) {
	var object struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Spec       struct {
			Triggers []struct {
				Type string `json:"type"`
			} `json:"triggers"`
		} `json:"spec"`
	}
	if err := yaml.Unmarshal(s.manifest, &object); err != nil {
		v.check(false, at, "%s: %v", s.File, err)
		return
	}
	v.check(object.APIVersion == "keda.sh/v1alpha1" && object.Kind == "ScaledObject", at, "%s holds %s %s, not one ScaledObject of keda.sh/v1alpha1",
		s.File, object.APIVersion, object.Kind)
	v.check(len(object.Spec.Triggers) > 0, at, "%s has no triggers", s.File)
	for i, t := range object.Spec.Triggers {
		v.check(t.Type == "prometheus", at, "%s: trigger %d is of type %q; only prometheus can be played", s.File, i+1, t.Type)
	}
}

func (e Expect) validate(v *violations, phases, faults map[string]bool) {
	v.check(e.Start >= 0, "expect.start", "must not be negative")
	v.check(e.Reach == 0 || e.Reach > e.Start, "expect.reach", "is %d, must be more than start (%d)", e.Reach, e.Start)
	v.check(e.NeverAbove == 0 || e.NeverAbove >= e.Reach, "expect.neverAbove", "is %d, must be at least reach (%d)", e.NeverAbove, e.Reach)
	v.check(e.BackTo == nil || *e.BackTo >= 0, "expect.backTo", "must not be negative")
	v.check(e.StaysAt == nil || e.Reach == 0 && e.BackTo == nil && e.NeverAbove == 0, "expect.staysAt", "goes with none of reach, backTo and neverAbove")
	v.check(e.Reach > 0 || e.ReactionTime == nil && !e.Predicted, "expect.reach", "is missing: the reaction time is that until it is reached")
	e.ReactionTime.validate(v, "expect.reactionTime")
	e.ReplicaSeconds.validate(v, "expect.replicaSeconds")
	e.QueryRate.validate(v, "expect.queryRate")
	for i, r := range e.Replicas {
		at := fmt.Sprintf("expect.replicas[%d]", i)
		v.check((r.Phase != "") != (r.Fault != ""), at, "must name either a phase or a fault")
		v.check(r.Phase == "" || phases[r.Phase], at+".phase", "there is no phase %q", r.Phase)
		v.check(r.Fault == "" || faults[r.Fault], at+".fault", "there is no fault %q", r.Fault)
		v.check(r.Min != nil || r.Max != nil, at, "must have min, max or both")
		v.check(r.Min == nil || r.Max == nil || *r.Min <= *r.Max, at, "min is above max")
		v.check(r.After >= 0 && r.For >= 0, at, "after and for must not be negative")
	}
	for i, c := range e.Conditions {
		at := fmt.Sprintf("expect.conditions[%d]", i)
		v.check(c.Object == "HPA" || c.Object == "ScaledObject", at+".object", "is %q, must be HPA or ScaledObject", c.Object)
		v.check(c.Type != "", at+".type", "is missing")
		v.check(slices.Contains([]string{"True", "False", "Unknown"}, c.Status), at+".status", "is %q, must be \"True\", \"False\" or \"Unknown\"", c.Status)
		_, err := regexp.Compile(c.Reason)
		v.check(err == nil, at+".reason", "%v", err)
		v.check(c.Phase == "" || phases[c.Phase], at+".phase", "there is no phase %q", c.Phase)
		v.check(c.Fault == "" || faults[c.Fault], at+".fault", "there is no fault %q", c.Fault)
	}
}

func (t *Times) validate(v *violations, at string) {
	v.check(t == nil || t.Min == nil || t.Max == nil || *t.Min <= *t.Max, at, "min is above max")
}

func (n *Numbers) validate(v *violations, at string) {
	v.check(n == nil || n.Min == nil || n.Max == nil || *n.Min <= *n.Max, at, "min is above max")
}
