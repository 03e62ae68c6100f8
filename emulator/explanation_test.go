package emulator_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator"
	"github.com/ampersand-amp/ampersand/emulator/explain"
)

// explanationOf asks the inspector about the request that was answered.
func explanationOf(t *testing.T, srv *emulator.Server, got answer) explain.Request {
	t.Helper()
	r, err := explain.Client{URL: srv.URL()}.Find(t.Context(), got.header.Get("x-amzn-RequestId"))
	require.NoError(t, err)
	require.NotNil(t, r.Explanation)
	return r
}

// TestRefusalsAreExplained has the inspector, the list and the log say what an answer of AWS leaves open.
func TestRefusalsAreExplained(t *testing.T) {
	var log lockedBuffer
	srv := start(t, emulator.Config{
		IdentityFile: identityFile(t, identities),
		Logger:       slog.New(slog.NewTextHandler(&log, nil)),
	})
	ws := createWorkspace(t, srv, "")
	query := "/workspaces/" + ws.ID + "/api/v1/query"
	collector := &aws.Credentials{AccessKeyID: "AKIAEXAMPLECOLLECTOR", SecretAccessKey: "collector-secret"}
	tests := []struct {
		name         string
		key          *aws.Credentials
		method, path string
		body         []byte
		change       func(*http.Request)
		reason       string
		cause        string
		text         string
		difference   *explain.Difference
	}{
		{
			name: "host changed by a proxy", key: root(), method: "GET", path: query + "?query=up",
			change: func(r *http.Request) { r.URL.Opaque = strings.Replace(r.URL.Opaque, "127.0.0.1", "localhost", 1) },
			reason: "signature-mismatch", cause: "host-changed", text: "The client signed the host " + srv.Addr(),
			difference: &explain.Difference{
				Line: 4, Client: "host:" + srv.Addr(), Server: "host:" + strings.Replace(srv.Addr(), "127.0.0.1", "localhost", 1),
			},
		},
		{
			name: "key unknown", key: &aws.Credentials{AccessKeyID: "ASIAEXAMPLEGONE", SecretAccessKey: "x", SessionToken: "a-session-token"},
			method: "GET", path: query, reason: "unknown-key", cause: "unknown-key", text: "no such session: sessions end with the emulator's process",
		},
		{
			name: "action not allowed", key: collector, method: "GET", path: query + "?query=up",
			reason: "access-denied", cause: "not-allowed", text: "AmazonPrometheusRemoteWriteAccess allows",
		},
		{
			name: "unknown path", key: root(), method: "GET", path: query + "/", reason: "unknown-route", cause: "unknown-route",
			text: "Look for a slash at the end",
		},
		{
			name: "role unknown to STS", key: nil, method: "POST", path: "/", reason: "sts-invalididentitytoken",
			body:  []byte("Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn:aws:iam::123456789012:role/amp-query&RoleSessionName=abc&WebIdentityToken=no.token.atall"),
			cause: "sts-invalididentitytoken",
			change: func(r *http.Request) {
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := len(log.String())
			got := send(t, srv, tt.method, tt.path, tt.body, tt.key, tt.change)
			require.GreaterOrEqual(t, got.status, 400)
			r := explanationOf(t, srv, got)
			require.Equal(t, tt.reason, r.Reason)
			require.Equal(t, tt.cause, r.Cause)
			require.Equal(t, tt.cause, r.Explanation.Cause)
			require.Contains(t, r.Explanation.Text, tt.text)
			require.Equal(t, tt.difference, r.Explanation.Difference)
			line := log.String()[before:]
			require.Contains(t, line, "cause="+tt.cause)
			if tt.difference != nil {
				require.True(t, r.Explanation.Proven)
				require.Contains(t, line, "difference.client=")
				require.Equal(t, r.Explanation.CanonicalRequest, strings.Replace(r.Explanation.ClientCanonicalRequest, tt.difference.Client, tt.difference.Server, 1))
			}
			require.Equal(t, tt.cause, lastRequests(t, srv)[0].Cause, "the list has the cause")
			var printed bytes.Buffer
			require.NoError(t, explain.Print(&printed, r))
			for _, secret := range []string{"collector-secret", "a-session-token", "no.token.atall", emulator.DefaultSecretAccessKey} {
				require.NotContains(t, printed.String()+log.String(), secret)
			}
		})
	}
}

// TestNoExplanationInTheAnswer: a diagnosis is for the operator; to a client it would be an oracle.
func TestNoExplanationInTheAnswer(t *testing.T) {
	srv := start(t, emulator.Config{})
	got := send(t, srv, "GET", "/workspaces", nil, root(), func(r *http.Request) { r.Header.Set("X-Amz-Date", "20200101T000000Z") })
	require.Equal(t, 403, got.status)
	r := explanationOf(t, srv, got)
	require.NotEmpty(t, r.Explanation.Text)
	require.NotContains(t, got.body, r.Explanation.Text)
}
