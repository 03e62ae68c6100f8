package workspace_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/aws/aws-sdk-go-v2/service/amp/types"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/config"
	_ "github.com/prometheus/prometheus/discovery/kubernetes" // its section of a scrape configuration
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/workspace"
)

func TestWorkspaceConfiguration(t *testing.T) {
	f, c, ws := slow(t)
	ctx := t.Context()
	describe := func() *types.WorkspaceConfigurationDescription {
		out, err := c.DescribeWorkspaceConfiguration(ctx, &amp.DescribeWorkspaceConfigurationInput{WorkspaceId: ws})
		require.NoError(t, err)
		return out.WorkspaceConfiguration
	}
	got := describe()
	require.Equal(t, types.WorkspaceConfigurationStatusCodeActive, got.Status.StatusCode)
	require.Equal(t, []int32{150, 60, 0}, []int32{*got.RetentionPeriodInDays, *got.OutOfOrderTimeWindowInSeconds, *got.RuleQueryOffsetInSeconds})
	require.Equal(t, workspace.InForce{
		WorkspaceID: *ws, Rules: map[string][]byte{}, Retention: 150 * 24 * time.Hour, OutOfOrderWindow: time.Minute,
	}, mustInForce(t, f, *ws))

	sets := []types.LimitsPerLabelSet{
		{LabelSet: map[string]string{"team": "a", "__name__": "x:y"}, Limits: &types.LimitsPerLabelSetEntry{MaxSeries: aws.Int64(5)}},
		{LabelSet: map[string]string{}, Limits: &types.LimitsPerLabelSetEntry{}},
	}
	_, err := c.UpdateWorkspaceConfiguration(ctx, &amp.UpdateWorkspaceConfigurationInput{WorkspaceId: ws, LimitsPerLabelSet: sets, OutOfOrderTimeWindowInSeconds: aws.Int32(0)})
	require.NoError(t, err)
	require.Equal(t, types.WorkspaceConfigurationStatusCodeUpdating, describe().Status.StatusCode)
	update := func(in amp.UpdateWorkspaceConfigurationInput) error {
		in.WorkspaceId = ws
		_, err := c.UpdateWorkspaceConfiguration(ctx, &in)
		return err
	}
	require.ErrorAs(t, update(amp.UpdateWorkspaceConfigurationInput{RetentionPeriodInDays: aws.Int32(1)}), new(*types.ConflictException))
	f.clock.Advance(pace)
	require.NoError(t, update(amp.UpdateWorkspaceConfigurationInput{RuleQueryOffsetInSeconds: aws.Int32(30), RetentionPeriodInDays: aws.Int32(1095)}))
	f.clock.Advance(pace)
	got = describe()
	require.Equal(t, types.WorkspaceConfigurationStatusCodeActive, got.Status.StatusCode)
	require.Equal(t, []int32{1095, 0, 30}, []int32{*got.RetentionPeriodInDays, *got.OutOfOrderTimeWindowInSeconds, *got.RuleQueryOffsetInSeconds})
	require.Equal(t, sets, got.LimitsPerLabelSet)
	require.Equal(t, workspace.InForce{
		WorkspaceID: *ws, Rules: map[string][]byte{}, Retention: 1095 * 24 * time.Hour, RuleQueryOffset: 30 * time.Second,
		LabelSets: []workspace.LabelSetLimit{{Labels: sets[0].LabelSet, MaxSeries: 5}, {Labels: map[string]string{}}},
	}, mustInForce(t, f, *ws))
	require.NoError(t, update(amp.UpdateWorkspaceConfigurationInput{LimitsPerLabelSet: []types.LimitsPerLabelSet{}}))
	require.Empty(t, mustInForce(t, f, *ws).LabelSets, "an empty list takes the limits away")

	short := start(t, func(c *workspace.Config) { c.DefaultRetention, c.DefaultOutOfOrderWindow = 25*time.Hour, -1 })
	v := newTour(t)
	v.play(t, short.client(), "DescribeWorkspace")
	c, ws = short.client(), &v.ws
	got = describe()
	require.Equal(t, []int32{2, 0}, []int32{*got.RetentionPeriodInDays, *got.OutOfOrderTimeWindowInSeconds}, "rounded up")
	require.Equal(t, 25*time.Hour, mustInForce(t, short, v.ws).Retention)
}

