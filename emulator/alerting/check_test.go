package alerting_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/alerting"
	"github.com/ampersand-amp/ampersand/emulator/awsapi"
	"github.com/ampersand-amp/ampersand/emulator/quota"
	"github.com/ampersand-amp/ampersand/emulator/storage"
)

// refusal is what a check answers: refused is an *awsapi.Error, the other a
// reason to fail with.
type refusal struct {
	text    string
	refused bool
	want    string
}

func (want refusal) judge(t *testing.T, err error) {
	t.Helper()
	require.ErrorContains(t, err, want.want)
	var answer *awsapi.Error
	require.Equal(t, want.refused, errors.As(err, &answer), "%v", err)
	if want.refused {
		require.Equal(t, 400, answer.Status)
		require.Equal(t, "data", answer.Fields[0].Name)
	}
}

func TestCheckRules(t *testing.T) {
	r := newRig(t)
	r.quotas.Put(quota.RuleIntervalMin, 10_000)
	rule := func(text string) string { return "groups:\n- name: g\n  rules:\n  - {" + text + "}\n" }
	for name, tt := range map[string]refusal{
		"no YAML":               {"groups: [", true, "did not find expected"},
		"another shape":         {"groups: 5", true, "cannot unmarshal"},
		"no map":                {"- a", true, "cannot unmarshal"},
		"unknown member":        {"rulez: []", true, "field rulez not found"},
		"unknown member below":  {rule("record: r, expr: up, x: y"), true, "field x not found"},
		"no duration":           {rule("alert: A, expr: up, for: x"), true, "not a valid duration string"},
		"no number":             {"groups: [{name: g, limit: x}]", true, "cannot unmarshal"},
		"PromQL":                {rule("record: r, expr: 'sum('"), false, "could not parse expression: 1:5: parse error: unclosed left parenthesis"},
		"experimental function": {rule("record: r, expr: 'info(up)'"), false, `function "info" is not enabled`},
		"no expression":         {rule("record: r"), false, "field 'expr' must be set"},
		"neither":               {rule("expr: up"), false, "one of 'record' or 'alert' must be set"},
		"both":                  {rule("record: r, alert: A, expr: up"), false, "only one of 'record' and 'alert' must be set"},
		"record's name":         {rule("record: 'a b', expr: up"), false, "invalid recording rule name"},
		"label's name":          {rule("record: r, expr: up, labels: {a-b: c}"), false, "invalid label name: a-b"},
		"reserved label":        {rule("alert: A, expr: up, labels: {__name__: c}"), false, "invalid label name: __name__"},
		"template":              {rule("alert: A, expr: up, annotations: {s: '{{ .x'}"), false, `annotation "s"`},
		"template's function":   {rule("alert: A, expr: up, labels: {s: '{{ none }}'}"), false, `function "none" not defined`},
		"annotated record":      {rule("record: r, expr: up, annotations: {a: b}"), false, "invalid field 'annotations' in recording rule"},
		"nameless group":        {"groups: [{rules: []}]", false, "Groupname must not be empty"},
		"group twice":           {"groups: [{name: g}, {name: g}]", false, `groupname: "g" is repeated in the same file`},
		"too often":             {"groups: [{name: g, interval: 9s}]", false, `group "g": the evaluation interval is 9s, it must be at least 10s`},
		"names too long":        {"groups: [{name: " + strings.Repeat("x", 720) + "}]", false, "have 722 bytes, the limit is 721"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := r.manager.CheckRules("ns", []byte(tt.text))
			tt.judge(t, err)
		})
	}
	t.Run("default interval too short", func(t *testing.T) {
		r.quotas.Put(quota.RuleIntervalMin, 90_000)
		defer r.quotas.Put(quota.RuleIntervalMin, 10_000)
		_, err := r.manager.CheckRules("ns", []byte("groups: [{name: g}]"))
		require.ErrorContains(t, err, "is 1m, it must be at least 1m30s")
	})
	n, err := r.manager.CheckRules("ns", []byte(`
groups:
- name: a
  rules:
  - {record: r, expr: sum(up)}
  - {record: r, expr: sum(up)}
- {name: b, interval: 10s, query_offset: 1m, limit: 5, labels: {a: b}, rules: [{alert: A, expr: 'up == 0', for: 5m, annotations: {s: '{{ $value }}'}}]}
`))
	require.NoError(t, err)
	require.Equal(t, 3, n)
}

