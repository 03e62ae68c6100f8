package identity

import "fmt"

// managed returns the policies that AWS itself maintains, as far as they matter to
// AMP, by ARN [D AWS managed policy reference].
func managed(partition string) (map[string]*Policy, error) {
	documents := map[string]string{
		"AdministratorAccess": `{"Version":"2012-10-17","Statement":
			{"Effect":"Allow","Action":"*","Resource":"*"}}`,
		"AmazonPrometheusRemoteWriteAccess": `{"Version":"2012-10-17","Statement":
			{"Effect":"Allow","Action":"aps:RemoteWrite","Resource":"*"}}`,
		"AmazonPrometheusQueryAccess": `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":[
			"aps:GetLabels","aps:GetMetricMetadata","aps:GetSeries","aps:QueryMetrics"],"Resource":"*"}}`,
		"AmazonPrometheusFullAccess": `{"Version":"2012-10-17","Statement":[
			{"Sid":"AllPrometheusActions","Effect":"Allow","Action":"aps:*","Resource":"*"},
			{"Sid":"DescribeCluster","Effect":"Allow",
			 "Action":["eks:DescribeCluster","ec2:DescribeSubnets","ec2:DescribeSecurityGroups"],"Resource":"*",
			 "Condition":{"ForAnyValue:StringEquals":{"aws:CalledVia":"aps.amazonaws.com"}}},
			{"Sid":"CreateServiceLinkedRole","Effect":"Allow","Action":"iam:CreateServiceLinkedRole",
			 "Resource":"arn:` + partition + `:iam::*:role/aws-service-role/scraper.aps.amazonaws.com/*",
			 "Condition":{"StringEquals":{"iam:AWSServiceName":"scraper.aps.amazonaws.com"}}}]}`,
		"AmazonPrometheusConsoleFullAccess": `{"Version":"2012-10-17","Statement":[
			{"Effect":"Allow","Action":["tag:GetTagValues","tag:GetTagKeys"],"Resource":"*"},
			{"Effect":"Allow","Action":[
			 "aps:CreateWorkspace","aps:DescribeWorkspace","aps:UpdateWorkspaceAlias","aps:DeleteWorkspace",
			 "aps:ListWorkspaces",
			 "aps:DescribeAlertManagerDefinition","aps:PutAlertManagerDefinition",
			 "aps:CreateAlertManagerDefinition","aps:DeleteAlertManagerDefinition",
			 "aps:DescribeRuleGroupsNamespace","aps:CreateRuleGroupsNamespace","aps:PutRuleGroupsNamespace",
			 "aps:DeleteRuleGroupsNamespace","aps:ListRuleGroupsNamespaces",
			 "aps:TagResource","aps:UntagResource",
			 "aps:CreateLoggingConfiguration","aps:UpdateLoggingConfiguration",
			 "aps:DeleteLoggingConfiguration","aps:DescribeLoggingConfiguration",
			 "aps:UpdateWorkspaceConfiguration","aps:DescribeWorkspaceConfiguration",
			 "aps:CreateQueryLoggingConfiguration","aps:UpdateQueryLoggingConfiguration",
			 "aps:DeleteQueryLoggingConfiguration","aps:DescribeQueryLoggingConfiguration"],"Resource":"*"}]}`,
	}
	policies := make(map[string]*Policy, len(documents))
	for name, document := range documents {
		p, err := ParsePolicy([]byte(document))
		if err != nil {
			return nil, fmt.Errorf("policy %s of AWS: %w", name, err)
		}
		policies["arn:"+partition+":iam::aws:policy/"+name] = p
	}
	return policies, nil
}

// managedVersion is the default version of one of the policies above [D amp-api.md 6.1].
func managedVersion(name string) string {
	switch name {
	case "AmazonPrometheusFullAccess":
		return "v2"
	case "AmazonPrometheusConsoleFullAccess":
		return "v9"
	default:
		return "v1"
	}
}
