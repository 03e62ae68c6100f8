package proof

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/golang/snappy"
	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/sigv4authextension"
	"github.com/prometheus/prometheus/prompb"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/extensionauth"
	"go.opentelemetry.io/collector/extension/extensiontest"

	"github.com/ampersand-amp/ampersand/emulator"
)

// rootARN is who signs with the root key.
const rootARN = "arn:aws:iam::" + emulator.DefaultAccountID + ":root"

func rootCredentials() aws.Credentials {
	return aws.Credentials{AccessKeyID: emulator.DefaultAccessKeyID, SecretAccessKey: emulator.DefaultSecretAccessKey}
}

// keda is KEDA's signing round tripper with a key, for a region that may be empty.
func keda(region string, key aws.Credentials) *kedaSigning {
	return &kedaSigning{
		client: amp.NewFromConfig(aws.Config{
			Region: region, Credentials: credentials.NewStaticCredentialsProvider(key.AccessKeyID, key.SecretAccessKey, key.SessionToken),
		}),
		base: http.DefaultTransport,
	}
}

// kedaPromQL is the query of the trigger.
const kedaPromQL = "vector(1)"

// kedaQuery is the request that KEDA makes of a trigger: the address with the path
// behind it, the query escaped as in a form, the time with its colons.
func kedaQuery(t *testing.T, serverAddress string) *http.Request {
	t.Helper()
	at := time.Now().UTC().Format(time.RFC3339)
	target := serverAddress + "/api/v1/query?query=" + url.QueryEscape(kedaPromQL) + "&time=" + at
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	require.NoError(t, err)
	return req
}

// environment has only the variables given describe credentials.
func environment(t *testing.T, variables map[string]string) {
	t.Helper()
	none := filepath.Join(t.TempDir(), "none")
	for _, name := range []string{
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE",
		"AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS",
	} {
		t.Setenv(name, variables[name])
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", none)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", none)
}

func rootEnvironment(t *testing.T) {
	t.Helper()
	environment(t, map[string]string{
		"AWS_ACCESS_KEY_ID": emulator.DefaultAccessKeyID, "AWS_SECRET_ACCESS_KEY": emulator.DefaultSecretAccessKey,
	})
}

// collector is the round tripper of the collector's sigv4auth extension over another,
// for region and service as its configuration has them.
func collector(t *testing.T, region, service string, base http.RoundTripper) http.RoundTripper {
	t.Helper()
	factory := sigv4authextension.NewFactory()
	cfg, ok := factory.CreateDefaultConfig().(*sigv4authextension.Config)
	require.True(t, ok)
	cfg.Region, cfg.Service = region, service
	require.NoError(t, cfg.Validate())
	ext, err := factory.Create(context.Background(), extensiontest.NewNopSettings(factory.Type()), cfg)
	require.NoError(t, err)
	client, ok := ext.(extensionauth.HTTPClient)
	require.True(t, ok)
	rt, err := client.RoundTripper(base)
	require.NoError(t, err)
	return rt
}

// sampleAt is a write request, version 1.0, that holds a sample of a series.
func sampleAt(t *testing.T, name string, at time.Time) []byte {
	t.Helper()
	message := prompb.WriteRequest{Timeseries: []prompb.TimeSeries{{
		Labels:  []prompb.Label{{Name: "__name__", Value: name}},
		Samples: []prompb.Sample{{Timestamp: at.UnixMilli(), Value: 1}},
	}}}
	raw, err := message.Marshal()
	require.NoError(t, err)
	return snappy.Encode(nil, raw)
}

// remoteWrite is the request of a remote write exporter.
func remoteWrite(t *testing.T, target string, body []byte) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, target, bytes.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Encoding", "snappy")
	req.Header.Set("Content-Type", "application/x-protobuf")
	req.Header.Set("X-Prometheus-Remote-Write-Version", "0.1.0")
	req.Header.Set("User-Agent", "collector/1")
	return req
}

// middle starts a proxy in front of the emulator that passes everything on as it
// came, but for what change does, and returns the workspace's address behind it. The
// Host that the client signed is passed on.
func (s *stage) middle(t *testing.T, change func(out *http.Request)) string {
	t.Helper()
	target, err := url.Parse(s.URL())
	require.NoError(t, err)
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(pr *httputil.ProxyRequest) {
			pr.Out.URL.Scheme, pr.Out.URL.Host = target.Scheme, target.Host
			pr.Out.URL.RawQuery = pr.In.URL.RawQuery
			for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host"} { // ReverseProxy takes them out
				if values := pr.In.Header.Values(name); len(values) > 0 {
					pr.Out.Header[name] = values
				}
			}
			change(pr.Out)
		},
	})
	t.Cleanup(proxy.Close)
	return proxy.URL + "/workspaces/" + s.ws.ID
}

// signQuery signs a GET with the root key over a canonical query of the caller's
// making: the way of clients whose encoding is not AWS's.
func signQuery(req *http.Request, canonicalQuery string) {
	now := time.Now().UTC().Format("20060102T150405Z")
	req.Header.Set("X-Amz-Date", now)
	sum := func(text string) string {
		hash := sha256.Sum256([]byte(text))
		return hex.EncodeToString(hash[:])
	}
	canonical := strings.Join([]string{
		req.Method, req.URL.EscapedPath(), canonicalQuery, "host:" + req.URL.Host, "x-amz-date:" + now, "", "host;x-amz-date", sum(""),
	}, "\n")
	scope := []string{now[:8], emulator.DefaultRegion, emulator.Service, "aws4_request"}
	key := []byte("AWS4" + emulator.DefaultSecretAccessKey)
	for _, part := range append(scope, "AWS4-HMAC-SHA256\n"+now+"\n"+strings.Join(scope, "/")+"\n"+sum(canonical)) {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+emulator.DefaultAccessKeyID+"/"+strings.Join(scope, "/")+
		", SignedHeaders=host;x-amz-date, Signature="+hex.EncodeToString(key))
}