// inner makes the file of a configuration without its outer part.
func inner(text string) string {
	return "alertmanager_config: |\n  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ") + "\n"
}

func TestCheckAlertManager(t *testing.T) {
	r := newRig(t)
	const route = "route: {receiver: r}\n"
	entry := func(kind, text string) string {
		return inner(route + "receivers: [{name: r, " + kind + ": [{" + text + "}]}]")
	}
	global := func(text string) string { return inner(route + "receivers: [{name: r}]\nglobal: {" + text + "}") }
	const sns, arn = "topic_arn: t, sigv4: {region: r}", "aws_secrets_manager: {secret_arn: a}"
	for name, tt := range map[string]refusal{
		"no YAML":                 {"alertmanager_config: [", true, "did not find expected"},
		"empty":                   {"", true, "alertmanager_config is missing or empty"},
		"empty inside":            {inner(" "), true, "alertmanager_config is missing or empty"},
		"unknown member":          {"alertmanager: x", true, "field alertmanager not found"},
		"no block":                {"alertmanager_config: {route: {}}", true, "cannot unmarshal"},
		"templates no map":        {"template_files: [a]", true, "cannot unmarshal"},
		"no YAML inside":          {inner("route: ["), true, "alertmanager_config: yaml:"},
		"unknown member inside":   {inner("rout: {}"), true, "field rout not found"},
		"wrong type inside":       {inner(route + "receivers: 5"), true, "cannot unmarshal"},
		"unknown member of sns":   {entry("sns_configs", "topic: x"), true, "field topic not found"},
		"no route":                {inner("receivers: [{name: r}]"), false, "no routes provided"},
		"nothing":                 {inner("{}"), false, "no routes provided"},
		"undefined receiver":      {inner(route + "receivers: [{name: x}]"), false, `undefined receiver "r" used in route`},
		"receiver twice":          {inner(route + "receivers: [{name: r}, {name: r}]"), false, `"r" is not unique`},
		"empty route":             {inner("route: {receiver: r, routes: [~]}\nreceivers: [{name: r}]"), false, "empty entry"},
		"root with matchers":      {inner("route: {receiver: r, matchers: [a=b]}\nreceivers: [{name: r}]"), false, "root route must not have any matchers"},
		"undefined interval":      {inner("route: {receiver: r, routes: [{mute_time_intervals: [x]}]}\nreceivers: [{name: r}]"), false, `undefined time interval "x"`},
		"webhook":                 {entry("webhook_configs", "url: 'http://x'"), false, `receiver "r": webhook_configs is not offered; there are sns_configs and pagerduty_configs`},
		"email":                   {entry("email_configs", "to: x"), false, "email_configs is not offered"},
		"unknown kind":            {entry("pigeon_configs", "to: x"), false, "pigeon_configs is not offered"},
		"slack by a merge":        {inner("x: &x {slack_configs: [{}]}\n" + route + "receivers: [{name: r, <<: *x}]"), true, "field x not found"},
		"sns without a topic":     {entry("sns_configs", "target_arn: a, phone_number: b, topic_arn: '', sigv4: {region: r}"), false, "must provide either"},
		"sns to a phone":          {entry("sns_configs", "phone_number: '1', sigv4: {region: r}"), false, "topic_arn is required"},
		"sns without a region":    {entry("sns_configs", "topic_arn: a"), false, `receiver "r": sns_configs: sigv4.region is required`},
		"sns with an address":     {entry("sns_configs", sns+", api_url: 'http://x'"), false, "api_url is not allowed"},
		"sns with a proxy":        {entry("sns_configs", sns+", http_config: {proxy_url: 'http://x'}"), false, "http_config is not allowed"},
		"sns that is empty":       {inner(route + "receivers: [{name: r, sns_configs: [~]}]"), false, "missing sns config"},
		"pagerduty key in clear":  {entry("pagerduty_configs", "routing_key: abc"), false, "must name a secret"},
		"pagerduty service key":   {entry("pagerduty_configs", "service_key: abc"), false, "must name a secret"},
		"pagerduty without a key": {entry("pagerduty_configs", "class: c"), false, "missing service or routing key"},
		"pagerduty key in a file": {entry("pagerduty_configs", "routing_key_file: /etc/passwd"), false, "keys in files are not allowed"},
		"pagerduty by a merge":    {inner("global: {}\n" + route + "receivers: [{name: r, pagerduty_configs: [{<<: {routing_key: abc}}]}]"), false, "must name a secret"},
		"secret without an ARN":   {entry("pagerduty_configs", "routing_key: {aws_secrets_manager: {secret_key: k}}"), false, "must name a secret"},
		"secret's unknown member": {entry("pagerduty_configs", "routing_key: {vault: x}"), true, "field vault not found"},
		"secret's duration":       {entry("pagerduty_configs", "routing_key: {aws_secrets_manager: {secret_arn: a, refresh_interval: x}}"), true, "duration"},
		"pagerduty with a proxy":  {entry("pagerduty_configs", "routing_key: {"+arn+"}, http_config: {proxy_url: 'http://x'}"), false, "http_config is not allowed"},
		"global mail":             {global("smtp_smarthost: 'x:25'"), false, "global: smtp_smarthost is not allowed"},
		"global opsgenie":         {global("opsgenie_api_key: x"), false, "global: opsgenie_api_key is not allowed"},
		"global file":             {global("slack_api_url_file: x"), false, "global: slack_api_url_file is not allowed"},
		"global proxy":            {global("http_config: {proxy_url: 'http://x'}"), false, "global: http_config is not allowed"},
		"tracing":                 {inner(route + "receivers: [{name: r}]\ntracing: {endpoint: x}"), false, "tracing is not offered"},
		"events":                  {inner(route + "receivers: [{name: r}]\nevent_recorder: {file_outputs: [{path: /x}]}"), false, "event_recorder is not offered"},
		"template":                {inner(route+"receivers: [{name: r}]\ntemplates: [t]") + "template_files: {t: '{{ define'}", false, `template file "t"`},
		"template's function":     {inner(route+"receivers: [{name: r}]\ntemplates: ['*']") + "template_files: {t: '{{ none }}'}", false, `function "none" not defined`},
		"template elsewhere":      {inner(route+"receivers: [{name: r}]") + "template_files: {../t: x}", false, "must be that of a file without a folder"},
		"template's pattern":      {inner(route+"receivers: [{name: r}]\ntemplates: ['[']") + "template_files: {t: x}", false, "syntax error in pattern"},
		"too many templates":      {inner(route+"receivers: [{name: r}]") + "template_files: {a: x, b: x, c: x}", false, "too many templates in the configuration: 3 (limit: 2)"},
		"too many inhibitions":    {inner(route + "receivers: [{name: r}]\ninhibit_rules: [{}, {}, {}]"), false, "too many inhibition rules in the configuration: 3 (limit: 2)"},
		"too many routes":         {inner("route: {receiver: r, routes: [{}, {routes: [{}]}]}\nreceivers: [{name: r}]"), false, "too many nodes in the routing tree of the configuration: 4 (limit: 2)"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, id := range []quota.ID{quota.Templates, quota.InhibitionRules, quota.RoutingNodes} {
				r.quotas.Put(id, 2)
			}
			tt.judge(t, r.manager.CheckAlertManager([]byte(tt.text)))
			require.Error(t, r.manager.CheckAlertManager([]byte(tt.text)))
		})
	}
	for name, text := range map[string]string{
		"of the Terraform test": inner("route:\n  receiver: 'default'\nreceivers:\n  - name: 'default'\n"),
		"sns":                   entry("sns_configs", sns+", subject: s, message: m, attributes: {a: b}, send_resolved: false"),
		"pagerduty":             entry("pagerduty_configs", "routing_key: {aws_secrets_manager: {secret_arn: a, secret_key: k, refresh_interval: 5m}}, severity: critical"),
		"pagerduty in Europe":   entry("pagerduty_configs", "service_key: {"+arn+"}, url: 'https://events.eu.pagerduty.com/v2/enqueue'"),
		"a secret used twice":   inner(route + "receivers: [{name: r, pagerduty_configs: [{routing_key: &k {" + arn + "}}, {routing_key: *k}, &p {service_key: {" + arn + "}}, *p]}]"),
		"global":                global("resolve_timeout: 1m, pagerduty_url: 'https://events.eu.pagerduty.com/v2/enqueue'"),
		"absent template":       inner(route + "receivers: [{name: r}]\ntemplates: [none]"),
		"intervals":             inner("route: {receiver: r, routes: [{active_time_intervals: [x]}]}\nreceivers: [{name: r}]\ntime_intervals: [{name: x, time_intervals: [{weekdays: ['monday']}]}]"),
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, r.manager.CheckAlertManager([]byte(text)))
			r.sync(alerting.Definitions{AlertManager: []byte(text)})
		})
	}
	require.Error(t, r.manager.Sync(t.Context(), alerting.Definitions{WorkspaceID: wsB, AlertManager: []byte("x"), Rules: rulesFile("x")}))
}

