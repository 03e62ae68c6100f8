package conformance

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/aws/aws-sdk-go-v2/service/amp/types"
)

// Leftover is a workspace that a run seems to have left behind.
type Leftover struct {
	ID      string    `json:"id"`
	Alias   string    `json:"alias"`
	Run     string    `json:"run"` // the run's id, by the tag
	Created time.Time `json:"created"`
	// Sure is that tags and alias both say so, and name the same run. A workspace
	// of which only one says so is somebody's to judge, and never removed.
	Sure bool `json:"sure"`
}

// Leftovers finds what runs seem to have left at the target, the workspaces of
// runs in progress among them. It changes nothing.
func Leftovers(ctx context.Context, at Target) ([]Leftover, error) {
	r, err := newRun(ctx, Config{Target: at, Checks: []Check{}})
	if err != nil {
		return nil, err
	}
	var out []Leftover
	err = r.each(ctx, func(ws types.WorkspaceSummary) {
		tagged := ws.Tags[TagCreatedBy] == CreatedBy && ws.Tags[TagRun] != ""
		alias := aws.ToString(ws.Alias)
		if !tagged && !strings.HasPrefix(alias, AliasPrefix) {
			return
		}
		l := Leftover{ID: aws.ToString(ws.WorkspaceId), Alias: alias, Created: aws.ToTime(ws.CreatedAt)}
		if tagged {
			l.Run = ws.Tags[TagRun]
			l.Sure = strings.HasPrefix(alias, AliasPrefix+l.Run+"-")
		}
		out = append(out, l)
	})
	return out, err
}

// RemoveLeftovers removes those that are surely a run's.
func RemoveLeftovers(ctx context.Context, at Target, leftovers []Leftover) error {
	r, err := newRun(ctx, Config{Target: at, Checks: []Check{}})
	if err != nil {
		return err
	}
	var sure []string
	for _, l := range leftovers {
		if l.Sure {
			sure = append(sure, l.ID)
		}
	}
	return r.removeEach(ctx, sure)
}

// each calls f with the account's workspaces that are not on their way out.
func (r *run) each(ctx context.Context, f func(types.WorkspaceSummary)) error {
	pages := amp.NewListWorkspacesPaginator(r.control(r.setup, r.target.Credentials), &amp.ListWorkspacesInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("list the workspaces: %w", err)
		}
		for _, ws := range page.Workspaces {
			if ws.Status == nil || ws.Status.StatusCode != types.WorkspaceStatusCodeDeleting {
				f(ws)
			}
		}
	}
	return nil
}
