package alerting

import (
	"context"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/util/strutil"
)

// notify hands alerts of rules to the workspace's alert manager, if it has one.
// It implements rules.NotifyFunc.
func (t *tenant) notify(ctx context.Context, expr string, alerts ...*rules.Alert) {
	_, am := t.current()
	if am == nil || len(alerts) == 0 {
		return
	}
	now, source := time.Now(), ruleExternalURL+strutil.TableLinkForExpression(expr)
	out := make([]*alert.Alert, 0, len(alerts))
	for _, a := range alerts {
		next := &alert.Alert{
			Alert: model.Alert{
				Labels: labelSet(a.Labels), Annotations: labelSet(a.Annotations),
				StartsAt: a.FiredAt, EndsAt: a.ValidUntil, GeneratorURL: source,
			},
			UpdatedAt: now,
		}
		if !a.ResolvedAt.IsZero() {
			next.EndsAt = a.ResolvedAt
		}
		if err := next.Validate(); err != nil {
			t.logger.Warn("the alert manager does not take an alert", "alert", a.Labels.String(), "err", err)
			continue
		}
		out = append(out, next)
	}
	if err := am.put(ctx, out...); err != nil {
		t.logger.Warn("the alert manager does not take alerts", "err", err)
	}
}

// labelSet leaves out what is empty, as the alert manager's API does.
func labelSet(ls labels.Labels) model.LabelSet {
	out := make(model.LabelSet, ls.Len())
	ls.Range(func(l labels.Label) {
		if l.Value != "" {
			out[model.LabelName(l.Name)] = model.LabelValue(l.Value)
		}
	})
	return out
}
