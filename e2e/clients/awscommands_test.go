//go:build clients

package clients

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/sigv4/sigv4test"
)

func (c *cli) testWorkspaces(t *testing.T) {
	t.Parallel()
	create := []string{"create-workspace", "--alias", "cli-one", "--tags", "team=metrics,stage=test", "--client-token", "cli-1"}
	made := c.do(t, create...)
	one := text(t, made, "workspaceId")
	require.Regexp(t, `^ws-[0-9a-f]{8}-[0-9a-f-]{27}$`, one)
	require.Equal(t, arn("workspace/"+one), made["arn"])
	require.Equal(t, "CREATING", text(t, made, "status", "statusCode"))
	require.Equal(t, document{"team": "metrics", "stage": "test"}, made["tags"])
	require.Equal(t, one, c.do(t, create...)["workspaceId"], "the same client token makes nothing new")
	c.refused(t, "ConflictException", "create-workspace", "--alias", "cli-other", "--client-token", "cli-1")

	c.do(t, "wait", "workspace-active", "--workspace-id", one)
	described := c.do(t, "describe-workspace", "--workspace-id", one)
	require.Equal(t, "ACTIVE", text(t, described, "workspace", "status", "statusCode"))
	require.Equal(t, "cli-one", text(t, described, "workspace", "alias"))
	require.Equal(t, c.witness.url+"/workspaces/"+one+"/", text(t, described, "workspace", "prometheusEndpoint"))
	created, err := time.Parse(time.RFC3339, text(t, described, "workspace", "createdAt"))
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), created, patience)

	two := text(t, c.do(t, "create-workspace", "--alias", "cli-two"), "workspaceId")
	var ids []any
	for _, listed := range c.do(t, "list-workspaces", "--alias", "cli-", "--page-size", "1")["workspaces"].([]any) {
		ids = append(ids, at(t, listed.(document), "workspaceId"))
	}
	require.ElementsMatch(t, []any{one, two}, ids)
	first := c.do(t, "list-workspaces", "--alias", "cli-", "--page-size", "1", "--max-items", "1")
	rest := c.do(t, "list-workspaces", "--alias", "cli-", "--starting-token", text(t, first, "NextToken"))
	require.NotContains(t, rest, "NextToken")
	require.ElementsMatch(t, ids, []any{
		at(t, first["workspaces"].([]any)[0].(document), "workspaceId"), at(t, rest["workspaces"].([]any)[0].(document), "workspaceId")})

	c.do(t, "update-workspace-alias", "--workspace-id", one, "--alias", "cli renamed")
	require.Equal(t, "cli renamed", text(t, c.await(t, active(t, "workspace"), "describe-workspace", "--workspace-id", one), "workspace", "alias"))
	c.refused(t, "ValidationException", "update-workspace-alias", "--workspace-id", one, "--alias", strings.Repeat("x", 101))
	code, _, stderr := c.exec(t, nil, "update-workspace-alias", "--workspace-id", one, "--alias", "")
	require.Equal(t, exitParams, code, stderr)

	require.Equal(t, "Workspace not found", c.refused(t, "ResourceNotFoundException", "describe-workspace", "--workspace-id", unknown))
	c.refused(t, "ResourceNotFoundException", "delete-workspace", "--workspace-id", unknown)
	c.refused(t, "ResourceNotFoundException", "update-workspace-alias", "--workspace-id", unknown, "--alias", "x")

	c.do(t, "delete-workspace", "--workspace-id", one)
	c.do(t, "wait", "workspace-deleted", "--workspace-id", one)
	c.refused(t, "ResourceNotFoundException", "describe-workspace", "--workspace-id", one)
}

func (c *cli) testTags(t *testing.T) {
	t.Parallel()
	resource := arn("workspace/" + c.make(t, "tags", "--tags", "team=metrics"))
	c.do(t, "tag-resource", "--resource-arn", resource, "--tags", "stage=test,team=other")
	require.Equal(t, document{"team": "other", "stage": "test"}, c.do(t, "list-tags-for-resource", "--resource-arn", resource)["tags"])
	c.do(t, "untag-resource", "--resource-arn", resource, "--tag-keys", "team", "absent")
	require.Equal(t, document{"stage": "test"}, c.do(t, "list-tags-for-resource", "--resource-arn", resource)["tags"])

	c.refused(t, "ValidationException", "tag-resource", "--resource-arn", resource, "--tags", "aws:key=value")
	c.refused(t, "ResourceNotFoundException", "list-tags-for-resource", "--resource-arn", arn("workspace/"+unknown))
}

// rules is a file of recording rules that make a metric.
func rules(metric string) string {
	return "groups:\n  - name: cli\n    interval: 1m\n    rules:\n      - record: " + metric + "\n        expr: vector(1)\n"
}

