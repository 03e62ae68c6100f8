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
	require.Contains(t, explained.Explanation.Hint, "AmazonPrometheusRemoteWriteAccess")

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
