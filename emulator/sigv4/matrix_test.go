package sigv4_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/sigv4authextension"
	"github.com/prometheus/common/config"
	promsigv4 "github.com/prometheus/sigv4"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/extensionauth"
	"go.opentelemetry.io/collector/extension/extensiontest"

	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

// signers are the clients of the matrix, each over the given transport.
func signers(t *testing.T, base http.RoundTripper) map[string]http.RoundTripper {
	t.Helper()
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_ACCESS_KEY_ID", keyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", secret)
	t.Setenv("AWS_SESSION_TOKEN", "")
	prom, err := promsigv4.NewSigV4RoundTripper(&promsigv4.SigV4Config{
		Region: region, AccessKey: keyID, SecretKey: config.Secret(secret),
	}, base)
	require.NoError(t, err)
	factory := sigv4authextension.NewFactory()
	cfg := factory.CreateDefaultConfig().(*sigv4authextension.Config)
	cfg.Region, cfg.Service = region, service
	require.NoError(t, cfg.Validate())
	ext, err := factory.Create(context.Background(), extensiontest.NewNopSettings(factory.Type()), cfg)
	require.NoError(t, err)
	otel, err := ext.(extensionauth.HTTPClient).RoundTripper(base)
	require.NoError(t, err)
	return map[string]http.RoundTripper{
		"sdk": sdkRoundTripper{base}, "verbatim": verbatimRoundTripper{base}, "prometheus": prom, "sigv4auth": otel, "sdk-v1": v1RoundTripper{base},
	}
}

// v1RoundTripper signs as version 1 of the SDK does, which older Prometheus and
// aws-sigv4-proxy use: few headers, blanks as %20, the query as signed on the wire.
type v1RoundTripper struct{ base http.RoundTripper }

func (rt v1RoundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.GetBody != nil {
		reader, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		if body, err = io.ReadAll(reader); err != nil {
			return nil, err
		}
	}
	now := time.Now().UTC().Format("20060102T150405Z")
	query := req.URL.Query()
	for _, values := range query {
		slices.Sort(values)
	}
	req.URL.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20")
	req.Header.Set("X-Amz-Date", now)
	path := req.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	canonical := req.Method + "\n" + strings.ReplaceAll(path, "%", "%25") + "\n" + req.URL.RawQuery +
		"\nhost:" + req.URL.Host + "\nx-amz-date:" + now + "\n\nhost;x-amz-date\n" + hashOf(string(body))
	credentialScope := now[:8] + "/" + region + "/" + service + "/aws4_request"
	key := []byte("AWS4" + secret)
	for _, part := range append(strings.Split(credentialScope, "/"), "AWS4-HMAC-SHA256\n"+now+"\n"+credentialScope+"\n"+hashOf(canonical)) {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(part))
		key = h.Sum(nil)
	}
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+keyID+"/"+credentialScope+
		", SignedHeaders=host;x-amz-date, Signature="+hex.EncodeToString(key))
	return rt.base.RoundTrip(req)
}

// endpoints are the data plane's and samples of the control plane's (amp-api.md 1.2
// and 2), each with a body where clients send one.
func endpoints() []struct{ method, target, body string } {
	const ws = "/workspaces/ws-1"
	const form = "query=sum%28up%29&time=1"
	return []struct{ method, target, body string }{
		{"POST", ws + "/api/v1/remote_write", "\x00\xff\x07snappy"},
		{"GET", ws + "/api/v1/query?query=up", ""},
		{"POST", ws + "/api/v1/query", form},
		{"POST", ws + "/api/v1/query?query=up", ""},
		{"GET", ws + "/api/v1/query_range?query=up&start=1&end=2&step=1", ""},
		{"POST", ws + "/api/v1/query_range", form},
		{"GET", ws + "/api/v1/series?match[]=up&match[]=a", ""},
		{"POST", ws + "/api/v1/series", "match%5B%5D=up"},
		{"GET", ws + "/api/v1/labels?start=1", ""},
		{"POST", ws + "/api/v1/labels", "start=1"},
		{"GET", ws + "/api/v1/label/__name__/values?match[]=up", ""},
		{"GET", ws + "/api/v1/metadata?limit=1", ""},
		{"GET", ws + "/api/v1/rules?type=alert&rule_name[]=x", ""},
		{"GET", ws + "/api/v1/alerts?x=1", ""},
		{"GET", ws + "/alertmanager/api/v2/alerts?active=true", ""},
		{"POST", ws + "/alertmanager/api/v2/alerts", `[{"labels":{"a":"b"}}]`},
		{"GET", ws + "/alertmanager/api/v2/alerts/groups?filter=a%3D%22b%22", ""},
		{"GET", ws + "/alertmanager/api/v2/receivers?x=1", ""},
		{"GET", ws + "/alertmanager/api/v2/silences?filter=a", ""},
		{"POST", ws + "/alertmanager/api/v2/silences", `{"matchers":[]}`},
		{"GET", ws + "/alertmanager/api/v2/silence/5d1?x=1", ""},
		{"DELETE", ws + "/alertmanager/api/v2/silence/5d1", ""},
		{"GET", ws + "/alertmanager/api/v2/status", ""},
		{"POST", "/workspaces", `{"alias":"a"}`},
		{"GET", "/workspaces?alias=a%20b&maxResults=5", ""},
		{"GET", ws, ""},
		{"POST", ws + "/alias", `{"alias":"b"}`},
		{"DELETE", ws + "?clientToken=t", ""},
		{"PUT", ws + "/rulegroupsnamespaces/a%20b", `{"data":"Zw=="}`},
		{"POST", ws + "/alertmanager/definition", `{"data":"Zw=="}`},
		{"GET", "/tags/arn%3Aaws%3Aaps%3Aus-east-1%3A123456789012%3Aworkspace%2Fws-1", ""},
		{"POST", "/tags/arn%3Aaws%3Aaps%3Aus-east-1%3A123456789012%3Aworkspace%2Fws-1", `{"tags":{"k":"v"}}`},
		{"GET", "/scraperconfiguration", ""},
	}
}

