package fault_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/ampersand-amp/ampersand/emulator/fault"
)

func some[T any](v T) *T { return &v }

// whole are rules that have every field between them.
func whole() []fault.Rule {
	return []fault.Rule{
		{
			Name: "outage", Action: fault.Patterns{"aps:RemoteWrite"}, Workspace: "AMP-KEDA", Principal: "arn:aws:iam::*:role/writer",
			Probability: some(0.25), Seed: 7, Count: 3,
			Schedule: fault.Schedule{After: fault.Duration(time.Second), For: fault.Duration(20 * time.Second), Every: fault.Duration(time.Minute)},
			Status:   &fault.Status{Code: 503, Message: "away", RetryAfter: fault.Duration(5 * time.Second), When: fault.After},
		},
		{Action: fault.Patterns{"aps:*", "sts:*"}, Delay: fault.Duration(1500 * time.Millisecond)},
		{Action: fault.Patterns{"*"}, Probability: some(0.0), Cut: fault.CutMid},
		{Action: fault.Patterns{"aps:?uery*"}, Slow: 100},
		{Action: fault.Patterns{"aps:QueryMetrics"}, Empty: true},
		{Action: fault.Patterns{"aps:QueryMetrics"}, Series: 2},
		{Action: fault.Patterns{"aps:QueryMetrics"}, Value: "NaN"},
		{Action: fault.Patterns{"aps:QueryMetrics"}, Value: "0"},
		{Action: fault.Patterns{"aps:*"}, Credentials: fault.Expired},
		{Action: fault.Patterns{"iam:*"}, Clock: fault.Duration(-10 * time.Minute)},
	}
}

// TestRulesKeepTheirMeaning writes rules as JSON and as YAML and reads them again.
func TestRulesKeepTheirMeaning(t *testing.T) {
	for name, marshal := range map[string]func(any) ([]byte, error){"JSON": json.Marshal, "YAML": yaml.Marshal} {
		raw, err := marshal(whole())
		require.NoError(t, err, name)
		got, err := fault.DecodeList(raw)
		require.NoError(t, err, "%s: %s", name, raw)
		require.Equal(t, whole(), got, name)
		one, err := marshal(whole()[0])
		require.NoError(t, err)
		rule, err := fault.Decode(one)
		require.NoError(t, err)
		require.Equal(t, whole()[0], rule)
	}
	raw, err := yaml.Marshal(whole())
	require.NoError(t, err)
	var direct []fault.Rule // as part of a larger file
	require.NoError(t, yaml.Unmarshal(raw, &direct))
	require.Equal(t, whole(), direct)
}

func TestDecodeYAML(t *testing.T) {
	got, err := fault.DecodeList([]byte(`
- name: outage
  action: aps:RemoteWrite
  schedule: {after: 10s, for: 20s}
  status: {code: 503, retryAfter: 1s}
- action: [aps:QueryMetrics]
  value: 12.5
`))
	require.NoError(t, err)
	require.Equal(t, fault.Duration(20*time.Second), got[0].Schedule.For)
	require.Equal(t, 503, got[0].Status.Code)
	require.Equal(t, fault.Value("12.5"), got[1].Value)
}

