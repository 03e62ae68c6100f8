package conformance

import (
	"context"
	"net/http"
	"strings"
)

// refused is a call that a constraint of the API model refuses.
type refused struct {
	call
	what string // is sent
}

func validationChecks() []Check {
	var checks []Check
	for level, rows := range map[Level][]refused{Must: refusedByModel(), Should: refusedAsUsual()} {
		for _, r := range rows {
			c := mustModel("validation."+r.id, r.described()+" with "+r.what+" is refused with 400 ValidationException.",
				"API model [D]", func(_ context.Context, t *T) {
					a := t.call(r.call)
					if _, made := a.JSON("scraperId"); made { // it costs
						t.Cleanup(func(ctx context.Context) error { return t.remove(ctx, "/scrapers/"+a.Text("scraperId")) })
					}
					a.ExpectException(http.StatusBadRequest, "ValidationException")
				})
			if level == Should {
				c.Level, c.Source = Should, "API model's constraints in AWS's usual front [I]"
			}
			checks = append(checks, c)
		}
	}
	return checks
}

// refusedByModel are calls that a documented constraint of a member forbids.
func refusedByModel() []refused {
	long := func(n int) string { return strings.Repeat("a", n) }
	const (
		list, ns, conf, det = "{ws}/rulegroupsnamespaces", "{ws}/rulegroupsnamespaces/a", "{ws}/configuration", "{ws}/anomalydetectors"
		qlog, scrapers, am  = "{ws}/logging/query", "/scrapers", "{ws}/alertmanager/definition"
	)
	named := func(name string) string { return `{"name":"` + name + `","data":"Z3JvdXBzOiBbXQo="}` }
	forest := func(inner string) string { return `{"alias":"a","configuration":{"randomCutForest":{` + inner + `}}}` }
	logs := func(inner string) string { return `{"destinations":[` + inner + `]}` }
	const cloudWatch = `"cloudWatchLogs":{"logGroupArn":"{group}"}`
	return []refused{
		{call{"alias-empty", "POST", "/workspaces", `{"alias":""}`}, "an empty alias"},
		{call{"alias-blank", "POST", "/workspaces", `{"alias":"  "}`}, "an alias of blanks"},
		{call{"kms-key", "POST", "/workspaces", `{"kmsKeyArn":"arn:aws:s3:::no-key-of-anybody"}`}, "a kmsKeyArn that is no key's"},
		{call{"client-token-empty", "POST", "/workspaces", `{"clientToken":""}`}, "an empty clientToken"},
		{call{"client-token-too-long", "POST", "/workspaces", `{"clientToken":"` + long(65) + `"}`}, "a clientToken of 65 characters"},
		{call{"client-token-blank", "POST", "/workspaces", `{"clientToken":"a b"}`}, "a clientToken with a blank"},
		{call{"client-token-in-query", "DELETE", ns + "?clientToken=" + long(65), ""}, "a clientToken of 65 characters in the query"},
		{call{"update-alias-too-long", "POST", "{ws}/alias", `{"alias":"` + long(101) + `"}`}, "an alias of 101 characters"},
		{call{"workspace-id-pattern", "GET", "/workspaces/---", ""}, "an id without a letter or digit"},
		{call{"workspace-id-too-long", "GET", "/workspaces/" + long(65), ""}, "an id of 65 characters"},
		{call{"max-results-zero", "GET", "/workspaces?maxResults=0", ""}, "maxResults 0"},
		{call{"max-results-too-many", "GET", "/workspaces?maxResults=1001", ""}, "maxResults 1001"},
		{call{"next-token-too-long", "GET", "/workspaces?nextToken=" + long(1001), ""}, "a nextToken of 1001 characters"},

		{call{"tags-missing", "POST", "{tags}", `{}`}, "no tags"},
		{call{"tag-key-empty", "POST", "{tags}", `{"tags":{"":"a"}}`}, "an empty key"},
		{call{"tag-key-too-long", "POST", "{tags}", `{"tags":{"` + long(129) + `":"a"}}`}, "a key of 129 characters"},
		{call{"tag-key-character", "POST", "{tags}", `{"tags":{"a!":"a"}}`}, "a key with an exclamation mark"},
		{call{"tag-value-too-long", "POST", "{tags}", `{"tags":{"a":"` + long(257) + `"}}`}, "a value of 257 characters"},
		{call{"tag-value-character", "POST", "{tags}", `{"tags":{"a":"*"}}`}, "a value with an asterisk"},
		{call{"tag-key-reserved", "POST", "{tags}", `{"tags":{"aws:a":"b"}}`}, "a key that begins with aws:"},
		{call{"untag-keys-missing", "DELETE", "{tags}", ""}, "no tagKeys"},

		{call{"rules-name-missing", "POST", list, aFile}, "no name"},
		{call{"rules-name-pattern", "POST", list, named("--")}, "a name without a letter or digit"},
		{call{"rules-name-too-long", "POST", list, named(long(129))}, "a name of 129 characters"},
		{call{"rules-name-empty", "POST", list, named("")}, "an empty name"},
		{call{"rules-data-missing", "POST", list, `{"name":"a"}`}, "no data"},
		{call{"rules-put-data-missing", "PUT", ns, `{}`}, "no data"},
		{call{"rules-describe-name-too-long", "GET", list + "/" + long(129), ""}, "a name of 129 characters"},
		{call{"rules-list-max-results", "GET", list + "?maxResults=1001", ""}, "maxResults 1001"},
		{call{"rules-list-name-too-long", "GET", list + "?name=" + long(129), ""}, "a name of 129 characters"},
		{call{"definition-create-data-missing", "POST", am, `{}`}, "no data"},
		{call{"definition-put-data-missing", "PUT", am, `{}`}, "no data"},

		{call{"logging-arn-missing", "POST", "{ws}/logging", `{}`}, "no logGroupArn"},
		{call{"logging-arn-pattern", "POST", "{ws}/logging", `{"logGroupArn":"arn:aws:logs:us-east-1:123456789012:log-group:a"}`}, "a logGroupArn without :* at its end"},
		{call{"logging-update-arn-missing", "PUT", "{ws}/logging", `{}`}, "no logGroupArn"},
		{call{"query-logging-destinations-missing", "POST", qlog, `{}`}, "no destinations"},
		{call{"query-logging-destinations-none", "POST", qlog, logs("")}, "an empty list of destinations"},
		{call{"query-logging-destinations-two", "POST", qlog, logs(`{` + cloudWatch + `,"filters":{"qspThreshold":1}},{` + cloudWatch + `,"filters":{"qspThreshold":1}}`)}, "two destinations"},
		{call{"query-logging-cloudwatch-missing", "POST", qlog, logs(`{"filters":{"qspThreshold":1}}`)}, "a destination without cloudWatchLogs"},
		{call{"query-logging-filters-missing", "POST", qlog, logs(`{` + cloudWatch + `}`)}, "a destination without filters"},
		{call{"query-logging-threshold-missing", "POST", qlog, logs(`{` + cloudWatch + `,"filters":{}}`)}, "filters without qspThreshold"},
		{call{"query-logging-threshold-negative", "POST", qlog, logs(`{` + cloudWatch + `,"filters":{"qspThreshold":-1}}`)}, "a qspThreshold below zero"},

		{call{"configuration-empty", "PATCH", conf, `{}`}, "nothing"},
		{call{"configuration-retention-zero", "PATCH", conf, `{"retentionPeriodInDays":0}`}, "a retention of 0 days"},
		{call{"configuration-window-negative", "PATCH", conf, `{"retentionPeriodInDays":150,"outOfOrderTimeWindowInSeconds":-1}`}, "an out-of-order window below zero"},
		{call{"configuration-offset-negative", "PATCH", conf, `{"retentionPeriodInDays":150,"ruleQueryOffsetInSeconds":-1}`}, "a rule query offset below zero"},
		{call{"configuration-series-negative", "PATCH", conf, `{"limitsPerLabelSet":[{"labelSet":{"a":"b"},"limits":{"maxSeries":-1}}]}`}, "maxSeries below zero"},
		{call{"configuration-label-set-missing", "PATCH", conf, `{"limitsPerLabelSet":[{"limits":{"maxSeries":1}}]}`}, "limits without a labelSet"},
		{call{"configuration-limits-missing", "PATCH", conf, `{"limitsPerLabelSet":[{"labelSet":{"a":"b"}}]}`}, "a labelSet without limits"},
		{call{"policy-document-missing", "PUT", "{ws}/policy", `{}`}, "no policyDocument"},

		{call{"scraper-configuration-missing", "POST", scrapers, "{" + scrapeTo + "," + scrapeFrom + "}"}, "no scrapeConfiguration"},
		{call{"scraper-destination-missing", "POST", scrapers, "{" + scrapeFile + "," + scrapeFrom + "}"}, "no destination"},
		{call{"scraper-source-missing", "POST", scrapers, "{" + scrapeFile + "," + scrapeTo + "}"}, "no source"},
		{call{"scraper-alias-pattern", "POST", scrapers, `{"alias":"-a",` + scrapeFile + "," + scrapeTo + "," + scrapeFrom + "}"}, "an alias that begins with a hyphen"},
		{call{"scraper-alias-too-long", "POST", scrapers, `{"alias":"` + long(101) + `",` + scrapeFile + "," + scrapeTo + "," + scrapeFrom + "}"}, "an alias of 101 characters"},
		{call{"scraper-subnets-none", "POST", scrapers, "{" + scrapeFile + "," + scrapeTo + "," + eksWith(`"subnetIds":[]`) + "}"}, "no subnets"},
		{call{"scraper-subnets-six", "POST", scrapers, "{" + scrapeFile + "," + scrapeTo + "," + eksWith(`"subnetIds":["subnet-1","subnet-2","subnet-3","subnet-4","subnet-5","subnet-6"]`) + "}"}, "six subnets"},
		{call{"scraper-id-pattern", "GET", "/scrapers/-", ""}, "an id that is a hyphen"},
		{call{"scraper-id-too-long", "GET", "/scrapers/" + long(65), ""}, "an id of 65 characters"},
		{call{"scraper-update-alias", "PUT", "{scraper}", `{"alias":"-a"}`}, "an alias that begins with a hyphen"},
		{call{"scraper-list-max-results", "GET", "/scrapers?maxResults=0", ""}, "maxResults 0"},
		{call{"scraper-list-filter-values", "GET", "/scrapers?" + strings.Repeat("alias=a&", 20) + "alias=b", ""}, "21 values of a filter"},
		{call{"scraper-logging-destination-missing", "PUT", "{scraper}/logging-configuration", `{}`}, "no loggingDestination"},
		{call{"scraper-logging-component", "PUT", "{scraper}/logging-configuration", `{"loggingDestination":{` + cloudWatch + `},"scraperComponents":[{"type":"NOTHING"}]}`}, "a type of component that there is not"},

		{call{"detector-alias-missing", "POST", det, aForest}, "no alias"},
		{call{"detector-configuration-missing", "POST", det, `{"alias":"a"}`}, "no configuration"},
		{call{"detector-query-missing", "POST", det, forest("")}, "no query"},
		{call{"detector-query-empty", "POST", det, forest(`"query":""`)}, "an empty query"},
		{call{"detector-query-too-long", "POST", det, forest(`"query":"sum(` + long(8188) + `)"`)}, "a query of 8193 characters"},
		{call{"detector-shingles-few", "POST", det, forest(`"query":"sum(x)","shingleSize":1`)}, "a shingleSize of 1"},
		{call{"detector-shingles-many", "POST", det, forest(`"query":"sum(x)","shingleSize":1025`)}, "a shingleSize of 1025"},
		{call{"detector-samples-few", "POST", det, forest(`"query":"sum(x)","sampleSize":255`)}, "a sampleSize of 255"},
		{call{"detector-samples-many", "POST", det, forest(`"query":"sum(x)","sampleSize":1025`)}, "a sampleSize of 1025"},
		{call{"detector-ratio-negative", "POST", det, forest(`"query":"sum(x)","ignoreNearExpectedFromAbove":{"ratio":-1}`)}, "a ratio below zero"},
		{call{"detector-interval-short", "POST", det, `{"evaluationIntervalInSeconds":29,` + aDetector[1:]}, "an interval of 29 s"},
		{call{"detector-interval-long", "POST", det, `{"evaluationIntervalInSeconds":86401,` + aDetector[1:]}, "an interval of 86401 s"},
		{call{"detector-id-pattern", "GET", det + "/x", ""}, "an id that does not begin with ad-"},
		{call{"detector-put-configuration-missing", "PUT", det + "/ad-nobody", `{}`}, "no configuration"},
		{call{"detector-list-max-results", "GET", det + "?maxResults=0", ""}, "maxResults 0"},
	}
}