// captured is an accepted request, as it was on the wire.
type captured struct {
	request *http.Request
	body    []byte
}

// newCapture starts a server that hands on what it gets, unjudged.
func newCapture(t *testing.T, requests chan<- captured) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
		requests <- captured{r, body}
	}))
	t.Cleanup(server.Close)
	return server
}

// TestMatrix signs every endpoint with every signer: all are accepted. Then it
// changes one byte of each in every place that a signature covers: all are refused,
// with the right cause.
func TestMatrix(t *testing.T) {
	v := sigv4.New(sigv4.Config{Region: region, Service: service, Keys: plainKey()})
	requests := make(chan captured, 1)
	capture := newCapture(t, requests)
	for signer, rt := range signers(t, http.DefaultTransport) {
		t.Run(signer, func(t *testing.T) {
			for _, e := range endpoints() {
				var body io.Reader
				if e.body != "" {
					body = bytes.NewReader([]byte(e.body))
				}
				req, err := http.NewRequestWithContext(t.Context(), e.method, capture.URL+e.target, body)
				require.NoError(t, err)
				if e.body != "" {
					req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				}
				resp, err := rt.RoundTrip(req)
				require.NoError(t, err)
				require.NoError(t, resp.Body.Close())
				got := <-requests
				_, err = v.Verify(got.request, got.body)
				require.NoError(t, err, "%s %s", e.method, e.target)
				changeEveryPlace(t, v, got)
			}
		})
	}
}

// changeEveryPlace changes one byte of an accepted request at a time.
func changeEveryPlace(t *testing.T, v *sigv4.Verifier, good captured) {
	t.Helper()
	authorization := good.request.Header.Get("Authorization")
	target := good.request.RequestURI
	path, query, _ := strings.Cut(target, "?")
	date := good.request.Header.Get("X-Amz-Date")

	expect := func(where string, change func(r *http.Request) []byte, causes ...string) {
		t.Helper()
		r := good.request.Clone(context.Background())
		refusal := refused(t, v, r, change(r))
		require.Contains(t, causes, refusal.Diagnosis.Cause, "%s of %s %s: %s", where, r.Method, target, refusal.Diagnosis.Text)
		require.NotContains(t, refusal.Diagnosis.Text, authorization[len(authorization)-64:])
	}
	setHeader := func(name, value string) func(r *http.Request) []byte {
		return func(r *http.Request) []byte { r.Header.Set(name, value); return good.body }
	}
	setTarget := func(target string) func(r *http.Request) []byte {
		return func(r *http.Request) []byte { r.RequestURI = target; return good.body }
	}

	expect("signature", setHeader("Authorization", flip(authorization, len(authorization)-20)), sigv4.CauseSignature)
	expect("path", setTarget(strings.Replace(target, path, flip(path, len(path)-1), 1)), sigv4.CauseContent)
	if query != "" {
		expect("query", setTarget(path+"?"+flip(query, len(query)-1)), sigv4.CauseContent)
		expect("query's name", setTarget(path+"?"+flip(query, 0)), sigv4.CauseContent)
	}
	expect("host", func(r *http.Request) []byte { r.Host = flip(r.Host, 0); return good.body }, sigv4.CauseContent, sigv4.CauseHost)
	if len(good.body) > 0 {
		for _, at := range []int{0, len(good.body) - 1} {
			body := bytes.Clone(good.body)
			body[at] ^= 1
			expect("body", func(*http.Request) []byte { return body }, sigv4.CauseContent)
		}
		expect("whole body", func(*http.Request) []byte { return nil }, sigv4.CauseContent)
	}
	// The last digit of the seconds can be undone; a change of the decade is beyond the skew.
	expect("date", setHeader("X-Amz-Date", flip(date, len(date)-2)), sigv4.CauseDate)
	expect("year", setHeader("X-Amz-Date", flip(date, 2)), sigv4.CauseClockAhead, sigv4.CauseClockBehind)
	_, names, _ := strings.Cut(authorization, "SignedHeaders=")
	names, _, _ = strings.Cut(names, ",")
	for name := range strings.SplitSeq(names, ";") {
		switch value := good.request.Header.Get(name); {
		case name == "x-amz-date" || value == "":
		case name == "content-length":
			expect("header "+name, setHeader(name, flip(value, 0)), sigv4.CauseContent, sigv4.CauseHeaderChanged)
		default:
			expect("header "+name, setHeader(name, flip(value, len(value)-1)), sigv4.CauseContent, sigv4.CauseHeaderChanged)
		}
	}
	expect("one more signed name", setHeader("Authorization", strings.Replace(authorization, "SignedHeaders=", "SignedHeaders=a-gone;", 1)),
		sigv4.CauseHeaderMissing)
}

// flip changes one byte into another that is legal in the same place.
func flip(s string, at int) string {
	c := s[at]
	switch {
	case c == '9' || c == 'f' || c == 'z' || c == 'Z':
		c--
	case c >= '0' && c < '9' || c >= 'a' && c < 'z' || c >= 'A' && c < 'Z':
		c++
	default:
		c = 'x'
	}
	return s[:at] + string(c) + s[at+1:]
}