func TestResourcePolicy(t *testing.T) {
	f, c, ws := slow(t)
	ctx := t.Context()
	put := func(revision *string) (*amp.PutResourcePolicyOutput, error) {
		return c.PutResourcePolicy(ctx, &amp.PutResourcePolicyInput{WorkspaceId: ws, PolicyDocument: aws.String(aPolicy), RevisionId: revision})
	}
	remove := func(revision *string) error {
		_, err := c.DeleteResourcePolicy(ctx, &amp.DeleteResourcePolicyInput{WorkspaceId: ws, RevisionId: revision})
		return err
	}
	require.ErrorAs(t, remove(nil), new(*types.ResourceNotFoundException))
	_, err := put(aws.String("another"))
	require.ErrorAs(t, err, new(*types.ConflictException), "there is no such revision")
	first, err := put(aws.String("NO_POLICY"))
	require.NoError(t, err)
	require.Equal(t, types.WorkspacePolicyStatusCodeCreating, first.PolicyStatus)
	f.clock.Advance(pace)
	_, err = put(aws.String("NO_POLICY"))
	require.ErrorAs(t, err, new(*types.ConflictException))
	second, err := put(first.RevisionId)
	require.NoError(t, err)
	require.Equal(t, types.WorkspacePolicyStatusCodeUpdating, second.PolicyStatus)
	require.NotEqual(t, *first.RevisionId, *second.RevisionId)
	_, err = put(nil)
	require.ErrorAs(t, err, new(*types.ConflictException), "it is being updated")
	f.clock.Advance(pace)
	third, err := put(nil)
	require.NoError(t, err)
	f.clock.Advance(pace)
	got, err := c.DescribeResourcePolicy(ctx, &amp.DescribeResourcePolicyInput{WorkspaceId: ws})
	require.NoError(t, err)
	require.Equal(t, types.WorkspacePolicyStatusCodeActive, got.PolicyStatus)
	require.Equal(t, aPolicy, *got.PolicyDocument)
	require.Equal(t, *third.RevisionId, *got.RevisionId)
	require.ErrorAs(t, remove(second.RevisionId), new(*types.ConflictException))
	require.NoError(t, remove(third.RevisionId))
	f.clock.Advance(2 * pace)
	_, err = c.DescribeResourcePolicy(ctx, &amp.DescribeResourcePolicyInput{WorkspaceId: ws})
	require.ErrorAs(t, err, new(*types.ResourceNotFoundException))
}

