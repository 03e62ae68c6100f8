package emulator_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator"
)

// clusterIssuer is what a cluster has for its service accounts: an issuer over TLS, with
// a certificate of its own, and a key.
type clusterIssuer struct {
	*httptest.Server
	signer jose.Signer
}

func newClusterIssuer(t *testing.T) *clusterIssuer {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	key := jose.JSONWebKey{Key: private, KeyID: "k", Algorithm: string(jose.ES256), Use: "sig"}
	i := &clusterIssuer{}
	i.signer, err = jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, nil)
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": i.URL, "jwks_uri": i.URL + "/jwks"})
	})
	mux.HandleFunc("/jwks", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key.Public()}})
	})
	i.Server = httptest.NewTLSServer(mux)
	t.Cleanup(i.Close)
	return i
}

// token is the projected token of a service account. It is a stscreds.IdentityTokenRetriever.
func (i *clusterIssuer) token(account string) identityToken {
	return func() ([]byte, error) {
		now := time.Now()
		payload, err := json.Marshal(map[string]any{
			"iss": i.URL, "sub": "system:serviceaccount:" + account, "aud": []string{"sts.amazonaws.com"},
			"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		})
		if err != nil {
			return nil, err
		}
		jws, err := i.signer.Sign(payload)
		if err != nil {
			return nil, err
		}
		token, err := jws.CompactSerialize()
		return []byte(token), err
	}
}

type identityToken func() ([]byte, error)

func (t identityToken) GetIdentityToken() ([]byte, error) { return t() }

// TestIRSAByTheSDK goes the way that a harness goes on AWS: provider, role and policy by
// IAM's API, a service account's token at STS, and what comes of it on the data plane.
func TestIRSAByTheSDK(t *testing.T) {
	srv := start(t, emulator.Config{})
	ws := createWorkspace(t, srv, "")
	issuer := newClusterIssuer(t)
	host := strings.TrimPrefix(issuer.URL, "https://")
	admin := iam.NewFromConfig(srv.AWSConfig())
	provider, err := admin.CreateOpenIDConnectProvider(t.Context(), &iam.CreateOpenIDConnectProviderInput{
		Url: &issuer.URL, ClientIDList: []string{"sts.amazonaws.com"}, // no thumbprint: IAM asks for it
	})
	require.NoError(t, err)
	require.Equal(t, "arn:aws:iam::123456789012:oidc-provider/"+host, aws.ToString(provider.OpenIDConnectProviderArn))
	trust, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
		"Effect": "Allow", "Principal": map[string]any{"Federated": *provider.OpenIDConnectProviderArn},
		"Action": "sts:AssumeRoleWithWebIdentity",
		"Condition": map[string]any{"StringEquals": map[string]any{
			host + ":sub": "system:serviceaccount:monitoring:collector", host + ":aud": "sts.amazonaws.com",
		}},
	}}})
	require.NoError(t, err)
	role, err := admin.CreateRole(t.Context(), &iam.CreateRoleInput{
		RoleName: aws.String("ingest"), Path: aws.String("/ampersand-e2e/"), AssumeRolePolicyDocument: aws.String(string(trust)),
	})
	require.NoError(t, err)
	policy := aws.String("arn:aws:iam::aws:policy/AmazonPrometheusRemoteWriteAccess")
	_, err = admin.AttachRolePolicy(t.Context(), &iam.AttachRolePolicyInput{RoleName: role.Role.RoleName, PolicyArn: policy})
	require.NoError(t, err)

	assume := func(account string) (aws.Credentials, error) {
		return stscreds.NewWebIdentityRoleProvider(sts.NewFromConfig(srv.AWSConfig()), *role.Role.Arn, issuer.token(account)).
			Retrieve(t.Context())
	}
	_, err = assume("monitoring:another")
	require.ErrorContains(t, err, "Not authorized to perform sts:AssumeRoleWithWebIdentity")
	key, err := assume("monitoring:collector")
	require.NoError(t, err)
	path := "/workspaces/" + ws.ID + "/api/v1/"
	require.Equal(t, 200, send(t, srv, "POST", path+"remote_write", series("a", time.Now(), 1), &key, nil).status)
	denied := send(t, srv, "GET", path+"query?query=a", nil, &key, nil)
	require.Equal(t, 403, denied.status)
	require.Contains(t, denied.body, "aps:QueryMetrics")

	shown := send(t, srv, "GET", "/_ampersand/api/identity", nil, nil, nil)
	require.Contains(t, shown.body, *role.Role.Arn)
	require.Contains(t, shown.body, *provider.OpenIDConnectProviderArn)
	require.Contains(t, shown.body, `"origin":"api"`)

	_, err = admin.DeleteRole(t.Context(), &iam.DeleteRoleInput{RoleName: role.Role.RoleName})
	var conflict *types.DeleteConflictException
	require.ErrorAs(t, err, &conflict)
	last := lastRequests(t, srv)[0]
	require.Equal(t, "iam-deleteconflict arn:aws:iam::123456789012:root", last.Reason+" "+last.Identity)
	_, err = admin.DetachRolePolicy(t.Context(), &iam.DetachRolePolicyInput{RoleName: role.Role.RoleName, PolicyArn: policy})
	require.NoError(t, err)
	require.Equal(t, 403, send(t, srv, "POST", path+"remote_write", series("a", time.Now(), 2), &key, nil).status)
	_, err = admin.DeleteRole(t.Context(), &iam.DeleteRoleInput{RoleName: role.Role.RoleName})
	require.NoError(t, err)
	_, err = admin.DeleteOpenIDConnectProvider(t.Context(), &iam.DeleteOpenIDConnectProviderInput{
		OpenIDConnectProviderArn: provider.OpenIDConnectProviderArn,
	})
	require.NoError(t, err)
	gone := send(t, srv, "POST", path+"remote_write", series("a", time.Now(), 3), &key, nil)
	require.Contains(t, gone.body, "The security token included in the request is invalid.")
	_, err = assume("monitoring:collector")
	require.ErrorContains(t, err, "No OpenIDConnect provider found in your account")
}

