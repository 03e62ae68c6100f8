package emulator_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/aws/aws-sdk-go-v2/service/amp/types"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator"
)

const rulesFile = `
groups:
  - name: load
    interval: 100ms
    rules:
      - record: job:requests:sum
        expr: sum(requests)
      - alert: TooMany
        expr: job:requests:sum > 5
        labels: {severity: page}
        annotations: {summary: "{{ $value }} requests"}
`

const alertManagerFile = `
alertmanager_config: |
  route:
    receiver: page
    group_by: [alertname]
    group_wait: 100ms
    group_interval: 1s
  receivers:
    - name: page
      sns_configs:
        - topic_arn: arn:aws:sns:us-east-1:123456789012:pages
          sigv4: {region: us-east-1}
          subject: '{{ .CommonLabels.alertname }} {{ .Status }}'
          message: '{{ (index .Alerts 0).Annotations.summary }}'
`

// quick lets rules run every 100 ms.
func quick() map[string]string { return map[string]string{"rule-interval-min": "0"} }

// get is a signed GET of a path below the workspace, decoded.
func get[T any](t *testing.T, srv *emulator.Server, ws emulator.Workspace, path string) T {
	t.Helper()
	got := send(t, srv, http.MethodGet, "/workspaces/"+ws.ID+path, nil, root(), nil)
	require.Equal(t, 200, got.status, got.body)
	return decode[T](t, got.body)
}

type alertsAnswer struct {
	Status, ErrorType, Error string
	Data                     struct {
		Alerts []struct {
			State  string
			Labels map[string]string
		}
	}
}

type notificationsAnswer struct {
	Notifications []struct {
		Receiver, Kind, Status, Target string
		SNS                            struct{ Subject, Message string }
	}
}

// TestFromRuleToNotification is the whole way: definitions by the SDK, a sample
// by remote write, the recorded series, the alert, what SNS would have got; over
// a restart, until all is deleted.
func TestFromRuleToNotification(t *testing.T) {
	ctx := t.Context()
	cfg := emulator.Config{DataDir: t.TempDir(), Quotas: quick()}
	srv, err := emulator.Start(ctx, cfg)
	require.NoError(t, err)
	ws := createWorkspace(t, srv, "")
	client := amp.NewFromConfig(srv.AWSConfig())
	_, err = client.CreateAlertManagerDefinition(ctx, &amp.CreateAlertManagerDefinitionInput{WorkspaceId: &ws.ID, Data: []byte(alertManagerFile)})
	require.NoError(t, err)
	_, err = client.CreateRuleGroupsNamespace(ctx, &amp.CreateRuleGroupsNamespaceInput{WorkspaceId: &ws.ID, Name: aws.String("ns"), Data: []byte(rulesFile)})
	require.NoError(t, err)
	described, err := client.DescribeRuleGroupsNamespace(ctx, &amp.DescribeRuleGroupsNamespaceInput{WorkspaceId: &ws.ID, Name: aws.String("ns")})
	require.NoError(t, err)
	require.Equal(t, types.RuleGroupsNamespaceStatusCodeActive, described.RuleGroupsNamespace.Status.StatusCode,
		aws.ToString(described.RuleGroupsNamespace.Status.StatusReason))

	store(t, ws.RemoteWriteURL, series("requests", time.Now(), 7))
	require.Eventually(t, func() bool {
		got, ok := value(t, ws.QueryURL, "job:requests:sum", time.Now())
		return ok && got == 7
	}, 30*time.Second, 50*time.Millisecond, "the rule records")
	firing := func() bool {
		list := get[alertsAnswer](t, srv, ws, "/api/v1/alerts").Data.Alerts
		return len(list) == 1 && list[0].State == "firing" && list[0].Labels["severity"] == "page"
	}
	require.Eventually(t, firing, 30*time.Second, 50*time.Millisecond)
	var sent notificationsAnswer
	require.Eventually(t, func() bool {
		sent = decode[notificationsAnswer](t, send(t, srv, "GET", "/_ampersand/api/notifications?workspace="+ws.ID, nil, nil, nil).body)
		return len(sent.Notifications) > 0
	}, 30*time.Second, 50*time.Millisecond)
	first := sent.Notifications[0]
	require.Equal(t, "page sns firing arn:aws:sns:us-east-1:123456789012:pages", fmt.Sprint(first.Receiver, " ", first.Kind, " ", first.Status, " ", first.Target))
	require.Equal(t, "TooMany firing", first.SNS.Subject)
	require.Equal(t, "7 requests", first.SNS.Message)
	groups := get[[]struct{ Receiver struct{ Name string } }](t, srv, ws, "/alertmanager/api/v2/alerts/groups")
	require.Len(t, groups, 1)

	require.NoError(t, srv.Close())
	srv = start(t, cfg)
	ws = srv.Workspaces()[0]
	client = amp.NewFromConfig(srv.AWSConfig())
	require.Eventually(t, firing, 30*time.Second, 50*time.Millisecond, "rules go on after a restart without a request")

	_, err = client.DeleteRuleGroupsNamespace(ctx, &amp.DeleteRuleGroupsNamespaceInput{WorkspaceId: &ws.ID, Name: aws.String("ns")})
	require.NoError(t, err)
	require.Empty(t, get[alertsAnswer](t, srv, ws, "/api/v1/alerts").Data.Alerts)
	_, err = client.DeleteAlertManagerDefinition(ctx, &amp.DeleteAlertManagerDefinitionInput{WorkspaceId: &ws.ID})
	require.NoError(t, err)
	gone := send(t, srv, "GET", "/workspaces/"+ws.ID+"/alertmanager/api/v2/status", nil, root(), nil)
	require.Equal(t, 404, gone.status)
}

