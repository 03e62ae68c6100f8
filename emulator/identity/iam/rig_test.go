package iam_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ampersand-amp/ampersand/emulator/awsquery"
	"github.com/ampersand-amp/ampersand/emulator/identity"
	"github.com/ampersand-amp/ampersand/emulator/identity/iam"
	"github.com/ampersand-amp/ampersand/emulator/identity/sts"
	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

const (
	account  = "123456789012"
	prefix   = "arn:aws:iam::" + account + ":"
	writeARN = "arn:aws:iam::aws:policy/AmazonPrometheusRemoteWriteAccess"
	queryARN = "arn:aws:iam::aws:policy/AmazonPrometheusQueryAccess"
	trust    = `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole"}}`
	inline   = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"aps:ListRules","Resource":"*"}}`
)

// identities is an account with users whose rights differ, and a partner. MANY stands for
// policies.
const identities = `
users:
  - name: operator
    accessKeys: [{id: AKIAOPERATOROPERATOR, secret: operator-secret}]
    policies:
      - name: deploy
        document:
          Version: 2012-10-17
          Statement:
            - {Effect: Allow, Action: ["iam:*Role*", "iam:GetUser", "iam:GetPolicy*"], Resource: ["*:role/e2e/*", "*:user/operator", "arn:aws:iam::aws:policy/*"]}
            - {Effect: Deny, Action: "iam:DeleteRole", Resource: "*", Condition: {StringEquals: {"aws:ResourceTag/keep": "yes"}}}
            - {Effect: Deny, Action: "iam:AttachRolePolicy", Resource: "*", Condition: {StringNotLike: {"iam:PolicyARN": "*:policy/AmazonPrometheus*"}}}
            - {Effect: Deny, Action: "iam:TagRole", Resource: "*", Condition: {StringEquals: {"aws:RequestTag/team": "evil"}}}
  - name: nobody
    accessKeys: [{id: AKIANOBODYNOBODYNOBO, secret: nobody-secret}]
policies:
  - name: Shared
    document: &all {Version: 2012-10-17, Statement: {Effect: Allow, Action: "aps:*", Resource: "*"}}
MANYaccounts:
  - id: "999999999999"
    users:
      - name: partner
        accessKeys: [{id: AKIAPARTNERPARTNERPA, secret: partner-secret}]
        policies: [{arn: "arn:aws:iam::aws:policy/AdministratorAccess"}]
`

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

// rig is an IAM behind a listener.
type rig struct {
	*httptest.Server
	store *identity.Store
}

func newRig(t testing.TB) *rig {
	t.Helper()
	path := filepath.Join(t.TempDir(), "identity.yaml")
	var many strings.Builder
	for i := range 11 {
		fmt.Fprintf(&many, "  - {name: Many%d, document: *all}\n", i)
	}
	require.NoError(t, os.WriteFile(path, []byte(strings.Replace(identities, "MANY", many.String(), 1)), 0o600))
	store, err := identity.Open(identity.Config{
		Region: "us-east-1", AccountID: account, RootAccessKeyID: "AKIAROOTROOTROOTROOT", RootSecretKey: "root-secret", File: path,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	service := iam.New(iam.Config{Store: store, Partition: "aws", AccountID: account})
	verifier := sigv4.New(sigv4.Config{Region: "us-east-1", Service: iam.Name, Keys: store})
	r := &rig{store: store}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		var who *identity.Principal
		if req.Header.Get("Authorization") != "" {
			signed, err := verifier.Verify(req, body)
			if refusal := (*sigv4.Refusal)(nil); errors.As(err, &refusal) {
				e := sts.FromSignature(refusal)
				_ = iam.WriteError(w, req, &awsquery.Error{Status: e.Status, Code: e.Code, Message: e.Message})
				return
			}
			p := signed.Key.Principal.(identity.Principal)
			who = &p
		}
		service.ServeHTTP(w, req, body, who)
	}))
	t.Cleanup(r.Close)
	return r
}

// as is the SDK's client with a key; without retries, so that errors are seen as they
// come.
func (r *rig) as(id, secret, token string) *awsiam.Client {
	return awsiam.New(awsiam.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(r.URL), Retryer: aws.NopRetryer{}, HTTPClient: r.Client(),
		Credentials: credentials.NewStaticCredentialsProvider(id, secret, token),
	})
}

func (r *rig) root() *awsiam.Client { return r.as("AKIAROOTROOTROOTROOT", "root-secret", "") }
func (r *rig) operator() *awsiam.Client {
	return r.as("AKIAOPERATOROPERATOR", "operator-secret", "")
}

// role makes one.
func (r *rig) role(t testing.TB, name, path string) {
	t.Helper()
	_, err := r.root().CreateRole(t.Context(), &awsiam.CreateRoleInput{
		RoleName: aws.String(name), Path: aws.String(path), AssumeRolePolicyDocument: aws.String(trust),
	})
	require.NoError(t, err)
}

// refused checks that a call was, with this status and code, and returns the message.
func refused(t testing.TB, err error, status int, code string) string {
	t.Helper()
	var answer *awshttp.ResponseError
	require.ErrorAs(t, err, &answer)
	var api smithy.APIError
	require.ErrorAs(t, err, &api)
	require.Equal(t, code, api.ErrorCode(), err)
	require.Equal(t, status, answer.HTTPStatusCode(), err)
	require.NotEmpty(t, answer.ServiceRequestID())
	return api.ErrorMessage()
}

// document is a policy as IAM returns it.
func document(t testing.TB, escaped *string) string {
	t.Helper()
	require.NotContains(t, aws.ToString(escaped), "+")
	text, err := url.QueryUnescape(aws.ToString(escaped))
	require.NoError(t, err)
	return text
}

// answer is what came back for a request that no SDK would send.
type answer struct {
	status int
	body   string
	Type   string `xml:"Error>Type"`
	Code   string `xml:"Error>Code"`
	Text   string `xml:"Error>Message"`
}

func (r *rig) send(t testing.TB, method, target, body string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.URL+target, strings.NewReader(body))
	require.NoError(t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := r.Client().Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	a := answer{status: resp.StatusCode, body: string(raw)}
	require.NoError(t, xml.Unmarshal(raw, &a), a.body)
	require.Equal(t, "text/xml", resp.Header.Get("Content-Type"))
	return a
}

// recent checks a date in whole seconds.
func recent(t testing.TB, at *time.Time) {
	t.Helper()
	require.WithinDuration(t, time.Now(), aws.ToTime(at), time.Minute)
}
