package proof

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/sigv4authextension"
	promsigv4 "github.com/prometheus/sigv4"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/extensionauth"
	"go.opentelemetry.io/collector/extension/extensiontest"

	"github.com/ampersand-amp/ampersand/emulator"
	"github.com/ampersand-amp/ampersand/emulator/sigv4/sigv4test"
)

// signer is a client of AMP, as far as its signature goes.
type signer struct {
	name string
	// sts says that it signs for STS too; the others know AMP only.
	sts bool
	// queries says that it sends nothing but queries in the URL.
	queries bool
	next    func(service string) http.RoundTripper
}

// can tells whether the client calls the endpoint.
func (s signer) can(e sigv4test.Endpoint) bool {
	_, service := endpointHost(e)
	return (s.sts || service == emulator.Service) && (!s.queries || e.Method == http.MethodGet)
}

// signers are the clients, each over the given transport, with the key given. Those
// that can only read the environment are given it there.
func signers(t *testing.T, key aws.Credentials, base http.RoundTripper) []signer {
	t.Helper()
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_ACCESS_KEY_ID", key.AccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", key.SecretAccessKey)
	t.Setenv("AWS_SESSION_TOKEN", key.SessionToken)
	prometheus, err := promsigv4.NewSigV4RoundTripper(&promsigv4.SigV4Config{Region: emulator.DefaultRegion}, base)
	require.NoError(t, err)

	factory := sigv4authextension.NewFactory()
	cfg, ok := factory.CreateDefaultConfig().(*sigv4authextension.Config)
	require.True(t, ok)
	cfg.Region, cfg.Service = emulator.DefaultRegion, emulator.Service
	require.NoError(t, cfg.Validate())
	ext, err := factory.Create(context.Background(), extensiontest.NewNopSettings(factory.Type()), cfg)
	require.NoError(t, err)
	client, ok := ext.(extensionauth.HTTPClient)
	require.True(t, ok)
	collector, err := client.RoundTripper(base)
	require.NoError(t, err)

	always := func(rt http.RoundTripper) func(string) http.RoundTripper {
		return func(string) http.RoundTripper { return rt }
	}
	keda := amp.New(amp.Options{
		Region: emulator.DefaultRegion, Credentials: credentials.NewStaticCredentialsProvider(key.AccessKeyID, key.SecretAccessKey, key.SessionToken),
	})
	signs := func(sign func(s *signing, r *http.Request) error) func(string) http.RoundTripper {
		return func(service string) http.RoundTripper { return &signing{key, service, sign, base} }
	}
	return []signer{
		{name: "aws-sdk-go-v2", sts: true, next: signs((*signing).sdk)},
		{name: "aws-sdk-go-v2, presigned", sts: true, next: signs((*signing).presign)},
		{name: "aws-sdk-go-v2, query as it was", sts: true, next: signs((*signing).verbatim)},
		{name: "aws-sdk-go", sts: true, next: signs((*signing).sdk1)},
		{name: "prometheus/sigv4", next: always(prometheus)},
		{name: "sigv4authextension", next: always(collector)},
		{name: "KEDA", queries: true, next: always(&kedaSigning{keda, base})},
	}
}

// signing signs with a key and hands the request on.
type signing struct {
	key     aws.Credentials
	service string
	sign    func(s *signing, r *http.Request) error
	base    http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (s *signing) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := s.sign(s, r); err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return s.base.RoundTrip(r)
}

// sdk signs like the SDK's own clients, with the headers that they add.
func (s *signing) sdk(r *http.Request) error {
	r.Header.Set("Amz-Sdk-Invocation-Id", "6f1d7c9e-3c1b-4f6e-9d2a-0c9b1f1f7a11")
	r.Header.Set("Amz-Sdk-Request", "attempt=1; max=3")
	hash, err := bodyHash(r)
	if err != nil {
		return err
	}
	return v4.NewSigner().SignHTTP(r.Context(), s.key, r, hash, s.service, emulator.DefaultRegion, time.Now())
}

// verbatim signs likewise and then puts the query back as it was, as a client or a
// proxy does that does not rewrite its URL.
func (s *signing) verbatim(r *http.Request) error {
	raw := r.URL.RawQuery
	hash, err := bodyHash(r)
	if err != nil {
		return err
	}
	err = v4.NewSigner().SignHTTP(r.Context(), s.key, r, hash, s.service, emulator.DefaultRegion, time.Now())
	r.URL.RawQuery = raw
	return err
}