// TestIAMIsGlobal signs for IAM's own region and for the emulator's, and for neither.
func TestIAMIsGlobal(t *testing.T) {
	srv := start(t, emulator.Config{Region: "eu-central-1"})
	list := func(region string) error {
		cfg := srv.AWSConfig()
		cfg.Region = region
		_, err := iam.NewFromConfig(cfg).ListRoles(t.Context(), nil)
		return err
	}
	require.NoError(t, list("us-east-1"))
	require.NoError(t, list("eu-central-1"))
	require.ErrorContains(t, list("eu-west-1"), "SignatureDoesNotMatch: Credential should be scoped to a valid region.")

	form := url.Values{"Action": {"ListRoles"}, "Version": {"2010-05-08"}}.Encode()
	post := func(key *aws.Credentials) answer {
		return send(t, srv, "POST", "/", []byte(form), key, func(r *http.Request) {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		})
	}
	unsigned := post(nil)
	require.Equal(t, 403, unsigned.status)
	require.Contains(t, unsigned.body, "<Code>MissingAuthenticationToken</Code>")
	misdirected := post(root()) // signed for aps
	require.Contains(t, misdirected.body, "Credential should be scoped to correct service: &#39;iam&#39;.")
	require.Contains(t, misdirected.body, "https://iam.amazonaws.com/doc/2010-05-08/")

	open := start(t, emulator.Config{Auth: emulator.AuthOff})
	status, body, err := call(t.Context(), http.MethodGet, open.URL()+"/?"+form, nil)
	require.NoError(t, err)
	require.Equal(t, 200, status, body)
}

// TestIAMOutlivesAStart makes a role in a data folder, which the next emulator has.
func TestIAMOutlivesAStart(t *testing.T) {
	cfg := emulator.Config{DataDir: t.TempDir()}
	name := aws.String("kept")
	first := start(t, cfg)
	_, err := iam.NewFromConfig(first.AWSConfig()).CreateRole(t.Context(), &iam.CreateRoleInput{
		RoleName: name, AssumeRolePolicyDocument: aws.String(
			`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole"}}`),
	})
	require.NoError(t, err)
	require.NoError(t, first.Close())
	next := start(t, cfg)
	_, err = iam.NewFromConfig(next.AWSConfig()).GetRole(t.Context(), &iam.GetRoleInput{RoleName: name})
	require.NoError(t, err)
}