// checker is a Manager that can judge and nothing else.
func checker(t *testing.T) *alerting.Manager {
	t.Helper()
	m, err := alerting.New(alerting.Config{
		Dir:     t.TempDir(),
		Samples: func(context.Context, string) (*storage.DB, error) { return nil, storage.ErrClosed },
		Engine:  func() promql.QueryEngine { return nil },
	})
	require.NoError(t, err)
	return m
}

func FuzzCheckRules(f *testing.F) {
	f.Add("groups:\n- {name: g, interval: 1m, rules: [{record: r, expr: sum(up), labels: {a: b}}, {alert: A, expr: up, for: 5m}]}\n")
	f.Add("groups: [{name: g, rules: [{}]}]")
	f.Add("groups: &g [{name: a, rules: *g}]")
	f.Add("groups:\n- <<: {name: x}\n  rules: ~\n---\nx")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := checker(t).CheckRules("ns", []byte(text)); err == nil {
			newRig(t).sync(alerting.Definitions{Rules: rulesFile(text)})
		}
	})
}

func FuzzCheckAlertManager(f *testing.F) {
	f.Add("route: {receiver: r}\nreceivers: [{name: r, sns_configs: [{topic_arn: t, sigv4: {region: r}}]}]", "t", "{{ define \"x\" }}y{{ end }}")
	f.Add("route: {receiver: r, routes: [~]}\nreceivers: [~, {name: r}]\ntemplates: ['*']", "a", "{{ .X }}")
	f.Add("global: {http_config: ~}\nroute: &r {receiver: r, routes: [*r]}\nreceivers: [{name: r, pagerduty_configs: [{routing_key: {aws_secrets_manager: {secret_arn: a}}}, ~]}]", "", "")
	f.Add("route: {receiver: r}\nreceivers: [{name: r, <<: {slack_configs: [{}]}}]\nglobal: {http_config: ~}\ninhibit_rules: [~]", "", "")
	f.Fuzz(func(t *testing.T, config, name, template string) {
		text := fmt.Appendf(nil, "alertmanager_config: %q\ntemplate_files: {%q: %q}\n", config, name, template)
		if checker(t).CheckAlertManager(text) == nil {
			newRig(t).sync(alerting.Definitions{AlertManager: text})
		}
	})
}
