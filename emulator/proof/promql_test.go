package proof

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/sigv4"
	"github.com/ampersand-amp/ampersand/emulator/sigv4/sigv4test"
)

// TestPromQLThroughSigners sends every expression, encoded in three ways and on two
// paths, through all signers; the emulator sees what was asked. One of the six is then
// changed in every place.
func TestPromQLThroughSigners(t *testing.T) {
	b := newMatrixBench(t)
	escapes := map[string]func(string) string{
		"plus":    url.QueryEscape,
		"percent": func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") },
		"lazy":    lazyEscape,
	}
	for _, s := range signers(t, b.keys(t)["session"], b.transport) {
		t.Run(s.name, func(t *testing.T) {
			for n, expr := range sigv4test.Expressions() {
				for encoding, escape := range escapes {
					for _, path := range []string{"/api/v1/query", "//api/v1/query"} {
						e := sigv4test.Endpoint{Name: path, Method: http.MethodGet,
							Target: "/workspaces/" + b.workspace + path + "?time=2026-01-02T03:04:05Z&query=" + escape(expr) + "&timeout=5s"}
						host, service := endpointHost(e)
						good := b.accepted(t, s.next(service), request(t, host, e))
						sent, err := url.ParseRequestURI(good.Target())
						require.NoError(t, err)
						require.Equal(t, expr, sent.Query().Get("query"), "%s: the server must see what was asked", encoding)
						if path[1] != '/' && n%3 == len(encoding)%3 {
							b.changeOne(t, good)
						}
					}
				}
			}
		})
	}
	t.Logf("%d changed requests were refused", b.changes)
}

// lazyEscape escapes only what would break the request line or the parameter, as
// hand-written clients do, in lower-case hex.
func lazyEscape(s string) string {
	var out strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c <= ' ' || c >= 0x7f || strings.IndexByte(`%&+#;"`, c) >= 0:
			fmt.Fprintf(&out, "%%%02x", c)
		default:
			out.WriteByte(c)
		}
	}
	return out.String()
}

// TestSelectorsThroughSigners repeats one parameter with values whose encoded order is
// not their plain order. AWS sorts what is encoded [D amp-api.md 5.1]; version 1 of the
// SDK sorts before it encodes [M its signer], and is told so.
func TestSelectorsThroughSigners(t *testing.T) {
	b := newMatrixBench(t)
	target := "/workspaces/" + b.workspace + "/api/v1/series?" + url.Values{
		"match[]": {"up", `{job="x"}`, "{__name__=~\"a/b|a-b\"}", "a"}, "match1": {"x"}, "match": {""},
	}.Encode()
	e := sigv4test.Endpoint{Name: "/api/v1/series", Method: http.MethodGet, Target: target}
	for _, s := range signers(t, b.keys(t)["key"], b.transport) {
		t.Run(s.name, func(t *testing.T) {
			host, service := endpointHost(e)
			if s.name != "aws-sdk-go" {
				b.changeOne(t, b.accepted(t, s.next(service), request(t, host, e)))
				return
			}
			res, err := s.next(service).RoundTrip(request(t, host, e))
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			require.Equal(t, http.StatusForbidden, res.StatusCode)
			why := b.find(t, (<-b.seen).ID).Explanation
			require.Equal(t, sigv4.CauseQueryOrder, why.Cause)
			require.True(t, why.Proven)
		})
	}
}
