package emulator_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/aws/aws-sdk-go-v2/service/amp/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator"
)

const identities = `
users:
  - name: collector
    accessKeys: [{id: AKIAEXAMPLECOLLECTOR, secret: collector-secret}]
    policies: [{arn: "arn:aws:iam::aws: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"}]
  - name: keda
    accessKeys: [{id: AKIAEXAMPLEKEDA, secret: keda-secret}]
    policies:
      - name: assume
        document: {Version: 2012-10-17, Statement: {Effect: Allow, Action: "sts:AssumeRole", Resource: "*"}}
roles:
  - name: amp-query
    trustPolicy:
      Version: 2012-10-17
      Statement: {Effect: Allow, Principal: {AWS: "arn:aws:iam::123456789012:user/keda"}, Action: "sts:AssumeRole"}
    policies: [{arn: "arn:aws:iam::aws:policy/AmazonPrometheusQueryAccess"}]
`

// identityFile writes the file of users and roles.
func identityFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "identity.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// TestRightsOfUsers has users do what their policies allow, and something else.
func TestRightsOfUsers(t *testing.T) {
	srv := start(t, emulator.Config{IdentityFile: identityFile(t, identities)})
	ws := createWorkspace(t, srv, "")
	collector := &aws.Credentials{AccessKeyID: "AKIAEXAMPLECOLLECTOR", SecretAccessKey: "collector-secret"}
	path := "/workspaces/" + ws.ID + "/api/v1/"
	require.Equal(t, 200, send(t, srv, "POST", path+"remote_write", series("a", time.Now(), 1), collector, nil).status)

	denied := send(t, srv, "GET", path+"query?query=a", nil, collector, nil)
	require.Equal(t, 403, denied.status)
	require.JSONEq(t, fmt.Sprintf(`{"Message":"User: arn:aws:iam::123456789012:user/collector is not authorized to perform: `+
		`aps:QueryMetrics on resource: arn:aws:aps:us-east-1:123456789012:workspace/%s"}`, ws.ID), denied.body)
	require.Equal(t, "AccessDeniedException", denied.header.Get("x-amzn-ErrorType"))
	last := lastRequests(t, srv)[0]
	require.Equal(t, "access-denied arn:aws:iam::123456789012:user/collector", last.Reason+" "+last.Identity)
	explained := decode[request](t, send(t, srv, "GET", "/_ampersand/api/requests?id="+last.ID, nil, nil, nil).body)
	require.Contains(t, explained.Explanation.Text, "AmazonPrometheusRemoteWriteAccess")

	unknown := send(t, srv, "GET", "/workspaces/ws-00000000-0000-4000-8000-000000000000/api/v1/query?query=a", nil, collector, nil)
	require.Equal(t, 403, unknown.status, "who may not ask is not told what there is")

	cfg := srv.AWSConfig()
	cfg.Credentials = credentials.NewStaticCredentialsProvider(collector.AccessKeyID, collector.SecretAccessKey, "")
	_, err := amp.NewFromConfig(cfg).CreateWorkspace(t.Context(), nil)
	var no *types.AccessDeniedException
	require.ErrorAs(t, err, &no)
	require.Contains(t, aws.ToString(no.Message), "aps:CreateWorkspace on resource: arn:aws:aps:us-east-1:123456789012:/workspaces")
}

