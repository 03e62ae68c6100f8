package component

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/lab/process"
)

// TestMain plays `ampersand serve` when it is started as that: it writes the address that the test left beside the ready
// file, or ends at once when there is none.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		os.Exit(serve(os.Args[2:]))
	}
	os.Exit(m.Run())
}

func serve(args []string) int {
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	for _, arg := range args {
		if ready, found := strings.CutPrefix(arg, "--ready-file="); found {
			address, err := os.ReadFile(ready + ".test")
			if err != nil {
				fmt.Println("no address to listen on")
				return 1
			}
			if err := os.WriteFile(ready, address, 0o600); err != nil {
				return 1
			}
		}
	}
	fmt.Println(strings.Join(args, "\n"))
	<-terminated
	return 0
}

// newEmulator is an EmulatorProcess whose program is this test.
func newEmulator(t *testing.T) *EmulatorProcess {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	processes := process.NewGroup()
	t.Cleanup(processes.Close)
	dir := t.TempDir()
	return &EmulatorProcess{
		Program: self, Dir: filepath.Join(dir, "emulator"), Logs: filepath.Join(dir, "logs"),
		AMP: NewAMP("eu-west-1", Keys{AccessKeyID: "AKIA", SecretAccessKey: "secret"}), Processes: processes,
	}
}

// answers is a server that answers with text, or with 500 when there is none.
func answers(t *testing.T, texts map[string]string) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, found := texts[r.URL.Path]
		if !found {
			http.Error(w, strings.Repeat("no such page ", 100), http.StatusInternalServerError)
			return
		}
		_, _ = fmt.Fprint(w, text)
	}))
	t.Cleanup(server.Close)
	return server
}

func TestEmulator(t *testing.T) {
	tests := map[string]func(host string) string{
		"host and port":     func(host string) string { return host },
		"URL and a newline": func(host string) string { return "http://" + host + "\n" },
	}
	for name, written := range tests {
		t.Run(name, func(t *testing.T) {
			server := answers(t, map[string]string{
				"/-/ready": "",
				"/_ampersand/api/requests": `{"requests":[{"id":"1","method":"POST","path":"/workspaces/ws-1/api/v1/query","query":"up",
					"userAgent":"keda","identity":"root","verdict":"refused","reason":"expired","status":403,"other":1}]}`,
			})
			host := server.Listener.Addr().String()
			e := newEmulator(t)
			require.EqualError(t, e.Ready(t.Context()), "not started")
			require.False(t, Fatal(e.Ready(t.Context())))
			_, err := e.AMP.Requests(t.Context())
			require.EqualError(t, err, "the emulator is not running")

			require.NoError(t, os.MkdirAll(e.Dir, 0o700))
			require.NoError(t, os.WriteFile(e.readyFile()+".test", []byte(written(host)), 0o600))
			require.NoError(t, e.Install(t.Context()))
			require.Eventually(t, func() bool { return e.Ready(t.Context()) == nil }, 20*time.Second, 5*time.Millisecond)

			require.Equal(t, host, e.AMP.Host())
			require.Equal(t, "http://"+host, e.AMP.URL())
			require.Regexp(t, `^ws-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`, e.AMP.WorkspaceID())
			require.Equal(t, "http://"+host+"/workspaces/"+e.AMP.WorkspaceID(), e.AMP.WorkspaceURL())
			require.Equal(t, e.AMP.WorkspaceURL()+"/api/v1/remote_write", e.AMP.RemoteWriteURL())
			requests, err := e.AMP.Requests(t.Context())
			require.NoError(t, err)
			require.Equal(t, []Request{{
				ID: "1", Method: "POST", Path: "/workspaces/ws-1/api/v1/query", Query: "up", UserAgent: "keda", Identity: "root",
				Verdict: "refused", Reason: "expired", Status: 403,
			}}, requests)

			log := filepath.Join(e.Logs, "emulator.log")
			require.Eventually(t, func() bool { text, _ := os.ReadFile(log); return len(text) != 0 }, 20*time.Second, 5*time.Millisecond)
			args, err := os.ReadFile(log)
			require.NoError(t, err)
			require.Contains(t, string(args), "--listen=127.0.0.1:0\n")
			require.Contains(t, string(args), "--region=eu-west-1\n")
			require.Contains(t, string(args), "--workspace="+e.AMP.WorkspaceID()+"=AMP-KEDA\n")
			require.NoError(t, e.Remove(t.Context()))
		})
	}
}

// TestEmulatorsKey: the process is given the root's key, or identities and no key.
func TestEmulatorsKey(t *testing.T) {
	for identity, want := range map[string][]string{
		"":               {"AWS_ACCESS_KEY_ID=AKIA", "AWS_SECRET_ACCESS_KEY=secret"},
		"/identity.yaml": {"--identity=/identity.yaml"},
	} {
		e := newEmulator(t)
		e.Identity = identity
		require.NoError(t, os.MkdirAll(e.Dir, 0o700))
		require.NoError(t, os.WriteFile(e.readyFile()+".test", []byte("127.0.0.1:1"), 0o600))
		require.NoError(t, e.Install(t.Context()))
		require.Eventually(t, func() bool { _, err := os.Stat(e.readyFile()); return err == nil }, 20*time.Second, 5*time.Millisecond)
		given, err := e.process.Given()
		require.NoError(t, err)
		require.Subset(t, given, want)
		require.Equal(t, identity != "", !strings.Contains(strings.Join(given, " "), "AWS_SECRET_ACCESS_KEY"))
		require.NoError(t, e.Remove(t.Context()))
	}
}

// TestEmulatorThatEnds: once the process has ended it is of no use to wait for it, and its log says why.
func TestEmulatorThatEnds(t *testing.T) {
	e := newEmulator(t)
	require.NoError(t, e.Install(t.Context()))
	var err error
	require.Eventually(t, func() bool { err = e.Ready(t.Context()); return Fatal(err) }, 20*time.Second, 5*time.Millisecond)
	require.ErrorContains(t, err, "ampersand serve ended by itself (exit status 1)")
	require.ErrorContains(t, err, "no address to listen on")
	require.NoError(t, e.Remove(t.Context()), "there is nothing left to stop")
}

func TestFatal(t *testing.T) {
	t.Parallel()
	cause := errors.New("gone")
	tests := map[string]struct {
		err  error
		want bool
	}{
		"none":       {nil, false},
		"another":    {cause, false},
		"fatal":      {&fatal{cause}, true},
		"wrapped":    {fmt.Errorf("wait: %w", &fatal{cause}), true},
		"one of two": {errors.Join(cause, &fatal{cause}), true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.want, Fatal(tc.err))
		})
	}
	require.ErrorIs(t, &fatal{cause}, cause)
}

func TestHTTPGet(t *testing.T) {
	t.Parallel()
	server := answers(t, map[string]string{"/": "text"})
	body, err := httpGet(t.Context(), http.DefaultClient, server.URL+"/")
	require.NoError(t, err)
	require.Equal(t, "text", string(body))
	require.NoError(t, httpOK(t.Context(), http.DefaultClient, server.URL+"/"))

	err = httpOK(t.Context(), http.DefaultClient, server.URL+"/x")
	require.ErrorContains(t, err, server.URL+"/x answers 500 Internal Server Error: no such page")
	require.Less(t, len(err.Error()), 400, "an error page is not quoted whole")
	server.Close()
	require.ErrorContains(t, httpOK(t.Context(), http.DefaultClient, server.URL+"/"), "connection refused")
	require.Error(t, httpOK(t.Context(), http.DefaultClient, "http://bad url/"))
}
