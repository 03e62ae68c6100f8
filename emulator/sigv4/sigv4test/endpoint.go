package sigv4test

import "strings"

// Endpoint is one way to call AMP or STS.
type Endpoint struct {
	// Name is the operation's, of the control plane and STS, else the path below the workspace.
	Name           string
	Method, Target string
	// ContentType is empty where clients send none.
	ContentType, Body string
}

const (
	formType  = "application/x-www-form-urlencoded"
	jsonType  = "application/json"
	protoType = "application/x-protobuf"
)

// DataPlane are all methods of all paths of a workspace, those of GET and POST with
// their parameters in the URL as well as in a form ([D] amp-api.md 1.2).
func DataPlane(workspace string) []Endpoint {
	const one = "query=sum%28rate%28up%5B1m%5D%29%29"
	const ranged = one + "&start=1700000000&end=1700000600&step=60"
	const selector = "match%5B%5D=%7Bjob%3D%22a+b%22%7D&match%5B%5D=%7Bjob%3D%22c%22%7D&start=1700000000"
	var out []Endpoint
	add := func(method, path, query, contentType, body string) {
		target := "/workspaces/" + workspace + path
		if query != "" {
			target += "?" + query
		}
		out = append(out, Endpoint{Name: path, Method: method, Target: target, ContentType: contentType, Body: body})
	}
	// One series without a sample, compressed by snappy.
	add("POST", "/api/v1/remote_write", "", protoType, "\x16\x54\x0a\x14\x0a\x12\x0a\x08__name__\x12\x06matrix")
	for _, q := range [][2]string{
		{"/api/v1/query", one + "&time=2026-01-02T03:04:05Z"}, {"/api/v1/query_range", ranged}, {"/api/v1/series", selector}, {"/api/v1/labels", selector},
	} {
		add("GET", q[0], q[1], "", "")
		add("POST", q[0], "", formType, q[1])
		add("POST", q[0], q[1], jsonType, "") // as awscurl does [M]
	}
	add("GET", "/api/v1/label/__name__/values", selector, "", "")
	add("GET", "/api/v1/metadata", "limit=1&metric=up", "", "")
	add("GET", "/api/v1/rules", "type=alert&rule_name[]=a%2Fb&exclude_alerts=true", "", "")
	add("GET", "/api/v1/alerts", "", "", "")
	const manager = "/alertmanager/api/v2"
	add("GET", manager+"/alerts", "active=true&filter=a%3D%22b+c%22", "", "")
	add("POST", manager+"/alerts", "", jsonType, `[{"labels":{"alertname":"matrix"}}]`)
	add("GET", manager+"/alerts/groups", "silenced=false", "", "")
	add("GET", manager+"/receivers", "", "", "")
	add("GET", manager+"/silences", "filter=a%3D~%22b.*%22", "", "")
	add("POST", manager+"/silences", "", jsonType, `{"matchers":[{"name":"a","value":"b","isRegex":false,"isEqual":true}],"startsAt":"2030-01-01T00:00:00Z",`+
		`"endsAt":"2031-01-01T00:00:00Z","createdBy":"matrix","comment":"ü"}`)
	const silence = manager + "/silence/5d1a1f0c-8a3c-4c52-9f39-6a7d1f0b7c11"
	add("GET", silence, "", "", "")
	add("DELETE", silence, "", "", "")
	add("GET", manager+"/status", "", "", "")
	return out
}

