package conformance

import (
	"context"
	"regexp"
)

// workspaceSecrecyChecks are of workspaces that do not exist: who has no right
// does not learn so.
func workspaceSecrecyChecks() []Check {
	const (
		observed = "amp-api.md 1.5 row 18 [O aws-observability/aws-otel-collector#2155]"
		order    = "amp-api.md 1.5, order of rows 17 and 18 [scratchstack]"
		absent   = `{"Message":"Workspace not found"}`
	)
	checks := []Check{
		{
			ID: "authorization.workspace.unknown-write", Level: Must, Source: observed,
			Description: "A write to a workspace that does not exist is answered with 404 Workspace not found.",
			Run: func(_ context.Context, t *T) {
				t.Workspace().WithID(nowhere).Do(writeDoor().request(t)).ExpectStatus(404).ExpectBody(absent)
			},
		},
		{
			ID: "authorization.workspace.unknown-query", Level: Must, Source: observed,
			Description: "A query of a workspace that does not exist is answered with 404 Workspace not found.",
			Run: func(_ context.Context, t *T) {
				t.Workspace().WithID(nowhere).Do(Get(probe)).ExpectStatus(404).ExpectBody(absent)
			},
		},
		{
			ID: "authorization.workspace.unknown-rules", Level: Should, Source: observed + ", of another path",
			Description: "The rules of a workspace that does not exist are answered with 404 Workspace not found.",
			Run: func(_ context.Context, t *T) {
				t.Workspace().WithID(nowhere).Do(Get("/api/v1/rules")).ExpectStatus(404).ExpectBody(absent)
			},
		},
		{
			ID: "authorization.workspace.unknown-alertmanager", Level: Should, Source: observed + ", of another path",
			Description: "The alert manager of a workspace that does not exist is answered with 404 Workspace not found.",
			Run: func(_ context.Context, t *T) {
				t.Workspace().WithID(nowhere).Do(Get("/alertmanager/api/v2/status")).ExpectStatus(404).ExpectBody(absent)
			},
		},
		{
			ID: "authorization.workspace.unknown-form", Level: Should, Source: observed + ", of another form",
			Description: "An id that no workspace could have is answered with 404 Workspace not found.",
			Run: func(_ context.Context, t *T) {
				t.Workspace().WithID("ws-1").Do(Get(probe)).ExpectStatus(404).ExpectBody(absent)
			},
		},
		{
			ID: "authorization.workspace.unknown-upper-case", Level: May, Source: observed + ", of another form [I]",
			Description: "A workspace's id in capitals is another one's, which does not exist.",
			Run: func(_ context.Context, t *T) {
				ws := t.Workspace()
				ws.WithID("WS" + ws.ID()[2:]).Do(Get(probe)).ExpectStatus(404).ExpectBody(absent)
			},
		},
		{
			ID: "authorization.workspace.unknown-type", Level: Should, Source: "amp-api.md 1.5 row 18 [I; open question 2]",
			Description: "Workspace not found is JSON and of type ResourceNotFoundException.",
			Run: func(_ context.Context, t *T) {
				t.Workspace().WithID(nowhere).Do(Get(probe)).ExpectStatus(404).
					ExpectErrorType("ResourceNotFoundException").ExpectMediaType("application/json")
			},
		},
		{
			ID: "authorization.workspace.denied-before-unknown", Level: Should, Needs: NeedsRole, Source: order,
			Description: "Who may not query learns of a workspace that does not exist what he learns of one that does.",
			Run: func(_ context.Context, t *T) {
				ws := t.Workspace()
				key := t.As(allow("aps:RemoteWrite", "*"))
				caller := t.ARN(key)
				for _, one := range []*Workspace{ws, ws.WithID(nowhere)} {
					one.Do(Get(probe).as(key)).ExpectDenied(caller, "aps:QueryMetrics", one.ARN())
				}
			},
		},
		{
			ID: "authorization.workspace.write-denied-before-unknown", Level: Should, Needs: NeedsRole, Source: order,
			Description: "Who may write to one workspace does not learn of another whether it exists.",
			Run: func(_ context.Context, t *T) {
				ws := t.Workspace()
				key := t.As(allow("aps:RemoteWrite", ws.ARN()))
				ws.Do(writeDoor().request(t).as(key)).ExpectStatus(200)
				other := ws.WithID(nowhere)
				other.Do(writeDoor().request(t).as(key)).ExpectDenied(t.ARN(key), "aps:RemoteWrite", other.ARN())
			},
		},
		{
			ID: "authorization.workspace.allowed-unknown", Level: Must, Needs: NeedsRole, Source: observed,
			Description: "Who may query every workspace learns which does not exist.",
			Run: func(_ context.Context, t *T) {
				key := t.As(allow("aps:QueryMetrics", "*"))
				t.Workspace().WithID(nowhere).Do(Get(probe).as(key)).ExpectStatus(404).ExpectBody(absent)
			},
		},
		{
			ID: "authorization.workspace.describe-denied-before-unknown", Level: Should, Needs: NeedsRole, Source: order,
			Description: "The control plane does not tell whether a workspace exists to who may not describe it.",
			Run: func(_ context.Context, t *T) {
				ws := t.Workspace()
				key := t.As(allow("aps:ListWorkspaces", "*"))
				caller := t.ARN(key)
				for _, one := range []*Workspace{ws, ws.WithID(nowhere)} {
					t.Do(Get("/workspaces/"+one.ID()).as(key)).ExpectControlDenied(caller, "aps:DescribeWorkspace", regexp.QuoteMeta(one.ARN()))
				}
			},
		},
		{
			ID: "authorization.workspace.describe-unknown", Level: Must, Source: "amp-api.md 2.2, ResourceNotFoundException [D API model]",
			Description: "Who may describe a workspace that does not exist learns so, with its id.",
			Run: func(_ context.Context, t *T) {
				t.Do(Get("/workspaces/"+nowhere)).ExpectStatus(404).ExpectErrorType("ResourceNotFoundException").
					ExpectJSON("resourceId", nowhere)
			},
		},
	}
	for i := range checks {
		checks[i].Area = Authorization
	}
	return checks
}
