package check_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/check"
)

// good is a ScaledObject in which nothing but what its author knows is to be found, signed by KEDA itself.
const good = `apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: web
  namespace: shop
spec:
  scaleTargetRef:
    name: web
  minReplicaCount: 1
  maxReplicaCount: 10
  fallback:
    failureThreshold: 3
    replicas: 4
    behavior: currentReplicasIfHigher
  advanced:
    horizontalPodAutoscalerConfig:
      behavior:
        scaleDown:
          stabilizationWindowSeconds: 120
  triggers:
    - type: prometheus
      name: requests
      authenticationRef:
        name: aws
      metadata:
        serverAddress: https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-0a1b2c3d-0000-4000-8000-000000000000
        awsRegion: eu-west-1
        ignoreNullValues: "false"
        threshold: "10"
        query: sum(rate(requests_total{namespace="shop",pod=~"web-.*"}[2m]))
---
apiVersion: keda.sh/v1alpha1
kind: TriggerAuthentication
metadata:
  name: aws
  namespace: shop
spec:
  podIdentity:
    provider: aws
`

// keys is a TriggerAuthentication with keys, in place of the one of a role.
const keys = `apiVersion: keda.sh/v1alpha1
kind: TriggerAuthentication
metadata: {name: aws, namespace: shop}
spec:
  secretTargetRef:
    - {parameter: awsAccessKeyID, name: keys, key: id}
    - {parameter: awsSecretAccessKey, name: keys, key: secret}
---
apiVersion: v1
kind: Secret
metadata: {name: keys, namespace: shop}
stringData: {id: AKIAIOSFODNN7EXAMPLE, secret: abc}
`

const (
	address = "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-0a1b2c3d-0000-4000-8000-000000000000"
	proxied = "http://keda-sigv4.keda.svc.cluster.local/workspaces/ws-0a1b2c3d-0000-4000-8000-000000000000"
	query   = `sum(rate(requests_total{namespace="shop",pod=~"web-.*"}[2m]))`
	role    = "  podIdentity:\n    provider: aws\n"
	region  = "        awsRegion: eu-west-1\n"
	ref     = "      authenticationRef:\n        name: aws\n"
	falls   = "  fallback:\n    failureThreshold: 3\n    replicas: 4\n    behavior: currentReplicasIfHigher\n"
)

// edit replaces texts, in pairs of old and new, each of which must be there.
func edit(t *testing.T, content string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		require.Contains(t, content, pairs[i])
		content = strings.Replace(content, pairs[i], pairs[i+1], 1)
	}
	return content
}

// withKeys is good with keys instead of a role.
func withKeys() string {
	return good[:strings.Index(good, "---\n")+4] + keys
}

func asking(q string) []string { return []string{query, "'" + q + "'"} }

// rule is what breaks a rule: the edits that make a bad file of good, and those that make another good one.
type rule struct {
	id string
	// from is the file that is edited, good when empty.
	from string
	bad  []string
	fine []string
	// line is a text of the line that is named.
	line string
	// what is a text of the finding.
	what    string
	options func(*check.Options)
}

func load(v float64) func(*check.Options) {
	return func(o *check.Options) { o.Load = v }
}

