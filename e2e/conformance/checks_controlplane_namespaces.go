package conformance

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
)

func ruleNamespaceChecks() []Check {
	return []Check{
		slow(mustModel("rules.create", "CreateRuleGroupsNamespace answers 202 with name and ARN, and the namespace is CREATING.",
			"API model; service authorization reference [D]", func(_ context.Context, t *T) {
				ws, name := t.BorrowWorkspace(), t.Name("made")
				ws.createNamespace(name, nil).RequireStatus(http.StatusAccepted).ExpectJSON("name", name).
					ExpectJSON("status", map[string]string{"statusCode": "CREATING"}).
					ExpectJSON("arn", strings.Replace(ws.ARN(), ":workspace/", ":rulegroupsnamespace/", 1)+"/"+name)
				ws.namespaceActive(name)
			})),
		slow(mustModel("rules.describe", "DescribeRuleGroupsNamespace gives the file back byte for byte, with ARN, name, status and times.",
			"API model, RuleGroupsNamespaceDescription [D]", func(_ context.Context, t *T) {
				ws, name := t.BorrowWorkspace(), t.Name("made")
				file := "# é\t \r\n" + rulesFileOfOne
				ws.DefineRules(name, file)
				ws.Control(Get("/rulegroupsnamespaces/"+name)).ExpectStatus(http.StatusOK).
					ExpectJSON("ruleGroupsNamespace.data", base64.StdEncoding.EncodeToString([]byte(file))).
					ExpectJSON("ruleGroupsNamespace.name", name).ExpectJSON("ruleGroupsNamespace.status", map[string]string{"statusCode": "ACTIVE"}).
					ExpectJSON("ruleGroupsNamespace.arn", strings.Replace(ws.ARN(), ":workspace/", ":rulegroupsnamespace/", 1)+"/"+name).
					ExpectRecent("ruleGroupsNamespace.createdAt").ExpectRecent("ruleGroupsNamespace.modifiedAt")
			})),
		slow(mustModel("rules.put", "PutRuleGroupsNamespace answers 202, the namespace is UPDATING and then has the new file; the time of its creation stays.",
			"API model [D]", putsNamespace)),
		slow(mustModel("rules.delete", "DeleteRuleGroupsNamespace answers 202 with nothing, and the namespace is not found in the end.",
			"API model [D]", func(_ context.Context, t *T) {
				ws, name := t.BorrowWorkspace(), t.Name("made")
				ws.DefineRules(name, rulesFileOfOne)
				path := "/rulegroupsnamespaces/" + name
				ws.Control(Delete(path)).ExpectStatus(http.StatusAccepted).ExpectBody("")
				ws.AwaitGone(path)
				ws.Control(Delete(path)).ExpectException(http.StatusNotFound, "ResourceNotFoundException")
			})),
		slow(mustModel("rules.create-does-not-update", "CreateRuleGroupsNamespace of a name that is there is refused and leaves the file.",
			"SDK, CreateRuleGroupsNamespace [D]", func(_ context.Context, t *T) {
				ws, name := t.BorrowWorkspace(), t.Name("made")
				ws.DefineRules(name, rulesFileOfOne)
				a := ws.Control(PostJSON("/rulegroupsnamespaces", namespaceBody(name, rulesFileOfNext, nil)))
				if a.Status/100 != 4 {
					t.Errorf("expected a refusal; %s", a)
				}
				ws.namespaceActive(name).ExpectJSON("ruleGroupsNamespace.data", base64.StdEncoding.EncodeToString([]byte(rulesFileOfOne)))
			})),
		slow(shouldModel("rules.create-conflict", "CreateRuleGroupsNamespace of a name that is there is a 409 ConflictException.",
			"amp-api.md 2.3 [I]", func(_ context.Context, t *T) {
				ws, name := t.BorrowWorkspace(), t.Name("made")
				ws.DefineRules(name, rulesFileOfOne)
				ws.Control(PostJSON("/rulegroupsnamespaces", namespaceBody(name, rulesFileOfNext, nil))).
					ExpectException(http.StatusConflict, "ConflictException")
			})),
		mustModel("rules.put-does-not-create", "PutRuleGroupsNamespace of a name that is not there is refused and makes nothing.",
			"SDK, PutRuleGroupsNamespace [D]", func(_ context.Context, t *T) {
				ws, path := t.BorrowWorkspace(), "/rulegroupsnamespaces/"+t.Name("none")
				ws.RemoveAfter(path)
				if a := ws.Control(PutJSON(path, dataBody(rulesFileOfOne))); a.Status/100 != 4 {
					t.Errorf("expected a refusal; %s", a)
				}
				ws.Control(Get(path)).ExpectException(http.StatusNotFound, "ResourceNotFoundException")
			}),
		shouldModel("rules.put-missing", "PutRuleGroupsNamespace of a name that is not there is a 404 ResourceNotFoundException.",
			"amp-api.md 2.3 [I]", func(_ context.Context, t *T) {
				t.Workspace().Control(PutJSON("/rulegroupsnamespaces/"+t.Name("none"), dataBody(rulesFileOfOne))).
					ExpectException(http.StatusNotFound, "ResourceNotFoundException")
			}),
		slow(shouldModel("rules.create-after-delete", "A name that is free again can be used again.",
			"API model [I]", func(_ context.Context, t *T) {
				ws, name := t.BorrowWorkspace(), t.Name("made")
				ws.DefineRules(name, rulesFileOfOne)
				ws.Control(Delete("/rulegroupsnamespaces/" + name)).RequireStatus(http.StatusAccepted)
				ws.AwaitGone("/rulegroupsnamespaces/" + name)
				ws.DefineRules(name, rulesFileOfNext)
				ws.namespaceActive(name).ExpectJSON("ruleGroupsNamespace.data", base64.StdEncoding.EncodeToString([]byte(rulesFileOfNext)))
			})),
		slow(mustModel("rules.longest-name", "A namespace's name may have 128 characters.",
			"API model, RuleGroupsNamespaceName [D]", func(_ context.Context, t *T) {
				name := t.Name("long")
				t.definesNamespace(name[:min(len(name), 128)] + strings.Repeat("x", max(0, 128-len(name))))
			})),
		slow(mustModel("rules.odd-name", "A namespace's name may have any characters as long as one is a letter or digit.",
			"API model, RuleGroupsNamespaceName [D]", func(_ context.Context, t *T) { t.definesNamespace(t.Name("é %2F+&?#")) })),
		slow(mustModel("rules.group-key-longest", "Names of namespace and group may have 721 bytes together.",
			"SDK, CreateRuleGroupsNamespace [D]", func(_ context.Context, t *T) {
				ws, name := t.BorrowWorkspace(), t.Name("made")
				ws.DefineRules(name, groupFile(strings.Repeat("g", 721-len(name))))
			})),
		slow(mustModel("rules.group-key-too-long", "Names of namespace and group of 722 bytes together do not come into force.",
			"SDK, CreateRuleGroupsNamespace [D]", func(_ context.Context, t *T) {
				name := t.Name("made")
				t.expectNoRules(name, groupFile(strings.Repeat("g", 722-len(name))))
			})),
	}
}

