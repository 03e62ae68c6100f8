package alerting_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-openapi/strfmt"
	"github.com/prometheus/alertmanager/api/v2/client/alert"
	"github.com/prometheus/alertmanager/api/v2/client/alertgroup"
	"github.com/prometheus/alertmanager/api/v2/client/receiver"
	"github.com/prometheus/alertmanager/api/v2/client/silence"
	"github.com/prometheus/alertmanager/api/v2/models"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/alerting"
	"github.com/ampersand-amp/ampersand/emulator/quota"
)

const topic = "arn:aws:sns:us-east-1:123456789012:alerts"

// quickly is an alert manager definition that groups by alertname and waits
// for nothing.
const quickly = `
alertmanager_config: |
  route:
    receiver: sns
    group_by: [alertname]
    group_wait: 10ms
    group_interval: 50ms
    repeat_interval: 1h
  inhibit_rules:
  - source_matchers: [severity="critical"]
    target_matchers: [severity="warning"]
    equal: [instance]
  receivers:
  - name: sns
    sns_configs:
    - topic_arn: ` + topic + `
      sigv4: {region: us-east-1}
      attributes: {team: '{{ .CommonLabels.team }}'}
`

func (r *rig) post(alerts ...models.PostableAlert) {
	r.t.Helper()
	list := make(models.PostableAlerts, 0, len(alerts))
	for i := range alerts {
		list = append(list, &alerts[i])
	}
	_, err := r.client().Alert.PostAlerts(alert.NewPostAlertsParams().WithAlerts(list))
	require.NoError(r.t, err)
}

func firing(ls models.LabelSet) models.PostableAlert {
	return models.PostableAlert{Alert: models.Alert{Labels: ls}}
}

// TestAlertLifecycle follows an alert of a rule to its notifications.
func TestAlertLifecycle(t *testing.T) {
	r := newRig(t)
	r.sync(alerting.Definitions{AlertManager: []byte(quickly), Rules: rulesFile(`
groups:
- name: g
  interval: 50ms
  rules:
  - alert: Down
    expr: up == 0
    for: 200ms
    labels: {team: ops}
    annotations: {summary: '{{ $labels.job }} is at {{ $value }}'}
`)})
	r.write(time.Now(), 0, model.MetricNameLabel, "up", "job", "x")
	alerts := func() []alertBody { return get[alertsBody](r, "/api/v1/alerts").Data.Alerts }
	eventually(t, func() bool { a := alerts(); return len(a) == 1 && a[0].State == "pending" }, "pending")
	eventually(t, func() bool { a := alerts(); return len(a) == 1 && a[0].State == "firing" }, "firing")

	first := r.notified(1)[0]
	require.Equal(t, alerting.KindSNS, first.Kind)
	require.Equal(t, "sns", first.Receiver)
	require.Equal(t, "firing", first.Status)
	require.Equal(t, topic, first.Target)
	require.Equal(t, map[string]string{"alertname": "Down"}, first.GroupLabels)
	require.Equal(t, "x is at 0", first.Alerts[0].Annotations["summary"])
	require.Contains(t, first.Alerts[0].GeneratorURL, "/graph?g0.expr=up+%3D%3D+0")
	require.Equal(t, "[FIRING:1] Down (x ops)", first.SNS.Subject)
	require.Contains(t, first.SNS.Message, "summary = x is at 0")
	require.Equal(t, map[string]string{"team": "ops"}, first.SNS.Attributes)

	// It is seen at the API, too.
	got, err := r.client().Alert.GetAlerts(alert.NewGetAlertsParams())
	require.NoError(t, err)
	require.Len(t, got.Payload, 1)
	require.Equal(t, "active", *got.Payload[0].Status.State)
	require.Equal(t, "sns", *got.Payload[0].Receivers[0].Name)

	r.write(time.Now(), 1, model.MetricNameLabel, "up", "job", "x")
	eventually(t, func() bool {
		sent := r.manager.Notifications(wsA)
		return sent[len(sent)-1].Status == "resolved"
	}, "resolved")
	eventually(t, func() bool { return len(r.read("ALERTS")) == 2 && len(r.read("ALERTS_FOR_STATE")) == 1 }, "series of the alert")
}

