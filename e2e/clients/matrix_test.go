//go:build clients

package clients

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/sigv4"
	"github.com/ampersand-amp/ampersand/emulator/sigv4/sigv4test"
)

// endpoints are all of them.
func endpoints(workspace string) []sigv4test.Endpoint {
	all := append(sigv4test.DataPlane(workspace), sigv4test.ControlPlane(workspace)...)
	return append(all, sigv4test.STS("arn:aws:iam::"+account+":role/nobody")...)
}

func isSTS(e sigv4test.Endpoint) bool { return e.Target == "/" || strings.HasPrefix(e.Target, "/?") }

// newMatrix starts an emulator that grants as many requests as are sent, and a witness before it.
func (s *stand) newMatrix(t *testing.T, name string) (*witness, string) {
	t.Helper()
	own := *s
	own.startEmulator(t, name, "--quota=control-plane-tps=unlimited", "--quota=metadata-tps=unlimited", "--quota=other-tps=unlimited",
		"--quota=workspaces=unlimited")
	target := own.workspace(t, "matrix")
	return newWitness(t, own.url), target[strings.LastIndexByte(target, '/')+1:]
}

// testCurlMatrix calls every endpoint with curl, and asks every expression in the ways that curl offers.
func (s *stand) testCurlMatrix(t *testing.T) {
	t.Parallel()
	w, workspace := s.newMatrix(t, "curl")
	version := s.curlVersion(t)
	call := func(t *testing.T, service string, args ...string) {
		t.Helper()
		out, err := s.curl(t, accessKey+":"+secretKey, "aws:amz:"+region+":"+service, args...)
		require.NoError(t, err, out)
	}
	for _, e := range endpoints(workspace) {
		t.Run(e.Method+" "+e.Name, func(t *testing.T) {
			service, args := "aps", []string{"--request", e.Method, "--url", w.url + e.Target}
			if isSTS(e) {
				service = "sts"
			}
			if e.Body != "" {
				file := filepath.Join(t.TempDir(), "body")
				require.NoError(t, os.WriteFile(file, []byte(e.Body), 0o600))
				args = append(args, "--data-binary", "@"+file)
			}
			if e.ContentType != "" {
				args = append(args, "--header", "Content-Type: "+e.ContentType)
			}
			call(t, service, args...)
			requireSigned(t, w, version)
		})
	}
	query := w.url + "/workspaces/" + workspace + "/api/v1/query"
	for _, expr := range sigv4test.Expressions() {
		for name, args := range map[string][]string{
			"form":            {"--url", query, "--data-urlencode", "query=" + expr, "--data-urlencode", "time=1"},
			"query, sorted":   {"--get", "--url", query, "--data-urlencode", "query=" + expr, "--data-urlencode", "time=1"},
			"query, unsorted": {"--get", "--url", query, "--data-urlencode", "time=1", "--data-urlencode", "query=" + expr},
			"URL, plus":       {"--url", query + "?query=" + url.QueryEscape(expr)},
		} {
			t.Run(name+" "+expr[:min(20, len(expr))], func(t *testing.T) {
				call(t, "aps", args...)
				requireSigned(t, w, version)
			})
		}
	}
}

// requireSigned wants the one request since the last call to be accepted, unless curl has signed it wrongly itself: then
// it must be refused for that very reason, and proven so.
func requireSigned(t *testing.T, w *witness, version string) {
	t.Helper()
	accepted, refused := w.take()
	require.Equal(t, 1, len(accepted)+len(refused), "one request is sent")
	if len(accepted) == 1 {
		require.Empty(t, curlBug(version, accepted[0]), "curl %s has got better: %s %s", version, accepted[0].Method(), accepted[0].Target())
		return
	}
	sent := refused[0].request
	require.NotEmpty(t, curlBug(version, sent), "curl %s: %s %s is refused: %s", version, sent.Method(), sent.Target(), refused[0].cause)
	require.Equal(t, curlBug(version, sent), refused[0].cause, "%s %s", sent.Method(), sent.Target())
	require.True(t, refused[0].proven)
}

// curlBug is the cause of a refusal that is curl's own fault, empty if it signs the request as AWS wants it. Version 7
// signs path and query as they stand in the URL: AWS signs the path encoded once more, and the parameters encoded by its
// own rules and sorted [M curl 7.88.1].
func curlBug(version string, r sigv4test.Request) string {
	if !strings.HasPrefix(version, "7.") {
		return ""
	}
	path, query, _ := strings.Cut(r.Target(), "?")
	if strings.Contains(path, "%") {
		return sigv4.CausePathEncoding
	}
	if query == "" {
		return ""
	}
	sent := strings.Split(query, "&")
	encoded := make([]string, len(sent))
	for n, pair := range sent {
		name, value, _ := strings.Cut(pair, "=")
		encoded[n] = recode(name) + "=" + recode(value)
	}
	if !slices.Equal(sent, encoded) {
		return sigv4.CauseQueryEncoding
	}
	if !slices.IsSorted(encoded) {
		return sigv4.CauseQueryOrder
	}
	return ""
}

// recode writes a piece of a query as AWS signs it.
func recode(raw string) string {
	plain, err := url.QueryUnescape(raw)
	if err != nil {
		return "" // nothing here sends it
	}
	return strings.ReplaceAll(url.QueryEscape(plain), "+", "%20")
}

// testProxyMatrix sends every endpoint and every expression through our signing proxy.
func (s *stand) testProxyMatrix(t *testing.T) {
	t.Parallel()
	w, workspace := s.newMatrix(t, "proxied")
	proxy := s.startProxy(t, "sigv4proxy-matrix", w.url)
	call := func(method, target, contentType, body string) {
		req, err := http.NewRequestWithContext(t.Context(), method, proxy+target, strings.NewReader(body))
		require.NoError(t, err)
		if contentType != "" {
			req.Header.Set("Content-Type", contentType)
		}
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		accepted, refused := w.take()
		require.Empty(t, refused, "%s %s", method, target)
		require.Len(t, accepted, 1)
		require.Equal(t, target, accepted[0].Target(), "a proxy leaves the target alone")
	}
	for _, e := range endpoints(workspace) {
		if !isSTS(e) { // it signs for one service
			call(e.Method, e.Target, e.ContentType, e.Body)
		}
	}
	for _, path := range []string{"/api/v1/query", "//api/v1/query"} {
		for _, expr := range sigv4test.Expressions() {
			plus := url.QueryEscape(expr)
			for _, query := range []string{plus, strings.ReplaceAll(plus, "+", "%20")} {
				call(http.MethodGet, "/workspaces/"+workspace+path+"?time=1&query="+query, "", "")
			}
			call(http.MethodPost, "/workspaces/"+workspace+path, "application/x-www-form-urlencoded", "query="+plus)
		}
	}
}