// ControlPlane are the 44 operations ([D] amp-api.md 2.1), with what clients send at
// least. The resources need not exist.
func ControlPlane(workspace string) []Endpoint {
	const token = "clientToken=1c9a7a6e-50e4-4c5a-b4c0-7f1d6f0a2b11"
	ws := "/workspaces/" + workspace
	const resource = "arn%3Aaws%3Aaps%3Aus-east-1%3A123456789012%3Aworkspace%2F"
	var out []Endpoint
	add := func(name, method, target, body string) {
		e := Endpoint{Name: name, Method: method, Target: target, Body: body}
		if body != "" {
			e.ContentType = jsonType
		}
		out = append(out, e)
	}
	crud := func(name, target, create string) { // of what a workspace has one
		add("Describe"+name, "GET", target, "")
		if create != "" {
			add("Create"+name, "POST", target, create)
		}
		add("Delete"+name, "DELETE", target+"?"+token, "")
	}
	add("ListWorkspaces", "GET", "/workspaces?alias=a%20b%2B%C3%BC&maxResults=5", "")
	add("CreateWorkspace", "POST", "/workspaces", `{"alias":"matrix ü","clientToken":"t"}`)
	add("DescribeWorkspace", "GET", ws, "")
	add("UpdateWorkspaceAlias", "POST", ws+"/alias", `{"alias":"matrix"}`)
	add("DeleteWorkspace", "DELETE", "/workspaces/ws-of-nobody?"+token, "")

	add("ListRuleGroupsNamespaces", "GET", ws+"/rulegroupsnamespaces?name=a", "")
	add("CreateRuleGroupsNamespace", "POST", ws+"/rulegroupsnamespaces", `{"name":"a b","data":"Z3JvdXBzOiBbXQ=="}`)
	add("DescribeRuleGroupsNamespace", "GET", ws+"/rulegroupsnamespaces/a%20b%25c", "")
	add("PutRuleGroupsNamespace", "PUT", ws+"/rulegroupsnamespaces/a%20b%25c", `{"data":"Z3JvdXBzOiBbXQ=="}`)
	add("DeleteRuleGroupsNamespace", "DELETE", ws+"/rulegroupsnamespaces/a%20b%25c?"+token, "")

	crud("AlertManagerDefinition", ws+"/alertmanager/definition", `{"data":"YQ=="}`)
	add("PutAlertManagerDefinition", "PUT", ws+"/alertmanager/definition", `{"data":"YQ=="}`)
	crud("LoggingConfiguration", ws+"/logging", `{"logGroupArn":"a"}`)
	add("UpdateLoggingConfiguration", "PUT", ws+"/logging", `{"logGroupArn":"a"}`)
	crud("QueryLoggingConfiguration", ws+"/logging/query", `{"destinations":[]}`)
	add("UpdateQueryLoggingConfiguration", "PUT", ws+"/logging/query", `{"destinations":[]}`)
	add("DescribeWorkspaceConfiguration", "GET", ws+"/configuration", "")
	add("UpdateWorkspaceConfiguration", "PATCH", ws+"/configuration", `{"retentionPeriodInDays":150}`)
	crud("ResourcePolicy", ws+"/policy", "")
	add("PutResourcePolicy", "PUT", ws+"/policy", `{"policyDocument":"{}"}`)

	add("GetDefaultScraperConfiguration", "GET", "/scraperconfiguration", "")
	add("ListScrapers", "GET", "/scrapers?status=ACTIVE&status=CREATING&maxResults=1", "")
	add("CreateScraper", "POST", "/scrapers", `{"source":{}}`)
	add("DescribeScraper", "GET", "/scrapers/s-1", "")
	add("UpdateScraper", "PUT", "/scrapers/s-1", `{"alias":"a"}`)
	add("DeleteScraper", "DELETE", "/scrapers/s-1?"+token, "")
	add("DescribeScraperLoggingConfiguration", "GET", "/scrapers/s-1/logging-configuration", "")
	add("UpdateScraperLoggingConfiguration", "PUT", "/scrapers/s-1/logging-configuration", `{"loggingDestination":{}}`)
	add("DeleteScraperLoggingConfiguration", "DELETE", "/scrapers/s-1/logging-configuration?"+token, "")

	add("ListAnomalyDetectors", "GET", ws+"/anomalydetectors?maxResults=1", "")
	add("CreateAnomalyDetector", "POST", ws+"/anomalydetectors", `{"alias":"a"}`)
	add("DescribeAnomalyDetector", "GET", ws+"/anomalydetectors/ad-1", "")
	add("PutAnomalyDetector", "PUT", ws+"/anomalydetectors/ad-1", `{"labels":{}}`)
	add("DeleteAnomalyDetector", "DELETE", ws+"/anomalydetectors/ad-1?"+token, "")

	add("ListTagsForResource", "GET", "/tags/"+resource+workspace, "")
	add("TagResource", "POST", "/tags/"+resource+workspace, `{"tags":{"k":"v ü"}}`)
	add("UntagResource", "DELETE", "/tags/"+resource+workspace+"?tagKeys=a%26b&tagKeys=k", "")
	return out
}

// STS are the signed actions of STS.
func STS(role string) []Endpoint {
	form := func(name, more string) Endpoint {
		return Endpoint{Name: name, Method: "POST", Target: "/", ContentType: formType, Body: "Action=" + name + "&Version=2011-06-15" + more}
	}
	return []Endpoint{
		form("GetCallerIdentity", ""),
		form("GetSessionToken", "&DurationSeconds=900"),
		form("AssumeRole", "&RoleSessionName=matrix&RoleArn="+strings.NewReplacer(":", "%3A", "/", "%2F").Replace(role)),
		{Name: "GetCallerIdentity", Method: "GET", Target: "/?Action=GetCallerIdentity&Version=2011-06-15"},
	}
}
