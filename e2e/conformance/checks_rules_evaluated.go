package conformance

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// onEvaluated is a check of what the rules of the standing workspace come to.
func onEvaluated(level Level, id, description, source string, look func(t *T, ws *Workspace)) Check {
	return Check{
		ID: "rules.evaluated." + id, Level: level, Area: Rules, Needs: NeedsSlow, Description: description, Source: source,
		Run: func(_ context.Context, t *T) {
			ws := t.Evaluated()
			t.evaluated("the rules are evaluated", func() { look(t, ws) })
		},
	}
}

const rulerSource = "user guide AMP-Ruler: rules are Prometheus's [D]"

func evaluatedChecks() []Check {
	return []Check{
		onEvaluated(Must, "record", "A recording rule writes the value of its expression under its name, with the labels of the rule over those of the expression.",
			rulerSource, func(t *T, ws *Workspace) {
				s := ws.sample(`evaluated:constant`)
				if s.Value != 42 || s.Metric["every"] == "" || s.Metric["from"] != "rule" || len(s.Metric) != 3 {
					t.Errorf("expected evaluated:constant{every=...,from=\"rule\"} to be 42, got %s", s)
				}
			}),
		onEvaluated(Must, "order", "A rule sees what a rule before it in its group has recorded.",
			rulerSource, func(t *T, ws *Workspace) {
				if s := ws.sample(`evaluated:dependent`); s.Value != 43 {
					t.Errorf("expected evaluated:dependent to be 43, got %s", s)
				}
			}),
		onEvaluated(Must, "health", "A rule that was evaluated is listed as healthy, with the time.",
			listRulesSource, func(t *T, ws *Workspace) {
				a := ws.rules("rule_name[]", "evaluated:constant").ExpectJSON("data.groups.0.rules.0.health", "ok").
					ExpectJSON("data.groups.0.rules.0.lastError", "")
				at, err := time.Parse(time.RFC3339Nano, a.Text("data.groups.0.rules.0.lastEvaluation"))
				if age := t.Now().Sub(at); err != nil || age > 5*time.Minute || age < -5*time.Minute {
					t.Errorf("expected lastEvaluation of the last minutes (%v); %s", err, a)
				}
			}),
		onEvaluated(Must, "failing", "A rule whose expression fails is listed with health err and the error, and records nothing.",
			"user guide AMP-APIReference-ListRules: health and lastError [D]", func(t *T, ws *Workspace) {
				ws.rules("rule_name[]", "evaluated:impossible").ExpectJSON("data.groups.0.rules.0.health", "err").
					ExpectText("data.groups.0.rules.0.lastError")
				if got := Text(ws.Query("evaluated:impossible", t.Now())); got != "" {
					t.Errorf("expected nothing under evaluated:impossible, got %s", got)
				}
			}),
		onEvaluated(Must, "firing", "An alert without for fires at once, with labels, annotations by template, activeAt and its value in scientific notation.",
			listAlertsSource, func(_ *T, ws *Workspace) {
				a := ws.alert("EvaluatedFiring")
				every, _ := a.JSON("data.alerts.0.labels.every")
				a.ExpectJSON("data.alerts.0.labels", map[string]any{"alertname": "EvaluatedFiring", "every": every, "from": "expression", "value": "7"}).
					ExpectJSON("data.alerts.0.annotations", map[string]string{"summary": "is 7 of expression"}).
					ExpectJSON("data.alerts.0.state", "firing").ExpectJSON("data.alerts.0.value", "7e+00").ExpectText("data.alerts.0.activeAt")
			}),
		onEvaluated(Must, "pending", "An alert is pending until its for is over.",
			listAlertsSource, func(_ *T, ws *Workspace) {
				ws.alert("EvaluatedPending").ExpectJSON("data.alerts.0.state", "pending")
				ws.rules("rule_name[]", "EvaluatedPending").ExpectJSON("data.groups.0.rules.0.state", "pending")
			}),
		onEvaluated(Must, "inactive", "A rule whose expression gives nothing is inactive and has no alert.",
			listRulesSource, func(t *T, ws *Workspace) {
				ws.rules("rule_name[]", "EvaluatedInactive").ExpectJSON("data.groups.0.rules.0.health", "ok").
					ExpectJSON("data.groups.0.rules.0.state", "inactive").ExpectJSON("data.groups.0.rules.0.alerts", []any{})
				if a := ws.Do(Get("/api/v1/alerts")); strings.Contains(a.Body, "EvaluatedInactive") {
					t.Errorf("expected no alert EvaluatedInactive; %s", a)
				}
			}),
		onEvaluated(Should, "series", "A firing alert is the series ALERTS, a pending one ALERTS_FOR_STATE too.",
			"Prometheus's rule engine [C]", func(t *T, ws *Workspace) {
				if s := ws.sample(`ALERTS{alertname="EvaluatedFiring"}`); s.Value != 1 || s.Metric["alertstate"] != "firing" {
					t.Errorf("expected ALERTS with alertstate=\"firing\" to be 1, got %s", s)
				}
				if s := ws.sample(`ALERTS{alertname="EvaluatedPending"}`); s.Metric["alertstate"] != "pending" {
					t.Errorf("expected ALERTS with alertstate=\"pending\", got %s", s)
				}
				since := ws.sample(`ALERTS_FOR_STATE{alertname="EvaluatedPending"}`)
				if age := t.Now().Sub(time.Unix(int64(since.Value), 0)); age > time.Hour || age < -5*time.Minute {
					t.Errorf("expected ALERTS_FOR_STATE to be the seconds since 1970 at which the alert became active, got %s", since)
				}
			}),
		onEvaluated(Should, "rule-alerts", "An alerting rule is listed with its alerts, and without them for exclude_alerts=true.",
			"amp-api.md 1.2 [D], 1.8 [C]", func(t *T, ws *Workspace) {
				ws.rules("rule_name[]", "EvaluatedFiring").ExpectJSON("data.groups.0.rules.0.state", "firing").
					ExpectJSON("data.groups.0.rules.0.alerts.0.state", "firing").
					ExpectJSON("data.groups.0.rules.0.alerts.0.labels.alertname", "EvaluatedFiring")
				a := ws.rules("rule_name[]", "EvaluatedFiring", "exclude_alerts", "true").ExpectJSON("data.groups.0.rules.0.state", "firing")
				if alerts, there := a.JSON("data.groups.0.rules.0.alerts"); there && text(alerts) != "[]" && alerts != nil {
					t.Errorf("expected no alerts; %s", a)
				}
			}),
		onEvaluated(Must, "reaches-alert-manager", "An alert of a rule reaches the workspace's alert manager with its labels and annotations.",
			"user guide AMP-Ruler, AMP-alert-manager [D]", alertReachesAlertManager),
	}
}

