package conformance

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/prometheus/prometheus/prompb"
)

// dataAction is an action of the data plane and the requests that it is for. None
// of them leaves anything behind.
type dataAction struct {
	name     string
	requests []Request
	// ok is the status of one that is allowed; 0 is any that is no refusal, where
	// it depends on whether the workspace has an alert manager.
	ok int
}

// dataActions are all of the service authorization reference.
func dataActions() []dataAction {
	const alertManager, silence = "/alertmanager/api/v2", "/silence/6f9a1d1e-7b0c-4c54-9d0b-0a6d6b3a8c11"
	up := url.Values{"match[]": {"up"}}
	return []dataAction{
		{"RemoteWrite", []Request{RemoteWrite(&prompb.WriteRequest{})}, 200},
		{"QueryMetrics", []Request{
			Get(probe), PostForm("/api/v1/query", url.Values{"query": {"vector(1)"}}),
			Get("/api/v1/query_range?query=vector(1)&start=1760000000&end=1760000060&step=60"),
		}, 200},
		{"GetSeries", []Request{Get("/api/v1/series?" + up.Encode()), PostForm("/api/v1/series", up)}, 200},
		{"GetLabels", []Request{Get("/api/v1/labels"), PostForm("/api/v1/labels", up), Get("/api/v1/label/job/values")}, 200},
		{"GetMetricMetadata", []Request{Get("/api/v1/metadata")}, 200},
		{"ListRules", []Request{Get("/api/v1/rules")}, 200},
		{"ListAlerts", []Request{Get("/api/v1/alerts")}, 200},
		{"ListAlertManagerAlerts", []Request{Get(alertManager + "/alerts")}, 0},
		{"ListAlertManagerAlertGroups", []Request{Get(alertManager + "/alerts/groups")}, 0},
		{"ListAlertManagerReceivers", []Request{Get(alertManager + "/receivers")}, 0},
		{"ListAlertManagerSilences", []Request{Get(alertManager + "/silences")}, 0},
		{"GetAlertManagerSilence", []Request{Get(alertManager + silence)}, 0},
		{"GetAlertManagerStatus", []Request{Get(alertManager + "/status")}, 0},
		{"PutAlertManagerSilences", []Request{PostJSON(alertManager+"/silences", "{}")}, 0},
		{"DeleteAlertManagerSilence", []Request{{Method: http.MethodDelete, Path: alertManager + silence}}, 0},
		{"CreateAlertManagerAlerts", []Request{PostJSON(alertManager+"/alerts", "[]")}, 0},
	}
}

// as returns the request signed with a key.
func (r Request) as(key aws.Credentials) Request {
	r.Credentials = &key
	return r
}

