package conformance

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// openLimitQuestions are of numbers.
func openLimitQuestions() []Check {
	return []Check{
		slow(open("limits.out-of-order-window", "7", "Which out-of-order windows are taken: an hour, a day, 30 days, a year.", func(t *T) {
			ws := t.configurable()
			for _, seconds := range []int{3600, 86400, 30 * 86400, 365 * 86400} {
				a := ws.Control(PatchJSON(configurationPath, fmt.Sprintf(`{"retentionPeriodInDays":150,"outOfOrderTimeWindowInSeconds":%d}`, seconds)))
				a.Record((time.Duration(seconds) * time.Second).String())
				if a.Status == http.StatusAccepted {
					ws.settled(configurationPath, "workspaceConfiguration.status")
				}
			}
		})),
		slow(open("limits.rule-interval", "7", "Which intervals of evaluation are taken: 1, 5, 10, 15 and 30 s.", func(t *T) {
			ws := t.BorrowWorkspace()
			for _, every := range []string{"1s", "5s", "10s", "15s", "30s"} {
				name := "every-" + every
				path := "/rulegroupsnamespaces/" + name
				ws.RemoveAfter(path)
				a := ws.Control(PostJSON("/rulegroupsnamespaces", namespaceBody(name, strings.Replace(rulesFileOfOne, "60s", every, 1), nil)))
				if a.Status != http.StatusAccepted {
					a.Record(every)
					continue
				}
				t.Record(every, text(ws.settled(path, "ruleGroupsNamespace.status")))
			}
		})),
		open("limits.query-range", "7", "Which time ranges of queries are taken: 31, 33, 94, 96 and 400 days.", func(t *T) {
			now := t.Now()
			for _, days := range []int{31, 33, 94, 96, 400} {
				span := time.Duration(days) * 24 * time.Hour
				a := t.Workspace().Do(QueryBetween(t.Metric("x"), now.Add(-span), now, 6*time.Hour))
				failure, _ := a.JSON("error")
				t.Record("range of "+strconv.Itoa(days)+" days", strconv.Itoa(a.Status)+" "+text(failure))
				a = t.Workspace().Do(QueryAt(fmt.Sprintf("count_over_time(%s[%dd])", t.Metric("x"), days), now))
				failure, _ = a.JSON("error")
				t.Record("selector of "+strconv.Itoa(days)+" days", strconv.Itoa(a.Status)+" "+text(failure))
			}
		}),
		open("limits.labels", "7", "How many labels a series may have: 70, 71, 150 and 151 are tried.", func(t *T) {
			for _, n := range []int{70, 71, 150, 151} {
				labels := Labels{}
				for i := range n - 1 { // the name is one too
					labels[fmt.Sprintf("l%03d", i)] = "v"
				}
				a := t.Workspace().Do(RemoteWriteSeries(Series(t.Metric("x"+strconv.Itoa(n)), labels, At(t.Now(), 1))))
				t.Record(strconv.Itoa(n), strconv.Itoa(a.Status))
			}
		}),
		open("limits.label-length", "7", "How long names and values of labels may be: 1024, 1025, 2048 and 2049, and 7 and 8 KB in all.", func(t *T) {
			ws, now := t.Workspace(), t.Now()
			for _, n := range []int{1024, 1025, 2048, 2049} {
				a := ws.Do(RemoteWriteSeries(Series(t.Metric("x"), Labels{strings.Repeat("n", n): "v"}, At(now, 1))))
				t.Record("name of "+strconv.Itoa(n), strconv.Itoa(a.Status))
				a = ws.Do(RemoteWriteSeries(Series(t.Metric("x"), Labels{"n": strings.Repeat("v", n)}, At(now, 1))))
				t.Record("value of "+strconv.Itoa(n), strconv.Itoa(a.Status))
			}
			for _, kb := range []int{7, 8} {
				labels := Labels{}
				for i := range kb {
					labels[fmt.Sprintf("l%d", i)] = strings.Repeat("v", 1000)
				}
				a := ws.Do(RemoteWriteSeries(Series(t.Metric("x"), labels, At(now, 1))))
				t.Record("labels of "+strconv.Itoa(kb)+" KB", strconv.Itoa(a.Status))
			}
		}),
	}
}

// settled describes a resource until its status is no step, and returns it.
func (w *Workspace) settled(path, status string) any {
	var last any
	w.t.within(activeTime, path+" comes to an end", func() error {
		a := w.Control(Get(path)).RequireStatus(http.StatusOK)
		last, _ = a.JSON(status)
		switch code := a.Text(status + ".statusCode"); code {
		case "CREATING", "UPDATING":
			return fmt.Errorf("it is %s", code)
		}
		return nil
	})
	return last
}