func TestScrapers(t *testing.T) {
	f, c, ws := slow(t)
	ctx := t.Context()
	vpc := &types.SourceMemberVpcConfiguration{Value: types.VpcConfiguration{SubnetIds: []string{"subnet-1"}, SecurityGroupIds: []string{"sg-1"}}}
	cloudWatch := &types.DestinationMemberCloudWatchConfiguration{Value: types.CloudWatchConfiguration{DatasetArn: aws.String("arn:aws:cloudwatch:us-east-1:123456789012:dataset/default")}}
	kafka := &types.ExporterConfigurationMemberKafkaConfiguration{Value: types.KafkaExporterConfiguration{
		ClusterArn: aws.String("arn:aws:kafka:us-east-1:123456789012:cluster/k/1"), TopicFilter: aws.String("^a.*$")}}
	one, err := c.CreateScraper(ctx, &amp.CreateScraperInput{Alias: aws.String("one"), ScrapeConfiguration: scrape("scrape_configs: [{job_name: a}]"), Source: eks(), Destination: toWorkspace(*ws)})
	require.NoError(t, err)
	require.Equal(t, types.ScraperStatusCodeCreating, one.Status.StatusCode)
	f.clock.Advance(pace)
	two, err := c.CreateScraper(ctx, &amp.CreateScraperInput{
		ScrapeConfiguration: scrape("scrape_configs: [{job_name: a}]"), Source: vpc, Destination: cloudWatch,
		Exporters:         []types.ExporterConfiguration{kafka},
		RoleConfiguration: &types.RoleConfiguration{SourceRoleArn: aws.String("arn:aws:iam::123456789012:role/a")},
	})
	require.NoError(t, err)
	_, err = c.CreateScraper(ctx, &amp.CreateScraperInput{ScrapeConfiguration: scrape("scrape_configs: [{job_name: a}]"), Source: eks(), Destination: toWorkspace("ws-none")})
	require.ErrorAs(t, err, new(*types.ResourceNotFoundException), "a workspace of this account that is not there")

	describe := func() *types.ScraperDescription {
		out, err := c.DescribeScraper(ctx, &amp.DescribeScraperInput{ScraperId: two.ScraperId})
		require.NoError(t, err)
		return out.Scraper
	}
	require.Equal(t, vpc, describe().Source)
	require.Equal(t, cloudWatch, describe().Destination)
	require.Equal(t, []types.ExporterConfiguration{kafka}, describe().Exporters)
	require.Equal(t, scrape("scrape_configs: [{job_name: a}]"), describe().ScrapeConfiguration)
	require.Equal(t, "arn:aws:iam::123456789012:role/a", *describe().RoleConfiguration.SourceRoleArn)
	f.clock.Advance(pace)
	update := func(in amp.UpdateScraperInput) {
		in.ScraperId = two.ScraperId
		_, err := c.UpdateScraper(ctx, &in)
		require.NoError(t, err)
		require.Equal(t, types.ScraperStatusCodeUpdating, describe().Status.StatusCode)
		f.clock.Advance(pace)
		require.Equal(t, types.ScraperStatusCodeActive, describe().Status.StatusCode)
	}
	update(amp.UpdateScraperInput{Alias: aws.String("two")})
	require.Len(t, describe().Exporters, 1, "what is not named stays")
	update(amp.UpdateScraperInput{Exporters: []types.ExporterConfiguration{}})
	require.Empty(t, describe().Exporters, "an empty list removes the exporter")
	require.Equal(t, "two", *describe().Alias)

	_, err = c.DeleteScraper(ctx, &amp.DeleteScraperInput{ScraperId: one.ScraperId})
	require.NoError(t, err)
	filter := func(pairs ...string) map[string][]string {
		m := map[string][]string{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = append(m[pairs[i]], pairs[i+1])
		}
		return m
	}
	for name, tc := range map[string]struct {
		filters map[string][]string
		want    []string
	}{
		"none":        {nil, []string{"one", "two"}},
		"alias":       {filter("alias", "two"), []string{"two"}},
		"either":      {filter("alias", "two", "alias", "one"), []string{"one", "two"}},
		"both":        {filter("alias", "two", "status", "DELETING"), nil},
		"status":      {filter("status", "DELETING"), []string{"one"}},
		"source":      {filter("sourceArn", clusterARN), []string{"one"}},
		"destination": {filter("destinationArn", "arn:aws:aps:us-east-1:123456789012:workspace/"+*ws), []string{"one"}},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := c.ListScrapers(ctx, &amp.ListScrapersInput{Filters: tc.filters})
			require.NoError(t, err)
			var got []string
			for _, s := range out.Scrapers {
				got = append(got, *s.Alias)
			}
			require.Equal(t, tc.want, got)
		})
	}
}

// TestDefaultScraperConfiguration has Prometheus read it.
func TestDefaultScraperConfiguration(t *testing.T) {
	f := start(t, nil)
	out, err := f.client().GetDefaultScraperConfiguration(t.Context(), nil)
	require.NoError(t, err)
	cfg, err := config.Load(string(out.Configuration), promslog.NewNopLogger())
	require.NoError(t, err)
	jobs, err := cfg.GetScrapeConfigs()
	require.NoError(t, err)
	require.Len(t, jobs, 4)
	_, err = f.client().CreateScraper(t.Context(), &amp.CreateScraperInput{
		ScrapeConfiguration: scrape(string(out.Configuration)), Source: eks(),
		Destination: &types.DestinationMemberAmpConfiguration{Value: types.AmpConfiguration{WorkspaceArn: aws.String("arn:aws:aps:us-east-1:999999999999:workspace/ws-1")}},
	})
	require.NoError(t, err, "a workspace of another account is not looked for")
}

