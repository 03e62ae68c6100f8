package conformance

import (
	"maps"
	"net/http"
	"regexp"
	"time"
)

const (
	listAMAlertsSource = "user guide AMP-APIReference-ListAlertManagerAlerts [D]"
	postAMAlertsSource = "user guide AMP-APIReference-CreateAlertManagerAlerts [D]"
	groupsSource       = "user guide AMP-APIReference-ListAlertManagerAlertGroups [D]"
)

// alert is the body of an alert with a name that only this check uses, and more
// labels in pairs.
func (t *T) alert(name string, more map[string]any, labels ...string) map[string]any {
	body := map[string]any{
		"labels":      with(map[string]string{"alertname": t.Metric(name)}, labels...),
		"annotations": map[string]string{"summary": "a summary"}, "generatorURL": "http://example.com/graph",
		"startsAt": amTime(t.Now().Add(-time.Minute)), "endsAt": amTime(t.Now().Add(10 * time.Minute)),
	}
	maps.Copy(body, more)
	return body
}

// post sends alerts; that they are not taken is fatal.
func (w *Workspace) post(alerts ...map[string]any) Answer {
	return w.Do(PostJSON(amPath+"/alerts", text(alerts))).RequireStatus(http.StatusOK)
}

func (w *Workspace) alertsNamed(name string, params ...string) Answer {
	return w.Do(filtered("/alerts", append(params, "filter", `alertname="`+name+`"`)...)).ExpectStatus(http.StatusOK)
}

func (w *Workspace) groupsNamed(name string, params ...string) Answer {
	return w.Do(filtered("/alerts/groups", append(params, "filter", `alertname="`+name+`"`)...)).ExpectStatus(http.StatusOK)
}

// seen is a check of what posted alerts look like in the end.
func seen(level Level, id, description, source string, alerts func(t *T) []map[string]any, look func(t *T, ws *Workspace)) Check {
	return onAlertManager(level, id, description, source, func(t *T, ws *Workspace) {
		ws.post(alerts(t)...)
		t.Eventually("the alerts are seen", func() error { look(t, ws); return nil })
	})
}