func (c *cli) testRules(t *testing.T) {
	t.Parallel()
	id := c.make(t, "rules")
	on := func(command string, args ...string) []string {
		return append([]string{command, "--workspace-id", id}, args...)
	}
	describe := on("describe-rule-groups-namespace", "--name", "cli-rules")
	create := on("create-rule-groups-namespace", "--name", "cli-rules", "--data", file(t, rules("cli:one")), "--tags", "team=metrics")
	made := c.do(t, create...)
	require.Equal(t, "cli-rules", made["name"])
	require.Equal(t, arn("rulegroupsnamespace/"+id+"/cli-rules"), made["arn"])
	require.Equal(t, "CREATING", text(t, made, "status", "statusCode"))
	require.Equal(t, document{"team": "metrics"}, made["tags"])
	described := c.await(t, active(t, "ruleGroupsNamespace"), describe...)
	requireData(t, rules("cli:one"), described, "ruleGroupsNamespace")
	require.Equal(t, document{"team": "metrics"}, c.do(t, "list-tags-for-resource", "--resource-arn", text(t, made, "arn"))["tags"])

	c.do(t, on("create-rule-groups-namespace", "--name", "cli-second", "--data", file(t, rules("cli:second")))...)
	listed := c.do(t, on("list-rule-groups-namespaces", "--page-size", "1")...)["ruleGroupsNamespaces"].([]any)
	require.Len(t, listed, 2)
	listed = c.do(t, on("list-rule-groups-namespaces", "--name", "cli-r")...)["ruleGroupsNamespaces"].([]any)
	require.Len(t, listed, 1)
	require.Equal(t, "cli-rules", listed[0].(document)["name"])
	require.NotContains(t, listed[0], "data", "a listing is without the files")

	put := c.do(t, on("put-rule-groups-namespace", "--name", "cli-rules", "--data", file(t, rules("cli:two")))...)
	require.Equal(t, "UPDATING", text(t, put, "status", "statusCode"))
	requireData(t, rules("cli:two"), c.await(t, active(t, "ruleGroupsNamespace"), describe...), "ruleGroupsNamespace")

	c.refused(t, "ConflictException", on("create-rule-groups-namespace", "--name", "cli-rules", "--data", file(t, rules("cli:three")))...)
	c.refused(t, "ValidationException", on("create-rule-groups-namespace", "--name", "cli-broken", "--data", file(t, "groups: [{name: }"))...)
	c.refused(t, "ResourceNotFoundException", on("describe-rule-groups-namespace", "--name", "absent")...)
	c.refused(t, "ResourceNotFoundException", on("put-rule-groups-namespace", "--name", "absent", "--data", file(t, rules("cli:three")))...)
	c.refused(t, "ResourceNotFoundException", on("delete-rule-groups-namespace", "--name", "absent")...)
	c.refused(t, "ResourceNotFoundException", "list-rule-groups-namespaces", "--workspace-id", unknown)
	requireData(t, rules("cli:two"), c.do(t, describe...), "ruleGroupsNamespace")

	c.do(t, on("delete-rule-groups-namespace", "--name", "cli-rules")...)
	c.awaitGone(t, describe...)
}

// definition is the least alert manager file that AMP takes [O a test of Terraform's].
func definition(receiver string) string {
	return "alertmanager_config: |\n  route:\n    receiver: '" + receiver + "'\n  receivers:\n    - name: '" + receiver + "'\n"
}

func (c *cli) testAlertManager(t *testing.T) {
	t.Parallel()
	id := c.make(t, "alert-manager")
	on := func(command string, args ...string) []string {
		return append([]string{command, "--workspace-id", id}, args...)
	}
	describe := on("describe-alert-manager-definition")
	c.refused(t, "ResourceNotFoundException", describe...)
	c.refused(t, "ResourceNotFoundException", on("put-alert-manager-definition", "--data", file(t, definition("one")))...)
	c.refused(t, "ResourceNotFoundException", on("delete-alert-manager-definition")...)

	made := c.do(t, on("create-alert-manager-definition", "--data", file(t, definition("one")))...)
	require.Equal(t, "CREATING", text(t, made, "status", "statusCode"))
	requireData(t, definition("one"), c.await(t, active(t, "alertManagerDefinition"), describe...), "alertManagerDefinition")

	put := c.do(t, on("put-alert-manager-definition", "--data", file(t, definition("two")))...)
	require.Equal(t, "UPDATING", text(t, put, "status", "statusCode"))
	requireData(t, definition("two"), c.await(t, active(t, "alertManagerDefinition"), describe...), "alertManagerDefinition")

	c.refused(t, "ConflictException", on("create-alert-manager-definition", "--data", file(t, definition("three")))...)
	c.refused(t, "ValidationException", on("put-alert-manager-definition", "--data", file(t, "alertmanager_config: [}"))...)
	c.refused(t, "ResourceNotFoundException", "describe-alert-manager-definition", "--workspace-id", unknown)
	requireData(t, definition("two"), c.do(t, describe...), "alertManagerDefinition")

	c.do(t, on("delete-alert-manager-definition")...)
	c.awaitGone(t, describe...)
}

