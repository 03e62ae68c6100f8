package conformance_test

import (
	"encoding/json"
	"strings"
	"sync"
)

// policyMutations understand policies otherwise.
func policyMutations() []mutation {
	var out []mutation
	for _, f := range []struct {
		name  string
		edit  func(statement map[string]any) bool // false leaves it out
		kills []string
	}{
		{"denials do not count", func(s map[string]any) bool { return s["Effect"] != "Deny" }, []string{"authorization.policy.deny-after-allow", "authorization.policy.deny-before-allow"}},
		{"denials are of everything", func(s map[string]any) bool {
			if s["Effect"] == "Deny" {
				s["Resource"], s["Action"] = "*", "*"
				delete(s, "NotAction")
			}
			return true
		}, []string{"authorization.policy.deny-of-another"}},
		{"resources do not count", func(s map[string]any) bool {
			if s["Effect"] == "Allow" {
				s["Resource"] = "*"
			}
			return true
		}, []string{"authorization.policy.resource-another", "authorization.policy.resource-other-account", "authorization.policy.resource-other-region", "authorization.policy.resource-prefix", "authorization.policy.resource-upper-case", "authorization.policy.resource-other-type", "authorization.policy.resource-question-mark-short"}},
		{"actions do not count", func(s map[string]any) bool {
			if s["Effect"] == "Allow" {
				s["Action"] = "*"
				delete(s, "NotAction")
			}
			return true
		}, []string{"authorization.policy.action-other-service", "authorization.policy.action-prefix", "authorization.policy.action-wildcard-of-others"}},
		{"conditions do not count", func(s map[string]any) bool { delete(s, "Condition"); return true }, []string{"authorization.condition.*-other-value", "authorization.condition.time-past", "authorization.condition.source-address-other", "authorization.condition.request-tag"}},
		{"conditions never hold", func(s map[string]any) bool { return s["Condition"] == nil }, []string{"authorization.condition.resource-tag", "authorization.condition.time-future", "authorization.condition.source-address-not-other"}},
		{"NotAction is Action", func(s map[string]any) bool {
			if v, ok := s["NotAction"]; ok {
				delete(s, "NotAction")
				s["Action"] = v
			}
			return true
		}, []string{"authorization.policy.not-action", "authorization.policy.deny-not-action"}},
		{"stars are letters", func(s map[string]any) bool {
			ofLetters := func(letters string) func(string) string {
				return func(p string) string {
					if strings.Contains(p, "*") {
						return letters
					}
					return p
				}
			}
			return patterns("Resource", "", ofLetters("arn:aws:aps:us-east-1:123456789012:workspace/star"))(s) && patterns("", "Action", ofLetters("aps:star"))(s)
		},
			[]string{"authorization.policy.action-all", "authorization.policy.action-of-service", "authorization.policy.action-wildcard", "authorization.policy.resource-all", "authorization.policy.resource-every-workspace", "authorization.policy.resource-any-account"}},
		{"question marks are letters", patterns("Resource", "Action", func(p string) string { return strings.ReplaceAll(p, "?", "_") }),
			[]string{"authorization.policy.action-question-mark", "authorization.policy.resource-question-marks"}},
		{"question marks may be nothing", patterns("Resource", "", func(p string) string { return strings.ReplaceAll(p, "?", "*") }),
			[]string{"authorization.policy.resource-question-mark-short"}},
		{"actions are told apart by case", patterns("", "Action", func(p string) string { return strings.Replace(p, "APS:", "apz:", 1) }),
			[]string{"authorization.policy.action-other-case"}},
		{"only the first of a list counts", func(s map[string]any) bool {
			for _, m := range []string{"Action", "Resource"} {
				if v, ok := s[m].([]any); ok {
					s[m] = v[:1]
				}
			}
			return true
		}, []string{"authorization.policy.resource-second-of-two"}},
		{"ARNs count as prefixes", patterns("Resource", "", func(p string) string { return p + "*" }), []string{"authorization.policy.resource-prefix"}},
	} {
		out = append(out, mutation{name: "of policies " + f.name, layer: func() layer { return policies(f.edit) }, in: []string{"authorization.policy", "authorization.condition"}, also: controlAreas(), kills: f.kills})
	}
	return out
}

