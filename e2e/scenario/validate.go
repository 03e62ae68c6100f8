package scenario

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/ampersand-amp/ampersand/e2e/timeline"
)

// Validate returns every mistake it finds, each led by the field it is in.
func (s Scenario) Validate() error {
	var v violations
	v.check(s.Name != "", "name", "is missing")
	v.check(s.Description != "", "description", "is missing")
	e := s.Expect
	v.check(e.Start >= 0, "expect.start", "must not be negative")
	v.check(e.Reach > e.Start, "expect.reach", "is %d, must be more than start (%d)", e.Reach, e.Start)
	v.check(e.NeverAbove >= e.Reach, "expect.neverAbove", "is %d, must be at least reach (%d)", e.NeverAbove, e.Reach)
	v.check(e.BackTo >= 0 && e.BackTo <= e.Reach, "expect.backTo", "is %d, must be between 0 and reach (%d)", e.BackTo, e.Reach)
	v.check(len(s.Profiles) > 0, "profiles", "there must be at least one")
	for _, name := range s.ProfileNames() {
		s.Profiles[name].validate(&v, "profiles."+name)
	}
	return errors.Join(v...)
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
	v.check(len(p.Load) > 0, at+".load", "there must be at least one phase")
	for i, phase := range p.Load {
		phase.validate(v, fmt.Sprintf("%s.load[%d]", at, i))
	}
	for cluster, d := range p.Clusters {
		field := at + ".clusters." + cluster
		v.check(d.PodStart >= 0, field+".podStart", "is %s, must not be negative", d.PodStart)
		v.check(d.HPASync >= 0, field+".hpaSync", "is %s, must not be negative", d.HPASync)
		v.check(d.ExportTime >= 0, field+".exportTime", "is %s, must not be negative", d.ExportTime)
		w := d.ScaleDownWindowSeconds
		v.check(w == nil || *w >= 0 && *w <= 3600, field+".scaleDownWindowSeconds", "must be between 0 and 3600")
	}
}

func (p Phase) validate(v *violations, at string) {
	v.check(p.Name != "", at+".name", "is missing")
	v.check(p.Rate >= 0, at+".rate", "is %g, must not be negative", p.Rate)
	v.check(p.For > 0, at+".for", "is %s, must be more than 0 (with until: the longest it may take)", p.For)
	switch p.Until {
	case UntilTime, UntilReached, UntilReturned:
	default:
		v.check(false, at+".until", "is %q, must be %q, %q or absent", p.Until, UntilReached, UntilReturned)
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
type violations []error

func (v *violations) check(ok bool, field, format string, args ...any) {
	if !ok {
		*v = append(*v, fmt.Errorf("%s: %s", field, fmt.Sprintf(format, args...)))
	}
}
