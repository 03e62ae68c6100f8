package conformance

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// controlAction is an operation of the control plane, asked in a way that changes
// nothing even where it is allowed: it reads, it is about what does not exist, or
// its input is invalid.
type controlAction struct {
	name, method, path, body string
	// resource is of the ARN that the right is judged on: below the workspace's
	// account. Empty is one that no document tells of.
	resource string
}

// controlActions are all 44. WS and ARN stand for the shared workspace's, NO for
// a workspace that does not exist.
func controlActions() []controlAction {
	const (
		ws       = "workspace/WS"
		rules    = "rulegroupsnamespace/WS/nobody"
		scraper  = "scraper/s-00000000-0000-4000-8000-000000000000"
		detector = "anomalydetector/WS/ad-00000000-0000-4000-8000-000000000000"
		log      = `{"logGroupArn":"nothing"}`
	)
	return []controlAction{
		{"ListWorkspaces", "GET", "/workspaces?maxResults=1", "", ""},
		{"CreateWorkspace", "POST", "/workspaces", `{"alias":"` + strings.Repeat("a", 101) + `"}`, "/workspaces"},
		{"DescribeWorkspace", "GET", "/workspaces/WS", "", ws},
		{"UpdateWorkspaceAlias", "POST", "/workspaces/WS/alias", `{"alias":"` + strings.Repeat("a", 101) + `"}`, ws},
		{"DeleteWorkspace", "DELETE", "/workspaces/NO", "", "workspace/NO"},
		{"DescribeWorkspaceConfiguration", "GET", "/workspaces/WS/configuration", "", ws},
		{"UpdateWorkspaceConfiguration", "PATCH", "/workspaces/WS/configuration", `{"retentionPeriodInDays":-1}`, ws},
		{"ListRuleGroupsNamespaces", "GET", "/workspaces/WS/rulegroupsnamespaces", "", ""},
		{"CreateRuleGroupsNamespace", "POST", "/workspaces/WS/rulegroupsnamespaces", `{"name":""}`, ""},
		{"DescribeRuleGroupsNamespace", "GET", "/workspaces/WS/rulegroupsnamespaces/nobody", "", rules},
		{"PutRuleGroupsNamespace", "PUT", "/workspaces/WS/rulegroupsnamespaces/nobody", `{}`, rules},
		{"DeleteRuleGroupsNamespace", "DELETE", "/workspaces/WS/rulegroupsnamespaces/nobody", "", rules},
		{"DescribeAlertManagerDefinition", "GET", "/workspaces/WS/alertmanager/definition", "", ws},
		{"CreateAlertManagerDefinition", "POST", "/workspaces/WS/alertmanager/definition", `{}`, ws},
		{"PutAlertManagerDefinition", "PUT", "/workspaces/WS/alertmanager/definition", `{}`, ws},
		{"DeleteAlertManagerDefinition", "DELETE", "/workspaces/NO/alertmanager/definition", "", "workspace/NO"},
		{"DescribeLoggingConfiguration", "GET", "/workspaces/WS/logging", "", ws},
		{"CreateLoggingConfiguration", "POST", "/workspaces/WS/logging", log, ws},
		{"UpdateLoggingConfiguration", "PUT", "/workspaces/WS/logging", log, ws},
		{"DeleteLoggingConfiguration", "DELETE", "/workspaces/NO/logging", "", "workspace/NO"},
		{"DescribeQueryLoggingConfiguration", "GET", "/workspaces/WS/logging/query", "", ws},
		{"CreateQueryLoggingConfiguration", "POST", "/workspaces/WS/logging/query", `{}`, ws},
		{"UpdateQueryLoggingConfiguration", "PUT", "/workspaces/WS/logging/query", `{}`, ws},
		{"DeleteQueryLoggingConfiguration", "DELETE", "/workspaces/NO/logging/query", "", "workspace/NO"},
		{"DescribeResourcePolicy", "GET", "/workspaces/WS/policy", "", ws},
		{"PutResourcePolicy", "PUT", "/workspaces/WS/policy", `{}`, ws},
		{"DeleteResourcePolicy", "DELETE", "/workspaces/NO/policy", "", "workspace/NO"},
		{"GetDefaultScraperConfiguration", "GET", "/scraperconfiguration", "", ""},
		{"ListScrapers", "GET", "/scrapers?maxResults=1", "", ""},
		{"CreateScraper", "POST", "/scrapers", `{}`, ""},
		{"DescribeScraper", "GET", "/scrapers/s-00000000-0000-4000-8000-000000000000", "", scraper},
		{"UpdateScraper", "PUT", "/scrapers/s-00000000-0000-4000-8000-000000000000", `{"alias":""}`, scraper},
		{"DeleteScraper", "DELETE", "/scrapers/s-00000000-0000-4000-8000-000000000000", "", scraper},
		{"DescribeScraperLoggingConfiguration", "GET", "/scrapers/s-00000000-0000-4000-8000-000000000000/logging-configuration", "", scraper},
		{"UpdateScraperLoggingConfiguration", "PUT", "/scrapers/s-00000000-0000-4000-8000-000000000000/logging-configuration", `{}`, scraper},
		{"DeleteScraperLoggingConfiguration", "DELETE", "/scrapers/s-00000000-0000-4000-8000-000000000000/logging-configuration", "", scraper},
		{"ListAnomalyDetectors", "GET", "/workspaces/WS/anomalydetectors", "", ""},
		{"CreateAnomalyDetector", "POST", "/workspaces/WS/anomalydetectors", `{}`, ""},
		{"DescribeAnomalyDetector", "GET", "/workspaces/WS/anomalydetectors/ad-00000000-0000-4000-8000-000000000000", "", detector},
		{"PutAnomalyDetector", "PUT", "/workspaces/WS/anomalydetectors/ad-00000000-0000-4000-8000-000000000000", `{}`, detector},
		{"DeleteAnomalyDetector", "DELETE", "/workspaces/WS/anomalydetectors/ad-00000000-0000-4000-8000-000000000000", "", detector},
		{"ListTagsForResource", "GET", "/tags/ARN", "", ws},
		{"TagResource", "POST", "/tags/ARN", `{"tags":{"":"x"}}`, ws},
		{"UntagResource", "DELETE", "/tags/ARN?tagKeys=nobody-ever-set-this", "", ws},
	}
}

