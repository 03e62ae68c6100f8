package conformance

import (
	"context"
	"net/http"
	"slices"
)

func rulesChecks() []Check {
	return slices.Concat(listRulesChecks(), filterRulesChecks(), evaluatedChecks())
}

// onRules is a check of /api/v1/rules of the standing workspace.
func onRules(level Level, id, description, source string, look func(t *T, ws *Workspace)) Check {
	return Check{
		ID: "rules." + id, Level: level, Area: Rules, Needs: NeedsSlow, Description: description, Source: source,
		Run: func(_ context.Context, t *T) { look(t, t.Ruled()) },
	}
}

const (
	listRulesSource  = "user guide AMP-APIReference-ListRules [D]"
	listAlertsSource = "user guide AMP-APIReference-ListAlerts [D]"
)

func listRulesChecks() []Check {
	one := func(ws *Workspace, group string) Answer {
		return ws.rules("file[]", "first", "rule_group[]", group).ExpectNoJSON("data.groups.1")
	}
	return []Check{
		onRules(Must, "list.namespace-is-file", "A rule group is listed under its name, with its namespace's name as file and its interval in seconds.",
			listRulesSource, func(_ *T, ws *Workspace) {
				one(ws, "b").ExpectJSON("data.groups.0.name", "b").ExpectJSON("data.groups.0.file", "first").
					ExpectJSON("data.groups.0.interval", 7200)
			}),
		onRules(Must, "list.envelope", "The list of rules is a success with empty errorType and error.",
			listRulesSource, func(_ *T, ws *Workspace) {
				ws.rules().ExpectJSON("status", "success").ExpectJSON("errorType", "").ExpectJSON("error", "").
					ExpectHeader("Content-Type", "application/json")
			}),
		onRules(Must, "list.group-members", "A group has lastEvaluation as a time and evaluationTime in seconds.",
			listRulesSource, func(_ *T, ws *Workspace) {
				a := one(ws, "b").ExpectText("data.groups.0.lastEvaluation")
				a.Seconds("data.groups.0.evaluationTime")
			}),
		onRules(Must, "list.recording", "A recording rule is listed with name, query, labels, health, lastError, type, lastEvaluation and evaluationTime.",
			listRulesSource, func(_ *T, ws *Workspace) {
				const r = "data.groups.0.rules.0."
				a := one(ws, "a").ExpectJSON(r+"name", "first:a").ExpectJSON(r+"type", "recording").
					ExpectJSON(r+"labels", map[string]string{"team": "ops"}).ExpectText(r+"health").ExpectJSON(r+"lastError", "").
					ExpectText(r + "query").ExpectText(r + "lastEvaluation")
				a.Seconds(r + "evaluationTime")
			}),
		onRules(Should, "list.query-formatted", "A rule's query is listed as PromQL writes it.",
			"amp-api.md 1.8 [C]", func(_ *T, ws *Workspace) {
				one(ws, "a").ExpectJSON("data.groups.0.rules.0.query", "sum by (job) (rate(x[5m]))")
			}),
		onRules(Should, "list.alerting", "An alerting rule is listed with state, durations in seconds, labels, annotations and its alerts.",
			"amp-api.md 1.8 [C]", func(_ *T, ws *Workspace) {
				const r = "data.groups.0.rules.1."
				one(ws, "a").ExpectJSON(r+"name", "Quiet").ExpectJSON(r+"type", "alerting").
					ExpectText(r+"state").ExpectJSON(r+"query", "vector(1) > 2").
					ExpectJSON(r+"duration", 600).ExpectJSON(r+"keepFiringFor", 300).
					ExpectJSON(r+"labels", map[string]string{"severity": "page"}).
					ExpectJSON(r+"annotations", map[string]string{"summary": "nothing"}).
					ExpectJSON(r+"alerts", []any{}).ExpectText(r+"health").ExpectJSON(r+"lastError", "").ExpectText(r + "lastEvaluation")
			}),
		{
			ID: "rules.list.empty", Level: Must, Area: Rules, Source: listRulesSource,
			Description: "A workspace without rules has an empty list of groups.",
			Run: func(_ context.Context, t *T) {
				t.BorrowWorkspace().Do(Get("/api/v1/rules")).ExpectStatus(http.StatusOK).ExpectJSON("status", "success").ExpectJSON("data.groups", []any{})
			},
		},
		{
			ID: "rules.list.alerts-empty", Level: Must, Area: Rules, Source: listAlertsSource,
			Description: "A workspace without rules has an empty list of alerts, with empty errorType and error.",
			Run: func(_ context.Context, t *T) {
				t.BorrowWorkspace().Do(Get("/api/v1/alerts")).ExpectStatus(http.StatusOK).ExpectJSON("status", "success").
					ExpectJSON("data.alerts", []any{}).ExpectJSON("errorType", "").ExpectJSON("error", "")
			},
		},
		{
			ID: "rules.list.follows-put", Level: Must, Area: Rules, Needs: NeedsSlow, Source: listRulesSource,
			Description: "The list of rules follows PutRuleGroupsNamespace and DeleteRuleGroupsNamespace.",
			Run: func(_ context.Context, t *T) {
				ws, name := t.BorrowWorkspace(), t.Name("made")
				ws.DefineRules(name, rulesFileOfOne)
				ws.expectGroups("g")
				ws.Control(PutJSON("/rulegroupsnamespaces/"+name, dataBody(rulesFileOfNext))).RequireStatus(http.StatusAccepted)
				ws.expectGroups("h")
				ws.namespaceActive(name)
				ws.Control(Delete("/rulegroupsnamespaces/" + name)).RequireStatus(http.StatusAccepted)
				ws.expectGroups()
			},
		},
		{
			ID: "rules.list.default-interval", Level: Should, Area: Rules, Needs: NeedsSlow, Source: "Cortex's ruler.evaluation-interval [C]",
			Description: "A group without an interval is evaluated every minute.",
			Run: func(_ context.Context, t *T) {
				ws := t.BorrowWorkspace()
				ws.DefineRules(t.Name("made"), "groups:\n- name: g\n  rules:\n  - record: a:b\n    expr: vector(1)\n")
				ws.expectGroups("g")
				ws.Do(Get("/api/v1/rules")).ExpectJSON("data.groups.0.interval", 60)
			},
		},
	}
}

func (w *Workspace) expectGroups(want ...string) {
	w.t.Eventually("the groups of rules are seen", func() error {
		a := w.Do(Get("/api/v1/rules")).RequireStatus(http.StatusOK)
		if got := a.texts("data.groups", "name"); !slices.Equal(sortedTexts(got), want) {
			w.t.Errorf("expected the groups %q; %s", want, a)
		}
		return nil
	})
}
