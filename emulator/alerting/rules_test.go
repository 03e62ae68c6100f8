package alerting_test

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/alerting"
)

type rulesBody struct {
	Status    string  `json:"status"`
	ErrorType *string `json:"errorType"`
	Error     *string `json:"error"`
	Data      struct {
		Groups []struct {
			Name, File     string
			Interval       float64
			LastEvaluation time.Time
			Rules          []struct {
				Name, Query, Type, Health, LastError, State string
				Duration, KeepFiringFor                     float64
				Alerts                                      []alertBody
			}
		}
		GroupNextToken string
	}
}

type alertBody struct {
	Labels, Annotations map[string]string
	State, Value        string
	ActiveAt            time.Time
}

type alertsBody struct {
	Status    string  `json:"status"`
	ErrorType *string `json:"errorType"`
	Error     *string `json:"error"`
	Data      struct{ Alerts []alertBody }
}

func rulesFile(text string) map[string][]byte { return map[string][]byte{"ns": []byte(text)} }

func TestRecordingRule(t *testing.T) {
	r := newRig(t)
	r.write(time.Now(), 20, model.MetricNameLabel, "up", "job", "a")
	r.write(time.Now(), 22, model.MetricNameLabel, "up", "job", "b")
	r.sync(alerting.Definitions{Rules: rulesFile(`
groups:
- name: g
  interval: 50ms
  labels: {team: x}
  rules:
  - record: up:sum
    expr: sum(up)
    labels: {kind: total}
  - record: up:twice
    expr: 2 * up:sum
`)})
	eventually(t, func() bool { return len(r.read("up:twice")) > 0 }, "the second rule reads the first")
	for ls, got := range r.read("up:twice") {
		require.Equal(t, `{__name__="up:twice", kind="total", team="x"}`, ls)
		require.EqualValues(t, 84, got[0])
	}
	require.Len(t, r.read("up:sum"), 1)
}

func TestRulesGoStaleWhenTheyAreNoMore(t *testing.T) {
	r := newRig(t)
	rule := func(name string) map[string][]byte {
		return rulesFile("groups:\n- name: g\n  interval: 50ms\n  rules:\n  - {record: " + name + ", expr: vector(1)}\n")
	}
	r.sync(alerting.Definitions{Rules: rule("first")})
	eventually(t, func() bool { return len(r.read("first")) == 1 }, "first")
	r.sync(alerting.Definitions{Rules: rule("second")})
	isStale := func(name string) bool {
		for _, v := range r.read(name) {
			return value.IsStaleNaN(v[len(v)-1])
		}
		return false
	}
	eventually(t, func() bool { return isStale("first") && len(r.read("second")) == 1 }, "first ends, second begins")
	r.sync(alerting.Definitions{})
	eventually(t, func() bool { return isStale("second") }, "second ends")
	require.Empty(t, get[rulesBody](r, "/api/v1/rules").Data.Groups)
}

func TestQueryOffset(t *testing.T) {
	r := newRig(t)
	r.sync(alerting.Definitions{RuleQueryOffset: time.Minute, Rules: rulesFile(`
groups:
- {name: a, interval: 50ms, rules: [{record: behind, expr: time()}]}
- {name: b, interval: 50ms, query_offset: 0s, rules: [{record: now, expr: time()}]}
`)})
	eventually(t, func() bool { return len(r.points("behind")) == 1 && len(r.points("now")) == 1 }, "results")
	age := func(name string) time.Duration {
		for _, points := range r.points(name) {
			last := points[len(points)-1]
			require.InDelta(t, float64(last.T)/1000, last.F, 0.01)
			return time.Since(time.UnixMilli(last.T))
		}
		return 0
	}
	require.Greater(t, age("behind"), 55*time.Second)
	require.Less(t, age("now"), 30*time.Second)
}

// TestUnchangedGroupsKeepTheirState changes one namespace while an alert of
// another is pending.
func TestUnchangedGroupsKeepTheirState(t *testing.T) {
	r := newRig(t)
	pending := []byte("groups:\n- {name: g, interval: 50ms, rules: [{alert: A, expr: vector(1), for: 1h}]}\n")
	other := func(n int) []byte {
		return fmt.Appendf(nil, "groups:\n- {name: g, interval: 50ms, rules: [{record: r, expr: vector(%d)}]}\n", n)
	}
	r.sync(alerting.Definitions{Rules: map[string][]byte{"one": pending, "two": other(1)}})
	alerts := func() []alertBody { return get[alertsBody](r, "/api/v1/alerts").Data.Alerts }
	eventually(t, func() bool { return len(alerts()) == 1 }, "pending")
	before := alerts()[0]
	r.sync(alerting.Definitions{Rules: map[string][]byte{"one": pending, "two": other(2)}})
	r.sync(alerting.Definitions{Rules: map[string][]byte{"one": pending, "two": other(2)}})
	eventually(t, func() bool {
		for _, v := range r.read("r") {
			return v[len(v)-1] == 2
		}
		return false
	}, "the other rule is the new one")
	require.Equal(t, []alertBody{before}, alerts())
	require.Equal(t, "pending", before.State)
	require.Equal(t, "1e+00", before.Value)
}