// TestPrometheusPayload posts what Prometheus' notifier posts.
func TestPrometheusPayload(t *testing.T) {
	r := newRig(t)
	r.sync(alerting.Definitions{AlertManager: []byte(quickly)})
	body := fmt.Sprintf(`[{"labels":{"alertname":"A","empty":""},"annotations":{"summary":"s"},"startsAt":%q,"endsAt":%q,"generatorURL":"http://p/graph"}]`,
		time.Now().Format(time.RFC3339Nano), time.Now().Add(time.Hour).Format(time.RFC3339Nano))
	status, answer := r.do(http.MethodPost, "/alertmanager/api/v2/alerts", body)
	require.Equal(t, http.StatusOK, status, answer)
	require.Empty(t, answer)
	sent := r.notified(1)[0]
	require.Equal(t, "http://p/graph", sent.Alerts[0].GeneratorURL)
	require.NotContains(t, sent.Alerts[0].Labels, "empty")
}

func TestInhibition(t *testing.T) {
	r := newRig(t)
	r.sync(alerting.Definitions{AlertManager: []byte(quickly)})
	r.post(firing(models.LabelSet{"alertname": "NodeDown", "severity": "critical", "instance": "a"}))
	r.notified(1)
	r.post(
		firing(models.LabelSet{"alertname": "Slow", "severity": "warning", "instance": "a"}),
		firing(models.LabelSet{"alertname": "Quick", "severity": "warning", "instance": "b"}),
	)
	sent := r.notified(2)
	require.Equal(t, "Quick", sent[1].GroupLabels["alertname"])

	no := false
	groups, err := r.client().Alertgroup.GetAlertGroups(alertgroup.NewGetAlertGroupsParams().WithInhibited(&no))
	require.NoError(t, err)
	require.Len(t, groups.Payload, 2)
	all, err := r.client().Alertgroup.GetAlertGroups(alertgroup.NewGetAlertGroupsParams().WithFilter([]string{`alertname="Slow"`}))
	require.NoError(t, err)
	require.Len(t, all.Payload, 1)
	require.Equal(t, "suppressed", *all.Payload[0].Alerts[0].Status.State)
	require.Len(t, all.Payload[0].Alerts[0].Status.InhibitedBy, 1)
	require.Len(t, r.manager.Notifications(wsA), 2, "the inhibited one was not sent")
}

func newSilence(id, value string, ends time.Time) *models.PostableSilence {
	yes, no, name, text := true, false, "alertname", "c"
	from, to := strfmt.DateTime(time.Now().Add(-time.Second)), strfmt.DateTime(ends)
	return &models.PostableSilence{ID: id, Silence: models.Silence{
		Matchers: models.Matchers{{Name: &name, Value: &value, IsRegex: &no, IsEqual: &yes}},
		StartsAt: &from, EndsAt: &to, Comment: &text, CreatedBy: &text,
	}}
}

func (r *rig) putSilence(s *models.PostableSilence) string {
	r.t.Helper()
	ok, err := r.client().Silence.PostSilences(silence.NewPostSilencesParams().WithSilence(s))
	require.NoError(r.t, err)
	return ok.Payload.SilenceID
}

func (r *rig) silences() models.GettableSilences {
	r.t.Helper()
	got, err := r.client().Silence.GetSilences(silence.NewGetSilencesParams())
	require.NoError(r.t, err)
	return got.Payload
}