func (c *cli) testLogging(t *testing.T) {
	t.Parallel()
	id := c.make(t, "logging")
	group := func(name string) string {
		return "arn:aws:logs:" + region + ":" + account + ":log-group:/amp/" + name + ":*"
	}
	on := func(command string, args ...string) []string {
		return append([]string{command, "--workspace-id", id}, args...)
	}
	describe := on("describe-logging-configuration")
	c.refused(t, "ResourceNotFoundException", describe...)
	c.refused(t, "ResourceNotFoundException", on("update-logging-configuration", "--log-group-arn", group("one"))...)
	c.refused(t, "ResourceNotFoundException", on("delete-logging-configuration")...)

	made := c.do(t, on("create-logging-configuration", "--log-group-arn", group("one"))...)
	require.Equal(t, "CREATING", text(t, made, "status", "statusCode"))
	described := c.await(t, active(t, "loggingConfiguration"), describe...)
	require.Equal(t, group("one"), text(t, described, "loggingConfiguration", "logGroupArn"))
	require.Equal(t, id, text(t, described, "loggingConfiguration", "workspace"))

	updated := c.do(t, on("update-logging-configuration", "--log-group-arn", group("two"))...)
	require.Equal(t, "UPDATING", text(t, updated, "status", "statusCode"))
	described = c.await(t, active(t, "loggingConfiguration"), describe...)
	require.Equal(t, group("two"), text(t, described, "loggingConfiguration", "logGroupArn"))

	c.refused(t, "ValidationException", on("update-logging-configuration", "--log-group-arn", strings.TrimSuffix(group("three"), ":*"))...)
	c.refused(t, "ResourceNotFoundException", "describe-logging-configuration", "--workspace-id", unknown)
	require.Equal(t, described, c.do(t, describe...))

	c.do(t, on("delete-logging-configuration")...)
	c.awaitGone(t, describe...)
}

// testCredentials shows what the CLI says of keys that the account does not have.
func (c *cli) testCredentials(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		env        []string
		kind, says string
	}{
		{[]string{"AWS_SECRET_ACCESS_KEY=wrong"}, "InvalidSignatureException", "The request signature we calculated does not match the signature you provided."},
		{[]string{"AWS_ACCESS_KEY_ID=AKIDSOMEBODY"}, "UnrecognizedClientException", "The security token included in the request is invalid."},
	} {
		require.Contains(t, c.refusedAs(t, tc.env, tc.kind, "list-workspaces"), tc.says)
	}
}

// requireData compares the file that a definition holds.
func requireData(t *testing.T, want string, described document, resource string) {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(text(t, described, resource, "data"))
	require.NoError(t, err)
	require.Equal(t, want, string(data))
}

// testStrings has the CLI put every awkward string into a query. It answers a page of no workspaces, or that the string is
// too long for an alias; that it is signed well the witness sees.
func (c *cli) testStrings(t *testing.T) {
	t.Parallel()
	for _, expr := range sigv4test.Expressions() {
		t.Run(expr[:min(20, len(expr))], func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := c.exec(t, nil, "list-workspaces", "--alias="+expr, "--no-paginate")
			switch {
			case expr == "" || len(expr) > 100:
				require.NotZero(t, code, stdout)
				require.NotContains(t, stderr, "SignatureException")
			default:
				require.Equal(t, exitOK, code, stderr)
			}
		})
	}
}

// testSTS calls the signed actions of STS.
func (c *cli) testSTS(t *testing.T) {
	t.Parallel()
	var who, session document
	for command, into := range map[string]*document{"get-caller-identity": &who, "get-session-token": &session} {
		code, stdout, stderr := c.execService(t, nil, "sts", command)
		require.Equal(t, exitOK, code, stderr)
		require.NoError(t, json.Unmarshal([]byte(stdout), into))
	}
	root := "arn:aws:iam::" + account + ":root"
	require.Equal(t, root, who["Arn"])
	env := []string{
		"AWS_ACCESS_KEY_ID=" + text(t, session, "Credentials", "AccessKeyId"), "AWS_SECRET_ACCESS_KEY=" + text(t, session, "Credentials", "SecretAccessKey"),
		"AWS_SESSION_TOKEN=" + text(t, session, "Credentials", "SessionToken"),
	}
	code, stdout, stderr := c.exec(t, env, "list-workspaces")
	require.Equal(t, exitOK, code, stdout+stderr)
	// Nobody can assume a role that there is not.
	code, _, stderr = c.execService(t, nil, "sts", "assume-role", "--role-session-name", "cli", "--role-arn", "arn:aws:iam::"+account+":role/nobody")
	require.Equal(t, exitError, code)
	require.Contains(t, stderr, "(AccessDenied)")
}