func dataActionChecks() []Check {
	var out []Check
	for _, a := range dataActions() {
		id := kebab(a.name)
		out = append(out,
			Check{
				ID: "authorization.data." + id + ".alone", Level: Must, Area: Authorization, Needs: NeedsRole,
				Description: "A principal that may do aps:" + a.name + " can do just that: every other action is refused by name.",
				Source:      "amp-api.md 6.2 [D service authorization reference]; 1.5 row 17 [O]",
				Run: func(_ context.Context, t *T) {
					ws := t.Workspace()
					key := t.As(allow("aps:"+a.name, ws.ARN()))
					for _, r := range a.requests {
						expectAllowed(ws.Do(r.as(key)), a.ok)
					}
					caller := t.ARN(key)
					for _, other := range dataActions() {
						if other.name != a.name {
							ws.Do(other.requests[0].as(key)).ExpectDenied(caller, "aps:"+other.name, ws.ARN())
						}
					}
				},
			},
			Check{
				ID: "authorization.data." + id + ".lacking", Level: Must, Area: Authorization, Needs: NeedsRole,
				Description: "A principal that may do all but aps:" + a.name + " is refused it on every path that it is for.",
				Source:      "amp-api.md 1.2, 6.2 [D service authorization reference]; 1.5 row 17 [O]",
				Run: func(_ context.Context, t *T) {
					ws := t.Workspace()
					key := t.As(allowAllBut("aps:" + a.name))
					caller := t.ARN(key)
					for _, r := range a.requests {
						ws.Do(r.as(key)).ExpectDenied(caller, "aps:"+a.name, ws.ARN())
					}
				},
			},
		)
	}
	return append(out,
		Check{
			ID: "authorization.data.text", Level: Should, Area: Authorization, Needs: NeedsRole,
			Description: "The refusal ends in the resource's ARN and does not say why.",
			Source:      "amp-api.md 1.5 row 17 [O aws-ia/terraform-aws-eks-blueprints#709; open question 11]",
			Run: func(_ context.Context, t *T) {
				ws := t.Workspace()
				key := t.As(allow("aps:QueryMetrics", "*"))
				ws.Do(writeDoor().request(t).as(key)).ExpectStatus(403).ExpectBody(
					`{"Message":"User: ` + t.ARN(key) + ` is not authorized to perform: aps:RemoteWrite on resource: ` + ws.ARN() + `"}`)
			},
		},
		Check{
			ID: "authorization.data.type", Level: Should, Area: Authorization, Needs: NeedsRole,
			Description: "The refusal of the data plane is JSON and of type AccessDeniedException.",
			Source:      "amp-api.md 1.4, 1.5 row 17 [I; open question 2]",
			Run: func(_ context.Context, t *T) {
				key := t.As(allow("aps:RemoteWrite", "*"))
				t.Workspace().Do(Get(probe).as(key)).ExpectStatus(403).ExpectErrorType("AccessDeniedException").ExpectMediaType("application/json")
			},
		},
		Check{
			ID: "authorization.data.refused-write-is-not-stored", Level: Must, Area: Authorization, Needs: NeedsRole,
			Description: "A write of a principal that may not write stores nothing.", Source: "amp-api.md 1.5 row 17 [O]",
			Run: func(_ context.Context, t *T) {
				ws, now := t.Workspace(), t.Now()
				key := t.As(allowAllBut("aps:RemoteWrite"))
				ws.Do(RemoteWriteSeries(Series(t.Metric("refused"), nil, At(now, 1))).as(key)).ExpectStatus(403)
				expectOnly(t, ws, now)
			},
		},
		Check{
			ID: "authorization.data.presigned", Level: May, Area: Authorization, Needs: NeedsRole,
			Description: "A presigned query is refused to a principal that may not query.", Source: "amp-api.md 1.5 row 17 [O]; presigning: open question 10",
			Run: func(_ context.Context, t *T) {
				ws := t.Workspace()
				key := t.As(allow("aps:RemoteWrite", "*"))
				r := Get(probe).as(key)
				r.Presign = true
				ws.Do(r).ExpectDenied(t.ARN(key), "aps:QueryMetrics", ws.ARN())
			},
		},
		Check{
			ID: "authorization.data.before-body", Level: Should, Area: Authorization, Needs: NeedsRole,
			Description: "A write that is no protobuf is refused for the missing right.", Source: "amp-api.md 1.4: front before back [I]",
			Run: func(_ context.Context, t *T) {
				ws := t.Workspace()
				key := t.As(allow("aps:QueryMetrics", "*"))
				ws.Do(RemoteWriteRaw([]byte("no protobuf")).as(key)).ExpectDenied(t.ARN(key), "aps:RemoteWrite", ws.ARN())
			},
		},
	)
}

func expectAllowed(a Answer, status int) {
	if status == 0 {
		a.ExpectMayDo()
		return
	}
	a.ExpectStatus(status)
}

// kebab turns an action's name into a part of an id.
func kebab(name string) string {
	var b strings.Builder
	for i, c := range name {
		if i > 0 && 'A' <= c && c <= 'Z' {
			b.WriteByte('-')
		}
		b.WriteRune(c)
	}
	return strings.ToLower(b.String())
}