func TestSilences(t *testing.T) {
	r := newRig(t)
	definition := alerting.Definitions{AlertManager: []byte(quickly)}
	r.sync(definition)
	id := r.putSilence(newSilence("", "Quiet", time.Now().Add(time.Hour)))
	r.post(firing(models.LabelSet{"alertname": "Quiet"}), firing(models.LabelSet{"alertname": "Loud"}))
	require.Equal(t, "Loud", r.notified(1)[0].GroupLabels["alertname"])
	eventually(t, func() bool {
		got, err := r.client().Alert.GetAlerts(alert.NewGetAlertsParams().WithFilter([]string{`alertname="Quiet"`}))
		require.NoError(t, err)
		return len(got.Payload) == 1 && len(got.Payload[0].Status.SilencedBy) == 1 && got.Payload[0].Status.SilencedBy[0] == id
	}, "shown as silenced")

	// With its id it is the same silence, with another end.
	one, err := r.client().Silence.GetSilence(silence.NewGetSilenceParams().WithSilenceID(strfmt.UUID(id)))
	require.NoError(t, err)
	longer := newSilence(id, "Quiet", time.Now().Add(2*time.Hour))
	longer.StartsAt = one.Payload.StartsAt
	require.Equal(t, id, r.putSilence(longer))
	require.Len(t, r.silences(), 1)

	_, err = r.client().Silence.DeleteSilence(silence.NewDeleteSilenceParams().WithSilenceID(strfmt.UUID(id)))
	require.NoError(t, err)
	require.Equal(t, "expired", *r.silences()[0].Status.State, "and still to be seen")
	eventually(t, func() bool { return len(r.manager.Notifications(wsA)) == 2 }, "the alert is not silent any more")

	kept := r.putSilence(newSilence("", "Other", time.Now().Add(time.Hour)))
	r.restart()
	r.sync(definition)
	require.Len(t, r.silences(), 2)
	require.Equal(t, kept, *r.silences()[0].ID)
}

// TestSilenceIsOnDiskWhenItIsAnswered reads what a kill would leave.
func TestSilenceIsOnDiskWhenItIsAnswered(t *testing.T) {
	r := newRig(t)
	definition := alerting.Definitions{AlertManager: []byte(quickly)}
	r.sync(definition)
	id := r.putSilence(newSilence("", "Quiet", time.Now().Add(time.Hour)))
	crashed := newRig(t)
	require.NoError(t, os.CopyFS(filepath.Join(crashed.dir, "alerting"), os.DirFS(filepath.Join(r.dir, "alerting"))))
	half := filepath.Join(crashed.dir, "alerting", wsA, "silences.1.tmp")
	require.NoError(t, os.WriteFile(half, []byte("half"), 0o600))
	crashed.sync(definition)
	require.Equal(t, id, *crashed.silences()[0].ID)
	require.NoFileExists(t, half)

	_, err := crashed.client().Silence.DeleteSilence(silence.NewDeleteSilenceParams().WithSilenceID(strfmt.UUID(id)))
	require.NoError(t, err)
	again := newRig(t)
	require.NoError(t, os.CopyFS(filepath.Join(again.dir, "alerting"), os.DirFS(filepath.Join(crashed.dir, "alerting"))))
	again.sync(definition)
	require.Equal(t, "expired", *again.silences()[0].Status.State)
}

// TestNoDuplicatesAfterARestart: what was sent is remembered.
func TestNoDuplicatesAfterARestart(t *testing.T) {
	r := newRig(t)
	definition := alerting.Definitions{AlertManager: []byte(quickly)}
	r.sync(definition)
	r.post(firing(models.LabelSet{"alertname": "A"}))
	r.notified(1)
	r.restart()
	r.sync(definition)
	r.post(firing(models.LabelSet{"alertname": "A"}), firing(models.LabelSet{"alertname": "B"}))
	require.Equal(t, "B", r.notified(1)[0].GroupLabels["alertname"])
	require.Len(t, r.manager.Notifications(wsA), 1)
}