// TestRolesByTheSDK assumes a role at the emulator's STS with the SDK's own
// provider, queries with what it gets, and loses it when the session is revoked.
func TestRolesByTheSDK(t *testing.T) {
	srv := start(t, emulator.Config{IdentityFile: identityFile(t, identities)})
	ws := createWorkspace(t, srv, "")
	cfg := srv.AWSConfig()
	cfg.Credentials = credentials.NewStaticCredentialsProvider("AKIAEXAMPLEKEDA", "keda-secret", "")
	client := sts.NewFromConfig(cfg)
	me, err := client.GetCallerIdentity(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, "arn:aws:iam::123456789012:user/keda", aws.ToString(me.Arn))

	const role = "arn:aws:iam::123456789012:role/amp-query"
	key, err := stscreds.NewAssumeRoleProvider(client, role).Retrieve(t.Context())
	require.NoError(t, err)
	query := func(key aws.Credentials) answer {
		return send(t, srv, "GET", "/workspaces/"+ws.ID+"/api/v1/query?query=vector(1)", nil, &key, nil)
	}
	require.Equal(t, 200, query(key).status)
	without := key
	without.SessionToken = ""
	got := query(without)
	require.Equal(t, 403, got.status)
	require.Contains(t, got.body, "The security token included in the request is invalid.")

	require.Equal(t, 204, send(t, srv, "POST", "/_ampersand/api/identity/sessions/"+key.AccessKeyID+"/expire", nil, nil, nil).status)
	got = query(key)
	require.Equal(t, 403, got.status)
	require.Contains(t, got.body, "The security token included in the request is expired")

	strange := send(t, srv, "POST", "/", []byte("x=1"), nil, nil)
	require.Equal(t, 403, strange.status)
	require.Contains(t, strange.body, "Missing Authentication Token", "no request to STS")
}

const otherAccount = `
users:
  - name: team-a
    accessKeys: [{id: AKIAEXAMPLETEAMA, secret: team-a-secret}]
    policies:
      - name: own
        document:
          Version: 2012-10-17
          Statement:
            - {Effect: Allow, Action: "aps:CreateWorkspace", Resource: "*", Condition: {StringEquals: {"aws:RequestTag/team": a}}}
            - {Effect: Allow, Action: ["aps:QueryMetrics", "aps:DeleteWorkspace"], Resource: "*", Condition: {StringEquals: {"aws:ResourceTag/team": a}}}
            - {Effect: Allow, Action: ["aps:TagResource"], Resource: "*", Condition: {"ForAllValues:StringEquals": {"aws:TagKeys": [colour, team]}}}
            - {Effect: Deny, Action: "aps:TagResource", Resource: "*", Condition: {StringEquals: {"aws:ResourceTag/team": b}}}
  - name: untagged
    accessKeys: [{id: AKIAEXAMPLEUNTAGGED, secret: untagged-secret}]
    policies:
      - name: create
        document:
          Version: 2012-10-17
          Statement:
            - {Effect: Allow, Action: "aps:CreateWorkspace", Resource: "*"}
            - {Effect: Deny, Action: "*", Resource: "*", Condition: {StringEquals: {"aws:RequestedRegion": eu-west-1}}}
  - name: secure
    accessKeys: [{id: AKIAEXAMPLESECURE, secret: secure-secret}]
    policies:
      - name: https
        document:
          Version: 2012-10-17
          Statement:
            - {Effect: Allow, Action: "aps:*", Resource: "*"}
            - {Effect: Deny, Action: "*", Resource: "*", Condition: {Bool: {"aws:SecureTransport": "false"}}}
  - name: nobody
    accessKeys: [{id: AKIAEXAMPLENOBODY, secret: nobody-secret}]
`

// TestRightsByTag has rights that depend on the tags of a request and of a workspace.
func TestRightsByTag(t *testing.T) {
	srv := start(t, emulator.Config{IdentityFile: identityFile(t, otherAccount)})
	cfg := srv.AWSConfig()
	cfg.Credentials = credentials.NewStaticCredentialsProvider("AKIAEXAMPLETEAMA", "team-a-secret", "")
	team, root := amp.NewFromConfig(cfg), amp.NewFromConfig(srv.AWSConfig())
	var no *types.AccessDeniedException

	_, err := team.CreateWorkspace(t.Context(), &amp.CreateWorkspaceInput{Tags: map[string]string{"team": "b"}})
	require.ErrorAs(t, err, &no)
	mine, err := team.CreateWorkspace(t.Context(), &amp.CreateWorkspaceInput{Tags: map[string]string{"team": "a"}})
	require.NoError(t, err)
	others, err := root.CreateWorkspace(t.Context(), &amp.CreateWorkspaceInput{Tags: map[string]string{"team": "b"}})
	require.NoError(t, err)

	key := &aws.Credentials{AccessKeyID: "AKIAEXAMPLETEAMA", SecretAccessKey: "team-a-secret"}
	require.Equal(t, 200, send(t, srv, "GET", "/workspaces/"+*mine.WorkspaceId+"/api/v1/query?query=vector(1)", nil, key, nil).status)
	require.Equal(t, 403, send(t, srv, "GET", "/workspaces/"+*others.WorkspaceId+"/api/v1/query?query=vector(1)", nil, key, nil).status)

	_, err = team.TagResource(t.Context(), &amp.TagResourceInput{ResourceArn: others.Arn, Tags: map[string]string{"team": "a"}})
	require.ErrorAs(t, err, &no)
	_, err = team.TagResource(t.Context(), &amp.TagResourceInput{ResourceArn: mine.Arn, Tags: map[string]string{"colour": "red"}})
	require.NoError(t, err)
	_, err = team.DeleteWorkspace(t.Context(), &amp.DeleteWorkspaceInput{WorkspaceId: others.WorkspaceId})
	require.ErrorAs(t, err, &no)
	_, err = team.DeleteWorkspace(t.Context(), &amp.DeleteWorkspaceInput{WorkspaceId: mine.WorkspaceId})
	require.NoError(t, err)
}

