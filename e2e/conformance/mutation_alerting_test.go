package conformance_test

import "slices"

// alertingMutations are faults of rules, alerts and the alert manager.
func alertingMutations() []mutation {
	rules, manager := []string{"WS/api/v1/rules", "WS/api/v1/alerts"}, []string{"WS/alertmanager/api/**"}
	var out []mutation
	for _, f := range []struct{ member, in string }{
		{"file", "rules.list"}, {"name", "rules.list"}, {"query", "rules.list"}, {"type", "rules.list"}, {"labels", "rules.evaluated"}, {"annotations", "rules.evaluated"},
		{"duration", "rules.list"}, {"interval", "rules.list"}, {"health", "rules.evaluated"}, {"lastError", "rules.evaluated"}, {"state", "rules.evaluated"},
		{"activeAt", "rules.evaluated"}, {"value", "rules.evaluated"}, {"alerts", "rules.evaluated"}, {"groups", "rules.list"}, {"errorType", "rules.list"},
		{"error", "rules.list"}, {"lastEvaluation", "rules.evaluated"}, {"evaluationTime", "rules.list"}, {"keepFiringFor", "rules.list"},
		{"groupNextToken", "rules.filter"},
	} {
		out = append(out, mutation{name: "rules and alerts leave out " + f.member, layer: on(accepted(drop(f.member)), rules...), in: []string{f.in, "rules.filter"}, also: dataAreas()})
	}
	for _, member := range []string{
		"name", "labels", "annotations", "startsAt", "endsAt", "updatedAt", "fingerprint", "receivers", "receiver", "status", "state",
		"silencedBy", "inhibitedBy", "generatorURL", "alerts", "id", "silenceID", "matchers", "createdBy", "comment", "isRegex", "isEqual",
		"config", "original", "uptime", "versionInfo", "cluster",
	} {
		out = append(out, mutation{name: "the alert manager leaves out " + member, layer: on(accepted(drop(member)), manager...), in: []string{"alertmanager"}, also: dataAreas()})
	}
	return append(out, mutation{
		name: "alerts of rules do not reach the alert manager", layer: on(accepted(func(x *exchange) {
			x.edited(func(v any) any {
				list, ok := v.([]any)
				if !ok {
					return v
				}
				return slices.DeleteFunc(list, func(alert any) bool {
					o, _ := alert.(map[string]any)
					labels, _ := o["labels"].(map[string]any)
					return labels["every"] != nil
				})
			})
		}), manager...), in: []string{"alertmanager"}, also: dataAreas(), kills: []string{"rules.evaluated.reaches-alert-manager"},
	})
}
