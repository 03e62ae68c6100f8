package workspace

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
	"github.com/ampersand-amp/ampersand/emulator/quota"
)

// configuration is what UpdateWorkspaceConfiguration set; nil is not set.
type configuration struct {
	Retention        *int64     `json:"retentionPeriodInDays,omitempty"`
	OutOfOrderWindow *int64     `json:"outOfOrderTimeWindowInSeconds,omitempty"`
	RuleQueryOffset  *int64     `json:"ruleQueryOffsetInSeconds,omitempty"`
	LabelSets        []labelSet `json:"limitsPerLabelSet,omitempty"`
}

// labelSet is as the protocol writes it [D].
type labelSet struct {
	Labels map[string]string `json:"labelSet"`
	Limits *labelSetLimits   `json:"limits"`
}

// labelSetLimits is as the protocol writes it [D].
type labelSetLimits struct {
	MaxSeries *int64 `json:"maxSeries,omitempty"`
}

const day = 24 * time.Hour

func (r *Registry) configurations(s *state) place[configuration] {
	return at(r, kindConfiguration, s.Configurations)
}

// apply puts the configuration in force.
func (c configuration) apply(f *InForce) {
	if c.Retention != nil {
		f.Retention = time.Duration(*c.Retention) * day
	}
	if c.OutOfOrderWindow != nil {
		f.OutOfOrderWindow = time.Duration(*c.OutOfOrderWindow) * time.Second
	}
	if c.RuleQueryOffset != nil {
		f.RuleQueryOffset = time.Duration(*c.RuleQueryOffset) * time.Second
	}
	for _, l := range c.LabelSets {
		limit := LabelSetLimit{Labels: l.Labels}
		// Without a number there is no limit, as with 0 [I].
		if l.Limits != nil && l.Limits.MaxSeries != nil {
			limit.MaxSeries = *l.Limits.MaxSeries
		}
		f.LabelSets = append(f.LabelSets, limit)
	}
}

// merge returns the configuration with what an update names in place of what was
// there. An update names at least one member [D] and leaves the others [I]; a
// list of label sets replaces the whole list [I].
func (c configuration) merge(update configuration) configuration {
	if update.Retention != nil {
		c.Retention = update.Retention
	}
	if update.OutOfOrderWindow != nil {
		c.OutOfOrderWindow = update.OutOfOrderWindow
	}
	if update.RuleQueryOffset != nil {
		c.RuleQueryOffset = update.RuleQueryOffset
	}
	if update.LabelSets != nil {
		c.LabelSets = update.LabelSets
	}
	return c
}

// configuration says what is wrong with an update. The longest retention is a bound of
// the member and has no code in Service Quotas, so more is a ValidationException
// [I].
func (c *checker) configuration(u configuration, maxRetention time.Duration) {
	if u.Retention == nil && u.OutOfOrderWindow == nil && u.RuleQueryOffset == nil && u.LabelSets == nil {
		c.fail("limitsPerLabelSet", "At least one member of the configuration must be given")
	}
	days := int64(math.MaxInt32)
	if maxRetention >= 0 {
		days = int64(maxRetention / day)
	}
	c.between("retentionPeriodInDays", u.Retention, 1, days)
	c.between("outOfOrderTimeWindowInSeconds", u.OutOfOrderWindow, 0, math.MaxInt32)
	c.between("ruleQueryOffsetInSeconds", u.RuleQueryOffset, 0, math.MaxInt32)
	seen := map[string]bool{}
	for _, l := range u.LabelSets {
		c.labelSet(l)
		// The same set twice would have two limits [I].
		key := ""
		for _, name := range slices.Sorted(maps.Keys(l.Labels)) {
			key += fmt.Sprintf("%q=%q,", name, l.Labels[name])
		}
		if seen[key] {
			c.fail("limitsPerLabelSet.labelSet", "Label sets must be unique")
		}
		seen[key] = true
	}
}