func alertChecks() []Check {
	one := func(t *T) []map[string]any { return []map[string]any{t.alert("a", nil)} }
	return []Check{
		onAlertManager(Must, "alerts.post", "Alerts are taken with 200 and nothing.",
			postAMAlertsSource, func(t *T, ws *Workspace) { ws.post(t.alert("a", nil)).ExpectBody("") }),
		seen(Must, "alerts.list", "An alert is listed with labels, annotations, times, fingerprint, receivers, status and generatorURL.",
			listAMAlertsSource, one, func(t *T, ws *Workspace) {
				a := ws.alertsNamed(t.Metric("a")).ExpectJSON("0.labels", map[string]string{"alertname": t.Metric("a")}).
					ExpectJSON("0.annotations", map[string]string{"summary": "a summary"}).
					ExpectJSON("0.receivers", []map[string]string{{"name": "default"}}).
					ExpectJSON("0.status.state", "active").ExpectJSON("0.status.silencedBy", []any{}).ExpectJSON("0.status.inhibitedBy", []any{}).
					ExpectJSON("0.generatorURL", "http://example.com/graph").ExpectText("0.updatedAt").ExpectNoJSON("1")
				if got := a.Text("0.fingerprint"); !regexp.MustCompile(`^[0-9a-f]{16}$`).MatchString(got) {
					t.Errorf("expected a fingerprint of 16 digits, got %q", got)
				}
			}),
		onAlertManager(Must, "alerts.times", "An alert keeps the times at which it starts and ends.",
			listAMAlertsSource, func(t *T, ws *Workspace) {
				body := t.alert("a", nil)
				ws.post(body)
				t.Eventually("the alert is seen", func() error {
					ws.alertsNamed(t.Metric("a")).ExpectJSON("0.startsAt", body["startsAt"]).ExpectJSON("0.endsAt", body["endsAt"])
					return nil
				})
			}),
		onAlertManager(Should, "alerts.resolve", "An alert that is sent again with an end in the past is gone from the list.",
			"Alertmanager's API [C]", func(t *T, ws *Workspace) {
				ws.post(t.alert("a", nil))
				t.Eventually("the alert is seen", func() error { ws.alertsNamed(t.Metric("a")).ExpectText("0.fingerprint"); return nil })
				ws.post(t.alert("a", map[string]any{"endsAt": amTime(t.Now().Add(-time.Second))}))
				t.Eventually("the alert is gone", func() error { ws.alertsNamed(t.Metric("a")).ExpectJSON("", []any{}); return nil })
			}),
		seen(Should, "alerts.no-times", "An alert without times starts now and ends after resolve_timeout, 5 minutes.",
			"Alertmanager's API [C]", func(t *T) []map[string]any {
				return []map[string]any{{"labels": map[string]string{"alertname": t.Metric("a")}}}
			}, func(t *T, ws *Workspace) {
				a := ws.alertsNamed(t.Metric("a")).ExpectText("0.startsAt")
				start, err := time.Parse(time.RFC3339Nano, a.Text("0.startsAt"))
				end, endErr := time.Parse(time.RFC3339Nano, a.Text("0.endsAt"))
				if life := end.Sub(start); err != nil || endErr != nil || life < 4*time.Minute || life > 6*time.Minute {
					t.Errorf("expected an alert of 5 minutes; %s", a)
				}
			}),
		seen(Should, "alerts.empty-label", "A label without a value is no label.",
			"Alertmanager's API [C]", func(t *T) []map[string]any { return []map[string]any{t.alert("a", nil, "empty", "")} },
			func(t *T, ws *Workspace) {
				ws.alertsNamed(t.Metric("a")).ExpectJSON("0.labels", map[string]string{"alertname": t.Metric("a")})
			}),
		seen(Must, "alerts.route", "An alert goes to the receiver of the route that matches it.",
			listAMAlertsSource, func(t *T) []map[string]any { return []map[string]any{t.alert("a", nil, "team", "other")} },
			func(t *T, ws *Workspace) {
				ws.alertsNamed(t.Metric("a")).ExpectJSON("0.receivers", []map[string]string{{"name": "other"}})
			}),
		seen(Should, "alerts.filter-receiver", "Alerts are listed by receiver.",
			"Alertmanager's API [C]", func(t *T) []map[string]any {
				return []map[string]any{t.alert("a", nil, "team", "other"), t.alert("a", nil)}
			}, func(t *T, ws *Workspace) {
				ws.alertsNamed(t.Metric("a"), "receiver", "other").ExpectJSON("0.labels.team", "other").ExpectNoJSON("1")
			}),
		seen(Should, "alerts.filter-matchers", "Alerts are listed that pass all filters.",
			"Alertmanager's API [C]", func(t *T) []map[string]any {
				return []map[string]any{t.alert("a", nil, "n", "1"), t.alert("a", nil, "n", "2"), t.alert("a", nil, "n", "3")}
			}, func(t *T, ws *Workspace) {
				ws.alertsNamed(t.Metric("a"), "filter", `n=~"1|2"`, "filter", `n!="1"`).ExpectJSON("0.labels.n", "2").ExpectNoJSON("1")
			}),
		seen(Must, "alerts.inhibit", "An alert that another one inhibits is suppressed and names it; of another instance it is active.",
			"user guide AMP-APIReference-ListAlertManagerAlerts: status.inhibitedBy [D]", inhibition,
			func(t *T, ws *Workspace) {
				source := ws.alertsNamed(t.Metric("source")).Text("0.fingerprint")
				ws.alertsNamed(t.Metric("target")).ExpectJSON("0.status.state", "suppressed").ExpectJSON("0.status.inhibitedBy", []string{source})
				ws.alertsNamed(t.Metric("elsewhere")).ExpectJSON("0.status.state", "active").ExpectJSON("0.status.inhibitedBy", []any{})
			}),
		seen(Should, "alerts.without-inhibited", "Alerts with inhibited=false leave out those that are inhibited.",
			"Alertmanager's API [C]", inhibition, func(t *T, ws *Workspace) {
				ws.alertsNamed(t.Metric("target")).ExpectJSON("0.status.state", "suppressed")
				ws.alertsNamed(t.Metric("target"), "inhibited", "false").ExpectJSON("", []any{})
			}),
		seen(Should, "alerts.without-active", "Alerts with active=false leave out those that are active.",
			"Alertmanager's API [C]", one, func(t *T, ws *Workspace) {
				ws.alertsNamed(t.Metric("a")).ExpectJSON("0.status.state", "active")
				ws.alertsNamed(t.Metric("a"), "active", "false").ExpectJSON("", []any{})
			}),
		seen(Must, "groups.list", "Alerts are grouped by the labels of the route, each group with its receiver and alerts.",
			groupsSource, func(t *T) []map[string]any {
				return []map[string]any{t.alert("a", nil, "n", "1"), t.alert("a", nil, "n", "2"), t.alert("b", nil)}
			}, func(t *T, ws *Workspace) {
				a := ws.groupsNamed(t.Metric("a")).ExpectJSON("0.labels", map[string]string{"alertname": t.Metric("a")}).
					ExpectJSON("0.receiver", map[string]string{"name": "default"}).ExpectNoJSON("1")
				if n := a.Len("0.alerts"); n != 2 {
					t.Errorf("expected two alerts in the group, got %d; %s", n, a)
				}
			}),
		seen(Must, "groups.without-inhibited", "Groups with inhibited=false leave out alerts that are inhibited.",
			groupsSource, inhibition, func(t *T, ws *Workspace) {
				ws.groupsNamed(t.Metric("target")).ExpectJSON("0.alerts.0.status.state", "suppressed")
				ws.groupsNamed(t.Metric("target"), "inhibited", "false").ExpectJSON("", []any{})
			}),
		onAlertManager(Must, "groups.without-silenced", "Groups with silenced=false leave out alerts that are silenced.",
			groupsSource, func(t *T, ws *Workspace) {
				ws.putSilence(t.silence(t.Metric("a"), nil))
				ws.post(t.alert("a", nil))
				t.Eventually("the group is seen", func() error {
					ws.groupsNamed(t.Metric("a")).ExpectJSON("0.alerts.0.status.state", "suppressed")
					ws.groupsNamed(t.Metric("a"), "silenced", "false").ExpectJSON("", []any{})
					return nil
				})
			}),
		seen(Must, "groups.receiver", "Groups are listed by receiver.",
			groupsSource, one, func(t *T, ws *Workspace) {
				ws.groupsNamed(t.Metric("a"), "receiver", "default").ExpectJSON("0.receiver.name", "default")
				ws.groupsNamed(t.Metric("a"), "receiver", "other").ExpectJSON("", []any{})
			}),
	}
}

