package main_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestHealth asks programs as a container's health check does: by exit code, with one line.
func TestHealth(t *testing.T) {
	p := serve(t, nil)
	_, port, err := net.SplitHostPort(p.addr)
	require.NoError(t, err)
	for _, tc := range []struct{ env, args []string }{
		{nil, []string{"--listen", p.addr}},
		{nil, []string{"--listen", "0.0.0.0:" + port, "--timeout", "30s"}},
		{nil, []string{"--listen", "[::]:" + port}},
		{[]string{"AMPERSAND_LISTEN=0.0.0.0:" + port, "AMPERSAND_HEALTH_TIMEOUT=20s"}, nil},
		{[]string{"AMPERSAND_LISTEN=" + p.addr, "http_proxy=http://127.0.0.1:1", "HTTP_PROXY=http://127.0.0.1:1"}, nil},
	} {
		code, stdout, stderr := run(t, tc.env, append([]string{"health"}, tc.args...)...)
		require.Equal(t, 0, code, "%v: %s", tc.args, stderr)
		require.Equal(t, "ampersand is ready: http://127.0.0.1:"+port+"/-/ready\n", stdout)
	}
	require.Equal(t, 0, p.stop(t, syscall.SIGTERM))
	code, stdout, stderr := run(t, nil, "health", "--listen", p.addr)
	require.Equal(t, 1, code)
	require.Empty(t, stdout)
	require.Contains(t, stderr, "ampersand: ampersand is not ready: ")
	require.Contains(t, stderr, "connection refused")
}

// The certificate of the emulator is its own business: what is asked is whether it answers.
func TestHealthByHTTPS(t *testing.T) {
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "/-/ready", r.URL.Path)
	}))
	t.Cleanup(secure.Close)
	address := strings.TrimPrefix(secure.URL, "https://")
	for _, env := range [][]string{nil, {"AMPERSAND_TLS_CERT=/none"}} {
		code, stdout, stderr := run(t, env, "health", "--listen", address, "--timeout", "30s", "--tls-cert", "/none")
		require.Equal(t, 0, code, stderr)
		require.Contains(t, stdout, secure.URL+"/-/ready")
	}
}

func TestHealthOfWhatIsNotReady(t *testing.T) {
	never := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host == "127.0.0.1" {
			return
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("Ampersand is shutting down.\n"))
	}))
	t.Cleanup(server.Close)
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-never }))
	t.Cleanup(silent.Close)
	t.Cleanup(func() { close(never) }) // before it is closed
	for url, want := range map[string]string{
		server.URL: server.URL + "/-/ready says 503 Service Unavailable: Ampersand is shutting down.",
		silent.URL: "context deadline exceeded",
	} {
		code, _, stderr := run(t, nil, "health", "--listen", strings.TrimPrefix(url, "http://"), "--timeout", "1s")
		require.Equal(t, 1, code)
		require.Contains(t, stderr, want)
		require.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
	}
}

func TestWrongUsageOfHealth(t *testing.T) {
	for name, tc := range map[string]struct {
		env, args []string
		want      string
	}{
		"argument":             {nil, []string{"x"}, `unexpected argument "x"`},
		"listen":               {nil, []string{"--listen", "2677"}, "not HOST:PORT"},
		"a port that is none":  {nil, []string{"--listen", "127.0.0.1:0"}, "a port that nobody else can know"},
		"timeout":              {nil, []string{"--timeout", "soon"}, "--timeout"},
		"no time":              {nil, []string{"--timeout", "0"}, "--timeout 0 leaves no time"},
		"environment: listen":  {[]string{"AMPERSAND_LISTEN=x"}, nil, "AMPERSAND_LISTEN"},
		"environment: timeout": {[]string{"AMPERSAND_HEALTH_TIMEOUT=x"}, nil, "AMPERSAND_HEALTH_TIMEOUT"},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := run(t, tc.env, append([]string{"health"}, tc.args...)...)
			require.Equal(t, 2, code, stderr)
			require.Empty(t, stdout)
			require.Contains(t, stderr, tc.want)
			require.Contains(t, stderr, "ampersand health --help")
		})
	}
}

// What a release says of itself, everywhere in the same words.
func TestReleasedVersion(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"--version"}} {
		code, stdout, _ := run(t, nil, args...)
		require.Equal(t, 0, code)
		require.Regexp(t, `^ampersand `+releasedAs+` \(revision `+releasedFrom+`\) go\S+ \w+/\w+\n$`, stdout)
	}
	p := serve(t, nil)
	require.Contains(t, p.stdout.String(), "Ampersand "+releasedAs+" is ready")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.addr+"/metrics", nil)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Contains(t, string(text), `ampersand_build_info{revision="`+releasedFrom+`",version="`+releasedAs+`"} 1`)
}
