package conformance

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
)

// policyChecks are of what a policy's elements mean to a query.
func policyChecks() []Check {
	one := func(effect, action, resource string) statement {
		return statement{Effect: effect, Action: []string{action}, Resource: []string{resource}}
	}
	const all = "*"
	rows := []struct {
		name, words string
		allowed     bool
		policy      func(ws *Workspace) string
	}{
		{"resource-exact", "on the workspace's ARN", true, func(ws *Workspace) string { return allow("aps:QueryMetrics", ws.ARN()) }},
		{"resource-all", "on *", true, func(*Workspace) string { return allow("aps:QueryMetrics", all) }},
		{"resource-every-workspace", "on every workspace of account and region", true, func(ws *Workspace) string {
			return allow("aps:QueryMetrics", arnRoot(ws)+"workspace/*")
		}},
		{"resource-any-account", "on every workspace of any region and account", true, func(ws *Workspace) string {
			return allow("aps:QueryMetrics", strings.Join(append(strings.Split(ws.ARN(), ":")[:3], "*", "*", "workspace/*"), ":"))
		}},
		{"resource-question-marks", "on an ARN whose last four characters are question marks", true, func(ws *Workspace) string {
			return allow("aps:QueryMetrics", ws.ARN()[:len(ws.ARN())-4]+"????")
		}},
		{"resource-second-of-two", "on a list of ARNs of which it is the second", true, func(ws *Workspace) string {
			return allow("aps:QueryMetrics", ws.WithID(nowhere).ARN(), ws.ARN())
		}},
		{"resource-another", "on another workspace's ARN", false, func(ws *Workspace) string { return allow("aps:QueryMetrics", ws.WithID(nowhere).ARN()) }},
		{"resource-prefix", "on an ARN that its own begins with", false, func(ws *Workspace) string {
			return allow("aps:QueryMetrics", ws.ARN()[:len(ws.ARN())-1])
		}},
		{"resource-question-mark-short", "on an ARN with one character more as a question mark", false, func(ws *Workspace) string {
			return allow("aps:QueryMetrics", ws.ARN()+"?")
		}},
		{"resource-other-region", "on the same workspace in another region", false, func(ws *Workspace) string {
			return allow("aps:QueryMetrics", strings.Replace(ws.ARN(), ":"+ws.t.Target().Region+":", ":xx-nowhere-1:", 1))
		}},
		{"resource-other-account", "on the same workspace in another account", false, func(ws *Workspace) string {
			return allow("aps:QueryMetrics", strings.Replace(ws.ARN(), ":"+strings.Split(ws.ARN(), ":")[4]+":", ":000000000000:", 1))
		}},
		{"resource-other-type", "on rule groups namespaces of the workspace", false, func(ws *Workspace) string {
			return allow("aps:QueryMetrics", arnRoot(ws)+"rulegroupsnamespace/"+ws.ID()+"/*")
		}},
		{"resource-upper-case", "on the workspace's ARN in capitals", false, func(ws *Workspace) string {
			return allow("aps:QueryMetrics", arnRoot(ws)+"workspace/"+strings.ToUpper(ws.ID()))
		}},
		{"action-all", "of *", true, func(*Workspace) string { return allow("*", all) }},
		{"action-of-service", "of aps:*", true, func(*Workspace) string { return allow("aps:*", all) }},
		{"action-wildcard", "of aps:Query*", true, func(*Workspace) string { return allow("aps:Query*", all) }},
		{"action-question-mark", "of aps:?ueryMetrics", true, func(*Workspace) string { return allow("aps:?ueryMetrics", all) }},
		{"action-other-case", "of APS:querymetrics", true, func(*Workspace) string { return allow("APS:querymetrics", all) }},
		{"action-wildcard-of-others", "of aps:Get*", false, func(*Workspace) string { return allow("aps:Get*", all) }},
		{"action-other-service", "of s3:*", false, func(*Workspace) string { return allow("s3:*", all) }},
		{"action-prefix", "of aps:Query", false, func(*Workspace) string { return allow("aps:Query", all) }},
		{"not-action", "of all but aps:RemoteWrite", true, func(*Workspace) string { return allowAllBut("aps:RemoteWrite") }},
		{"deny-after-allow", "of all, and denied the query by a later statement", false, func(ws *Workspace) string {
			return policy(one("Allow", "*", all), one("Deny", "aps:QueryMetrics", ws.ARN()))
		}},
		{"deny-before-allow", "of all, and denied the query by an earlier statement", false, func(*Workspace) string {
			return policy(one("Deny", "aps:Query*", all), one("Allow", "*", all))
		}},
		{"deny-of-another", "of all, and denied the query of another workspace", true, func(ws *Workspace) string {
			return policy(one("Allow", "*", all), one("Deny", "aps:QueryMetrics", ws.WithID(nowhere).ARN()))
		}},
		{"deny-not-action", "of all, and denied everything but writing", false, func(*Workspace) string {
			return policy(one("Allow", "*", all), statement{Effect: "Deny", NotAction: []string{"aps:RemoteWrite"}, Resource: []string{all}})
		}},
	}
	var out []Check
	for _, row := range rows {
		verdict := "may query the workspace"
		if !row.allowed {
			verdict = "may not query the workspace"
		}
		out = append(out, Check{
			ID: "authorization.policy." + row.name, Level: Must, Area: Authorization, Needs: NeedsRole,
			Description: "Who is allowed the query " + row.words + ", " + verdict + ".",
			Source:      "IAM guide, Policy elements and policy evaluation logic [D]; amp-api.md 6.2 [D]",
			Run: func(_ context.Context, t *T) {
				ws := t.Workspace()
				expectVerdict(t, t.As(row.policy(ws)), row.allowed)
			},
		})
	}
	return out
}

