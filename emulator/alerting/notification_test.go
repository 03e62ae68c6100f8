package alerting_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/api/v2/client/alert"
	"github.com/prometheus/alertmanager/api/v2/models"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/alerting"
)

// sends is a definition whose one receiver has one entry.
func sends(entry string, more ...string) []byte {
	return []byte(inner("route: {receiver: r, group_by: ['...'], group_wait: 10ms, group_interval: 50ms}\nreceivers: [{name: r, "+entry+"}]\n"+strings.Join(more[:min(1, len(more))], "")) +
		strings.Join(more[min(1, len(more)):], ""))
}

func TestSNSMessages(t *testing.T) {
	const base = "topic_arn: " + topic + ", sigv4: {region: r}"
	long := strings.Repeat("é", 140_000) // 280,000 bytes
	for name, tt := range map[string]struct {
		entry      string
		templates  []string
		alert      models.LabelSet
		subject    string
		message    string
		attributes map[string]string
	}{
		"defaults": {base, nil, models.LabelSet{"alertname": "A", "x": "y"}, "[FIRING:1] A y", "Alerts Firing:", map[string]string{}},
		"own texts": {
			base + ", subject: 'S {{ .Status }}', message: '{{ range .Alerts }}{{ .Labels.x }}{{ end }}', attributes: {'k{{ .Status }}': v}",
			nil, models.LabelSet{"x": "y"}, "S firing", "y", map[string]string{"kfiring": "v"},
		},
		"a template of a file instead of Alertmanager's": {
			base, []string{"templates: [default_template]", "template_files:\n  default_template: |\n    {{ define \"sns.default.message\" }}{\"n\":{{ len .Alerts }}}{{ end }}\n"},
			models.LabelSet{"x": "y"}, "[FIRING:1] y", `{"n":1}`, map[string]string{},
		},
		"empty": {
			base + ", message: ''", nil, models.LabelSet{"x": "y"}, "[FIRING:1] y", "Error - Message should not be empty.",
			map[string]string{"modified": "Message: Error - Message should not be empty."},
		},
		"too long": {
			base + ", subject: s, message: '{{ .CommonLabels.x }}', attributes: {a: b}", nil, models.LabelSet{"x": long}, "s", long[:262_144],
			map[string]string{
				"a": "b", "truncated": "true",
				"modified": "Message: Error - Message has been truncated from 274 KB, because it exceeds the 256 KB size limit.",
			},
		},
		"subject that is not ASCII": {
			base + ", subject: 'é', message: m", nil, models.LabelSet{"x": "y"}, "Error - contains non printable ASCII characters.", "m",
			map[string]string{"modified": "Subject: Error - contains non-printable ASCII characters."},
		},
		"subject of two lines": {
			base + `, subject: "a\nb", message: m`, nil, models.LabelSet{"x": "y"}, "Error - contains non printable ASCII characters.", "m",
			map[string]string{"modified": "Subject: Error - contains non-printable ASCII characters."},
		},
		"subject too long": {
			base + ", subject: '{{ .CommonLabels.x }}', message: m", nil, models.LabelSet{"x": strings.Repeat("s", 101)}, strings.Repeat("s", 100), "m",
			map[string]string{"modified": "Subject: Error - Subject has been truncated from 101 characters, because it exceeds the 100 character size limit."},
		},
		"attributes that SNS refuses": {
			base + ", subject: s, message: '', attributes: {'a b': v, empty: '', AWS.x: v, a..b: v, good.one: v}", nil, models.LabelSet{"x": "y"},
			"s", "Error - Message should not be empty.", map[string]string{
				"good.one": "v",
				"modified": "Message: Error - Message should not be empty. MessageAttribute: Error - 4 of the message attributes have been removed because of invalid MessageAttributeKey or MessageAttributeValue.",
			},
		},
		"attributes too large": {
			base + ", subject: s, message: m, attributes: {a: '{{ .CommonLabels.x }}', b: v}", nil, models.LabelSet{"x": long}, "s", "m",
			map[string]string{"b": "v", "modified": "MessageAttribute: Error - 1 of the message attributes have been removed, because it exceeds the 256KB size limit."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.sync(alerting.Definitions{AlertManager: sends("sns_configs: [{"+tt.entry+"}]", tt.templates...)})
			r.post(firing(tt.alert))
			got := r.notified(1)[0]
			require.Empty(t, got.Error)
			require.Equal(t, topic, got.SNS.TopicARN)
			require.Equal(t, tt.subject, strings.TrimSpace(got.SNS.Subject))
			require.True(t, strings.HasPrefix(strings.TrimSpace(got.SNS.Message), tt.message), "%.300s", got.SNS.Message)
			require.LessOrEqual(t, len(got.SNS.Message), 256<<10)
			require.Equal(t, tt.attributes, got.SNS.Attributes)
			require.Empty(t, got.SNS.GroupID)
		})
	}
	t.Run("fifo", func(t *testing.T) {
		r := newRig(t)
		r.sync(alerting.Definitions{AlertManager: sends("sns_configs: [{topic_arn: a.fifo, sigv4: {region: r}}]")})
		r.post(firing(models.LabelSet{"x": "y"}))
		sent := r.notified(1)[0].SNS
		require.Len(t, sent.GroupID, 64)
		require.Equal(t, sent.GroupID, sent.DeduplicationID)
	})
}