// alert lists the alerts and returns the first of a name, as data.alerts.0; that
// there is none is fatal.
func (w *Workspace) alert(name string) Answer {
	a := w.Do(Get("/api/v1/alerts")).RequireStatus(http.StatusOK)
	for i, got := range a.texts("data.alerts", "labels.alertname") {
		if got == name {
			alert, _ := a.JSON(fmt.Sprintf("data.alerts.%d", i))
			a.Body = text(map[string]any{"data": map[string]any{"alerts": []any{alert}}})
			return a
		}
	}
	w.t.Fatalf("expected an alert %s; %s", name, a)
	return a
}

func alertReachesAlertManager(t *T, ws *Workspace) {
	ws.stand(definitionPath, definitionStatus, dataBody(plainAlertManager))
	ws.Do(Get("/alertmanager/api/v2/alerts?filter=alertname%3DEvaluatedFiring")).RequireStatus(http.StatusOK).
		ExpectJSON("0.labels.alertname", "EvaluatedFiring").ExpectJSON("0.labels.value", "7").
		ExpectText("0.annotations.summary").ExpectJSON("0.receivers", []map[string]string{{"name": "default"}})
}

// sample returns one of the samples that a query comes to now; that there is
// none is fatal.
func (w *Workspace) sample(expr string) *model.Sample {
	v, ok := w.Query(expr, w.t.Now()).(model.Vector)
	if !ok || len(v) == 0 {
		w.t.Fatalf("expected %s to have a sample", expr)
	}
	return v[0]
}
