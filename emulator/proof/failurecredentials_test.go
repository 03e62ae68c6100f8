package proof

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/go-jose/go-jose/v4"
	promsigv4 "github.com/prometheus/sigv4"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator"
	"github.com/ampersand-amp/ampersand/emulator/explain"
)

const (
	missingTokenBody = `{"message":"Missing Authentication Token"}`
	invalidTokenBody = `{"message":"The security token included in the request is invalid."}`
	expiredTokenBody = `{"message":"The security token included in the request is expired"}`
	badRegionBody    = `{"message":"Credential should be scoped to a valid region. "}`
)

// S01: a ScaledObject without awsRegion. The text, with its trailing blank, is what
// KEDA's user was shown by AMP.
func regionEmpty(t *testing.T) {
	t.Helper()
	s := stand(t, emulator.Config{})
	for region, want := range map[string]refusal{
		"":          {cause: "region-empty", remedy: "awsRegion of KEDA's trigger"},
		"eu-west-1": {cause: "region-wrong", remedy: `The client signs for the region "eu-west-1", but this endpoint is of us-east-1`},
	} {
		want.kind, want.body, want.reason = "InvalidSignatureException", badRegionBody, "bad-scope"
		got := roundTrip(t, keda(region, rootCredentials()), kedaQuery(t, s.ws.QueryURL))
		require.Equal(t, emulator.DefaultAccessKeyID, s.refused(t, got, want).Explanation.AccessKeyID)
	}
	// Prometheus notices by itself, at its start.
	environment(t, nil)
	key := rootKey()
	key.Region = ""
	_, err := promsigv4.NewSigV4RoundTripper(key, http.DefaultTransport)
	require.ErrorContains(t, err, "region")
}

// S02: KEDA finds no key, hides that from itself and asks without a signature.
func secretMissing(t *testing.T) {
	t.Helper()
	s := stand(t, emulator.Config{})
	got := roundTrip(t, http.DefaultTransport, kedaQuery(t, s.ws.QueryURL))
	known := s.refused(t, got, refusal{
		kind: "MissingAuthenticationTokenException", body: missingTokenBody,
		reason: "missing-token", cause: "missing-token", remedy: "KEDA sends unsigned requests when a part of its AWS settings is missing",
	})
	require.Empty(t, known.Explanation.AccessKeyID)
	require.Equal(t, kedaPromQL, known.Query, "whose query it was can be told by it")
}

// S03: KEDA keeps nothing of an answer but its status. Who has no request id either
// finds the reason by asking for the last refusal.
func reasonHidden(t *testing.T) {
	t.Helper()
	s := stand(t, emulator.Config{}, "not-the-secret-of-this-key")
	key := rootCredentials()
	for cause, change := range map[string]func(){
		"secret-form":  func() { key.SecretAccessKey = emulator.DefaultSecretAccessKey + "\n" },
		"wrong-secret": func() { key.SecretAccessKey = "not-the-secret-of-this-key" },
	} {
		change()
		got := roundTrip(t, keda(emulator.DefaultRegion, key), kedaQuery(t, s.ws.QueryURL))
		require.Equal(t, http.StatusForbidden, got.status)
		s.find(t, got) // it is remembered
		last, err := s.inspect.Last(t.Context())
		require.NoError(t, err)
		require.Equal(t, got.header.Get("X-Amzn-Requestid"), last.ID)
		require.Equal(t, "signature-mismatch", last.Reason)
		require.Equal(t, cause, last.Explanation.Cause)
		require.Equal(t, cause == "secret-form", last.Explanation.Proven)
		require.Contains(t, last.Explanation.Text, "AWS_SECRET_ACCESS_KEY")
		require.Contains(t, s.log.String(), "cause="+cause, "the emulator's log says it too")
	}
}

