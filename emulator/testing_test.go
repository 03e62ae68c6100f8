package emulator_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator"
)

// recordingT is a test within a test: what it is told is kept, and its cleanups
// run when the test of this file says so.
type recordingT struct {
	testing.TB
	output   bytes.Buffer
	fatal    string
	failed   []string
	cleanups []func()
}

func (t *recordingT) Helper()                   {}
func (t *recordingT) Output() io.Writer         { return &t.output }
func (t *recordingT) Cleanup(f func())          { t.cleanups = append(t.cleanups, f) }
func (t *recordingT) Errorf(f string, _ ...any) { t.failed = append(t.failed, f) }

// Fatalf ends its goroutine as that of a real test does.
func (t *recordingT) Fatalf(format string, args ...any) {
	t.fatal = strings.TrimSpace(format) + " " + args[0].(error).Error()
	panic(t)
}

func (t *recordingT) Fatal(args ...any) { t.Fatalf("", args...) }

// end runs the cleanups as package testing does, the last one first.
func (t *recordingT) end() {
	for i := len(t.cleanups) - 1; i >= 0; i-- {
		t.cleanups[i]()
	}
}

func TestStartTEndsWithItsTest(t *testing.T) {
	inner := &recordingT{TB: t}
	srv := emulator.StartT(inner, emulator.Config{})
	ws := srv.CreateWorkspaceT(inner, "one")
	require.Equal(t, "one", ws.Alias)

	res, err := http.Get(ws.QueryURL + "/api/v1/query?query=1") //nolint:noctx // unsigned, and it ends at once
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusForbidden, res.StatusCode)
	inner.end()

	require.Contains(t, inner.output.String(), "reason=missing-token", "the test's log does not say why a request was refused")
	require.Empty(t, inner.failed)
	select {
	case <-srv.Done():
	default:
		t.Fatal("the emulator runs on after its test")
	}
}

func TestStartTFailsItsTest(t *testing.T) {
	inner := &recordingT{TB: t}
	require.PanicsWithValue(t, inner, func() { emulator.StartT(inner, emulator.Config{Region: "moon"}) })
	require.Contains(t, inner.fatal, `region "moon"`)

	srv := emulator.StartT(t, emulator.Config{})
	inner = &recordingT{TB: t}
	require.PanicsWithValue(t, inner, func() { srv.CreateWorkspaceT(inner, strings.Repeat("a", 101)) })
	require.Contains(t, inner.fatal, "create workspace")
}

// TestHTTPClient sends what signatures are tried by: other keys and regions, a
// body that cannot be read twice, one of nothing, awkward paths, a clock that is
// not the machine's.
func TestHTTPClient(t *testing.T) {
	past := time.Date(2020, 5, 4, 3, 2, 1, 0, time.UTC)
	srv := emulator.StartT(t, emulator.Config{
		Region: "eu-west-1", AccessKeyID: "AKIAIOSFODNN7MYOWNKY", SecretAccessKey: "my/own+secret",
		Now: func() time.Time { return past },
	})
	ws := srv.CreateWorkspaceT(t, "")
	client := srv.HTTPClient()
	tests := map[string]struct {
		method, url string
		body        io.Reader
		want        int
	}{
		"no body":        {http.MethodGet, ws.QueryURL + "/api/v1/query?query=vector(1)%2B1&time=1588561321", nil, http.StatusOK},
		"empty body":     {http.MethodPost, ws.QueryURL + "/api/v1/query?query=1", struct{ io.Reader }{strings.NewReader("")}, http.StatusOK},
		"a stream":       {http.MethodPost, ws.QueryURL + "/api/v1/query?query=1", struct{ io.Reader }{strings.NewReader("time=1588561321")}, http.StatusOK},
		"a label's name": {http.MethodGet, ws.QueryURL + "/api/v1/label/a%20b/values", nil, http.StatusOK},
		"control plane":  {http.MethodGet, srv.URL() + "/workspaces?maxResults=1", nil, http.StatusOK},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), test.method, test.url, test.body)
			require.NoError(t, err)
			res, err := client.Do(req)
			require.NoError(t, err)
			body, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			require.Equal(t, test.want, res.StatusCode, string(body))
			require.Empty(t, req.Header.Get("Authorization"), "it changed the caller's request")
		})
	}
	client.CloseIdleConnections()
}

func TestHTTPClientOverTLS(t *testing.T) {
	cert, key := certificate(t)
	srv := emulator.StartT(t, emulator.Config{TLSCertFile: cert, TLSKeyFile: key})
	ws := srv.CreateWorkspaceT(t, "")
	require.True(t, strings.HasPrefix(ws.QueryURL, "https://"))
	c, err := api.NewClient(api.Config{Address: ws.QueryURL, Client: srv.HTTPClient()})
	require.NoError(t, err)
	_, _, err = promv1.NewAPI(c).Query(t.Context(), "1", time.Now())
	require.NoError(t, err)
}

// unreadable is a body that breaks off.
type unreadable struct{}

func (unreadable) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestHTTPClientReportsWhatItCannotRead(t *testing.T) {
	srv := emulator.StartT(t, emulator.Config{})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL(), unreadable{})
	require.NoError(t, err)
	res, err := srv.HTTPClient().Do(req)
	if err == nil {
		_ = res.Body.Close()
	}
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}