func groupFile(group string) string {
	return strings.Replace(rulesFileOfOne, "name: g", "name: "+group, 1)
}

func putsNamespace(_ context.Context, t *T) {
	ws, name := t.BorrowWorkspace(), t.Name("made")
	ws.DefineRules(name, rulesFileOfOne)
	path := "/rulegroupsnamespaces/" + name
	before := ws.Control(Get(path)).RequireStatus(http.StatusOK)
	ws.Control(PutJSON(path, dataBody(rulesFileOfNext))).RequireStatus(http.StatusAccepted).
		ExpectJSON("name", name).ExpectJSON("status.statusCode", "UPDATING").ExpectJSON("arn", before.Text("ruleGroupsNamespace.arn"))
	after := ws.namespaceActive(name)
	t.Eventually("the new file is seen", func() error {
		after = ws.Control(Get(path)).ExpectJSON("ruleGroupsNamespace.data", base64.StdEncoding.EncodeToString([]byte(rulesFileOfNext)))
		return nil
	})
	after.ExpectJSON("ruleGroupsNamespace.createdAt", before.Seconds("ruleGroupsNamespace.createdAt"))
	if then, now := before.Seconds("ruleGroupsNamespace.modifiedAt"), after.Seconds("ruleGroupsNamespace.modifiedAt"); now <= then {
		t.Errorf("expected modifiedAt to be later than %f, got %f", then, now)
	}
}