// What a scraper is made of; the cluster is nobody's.
const (
	scrapeFile = `"scrapeConfiguration":{"configurationBlob":"c2NyYXBlX2NvbmZpZ3M6IFt7am9iX25hbWU6IGF9XQo="}`
	scrapeTo   = `"destination":{"ampConfiguration":{"workspaceArn":"{arn}"}}`
	scrapeFrom = `"source":{"eksConfiguration":{"clusterArn":"arn:aws:eks:us-east-1:000000000000:cluster/nobody","subnetIds":["subnet-1"]}}`
)

func eksWith(subnets string) string {
	return strings.Replace(scrapeFrom, `"subnetIds":["subnet-1"]`, subnets, 1)
}

// refusedAsUsual are calls that AWS's services usually refuse so, and of which
// nothing is documented.
func refusedAsUsual() []refused {
	return []refused{
		{call{"body-not-json", "POST", "/workspaces", `{"alias":`}, "a body that is no JSON"},
		{call{"body-a-list", "POST", "/workspaces", `[]`}, "a body that is a list"},
		{call{"member-type", "POST", "/workspaces", `{"alias":1}`}, "an alias that is a number"},
		{call{"max-results-no-number", "GET", "/workspaces?maxResults=many", ""}, "maxResults that is no number"},
		{call{"next-token-garbage", "GET", "/workspaces?nextToken=nobody-gave-this", ""}, "a nextToken of nobody's"},
		{call{"rules-next-token-garbage", "GET", "{ws}/rulegroupsnamespaces?nextToken=nobody-gave-this", ""}, "a nextToken of nobody's"},
		{call{"tags-of-no-arn", "GET", "/tags/nobody", ""}, "what is no ARN"},
		{call{"tags-of-other-service", "GET", "/tags/arn%3Aaws%3As3%3A%3A%3Abucket", ""}, "another service's ARN"},
		{call{"scraper-source-empty", "POST", "/scrapers", "{" + scrapeFile + "," + scrapeTo + `,"source":{}}`}, "a source that is none"},
		{call{"scraper-file-no-yaml", "POST", "/scrapers", `{"scrapeConfiguration":{"configurationBlob":"Ww=="},` + scrapeTo + "," + scrapeFrom + "}"}, "a configuration that is no YAML"},
		{call{"detector-query-no-promql", "POST", "{ws}/anomalydetectors", `{"alias":"a","configuration":{"randomCutForest":{"query":"sum("}}}`}, "a query that is no PromQL"},
		{call{"detector-missing-data-both", "POST", "{ws}/anomalydetectors", `{"missingDataAction":{"skip":true,"markAsAnomaly":true},` + aDetector[1:]}, "both members of a union"},
		{call{"configuration-retention-too-long", "PATCH", "{ws}/configuration", `{"retentionPeriodInDays":1096}`}, "a retention of 1096 days"},
	}
}

