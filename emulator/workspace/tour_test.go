package workspace_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/aws/aws-sdk-go-v2/service/amp/types"
	"github.com/stretchr/testify/require"
)

const (
	logGroup   = "arn:aws:logs:us-east-1:123456789012:log-group:amp:*"
	clusterARN = "arn:aws:eks:us-east-1:123456789012:cluster/one"
	aPolicy    = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"aps:QueryMetrics","Resource":"*"}}`
	detectorID = "ad-mine"
	namespace  = "a/b c%"
)

func forest(query string) types.AnomalyDetectorConfiguration {
	return &types.AnomalyDetectorConfigurationMemberRandomCutForest{Value: types.RandomCutForestConfiguration{Query: &query}}
}

func scrape(yaml string) types.ScrapeConfiguration {
	return &types.ScrapeConfigurationMemberConfigurationBlob{Value: []byte(yaml)}
}

func destinations() []types.LoggingDestination {
	return []types.LoggingDestination{{
		CloudWatchLogs: &types.CloudWatchLogDestination{LogGroupArn: aws.String(logGroup)},
		Filters:        &types.LoggingFilter{QspThreshold: aws.Int64(1 << 60)},
	}}
}

func eks() types.Source {
	return &types.SourceMemberEksConfiguration{Value: types.EksConfiguration{ClusterArn: aws.String(clusterARN), SubnetIds: []string{"subnet-1"}}}
}

func toWorkspace(id string) types.Destination {
	return &types.DestinationMemberAmpConfiguration{Value: types.AmpConfiguration{
		WorkspaceArn: aws.String("arn:aws:aps:us-east-1:123456789012:workspace/" + id),
	}}
}

// step is one call of the SDK.
type step struct {
	name string
	call func(*amp.Client) (any, error)
}

// tour is a way through all operations in an order in which all succeed.
// Deletions come last.
type tour struct {
	ctx      context.Context
	ws, s    string // ids, once they are made
	token    func(op string) *string
	detector string
}

func (v *tour) arn() *string {
	return aws.String("arn:aws:aps:us-east-1:123456789012:scraper/" + v.s)
}

func (v *tour) steps() []step {
	ctx, ws := v.ctx, &v.ws
	do := func(name string, call func(*amp.Client) (any, error)) step { return step{name, call} }
	return []step{
		do("CreateWorkspace", func(c *amp.Client) (any, error) {
			out, err := c.CreateWorkspace(ctx, &amp.CreateWorkspaceInput{Alias: aws.String("tour"), ClientToken: v.token("CreateWorkspace")})
			if err == nil {
				v.ws = *out.WorkspaceId
			}
			return out, err
		}),
		do("DescribeWorkspace", func(c *amp.Client) (any, error) {
			return c.DescribeWorkspace(ctx, &amp.DescribeWorkspaceInput{WorkspaceId: ws})
		}),
		do("ListWorkspaces", func(c *amp.Client) (any, error) { return c.ListWorkspaces(ctx, nil) }),
		do("UpdateWorkspaceAlias", func(c *amp.Client) (any, error) {
			return c.UpdateWorkspaceAlias(ctx, &amp.UpdateWorkspaceAliasInput{WorkspaceId: ws, Alias: aws.String("other"), ClientToken: v.token("UpdateWorkspaceAlias")})
		}),
		do("CreateRuleGroupsNamespace", func(c *amp.Client) (any, error) {
			return c.CreateRuleGroupsNamespace(ctx, &amp.CreateRuleGroupsNamespaceInput{WorkspaceId: ws, Name: aws.String(namespace), Data: []byte("rules: 1"), Tags: map[string]string{"k": "v"}, ClientToken: v.token("CreateRuleGroupsNamespace")})
		}),
		do("PutRuleGroupsNamespace", func(c *amp.Client) (any, error) {
			return c.PutRuleGroupsNamespace(ctx, &amp.PutRuleGroupsNamespaceInput{WorkspaceId: ws, Name: aws.String(namespace), Data: []byte("rules: 2"), ClientToken: v.token("PutRuleGroupsNamespace")})
		}),
		do("DescribeRuleGroupsNamespace", func(c *amp.Client) (any, error) {
			return c.DescribeRuleGroupsNamespace(ctx, &amp.DescribeRuleGroupsNamespaceInput{WorkspaceId: ws, Name: aws.String(namespace)})
		}),
		do("ListRuleGroupsNamespaces", func(c *amp.Client) (any, error) {
			return c.ListRuleGroupsNamespaces(ctx, &amp.ListRuleGroupsNamespacesInput{WorkspaceId: ws, Name: aws.String("a/b")})
		}),
		do("CreateAlertManagerDefinition", func(c *amp.Client) (any, error) {
			return c.CreateAlertManagerDefinition(ctx, &amp.CreateAlertManagerDefinitionInput{WorkspaceId: ws, Data: []byte("one"), ClientToken: v.token("CreateAlertManagerDefinition")})
		}),
		do("PutAlertManagerDefinition", func(c *amp.Client) (any, error) {
			return c.PutAlertManagerDefinition(ctx, &amp.PutAlertManagerDefinitionInput{WorkspaceId: ws, Data: []byte("two"), ClientToken: v.token("PutAlertManagerDefinition")})
		}),
		do("DescribeAlertManagerDefinition", func(c *amp.Client) (any, error) {
			return c.DescribeAlertManagerDefinition(ctx, &amp.DescribeAlertManagerDefinitionInput{WorkspaceId: ws})
		}),
		do("CreateLoggingConfiguration", func(c *amp.Client) (any, error) {
			return c.CreateLoggingConfiguration(ctx, &amp.CreateLoggingConfigurationInput{WorkspaceId: ws, LogGroupArn: aws.String(logGroup), ClientToken: v.token("CreateLoggingConfiguration")})
		}),
		do("UpdateLoggingConfiguration", func(c *amp.Client) (any, error) {
			return c.UpdateLoggingConfiguration(ctx, &amp.UpdateLoggingConfigurationInput{WorkspaceId: ws, LogGroupArn: aws.String(logGroup), ClientToken: v.token("UpdateLoggingConfiguration")})
		}),
		do("DescribeLoggingConfiguration", func(c *amp.Client) (any, error) {
			return c.DescribeLoggingConfiguration(ctx, &amp.DescribeLoggingConfigurationInput{WorkspaceId: ws})
		}),
		do("CreateQueryLoggingConfiguration", func(c *amp.Client) (any, error) {
			return c.CreateQueryLoggingConfiguration(ctx, &amp.CreateQueryLoggingConfigurationInput{WorkspaceId: ws, Destinations: destinations(), ClientToken: v.token("CreateQueryLoggingConfiguration")})
		}),
		do("UpdateQueryLoggingConfiguration", func(c *amp.Client) (any, error) {
			return c.UpdateQueryLoggingConfiguration(ctx, &amp.UpdateQueryLoggingConfigurationInput{WorkspaceId: ws, Destinations: destinations(), ClientToken: v.token("UpdateQueryLoggingConfiguration")})
		}),
		do("DescribeQueryLoggingConfiguration", func(c *amp.Client) (any, error) {
			return c.DescribeQueryLoggingConfiguration(ctx, &amp.DescribeQueryLoggingConfigurationInput{WorkspaceId: ws})
		}),
		do("UpdateWorkspaceConfiguration", func(c *amp.Client) (any, error) {
			return c.UpdateWorkspaceConfiguration(ctx, &amp.UpdateWorkspaceConfigurationInput{WorkspaceId: ws, RetentionPeriodInDays: aws.Int32(7), ClientToken: v.token("UpdateWorkspaceConfiguration")})
		}),
		do("DescribeWorkspaceConfiguration", func(c *amp.Client) (any, error) {
			return c.DescribeWorkspaceConfiguration(ctx, &amp.DescribeWorkspaceConfigurationInput{WorkspaceId: ws})
		}),
		do("PutResourcePolicy", func(c *amp.Client) (any, error) {
			return c.PutResourcePolicy(ctx, &amp.PutResourcePolicyInput{WorkspaceId: ws, PolicyDocument: aws.String(aPolicy), RevisionId: aws.String("NO_POLICY"), ClientToken: v.token("PutResourcePolicy")})
		}),
		do("DescribeResourcePolicy", func(c *amp.Client) (any, error) {
			return c.DescribeResourcePolicy(ctx, &amp.DescribeResourcePolicyInput{WorkspaceId: ws})
		}),
		do("GetDefaultScraperConfiguration", func(c *amp.Client) (any, error) {
			return c.GetDefaultScraperConfiguration(ctx, nil)
		}),
		do("CreateScraper", func(c *amp.Client) (any, error) {
			out, err := c.CreateScraper(ctx, &amp.CreateScraperInput{
				Alias: aws.String("s"), ScrapeConfiguration: scrape("scrape_configs: [{job_name: a}]"), Source: eks(),
				Destination: toWorkspace(v.ws), Tags: map[string]string{"k": "v"}, ClientToken: v.token("CreateScraper"),
			})
			if err == nil {
				v.s = *out.ScraperId
			}
			return out, err
		}),
		do("UpdateScraper", func(c *amp.Client) (any, error) {
			return c.UpdateScraper(ctx, &amp.UpdateScraperInput{ScraperId: &v.s, Alias: aws.String("t"), ClientToken: v.token("UpdateScraper")})
		}),
		do("DescribeScraper", func(c *amp.Client) (any, error) {
			return c.DescribeScraper(ctx, &amp.DescribeScraperInput{ScraperId: &v.s})
		}),
		do("ListScrapers", func(c *amp.Client) (any, error) {
			return c.ListScrapers(ctx, &amp.ListScrapersInput{Filters: map[string][]string{"alias": {"t"}}})
		}),
		do("UpdateScraperLoggingConfiguration", func(c *amp.Client) (any, error) {
			return c.UpdateScraperLoggingConfiguration(ctx, &amp.UpdateScraperLoggingConfigurationInput{
				ScraperId:          &v.s,
				LoggingDestination: &types.ScraperLoggingDestinationMemberCloudWatchLogs{Value: types.CloudWatchLogDestination{LogGroupArn: aws.String(logGroup)}},
			})
		}),
		do("DescribeScraperLoggingConfiguration", func(c *amp.Client) (any, error) {
			return c.DescribeScraperLoggingConfiguration(ctx, &amp.DescribeScraperLoggingConfigurationInput{ScraperId: &v.s})
		}),
		do("CreateAnomalyDetector", func(c *amp.Client) (any, error) {
			out, err := c.CreateAnomalyDetector(ctx, &amp.CreateAnomalyDetectorInput{WorkspaceId: ws, Alias: aws.String("d"), Configuration: forest("sum(rate(x[5m]))"), ClientToken: v.token("CreateAnomalyDetector")})
			if err == nil {
				v.detector = *out.AnomalyDetectorId
			}
			return out, err
		}),
		do("PutAnomalyDetector", func(c *amp.Client) (any, error) {
			return c.PutAnomalyDetector(ctx, &amp.PutAnomalyDetectorInput{WorkspaceId: ws, AnomalyDetectorId: aws.String(detectorID), Configuration: forest("max(x)"), ClientToken: v.token("PutAnomalyDetector")})
		}),
		do("DescribeAnomalyDetector", func(c *amp.Client) (any, error) {
			return c.DescribeAnomalyDetector(ctx, &amp.DescribeAnomalyDetectorInput{WorkspaceId: ws, AnomalyDetectorId: aws.String(detectorID)})
		}),
		do("ListAnomalyDetectors", func(c *amp.Client) (any, error) {
			return c.ListAnomalyDetectors(ctx, &amp.ListAnomalyDetectorsInput{WorkspaceId: ws})
		}),
		do("TagResource", func(c *amp.Client) (any, error) {
			return c.TagResource(ctx, &amp.TagResourceInput{ResourceArn: v.arn(), Tags: map[string]string{"x": "y"}})
		}),
		do("ListTagsForResource", func(c *amp.Client) (any, error) {
			return c.ListTagsForResource(ctx, &amp.ListTagsForResourceInput{ResourceArn: v.arn()})
		}),
		do("UntagResource", func(c *amp.Client) (any, error) {
			return c.UntagResource(ctx, &amp.UntagResourceInput{ResourceArn: v.arn(), TagKeys: []string{"x"}})
		}),
		do("DeleteScraperLoggingConfiguration", func(c *amp.Client) (any, error) {
			return c.DeleteScraperLoggingConfiguration(ctx, &amp.DeleteScraperLoggingConfigurationInput{ScraperId: &v.s, ClientToken: v.token("DeleteScraperLoggingConfiguration")})
		}),
		do("DeleteScraper", func(c *amp.Client) (any, error) {
			return c.DeleteScraper(ctx, &amp.DeleteScraperInput{ScraperId: &v.s, ClientToken: v.token("DeleteScraper")})
		}),
		do("DeleteAnomalyDetector", func(c *amp.Client) (any, error) {
			return c.DeleteAnomalyDetector(ctx, &amp.DeleteAnomalyDetectorInput{WorkspaceId: ws, AnomalyDetectorId: aws.String(detectorID), ClientToken: v.token("DeleteAnomalyDetector")})
		}),
		do("DeleteResourcePolicy", func(c *amp.Client) (any, error) {
			return c.DeleteResourcePolicy(ctx, &amp.DeleteResourcePolicyInput{WorkspaceId: ws, ClientToken: v.token("DeleteResourcePolicy")})
		}),
		do("DeleteQueryLoggingConfiguration", func(c *amp.Client) (any, error) {
			return c.DeleteQueryLoggingConfiguration(ctx, &amp.DeleteQueryLoggingConfigurationInput{WorkspaceId: ws, ClientToken: v.token("DeleteQueryLoggingConfiguration")})
		}),
		do("DeleteLoggingConfiguration", func(c *amp.Client) (any, error) {
			return c.DeleteLoggingConfiguration(ctx, &amp.DeleteLoggingConfigurationInput{WorkspaceId: ws, ClientToken: v.token("DeleteLoggingConfiguration")})
		}),
		do("DeleteAlertManagerDefinition", func(c *amp.Client) (any, error) {
			return c.DeleteAlertManagerDefinition(ctx, &amp.DeleteAlertManagerDefinitionInput{WorkspaceId: ws, ClientToken: v.token("DeleteAlertManagerDefinition")})
		}),
		do("DeleteRuleGroupsNamespace", func(c *amp.Client) (any, error) {
			return c.DeleteRuleGroupsNamespace(ctx, &amp.DeleteRuleGroupsNamespaceInput{WorkspaceId: ws, Name: aws.String(namespace), ClientToken: v.token("DeleteRuleGroupsNamespace")})
		}),
		do("DeleteWorkspace", func(c *amp.Client) (any, error) {
			return c.DeleteWorkspace(ctx, &amp.DeleteWorkspaceInput{WorkspaceId: ws, ClientToken: v.token("DeleteWorkspace")})
		}),
	}
}

// newTour returns a tour without clientTokens of its own: the SDK makes them.
func newTour(t *testing.T) *tour {
	t.Helper()
	return &tour{ctx: t.Context(), token: func(string) *string { return nil }}
}

// play makes the calls up to and without the named one.
func (v *tour) play(t *testing.T, c *amp.Client, until string) {
	t.Helper()
	for _, s := range v.steps() {
		if s.name == until {
			return
		}
		_, err := s.call(c)
		require.NoError(t, err, s.name)
	}
}