func (c *checker) labelSet(l labelSet) {
	const labels, limits = "limitsPerLabelSet.labelSet", "limitsPerLabelSet.limits"
	c.present(labels, l.Labels != nil)
	for _, name := range slices.Sorted(maps.Keys(l.Labels)) {
		c.text(labels, name, rule{low: 1, pattern: labelNamePattern})
		value := rule{low: 1, pattern: printablePattern}
		if name == "__name__" {
			value.pattern = metricNamePattern
		}
		c.text(labels+"."+name, l.Labels[name], value)
	}
	if c.present(limits, l.Limits != nil) {
		c.between(limits+".maxSeries", l.Limits.MaxSeries, 0, math.MaxInt64)
	}
}

func (r *Registry) updateConfiguration(q request) (any, error) {
	var in struct {
		configuration
		ClientToken *string `json:"clientToken"`
	}
	if err := q.decode(&in); err != nil {
		return nil, err
	}
	var c checker
	c.path(q.Call)
	c.configuration(in.configuration, r.cfg.Quotas.Duration(quota.RetentionMax))
	c.clientToken(in.ClientToken)
	if err := c.err(); err != nil {
		return nil, err
	}
	if r.cfg.Quotas.Exceeded(quota.LabelSetLimits, int64(len(in.LabelSets))) {
		return nil, awsapi.QuotaExceeded(
			fmt.Sprintf("Limit exceeded. Maximum label sets per workspace is %d.", r.cfg.Quotas.Get(quota.LabelSetLimits)),
			r.cfg.Quotas.Code(quota.LabelSetLimits), string(kindConfiguration), q.WorkspaceID)
	}
	return r.once(q, in.ClientToken, func(s *state) (answer, error) {
		if _, err := r.active(s, q.WorkspaceID); err != nil {
			return answer{}, err
		}
		p := r.configurations(s)
		// Every workspace has a configuration; the first update stores it.
		old := &item[configuration]{life: life{Owner: q.WorkspaceID, CreatedAt: r.cfg.Now().UTC()}}
		if p.has(q.WorkspaceID, "") {
			var err error
			if old, err = p.settled(q.WorkspaceID, ""); err != nil {
				return answer{}, err
			}
		}
		i := p.update(old, old.Body.merge(in.configuration), nil)
		return answer{body: statusOnly{i.Phase.started()}}, nil
	})
}

func (r *Registry) describeConfiguration(q request) (any, error) {
	if _, err := r.visible(q); err != nil {
		return nil, err
	}
	s := r.state.Load()
	status, sets := statusShape{Code: StatusActive}, []labelSet{}
	f := InForce{Retention: r.cfg.DefaultRetention, OutOfOrderWindow: r.cfg.DefaultOutOfOrderWindow}
	p := r.configurations(s)
	if i, err := p.find(q.WorkspaceID, ""); err == nil {
		// DELETING is no state of a configuration [D]; its workspace says so.
		if seen := p.status(i); seen.Code != StatusDeleting {
			status = seen
		}
		i.Body.apply(&f)
		sets = append(sets, i.Body.LabelSets...)
	}
	type shape struct {
		Status           statusShape `json:"status"`
		LabelSets        []labelSet  `json:"limitsPerLabelSet"`
		Retention        int64       `json:"retentionPeriodInDays"`
		OutOfOrderWindow int64       `json:"outOfOrderTimeWindowInSeconds"`
		RuleQueryOffset  int64       `json:"ruleQueryOffsetInSeconds"`
	}
	return struct {
		Configuration shape `json:"workspaceConfiguration"`
	}{shape{
		Status: status, LabelSets: sets,
		// Whole days, rounded up: a shorter one is an emulator's only.
		Retention:        int64((f.Retention + day - 1) / day),
		OutOfOrderWindow: int64(f.OutOfOrderWindow / time.Second),
		RuleQueryOffset:  int64(f.RuleQueryOffset / time.Second),
	}}, nil
}
