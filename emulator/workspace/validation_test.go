package workspace_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestValidationOnTheWire sends what the SDK would not. The first field of the
// answer's fieldList names what is wrong.
func TestValidationOnTheWire(t *testing.T) {
	f := start(t, nil)
	v := newTour(t)
	v.play(t, f.client(), "DeleteScraperLoggingConfiguration")
	ws, s := "/workspaces/"+v.ws, "/scrapers/"+v.s
	const (
		blob = `"scrapeConfiguration":{"configurationBlob":"c2NyYXBlX2NvbmZpZ3M6IFt7am9iX25hbWU6IGF9XQ=="}`
		dest = `"destination":{"ampConfiguration":{"workspaceArn":"arn:aws:aps:us-east-1:999999999999:workspace/ws-1"}}`
		src  = `"source":{"eksConfiguration":{"clusterArn":"` + clusterARN + `","subnetIds":["subnet-1"]}}`
	)
	scraper := func(parts ...string) string { return "{" + strings.Join(parts, ",") + "}" }
	detector := func(inner string) string {
		return `{"alias":"a","configuration":{"randomCutForest":{` + inner + `}}}`
	}
	labels := make([]string, 141)
	for i := range labels {
		labels[i] = fmt.Sprintf(`"l%d":"v"`, i)
	}
	set := func(inner string) string { return `{"limitsPerLabelSet":[` + inner + `]}` }
	log := func(inner string) string { return `{"destinations":[` + inner + `]}` }
	group := `"cloudWatchLogs":{"logGroupArn":"` + logGroup + `"}`
	policy := func(statement string) string {
		return `{"policyDocument":"{\"Statement\":` + strings.ReplaceAll(statement, `"`, `\"`) + `}"}`
	}
	tests := []struct{ method, target, body, field string }{
		{"POST", ws + "/rulegroupsnamespaces", `{}`, "name"},
		{"POST", ws + "/rulegroupsnamespaces", `{"name":"a"}`, "data"},
		{"POST", ws + "/rulegroupsnamespaces", `{"name":"a","data":null}`, "data"},
		{"POST", ws + "/rulegroupsnamespaces", `{"name":"--","data":""}`, "name"},
		{"POST", ws + "/rulegroupsnamespaces", `{"name":"` + strings.Repeat("a", 129) + `","data":""}`, "name"},
		{"POST", ws + "/rulegroupsnamespaces", `{"name":"a","data":"","tags":{"aws:x":"y"}}`, "tags"},
		{"POST", ws + "/rulegroupsnamespaces", `{"name":"a","data":"","clientToken":""}`, "clientToken"},
		{"POST", ws + "/rulegroupsnamespaces", `{"name":"a","data":"!"}`, ""},
		{"POST", ws + "/rulegroupsnamespaces", `{"name":1}`, ""},
		{"POST", ws + "/rulegroupsnamespaces", `[]`, ""},
		{"PUT", ws + "/rulegroupsnamespaces/--", `{"data":""}`, "name"},
		{"DELETE", ws + "/rulegroupsnamespaces/a?clientToken=" + strings.Repeat("a", 65), ``, "clientToken"},
		{"GET", ws + "/rulegroupsnamespaces?maxResults=0", ``, "maxResults"},
		{"GET", ws + "/rulegroupsnamespaces?name=", ``, "name"},
		{"GET", ws + "/rulegroupsnamespaces?nextToken=YQ", ``, "nextToken"},
		{"GET", "/workspaces/---/rulegroupsnamespaces", ``, "workspaceId"},
		{"PUT", ws + "/alertmanager/definition", `{}`, "data"},
		{"PUT", ws + "/logging", `{}`, "logGroupArn"},
		{"PUT", ws + "/logging", `{"logGroupArn":"` + strings.TrimSuffix(logGroup, ":*") + `"}`, "logGroupArn"},
		{"PUT", ws + "/logging/query", `{}`, "destinations"},
		{"PUT", ws + "/logging/query", log(``), "destinations"},
		{"PUT", ws + "/logging/query", log(`{}`), "destinations.cloudWatchLogs"},
		{"PUT", ws + "/logging/query", log(`{` + group + `}`), "destinations.filters"},
		{"PUT", ws + "/logging/query", log(`{` + group + `,"filters":{}}`), "destinations.filters.qspThreshold"},
		{"PUT", ws + "/logging/query", log(`{` + group + `,"filters":{"qspThreshold":-1}}`), "destinations.filters.qspThreshold"},
		{"PATCH", ws + "/configuration", `{}`, "limitsPerLabelSet"},
		{"PATCH", ws + "/configuration", `{"retentionPeriodInDays":0}`, "retentionPeriodInDays"},
		{"PATCH", ws + "/configuration", `{"retentionPeriodInDays":1096}`, "retentionPeriodInDays"},
		{"PATCH", ws + "/configuration", `{"outOfOrderTimeWindowInSeconds":-1}`, "outOfOrderTimeWindowInSeconds"},
		{"PATCH", ws + "/configuration", `{"ruleQueryOffsetInSeconds":9999999999}`, "ruleQueryOffsetInSeconds"},
		{"PATCH", ws + "/configuration", set(`{"limits":{}}`), "limitsPerLabelSet.labelSet"},
		{"PATCH", ws + "/configuration", set(`{"labelSet":{}}`), "limitsPerLabelSet.limits"},
		{"PATCH", ws + "/configuration", set(`{"labelSet":{"a b":"c"},"limits":{}}`), "limitsPerLabelSet.labelSet"},
		{"PATCH", ws + "/configuration", set(`{"labelSet":{"a":" "},"limits":{}}`), "limitsPerLabelSet.labelSet.a"},
		{"PATCH", ws + "/configuration", set(`{"labelSet":{"__name__":"1"},"limits":{}}`), "limitsPerLabelSet.labelSet.__name__"},
		{"PATCH", ws + "/configuration", set(`{"labelSet":{},"limits":{"maxSeries":-1}}`), "limitsPerLabelSet.limits.maxSeries"},
		{"PATCH", ws + "/configuration", set(`{"labelSet":{},"limits":{}},{"labelSet":{},"limits":{}}`), "limitsPerLabelSet.labelSet"},
		{"PUT", ws + "/policy", `{}`, "policyDocument"},
		{"PUT", ws + "/policy", `{"policyDocument":"x"}`, "policyDocument"},
		{"PUT", ws + "/policy", policy(`[]`), "policyDocument"},
		{"PUT", ws + "/policy", policy(`{"Effect":"Maybe","Principal":"*","Action":"*"}`), "policyDocument"},
		{"PUT", ws + "/policy", policy(`{"Effect":"Allow","Action":"*"}`), "policyDocument"},
		{"PUT", ws + "/policy", policy(`{"Effect":"Allow","Principal":"*"}`), "policyDocument"},
		{"POST", "/scrapers", scraper(dest, src), "scrapeConfiguration"},
		{"POST", "/scrapers", scraper(blob, src), "destination"},
		{"POST", "/scrapers", scraper(blob, dest), "source"},
		{"POST", "/scrapers", scraper(blob, dest, `"source":{}`), "source"},
		{"POST", "/scrapers", scraper(blob, dest, `"source":{"eksConfiguration":{},"vpcConfiguration":{}}`), "source"},
		{"POST", "/scrapers", scraper(blob, dest, `"source":{"eksConfiguration":{}}`), "source.eksConfiguration.clusterArn"},
		{"POST", "/scrapers", scraper(blob, dest, `"source":{"vpcConfiguration":{"subnetIds":["x"]}}`), "source.vpcConfiguration.subnetIds"},
		{"POST", "/scrapers", scraper(blob, dest, `"source":{"vpcConfiguration":{"subnetIds":["subnet-1"]}}`), "source.vpcConfiguration.securityGroupIds"},
		{"POST", "/scrapers", scraper(blob, dest, `"source":{"eksConfiguration":{"clusterArn":"`+clusterARN+`","subnetIds":[]}}`), "source.eksConfiguration.subnetIds"},
		{"POST", "/scrapers", scraper(blob, src, `"destination":{"ampConfiguration":{}}`), "destination.ampConfiguration.workspaceArn"},
		{"POST", "/scrapers", scraper(blob, src, `"destination":{"cloudWatchConfiguration":{"datasetArn":"x"}}`), "destination.cloudWatchConfiguration.datasetArn"},
		{"POST", "/scrapers", scraper(blob, src, dest, `"alias":"-a"`), "alias"},
		{"POST", "/scrapers", scraper(src, dest, `"scrapeConfiguration":{}`), "scrapeConfiguration.configurationBlob"},
		{"POST", "/scrapers", scraper(src, dest, `"scrapeConfiguration":{"configurationBlob":"Ww=="}`), "scrapeConfiguration.configurationBlob"},
		{"POST", "/scrapers", scraper(src, dest, `"scrapeConfiguration":{"configurationBlob":""}`), "scrapeConfiguration.configurationBlob"},
		{"PUT", s, `{"roleConfiguration":{"sourceRoleArn":"x"}}`, "roleConfiguration.sourceRoleArn"},
		{"PUT", s, `{"exporters":[{},{}]}`, "exporters"},
		{"PUT", s, `{"exporters":[{"openSearchConfiguration":{}}]}`, "exporters.openSearchConfiguration.domainArn"},
		{"PUT", s, `{"exporters":[{"kafkaConfiguration":{"clusterArn":"arn:aws:kafka:us-east-1:123456789012:cluster/k","topicFilter":"a"}}]}`, "exporters.kafkaConfiguration.topicFilter"},
		{"PUT", s, `{"exporters":[{"kafkaConfiguration":{"clusterArn":"arn:aws:kafka:us-east-1:123456789012:cluster/k","consumerGroupFilter":"^($"}}]}`, "exporters.kafkaConfiguration.consumerGroupFilter"},
		{"GET", "/scrapers/-", ``, "scraperId"},
		{"GET", "/scrapers?color=red", ``, "filters"},
		{"GET", "/scrapers?alias=", ``, "filters.alias"},
		{"GET", "/scrapers?" + strings.Repeat("alias=a&", 21), ``, "filters.alias"},
		{"PUT", s + "/logging-configuration", `{}`, "loggingDestination"},
		{"PUT", s + "/logging-configuration", `{"loggingDestination":{}}`, "loggingDestination"},
		{"PUT", s + "/logging-configuration", `{"loggingDestination":{` + group + `},"scraperComponents":[]}`, "scraperComponents"},
		{"PUT", s + "/logging-configuration", `{"loggingDestination":{` + group + `},"scraperComponents":[{"type":"X"}]}`, "scraperComponents.type"},
		{"POST", ws + "/anomalydetectors", `{"configuration":{"randomCutForest":{"query":"sum(x)"}}}`, "alias"},
		{"POST", ws + "/anomalydetectors", `{"alias":"a"}`, "configuration"},
		{"POST", ws + "/anomalydetectors", `{"alias":"a","configuration":{}}`, "configuration"},
		{"POST", ws + "/anomalydetectors", detector(``), "configuration.randomCutForest.query"},
		{"POST", ws + "/anomalydetectors", detector(`"query":"sum("`), "configuration.randomCutForest.query"},
		{"POST", ws + "/anomalydetectors", detector(`"query":"x"`), "configuration.randomCutForest.query"},
		{"POST", ws + "/anomalydetectors", detector(`"query":"topk(1, x)"`), "configuration.randomCutForest.query"},
		{"POST", ws + "/anomalydetectors", detector(`"query":"sum(x)","shingleSize":1`), "configuration.randomCutForest.shingleSize"},
		{"POST", ws + "/anomalydetectors", detector(`"query":"sum(x)","sampleSize":1025`), "configuration.randomCutForest.sampleSize"},
		{"POST", ws + "/anomalydetectors", detector(`"query":"sum(x)","ignoreNearExpectedFromAbove":{"amount":-1}`), "configuration.randomCutForest.ignoreNearExpectedFromAbove"},
		{"POST", ws + "/anomalydetectors", detector(`"query":"sum(x)","ignoreNearExpectedFromBelow":{}`), "configuration.randomCutForest.ignoreNearExpectedFromBelow"},
		{"POST", ws + "/anomalydetectors", `{"alias":"a","labels":{` + strings.Join(labels, ",") + `},"configuration":{"randomCutForest":{"query":"sum(x)"}}}`, "labels"},
		{"PUT", ws + "/anomalydetectors/ad-1", `{"evaluationIntervalInSeconds":29,"configuration":{"randomCutForest":{"query":"sum(x)"}}}`, "evaluationIntervalInSeconds"},
		{"PUT", ws + "/anomalydetectors/ad-1", `{"missingDataAction":{"skip":true,"markAsAnomaly":true},"configuration":{"randomCutForest":{"query":"sum(x)"}}}`, "missingDataAction"},
		{"PUT", ws + "/anomalydetectors/ad-1", `{"labels":{"__a":"b"},"configuration":{"randomCutForest":{"query":"sum(x)"}}}`, "labels"},
		{"PUT", ws + "/anomalydetectors/x", `{"configuration":{"randomCutForest":{"query":"sum(x)"}}}`, "anomalyDetectorId"},
	}
	before := f.file(t)
	for i, tc := range tests {
		t.Run(fmt.Sprint(i, " ", tc.method, " ", tc.field), func(t *testing.T) {
			status, header, body := f.call(t, tc.method, tc.target, tc.body)
			require.Equal(t, 400, status, body)
			require.Equal(t, "ValidationException", header.Get("X-Amzn-Errortype"))
			if tc.field == "" {
				require.Contains(t, body, `"reason":"CANNOT_PARSE"`)
				return
			}
			require.Contains(t, body, `"reason":"FIELD_VALIDATION_FAILED"`)
			_, list, _ := strings.Cut(body, `"fieldList":[{"name":"`)
			name, _, _ := strings.Cut(list, `"`)
			require.Equal(t, tc.field, name, body)
		})
	}
	require.True(t, before == f.file(t), "a refused request changes nothing")
}