// patterns changes each pattern of these members of a statement.
func patterns(one, other string, edit func(string) string) func(map[string]any) bool {
	return func(s map[string]any) bool {
		for _, member := range []string{one, other} {
			switch v := s[member].(type) {
			case string:
				s[member] = edit(v)
			case []any:
				for i := range v {
					if p, ok := v[i].(string); ok {
						v[i] = edit(p)
					}
				}
			}
		}
		return true
	}
}

// rightsMutations are faults of who may do what, and of what is said about it.
func rightsMutations() []mutation {
	var out []mutation
	for _, f := range actions() {
		out = append(out,
			mutation{name: "everybody may do: " + f.name, layer: on(takes(`is not authorized to perform`), f.routes...), in: f.in(), also: controlAreas(), kills: f.kills},
			mutation{name: "nobody but users may do: " + f.name, layer: on(where(func(x *exchange) bool {
				return x.request.Header.Get("X-Amz-Security-Token") != ""
			}, change(func(x *exchange) {
				x.answer(403, `{"Message":"User: arn is not authorized to perform: aps:X on resource: arn"}`)
				x.header.Set("X-Amzn-Errortype", "AccessDeniedException")
			})), f.routes...), in: f.in(), also: controlAreas()},
		)
	}
	for _, f := range []struct {
		name, pattern, with string
		kills               []string
	}{
		{"the caller", `User: arn:[^ ]+ is`, "User: arn:aws:iam::123456789012:root is", []string{"authorization.data.query-metrics.lacking"}},
		{"the action", `perform: aps:[A-Za-z]+`, "perform: aps:Other", []string{"authorization.data.query-metrics.lacking", "authorization.control.describe-workspace"}},
		{"the resource", `on resource: arn:[^" ]+`, "on resource: *", []string{"authorization.data.query-metrics.lacking", "authorization.control.describe-workspace"}},
		{"the workspace's id", `Workspace not found`, "Not found", []string{"authorization.workspace.unknown-query", "authorization.workspace.unknown-write"}},
		{"why", `(on resource: arn:[^" ]+)"`, `${1} because of a policy"`, []string{"authorization.data.text"}},
	} {
		out = append(out, mutation{name: "refusals have wrong: " + f.name, layer: on(refused(replace(f.pattern, f.with)), "**"), in: []string{"authorization"}, also: controlAreas(), kills: f.kills})
	}
	return append(out, mutation{
		name: "rights are judged after the workspace", layer: lookupFirst,
		in: []string{"authorization"}, also: controlAreas(), kills: []string{"authorization.workspace.denied-before-unknown"},
	})
}

// action is what a right is for.
type action struct {
	name   string
	routes []string
	kills  []string // what fails if everybody may do it
}

// in are the checks of the action's plane.
func (a action) in() []string {
	if strings.HasPrefix(a.kills[0], "authorization.control") {
		return []string{"authorization.control", "authorization.workspace"}
	}
	return []string{"authorization.data", "authorization.workspace", "authorization.managed"}
}