// expectVerdict expects a key to be allowed, or refused, a query of the shared
// workspace.
func expectVerdict(t *T, key aws.Credentials, allowed bool) {
	ws := t.Workspace()
	a := ws.Do(Get(probe).as(key))
	if allowed {
		a.ExpectStatus(200).ExpectJSON("data.result.0.value.1", "1")
		return
	}
	a.ExpectDenied(t.ARN(key), "aps:QueryMetrics", ws.ARN())
}

// conditionChecks are of the condition keys of aps, and of global ones that
// policies for AMP use.
func conditionChecks() []Check {
	on := func(operator, key string, values ...string) statement {
		return statement{
			Effect: "Allow", Action: []string{"aps:QueryMetrics"}, Resource: []string{"*"},
			Condition: map[string]map[string][]string{operator: {key: values}},
		}
	}
	const tag = "aws:ResourceTag/" + TagCreatedBy
	var out []Check
	for _, row := range []struct {
		name, words string
		allowed     bool
		statement   statement
	}{
		{"resource-tag", "a tag that the workspace has", true, on("StringEquals", tag, CreatedBy)},
		{"resource-tag-other-value", "another value of a tag that the workspace has", false, on("StringEquals", tag, "somebody-else")},
		{"resource-tag-absent", "a tag that the workspace has not", false, on("StringEquals", "aws:ResourceTag/nobody-ever-set-this", "x")},
		{"resource-tag-like", "a tag by a pattern", true, on("StringLike", tag, "ampersand-*")},
		{"resource-tag-null", "that there is no such tag", true, on("Null", "aws:ResourceTag/nobody-ever-set-this", "true")},
		{"time-past", "a time that is over", false, on("DateLessThan", "aws:CurrentTime", "2020-01-01T00:00:00Z")},
		{"time-future", "a time that is not over", true, on("DateLessThan", "aws:CurrentTime", "2099-01-01T00:00:00Z")},
		{"source-address-other", "an address that is nobody's", false, on("IpAddress", "aws:SourceIp", "192.0.2.1/32")},
		{"source-address-not-other", "any address but one that is nobody's", true, on("NotIpAddress", "aws:SourceIp", "192.0.2.1/32")},
	} {
		out = append(out, Check{
			ID: "authorization.condition." + row.name, Level: Must, Area: Authorization, Needs: NeedsRole,
			Description: map[bool]string{
				true: "A query under the condition of " + row.words + " is allowed.", false: "A query under the condition of " + row.words + " is refused.",
			}[row.allowed],
			Source: "amp-api.md 6.2, condition keys [D service authorization reference]; IAM guide, global condition keys [D]",
			Run: func(_ context.Context, t *T) {
				expectVerdict(t, t.As(policy(row.statement)), row.allowed)
			},
		})
	}
	return append(out, Check{
		ID: "authorization.condition.request-tag", Level: Must, Area: Authorization, Needs: NeedsRole,
		Description: "Who may create workspaces with one value of a tag is refused another, and one without the tag.",
		Source:      "amp-api.md 6.2, condition keys of CreateWorkspace [D service authorization reference]",
		Run: func(_ context.Context, t *T) {
			key := t.As(policy(
				statement{Effect: "Allow", Action: []string{"aps:TagResource"}, Resource: []string{"*"}},
				statement{
					Effect: "Allow", Action: []string{"aps:CreateWorkspace"}, Resource: []string{"*"},
					Condition: map[string]map[string][]string{"StringEquals": {"aws:RequestTag/stage": {"test"}}},
				},
			))
			create := func(alias string, tags map[string]string) Answer {
				return t.Do(PostJSON("/workspaces", text(map[string]any{"alias": alias, "tags": tags})).as(key))
			}
			create(strings.Repeat("a", 101), map[string]string{"stage": "test"}).ExpectStatus(400)
			create(t.Alias("other"), map[string]string{"stage": "prod"}).ExpectStatus(403).ExpectErrorType("AccessDeniedException")
			create(t.Alias("none"), nil).ExpectStatus(403).ExpectErrorType("AccessDeniedException")
		},
	})
}