func TestAnomalyDetectors(t *testing.T) {
	f, c, ws := slow(t)
	ctx := t.Context()
	made, err := c.CreateAnomalyDetector(ctx, &amp.CreateAnomalyDetectorInput{
		WorkspaceId: ws, Alias: aws.String("first"), Labels: map[string]string{"a": "b"}, Tags: map[string]string{"k": "v"},
		MissingDataAction: &types.AnomalyDetectorMissingDataActionMemberSkip{Value: true},
		Configuration: &types.AnomalyDetectorConfigurationMemberRandomCutForest{Value: types.RandomCutForestConfiguration{
			Query: aws.String("avg(x)"), IgnoreNearExpectedFromAbove: &types.IgnoreNearExpectedMemberRatio{Value: 0.5},
		}},
	})
	require.NoError(t, err)
	id := made.AnomalyDetectorId
	require.Regexp(t, "^ad-", *id)
	f.clock.Advance(pace)
	describe := func() *types.AnomalyDetectorDescription {
		out, err := c.DescribeAnomalyDetector(ctx, &amp.DescribeAnomalyDetectorInput{WorkspaceId: ws, AnomalyDetectorId: id})
		require.NoError(t, err)
		return out.AnomalyDetector
	}
	got := describe()
	require.Equal(t, types.AnomalyDetectorStatusCodeActive, got.Status.StatusCode)
	require.Equal(t, int32(60), *got.EvaluationIntervalInSeconds)
	require.Equal(t, &types.AnomalyDetectorMissingDataActionMemberSkip{Value: true}, got.MissingDataAction)
	forestOf := got.Configuration.(*types.AnomalyDetectorConfigurationMemberRandomCutForest).Value
	require.Equal(t, []int32{8, 256}, []int32{*forestOf.ShingleSize, *forestOf.SampleSize})
	require.Equal(t, &types.IgnoreNearExpectedMemberRatio{Value: 0.5}, forestOf.IgnoreNearExpectedFromAbove)

	_, err = c.PutAnomalyDetector(ctx, &amp.PutAnomalyDetectorInput{WorkspaceId: ws, AnomalyDetectorId: id, Configuration: forest("sum(x)"), EvaluationIntervalInSeconds: aws.Int32(30)})
	require.NoError(t, err)
	require.Equal(t, types.AnomalyDetectorStatusCodeUpdating, describe().Status.StatusCode)
	require.Empty(t, describe().Labels, "Put replaces")
	require.Equal(t, "first", *describe().Alias)
	require.Equal(t, map[string]string{"k": "v"}, describe().Tags)
	f.clock.Advance(pace)
	put, err := c.PutAnomalyDetector(ctx, &amp.PutAnomalyDetectorInput{WorkspaceId: ws, AnomalyDetectorId: aws.String("ad-new"), Configuration: forest("sum(x)")})
	require.NoError(t, err)
	require.Equal(t, types.AnomalyDetectorStatusCodeCreating, put.Status.StatusCode, "Put creates what is not there")
	for alias, n := range map[string]int{"first": 1, "fir": 0, "ad-new": 1} {
		out, err := c.ListAnomalyDetectors(ctx, &amp.ListAnomalyDetectorsInput{WorkspaceId: ws, Alias: &alias})
		require.NoError(t, err)
		require.Len(t, out.AnomalyDetectors, n, alias)
	}
}