func objectCases() []rule {
	return []rule{
		{id: "not-yaml", bad: []string{"spec:\n", "spec: {{ .Values.x }\n"}},
		{id: "no-scaledobject", bad: []string{"kind: ScaledObject", "kind: ScaledJob"}},
		{id: "unknown-field", bad: []string{"minReplicaCount", "minReplicas"}, line: "minReplicas", what: "did you mean minReplicaCount?"},
		{id: "target-missing", bad: []string{"scaleTargetRef:\n    name: web", "scaleTargetRef:\n    kind: Deployment"}},
		{
			id: "paused", bad: []string{"  namespace: shop\n", "  namespace: shop\n  annotations: {autoscaling.keda.sh/paused: \"true\"}\n"},
			fine: []string{"  namespace: shop\n", "  namespace: shop\n  annotations: {autoscaling.keda.sh/paused: \"false\"}\n"}, line: "annotations",
		},
		{id: "min-over-max", bad: []string{"minReplicaCount: 1\n", "minReplicaCount: 11\n"}, line: "minReplicaCount"},
		{
			id: "idle-replicas", bad: []string{"  minReplicaCount: 1\n", "  minReplicaCount: 1\n  idleReplicaCount: 1\n"},
			fine: []string{"  minReplicaCount: 1\n", "  minReplicaCount: 1\n  idleReplicaCount: 0\n"}, line: "idleReplicaCount",
		},
		{
			id: "polling-without-effect", bad: []string{"  minReplicaCount: 1\n", "  minReplicaCount: 1\n  pollingInterval: 5\n"},
			fine: []string{"  minReplicaCount: 1\n", "  minReplicaCount: 0\n  pollingInterval: 5\n"}, line: "pollingInterval",
		},
		{
			id: "cooldown-without-effect", bad: []string{"  minReplicaCount: 1\n", "  minReplicaCount: 1\n  cooldownPeriod: 5\n"},
			fine: []string{"  minReplicaCount: 1\n", "  minReplicaCount: 1\n  idleReplicaCount: 0\n  cooldownPeriod: 5\n"}, line: "cooldownPeriod",
		},
		{id: "cached-metrics", bad: []string{"name: requests", "useCachedMetrics: true"}, line: "useCachedMetrics", what: "30s old"},
		{id: "default-scale-down", bad: []string{"stabilizationWindowSeconds: 120", "selectPolicy: Max"}},
		{id: "stabilization-short", bad: []string{"Seconds: 120", "Seconds: 30"}, line: "Seconds: 30", what: "36.5s"},
		{id: "direction-disabled", bad: []string{"stabilizationWindowSeconds: 120", "selectPolicy: Disabled"}, fine: []string{"Seconds: 120", "Seconds: 120\n          selectPolicy: Min"}, line: "Disabled", what: "scaleDown"},
		{
			id: "last-replicas", bad: []string{"maxReplicaCount: 10", "maxReplicaCount: 12"},
			fine: []string{"maxReplicaCount: 10", "maxReplicaCount: 12", "        scaleDown:", "        scaleUp: {tolerance: \"0.01\"}\n        scaleDown:"},
			line: "maxReplicaCount", what: "takes more than 121, and 12 replicas are for 120",
		},
		{id: "max-too-low", bad: []string{"maxReplicaCount: 10", "maxReplicaCount: 9"}, options: load(99.5), line: "maxReplicaCount", what: "needs 10 replicas"},
		{id: "tolerance", bad: []string{"threshold: \"10\"", "threshold: \"10.5\""}, options: load(99.5), line: "threshold", what: "above 103.95"},
		{id: "fallback-missing", bad: []string{falls, ""}},
		{id: "fallback-below-need", bad: []string{"    behavior: currentReplicasIfHigher\n", ""}, options: load(50), line: "replicas: 4", what: "5 are needed"},
		{id: "fallback-below-need", bad: []string{"    behavior: currentReplicasIfHigher\n", ""}, options: func(o *check.Options) { o.Replicas = 7 }, line: "replicas: 4", what: "7 are needed"},
		{id: "fallback-static", bad: []string{"    behavior: currentReplicasIfHigher\n", ""}, line: "replicas: 4"},
		{id: "fallback-over-max", bad: []string{"replicas: 4", "replicas: 40"}, line: "replicas: 40"},
		{id: "fallback-not-for-empty", bad: []string{"        ignoreNullValues: \"false\"\n", ""}, line: "failureThreshold"},
		{id: "no-trigger", bad: []string{good[strings.Index(good, "  triggers:"):strings.Index(good, "---")], "  triggers: []\n"}},
		{id: "trigger-type", bad: []string{"type: prometheus", "type: prometeus"}, fine: []string{"type: prometheus", "type: cron"}, line: "prometeus"},
		{id: "not-checked", bad: []string{"type: prometheus", "type: cron"}, line: "cron"},
		{id: "trigger-name", bad: []string{"  triggers:\n", "  triggers:\n    - {type: cron, name: requests, metadata: {}}\n"}, fine: []string{"  triggers:\n", "  triggers:\n    - {type: cron, name: night, metadata: {}}\n"}, line: "name: requests"},
		{id: "several-triggers", bad: []string{"  triggers:\n", "  triggers:\n    - {type: cron, metadata: {}}\n"}, line: "type: prometheus"},
		{
			id: "duplicate-trigger", bad: []string{"  triggers:\n", "  triggers:\n    - type: prometheus\n      metadata: {threshold: \"5\", serverAddress: \"" + address + "\", query: '" + query + "'}\n"},
			fine: []string{"  triggers:\n", "  triggers:\n    - type: prometheus\n      metadata: {threshold: \"5\", serverAddress: \"" + address + "\", query: 'max(up{namespace=\"shop\"})'}\n"}, line: "query: sum",
		},
		{id: "duplicate-target", bad: []string{"---\n", "---\napiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: two, namespace: shop}\nspec: {scaleTargetRef: {name: web}}\n---\n"}, fine: []string{"---\n", "---\napiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: two, namespace: shop}\nspec: {scaleTargetRef: {name: web, kind: StatefulSet}}\n---\n"}, line: "spec: {scaleTargetRef"},
		{id: "given-twice", bad: []string{"---\n", "---\napiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: web, namespace: shop}\nspec: {scaleTargetRef: {name: web}}\n---\n"}},
	}
}

