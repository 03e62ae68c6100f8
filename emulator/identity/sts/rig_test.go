package sts_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/identity"
	"github.com/ampersand-amp/ampersand/emulator/identity/sts"
	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

const (
	region  = "us-east-1"
	account = "123456789012"
)

// identities is an account with one provider, whose issuer, CA and further members
// are put in for ISSUER, CA and MORE.
const identities = `
users:
  - name: alice
    accessKeys: [{id: AKIAALICEALICEALICE0, secret: alice-secret}]
    policies:
      - name: roles
        document:
          Version: 2012-10-17
          Statement:
            - {Effect: Allow, Action: ["sts:AssumeRole", "sts:TagSession"], Resource: "*"}
            - {Effect: Deny, Action: "sts:AssumeRole", Resource: "*:role/forbidden"}
  - name: bob
    accessKeys: [{id: AKIABOBBOBBOBBOBBOB0, secret: bob-secret}]
roles:
  - name: query
    maxSessionDuration: 4h
    trustPolicy:
      Version: 2012-10-17
      Statement:
        - Effect: Allow
          Principal: {Federated: "arn:aws:iam::123456789012:oidc-provider/HOST"}
          Action: sts:AssumeRoleWithWebIdentity
          Condition:
            StringEquals:
              "HOST:sub": system:serviceaccount:keda:keda-operator
              "HOST:aud": sts.amazonaws.com
            StringNotLike: {"sts:RoleSessionName": "evil*"}
    policies:
      - arn: arn:aws:iam::aws:policy/AmazonPrometheusQueryAccess
  - name: writer
    maxSessionDuration: 4h
    tags: {team: obs, Stage: prod}
    trustPolicy:
      Version: 2012-10-17
      Statement:
        - {Effect: Allow, Principal: {AWS: "123456789012"}, Action: ["sts:AssumeRole", "sts:TagSession"]}
        - Effect: Deny
          Principal: "*"
          Action: sts:TagSession
          Condition: {StringEquals: {"aws:RequestTag/team": evil}}
    policies:
      - arn: arn:aws:iam::aws:policy/AmazonPrometheusRemoteWriteAccess
      - arn: arn:aws:iam::aws:policy/AmazonPrometheusQueryAccess
      - name: chain
        document: {Version: 2012-10-17, Statement: {Effect: Allow, Action: "sts:AssumeRole", Resource: "*"}}
  - name: partner
    trustPolicy:
      Version: 2012-10-17
      Statement:
        Effect: Allow
        Principal: {AWS: "arn:aws:iam::123456789012:user/bob"}
        Action: sts:AssumeRole
        Condition: {StringEquals: {"sts:ExternalId": contract-7}}
  - name: forbidden
    trustPolicy:
      Version: 2012-10-17
      Statement: {Effect: Allow, Principal: {AWS: "123456789012"}, Action: sts:AssumeRole}
oidcProviders:
  - issuer: ISSUER
    clientIDs: [sts.amazonaws.com, other-client]
    caFile: CA
`

// clock is the machine's, moved: SDKs sign by the machine's.
type clock struct{ moved atomic.Int64 }

func (c *clock) Now() time.Time           { return time.Now().Add(time.Duration(c.moved.Load())) }
func (c *clock) forward(by time.Duration) { c.moved.Add(int64(by)) }

