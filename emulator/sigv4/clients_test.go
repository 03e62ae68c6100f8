package sigv4_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/aws/smithy-go"
	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/sigv4authextension"
	"github.com/prometheus/common/config"
	promsigv4 "github.com/prometheus/sigv4"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/extensionauth"
	"go.opentelemetry.io/collector/extension/extensiontest"

	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

// seen is what the server of newFront saw of one request.
type seen struct {
	target string
	signed *sigv4.Signed
}

// newFront starts a server that verifies by the real clock and answers as the front
// does; what it accepted is sent to the channel before the answer.
func newFront(t *testing.T, keys keyring) (*httptest.Server, <-chan seen) {
	t.Helper()
	v := sigv4.New(sigv4.Config{Region: region, Service: service, Keys: keys})
	accepted := make(chan seen, 8)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		got, err := v.Verify(r, body)
		w.Header().Set("Content-Type", "application/json")
		var refusal *sigv4.Refusal
		if errors.As(err, &refusal) {
			w.Header().Set("x-amzn-ErrorType", refusal.Type)
			w.WriteHeader(refusal.Status)
			_ = json.NewEncoder(w).Encode(map[string]string{"message": refusal.Message})
			return
		}
		accepted <- seen{r.RequestURI, got}
		_, _ = io.WriteString(w, `{"workspaceId":"ws-1","arn":"a","status":{"statusCode":"ACTIVE"},"workspace":{"workspaceId":"ws-1"}}`)
	}))
	t.Cleanup(server.Close)
	return server, accepted
}

// plainKey and sessionKey are what the clients of this file sign with.
func plainKey() keyring {
	return keyring{keyID: {AccessKeyID: keyID, SecretAccessKey: secret}}
}

func sessionKey() keyring {
	return keyring{"ASIA1": {AccessKeyID: "ASIA1", SecretAccessKey: secret, SessionToken: "FwoG//+==", Expires: time.Now().Add(time.Hour)}}
}

// ampClient is the SDK's client for the control plane.
func ampClient(url string, secret string) *amp.Client {
	return amp.New(amp.Options{
		Region: region, BaseEndpoint: aws.String(url),
		Credentials: credentials.NewStaticCredentialsProvider("ASIA1", secret, "FwoG//+=="),
	})
}

func TestSDKClient(t *testing.T) {
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	server, accepted := newFront(t, sessionKey())
	client, ctx := ampClient(server.URL, secret), context.Background()

	_, err := client.DescribeWorkspace(ctx, &amp.DescribeWorkspaceInput{WorkspaceId: aws.String("ws-1")})
	require.NoError(t, err)
	got := <-accepted
	require.Equal(t, "/workspaces/ws-1", got.target)
	require.Contains(t, got.signed.SignedHeaders, "amz-sdk-request")
	require.Contains(t, got.signed.SignedHeaders, "x-amz-security-token")

	_, err = client.TagResource(ctx, &amp.TagResourceInput{
		ResourceArn: aws.String("arn:aws:aps:us-east-1:123456789012:workspace/ws-1"),
		Tags:        map[string]string{"k": "v ü"},
	})
	require.NoError(t, err)
	require.Equal(t, "/tags/arn%3Aaws%3Aaps%3Aus-east-1%3A123456789012%3Aworkspace%2Fws-1", (<-accepted).target)

	_, err = client.CreateWorkspace(ctx, &amp.CreateWorkspaceInput{Alias: aws.String("AMP-KEDA")})
	require.NoError(t, err)
	require.Contains(t, (<-accepted).signed.SignedHeaders, "content-length")

	_, err = client.ListWorkspaces(ctx, &amp.ListWorkspacesInput{Alias: aws.String("a b+c/ü"), MaxResults: aws.Int32(5)})
	require.NoError(t, err)
	<-accepted

	_, err = client.DeleteWorkspace(ctx, &amp.DeleteWorkspaceInput{WorkspaceId: aws.String("ws-1")})
	require.NoError(t, err)
	<-accepted
}

func TestSDKClientReadsTheRefusal(t *testing.T) {
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	server, _ := newFront(t, sessionKey())
	_, err := ampClient(server.URL, "wrong").DescribeWorkspace(context.Background(), &amp.DescribeWorkspaceInput{WorkspaceId: aws.String("ws-1")})
	var api smithy.APIError
	require.ErrorAs(t, err, &api)
	require.Equal(t, "InvalidSignatureException", api.ErrorCode())
	require.True(t, strings.HasPrefix(api.ErrorMessage(), mismatch+"\n\nThe Canonical String for this request should have been\n'GET\n/workspaces/ws-1\n"), api.ErrorMessage())
}

// do sends a request through a round tripper and wants it accepted.
func do(t *testing.T, rt http.RoundTripper, req *http.Request, accepted <-chan seen) seen {
	t.Helper()
	resp, err := rt.RoundTrip(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode, string(answer))
	return <-accepted
}

// remoteWrite is a request as Prometheus and the collector's exporter send it.
func remoteWrite(t *testing.T, base string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/workspaces/ws-1/api/v1/remote_write", bytes.NewReader(bytes.Repeat([]byte{0, 255, 7}, 9000)))
	require.NoError(t, err)
	req.Header.Set("Content-Encoding", "snappy")
	req.Header.Set("Content-Type", "application/x-protobuf")
	req.Header.Set("X-Prometheus-Remote-Write-Version", "0.1.0")
	req.Header.Set("User-Agent", "test/1")
	req.Header.Set("Retry-Attempt", "2")
	return req
}