func triggerCases() []rule {
	twoKeys := []string{address, proxied}
	return []rule{
		{id: "metadata-not-text", bad: []string{`threshold: "10"`, "threshold: 10"}, line: "threshold", what: "no text but int"},
		{id: "metadata-not-text", bad: []string{`ignoreNullValues: "false"`, "ignoreNullValues: false"}, line: "ignoreNullValues", what: "no text but bool"},
		{id: "unknown-key", bad: []string{"ignoreNullValues", "ignoreNullValue"}, line: "ignoreNullValue", what: "did you mean ignoreNullValues?"},
		{id: "unknown-key", bad: []string{"awsRegion", "awsregion"}, line: "awsregion", what: "did you mean awsRegion?"},
		{id: "metric-name", bad: []string{region, region + "        metricName: ho11y_total\n"}, line: "metricName"},
		{id: "not-a-boolean", bad: []string{`"false"`, `"no way"`}, line: "ignoreNullValues"},
		{id: "not-a-number", bad: []string{`threshold: "10"`, `threshold: "ten"`}, line: "threshold"},
		{id: "timeout-invalid", bad: []string{region, region + "        timeout: five\n"}, fine: []string{region, region + "        timeout: 5s\n"}, line: "timeout"},
		{id: "timeout-short", bad: []string{region, region + "        timeout: \"5\"\n"}, fine: []string{region, region + "        timeout: \"5000\"\n"}, line: "timeout", what: "5ms"},
		{id: "threshold-missing", bad: []string{"        threshold: \"10\"\n", ""}},
		{id: "threshold-zero", bad: []string{`"10"`, `"0"`}, line: "threshold"},
		{
			id: "activation-without-effect", bad: []string{region, region + "        activationThreshold: \"2\"\n"},
			fine: []string{region, region + "        activationThreshold: \"2\"\n", "minReplicaCount: 1", "minReplicaCount: 0"}, line: "activationThreshold",
		},
		{
			id: "activation-outranks", bad: []string{region, region + "        activationThreshold: \"12\"\n", "minReplicaCount: 1", "minReplicaCount: 0"},
			fine: []string{region, region + "        activationThreshold: \"2\"\n", "minReplicaCount: 1", "minReplicaCount: 0"}, line: "activationThreshold",
		},
		{id: "activation", bad: []string{region, region + "        activationThreshold: \"2\"\n", "minReplicaCount: 1", "minReplicaCount: 0"}, line: "activationThreshold"},
		{id: "metric-type-value", bad: []string{"name: requests", "metricType: Value"}, fine: []string{"name: requests", "metricType: AverageValue"}, line: "metricType"},
		{id: "metric-type", bad: []string{"name: requests", "metricType: Utilization"}, fine: []string{"name: requests", "metricType: Value"}, line: "metricType"},
		{id: "address-missing", bad: []string{"        serverAddress: " + address + "\n", ""}},
		{id: "address-invalid", bad: []string{address, "aps-workspaces.eu-west-1.amazonaws.com"}, line: "serverAddress"},
		{id: "address-with-api", bad: []string{address, address + "/api/v1/remote_write"}, line: "serverAddress"},
		{id: "trailing-slash", bad: []string{address, address + "/"}, line: "serverAddress"},
		{id: "address-with-query", bad: []string{address, address + "?timeout=5s"}, line: "serverAddress"},
		{id: "plain-http", bad: []string{"https:", "http:"}, line: "serverAddress"},
		{id: "workspace-missing", bad: []string{address, "https://aps-workspaces.eu-west-1.amazonaws.com"}, fine: []string{address, "http://prometheus.monitoring:9090", region, ""}, line: "serverAddress"},
		{id: "workspace-placeholder", bad: []string{"ws-0a1b2c3d-0000-4000-8000-000000000000", "$WORKSPACE"}, line: "serverAddress"},
		{id: "region-missing", from: withKeys(), bad: []string{region, ""}, line: "serverAddress"},
		{id: "region-from-environment", bad: []string{region, ""}, line: "serverAddress"},
		{id: "region-mismatch", bad: []string{"awsRegion: eu-west-1", "awsRegion: us-east-1"}, line: "awsRegion"},
		{id: "unsigned", bad: []string{ref, ""}, fine: []string{ref, "", region, region + "        identityOwner: operator\n"}, line: "serverAddress"},
		{id: "unsigned", from: withKeys(), bad: []string{"awsSecretAccessKey", "awsSecretKey"}, line: "serverAddress"},
		{id: "auth-modes", bad: []string{region, region + "        authModes: bearer\n"}, line: "authModes"},
		{id: "signed-twice", bad: twoKeys, fine: []string{address, proxied, ref, "", region, ""}, line: "awsRegion"},
		{id: "signed-for-service", bad: []string{address, "http://amp.ampersand.svc:2677/workspaces/ws-1"}, fine: []string{address, "http://amp.ampersand.svc:2677/workspaces/ws-1", ref, ""}, line: "serverAddress"},
		{id: "region-with-proxy", bad: []string{address, proxied, ref, ""}, fine: []string{address, proxied, ref, "", region, ""}, line: "awsRegion"},
		{id: "unsafe-ssl", bad: []string{region, region + "        unsafeSsl: \"true\"\n"}, fine: []string{address, proxied, ref, "", region, "        unsafeSsl: \"true\"\n"}, line: "unsafeSsl"},
		{id: "identity-owner", bad: []string{ref, "", region, region + "        identityOwner: operator\n"}, line: "identityOwner"},
		{id: "identity-owner-unknown", bad: []string{ref, "", region, region + "        identityOwner: keda\n"}, line: "identityOwner"},
		{id: "identity-owner-ignored", bad: []string{region, region + "        identityOwner: pod\n"}, line: "identityOwner"},
		{id: "aws-eks", bad: []string{"provider: aws", "provider: aws-eks"}, line: "provider"},
		{id: "authentication-not-given", bad: []string{"authenticationRef:\n        name: aws", "authenticationRef:\n        name: other"}, line: "name: other"},
		{id: "authentication-namespace", bad: []string{"name: aws\n  namespace: shop", "name: aws\n  namespace: keda"}, fine: []string{"name: aws\n  namespace: shop", "name: aws"}, line: "        name: aws"},
		{id: "secret-not-given", from: withKeys(), bad: []string{"metadata: {name: keys,", "metadata: {name: other,"}, line: "awsAccessKeyID"},
		{id: "secret-key", from: withKeys(), bad: []string{"{id: AKIA", "{ID: AKIA"}, line: "awsAccessKeyID"},
		{id: "session-token", from: withKeys(), bad: []string{"AKIA", "ASIA"}},
	}
}