// TestWaitersOfScrapersAndDetectors has the SDK's waiters of both; those of
// workspaces are in TestWaiters.
func TestWaitersOfScrapersAndDetectors(t *testing.T) {
	f := start(t, func(c *workspace.Config) {
		c.Now = time.Now // the waiters sleep in real time
		c.CreateTime, c.DeleteTime = 20*time.Millisecond, 20*time.Millisecond
	})
	c, ctx := f.client(), t.Context()
	ws, err := f.Create(workspace.CreateInput{})
	require.NoError(t, err)
	require.NoError(t, amp.NewWorkspaceActiveWaiter(c, func(o *amp.WorkspaceActiveWaiterOptions) {
		o.MinDelay, o.MaxDelay = time.Millisecond, 5*time.Millisecond
	}).Wait(ctx, &amp.DescribeWorkspaceInput{WorkspaceId: &ws.ID}, 10*time.Second))

	s, err := c.CreateScraper(ctx, &amp.CreateScraperInput{ScrapeConfiguration: scrape("scrape_configs: [{job_name: a}]"), Source: eks(), Destination: toWorkspace(ws.ID)})
	require.NoError(t, err)
	scraper := &amp.DescribeScraperInput{ScraperId: s.ScraperId}
	require.NoError(t, amp.NewScraperActiveWaiter(c, func(o *amp.ScraperActiveWaiterOptions) {
		o.MinDelay, o.MaxDelay = time.Millisecond, 5*time.Millisecond
	}).Wait(ctx, scraper, 10*time.Second))
	_, err = c.DeleteScraper(ctx, &amp.DeleteScraperInput{ScraperId: s.ScraperId})
	require.NoError(t, err)
	require.NoError(t, amp.NewScraperDeletedWaiter(c, func(o *amp.ScraperDeletedWaiterOptions) {
		o.MinDelay, o.MaxDelay = time.Millisecond, 5*time.Millisecond
	}).Wait(ctx, scraper, 10*time.Second))

	d, err := c.CreateAnomalyDetector(ctx, &amp.CreateAnomalyDetectorInput{WorkspaceId: &ws.ID, Alias: aws.String("a"), Configuration: forest("sum(x)")})
	require.NoError(t, err)
	detector := &amp.DescribeAnomalyDetectorInput{WorkspaceId: &ws.ID, AnomalyDetectorId: d.AnomalyDetectorId}
	require.NoError(t, amp.NewAnomalyDetectorActiveWaiter(c, func(o *amp.AnomalyDetectorActiveWaiterOptions) {
		o.MinDelay, o.MaxDelay = time.Millisecond, 5*time.Millisecond
	}).Wait(ctx, detector, 10*time.Second))
	_, err = c.DeleteAnomalyDetector(ctx, &amp.DeleteAnomalyDetectorInput{WorkspaceId: &ws.ID, AnomalyDetectorId: d.AnomalyDetectorId})
	require.NoError(t, err)
	require.NoError(t, amp.NewAnomalyDetectorDeletedWaiter(c, func(o *amp.AnomalyDetectorDeletedWaiterOptions) {
		o.MinDelay, o.MaxDelay = time.Millisecond, 5*time.Millisecond
	}).Wait(ctx, detector, 10*time.Second))
}

func TestTagsOfAllKinds(t *testing.T) {
	f := start(t, nil)
	v, c, ctx := newTour(t), f.client(), t.Context()
	v.play(t, c, "DeleteScraperLoggingConfiguration")
	const p = "arn:aws:aps:us-east-1:123456789012:"
	for _, arn := range []string{
		p + "workspace/" + v.ws, p + "rulegroupsnamespace/" + v.ws + "/" + namespace, p + "scraper/" + v.s,
		p + "anomalydetector/" + v.ws + "/" + detectorID,
	} {
		_, err := c.TagResource(ctx, &amp.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{"x": "y", "z": ""}})
		require.NoError(t, err, arn)
		_, err = c.UntagResource(ctx, &amp.UntagResourceInput{ResourceArn: &arn, TagKeys: []string{"z", "k"}})
		require.NoError(t, err, arn)
		out, err := c.ListTagsForResource(ctx, &amp.ListTagsForResourceInput{ResourceArn: &arn})
		require.NoError(t, err, arn)
		require.Equal(t, map[string]string{"x": "y"}, out.Tags, arn)
		status, _, body := f.call(t, "GET", "/tags/"+url.PathEscape(arn), "")
		require.Equal(t, 200, status, body)
	}
	list, err := c.ListRuleGroupsNamespaces(ctx, &amp.ListRuleGroupsNamespacesInput{WorkspaceId: &v.ws})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"x": "y"}, list.RuleGroupsNamespaces[0].Tags)
}

func TestPagesOfNamespaces(t *testing.T) {
	f := start(t, nil)
	v, c, ctx := newTour(t), f.client(), t.Context()
	v.play(t, c, "DescribeWorkspace")
	var want []string
	for i := range 5 {
		name := strings.Repeat("😀", 120) + fmt.Sprint(i) // a long token
		want = append(want, name)
		_, err := c.CreateRuleGroupsNamespace(ctx, &amp.CreateRuleGroupsNamespaceInput{WorkspaceId: &v.ws, Name: &name, Data: []byte("rules: 0")})
		require.NoError(t, err)
	}
	var got []string
	pages := amp.NewListRuleGroupsNamespacesPaginator(c, &amp.ListRuleGroupsNamespacesInput{WorkspaceId: &v.ws, MaxResults: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		require.NoError(t, err)
		for _, n := range page.RuleGroupsNamespaces {
			got = append(got, *n.Name)
		}
	}
	require.Equal(t, want, got)
}