// presign puts the signature into the query.
func (s *signing) presign(r *http.Request) error {
	hash, err := bodyHash(r)
	if err != nil {
		return err
	}
	query := "X-Amz-Expires=60"
	if r.URL.RawQuery != "" {
		query = r.URL.RawQuery + "&" + query
	}
	r.URL.RawQuery = query
	url, header, err := v4.NewSigner().PresignHTTP(r.Context(), s.key, r, hash, s.service, emulator.DefaultRegion, time.Now())
	if err != nil {
		return err
	}
	signed, err := http.NewRequestWithContext(r.Context(), r.Method, url, nil)
	if err != nil {
		return err
	}
	r.URL = signed.URL
	for name, values := range header {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	return nil
}

// sdk1 signs as version 1 of the SDK does, which older clients and aws-sigv4-proxy
// have: few headers, blanks as %20, the query sent as it is signed.
func (s *signing) sdk1(r *http.Request) error {
	hash, err := bodyHash(r)
	if err != nil {
		return err
	}
	now := time.Now().UTC().Format("20060102T150405Z")
	query := r.URL.Query()
	for _, values := range query {
		slices.Sort(values)
	}
	r.URL.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20")
	r.Header.Set("X-Amz-Date", now)
	names, headers := "host;x-amz-date", "host:"+r.URL.Host+"\nx-amz-date:"+now+"\n"
	if s.key.SessionToken != "" {
		r.Header.Set("X-Amz-Security-Token", s.key.SessionToken)
		names, headers = names+";x-amz-security-token", headers+"x-amz-security-token:"+s.key.SessionToken+"\n"
	}
	canonical := r.Method + "\n" + strings.ReplaceAll(r.URL.EscapedPath(), "%", "%25") + "\n" + r.URL.RawQuery + "\n" + headers + "\n" + names + "\n" + hash
	scope := now[:8] + "/" + emulator.DefaultRegion + "/" + s.service + "/aws4_request"
	sum := sha256.Sum256([]byte(canonical))
	mac := []byte("AWS4" + s.key.SecretAccessKey)
	for _, part := range append(strings.Split(scope, "/"), "AWS4-HMAC-SHA256\n"+now+"\n"+scope+"\n"+hex.EncodeToString(sum[:])) {
		h := hmac.New(sha256.New, mac)
		h.Write([]byte(part))
		mac = h.Sum(nil)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+s.key.AccessKeyID+"/"+scope+", SignedHeaders="+names+", Signature="+hex.EncodeToString(mac))
	return nil
}

// kedaSigning signs as KEDA's round tripper does: with the signer and the credentials
// of an amp client, and always the hash of an empty body. KEDA itself is a module of
// its own here (fixtures/components/keda) and is run in the lab.
type kedaSigning struct {
	client *amp.Client
	base   http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (k *kedaSigning) RoundTrip(r *http.Request) (*http.Response, error) {
	options := k.client.Options()
	key, err := options.Credentials.Retrieve(r.Context())
	if err != nil {
		return nil, fmt.Errorf("get credentials: %w", err)
	}
	empty := sha256.Sum256(nil)
	if err := options.HTTPSignerV4.SignHTTP(r.Context(), key, r, hex.EncodeToString(empty[:]), emulator.Service, options.Region, time.Now()); err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return k.base.RoundTrip(r)
}

// bodyHash is the hash of what a request will send.
func bodyHash(r *http.Request) (string, error) {
	var body []byte
	if r.GetBody != nil {
		reader, err := r.GetBody()
		if err != nil {
			return "", err
		}
		if body, err = io.ReadAll(reader); err != nil {
			return "", err
		}
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:]), nil
}

// request makes the request of an endpoint at a host.
func request(t testing.TB, host string, e sigv4test.Endpoint) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), e.Method, "http://"+host+e.Target, nil)
	require.NoError(t, err)
	if e.Body != "" {
		r, err = http.NewRequestWithContext(t.Context(), e.Method, "http://"+host+e.Target, bytes.NewReader([]byte(e.Body)))
		require.NoError(t, err)
	}
	if e.ContentType != "" {
		r.Header.Set("Content-Type", e.ContentType)
	}
	if strings.HasSuffix(e.Target, "/remote_write") {
		r.Header.Set("Content-Encoding", "snappy")
		r.Header.Set("X-Prometheus-Remote-Write-Version", "0.1.0")
	}
	return r
}