// inhibition is an alert, one that it inhibits, and one of another instance.
func inhibition(t *T) []map[string]any {
	return []map[string]any{
		t.alert("source", nil, "severity", "critical", "instance", t.Metric("here")),
		t.alert("target", nil, "severity", "warning", "instance", t.Metric("here")),
		t.alert("elsewhere", nil, "severity", "warning", "instance", t.Metric("there")),
	}
}

func refusedAlertChecks() []Check {
	var checks []Check
	for _, row := range []struct {
		id, what string
		status   int
		body     func(t *T) string
	}{
		{"no-json", "that is no JSON", 400, func(*T) string { return "[" }},
		{"no-list", "that is no list", 400, func(t *T) string { return text(t.alert("a", nil)) }},
		{"no-labels", "with an alert without labels", 400, func(t *T) string {
			return text([]any{t.alert("a", map[string]any{"labels": map[string]string{}})})
		}},
		{"ends-before-start", "with an alert that ends before it starts", 400, func(t *T) string {
			return text([]any{t.alert("a", map[string]any{"startsAt": amTime(t.Now().Add(time.Hour))})})
		}},
		{"bad-url", "with a generatorURL that is none", 422, func(t *T) string {
			return text([]any{t.alert("a", map[string]any{"generatorURL": "no url"})})
		}},
	} {
		checks = append(checks, onAlertManager(Should, "alerts.refused-"+row.id, "A body of alerts "+row.what+" is refused, and there is no alert.",
			"Alertmanager's API and OpenAPI document [C]", func(t *T, ws *Workspace) {
				ws.Do(PostJSON(amPath+"/alerts", row.body(t))).ExpectStatus(row.status)
				ws.alertsNamed(t.Metric("a")).ExpectJSON("", []any{})
			}))
	}
	for _, path := range []string{"/alerts", "/alerts/groups"} {
		id := "alerts"
		if path == "/alerts/groups" {
			id = "groups"
		}
		checks = append(checks,
			onAlertManager(Should, id+".bad-filter", path+" with a filter that is no matcher is refused with 400.",
				"Alertmanager's API [C]", func(_ *T, ws *Workspace) {
					ws.Do(filtered(path, "filter", "a b")).ExpectStatus(http.StatusBadRequest)
				}),
			onAlertManager(Should, id+".bad-receiver", path+" with a receiver that is no regular expression is refused with 400.",
				"Alertmanager's API [C]", func(_ *T, ws *Workspace) {
					ws.Do(filtered(path, "receiver", "(")).ExpectStatus(http.StatusBadRequest)
				}),
		)
	}
	return checks
}
