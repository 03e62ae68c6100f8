package conformance

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/aws/aws-sdk-go-v2/service/amp/types"
)

func workspaceChecks() []Check {
	return []Check{
		slow(mustModel("workspace.create", "CreateWorkspace answers 202 with id, ARN and tags, and the workspace is CREATING.",
			"API model; user guide CreateWorkspace [D]", createsWorkspace)),
		slow(mustModel("workspace.becomes-active", "The SDK's waiter sees a new workspace become ACTIVE, with the alias and tags it was created with.",
			"API model, waiter WorkspaceActive [D]", workspaceBecomesActive)),
		slow(mustModel("workspace.deleted-is-gone", "DeleteWorkspace answers 202 with nothing; the workspace is DELETING for a while and then a ResourceNotFoundException.",
			"API model, waiter WorkspaceDeleted [D]", deletedIsGone)),
		mustModel("workspace.id-shape", "A workspace's id is ws- and a lower-case UUID of version 4.",
			"amp-api.md 1.1 [D examples]", func(_ context.Context, t *T) {
				a := t.Workspace().Control(Get("")).RequireStatus(http.StatusOK)
				if got := a.Text("workspace.workspaceId"); !regexp.MustCompile(`^ws-` + uuidPattern + `$`).MatchString(got) {
					t.Errorf("expected an id of ws- and a UUID, got %q", got)
				}
			}),
		mustModel("workspace.arn-shape", "A workspace's ARN names partition, aps, region, account and workspace/ID.",
			"service authorization reference [D]", func(_ context.Context, t *T) {
				ws := t.Workspace()
				got := ws.Control(Get("")).RequireStatus(http.StatusOK).Text("workspace.arn")
				if !regexp.MustCompile(arnPattern+`workspace/`).MatchString(got) || !strings.HasSuffix(got, ":workspace/"+ws.ID()) ||
					!strings.Contains(got, ":aps:"+t.Target().Region+":") {
					t.Errorf("expected arn:PARTITION:aps:%s:ACCOUNT:workspace/%s, got %q", t.Target().Region, ws.ID(), got)
				}
			}),
		mustModel("workspace.describe", "DescribeWorkspace shows id, alias, ARN, status, time of creation in seconds and tags.",
			"API model, WorkspaceDescription [D]; times [M]", func(_ context.Context, t *T) {
				ws := t.Workspace()
				ws.Control(Get("")).ExpectStatus(http.StatusOK).
					ExpectJSON("workspace.workspaceId", ws.ID()).ExpectJSON("workspace.arn", ws.ARN()).
					ExpectJSON("workspace.alias", ws.Alias()).ExpectJSON("workspace.status.statusCode", "ACTIVE").
					ExpectJSON("workspace.tags", t.run.tags()).ExpectRecent("workspace.createdAt").
					ExpectNoJSON("workspace.kmsKeyArn")
			}),
		mustModel("workspace.endpoint", "The prometheusEndpoint of a workspace ends in its id and a slash.",
			"amp-api.md 1.1 [O]", func(_ context.Context, t *T) {
				ws := t.Workspace()
				a := ws.Control(Get("")).RequireStatus(http.StatusOK)
				if got := a.Text("workspace.prometheusEndpoint"); !strings.HasSuffix(got, "/workspaces/"+ws.ID()+"/") {
					t.Errorf("expected a prometheusEndpoint that ends in /workspaces/%s/, got %q", ws.ID(), got)
				}
			}),
		mustModel("headers.request-id", "Every answer of the control plane has an id of its own in x-amzn-RequestId, a Date and application/json.",
			"user guide AMP-APIReference [D]", func(_ context.Context, t *T) {
				first, second := t.Workspace().Control(Get("")), t.Workspace().Control(Get(""))
				one, two := first.Header.Get("x-amzn-RequestId"), second.Header.Get("x-amzn-RequestId")
				if one == "" || one == two {
					t.Errorf("expected two ids of requests in x-amzn-RequestId, got %q and %q", one, two)
				}
				if _, err := http.ParseTime(first.Header.Get("Date")); err != nil {
					t.Errorf("expected a Date, got %q", first.Header.Get("Date"))
				}
				if got := first.Header.Get("Content-Type"); got != "application/json" {
					t.Errorf("expected Content-Type application/json, got %q", got)
				}
			}),
		shouldModel("routes.unknown-path", "A path that the control plane does not have is refused as an unknown route, with 403.",
			"amp-api.md 1.3 [D API Gateway, I]", func(_ context.Context, t *T) {
				t.Do(Get("/nothing")).ExpectStatus(http.StatusForbidden).
					ExpectErrorType("MissingAuthenticationTokenException").ExpectJSON("message", "Missing Authentication Token")
			}),
		shouldModel("routes.unknown-method", "A method that a path does not have is refused as an unknown route, with 403.",
			"amp-api.md 1.3 [D API Gateway, I]", func(_ context.Context, t *T) {
				t.Do(PatchJSON("/workspaces", "{}")).ExpectStatus(http.StatusForbidden).
					ExpectErrorType("MissingAuthenticationTokenException").ExpectJSON("message", "Missing Authentication Token")
			}),
	}
}

