package conformance

import (
	"context"
	"net/http"
	"strings"
)

// logKind is one of the two logging configurations that a workspace may have.
type logKind struct {
	id, name, path, member string
	body                   func(group string) string
	shown                  func(group string) (member string, want any)
}

func logKinds() []logKind {
	return []logKind{
		{
			"logging", "LoggingConfiguration", "/logging", "loggingConfiguration",
			func(group string) string { return text(map[string]string{"logGroupArn": group}) },
			func(group string) (string, any) { return "logGroupArn", group },
		},
		{
			"query-logging", "QueryLoggingConfiguration", "/logging/query", "queryLoggingConfiguration",
			func(group string) string { return text(map[string]any{"destinations": queryLogs(group)}) },
			func(group string) (string, any) { return "destinations", queryLogs(group) },
		},
	}
}

func queryLogs(group string) []map[string]any {
	return []map[string]any{{"cloudWatchLogs": map[string]string{"logGroupArn": group}, "filters": map[string]int{"qspThreshold": 1000}}}
}

func loggingChecks() []Check {
	var checks []Check
	for _, k := range logKinds() {
		checks = append(checks,
			slow(mustModel(k.id+".life", "Create"+k.name+" answers 202 CREATING; Describe shows it; Update answers 202 UPDATING and replaces it; Delete answers 202 with nothing.",
				"API model [D]", func(_ context.Context, t *T) { k.life(t) })),
			slow(shouldModel(k.id+".create-conflict", "Create"+k.name+" where there is one is refused and leaves it.",
				"API model: the operation declares no ConflictException [D], hence only that nothing changes [I]",
				func(_ context.Context, t *T) {
					ws := t.BorrowWorkspace()
					group := k.define(t, ws, "one")
					if a := ws.Control(PostJSON(k.path, k.body(group+"x"))); a.Status/100 != 4 {
						t.Errorf("expected a refusal; %s", a)
					}
					member, want := k.shown(group)
					ws.Await(k.path, k.member+".status.statusCode", "ACTIVE").ExpectJSON(k.member+"."+member, want)
				})),
		)
	}
	return checks
}

// define creates the configuration. AWS wants the log group to exist [D], which
// no right of aps makes: where that is asked for, there is nothing to see.
func (k logKind) define(t *T, ws *Workspace, suffix string) string {
	ws.RemoveAfter(k.path)
	group := logGroupOf(ws, t.Name(suffix))
	a := ws.Control(PostJSON(k.path, k.body(group)))
	if a.Status == http.StatusBadRequest || a.Status == http.StatusNotFound || a.Status == http.StatusForbidden {
		if body := strings.ToLower(a.Body); strings.Contains(body, "log group") || strings.Contains(body, "loggroup") || strings.Contains(body, "logs:") {
			t.NotApplicable("the target wants a log group that exists: " + a.Body)
		}
	}
	a.RequireStatus(http.StatusAccepted).ExpectJSON("status", map[string]string{"statusCode": "CREATING"})
	return group
}

// logGroupOf is the ARN of a log group in the workspace's account.
func logGroupOf(ws *Workspace, name string) string {
	parts := strings.SplitN(ws.ARN(), ":", 6)
	return strings.Join([]string{parts[0], parts[1], "logs", parts[3], parts[4], "log-group", "/aws/prometheus/" + name, "*"}, ":")
}

func (k logKind) life(t *T) {
	ws := t.BorrowWorkspace()
	group := k.define(t, ws, "one")
	member, want := k.shown(group)
	first := ws.Await(k.path, k.member+".status.statusCode", "ACTIVE").ExpectJSON(k.member+"."+member, want).
		ExpectJSON(k.member+".workspace", ws.ID()).ExpectRecent(k.member + ".createdAt").ExpectRecent(k.member + ".modifiedAt")
	next := logGroupOf(ws, t.Name("two"))
	ws.Control(PutJSON(k.path, k.body(next))).RequireStatus(http.StatusAccepted).
		ExpectJSON("status", map[string]string{"statusCode": "UPDATING"})
	member, want = k.shown(next)
	ws.Await(k.path, k.member+".status.statusCode", "ACTIVE").ExpectJSON(k.member+"."+member, want).
		ExpectJSON(k.member+".createdAt", first.Seconds(k.member+".createdAt"))
	ws.Control(Delete(k.path)).RequireStatus(http.StatusAccepted).ExpectBody("")
	ws.AwaitGone(k.path)
}