func queryCases() []rule {
	fast := func(o *check.Options) { o.ScrapeInterval = 5 * time.Second }
	return []rule{
		{id: "query-missing", bad: []string{"        query: " + query + "\n", ""}},
		{id: "query-syntax", bad: asking(`sum(rate(x{namespace="a"}[2m])`), line: "query:", what: "line 1, column"},
		{id: "query-syntax", bad: []string{"query: " + query, "query: |\n          sum(\n            rate(x{namespace=\"a\"}[2m])))"}, line: "rate(x{", what: "line 2, column 31"},
		{id: "query-variable", bad: asking(`sum(rate(x{namespace="a"}[$__rate_interval]))`), line: "query:"},
		{id: "not-a-vector", bad: asking(`scalar(sum(x{namespace="a"}))`), fine: asking(`vector(1)`), line: "query:"},
		{id: "range-result", bad: asking(`x{namespace="a"}[5m]`), line: "query:"},
		{id: "several-elements", bad: asking(`rate(ho11y_total[1m])`), line: "query:"},
		{id: "several-elements", bad: asking(`sum by (pod) (rate(x_total{namespace="a"}[2m]))`), fine: asking(`sum by (pod) (rate(x_total{namespace="a",pod="b"}[2m]))`), line: "query:"},
		{id: "several-elements", bad: asking(`topk(2, sum by (pod) (x{namespace="a"}))`), fine: asking(`topk(1, sum by (pod) (x{namespace="a"}))`), line: "query:"},
		{id: "several-elements", bad: asking(`sum without (pod) (x{namespace="a"})`), fine: asking(`sum(x{namespace="a"}) / on() group_left() count(x{namespace="a"})`), line: "query:"},
		{id: "several-elements", bad: asking(`rate(x_total{namespace="a"}[2m]) / on() group_left() sum(y{namespace="a"})`), fine: asking(`sum(x{namespace="a"}) or vector(0)`), line: "query:"},
		{id: "several-elements", bad: asking(`histogram_quantile(0.9, sum by (le, pod) (rate(x_bucket{namespace="a"}[2m])))`), fine: asking(`histogram_quantile(0.9, sum by (le) (rate(x_bucket{namespace="a"}[2m])))`), line: "query:"},
		{id: "maybe-several-elements", bad: asking(`queue_depth{namespace="a",queue="b"}`), fine: asking(`max(queue_depth{namespace="a"})`), line: "query:"},
		{id: "empty-as-zero", bad: []string{"        ignoreNullValues: \"false\"\n", ""}, fine: []string{"        ignoreNullValues: \"false\"\n", "", query, query + " or vector(0)"}, line: "query:"},
		{id: "rate-window-empty", bad: []string{"[2m]", "[20s]"}, fine: []string{"[2m]", "[30s]"}, line: "query:"},
		{id: "rate-window", bad: []string{"[2m]", "[50s]"}, fine: []string{"[2m]", "[1m]"}, line: "query:"},
		{id: "rate-window", bad: []string{"[2m]", "[15s]"}, fine: []string{"[2m]", "[20s]"}, options: fast, line: "query:"},
		{id: "rate-of-gauge", bad: asking(`sum(rate(queue_size{namespace="a"}[2m]))`), fine: asking(`sum(delta(queue_size{namespace="a"}[2m]))`), line: "query:"},
		{id: "counter-without-rate", bad: asking(`sum(x_total{namespace="a"})`), fine: asking(`count(x_total{namespace="a"})`), line: "query:"},
		{id: "no-selector", bad: asking(`sum(rate(x_total[2m]))`), line: "query:"},
		{id: "no-namespace", bad: asking(`sum(rate(x_total{job="a"}[2m]))`), fine: asking(`sum(rate(x_total{k8s_namespace="a"}[2m]))`), line: "query:"},
		{id: "division", bad: asking(`sum(x{namespace="a"}) / sum(y{namespace="a"})`), fine: asking(`sum(x{namespace="a"}) / 2`), line: "query:"},
		{id: "quantile-without-le", bad: asking(`histogram_quantile(0.9, sum(rate(x_bucket{namespace="a"}[2m])))`), fine: asking(`histogram_quantile(0.9, sum without (pod) (rate(x_bucket{namespace="a"}[2m])))`), line: "query:"},
	}
}