func TestRemoveAndClear(t *testing.T) {
	r := newRig(t)
	definition := alerting.Definitions{AlertManager: []byte(quickly), Rules: rulesFile(
		"groups:\n- {name: g, interval: 50ms, rules: [{alert: A, expr: vector(1)}]}\n")}
	r.sync(definition)
	r.putSilence(newSilence("", "Quiet", time.Now().Add(time.Hour)))
	r.notified(1)
	require.NoError(t, r.tenants.Clear(t.Context(), wsA))
	require.NoError(t, r.manager.Clear(t.Context(), wsA))
	require.Empty(t, r.silences())
	r.notified(1) // it goes on

	r.putSilence(newSilence("", "Quiet", time.Now().Add(time.Hour)))
	require.NoError(t, r.manager.Remove(t.Context(), wsA))
	require.NoDirExists(t, filepath.Join(r.dir, "alerting", wsA))
	require.Empty(t, r.manager.Notifications(wsA))
	require.Empty(t, get[rulesBody](r, "/api/v1/rules").Data.Groups)
	require.NoError(t, r.manager.Remove(t.Context(), wsA), "absent is removed")
	require.NoError(t, r.manager.Clear(t.Context(), wsA))

	r.sync(definition)
	require.Empty(t, r.silences())
	r.putSilence(newSilence("", "Quiet", time.Now().Add(time.Hour)))
	r.sync(alerting.Definitions{Rules: definition.Rules})
	require.NoDirExists(t, filepath.Join(r.dir, "alerting", wsA), "silences go with the definition")
}

func TestAlertManagerAPI(t *testing.T) {
	r := newRig(t)
	const am = "/alertmanager/api/v2"
	t.Run("not configured", func(t *testing.T) {
		status, body := r.do(http.MethodGet, am+"/alerts", "")
		require.Equal(t, http.StatusNotFound, status)
		require.Equal(t, "the Alertmanager is not configured\n", body)
	})
	r.sync(alerting.Definitions{AlertManager: []byte(quickly)})
	t.Run("status", func(t *testing.T) {
		status := get[map[string]any](r, am+"/status")
		for _, name := range []string{"cluster", "uptime", "versionInfo"} {
			require.Contains(t, status, name)
			require.Nil(t, status[name])
		}
		require.Contains(t, status["config"].(map[string]any)["original"], "topic_arn: "+topic)
	})
	t.Run("receivers", func(t *testing.T) {
		_, body := r.do(http.MethodGet, am+"/receivers", "")
		require.JSONEq(t, `[{"name":"sns"}]`, body)
		got, err := r.client().Receiver.GetReceivers(receiver.NewGetReceiversParams())
		require.NoError(t, err)
		require.Len(t, got.Payload, 1)
	})
	t.Run("what AMP shows again is taken again", func(t *testing.T) {
		original := get[struct{ Config struct{ Original string } }](r, am+"/status").Config.Original
		file, err := json.Marshal(map[string]string{"alertmanager_config": original})
		require.NoError(t, err)
		require.NoError(t, r.manager.CheckAlertManager(file))
	})
	yesterday, tomorrow := time.Now().Add(-24*time.Hour).Format(time.RFC3339), time.Now().Add(24*time.Hour).Format(time.RFC3339)
	body := func(starts, ends, matcher string) string {
		return fmt.Sprintf(`{"matchers":[%s],"startsAt":%q,"endsAt":%q,"createdBy":"c","comment":"c"}`, matcher, starts, ends)
	}
	const good = `{"name":"a","value":"b","isRegex":false}`
	for name, tt := range map[string]struct {
		method, path, body string
		status             int
		want               string
	}{
		"alert without labels":      {http.MethodPost, "/alerts", `[{"labels":{}}]`, 400, "at least one label pair required"},
		"alert with a bad name":     {http.MethodPost, "/alerts", `[{"labels":{"a-b":"c"}}]`, 400, "invalid label set: invalid name"},
		"alert that ends first":     {http.MethodPost, "/alerts", `[{"labels":{"a":"b"},"startsAt":"` + tomorrow + `","endsAt":"` + yesterday + `"}]`, 400, "start time must be before end time"},
		"alerts that are no list":   {http.MethodPost, "/alerts", `{}`, 400, "parsing alerts body"},
		"filter":                    {http.MethodGet, "/alerts?filter=x", "", 400, "bad matcher format"},
		"receiver":                  {http.MethodGet, "/alerts/groups?receiver=(", "", 400, "failed to parse receiver param"},
		"silence that ended":        {http.MethodPost, "/silences", body(yesterday, yesterday, good), 400, "start time must be before end time"},
		"silence of the past":       {http.MethodPost, "/silences", body("2020-01-01T00:00:00Z", yesterday, good), 400, "end time can't be in the past"},
		"silence without matchers":  {http.MethodPost, "/silences", body(yesterday, tomorrow, ""), 422, "matchers in body should have at least 1 items"},
		"silence of everything":     {http.MethodPost, "/silences", body(yesterday, tomorrow, `{"name":"a","value":".*","isRegex":true}`), 400, "at least one matcher must not match the empty string"},
		"silence with a bad regex":  {http.MethodPost, "/silences", body(yesterday, tomorrow, `{"name":"a","value":"(","isRegex":true}`), 400, "invalid regular expression"},
		"silence that is not there": {http.MethodGet, "/silence/11111111-1111-4111-8111-111111111111", "", 404, ""},
		"no id of a silence":        {http.MethodGet, "/silence/x", "", 422, "silenceID in path must be of type uuid"},
		"delete what is not there":  {http.MethodDelete, "/silence/11111111-1111-4111-8111-111111111111", "", 404, ""},
		"unknown path":              {http.MethodGet, "/none", "", 403, "Missing Authentication Token"},
		"unknown method":            {http.MethodPut, "/silences", "", 403, "Missing Authentication Token"},
		"status posted":             {http.MethodPost, "/status", "", 403, "Missing Authentication Token"},
		"slash at the end":          {http.MethodGet, "/alerts/", "", 403, "Missing Authentication Token"},
	} {
		t.Run(name, func(t *testing.T) {
			status, answer := r.do(tt.method, am+tt.path, tt.body)
			require.Equal(t, tt.status, status, answer)
			require.Contains(t, answer, tt.want)
		})
	}
	require.Empty(t, r.silences(), "what was refused changed nothing")
	list, err := r.client().Alert.GetAlerts(alert.NewGetAlertsParams())
	require.NoError(t, err)
	require.Empty(t, list.Payload)
}

