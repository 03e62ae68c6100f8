package conformance

import (
	"context"
	"net/http"
	"strings"
)

func tokenChecks() []Check {
	return []Check{
		slow(mustModel("token.create-workspace", "CreateWorkspace twice with one clientToken makes one workspace.",
			"SDK, CreateWorkspaceInput.ClientToken [D]", func(_ context.Context, t *T) {
				body := text(map[string]any{"alias": t.Alias("once"), "clientToken": t.token("a"), "tags": t.run.tags()})
				first := t.Do(PostJSON("/workspaces", body)).RequireStatus(http.StatusAccepted)
				second := t.Do(PostJSON("/workspaces", body)).RequireStatus(http.StatusAccepted)
				second.ExpectJSON("workspaceId", first.Text("workspaceId")).ExpectJSON("arn", first.Text("arn"))
				if n := t.listed("alias", t.Alias("once")).Len("workspaces"); n > 1 {
					t.Errorf("expected one workspace with the alias %s, got %d", t.Alias("once"), n)
				}
			})),
		slow(mustModel("token.create-namespace", "CreateRuleGroupsNamespace twice with one clientToken is answered alike.",
			"SDK, CreateRuleGroupsNamespaceInput.ClientToken [D]", func(_ context.Context, t *T) {
				ws, name := t.BorrowWorkspace(), t.Name("once")
				ws.RemoveAfter("/rulegroupsnamespaces/" + name)
				body := namespaceBody(name, rulesFileOfOne, map[string]any{"clientToken": t.token("a")})
				first := ws.Control(PostJSON("/rulegroupsnamespaces", body)).RequireStatus(http.StatusAccepted)
				ws.Control(PostJSON("/rulegroupsnamespaces", body)).ExpectStatus(http.StatusAccepted).
					ExpectJSON("name", name).ExpectJSON("arn", first.Text("arn"))
				ws.namespaceActive(name)
			})),
		slow(shouldModel("token.other-parameters", "A clientToken that was used with other parameters is a 409 ConflictException, and nothing is made.",
			"amp-api.md 2.3 [I]", func(_ context.Context, t *T) {
				ws, name := t.BorrowWorkspace(), t.Name("one")
				ws.RemoveAfter("/rulegroupsnamespaces/" + name)
				ws.RemoveAfter("/rulegroupsnamespaces/" + t.Name("two"))
				token := map[string]any{"clientToken": t.token("a")}
				ws.Control(PostJSON("/rulegroupsnamespaces", namespaceBody(name, rulesFileOfOne, token))).RequireStatus(http.StatusAccepted)
				ws.namespaceActive(name)
				ws.Control(PostJSON("/rulegroupsnamespaces", namespaceBody(t.Name("two"), rulesFileOfOne, token))).
					ExpectException(http.StatusConflict, "ConflictException")
				ws.Control(Get("/rulegroupsnamespaces/"+t.Name("two"))).ExpectException(http.StatusNotFound, "ResourceNotFoundException")
			})),
		mustModel("token.update-alias", "UpdateWorkspaceAlias twice with one clientToken is answered alike.",
			"SDK, UpdateWorkspaceAliasInput.ClientToken [D]", func(_ context.Context, t *T) {
				ws := t.aliasable()
				body := text(map[string]string{"alias": t.Alias("once"), "clientToken": t.token("a")})
				ws.Control(PostJSON("/alias", body)).ExpectStatus(http.StatusNoContent)
				ws.Control(PostJSON("/alias", body)).ExpectStatus(http.StatusNoContent)
				ws.expectAlias(t.Alias("once"))
			}),
		slow(mustModel("token.delete", "DeleteRuleGroupsNamespace twice with one clientToken is answered alike.",
			"SDK, DeleteRuleGroupsNamespaceInput.ClientToken [D]", func(_ context.Context, t *T) {
				ws, name := t.BorrowWorkspace(), t.Name("once")
				ws.DefineRules(name, rulesFileOfOne)
				path := "/rulegroupsnamespaces/" + name
				remove := Delete(path + "?clientToken=" + t.token("a"))
				ws.Control(remove).ExpectStatus(http.StatusAccepted).ExpectBody("")
				ws.Control(remove).ExpectStatus(http.StatusAccepted).ExpectBody("")
				ws.AwaitGone(path)
			})),
		mustModel("token.longest", "A clientToken may have 64 characters, any from ! to ~.",
			"API model, IdempotencyToken [D]", func(_ context.Context, t *T) {
				ws := t.aliasable()
				token := t.token("!~\"\\")
				token += strings.Repeat("x", 64-len(token))
				ws.Control(PostJSON("/alias", text(map[string]string{"alias": t.Alias("once"), "clientToken": token}))).ExpectStatus(http.StatusNoContent)
				ws.expectAlias(t.Alias("once"))
			}),
	}
}

// token returns a clientToken that only this check uses.
func (t *T) token(suffix string) string {
	id := t.Name("t")
	return id[:min(len(id), 50-len(suffix))] + suffix
}