func TestDecodeErrors(t *testing.T) {
	tests := []struct{ text, field, message string }{
		{`nonsense`, "", "not an object"},
		{`{`, "", "neither JSON nor YAML"},
		{``, "", "not an object"},
		{`null`, "", "not an object"},
		{`{"action":"aps:*"}`, "delay", "no effect"},
		{`{"delay":"1s"}`, "action", "is missing"},
		{`{"action":"aps:*","delay":"1s","cut":"mid"}`, "cut", "has delay already"},
		{`{"action":"aps:*","delay":"1s","Name":"x"}`, "Name", "no such field"},
		{`{"action":"aps:*","delay":"1s","name":"a b"}`, "name", "letters"},
		{`{"action":"aps:*","delay":"1s","delay":"2s"}`, "delay", "given twice"},
		{`{"action":"aps:*","delay":null}`, "delay", "has no value"},
		{`{"action":"aps:*","delay":3}`, "delay", "duration"},
		{`{"action":"aps:*","delay":"3"}`, "delay", "duration"},
		{`{"action":"aps:*","delay":"-1s"}`, "delay", "not from 0s"},
		{`{"action":"aps:*","delay":"2h"}`, "delay", "not from 0s"},
		{`{"action":"RemoteWrite","delay":"1s"}`, "action", "SERVICE:ACTION"},
		{`{"action":"s3:*","delay":"1s"}`, "action", "aps, sts and iam"},
		{`{"action":7,"delay":"1s"}`, "action", "neither a text nor a list"},
		{`{"action":[],"delay":"1s"}`, "action", "is missing"},
		{`{"action":"aps:*","delay":"1s","workspace":"ws-*"}`, "workspace", "neither the id nor the alias"},
		{`{"action":"aps:*","delay":"1s","principal":"collector"}`, "principal", "ARN"},
		{`{"action":"aps:*","delay":"1s","probability":1.5}`, "probability", "from 0 to 1"},
		{`{"action":"aps:*","delay":"1s","probability":"half"}`, "probability", "a number"},
		{`{"action":"aps:*","delay":"1s","count":-1}`, "count", "negative"},
		{`{"action":"aps:*","delay":"1s","count":1.5}`, "count", "whole number"},
		{`{"action":"aps:*","delay":"1s","schedule":"now"}`, "schedule", "not an object"},
		{`{"action":"aps:*","delay":"1s","schedule":{"until":"1s"}}`, "schedule.until", "after, for, every"},
		{`{"action":"aps:*","delay":"1s","schedule":{"every":"1s"}}`, "schedule.for", "within schedule.every"},
		{`{"action":"aps:*","delay":"1s","schedule":{"every":"1s","for":"1s"}}`, "schedule.for", "within schedule.every"},
		{`{"action":"aps:*","delay":"1s","schedule":{"after":"-1s"}}`, "schedule.after", "not from 0s"},
		{`{"action":"aps:*","status":{"code":200}}`, "status.code", "not an error"},
		{`{"action":"aps:*","status":{}}`, "status.code", "not an error"},
		{`{"action":"aps:*","status":503}`, "status", "not an object"},
		{`{"action":"aps:*","status":{"code":503,"retryAfter":"1500ms"}}`, "status.retryAfter", "whole seconds"},
		{`{"action":"aps:*","status":{"code":503,"when":"mid"}}`, "status.when", "neither before nor after"},
		{`{"action":"aps:*","cut":"now"}`, "cut", "none of before, after and mid"},
		{`{"action":"aps:*","slow":-1}`, "slow", "too few"},
		{`{"action":"aps:RemoteWrite","empty":true}`, "action", "has to cover aps:QueryMetrics"},
		{`{"action":"aps:*","empty":"yes"}`, "empty", "true or false"},
		{`{"action":"aps:*","series":1}`, "series", "not from 2"},
		{`{"action":"aps:*","value":"big"}`, "value", "neither a number"},
		{`{"action":"aps:*","value":[]}`, "value", "neither a number"},
		{`{"action":"aps:*","credentials":"wrong"}`, "credentials", "not expired"},
		{`{"action":"aps:*","clock":"48h"}`, "clock", "more than"},
		{"action: aps:*\naction: sts:*\ndelay: 1s", "", "neither JSON nor YAML"},
	}
	for _, tt := range tests {
		_, err := fault.Decode([]byte(tt.text))
		var errs fault.Errors
		require.ErrorAs(t, err, &errs, tt.text)
		require.Len(t, errs, 1, "%s: %v", tt.text, err)
		require.Equal(t, tt.field, errs[0].Field, tt.text)
		require.Contains(t, errs[0].Message, tt.message, tt.text)

		if tt.field != "" {
			_, err = fault.DecodeList([]byte(`[{"action":"aps:*","delay":"1s"},` + tt.text + `]`))
			require.ErrorAs(t, err, &errs, tt.text)
			require.Equal(t, "[1]."+tt.field, errs[0].Field)
		}
	}
	for text, want := range map[string]string{
		`{}`: "not a list", `7`: "not a list", ``: "not a list", `[7]`: "[0]: not an object",
		`[{"name":"a","action":"aps:*","delay":"1s"},{"name":"a","action":"aps:*","delay":"1s"}]`: "[1].name: rule [0] is called a too",
	} {
		_, err := fault.DecodeList([]byte(text))
		require.ErrorContains(t, err, want, text)
	}
}

// FuzzDecode has every text either refused with an error by field, or read as rules that
// pass their check, can be put, and are the same when they are written and read again.
func FuzzDecode(f *testing.F) {
	raw, err := json.Marshal(whole())
	require.NoError(f, err)
	f.Add(raw)
	raw, err = yaml.Marshal(whole())
	require.NoError(f, err)
	f.Add(raw)
	f.Add([]byte(`[{"action":"aps:*","value":1e400}]`))
	f.Add([]byte("- &a {action: '*', delay: 1s}\n- *a"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		rules, err := fault.DecodeList(raw)
		if err != nil {
			var errs fault.Errors
			require.ErrorAs(t, err, &errs)
			return
		}
		for _, r := range rules {
			require.NoError(t, r.Check())
			require.NotEmpty(t, r.Effect())
		}
		require.NoError(t, fault.NewSet(fault.Config{}).Replace(rules))
		text, err := json.Marshal(rules)
		require.NoError(t, err)
		again, err := fault.DecodeList(text)
		require.NoError(t, err, "%s", text)
		require.Equal(t, rules, again)
	})
}