func TestAlertManagerQuotas(t *testing.T) {
	r := newRig(t)
	r.sync(alerting.Definitions{AlertManager: []byte(quickly)})
	count := func() int {
		got, err := r.client().Alert.GetAlerts(alert.NewGetAlertsParams())
		require.NoError(t, err)
		return len(got.Payload)
	}
	r.quotas.Put(quota.AggregationGroups, 1)
	r.post(firing(models.LabelSet{"alertname": "A"}))
	r.notified(1)
	r.post(firing(models.LabelSet{"alertname": "B"}))
	require.Equal(t, 2, count())
	eventually(t, func() bool { return r.log.contain("too many aggregation groups") }, "the second group is refused")
	groups, err := r.client().Alertgroup.GetAlertGroups(alertgroup.NewGetAlertGroupsParams())
	require.NoError(t, err)
	require.Len(t, groups.Payload, 1, "no second group")

	r.quotas.Put(quota.Alerts, 3)
	r.post(firing(models.LabelSet{"alertname": "C"}), firing(models.LabelSet{"alertname": "D"}))
	require.Equal(t, 3, count(), "the fourth alert is dropped")
	r.post(firing(models.LabelSet{"alertname": "A"}))
	r.quotas.Put(quota.Alerts, quota.Unlimited)
	r.quotas.Put(quota.AlertPayload, 60) // 3 times "alertname" and a letter are 30
	r.post(firing(models.LabelSet{"alertname": "Eeeeeeeeeeeeeeeeeeeeeeeeeeee"}))
	require.Equal(t, 3, count(), "too big")
	r.post(firing(models.LabelSet{"alertname": "F"}))
	require.Equal(t, 4, count())

	r.quotas.Put(quota.Silences, 1)
	r.putSilence(newSilence("", "one", time.Now().Add(time.Hour)))
	_, err = r.client().Silence.PostSilences(silence.NewPostSilencesParams().WithSilence(newSilence("", "two", time.Now().Add(time.Hour))))
	var refused *silence.PostSilencesBadRequest
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "exceeded maximum number of silences: 1 (limit: 1)", refused.Payload)
}
