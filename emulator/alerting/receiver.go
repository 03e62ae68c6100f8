package alerting

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/template"
)

// receiver records what one entry of a receiver would send. It is a
// notify.Notifier, so grouping, inhibition, silences, deduplication and retries
// in front of it are Alertmanager's.
type receiver struct {
	kind   Kind
	render func(ctx context.Context, data *template.Data, text func(string) string, n *Notification) error

	template *template.Template
	logger   *slog.Logger
	now      func() time.Time
	record   func(Notification)
}

// Notify implements notify.Notifier. A fault in a template is not tried again
// before the group's next turn: it would be the same.
func (r *receiver) Notify(ctx context.Context, alerts ...*alert.Alert) (bool, error) {
	data := notify.GetTemplateData(ctx, r.template, alerts, r.logger)
	name, _ := notify.ReceiverName(ctx)
	n := Notification{
		Time: r.now(), Receiver: name, Kind: r.kind, Status: data.Status,
		GroupLabels: data.GroupLabels, Alerts: data.Alerts,
	}
	var templateErr error
	err := r.render(ctx, data, notify.TmplText(r.template, data, &templateErr), &n)
	if templateErr != nil {
		err = fmt.Errorf("template: %w", templateErr)
	}
	if err != nil {
		err = fmt.Errorf("make the %s notification of receiver %q: %w", r.kind, name, err)
		n.SNS, n.PagerDuty, n.Error = nil, nil, err.Error()
	}
	r.record(n)
	return false, err
}

// integrations makes the notifiers of a definition, by receiver.
func (am *alertManager) integrations(def *definition) map[string][]notify.Integration {
	out := make(map[string][]notify.Integration, len(def.config.Receivers))
	for _, r := range def.config.Receivers {
		list := make([]notify.Integration, 0, len(r.SNSConfigs)+len(r.PagerdutyConfigs))
		add := func(kind Kind, i int, resolved notify.ResolvedSender, render func(context.Context, *template.Data, func(string) string, *Notification) error) {
			list = append(list, notify.NewIntegration(&receiver{
				kind: kind, render: render, template: def.template,
				logger: am.logger, now: am.now, record: am.record,
			}, resolved, string(kind), i, r.Name))
		}
		for i, c := range r.SNSConfigs {
			add(KindSNS, i, c, snsRenderer(c))
		}
		for i, c := range r.PagerdutyConfigs {
			add(KindPagerDuty, i, c, pagerDutyRenderer(c))
		}
		out[r.Name] = list
	}
	return out
}

var (
	_ notify.Notifier       = (*receiver)(nil)
	_ notify.ResolvedSender = (*config.SNSConfig)(nil)
)
