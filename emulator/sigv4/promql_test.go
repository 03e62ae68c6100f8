package sigv4_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/stretchr/testify/require"
)

// expressions are PromQL strings chosen for what they do to a query string.
func expressions() []string {
	return []string{
		`up`,
		`1+1`,
		`1 + 1`,
		`a++b`,
		`vector(100)`,
		`sum(rate(http_requests_total[1m]))`,
		`sum by (job) (rate(x{job="a b"}[5m]))`,
		`sum(rate(http_requests_total{namespace="ns",deployment=~"down.*0"}[1m])) / 10`,
		`x{path="/api/v1/query"}`,
		`x{path="//"}`,
		`x{path="a%20b"}`,
		`x{path="%"}`,
		`x{path="100%25"}`,
		`x{path="%zz"}`,
		`x{path="%2"}`,
		`x{a!="b",c!~"d|e"}`,
		`x{re=~"a.*(b|c)+?[d-f]^$"}`,
		`x{re=~"\\d+\\.\\d+"}`,
		`{__name__=~"job:.*"}`,
		`job:request_rate:sum5m`,
		`x offset 5m`,
		`x @ 1609746000`,
		`x[5m:30s]`,
		`x and on(a, b) y`,
		`a == bool b`,
		`a >= 1 < 2`,
		`a ^ 2 % 3`,
		`-a * 1e-3`,
		`label_replace(up, "dst", "$1", "src", "(.*);(.*)")`,
		`x{q="it's"}`,
		"x{q=`raw`}",
		`x{q="a&b=c"}`,
		`x{q="a;b"}`,
		`x{q="#fragment"}`,
		`x{q="?"}`,
		`x{q="~-._"}`,
		`x{q="ü"}`,
		`x{q="日本語"}`,
		`x{q="😀"}`,
		`{"utf8.metric name", "lab el"="v"}`,
		"x{q=\"tab\t\"}",
		"sum(\n  up\n)",
		`  up  `,
		``,
		`x{q="\"quoted\""}`,
		`x{q="<a>,[b],{c}"}`,
		`x{q="a=b==c"}`,
		strings.Repeat(`x + `, 400) + `x`,
	}
}

// TestPromQLThroughSigners sends every expression, encoded in three ways and on two
// paths, through all signers to a real server.
func TestPromQLThroughSigners(t *testing.T) {
	server, accepted := newFront(t, plainKey())
	encodings := map[string]func(string) string{
		"plus":    url.QueryEscape,
		"percent": func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") },
		"lazy":    lazyEscape,
	}
	for signer, rt := range signers(t, http.DefaultTransport) {
		t.Run(signer, func(t *testing.T) {
			for encoding, escape := range encodings {
				for _, path := range []string{"/workspaces/ws-1/api/v1/query", "/workspaces/ws-1//api/v1/query"} {
					for _, expr := range expressions() {
						req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path+"?time=2026-01-02T03:04:05Z&query="+escape(expr)+"&timeout=5s", nil)
						require.NoError(t, err, "%s %q", encoding, expr)
						got := do(t, rt, req, accepted)
						parsed, err := url.ParseRequestURI(got.target)
						require.NoError(t, err)
						require.Equal(t, expr, parsed.Query().Get("query"), "%s: the server must see what was asked", encoding)
					}
				}
			}
		})
	}
}

// TestSelectorsThroughSDK repeats one parameter with values whose encoded order is
// not their plain order.
func TestSelectorsThroughSDK(t *testing.T) {
	server, accepted := newFront(t, plainKey())
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/workspaces/ws-1/api/v1/series?"+url.Values{
		"match[]": {"up", `{job="x"}`, "a/b", "a-b", "a"}, "match1": {"x"}, "match": {""},
	}.Encode(), nil)
	require.NoError(t, err)
	do(t, sdkRoundTripper{http.DefaultTransport}, req, accepted)
}

// sdkRoundTripper signs with the SDK's signer, which rewrites the query.
type sdkRoundTripper struct{ base http.RoundTripper }

func (rt sdkRoundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	creds := aws.Credentials{AccessKeyID: keyID, SecretAccessKey: secret}
	hash, err := bodyHash(req)
	if err != nil {
		return nil, err
	}
	if err := v4.NewSigner().SignHTTP(context.Background(), creds, req, hash, service, region, time.Now()); err != nil {
		return nil, err
	}
	return rt.base.RoundTrip(req)
}

// bodyHash is the hash of what a request will send.
func bodyHash(req *http.Request) (string, error) {
	if req.GetBody == nil {
		return emptyHash, nil
	}
	reader, err := req.GetBody()
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(reader)
	return hashOf(string(body)), err
}

// verbatimRoundTripper signs likewise and then puts the query back as it was, as a
// client that does not rewrite its URL sends it.
type verbatimRoundTripper struct{ base http.RoundTripper }

func (rt verbatimRoundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	raw := req.URL.RawQuery
	creds := aws.Credentials{AccessKeyID: keyID, SecretAccessKey: secret}
	hash, err := bodyHash(req)
	if err != nil {
		return nil, err
	}
	if err := v4.NewSigner().SignHTTP(context.Background(), creds, req, hash, service, region, time.Now()); err != nil {
		return nil, err
	}
	req.URL.RawQuery = raw
	return rt.base.RoundTrip(req)
}

// lazyEscape escapes only what would break the request line or the parameter, as
// hand-written clients do, in lower-case hex.
func lazyEscape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c <= ' ' || c >= 0x7f || strings.IndexByte(`%&+#;"`, c) >= 0:
			const digits = "0123456789abcdef"
			b.WriteByte('%')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