func TestAlertStateComesBackAfterARestart(t *testing.T) {
	r := newRig(t)
	rules := alerting.Definitions{Rules: rulesFile("groups:\n- {name: g, interval: 50ms, rules: [{alert: A, expr: vector(1), for: 1h}]}\n")}
	// As if the last run had been ten seconds ago and the alert pending for
	// half an hour then.
	before := time.Now().Add(-30 * time.Minute)
	r.write(time.Now().Add(-10*time.Second), float64(before.Unix()), model.MetricNameLabel, "ALERTS_FOR_STATE", "alertname", "A")
	r.sync(rules)
	eventually(t, func() bool {
		alerts := get[alertsBody](r, "/api/v1/alerts").Data.Alerts
		return len(alerts) == 1 && alerts[0].ActiveAt.Before(time.Now().Add(-20*time.Minute))
	}, "active since before")

	r.restart()
	r.sync(rules)
	eventually(t, func() bool {
		alerts := get[alertsBody](r, "/api/v1/alerts").Data.Alerts
		return len(alerts) == 1 && alerts[0].ActiveAt.Before(time.Now().Add(-20*time.Minute))
	}, "again after a restart")
	require.Len(t, r.read("ALERTS_FOR_STATE"), 1)
	eventually(t, func() bool {
		_, ok := r.read("ALERTS")[`{__name__="ALERTS", alertname="A", alertstate="pending"}`]
		return ok
	}, "its series goes on")
}

func TestRuleThatFails(t *testing.T) {
	r := newRig(t)
	r.write(time.Now(), 1, model.MetricNameLabel, "m", "a", "1")
	r.write(time.Now(), 1, model.MetricNameLabel, "m", "a", "2")
	r.sync(alerting.Definitions{Rules: rulesFile("groups:\n- {name: g, interval: 50ms, rules: [{record: r, expr: 'm * on() m'}]}\n")})
	eventually(t, func() bool {
		return get[rulesBody](r, "/api/v1/rules").Data.Groups[0].Rules[0].Health == "err"
	}, "unhealthy")
	rule := get[rulesBody](r, "/api/v1/rules").Data.Groups[0].Rules[0]
	require.Contains(t, rule.LastError, "found duplicate series for the match group")
	require.Equal(t, "recording", rule.Type)
}

