package conformance

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/aws/aws-sdk-go-v2/service/amp/types"
)

// activeTime is how long a workspace may take to become ACTIVE; the SDK's waiter
// polls for two minutes too [D].
const activeTime = 2 * time.Minute

// place is a workspace as everybody sees it.
type place struct {
	id, arn, alias string
	endpoint       string // prometheusEndpoint without a slash at its end
}

// Workspace is a workspace as one check sees it.
type Workspace struct {
	t *T
	place
}

// ID returns the workspace's id.
func (w *Workspace) ID() string { return w.id }

// ARN returns the workspace's ARN.
func (w *Workspace) ARN() string { return w.arn }

// Alias returns the alias that the workspace was created with.
func (w *Workspace) Alias() string { return w.alias }

// Endpoint returns the data plane's URL of the workspace, without a slash at its
// end; /api/v1/query follows it.
func (w *Workspace) Endpoint() string { return w.endpoint }

// WithID returns a workspace at the same data plane with another id, be there
// one or not.
func (w *Workspace) WithID(id string) *Workspace {
	other := *w
	other.id, other.alias = id, ""
	other.arn = strings.TrimSuffix(w.arn, w.id) + id
	other.endpoint = strings.TrimSuffix(w.endpoint, w.id) + id
	return &other
}

// Do sends a request to the workspace's data plane; its path follows
// /workspaces/ID.
func (w *Workspace) Do(r Request) Answer { return w.t.send(w.endpoint, r) }

// Workspace returns the workspace that all checks of the run share. What a
// check leaves in it, others see: it only writes series of its own.
func (t *T) Workspace() *Workspace { return &Workspace{t, t.run.shared} }

// OwnWorkspace creates a workspace for this check alone and removes it
// afterwards. A check takes two at most: accounts have 25.
func (t *T) OwnWorkspace() *Workspace {
	p, err := t.run.create(t.ctx, t.wire, t.Alias("own"), "")
	if err != nil {
		t.Fatalf("%v", err)
	}
	return &Workspace{t, p}
}

// BorrowWorkspace returns a workspace that is this check's alone until it ends
// and that an earlier check may have used: old series may be in it. What the
// check defines in it, it has to remove by Cleanup. That is quicker than
// OwnWorkspace wherever workspaces take their time to be made.
func (t *T) BorrowWorkspace() *Workspace {
	p, ok := t.run.takeIdle()
	if !ok {
		var err error
		// Whose turn it is to make one depends on the moment: it is the run's.
		if p, err = t.run.create(t.ctx, t.run.setup, t.run.alias("pool"), ""); err != nil {
			t.Fatalf("%v", err)
		}
	}
	t.lent = append(t.lent, p)
	return &Workspace{t, p}
}

// create makes a workspace and waits until it is ACTIVE. With a token it is the
// one that was made with that token before; without one it is new.
func (r *run) create(ctx context.Context, w *wire, alias, token string) (place, error) {
	client, in := r.control(w, r.target.Credentials), &amp.CreateWorkspaceInput{Alias: &alias, Tags: r.tags()}
	if token != "" {
		in.ClientToken = &token
	}
	made, err := client.CreateWorkspace(ctx, in)
	if err != nil {
		return place{}, fmt.Errorf("create workspace %s: %w", alias, err)
	}
	id := aws.ToString(made.WorkspaceId)
	waiter := amp.NewWorkspaceActiveWaiter(client, func(o *amp.WorkspaceActiveWaiterOptions) {
		o.MinDelay, o.MaxDelay = 50*time.Millisecond, 2*time.Second
	})
	got, err := waiter.WaitForOutput(ctx, &amp.DescribeWorkspaceInput{WorkspaceId: &id}, activeTime)
	if err != nil {
		return place{}, fmt.Errorf("wait for workspace %s to become ACTIVE: %w", id, err)
	}
	p := place{id: id, arn: aws.ToString(made.Arn), alias: alias}
	p.endpoint, err = r.dataPlane(aws.ToString(got.Workspace.PrometheusEndpoint))
	if err != nil {
		return place{}, fmt.Errorf("workspace %s: %w", id, err)
	}
	return p, nil
}

// dataPlane turns prometheusEndpoint into the URL that paths are appended to.
// Its documentation ends it in /api/v1/, real answers in the id and a slash
// [D types.go; O].
func (r *run) dataPlane(endpoint string) (string, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" {
		return "", fmt.Errorf("prometheusEndpoint %q is no URL", endpoint)
	}
	base := u.Scheme + "://" + u.Host
	if r.target.DataPlane != "" {
		base = r.target.DataPlane
	}
	return base + strings.TrimSuffix(strings.TrimRight(u.EscapedPath(), "/"), "/api/v1"), nil
}

// remove deletes a workspace. One that is in the middle of another change is
// asked again until ctx ends; one that is on its way out, or does not exist, is
// removed.
func (r *run) remove(ctx context.Context, id string) error {
	client := r.control(r.setup, r.target.Credentials)
	err := untilGone(ctx, func() error {
		_, err := client.DeleteWorkspace(ctx, &amp.DeleteWorkspaceInput{WorkspaceId: &id})
		if err == nil || r.deleting(ctx, id) {
			return &types.ResourceNotFoundException{} // AWS sees to the rest
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("delete workspace %s: %w", id, err)
	}
	r.forget(id)
	return nil
}

// deleting reports whether a workspace is on its way out.
func (r *run) deleting(ctx context.Context, id string) bool {
	got, err := r.control(r.setup, r.target.Credentials).DescribeWorkspace(ctx, &amp.DescribeWorkspaceInput{WorkspaceId: &id})
	return err == nil && got.Workspace.Status.StatusCode == types.WorkspaceStatusCodeDeleting
}