// rig is an STS behind a listener, with an issuer that it knows.
type rig struct {
	*httptest.Server
	store  *identity.Store
	clock  *clock
	issuer *issuer
	key    key // the issuer's
	log    *lockedBuffer

	mu       sync.Mutex
	outcomes []sts.Outcome
}

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// newRig starts an account as of the identity file, which change may have changed.
func newRig(t *testing.T, change func(file string, i *issuer) string) *rig {
	t.Helper()
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	r := &rig{clock: &clock{}, issuer: newIssuer(t), key: newKey(t, "first"), log: &lockedBuffer{}}
	r.issuer.serve(r.key)
	file := identities
	if change != nil {
		file = change(file, r.issuer)
	}
	file = strings.NewReplacer("ISSUER", r.issuer.server.URL, "CA\n", r.issuer.caFile+"\n",
		"HOST", strings.TrimPrefix(r.issuer.server.URL, "https://")).Replace(file)
	path := filepath.Join(t.TempDir(), "identity.yaml")
	require.NoError(t, os.WriteFile(path, []byte(file), 0o600))

	log := slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	store, err := identity.Open(identity.Config{
		Region: region, AccountID: account, RootAccessKeyID: "AKIAROOTROOTROOTROOT", RootSecretKey: "root-secret",
		File: path, Now: r.clock.Now, Logger: log,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	r.store = store
	service := sts.New(sts.Config{
		Store: store, AccountID: account, Now: r.clock.Now, Logger: log,
		HTTPClient: &http.Client{Timeout: 10 * time.Second},
	})
	verifier := sigv4.New(sigv4.Config{Region: region, Service: "sts", Keys: store, Now: r.clock.Now, MaxSkew: 15 * time.Minute})
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		var caller *sts.Caller
		if req.Header.Get("Authorization") != "" {
			signed, err := verifier.Verify(req, body)
			if refusal := (*sigv4.Refusal)(nil); errors.As(err, &refusal) {
				_ = sts.WriteError(w, req, sts.FromSignature(refusal))
				return
			}
			caller = &sts.Caller{Principal: signed.Key.Principal.(identity.Principal), AccessKeyID: signed.Key.AccessKeyID}
		}
		outcome := service.ServeHTTP(w, req, body, caller)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.outcomes = append(r.outcomes, outcome)
	}))
	t.Cleanup(r.Close)
	return r
}

// last is what the last request came to.
func (r *rig) last() sts.Outcome {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.outcomes[len(r.outcomes)-1]
}

// token is a good token, its claims changed as told.
func (r *rig) token(t testing.TB, changed map[string]any) string {
	t.Helper()
	return r.key.token(t, claims(r.issuer.server.URL, r.clock.Now(), changed))
}

// client is the SDK's, with the keys of a user; without retries, so that errors are
// seen as they come.
func (r *rig) client(id, secret, token string) *awssts.Client {
	return awssts.New(awssts.Options{
		Region: region, BaseEndpoint: aws.String(r.URL), Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider(id, secret, token),
	})
}

func (r *rig) alice() *awssts.Client { return r.client("AKIAALICEALICEALICE0", "alice-secret", "") }
func (r *rig) bob() *awssts.Client   { return r.client("AKIABOBBOBBOBBOBBOB0", "bob-secret", "") }
func (r *rig) root() *awssts.Client  { return r.client("AKIAROOTROOTROOTROOT", "root-secret", "") }

// answer is what came back for a request.
type answer struct {
	status  int
	header  http.Header
	body    string
	Type    string `xml:"Error>Type"`
	Code    string `xml:"Error>Code"`
	Message string `xml:"Error>Message"`

	RequestID string `xml:"RequestId"`

	AccessKeyID string `xml:"AssumeRoleWithWebIdentityResult>Credentials>AccessKeyId"`
}

// post sends a form without a signature.
func (r *rig) post(t testing.TB, form url.Values) answer {
	t.Helper()
	return r.send(t, http.MethodPost, "/", "application/x-www-form-urlencoded", form.Encode())
}

func (r *rig) send(t testing.TB, method, target, contentType, body string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.URL+target, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	return read(t, resp)
}

// read takes an answer, which is well-formed XML in every case.
func read(t testing.TB, resp *http.Response) answer {
	t.Helper()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	a := answer{status: resp.StatusCode, header: resp.Header, body: string(raw)}
	require.NoError(t, xml.Unmarshal(raw, &a), a.body)
	require.Equal(t, "text/xml", resp.Header.Get("Content-Type"))
	require.NotEmpty(t, resp.Header.Get("X-Amzn-Requestid"))
	return a
}

// webIdentity is the form of a good request, its parameters changed as told: "-" takes
// one away.
func webIdentity(token string, changed map[string]string) url.Values {
	form := url.Values{
		"Action": {"AssumeRoleWithWebIdentity"}, "Version": {"2011-06-15"}, "WebIdentityToken": {token},
		"RoleArn": {"arn:aws:iam::123456789012:role/query"}, "RoleSessionName": {"KEDA"},
	}
	for name, value := range changed {
		form.Set(name, value)
		if value == "-" {
			form.Del(name)
		}
	}
	return form
}