func actions() []action {
	return []action{
		{"writes", []string{"WS/api/v1/remote_write"}, []string{"authorization.data.remote-write.lacking", "authorization.data.refused-write-is-not-stored"}},
		{"queries", []string{"WS/api/v1/query", "WS/api/v1/query_range"}, []string{"authorization.data.query-metrics.lacking"}},
		{"queries by POST", []string{"POST WS/api/v1/query"}, []string{"authorization.data.query-metrics.lacking"}},
		{"range queries", []string{"WS/api/v1/query_range"}, []string{"authorization.data.query-metrics.lacking"}},
		{"series", []string{"WS/api/v1/series"}, []string{"authorization.data.get-series.lacking"}},
		{"labels", []string{"WS/api/v1/labels"}, []string{"authorization.data.get-labels.lacking"}},
		{"label values", []string{"WS/api/v1/label/*/values"}, []string{"authorization.data.get-labels.lacking"}},
		{"metadata", []string{"WS/api/v1/metadata"}, []string{"authorization.data.get-metric-metadata.lacking"}},
		{"rules", []string{"WS/api/v1/rules"}, []string{"authorization.data.list-rules.lacking"}},
		{"alerts", []string{"WS/api/v1/alerts"}, []string{"authorization.data.list-alerts.lacking"}},
		{"alerts of the alert manager", []string{"GET WS/alertmanager/api/v2/alerts"}, []string{"authorization.data.list-alert-manager-alerts.lacking"}},
		{"posting alerts", []string{"POST WS/alertmanager/api/v2/alerts"}, []string{"authorization.data.create-alert-manager-alerts.lacking"}},
		{"alert groups", []string{"WS/alertmanager/api/v2/alerts/groups"}, []string{"authorization.data.list-alert-manager-alert-groups.lacking"}},
		{"receivers", []string{"WS/alertmanager/api/v2/receivers"}, []string{"authorization.data.list-alert-manager-receivers.lacking"}},
		{"silences", []string{"GET WS/alertmanager/api/v2/silences"}, []string{"authorization.data.list-alert-manager-silences.lacking"}},
		{"making silences", []string{"POST WS/alertmanager/api/v2/silences"}, []string{"authorization.data.put-alert-manager-silences.lacking"}},
		{"one silence", []string{"GET WS/alertmanager/api/v2/silence/*"}, []string{"authorization.data.get-alert-manager-silence.lacking"}},
		{"ending silences", []string{"DELETE WS/alertmanager/api/v2/silence/*"}, []string{"authorization.data.delete-alert-manager-silence.lacking"}},
		{"the alert manager's status", []string{"WS/alertmanager/api/v2/status"}, []string{"authorization.data.get-alert-manager-status.lacking"}},
		{"the control plane's reading", []string{"GET /**", "GET WS", "GET WS/alertmanager/definition", "GET WS/rulegroupsnamespaces**", "GET WS/logging**", "GET WS/configuration", "GET WS/policy", "GET WS/anomalydetectors**"}, []string{"authorization.control.describe-workspace", "authorization.control.list-*"}},
		{"creating", []string{"POST /workspaces", "POST /scrapers", "POST WS/**", "POST /tags/**"}, []string{"authorization.control.create-*", "authorization.control.refused-creation-creates-nothing"}},
		{"replacing", []string{"PUT **"}, []string{"authorization.control.put-*"}},
		{"removing", []string{"DELETE **"}, []string{"authorization.control.delete-workspace", "authorization.control.untag-resource"}},
	}
}

// policies changes the session policies with which roles are assumed, which is
// as if the policies were understood in another way.
func policies(keep func(map[string]any) bool) layer {
	return where(func(x *exchange) bool { return x.path == "/" }, reworded("Policy", func(policy string) string {
		var document map[string]any
		if json.Unmarshal([]byte(policy), &document) != nil {
			return policy
		}
		statements, ok := document["Statement"].([]any)
		if !ok {
			statements = []any{document["Statement"]}
		}
		kept := []any{}
		for _, s := range statements {
			if s, ok := s.(map[string]any); ok && keep(s) {
				kept = append(kept, s)
			}
		}
		if len(kept) == 0 {
			kept = append(kept, map[string]any{"Effect": "Deny", "Action": "*", "Resource": "*"})
		}
		document["Statement"] = kept
		out, err := json.Marshal(document)
		if err != nil {
			return policy
		}
		return string(out)
	}))
}

// lookupFirst tells who may not do something whether a workspace exists.
func lookupFirst() layer {
	var (
		mu    sync.Mutex
		known = make(map[string]bool)
	)
	return func(x *exchange) error {
		if err := x.forward(); err != nil {
			return err
		}
		id, _, _ := strings.Cut(strings.TrimPrefix(x.path, "/workspaces/"), "/")
		mu.Lock()
		defer mu.Unlock()
		if x.accepted() {
			known[id] = true
		}
		if strings.Contains(string(x.body), "is not authorized") && !known[id] && strings.HasPrefix(x.path, "/workspaces/") {
			x.answer(404, `{"Message":"Workspace not found"}`)
		}
		return nil
	}
}