func createsWorkspace(_ context.Context, t *T) {
	tags := t.run.tags()
	tags["key with blanks"] = ""
	a := t.Do(PostJSON("/workspaces", text(map[string]any{"alias": t.Alias("made"), "tags": tags})))
	a.RequireStatus(http.StatusAccepted).ExpectJSON("status", map[string]string{"statusCode": "CREATING"}).
		ExpectJSON("tags", tags).ExpectNoJSON("kmsKeyArn")
	id := a.Text("workspaceId")
	if arn := a.Text("arn"); !strings.HasSuffix(arn, ":workspace/"+id) {
		t.Errorf("expected the ARN of workspace %s, got %q", id, arn)
	}
}

func workspaceBecomesActive(ctx context.Context, t *T) {
	alias, tags := t.Alias("made"), t.run.tags()
	made, err := t.Control().CreateWorkspace(ctx, &amp.CreateWorkspaceInput{Alias: &alias, Tags: tags})
	if err != nil {
		t.Fatalf("create workspace: %v", err)
	}
	waiter := amp.NewWorkspaceActiveWaiter(t.Control(), func(o *amp.WorkspaceActiveWaiterOptions) {
		o.MinDelay, o.MaxDelay = 20*time.Millisecond, 2*time.Second
	})
	out, err := waiter.WaitForOutput(ctx, &amp.DescribeWorkspaceInput{WorkspaceId: made.WorkspaceId}, activeTime)
	if err != nil {
		t.Fatalf("wait for workspace %s: %v", *made.WorkspaceId, err)
	}
	if got := out.Workspace; got.Alias == nil || *got.Alias != alias || text(got.Tags) != text(tags) {
		t.Errorf("expected alias %s and tags %s, got %s", alias, text(tags), text(got))
	}
}

func deletedIsGone(ctx context.Context, t *T) {
	ws := t.OwnWorkspace()
	id := ws.ID()
	ws.Control(Delete("")).RequireStatus(http.StatusAccepted).ExpectBody("")
	seen := ws.Control(Get(""))
	if seen.Status == http.StatusOK {
		seen.ExpectJSON("workspace.status.statusCode", "DELETING")
	}
	gone := amp.NewWorkspaceDeletedWaiter(t.Control(), func(o *amp.WorkspaceDeletedWaiterOptions) {
		o.MinDelay, o.MaxDelay = 20*time.Millisecond, 2*time.Second
	})
	if err := gone.Wait(ctx, &amp.DescribeWorkspaceInput{WorkspaceId: &id}, activeTime); err != nil {
		t.Fatalf("wait until workspace %s is gone: %v", id, err)
	}
	_, err := t.Control().DescribeWorkspace(ctx, &amp.DescribeWorkspaceInput{WorkspaceId: &id})
	var missing *types.ResourceNotFoundException
	if !errors.As(err, &missing) {
		t.Errorf("describe workspace %s after its deletion: expected a ResourceNotFoundException, got %v", id, err)
	}
	ws.Control(Delete("")).ExpectException(http.StatusNotFound, "ResourceNotFoundException")
}