// S04: a session's key, its token lost before signing or after.
func tokenDropped(t *testing.T) {
	t.Helper()
	s := stand(t, emulator.Config{})
	client := s.sts(rootCredentials())
	out, err := client.GetSessionToken(t.Context(), nil)
	require.NoError(t, err)
	session := aws.Credentials{
		AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretAccessKey, SessionToken: *out.Credentials.SessionToken,
	}
	s.secrets = append(s.secrets, session.SecretAccessKey, session.SessionToken)
	require.True(t, strings.HasPrefix(session.AccessKeyID, "ASIA"))
	s.accepted(t, roundTrip(t, keda(emulator.DefaultRegion, session), kedaQuery(t, s.ws.QueryURL)), rootARN)

	want := refusal{
		kind: "UnrecognizedClientException", body: invalidTokenBody,
		reason: "bad-token", cause: "token-missing", remedy: "its session token was not sent. Set AWS_SESSION_TOKEN too",
	}
	without := session
	without.SessionToken = ""
	s.refused(t, roundTrip(t, keda(emulator.DefaultRegion, without), kedaQuery(t, s.ws.QueryURL)), want)
	dropping := s.middle(t, func(out *http.Request) { out.Header.Del("X-Amz-Security-Token") })
	s.refused(t, roundTrip(t, keda(emulator.DefaultRegion, session), kedaQuery(t, dropping)), want)

	// STS has its own word for it, the one that KEDA's users report.
	_, err = s.sts(without).GetCallerIdentity(t.Context(), nil)
	var refused smithy.APIError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "InvalidClientTokenId", refused.ErrorCode())
}

func (s *stage) sts(key aws.Credentials) *sts.Client {
	cfg := s.AWSConfig()
	cfg.Credentials = credentials.NewStaticCredentialsProvider(key.AccessKeyID, key.SecretAccessKey, key.SessionToken)
	return sts.NewFromConfig(cfg)
}

const writerIdentity = `
oidcProviders:
  - {issuer: "https://issuer.example", clientIDs: [sts.amazonaws.com], jwksFile: jwks.json}
roles:
  - name: writer
    maxSessionDuration: 4s
    trustPolicy:
      Version: 2012-10-17
      Statement:
        Effect: Allow
        Principal: {Federated: "arn:aws:iam::123456789012:oidc-provider/issuer.example"}
        Action: sts:AssumeRoleWithWebIdentity
        Condition: {StringEquals: {"issuer.example:sub": "system:serviceaccount:ho11y:adot-collector"}}
    policies: [{arn: "arn:aws:iam::aws:policy/AmazonPrometheusRemoteWriteAccess"}]
`

// sessionLife is maxSessionDuration above; slowMachine what a write may take beyond it.
const (
	sessionLife = 4 * time.Second
	slowMachine = 2 * time.Second
)

// webIdentity writes the identity file above and a service account's token for it.
func webIdentity(t *testing.T) (identityFile, tokenFile string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	keys, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: private.Public(), KeyID: "1", Algorithm: string(jose.ES256), Use: "sig"}}})
	require.NoError(t, err)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: private, KeyID: "1"}}, nil)
	require.NoError(t, err)
	now := time.Now()
	claims, err := json.Marshal(map[string]any{
		"iss": "https://issuer.example", "sub": "system:serviceaccount:ho11y:adot-collector", "aud": []string{"sts.amazonaws.com"},
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	})
	require.NoError(t, err)
	signed, err := signer.Sign(claims)
	require.NoError(t, err)
	token, err := signed.CompactSerialize()
	require.NoError(t, err)
	dir := t.TempDir()
	for name, text := range map[string]string{"jwks.json": string(keys), "token": token, "identity.yaml": writerIdentity} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return filepath.Join(dir, "identity.yaml"), filepath.Join(dir, "token")
}

// S05: the collector's session ends at AMP before the collector expects it. It goes on
// signing with it, loses what it sends, and renews it by itself when it takes it for
// over: no restart, and no more is lost than was refused.
func sessionExpires(t *testing.T) {
	t.Helper()
	identityFile, tokenFile := webIdentity(t)
	s := stand(t, emulator.Config{IdentityFile: identityFile, Quotas: map[string]string{"remote-write-tps": "unlimited"}})
	environment(t, map[string]string{
		"AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/writer", "AWS_WEB_IDENTITY_TOKEN_FILE": tokenFile,
		"AWS_ENDPOINT_URL_STS": s.URL(), "AWS_REGION": emulator.DefaultRegion,
	})
	token, err := os.ReadFile(tokenFile)
	require.NoError(t, err)
	s.secrets = append(s.secrets, string(token))
	rt := collector(t, emulator.DefaultRegion, emulator.Service, http.DefaultTransport)

	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	lost, kept := 0, 0
	// write sends a sample at each tick until one is answered with the status.
	write := func(status int) reply {
		for deadline := time.Now().Add(3 * sessionLife); ; {
			at := <-ticker.C
			require.True(t, at.Before(deadline), "no write is answered with %d", status)
			got := roundTrip(t, rt, remoteWrite(t, s.ws.RemoteWriteURL, sampleAt(t, "s05", at)))
			if got.status == http.StatusOK {
				kept++
			} else {
				lost++
			}
			if got.status == status {
				return got
			}
		}
	}
	first := s.find(t, write(http.StatusOK)).Identity
	require.True(t, strings.HasPrefix(first, "arn:aws:sts::123456789012:assumed-role/writer/"), first)
	ended := time.Now()
	s.expireSessions(t)
	s.refused(t, write(http.StatusForbidden), refusal{
		kind: "ExpiredTokenException", body: expiredTokenBody,
		reason: "expired-token", cause: "expired-token", remedy: "Get new credentials from STS, or have the client refresh them before they expire",
	})
	second := s.find(t, write(http.StatusOK)).Identity
	outage := time.Since(ended)
	require.NotEqual(t, first, second, "it is another session of the same role")
	require.Less(t, outage, sessionLife+slowMachine, "the outage is what the client took for the rest of its session")
	for range 5 {
		write(http.StatusOK)
	}
	require.Positive(t, lost)
	stored, err := s.ws.instant(t.Context(), "sum(count_over_time(s05[1m]))", time.Now().UnixMilli())
	require.NoError(t, err)
	require.Contains(t, string(stored.body), fmt.Sprintf(`,"%d"]`, kept), "what was not refused is stored")
	t.Logf("the outage took %s: %d samples were refused, %d stored", outage.Round(time.Millisecond), lost, kept)
}

