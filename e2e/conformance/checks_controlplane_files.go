package conformance

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
)

func ruleFileChecks() []Check {
	checks := []Check{
		slow(shouldModel("rules.file.update-fails", "A file that is refused for what it says leaves the namespace as it was, or in UPDATE_FAILED with a reason, and the rules in force.",
			"amp-api.md 2.3 [I]", keepsGoodRules)),
		slow(mustModel("rules.file.all-members", "A file with all that a rules file may have is taken.",
			"user guide AMP-ruler-rulesfile: Prometheus's rules file [D]", func(_ context.Context, t *T) {
				t.BorrowWorkspace().DefineRules(t.Name("made"), `groups:
- name: first
  interval: 1m
  limit: 10
  rules:
  - {record: "a:b", expr: "sum(rate(x[5m])) by (job)", labels: {team: ops}}
  - {alert: A, expr: up == 0, for: 5m, keep_firing_for: 1m, labels: {severity: page}, annotations: {summary: "{{ $labels.job }}"}}
- name: second
  rules: []
`)
			})),
		shouldModel("rules.file.not-base64", "Data that is not base64 is refused with 400.",
			"API model, blob [D]; error [I]", func(_ context.Context, t *T) {
				t.Workspace().Control(PostJSON("/rulegroupsnamespaces", text(map[string]string{"name": t.Name("made"), "data": "!"}))).
					ExpectStatus(http.StatusBadRequest)
			}),
	}
	for _, row := range []struct{ id, what, file string }{
		{"not-yaml", "is no YAML", "groups: [\n"},
		{"not-a-rules-file", "is YAML without groups", "a: b\n"},
		{"unknown-member", "has a member that rules do not have", strings.Replace(rulesFileOfOne, "expr: vector(1)", "expr: vector(1)\n    colour: red", 1)},
		{"not-promql", "has an expression that is no PromQL", strings.Replace(rulesFileOfOne, "vector(1)", "sum(", 1)},
		{"no-expression", "has a rule without an expression", strings.Replace(rulesFileOfOne, "expr: vector(1)", "labels: {a: b}", 1)},
		{"no-name", "has a rule without record or alert", strings.Replace(rulesFileOfOne, "record: a:b", "labels: {a: b}", 1)},
		{"two-names", "has a rule with both record and alert", strings.Replace(rulesFileOfOne, "record: a:b", "record: a:b\n    alert: A", 1)},
		{"bad-record", "records under a name that no metric has", strings.Replace(rulesFileOfOne, "a:b", "a b", 1)},
		{"bad-label", "has a label name with a hyphen", rulesFileOfOne + "    labels: {a-b: c}\n"},
		{"bad-template", "has a template that cannot be read", "groups:\n- name: g\n  rules:\n  - {alert: A, expr: vector(1), annotations: {a: '{{ nothing'}}\n"},
		{"for-of-a-record", "has a recording rule with for", rulesFileOfOne + "    for: 1m\n"},
		{"group-without-name", "has a group without a name", strings.Replace(rulesFileOfOne, "name: g", "name: ''", 1)},
		{"group-twice", "has two groups of one name", rulesFileOfOne + strings.TrimPrefix(rulesFileOfOne, "groups:\n")},
	} {
		checks = append(checks, slow(shouldModel("rules.file."+row.id, "A rules file that "+row.what+" does not come into force.",
			"Prometheus's rulefmt [C]; amp-api.md 2.3 [I]",
			func(_ context.Context, t *T) { t.expectNoRules(t.Name("made"), row.file) })))
	}
	return checks
}

func keepsGoodRules(_ context.Context, t *T) {
	ws, name := t.BorrowWorkspace(), t.Name("made")
	ws.DefineRules(name, rulesFileOfOne)
	path := "/rulegroupsnamespaces/" + name
	a := ws.Control(PutJSON(path, dataBody(strings.Replace(rulesFileOfNext, "vector(2)", "sum(", 1))))
	if a.Status == http.StatusBadRequest {
		ws.namespaceActive(name).ExpectJSON("ruleGroupsNamespace.data", base64.StdEncoding.EncodeToString([]byte(rulesFileOfOne)))
	} else {
		a.RequireStatus(http.StatusAccepted)
		ws.expectFailed(path, "ruleGroupsNamespace.status", "UPDATE_FAILED")
	}
	t.Eventually("the rules of before are in force", func() error {
		ws.Do(Get("/api/v1/rules")).ExpectStatus(http.StatusOK).ExpectJSON("data.groups.0.name", "g").ExpectNoJSON("data.groups.1")
		return nil
	})
}