func TestBrokenDefinitionsFail(t *testing.T) {
	srv := start(t, emulator.Config{})
	ws := createWorkspace(t, srv, "")
	client := amp.NewFromConfig(srv.AWSConfig())
	create := func(name, text string) error {
		_, err := client.CreateRuleGroupsNamespace(t.Context(), &amp.CreateRuleGroupsNamespaceInput{WorkspaceId: &ws.ID, Name: &name, Data: []byte(text)})
		return err
	}
	var invalid *types.ValidationException
	require.ErrorAs(t, create("yaml", "groups: ["), &invalid)
	require.NoError(t, create("promql", "groups: [{name: g, rules: [{record: a, expr: 'sum('}]}]"))
	got, err := client.DescribeRuleGroupsNamespace(t.Context(), &amp.DescribeRuleGroupsNamespaceInput{WorkspaceId: &ws.ID, Name: aws.String("promql")})
	require.NoError(t, err)
	require.Equal(t, types.RuleGroupsNamespaceStatusCodeCreationFailed, got.RuleGroupsNamespace.Status.StatusCode)
	require.Contains(t, aws.ToString(got.RuleGroupsNamespace.Status.StatusReason), "parse error")
	groups := get[struct{ Data struct{ Groups []any } }](t, srv, ws, "/api/v1/rules")
	require.Empty(t, groups.Data.Groups)
}

// TestConfigurationHasEffect changes what a workspace takes and keeps.
func TestConfigurationHasEffect(t *testing.T) {
	srv := start(t, emulator.Config{})
	ws := createWorkspace(t, srv, "")
	client := amp.NewFromConfig(srv.AWSConfig())
	configure := func(in amp.UpdateWorkspaceConfigurationInput) {
		in.WorkspaceId = &ws.ID
		_, err := client.UpdateWorkspaceConfiguration(t.Context(), &in)
		require.NoError(t, err)
	}
	now := time.Now()
	write := func(name string, age time.Duration) error {
		_, err := writer(t, ws.RemoteWriteURL, rootKey()).Store(t.Context(), series(name, now.Add(-age), 1), 0)
		return err
	}
	require.NoError(t, write("a", 0))
	require.ErrorContains(t, write("a", 2*time.Minute), "too old sample")
	configure(amp.UpdateWorkspaceConfigurationInput{OutOfOrderTimeWindowInSeconds: aws.Int32(300)})
	require.NoError(t, write("a", 2*time.Minute), "the window is wider at once")
	configure(amp.UpdateWorkspaceConfigurationInput{OutOfOrderTimeWindowInSeconds: aws.Int32(0)})
	require.ErrorContains(t, write("a", time.Second), "out of order sample")

	configure(amp.UpdateWorkspaceConfigurationInput{LimitsPerLabelSet: []types.LimitsPerLabelSet{
		{LabelSet: map[string]string{"job": "test"}, Limits: &types.LimitsPerLabelSetEntry{MaxSeries: aws.Int64(1)}},
	}})
	require.ErrorContains(t, write("d", 0), "per-labelset series limit of 1 exceeded")
	require.NoError(t, write("a", -time.Second), "a series that is there goes on")
	configure(amp.UpdateWorkspaceConfigurationInput{LimitsPerLabelSet: []types.LimitsPerLabelSet{}})
	require.NoError(t, write("d", 0))
}
