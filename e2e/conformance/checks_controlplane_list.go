package conformance

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/amp"
)

func listWorkspacesChecks() []Check {
	return []Check{
		mustModel("list.workspace", "ListWorkspaces shows what DescribeWorkspace shows, but no prometheusEndpoint.",
			"API model, WorkspaceSummary [D]", func(_ context.Context, t *T) {
				ws := t.Workspace()
				t.Eventually("the workspace is listed", func() error {
					a := t.listed("alias", ws.Alias()).ExpectJSON("workspaces.0.workspaceId", ws.ID()).
						ExpectJSON("workspaces.0.arn", ws.ARN()).ExpectJSON("workspaces.0.alias", ws.Alias()).
						ExpectJSON("workspaces.0.status.statusCode", "ACTIVE").ExpectJSON("workspaces.0.tags", t.run.tags()).
						ExpectRecent("workspaces.0.createdAt").ExpectNoJSON("workspaces.0.prometheusEndpoint")
					if n := a.Len("workspaces"); n < 1 {
						return fmt.Errorf("expected a workspace, got none; %s", a)
					}
					return nil
				})
			}),
		mustModel("list.alias-prefix", "ListWorkspaces with alias lists the workspaces whose aliases begin with it.",
			"SDK, ListWorkspacesInput.Alias [D]", func(_ context.Context, t *T) {
				alias := t.Workspace().Alias()
				t.Eventually("the workspace is listed by the beginning of its alias", func() error {
					a := t.listed("alias", alias[:len(alias)-2])
					if !slices.Contains(a.texts("workspaces", "workspaceId"), t.Workspace().ID()) {
						return fmt.Errorf("expected workspace %s to be listed; %s", t.Workspace().ID(), a)
					}
					return nil
				})
				for _, other := range []string{alias[1:], alias + "x"} {
					if a := t.listed("alias", other); a.Len("workspaces") != 0 {
						t.Errorf("expected no workspace by %q; %s", other, a)
					}
				}
			}),
		mustModel("list.alias-trimmed", "Blanks at the ends of the filter of ListWorkspaces are not part of it.",
			"SDK, ListWorkspacesInput.Alias [D]", func(_ context.Context, t *T) {
				alias := t.Workspace().Alias()
				if a := t.listed("alias", " "+alias+" "); !slices.Contains(a.texts("workspaces", "workspaceId"), t.Workspace().ID()) {
					t.Errorf("expected workspace %s to be listed; %s", t.Workspace().ID(), a)
				}
			}),
		mustModel("list.pages", "ListWorkspaces gives maxResults workspaces at a time, each workspace once.",
			"SDK, ListWorkspacesInput.NextToken [D]", listsWorkspacesInPages),
		slow(mustModel("list.deleting", "ListWorkspaces lists a workspace that is being deleted as long as it is described.",
			"SDK, ListWorkspaces [D]", listsDeleting)),
	}
}

// listed lists workspaces with parameters in pairs.
func (t *T) listed(params ...string) Answer {
	q := url.Values{}
	for i := 0; i < len(params); i += 2 {
		q.Set(params[i], params[i+1])
	}
	return t.Do(Get("/workspaces?" + q.Encode())).RequireStatus(http.StatusOK)
}

// texts returns a member of each object of a list.
func (a Answer) texts(list, member string) []string {
	out := make([]string, a.Len(list))
	for i := range out {
		out[i] = a.Text(fmt.Sprintf("%s.%d.%s", list, i, member))
	}
	return out
}

func listsWorkspacesInPages(ctx context.Context, t *T) {
	want := []string{t.Workspace().ID(), t.BorrowWorkspace().ID()}
	prefix := t.run.alias("")
	var got []string
	pages := amp.NewListWorkspacesPaginator(t.Control(), &amp.ListWorkspacesInput{Alias: &prefix, MaxResults: aws.Int32(1)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatalf("list workspaces %s one at a time, after %q: %v", prefix, got, err)
		}
		if len(page.Workspaces) > 1 {
			t.Fatalf("expected a page of one workspace, got %d", len(page.Workspaces))
		}
		for _, ws := range page.Workspaces {
			got = append(got, aws.ToString(ws.WorkspaceId))
		}
	}
	for _, id := range want {
		if n := len(got) - len(slices.DeleteFunc(slices.Clone(got), func(s string) bool { return s == id })); n != 1 {
			t.Errorf("expected workspace %s once in the pages, it is there %d times: %q", id, n, got)
		}
	}
}

func listsDeleting(_ context.Context, t *T) {
	ws := t.OwnWorkspace()
	ws.Control(Delete("")).RequireStatus(http.StatusAccepted)
	list := t.listed("alias", ws.Alias())
	if ws.Control(Get("")).Status != http.StatusOK {
		t.NotApplicable("the workspace was gone before it could be listed")
	}
	list.ExpectJSON("workspaces.0.workspaceId", ws.ID()).ExpectJSON("workspaces.0.status.statusCode", "DELETING")
}