// definesNamespace creates a namespace and finds it under its name.
func (t *T) definesNamespace(name string) {
	ws := t.BorrowWorkspace()
	ws.DefineRules(name, rulesFileOfOne)
	ws.Control(Get("/rulegroupsnamespaces/"+url.PathEscape(name))).ExpectStatus(http.StatusOK).ExpectJSON("ruleGroupsNamespace.name", name)
	ws.Control(Get("/rulegroupsnamespaces?"+url.Values{"name": {name}}.Encode())).ExpectStatus(http.StatusOK).
		ExpectJSON("ruleGroupsNamespaces.0.name", name)
}

// dataBody is the body of a Put, or of the Create of an alert manager definition.
func dataBody(file string) string { return text(map[string]any{"data": []byte(file)}) }

// namespaceBody is the body of CreateRuleGroupsNamespace.
func namespaceBody(name, file string, more map[string]any) string {
	body := map[string]any{"name": name, "data": []byte(file)}
	for k, v := range more {
		body[k] = v
	}
	return text(body)
}

// createNamespace asks for a namespace of one rule, which is removed after the
// check.
func (w *Workspace) createNamespace(name string, tags map[string]string) Answer {
	w.RemoveAfter("/rulegroupsnamespaces/" + name)
	more := map[string]any{}
	if tags != nil {
		more["tags"] = tags
	}
	return w.Control(PostJSON("/rulegroupsnamespaces", namespaceBody(name, rulesFileOfOne, more)))
}

func (w *Workspace) namespaceActive(name string) Answer {
	return w.Await("/rulegroupsnamespaces/"+name, "ruleGroupsNamespace.status.statusCode", "ACTIVE")
}

// expectNoRules expects a rules file to be refused at once, with 400, or to end
// in CREATION_FAILED with a reason: which of them is not known for every fault
// [I].
func (t *T) expectNoRules(name, file string) {
	ws, path := t.BorrowWorkspace(), "/rulegroupsnamespaces/"+name
	ws.RemoveAfter(path)
	a := ws.Control(PostJSON("/rulegroupsnamespaces", namespaceBody(name, file, nil)))
	if a.Status == http.StatusBadRequest {
		a.ExpectException(http.StatusBadRequest, "ValidationException")
		ws.Control(Get(path)).ExpectException(http.StatusNotFound, "ResourceNotFoundException")
		return
	}
	a.RequireStatus(http.StatusAccepted)
	ws.expectFailed(path, "ruleGroupsNamespace.status", "CREATION_FAILED")
}

// expectFailed expects a resource to end in a state that is a failure, with the
// reason.
func (w *Workspace) expectFailed(path, status, code string) {
	var last Answer
	w.t.within(activeTime, path+" comes to an end", func() error {
		last = w.Control(Get(path)).RequireStatus(http.StatusOK)
		if got := last.Text(status + ".statusCode"); got == "CREATING" || got == "UPDATING" {
			w.t.Errorf("it is %s", got)
		}
		return nil
	})
	last.ExpectJSON(status+".statusCode", code).ExpectText(status + ".statusReason")
}
