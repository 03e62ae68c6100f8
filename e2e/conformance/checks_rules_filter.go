package conformance

import (
	"fmt"
	"net/http"
	"net/url"
)

// rules lists the rules, with parameters in pairs.
func (w *Workspace) rules(params ...string) Answer {
	return w.listRules(params...).RequireStatus(http.StatusOK)
}

func (w *Workspace) listRules(params ...string) Answer {
	q := url.Values{}
	for i := 0; i < len(params); i += 2 {
		q.Add(params[i], params[i+1])
	}
	return w.Do(Get("/api/v1/rules?" + q.Encode()))
}

// names returns the rules of an answer as file/group/rule.
func (a Answer) names() []string {
	var out []string
	for g := range a.Len("data.groups") {
		group := fmt.Sprintf("data.groups.%d", g)
		for r := range a.Len(group + ".rules") {
			out = append(out, a.Text(group+".file")+"/"+a.Text(group+".name")+"/"+a.Text(fmt.Sprintf("%s.rules.%d.name", group, r)))
		}
	}
	return sortedTexts(out)
}

func filterRulesChecks() []Check {
	all := []string{"first/a/Quiet", "first/a/first:a", "first/b/first:b", "second/a/Loud"}
	var checks []Check
	for _, row := range []struct {
		id, what string
		params   []string
		want     []string
	}{
		{"none", "no parameter lists all rules", nil, all},
		{"type-alert", "type=alert lists alerting rules", []string{"type", "alert"}, []string{all[0], all[3]}},
		{"type-record", "type=record lists recording rules", []string{"type", "record"}, all[1:3]},
		{"rule-name", "rule_name[] lists the rules of the names", []string{"rule_name[]", "Loud", "rule_name[]", "first:b"}, all[2:]},
		{"rule-group", "rule_group[] lists the groups of the names", []string{"rule_group[]", "b"}, all[2:3]},
		{"file", "file[] lists the namespaces of the names", []string{"file[]", "second"}, all[3:]},
		{"match", "match[] lists the rules whose labels match", []string{"match[]", `{team="ops"}`}, all[1:2]},
		{"both", "two parameters list what passes both", []string{"file[]", "first", "type", "alert"}, all[:1]},
		{"nobody", "a filter that nothing passes lists no group", []string{"rule_name[]", "nobody"}, nil},
	} {
		checks = append(checks, onRules(Must, "filter."+row.id, "In the list of rules "+row.what+".", listRulesSource, func(t *T, ws *Workspace) {
			if a := ws.rules(row.params...); text(a.names()) != text(row.want) {
				t.Errorf("expected %q, got %q; %s", row.want, a.names(), a)
			}
		}))
	}
	for _, row := range []struct {
		id, what, text string
		params         []string
	}{
		{"type", "an unknown type", `unsupported rule type "colour"`, []string{"type", "colour"}},
		{"limit-no-number", "a group_limit that is no number", "group_limit needs to be a valid number", []string{"group_limit", "x"}},
		{"limit-zero", "group_limit=0", "group_limit needs to be greater than 0", []string{"group_limit", "0"}},
		{"token-without-limit", "a group_next_token without group_limit", "group_limit needs to be present in order to paginate over the groups", []string{"group_next_token", "x"}},
		{"exclude-alerts", "an exclude_alerts that is neither true nor false", "", []string{"exclude_alerts", "x"}},
		{"match", "a match[] that is no selector", "", []string{"match[]", "{"}},
	} {
		checks = append(checks, onRules(Should, "filter.bad-"+row.id, "The list of rules with "+row.what+" is refused with 400 bad_data.",
			"Cortex, pkg/ruler/api.go [C]", func(_ *T, ws *Workspace) {
				a := ws.listRules(row.params...).ExpectStatus(http.StatusBadRequest).ExpectJSON("status", "error").
					ExpectJSON("errorType", "bad_data").ExpectText("error")
				if row.text != "" {
					a.ExpectJSON("error", row.text)
				}
			}))
	}
	return append(checks,
		onRules(Must, "filter.pages", "group_limit and group_next_token list the groups page by page, each once, and the last page has no token.",
			listRulesSource, pagesOfRules),
		onRules(Should, "filter.limit-of-all", "A group_limit that all groups pass gives no groupNextToken.",
			"Cortex, pkg/ruler/api.go [C]", func(_ *T, ws *Workspace) {
				ws.rules("group_limit", "3").ExpectNoJSON("data.groupNextToken").ExpectNoJSON("data.groups.3")
			}),
	)
}

func pagesOfRules(t *T, ws *Workspace) {
	var got []string
	token, pages := "", 0
	for {
		params := []string{"group_limit", "2"}
		if token != "" {
			params = append(params, "group_next_token", token)
		}
		a := ws.rules(params...)
		if n := a.Len("data.groups"); n > 2 {
			t.Errorf("expected two groups at most, got %d; %s", n, a)
		}
		got = append(got, a.names()...)
		pages++
		next, more := a.JSON("data.groupNextToken")
		if !more || next == "" {
			break
		}
		if pages == 5 {
			t.Fatalf("expected two pages of three groups, there are more; %s", a)
		}
		token = a.Text("data.groupNextToken")
	}
	if want := ws.rules().names(); pages != 2 || text(sortedTexts(got)) != text(want) {
		t.Errorf("expected %q in two pages, got %q in %d", want, got, pages)
	}
}