func TestPagerDutyEvents(t *testing.T) {
	const secret = "{aws_secrets_manager: {secret_arn: 'arn:secret', secret_key: k}}"
	r := newRig(t)
	r.sync(alerting.Definitions{AlertManager: sends(`pagerduty_configs: [
    {routing_key: ` + secret + `, description: '{{ .CommonLabels.alertname }}', severity: critical, client: c, client_url: u, class: '{{ .Status }}',
     details: {n: '{{ .Alerts | len }}', deep: {a: ['{{ .Status }}', 1]}}, images: [{src: i}, {alt: none}], links: [{href: h, text: t}]},
    {service_key: ` + secret + `, description: '` + strings.Repeat("d", 2000) + `'}]`)})
	ends := models.PostableAlert{Alert: models.Alert{Labels: models.LabelSet{"alertname": "A"}}}
	r.post(ends)
	byKey := make(map[string]map[string]any)
	for _, n := range r.notified(2) {
		require.Equal(t, alerting.KindPagerDuty, n.Kind)
		require.Equal(t, "arn:secret", n.Target)
		var event map[string]any
		require.NoError(t, json.Unmarshal(n.PagerDuty, &event))
		for _, key := range []string{"routing_key", "service_key"} {
			if event[key] != nil {
				require.Equal(t, "<secret>", event[key])
				byKey[key] = event
			}
		}
	}
	v2 := byKey["routing_key"]
	require.Equal(t, "trigger", v2["event_action"])
	require.Len(t, v2["dedup_key"], 64)
	require.Equal(t, []any{map[string]any{"src": "i", "alt": "", "href": ""}}, v2["images"])
	require.Equal(t, []any{map[string]any{"href": "h", "text": "t"}}, v2["links"])
	payload := v2["payload"].(map[string]any)
	require.Equal(t, "A", payload["summary"])
	require.Equal(t, "critical", payload["severity"])
	require.Equal(t, "firing", payload["class"])
	require.Equal(t, "c", payload["source"])
	details := payload["custom_details"].(map[string]any)
	require.EqualValues(t, 1, details["n"])
	require.Equal(t, map[string]any{"a": []any{"firing", float64(1)}}, details["deep"])
	require.EqualValues(t, 1, details["num_firing"], "beside Alertmanager's own")

	v1 := byKey["service_key"]
	require.Equal(t, "trigger", v1["event_type"])
	require.Equal(t, v2["dedup_key"], v1["incident_key"])
	require.Len(t, []rune(v1["description"].(string)), 1024)

	// The alert ends: both are told.
	status, body := r.do("POST", "/alertmanager/api/v2/alerts", fmt.Sprintf(`[{"labels":{"alertname":"A"},"endsAt":%q}]`, time.Now().Format(time.RFC3339Nano)))
	require.Equal(t, 200, status, body)
	for _, n := range r.notified(4)[2:] {
		require.Equal(t, "resolved", n.Status)
		require.Contains(t, string(n.PagerDuty), `"resolve"`)
	}
}