// fieldListChecks are about what the refusal says of the member at fault.
func fieldListChecks() []Check {
	var checks []Check
	for _, r := range []struct {
		call
		field string
	}{
		{call{"alias", "POST", "/workspaces", `{"alias":""}`}, "alias"},
		{call{"name", "POST", "{ws}/rulegroupsnamespaces", aFile}, "name"},
		{call{"data", "PUT", "{ws}/rulegroupsnamespaces/a", `{}`}, "data"},
		{call{"definition", "POST", "{ws}/alertmanager/definition", `{}`}, "data"},
		{call{"log-group", "POST", "{ws}/logging", `{"logGroupArn":"a"}`}, "logGroupArn"},
		{call{"retention", "PATCH", "{ws}/configuration", `{"retentionPeriodInDays":0}`}, "retentionPeriodInDays"},
		{call{"max-results", "GET", "/workspaces?maxResults=0", ""}, "maxResults"},
		{call{"tag-keys", "DELETE", "{tags}", ""}, "tagKeys"},
		{call{"scraper", "POST", "/scrapers", "{" + scrapeFile + "," + scrapeTo + "}"}, "source"},
	} {
		checks = append(checks, shouldModel("field-list."+r.id,
			"The refusal of "+r.described()+" gives FIELD_VALIDATION_FAILED as its reason and "+r.field+" in fieldList.",
			"API model, ValidationException: members [D]; their content [I]", func(_ context.Context, t *T) {
				t.call(r.call).ExpectStatus(http.StatusBadRequest).ExpectJSON("reason", "FIELD_VALIDATION_FAILED").
					ExpectJSON("fieldList.0.name", r.field).ExpectNoJSON("fieldList.1")
			}))
	}
	return append(checks, shouldModel("field-list.cannot-parse", "The refusal of a body that is no JSON gives CANNOT_PARSE as its reason.",
		"API model, ValidationExceptionReason [D]; when [I]", func(_ context.Context, t *T) {
			t.call(call{method: "POST", path: "/workspaces", body: `{"alias":`}).ExpectStatus(http.StatusBadRequest).ExpectJSON("reason", "CANNOT_PARSE")
		}))
}