// TestRightsBesideTheAction: who creates with tags must be allowed to tag, and plain HTTP can be denied.
func TestRightsBesideTheAction(t *testing.T) {
	srv := start(t, emulator.Config{IdentityFile: identityFile(t, otherAccount)})
	as := func(id, secret string) *amp.Client {
		cfg := srv.AWSConfig()
		cfg.Credentials = credentials.NewStaticCredentialsProvider(id, secret, "")
		return amp.NewFromConfig(cfg)
	}
	var no *types.AccessDeniedException
	untagged := as("AKIAEXAMPLEUNTAGGED", "untagged-secret")
	_, err := untagged.CreateWorkspace(t.Context(), nil)
	require.NoError(t, err)
	_, err = untagged.CreateWorkspace(t.Context(), &amp.CreateWorkspaceInput{Tags: map[string]string{"a": "b"}})
	require.ErrorAs(t, err, &no)
	require.Contains(t, aws.ToString(no.Message), "aps:TagResource")
	_, err = as("AKIAEXAMPLESECURE", "secure-secret").ListWorkspaces(t.Context(), nil)
	require.ErrorAs(t, err, &no)
}

// TestResourcePolicy opens a workspace to a user without policies, and closes it again.
func TestResourcePolicy(t *testing.T) {
	srv := start(t, emulator.Config{IdentityFile: identityFile(t, otherAccount)})
	ws := createWorkspace(t, srv, "")
	client := amp.NewFromConfig(srv.AWSConfig())
	nobody := &aws.Credentials{AccessKeyID: "AKIAEXAMPLENOBODY", SecretAccessKey: "nobody-secret"}
	path := "/workspaces/" + ws.ID + "/api/v1/"
	query := func() int { return send(t, srv, "GET", path+"query?query=vector(1)", nil, nobody, nil).status }
	require.Equal(t, 403, query())

	put := func(document string) error {
		_, err := client.PutResourcePolicy(t.Context(), &amp.PutResourcePolicyInput{WorkspaceId: &ws.ID, PolicyDocument: &document})
		return err
	}
	var wrong *types.ValidationException
	require.ErrorAs(t, put(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"aps:QueryMetrics","Resource":"*"}}`), &wrong, "nobody is named")
	require.NoError(t, put(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/nobody"},`+
		`"Action":["aps:QueryMetrics","aps:DeleteWorkspace"],"Resource":"*"}}`))
	require.Equal(t, 200, query())
	require.Equal(t, 403, send(t, srv, "POST", path+"remote_write", series("a", time.Now(), 1), nobody, nil).status, "no such action in it")
	require.Equal(t, 403, send(t, srv, "DELETE", "/workspaces/"+ws.ID, nil, nobody, nil).status, "opens the Prometheus APIs only")

	_, err := client.DeleteResourcePolicy(t.Context(), &amp.DeleteResourcePolicyInput{WorkspaceId: &ws.ID})
	require.NoError(t, err)
	require.Equal(t, 403, query())
}
