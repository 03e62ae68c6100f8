package conformance

import (
	"context"
	"net/http"
	"strings"
)

// call is a request to the control plane by way of a table. {ws} is the path of
// a workspace, {none} of one that is not there, {group} a log group's ARN.
type call struct{ id, method, path, body string }

// described is the call for people.
func (c call) described() string {
	path, _, _ := strings.Cut(c.path, "?")
	return c.method + " " + strings.NewReplacer("{none}", "/workspaces/NONE", "{ws}", "/workspaces/ID",
		"{scraper}", "/scrapers/NONE", "{tags}", "/tags/ARN", "{notags}", "/tags/NONE").Replace(path)
}

func (t *T) call(c call) Answer {
	ws := t.Workspace()
	fill := strings.NewReplacer("{ws}", "/workspaces/"+ws.ID(), "{none}", "/workspaces/"+noWorkspace,
		"{scraper}", "/scrapers/"+noScraper, "{group}", logGroupOf(ws, "x"), "{arn}", ws.ARN(), "{tags}", TagsPath(ws.ARN()),
		"{notags}", TagsPath(ws.WithID(noWorkspace).ARN()))
	r := Request{Method: c.method, Path: fill.Replace(c.path)}
	if c.body != "" {
		r = PostJSON(r.Path, fill.Replace(c.body))
		r.Method = c.method
	}
	return t.Do(r)
}

// Bodies that operations would take.
const (
	aFile       = `{"data":"Z3JvdXBzOiBbXQo="}`
	aNamespace  = `{"name":"a","data":"Z3JvdXBzOiBbXQo="}`
	aDefinition = `{"data":"YWxlcnRtYW5hZ2VyX2NvbmZpZzogfAogIHJvdXRlOiB7cmVjZWl2ZXI6IGF9CiAgcmVjZWl2ZXJzOiBbe25hbWU6IGF9XQo="}`
	aLogging    = `{"logGroupArn":"{group}"}`
	aQueryLog   = `{"destinations":[{"cloudWatchLogs":{"logGroupArn":"{group}"},"filters":{"qspThreshold":1}}]}`
	aScraperLog = `{"loggingDestination":{"cloudWatchLogs":{"logGroupArn":"{group}"}},"scraperComponents":[{"type":"COLLECTOR"}]}`
	aPolicy     = `{"policyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"aps:QueryMetrics\",\"Resource\":\"*\"}]}"}`
	aDetector   = `{"alias":"a","configuration":{"randomCutForest":{"query":"sum(x)"}}}`
	aForest     = `{"configuration":{"randomCutForest":{"query":"sum(x)"}}}`
)

// notFoundChecks has every operation that declares a ResourceNotFoundException
// and whose resource a check can name.
func notFoundChecks() []Check {
	checks := []Check{
		shouldModel("not-found.text", "The refusal about a workspace that is not there says Workspace not found and names the workspace.",
			"moto's tests [O]", func(_ context.Context, t *T) {
				t.call(call{method: "GET", path: "{none}"}).ExpectStatus(http.StatusNotFound).
					ExpectJSON("message", "Workspace not found").ExpectJSON("resourceId", noWorkspace)
			}),
	}
	for _, c := range []call{
		{"describe-workspace", "GET", "{none}", ""},
		{"delete-workspace", "DELETE", "{none}", ""},
		{"update-alias", "POST", "{none}/alias", `{"alias":"a"}`},
		{"list-namespaces", "GET", "{none}/rulegroupsnamespaces", ""},
		{"create-namespace", "POST", "{none}/rulegroupsnamespaces", aNamespace},
		{"describe-namespace", "GET", "{ws}/rulegroupsnamespaces/nobody", ""},
		{"delete-namespace", "DELETE", "{ws}/rulegroupsnamespaces/nobody", ""},
		{"create-definition", "POST", "{none}/alertmanager/definition", aDefinition},
		{"describe-definition", "GET", "{ws}/alertmanager/definition", ""},
		{"delete-definition", "DELETE", "{ws}/alertmanager/definition", ""},
		{"describe-logging", "GET", "{ws}/logging", ""},
		{"create-logging", "POST", "{none}/logging", aLogging},
		{"update-logging", "PUT", "{none}/logging", aLogging},
		{"delete-logging", "DELETE", "{ws}/logging", ""},
		{"describe-query-logging", "GET", "{ws}/logging/query", ""},
		{"create-query-logging", "POST", "{none}/logging/query", aQueryLog},
		{"update-query-logging", "PUT", "{none}/logging/query", aQueryLog},
		{"delete-query-logging", "DELETE", "{ws}/logging/query", ""},
		{"describe-configuration", "GET", "{none}/configuration", ""},
		{"update-configuration", "PATCH", "{none}/configuration", `{"retentionPeriodInDays":150}`},
		{"describe-policy", "GET", "{ws}/policy", ""},
		{"put-policy", "PUT", "{none}/policy", aPolicy},
		{"delete-policy", "DELETE", "{ws}/policy", ""},
		{"describe-scraper", "GET", "{scraper}", ""},
		{"update-scraper", "PUT", "{scraper}", `{"alias":"a"}`},
		{"delete-scraper", "DELETE", "{scraper}", ""},
		{"describe-scraper-logging", "GET", "{scraper}/logging-configuration", ""},
		{"update-scraper-logging", "PUT", "{scraper}/logging-configuration", aScraperLog},
		{"delete-scraper-logging", "DELETE", "{scraper}/logging-configuration", ""},
		{"list-detectors", "GET", "{none}/anomalydetectors", ""},
		{"describe-detector", "GET", "{ws}/anomalydetectors/ad-nobody", ""},
		{"delete-detector", "DELETE", "{ws}/anomalydetectors/ad-nobody", ""},
		{"tag", "POST", "{notags}", `{"tags":{"a":"b"}}`},
		{"untag", "DELETE", "{notags}?tagKeys=a", ""},
	} {
		checks = append(checks, mustModel("not-found."+c.id,
			c.described()+" of what is not there is a 404 ResourceNotFoundException with resourceId and resourceType.",
			"API model [D]", func(_ context.Context, t *T) {
				t.call(c).ExpectException(http.StatusNotFound, "ResourceNotFoundException")
			}))
	}
	return checks
}
