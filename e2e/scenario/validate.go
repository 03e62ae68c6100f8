package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/ampersand-amp/ampersand/e2e/timeline"
)

// The bounds of a load: of its length, in all, and of its rate in requests per second.
const (
	maxLength = time.Hour
	maxRate   = 100_000
)

// validate notes every mistake, by the field it is in.
func (s Scenario) validate(v *violations) {
	v.check(s.Name != "", "name", "is missing")
	v.check(s.Description != "", "description", "is missing")
	v.check(slices.Contains([]string{"", "downstream0", "downstream1", "frontend"}, s.Target), "target", "is %q, must be downstream0, downstream1 or frontend", s.Target)
	s.ScaledObject.validate(v, "scaledObject")
	if c := s.Compare; c != nil {
		v.check(c.Name != "" && c.Baseline != "" && c.Name != c.Baseline, "compare.name", "name and baseline must be two different names")
		c.ScaledObject.validate(v, "compare.scaledObject")
		c.Expect.CapacityLead.validate(v, "compare.expect.capacityLead")
		c.Expect.ExtraReplicaSeconds.validate(v, "compare.expect.extraReplicaSeconds")
	}
	for _, name := range s.ProfileNames() {
		p := s.Profiles[name]
		p.validate(v, "profiles."+name)
		at := "profiles." + name + ".load"
		if len(p.Load) == 0 {
			p.Load, at = s.Load, "load"
			v.check(len(p.Load) > 0, "profiles."+name, "has no load, and neither has the scenario")
		}
		s.validateLoad(v, at, p.Load)
	}
}

// validateLoad checks a load and what refers to it. A load of several profiles is checked once for each: a mistake is told once.
func (s Scenario) validateLoad(v *violations, at string, load []Phase) {
	var local violations
	var total time.Duration
	phases, faults := make(map[string]bool), make(map[string]bool)
	for i, phase := range load {
		field := fmt.Sprintf("%s[%d]", at, i)
		local.check(!phases[phase.Name], field+".name", "%q is the name of an earlier phase", phase.Name)
		phases[phase.Name] = true
		before := len(local)
		phase.validate(&local, field)
		local.check(phase.Until != UntilReached || s.Expect.Reach > 0, field+".until", "is reached, and expect.reach says of nothing how many")
		local.check(phase.Until != UntilReturned || s.Expect.BackTo != nil, field+".until", "is returned, and expect.backTo says of nothing to how many")
		if len(local) == before {
			total += phase.Length()
		}
	}
	local.check(total <= maxLength, at, "lasts %s, must be at most %s", total, maxLength)
	for i, f := range s.Faults {
		field := fmt.Sprintf("faults[%d]", i)
		local.check(f.Name != "", field+".name", "is missing")
		local.check(!faults[f.Name], field+".name", "%q is the name of an earlier fault", f.Name)
		faults[f.Name] = true
		f.validate(&local, field, phases)
	}
	s.Expect.validate(&local, phases, faults)
	for _, one := range local {
		if !slices.Contains(*v, one) {
			*v = append(*v, one)
		}
	}
}

func (p Profile) validate(v *violations, at string) {
	for _, d := range []struct {
		field string
		value timeline.Duration
	}{
		{"scrapeInterval", p.ScrapeInterval},
		{"rateWindow", p.RateWindow},
		{"batchTimeout", p.BatchTimeout},
		{"exportTime", p.ExportTime},
		{"hpaSync", p.HPASync},
		{"pollingInterval", p.PollingInterval},
		{"cooldown", p.Cooldown},
		{"podStart", p.PodStart},
	} {
		v.check(d.value > 0, at+"."+d.field, "is %s, must be more than 0", d.value)
	}
	v.check(p.Discovery >= 0, at+".discovery", "is %s, must not be negative", p.Discovery)
	v.check(p.RateWindow >= 2*p.ScrapeInterval, at+".rateWindow", "is %s, must hold two scrapes (%s): rate() needs two samples", p.RateWindow, 2*p.ScrapeInterval)
	wholeSeconds(v, at+".pollingInterval", p.PollingInterval)
	wholeSeconds(v, at+".cooldown", p.Cooldown)
	v.check(p.Threshold > 0, at+".threshold", "is %g, must be more than 0", p.Threshold)
	v.check(p.Tolerance == nil || *p.Tolerance >= 0, at+".tolerance", "must not be negative")
	rules(v, at+".behavior.scaleUp", p.Behavior.ScaleUp)
	rules(v, at+".behavior.scaleDown", p.Behavior.ScaleDown)
	for cluster, d := range p.Clusters {
		field := at + ".clusters." + cluster
		v.check(d.PodStart >= 0, field+".podStart", "is %s, must not be negative", d.PodStart)
		v.check(d.HPASync >= 0, field+".hpaSync", "is %s, must not be negative", d.HPASync)
		v.check(d.ExportTime >= 0, field+".exportTime", "is %s, must not be negative", d.ExportTime)
		w := d.ScaleDownWindowSeconds
		v.check(w == nil || *w >= 0 && *w <= 3600, field+".scaleDownWindowSeconds", "must be between 0 and 3600")
	}
}

func rules(v *violations, at string, r *timeline.ScalingRules) {
	if r == nil {
		return
	}
	if r.Tolerance != "" {
		t, err := strconv.ParseFloat(r.Tolerance, 64)
		v.check(err == nil && t >= 0, at+".tolerance", "is %q, must be a decimal fraction such as \"0.01\"", r.Tolerance)
	}
	switch r.SelectPolicy {
	case "", "Max", "Min", "Disabled":
	default:
		v.check(false, at+".selectPolicy", "is %q, must be Max, Min, Disabled or absent", r.SelectPolicy)
	}
	if w := r.StabilizationWindowSeconds; w != nil {
		v.check(*w >= 0 && *w <= 3600, at+".stabilizationWindowSeconds", "is %d, must be between 0 and 3600", *w)
	}
	for i, p := range r.Policies {
		field := fmt.Sprintf("%s.policies[%d]", at, i)
		v.check(p.Type == "Pods" || p.Type == "Percent", field+".type", "is %q, must be Pods or Percent", p.Type)
		v.check(p.Value > 0, field+".value", "is %d, must be more than 0", p.Value)
		v.check(p.PeriodSeconds > 0 && p.PeriodSeconds <= 1800, field+".periodSeconds", "is %d, must be between 1 and 1800", p.PeriodSeconds)
	}
}

func wholeSeconds(v *violations, at string, d timeline.Duration) {
	v.check(d.D()%time.Second == 0, at, "is %s, must be whole seconds (KEDA takes no fractions)", d)
}

// violations collects what is wrong.
type violations []mistake

func (v *violations) check(ok bool, field, format string, args ...any) {
	if !ok {
		*v = append(*v, mistake{field: field, text: fmt.Sprintf(format, args...)})
	}
}