func TestPagerDutyEventTooLarge(t *testing.T) {
	r := newRig(t)
	r.sync(alerting.Definitions{AlertManager: sends("pagerduty_configs: [{routing_key: {aws_secrets_manager: {secret_arn: a}}, details: {x: '{{ .CommonLabels.x }}'}}]")})
	r.post(firing(models.LabelSet{"x": strings.Repeat("x", 600_000)}))
	sent := r.notified(1)[0]
	require.Less(t, len(sent.PagerDuty), 10_000)
	require.Contains(t, string(sent.PagerDuty), "The details are left out: the event has")
}

// TestFaultInATemplate: the notification is shown as failed and goes out when
// the definition is mended.
func TestFaultInATemplate(t *testing.T) {
	for kind, entry := range map[alerting.Kind]string{
		alerting.KindSNS:       "sns_configs: [{topic_arn: t, sigv4: {region: r}, message: '%s'}]",
		alerting.KindPagerDuty: "pagerduty_configs: [{routing_key: {aws_secrets_manager: {secret_arn: a}}, details: {x: '%s'}}]",
	} {
		t.Run(string(kind), func(t *testing.T) {
			r := newRig(t)
			r.sync(alerting.Definitions{AlertManager: sends(fmt.Sprintf(entry, `{{ template "none" . }}`))})
			r.post(firing(models.LabelSet{"x": "y"}))
			failed := r.notified(1)[0]
			require.Contains(t, failed.Error, `make the `+string(kind)+` notification of receiver "r": template:`)
			require.Contains(t, failed.Error, `"none"`)
			require.Nil(t, failed.SNS)
			require.Nil(t, failed.PagerDuty)
			r.sync(alerting.Definitions{AlertManager: sends(fmt.Sprintf(entry, "good"))})
			eventually(t, func() bool {
				sent := r.manager.Notifications(wsA)
				return sent[len(sent)-1].Error == ""
			}, "sent at last")
		})
	}
}

// TestNotificationsAreBounded fills the memory of notifications by size.
func TestNotificationsAreBounded(t *testing.T) {
	r := newRig(t)
	r.sync(alerting.Definitions{AlertManager: sends("sns_configs: [{topic_arn: t, sigv4: {region: r}, subject: s, message: '{{ .CommonAnnotations.x }}', attributes: {n: '{{ .CommonLabels.n }}'}}]")})
	big := strings.Repeat("x", 250_000) // in the message and in the alert
	for i := range 22 {
		r.post(models.PostableAlert{Alert: models.Alert{Labels: models.LabelSet{"n": fmt.Sprint(i)}}, Annotations: models.LabelSet{"x": big}})
	}
	eventually(t, func() bool {
		sent := r.manager.Notifications(wsA)
		for _, n := range sent {
			if n.SNS.Attributes["n"] == "21" {
				return len(sent) <= 16 && len(sent) > 10
			}
		}
		return false
	}, "the last ones only")
}