// expireSessions ends all sessions.
func (s *stage) expireSessions(t *testing.T) {
	t.Helper()
	const path = "/_ampersand/api/identity/sessions"
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+path, nil)
	require.NoError(t, err)
	var sessions []struct {
		AccessKeyID string `json:"accessKeyId"`
	}
	got := roundTrip(t, http.DefaultTransport, req)
	require.NoError(t, json.Unmarshal([]byte(got.body), &sessions), got.body)
	require.NotEmpty(t, sessions)
	for _, session := range sessions {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+path+"/"+session.AccessKeyID+"/expire", nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusNoContent, roundTrip(t, http.DefaultTransport, req).status)
	}
}

const twoUsers = `
users:
  - name: collector
    accessKeys: [{id: AKIAEXAMPLECOLLECTOR, secret: secret-of-the-collector}]
    policies: [{arn: "arn:aws:iam::aws:policy/AmazonPrometheusRemoteWriteAccess"}]
  - name: keda-operator
    accessKeys: [{id: AKIAEXAMPLEKEDA, secret: secret-of-the-operator}]
    policies: [{arn: "arn:aws:iam::aws:policy/AmazonPrometheusQueryAccess"}]
`

// S14: two keys with a policy each, and the one where the other belongs. The
// inspector says whom AMP saw.
func wrongPrincipal(t *testing.T) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "identity.yaml")
	require.NoError(t, os.WriteFile(file, []byte(twoUsers), 0o600))
	s := stand(t, emulator.Config{IdentityFile: file}, "secret-of-the-collector", "secret-of-the-operator")
	keys := map[string]aws.Credentials{
		"collector":     {AccessKeyID: "AKIAEXAMPLECOLLECTOR", SecretAccessKey: "secret-of-the-collector"},
		"keda-operator": {AccessKeyID: "AKIAEXAMPLEKEDA", SecretAccessKey: "secret-of-the-operator"},
	}
	for name, key := range keys {
		environment(t, map[string]string{"AWS_ACCESS_KEY_ID": key.AccessKeyID, "AWS_SECRET_ACCESS_KEY": key.SecretAccessKey})
		user := "arn:aws:iam::123456789012:user/" + name
		attempts := map[string]reply{
			"aps:QueryMetrics": roundTrip(t, keda(emulator.DefaultRegion, key), kedaQuery(t, s.ws.QueryURL)),
			"aps:RemoteWrite": roundTrip(t, collector(t, emulator.DefaultRegion, emulator.Service, http.DefaultTransport),
				remoteWrite(t, s.ws.RemoteWriteURL, sampleAt(t, "s14", time.Now()))),
		}
		for action, got := range attempts {
			if (action == "aps:RemoteWrite") == (name == "collector") {
				s.accepted(t, got, user)
				continue
			}
			known := s.refused(t, got, refusal{
				kind:   "AccessDeniedException",
				body:   `{"Message":"User: ` + user + ` is not authorized to perform: ` + action + ` on resource: ` + s.ws.ARN + `"}`,
				reason: "access-denied", cause: explain.CauseNotAllowed, identity: user,
				remedy: "Allow " + action,
			})
			require.Contains(t, known.Explanation.Text, user)
		}
	}
}
