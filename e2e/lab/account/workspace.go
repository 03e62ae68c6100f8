package account

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/aws/aws-sdk-go-v2/service/amp/types"
	"k8s.io/apimachinery/pkg/util/wait"
)

// Workspace is a workspace of AMP.
type Workspace struct {
	ID, Alias string
	// Run is the run that made it.
	Run string
	// Endpoint is the data plane's base URL, without path.
	Endpoint string
}

// CreateWorkspace creates the workspace of a run. It is not waited for.
func (a *Account) CreateWorkspace(ctx context.Context, run string) (Workspace, error) {
	w := Workspace{Alias: Prefix + run, Run: run}
	// The token makes a repeated request, by the SDK after a lost answer, one and the same.
	out, err := a.amp.CreateWorkspace(ctx, &amp.CreateWorkspaceInput{
		Alias: &w.Alias, ClientToken: &w.Alias, Tags: tags(run),
	})
	if err != nil {
		return w, fmt.Errorf("create the workspace %s: %w", w.Alias, err)
	}
	w.ID = aws.ToString(out.WorkspaceId)
	return w, nil
}

// AwaitWorkspace waits until a workspace is ACTIVE, and returns it with its endpoint.
func (a *Account) AwaitWorkspace(ctx context.Context, w Workspace) (Workspace, error) {
	var last types.WorkspaceStatusCode
	err := wait.PollUntilContextCancel(ctx, pollInterval, true, func(ctx context.Context) (bool, error) {
		out, err := a.amp.DescribeWorkspace(ctx, &amp.DescribeWorkspaceInput{WorkspaceId: &w.ID})
		if err != nil {
			return false, err
		}
		last = out.Workspace.Status.StatusCode
		if last == types.WorkspaceStatusCodeCreationFailed {
			return false, errors.New("its creation failed")
		}
		// The documented examples differ in what follows the workspace (amp-api.md 1.1 [O], [D]).
		base, _, found := strings.Cut(aws.ToString(out.Workspace.PrometheusEndpoint), "/workspaces/")
		if last == types.WorkspaceStatusCodeActive && !found {
			return false, fmt.Errorf("its endpoint %q has no workspace in it", aws.ToString(out.Workspace.PrometheusEndpoint))
		}
		w.Endpoint = base
		return last == types.WorkspaceStatusCodeActive, nil
	})
	if err != nil {
		return w, fmt.Errorf("wait for the workspace %s: %w (it is %s)", w.ID, err, last)
	}
	return w, nil
}

// DeleteWorkspace deletes a workspace and waits until it is being deleted or gone. That there is none is no error.
func (a *Account) DeleteWorkspace(ctx context.Context, w Workspace) error {
	_, err := a.amp.DeleteWorkspace(ctx, &amp.DeleteWorkspaceInput{WorkspaceId: &w.ID, ClientToken: aws.String("delete-" + w.ID)})
	if missing := (*types.ResourceNotFoundException)(nil); errors.As(err, &missing) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("delete the workspace %s (%s): %w", w.ID, w.Alias, err)
	}
	return nil
}

// Workspaces lists the workspaces that runs have made and left, by alias and tag.
func (a *Account) Workspaces(ctx context.Context) ([]Workspace, error) {
	var list []Workspace
	pages := amp.NewListWorkspacesPaginator(a.amp, &amp.ListWorkspacesInput{Alias: aws.String(Prefix)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list the workspaces: %w", err)
		}
		for _, w := range page.Workspaces {
			run, ours := w.Tags[Tag]
			// The filter of the list compares the beginning (amp-api.md 2 [D]). A tag alone somebody may have copied.
			if !ours || !strings.HasPrefix(aws.ToString(w.Alias), Prefix) || w.Status.StatusCode == types.WorkspaceStatusCodeDeleting {
				continue
			}
			list = append(list, Workspace{ID: aws.ToString(w.WorkspaceId), Alias: aws.ToString(w.Alias), Run: run})
		}
	}
	return list, nil
}