func TestPrometheusSigV4(t *testing.T) {
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	server, accepted := newFront(t, plainKey())
	rt, err := promsigv4.NewSigV4RoundTripper(&promsigv4.SigV4Config{
		Region: region, AccessKey: keyID, SecretKey: config.Secret(secret),
	}, http.DefaultTransport)
	require.NoError(t, err)

	req := remoteWrite(t, server.URL)
	req.Header.Set("Uber-Trace-Id", "1:2:3:4") // taken off before signing, added back unsigned
	got := do(t, rt, req, accepted)
	require.Equal(t, []string{"content-encoding", "content-length", "content-type", "host", "retry-attempt", "x-amz-date", "x-prometheus-remote-write-version"},
		got.signed.SignedHeaders)

	for _, path := range []string{"//workspaces/ws-1/./api/v1/query/?query=up", "/workspaces/ws-1/api/v1/query?query=a%2Bb+c", ""} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
		require.NoError(t, err)
		do(t, rt, req, accepted)
	}
}

func TestOpenTelemetrySigV4Auth(t *testing.T) {
	for name, keys := range map[string]keyring{"user": plainKey(), "session": sessionKey()} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
			t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
			t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
			for _, key := range keys {
				t.Setenv("AWS_ACCESS_KEY_ID", key.AccessKeyID)
				t.Setenv("AWS_SECRET_ACCESS_KEY", key.SecretAccessKey)
				t.Setenv("AWS_SESSION_TOKEN", key.SessionToken)
			}
			factory := sigv4authextension.NewFactory()
			cfg := factory.CreateDefaultConfig().(*sigv4authextension.Config)
			cfg.Region, cfg.Service = region, service
			require.NoError(t, cfg.Validate())
			ext, err := factory.Create(context.Background(), extensiontest.NewNopSettings(factory.Type()), cfg)
			require.NoError(t, err)
			rt, err := ext.(extensionauth.HTTPClient).RoundTripper(http.DefaultTransport)
			require.NoError(t, err)

			server, accepted := newFront(t, keys)
			got := do(t, rt, remoteWrite(t, server.URL), accepted)
			require.Contains(t, got.signed.SignedHeaders, "content-encoding")
			require.NotContains(t, got.signed.SignedHeaders, "user-agent")

			// Without GetBody the extension signs the hash of an empty body (5.2).
			req := remoteWrite(t, server.URL)
			req.GetBody = nil
			resp, err := rt.RoundTrip(req)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			require.Equal(t, http.StatusForbidden, resp.StatusCode)
			require.Equal(t, "InvalidSignatureException", resp.Header.Get("x-amzn-ErrorType"))
		})
	}
}

// kedaRoundTripper signs as KEDA's AWS round tripper does: the SDK's signer over the
// request as it is, always with the hash of an empty body.
type kedaRoundTripper struct{ client *amp.Client }

func (rt kedaRoundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	o := rt.client.Options()
	creds, err := o.Credentials.Retrieve(req.Context())
	if err != nil {
		return nil, err
	}
	if err := o.HTTPSignerV4.SignHTTP(req.Context(), creds, req, emptyHash, service, o.Region, time.Now()); err != nil {
		return nil, err
	}
	return http.DefaultTransport.RoundTrip(req)
}

func TestKEDA(t *testing.T) {
	server, accepted := newFront(t, sessionKey())
	for _, slash := range []string{"", "/"} { // serverAddress with a trailing slash gives //api/v1/query
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/workspaces/ws-1"+slash+"/api/v1/query?query=sum%28rate%28http_requests_total%5B1m%5D%29%29&time=2026-01-02T03:04:05Z", nil)
		require.NoError(t, err)
		got := do(t, kedaRoundTripper{ampClient(server.URL, secret)}, req, accepted)
		require.Equal(t, []string{"host", "x-amz-date", "x-amz-security-token"}, got.signed.SignedHeaders)
		require.Equal(t, "/workspaces/ws-1"+slash+"/api/v1/query?query=sum%28rate%28http_requests_total%5B1m%5D%29%29&time=2026-01-02T03%3A04%3A05Z", got.target)
	}
}

func TestPresignedBySDK(t *testing.T) {
	server, accepted := newFront(t, sessionKey())
	for _, token := range []string{"FwoG//+==", "other"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/workspaces/ws-1/api/v1/query?query=up%7Bjob%3D%22a+b%22%7D&X-Amz-Expires=60", nil)
		require.NoError(t, err)
		url, header, err := v4.NewSigner().PresignHTTP(context.Background(),
			aws.Credentials{AccessKeyID: "ASIA1", SecretAccessKey: secret, SessionToken: token}, req, emptyHash, service, region, time.Now())
		require.NoError(t, err)
		req, err = http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		require.NoError(t, err)
		req.Header = header
		if token == "FwoG//+==" {
			require.True(t, do(t, http.DefaultTransport, req, accepted).signed.Presigned)
			continue
		}
		resp, err := http.DefaultTransport.RoundTrip(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, "UnrecognizedClientException", resp.Header.Get("x-amzn-ErrorType"))
	}
}