// request makes the request, for the shared workspace.
func (a controlAction) request(ws *Workspace) Request {
	r := Request{Method: a.method, Path: strings.NewReplacer("WS", ws.ID(), "NO", nowhere, "ARN", url.QueryEscape(ws.ARN())).Replace(a.path)}
	if a.body != "" {
		r.Body, r.Header = []byte(a.body), http.Header{"Content-Type": {"application/json"}}
	}
	return r
}

// on returns the ARN that the right is judged on; empty if none is known.
func (a controlAction) on(ws *Workspace) string {
	if a.resource == "" {
		return ""
	}
	return arnRoot(ws) + strings.NewReplacer("WS", ws.ID(), "NO", nowhere).Replace(a.resource)
}

// arnRoot is what the ARNs of the workspace's account and region begin with.
func arnRoot(ws *Workspace) string { return strings.TrimSuffix(ws.ARN(), "workspace/"+ws.ID()) }

func controlActionChecks() []Check {
	const source = "amp-api.md 6.2 [D service authorization reference]; 2.2, AccessDeniedException [D API model]"
	var out []Check
	for _, a := range controlActions() {
		// Whether rights come before the input's validity and before what exists is
		// not written down.
		level := Must
		if a.body != "" || strings.Contains(a.path+a.resource, "NO") || strings.Contains(a.resource, "/nobody") || strings.Contains(a.resource, "-0000-") {
			level = Should
		}
		out = append(out, Check{
			ID: "authorization.control." + kebab(a.name), Level: level, Area: Authorization, Needs: NeedsRole, Source: source,
			Description: "Who may do aps:" + a.name + " can do it, and who may do all but that is refused it by name.",
			Run: func(_ context.Context, t *T) {
				ws := t.Workspace()
				r, on := a.request(ws), a.on(ws)
				resource, pattern := on, regexp.QuoteMeta(on)
				// SAR has no resource for CreateWorkspace: policies write * [D].
				if on == "" || a.name == "CreateWorkspace" {
					resource = "*"
				}
				if on == "" {
					pattern = `(\*|arn:[^ ]+)`
				}
				if strings.Contains(a.name, "AnomalyDetector") {
					// Both detector and workspace are checked [D]: either may be told.
					resource, pattern = "*", regexp.QuoteMeta(arnRoot(ws))+`[^ ]+`
				}
				t.Do(r.as(t.As(allow("aps:"+a.name, resource)))).ExpectMayDo()
				key := t.As(allowAllBut("aps:" + a.name))
				t.Do(r.as(key)).ExpectControlDenied(t.ARN(key), "aps:"+a.name, pattern)
			},
		})
	}
	return append(out,
		Check{
			ID: "authorization.control.create-workspace-with-tags", Level: Must, Area: Authorization, Needs: NeedsRole,
			Description: "Who may create workspaces and may not tag cannot create one with tags.",
			Source:      "amp-api.md 6.2 [D]: creating with tags also needs aps:TagResource",
			Run: func(_ context.Context, t *T) {
				create := PostJSON("/workspaces", text(map[string]any{"alias": t.Alias("tagged"), "tags": map[string]string{"a": "b"}}))
				t.Do(create.as(t.As(allow("aps:CreateWorkspace", "*")))).ExpectStatus(403).ExpectErrorType("AccessDeniedException").
					ExpectContains("is not authorized to perform: aps:TagResource on resource: ")
				tooLong := PostJSON("/workspaces", text(map[string]any{"alias": strings.Repeat("a", 101), "tags": map[string]string{"a": "b"}}))
				t.Do(tooLong.as(t.As(policy(statement{
					Effect: "Allow", Action: []string{"aps:CreateWorkspace", "aps:TagResource"}, Resource: []string{"*"},
				})))).ExpectStatus(400)
			},
		},
		Check{
			ID: "authorization.control.refused-creation-creates-nothing", Level: Must, Area: Authorization, Needs: NeedsRole,
			Description: "A workspace that was refused for want of rights does not come into being.", Source: source,
			Run: func(_ context.Context, t *T) {
				alias := t.Alias("refused")
				create := PostJSON("/workspaces", text(map[string]string{"alias": alias}))
				t.Do(create.as(t.As(allowAllBut("aps:CreateWorkspace")))).ExpectStatus(403)
				t.Do(Get("/workspaces?alias="+alias)).ExpectStatus(200).ExpectJSON("workspaces", []any{})
			},
		},
		Check{
			ID: "authorization.control.refused-tag-is-not-set", Level: Must, Area: Authorization, Needs: NeedsRole,
			Description: "A tag that was refused for want of rights is not set.", Source: source,
			Run: func(_ context.Context, t *T) {
				ws := t.Workspace()
				path, name := "/tags/"+url.QueryEscape(ws.ARN()), t.Name("tag")
				set := PostJSON(path, text(map[string]any{"tags": map[string]string{name: "x"}}))
				t.Do(set.as(t.As(allowAllBut("aps:TagResource")))).ExpectStatus(403)
				t.Do(Get(path)).ExpectStatus(200).ExpectJSON("tags."+TagCreatedBy, CreatedBy).ExpectNoJSON("tags." + name)
			},
		},
		Check{
			ID: "authorization.control.before-validation", Level: Should, Area: Authorization, Needs: NeedsRole,
			Description: "A request that is invalid and not allowed is refused for the missing right.", Source: "amp-api.md 1.4: front before back [I]",
			Run: func(_ context.Context, t *T) {
				key := t.As(allow("aps:ListWorkspaces", "*"))
				t.Do(PostJSON("/workspaces", `{"alias":`).as(key)).ExpectControlDenied(t.ARN(key), "aps:CreateWorkspace", `[^ ]+`)
			},
		},
	)
}
