package conformance

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/amp"
)

func aliasChecks() []Check {
	return []Check{
		mustModel("alias.update", "UpdateWorkspaceAlias answers 204 with nothing and gives the workspace the alias.",
			"API model [D]", func(_ context.Context, t *T) {
				ws := t.aliasable()
				ws.setAlias(t.Alias("next")).ExpectStatus(http.StatusNoContent).ExpectBody("")
				ws.expectAlias(t.Alias("next"))
			}),
		mustModel("alias.trimmed", "Blanks at the ends of an alias are not part of it.",
			"SDK, UpdateWorkspaceAliasInput.Alias [D]", func(_ context.Context, t *T) {
				ws := t.aliasable()
				ws.setAlias("  " + t.Alias("x y") + " ").ExpectStatus(http.StatusNoContent)
				ws.expectAlias(t.Alias("x y"))
			}),
		mustModel("alias.not-unique", "Two workspaces may have the same alias.",
			"SDK, UpdateWorkspaceAliasInput.Alias [D]", func(_ context.Context, t *T) {
				ws := t.aliasable()
				ws.setAlias(t.Workspace().Alias()).ExpectStatus(http.StatusNoContent)
				ws.expectAlias(t.Workspace().Alias())
			}),
		mustModel("alias.any-character", "An alias may have any characters.",
			"API model, WorkspaceAlias has no pattern [D]", func(_ context.Context, t *T) {
				ws := t.aliasable()
				alias := t.Alias(`é☃ "/\{}`)
				ws.setAlias(alias).ExpectStatus(http.StatusNoContent)
				ws.expectAlias(alias)
			}),
		mustModel("alias.longest", "An alias of 100 characters is taken.",
			"API model, WorkspaceAlias [D]", func(_ context.Context, t *T) {
				ws := t.aliasable()
				alias := t.Alias("long")
				alias += strings.Repeat("x", 100-len(alias))
				ws.setAlias(alias).ExpectStatus(http.StatusNoContent)
				ws.expectAlias(alias)
			}),
		mustModel("validation.alias-too-long", "An alias of 101 characters is refused with 400 ValidationException FIELD_VALIDATION_FAILED.",
			"API model, WorkspaceAlias [D]", func(_ context.Context, t *T) {
				t.Do(PostJSON("/workspaces", text(map[string]string{"alias": strings.Repeat("a", 101)}))).
					ExpectException(http.StatusBadRequest, "ValidationException").ExpectJSON("reason", "FIELD_VALIDATION_FAILED")
			}),
	}
}

// aliasable borrows a workspace and gives it its alias back.
func (t *T) aliasable() *Workspace {
	ws := t.BorrowWorkspace()
	t.Cleanup(func(ctx context.Context) error { return ws.restoreAlias(ctx) })
	return ws
}

func (w *Workspace) setAlias(alias string) Answer {
	return w.Control(PostJSON("/alias", text(map[string]string{"alias": alias})))
}

func (w *Workspace) expectAlias(want string) {
	w.t.Eventually("the alias is seen", func() error {
		w.Control(Get("")).ExpectStatus(http.StatusOK).ExpectJSON("workspace.alias", want)
		return nil
	})
}

func (w *Workspace) restoreAlias(ctx context.Context) error {
	_, err := w.t.Control().UpdateWorkspaceAlias(ctx, &amp.UpdateWorkspaceAliasInput{WorkspaceId: &w.id, Alias: &w.alias})
	if err != nil {
		return fmt.Errorf("give workspace %s its alias back: %w", w.id, err)
	}
	return nil
}