// TestTimeIntervals: a receiver that is muted gets nothing.
func TestTimeIntervals(t *testing.T) {
	r := newRig(t)
	r.sync(alerting.Definitions{AlertManager: []byte(inner(`
route:
  receiver: r
  group_wait: 10ms
  group_by: [alertname]
  routes:
  - {matchers: [muted="yes"], mute_time_intervals: [always]}
receivers: [{name: r, sns_configs: [{topic_arn: t, sigv4: {region: r}}]}]
time_intervals: [{name: always, time_intervals: [{times: [{start_time: "00:00", end_time: "24:00"}]}]}]
`))})
	r.post(firing(models.LabelSet{"alertname": "A", "muted": "yes"}))
	eventually(t, func() bool {
		got := get[[]struct {
			Alerts []struct{ Status struct{ MutedBy []string } }
		}](r, "/alertmanager/api/v2/alerts/groups")
		return len(got) == 1 && len(got[0].Alerts[0].Status.MutedBy) == 1
	}, "muted")
	r.post(firing(models.LabelSet{"alertname": "B", "muted": "no"}))
	require.Equal(t, "B", r.notified(1)[0].GroupLabels["alertname"])
}

// TestDefinitionChangesWhileInUse changes everything at once; alerts and
// silences stay.
func TestDefinitionChangesWhileInUse(t *testing.T) {
	r := newRig(t)
	definition := func(n int) alerting.Definitions {
		return alerting.Definitions{
			WorkspaceID: wsA, AlertManager: append([]byte(quickly), fmt.Sprintf("# %d\n", n)...),
			Rules: rulesFile(fmt.Sprintf("groups:\n- {name: g, interval: 10ms, rules: [{record: r, expr: vector(%d)}, {alert: A, expr: vector(1)}]}\n", n)),
		}
	}
	r.sync(definition(0))
	r.putSilence(newSilence("", "Quiet", time.Now().Add(time.Hour)))
	r.post(firing(models.LabelSet{"alertname": "B"}))
	var wg sync.WaitGroup
	for worker := range 2 {
		wg.Go(func() {
			for n := range 10 {
				if err := r.manager.Sync(t.Context(), definition(worker*100+n)); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for range 20 {
				for _, path := range []string{"/api/v1/rules", "/api/v1/alerts", "/alertmanager/api/v2/alerts", "/alertmanager/api/v2/alerts/groups", "/alertmanager/api/v2/status"} {
					if status, body := r.do("GET", path, ""); status != 200 {
						t.Error(path, status, body)
					}
				}
				r.manager.Notifications(wsA)
			}
		})
	}
	wg.Wait()
	require.Len(t, r.silences(), 1)
	got, err := r.client().Alert.GetAlerts(alert.NewGetAlertsParams().WithFilter([]string{`alertname="B"`}))
	require.NoError(t, err)
	require.Len(t, got.Payload, 1)
}

func TestMetrics(t *testing.T) {
	r := newRig(t)
	registry := prometheus.NewPedanticRegistry()
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1e6, Timeout: time.Minute, Parser: parser.NewParser(parser.Options{})})
	t.Cleanup(func() { require.NoError(t, engine.Close()) })
	require.NoError(t, r.manager.Close())
	m, err := alerting.New(alerting.Config{
		Dir: r.dir, Samples: r.tenants.Workspace, Quotas: r.quotas, Registerer: registry,
		Engine: func() promql.QueryEngine { return engine },
	})
	require.NoError(t, err)
	r.manager = m
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	r.sync(alerting.Definitions{AlertManager: []byte(quickly), Rules: rulesFile("groups:\n- {name: g, interval: 10ms, rules: [{alert: A, expr: vector(1)}]}\n")})
	r.sync(alerting.Definitions{WorkspaceID: wsB, Rules: rulesFile("groups:\n- {name: g, interval: 10ms, rules: [{alert: A, expr: vector(1)}]}\n")})
	r.notified(1)
	eventually(t, func() bool {
		n, err := testutil.GatherAndCount(registry, "ampersand_notifications_total", "prometheus_rule_evaluations_total")
		return err == nil && n == 3
	}, "one counter of notifications, two of rules")
	require.NoError(t, m.Remove(t.Context(), wsA))
	n, err := testutil.GatherAndCount(registry, "ampersand_notifications_total", "prometheus_rule_evaluations_total")
	require.NoError(t, err)
	require.Equal(t, 1, n)
}
