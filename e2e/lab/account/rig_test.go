package account_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/lab/account"
	"github.com/ampersand-amp/ampersand/emulator"
)

// identities has a user who may do everything but give a role its policy.
const identities = `
users:
  - name: clumsy
    accessKeys: [{id: AKIACLUMSYCLUMSYCLUM, secret: clumsy-secret}]
    policies:
      - arn: arn:aws:iam::aws:policy/AdministratorAccess
      - name: no-policies
        document: {Version: 2012-10-17, Statement: {Effect: Deny, Action: "iam:AttachRolePolicy", Resource: "*"}}
`

// rig is an emulator in AWS's place, with the root's account and clients.
type rig struct {
	*account.Account
	settings aws.Config
	amp      *amp.Client
	iam      *iam.Client
}

func newRig(t *testing.T, config emulator.Config) *rig {
	t.Helper()
	config.IdentityFile = filepath.Join(t.TempDir(), "identity.yaml")
	require.NoError(t, os.WriteFile(config.IdentityFile, []byte(identities), 0o600))
	server, err := emulator.Start(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	r := &rig{settings: server.AWSConfig()}
	r.amp, r.iam = amp.NewFromConfig(r.settings), iam.NewFromConfig(r.settings)
	r.Account, err = account.New(t.Context(), r.settings)
	require.NoError(t, err)
	return r
}

// as is the account as a user with another key sees it.
func (r *rig) as(t *testing.T, id, secret string) *account.Account {
	t.Helper()
	settings := r.settings.Copy()
	settings.Credentials = credentials.NewStaticCredentialsProvider(id, secret, "")
	a, err := account.New(t.Context(), settings)
	require.NoError(t, err)
	return a
}

// everything lists what there is in the account, whoever made it.
func (r *rig) everything(t *testing.T) []string {
	t.Helper()
	var names []string
	workspaces, err := r.amp.ListWorkspaces(t.Context(), &amp.ListWorkspacesInput{})
	require.NoError(t, err)
	for _, w := range workspaces.Workspaces {
		names = append(names, "workspace "+aws.ToString(w.Alias))
	}
	roles, err := r.iam.ListRoles(t.Context(), &iam.ListRolesInput{})
	require.NoError(t, err)
	for _, role := range roles.Roles {
		names = append(names, "role "+aws.ToString(role.RoleName))
	}
	providers, err := r.iam.ListOpenIDConnectProviders(t.Context(), &iam.ListOpenIDConnectProvidersInput{})
	require.NoError(t, err)
	for _, p := range providers.OpenIDConnectProviderList {
		_, issuer, _ := strings.Cut(aws.ToString(p.Arn), "oidc-provider/")
		names = append(names, "provider "+issuer)
	}
	return names
}

// cluster is what AWS sees of a cluster: the issuer of its service accounts' tokens, over TLS with a certificate of its own.
type cluster struct {
	*httptest.Server
	signer jose.Signer
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	key := jose.JSONWebKey{Key: private, KeyID: "cluster", Algorithm: string(jose.ES256), Use: "sig"}
	c := &cluster{}
	c.signer, err = jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, nil)
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]string{"issuer": c.URL, "jwks_uri": c.URL + "/openid/v1/jwks"})
	})
	mux.HandleFunc("/openid/v1/jwks", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key.Public()}})
	})
	c.Server = httptest.NewTLSServer(mux)
	t.Cleanup(c.Close)
	return c
}

// host is the issuer without its scheme.
func (c *cluster) host() string { return strings.TrimPrefix(c.URL, "https://") }

// token is a token of a service account for STS.
func (c *cluster) token(t *testing.T, subject string) string {
	t.Helper()
	now := time.Now()
	payload, err := json.Marshal(map[string]any{
		"iss": c.URL, "sub": subject, "aud": []string{"sts.amazonaws.com"},
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	})
	require.NoError(t, err)
	signed, err := c.signer.Sign(payload)
	require.NoError(t, err)
	text, err := signed.CompactSerialize()
	require.NoError(t, err)
	return text
}