func TestServeRules(t *testing.T) {
	r := newRig(t)
	group := func(names ...string) []byte {
		var b strings.Builder
		b.WriteString("groups:\n")
		for _, n := range names {
			fmt.Fprintf(&b, "- name: %s\n  rules:\n  - {record: 'r:%s', expr: vector(1), labels: {g: %s}}\n  - {alert: A%s, expr: vector(0) > 0, for: 5m, keep_firing_for: 1m, labels: {severity: page}, annotations: {summary: s}}\n", n, n, n, n)
		}
		return []byte(b.String())
	}
	r.sync(alerting.Definitions{Rules: map[string][]byte{"ns/one": group("a", "b"), "two": group("a")}})

	t.Run("members", func(t *testing.T) {
		_, body := r.do(http.MethodGet, "/api/v1/rules?file[]=two", "")
		require.JSONEq(t, `{"status":"success","data":{"groups":[{"name":"a","file":"two","rules":[
			{"name":"r:a","query":"vector(1)","labels":{"g":"a"},"health":"unknown","lastError":"","type":"recording","lastEvaluation":"0001-01-01T00:00:00Z","evaluationTime":0},
			{"state":"unknown","name":"Aa","query":"vector(0) > 0","duration":300,"keepFiringFor":60,"labels":{"severity":"page"},"annotations":{"summary":"s"},"alerts":[],"health":"unknown","lastError":"","type":"alerting","lastEvaluation":"0001-01-01T00:00:00Z","evaluationTime":0}
			],"interval":60,"lastEvaluation":"0001-01-01T00:00:00Z","evaluationTime":0,"limit":0}]},"errorType":"","error":""}`, body)
		_, body = r.do(http.MethodGet, "/api/v1/alerts", "")
		require.JSONEq(t, `{"status":"success","data":{"alerts":[]},"errorType":"","error":""}`, body)
	})

	for query, want := range map[string][]string{
		"":                              {"ns/one/a:r:a,Aa", "ns/one/b:r:b,Ab", "two/a:r:a,Aa"},
		"type=alert":                    {"ns/one/a:Aa", "ns/one/b:Ab", "two/a:Aa"},
		"type=record&rule_group[]=b":    {"ns/one/b:r:b"},
		"rule_name[]=Ab&rule_name[]=r:": {"ns/one/b:Ab"},
		"file[]=ns/one&file[]=none":     {"ns/one/a:r:a,Aa", "ns/one/b:r:b,Ab"},
		"match[]={g=\"b\"}":             {"ns/one/b:r:b"},
		"match[]={g=\"b\"}&match[]={severity=~\"p.*\"}&file[]=two": {"two/a:Aa"},
		"rule_name[]=none":    {},
		"exclude_alerts=TRUE": {"ns/one/a:r:a,Aa", "ns/one/b:r:b,Ab", "two/a:r:a,Aa"},
	} {
		t.Run("filter "+query, func(t *testing.T) {
			require.Equal(t, want, shown(get[rulesBody](r, "/api/v1/rules?"+query)))
		})
	}
	t.Run("pages", func(t *testing.T) {
		var all []string
		for path := "/api/v1/rules?group_limit=1"; ; {
			body := get[rulesBody](r, path)
			require.Len(t, body.Data.Groups, 1)
			all = append(all, shown(body)...)
			if body.Data.GroupNextToken == "" {
				break
			}
			path = "/api/v1/rules?group_limit=1&group_next_token=" + body.Data.GroupNextToken
		}
		require.ElementsMatch(t, []string{"ns/one/a:r:a,Aa", "ns/one/b:r:b,Ab", "two/a:r:a,Aa"}, all)
	})
	for query, want := range map[string]string{
		"type=x":             `unsupported rule type "x"`,
		"match[]={a=}":       "error parsing match params 1:4: parse error",
		"match[]={a=\"\"}":   "match[] must contain at least one non-empty matcher",
		"exclude_alerts=x":   `invalid parameter "exclude_alerts": error converting exclude_alerts`,
		"group_limit=x":      "group_limit needs to be a valid number",
		"group_limit=0":      "group_limit needs to be greater than 0",
		"group_next_token=x": "group_limit needs to be present in order to paginate over the groups",
		"type=%zz":           "error parsing form/query params",
	} {
		t.Run("refused "+query, func(t *testing.T) {
			status, body := r.do(http.MethodGet, "/api/v1/rules?"+query, "")
			require.Equal(t, http.StatusBadRequest, status)
			require.Contains(t, body, `{"status":"error","errorType":"bad_data","error":`)
			require.Contains(t, strings.ReplaceAll(body, `\"`, `"`), want)
		})
	}
	t.Run("methods", func(t *testing.T) {
		for _, path := range []string{"/api/v1/rules", "/api/v1/alerts"} {
			status, _ := r.do(http.MethodPost, path, "")
			require.Equal(t, http.StatusMethodNotAllowed, status)
		}
	})
	t.Run("a workspace without rules", func(t *testing.T) {
		_, body := r.doIn(wsB, http.MethodGet, "/api/v1/rules", "")
		require.JSONEq(t, `{"status":"success","data":{"groups":[]},"errorType":"","error":""}`, body)
	})
}

// shown names the groups and rules of an answer.
func shown(body rulesBody) []string {
	out := []string{}
	for _, g := range body.Data.Groups {
		var names []string
		for _, r := range g.Rules {
			names = append(names, r.Name)
		}
		out = append(out, g.File+"/"+g.Name+":"+strings.Join(names, ","))
	}
	return out
}

// TestSyncOfNothingCostsNothing syncs a hundred workspaces that define nothing.
func TestSyncOfNothingCostsNothing(t *testing.T) {
	r := newRig(t)
	before := runtime.NumGoroutine()
	for i := range 100 {
		r.sync(alerting.Definitions{WorkspaceID: fmt.Sprintf("ws-%d", i)})
	}
	require.LessOrEqual(t, runtime.NumGoroutine(), before)
	require.NoDirExists(t, r.dir+"/alerting")
	require.Error(t, r.manager.Sync(t.Context(), alerting.Definitions{WorkspaceID: "../x"}))
	require.Error(t, r.manager.Remove(t.Context(), ".."))
	require.NoError(t, r.manager.Close())
	require.NoError(t, r.manager.Close())
	require.ErrorIs(t, r.manager.Sync(t.Context(), alerting.Definitions{WorkspaceID: wsA}), alerting.ErrClosed)
}

func TestNewNeedsItsParts(t *testing.T) {
	_, err := alerting.New(alerting.Config{Engine: func() promql.QueryEngine { return nil }})
	require.ErrorContains(t, err, "needs a folder, samples and an engine")
}