// managedPolicyChecks are of the policies that AWS keeps for AMP.
func managedPolicyChecks() []Check {
	var out []Check
	for _, row := range []struct {
		name    string
		allowed []string
		control bool
	}{
		{"AmazonPrometheusRemoteWriteAccess", []string{"RemoteWrite"}, false},
		{"AmazonPrometheusQueryAccess", []string{"GetLabels", "GetMetricMetadata", "GetSeries", "QueryMetrics"}, false},
		{"AmazonPrometheusFullAccess", nil, true},
		{"AmazonPrometheusConsoleFullAccess", []string{}, true},
	} {
		out = append(out, Check{
			ID: "authorization.managed." + kebab(strings.TrimPrefix(row.name, "AmazonPrometheus")), Level: Must, Area: Authorization, Needs: NeedsRole,
			Description: row.name + " allows the data plane's actions that it lists, and no others.", Source: "amp-api.md 6.1 [D AWS managed policy reference]",
			Run: func(_ context.Context, t *T) {
				ws := t.Workspace()
				key := t.asManaged(row.name)
				caller := t.ARN(key)
				for _, a := range dataActions() {
					got := ws.Do(a.requests[0].as(key))
					if row.allowed == nil || strings.Contains(" "+strings.Join(row.allowed, " ")+" ", " "+a.name+" ") {
						expectAllowed(got, a.ok)
					} else {
						got.ExpectDenied(caller, "aps:"+a.name, ws.ARN())
					}
				}
				describe := t.Do(Get("/workspaces/" + ws.ID()).as(key))
				if row.control {
					describe.ExpectStatus(200)
				} else {
					describe.ExpectControlDenied(caller, "aps:DescribeWorkspace", `[^ ]+`)
				}
			},
		})
	}
	return out
}

// asManaged returns credentials of the target's role, narrowed to what a policy of
// AWS's allows.
func (t *T) asManaged(name string) aws.Credentials {
	role := t.run.target.Role
	arn := "arn:" + strings.Split(role+":", ":")[1] + ":iam::aws:policy/" + name
	out, err := t.STS().AssumeRole(t.ctx, &sts.AssumeRoleInput{
		RoleArn: &role, RoleSessionName: aws.String(sessionName(t.check.ID)), PolicyArns: []types.PolicyDescriptorType{{Arn: &arn}},
	})
	if err != nil {
		t.Fatalf("assume %s with the session policy %s: %v", role, arn, err)
	}
	return aws.Credentials{
		AccessKeyID: aws.ToString(out.Credentials.AccessKeyId), SecretAccessKey: aws.ToString(out.Credentials.SecretAccessKey),
		SessionToken: aws.ToString(out.Credentials.SessionToken),
	}
}