// inspect checks one file.
func inspect(content string, options func(*check.Options)) *check.Report {
	o := check.Defaults()
	if options != nil {
		options(&o)
	}
	return check.Check([]check.File{{Name: "so.yaml", Content: []byte(content)}}, o)
}

func find(r *check.Report, id string) (check.Finding, bool) {
	i := slices.IndexFunc(r.Findings, func(f check.Finding) bool { return f.ID == id })
	if i < 0 {
		return check.Finding{}, false
	}
	return r.Findings[i], true
}

func TestRules(t *testing.T) {
	for _, c := range slices.Concat(objectCases(), triggerCases(), queryCases()) {
		t.Run(c.id, func(t *testing.T) {
			from := c.from
			if from == "" {
				from = good
			}
			bad := edit(t, from, c.bad...)
			f, found := find(inspect(bad, c.options), c.id)
			require.True(t, found, "not found in\n%s", bad)
			require.Equal(t, "so.yaml", f.File)
			require.Contains(t, f.What, c.what)
			if c.line != "" {
				require.Contains(t, strings.Split(bad, "\n")[f.Line-1], c.line)
			}
			_, found = find(inspect(edit(t, from, c.fine...), c.options), c.id)
			require.False(t, found, "found in the good file too")
		})
	}
}

// TestEveryRuleIsTested keeps rules from being added without a file that breaks them.
func TestEveryRuleIsTested(t *testing.T) {
	var tested []string
	for _, c := range slices.Concat(objectCases(), triggerCases(), queryCases()) {
		tested = append(tested, c.id)
	}
	for _, c := range answerCases() {
		tested = append(tested, c.id)
	}
	seen := map[string]bool{}
	for _, r := range check.Rules() {
		require.Contains(t, tested, r.ID)
		require.False(t, seen[r.ID], "%s is there twice", r.ID)
		seen[r.ID] = true
		for name, text := range map[string]string{"level": string(r.Level), "why": r.Why, "do": r.Do, "source": r.Source} {
			require.NotEmpty(t, text, "%s has no %s", r.ID, name)
		}
	}
}

func TestGoodIsGood(t *testing.T) {
	require.Empty(t, inspect(good, nil).Findings)
	require.Empty(t, inspect(withKeys(), nil).Findings)
}