// openControlQuestions are of the texts and choices of the control plane.
func openControlQuestions() []Check {
	checks := []Check{
		slow(open("control.conflict", "6", "The error about a namespace that is there already.", func(t *T) {
			ws, name := t.BorrowWorkspace(), t.Name("made")
			ws.DefineRules(name, rulesFileOfOne)
			ws.Control(PostJSON("/rulegroupsnamespaces", namespaceBody(name, rulesFileOfOne, nil))).Record("create")
		})),
		slow(open("control.rules-fail", "6", "How a rules file fails that is no YAML, and one whose expression is no PromQL.", func(t *T) {
			ws := t.BorrowWorkspace()
			for _, f := range [][2]string{{"yaml", "groups: [\n"}, {"promql", strings.Replace(rulesFileOfOne, "vector(1)", "sum(", 1)}} {
				name, file := f[0], f[1]
				path := "/rulegroupsnamespaces/" + name
				ws.RemoveAfter(path)
				a := ws.Control(PostJSON("/rulegroupsnamespaces", namespaceBody(name, file, nil))).Record(name)
				if a.Status == http.StatusAccepted {
					t.Record(name+".status", text(ws.settled(path, "ruleGroupsNamespace.status")))
				}
			}
		})),
		slow(open("control.definition-fails", "6", "How an alert manager definition fails that has an unknown receiver, and one with a receiver that AMP does not have.", func(t *T) {
			for _, f := range [][2]string{
				{"receiver", "route: {receiver: b}\nreceivers: [{name: a}]"},
				{"webhook", "route: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{url: 'https://example.com/'}]}]"},
			} {
				name, config := f[0], f[1]
				ws := t.BorrowWorkspace()
				ws.RemoveAfter(definitionPath)
				a := ws.Control(PostJSON(definitionPath, dataBody(definedAs(config)))).Record(name)
				if a.Status == http.StatusAccepted {
					t.Record(name+".status", text(ws.settled(definitionPath, "alertManagerDefinition.status")))
				}
			}
		})),
		open("control.no-alias", "6", "What UpdateWorkspaceAlias without an alias does.", func(t *T) {
			ws := t.aliasable()
			ws.Control(PostJSON("/alias", `{}`)).Record("update")
			alias, there := ws.Control(Get("")).JSON("workspace.alias")
			t.Record("has-alias", strconv.FormatBool(there && alias != ""))
		}),
		open("control.default-offset", "6", "What the configuration of a workspace says that was never changed.", func(t *T) {
			t.Workspace().Control(Get(configurationPath)).Record("configuration")
		}),
		open("control.window-alone", "6", "Whether the out-of-order window can be changed without label sets or retention, which the SDK's documentation asks for.", func(t *T) {
			ws := t.configurable()
			a := ws.Control(PatchJSON(configurationPath, `{"outOfOrderTimeWindowInSeconds":61}`)).Record("update")
			if a.Status == http.StatusAccepted {
				ws.settled(configurationPath, "workspaceConfiguration.status")
			}
		}),
		open("control.log-group", "6", "What a logging configuration with a log group that is not there is answered.", func(t *T) {
			ws := t.BorrowWorkspace()
			ws.RemoveAfter("/logging")
			a := ws.Control(PostJSON("/logging", text(map[string]string{"logGroupArn": logGroupOf(ws, "ampersand-conformance-nobody")}))).Record("create")
			if a.Status == http.StatusAccepted {
				t.Record("status", text(ws.settled("/logging", "loggingConfiguration.status")))
			}
		}),
		slow(open("control.tag-detector", "6", "Whether an anomaly detector can be tagged, of which the documentation does not speak.", func(t *T) {
			ws := t.BorrowWorkspace()
			made := ws.createDetector(aDetector)
			t.Do(PostJSON(TagsPath(made.Text("arn")), `{"tags":{"a":"b"}}`)).Record("tag")
			t.Do(Get(TagsPath(made.Text("arn")))).Record("list")
		})),
		open("control.unsigned", "2", "What the control plane answers to a request without a signature.", func(t *T) {
			r := Get("/workspaces")
			r.Unsigned = true
			t.Do(r).Record("answer")
		}),
	}
	for _, c := range []call{
		{"workspace", "GET", "{none}", ""},
		{"namespace", "GET", "{ws}/rulegroupsnamespaces/nobody", ""},
		{"definition", "GET", "{ws}/alertmanager/definition", ""},
		{"logging", "GET", "{ws}/logging", ""},
		{"policy", "GET", "{ws}/policy", ""},
		{"scraper", "GET", "{scraper}", ""},
		{"detector", "GET", "{ws}/anomalydetectors/ad-nobody", ""},
		{"tags", "GET", "{notags}", ""},
	} {
		checks = append(checks, open("control.not-found-"+c.id, "6", "Text, resourceType and resourceId of the error about what "+c.described()+" does not find.", func(t *T) {
			t.call(c).Record("answer")
		}))
	}
	for _, c := range []call{
		{"alias", "POST", "/workspaces", `{"alias":""}`},
		{"json", "POST", "/workspaces", `{"alias":`},
		{"max-results", "GET", "/workspaces?maxResults=0", ""},
		{"next-token", "GET", "/workspaces?nextToken=nobody-gave-this", ""},
		{"missing-member", "POST", "{ws}/rulegroupsnamespaces", "{}"},
		{"unknown-member", "POST", "{none}/alias", `{"alias":"a","colour":"red"}`},
	} {
		checks = append(checks, open("control.validation-"+c.id, "6", "Text, reason and fieldList of the refusal of a bad "+c.id+".", func(t *T) {
			t.call(c).Record("answer")
		}))
	}
	return checks
}
