package emulator_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator"
	"github.com/ampersand-amp/ampersand/emulator/explain"
)

type request struct {
	ID, Method, Path, Identity, Verdict, Reason string
	Query, UserAgent                            string
	Time                                        time.Time
	Status                                      int
	Duration                                    float64
	Cause                                       string
	Explanation                                 explain.Explanation
}

func lastRequests(t *testing.T, srv *emulator.Server) []request {
	t.Helper()
	got := send(t, srv, "GET", "/_ampersand/api/requests", nil, nil, nil)
	require.Equal(t, 200, got.status)
	return decode[struct{ Requests []request }](t, got.body).Requests
}

func TestRequestsAreShown(t *testing.T) {
	srv := start(t, emulator.Config{})
	ws := createWorkspace(t, srv, "")
	path := "/workspaces/" + ws.ID + "/api/v1/query"
	ok := send(t, srv, "GET", path+"?query=vector(1)", nil, root(), nil)
	require.Equal(t, 200, ok.status)
	bad := send(t, srv, "GET", path+"?query=sum(", nil, root(), func(r *http.Request) { r.Header.Set("Accept-Encoding", "gzip") })
	require.Equal(t, 400, bad.status)
	nowhere := send(t, srv, "GET", "/nowhere", nil, nil, nil)
	require.Equal(t, 403, nowhere.status)

	last := lastRequests(t, srv)
	require.Len(t, last, 3, "the emulator's own paths are not in it")
	const who = "arn:aws:iam::123456789012:root"
	for i, want := range []request{
		{ID: nowhere.header.Get("x-amzn-RequestId"), Method: "GET", Path: "/nowhere", Verdict: "refused", Reason: "unknown-route", Cause: "unknown-route", Status: 403},
		{ID: bad.header.Get("x-amzn-RequestId"), Method: "GET", Path: path, Query: "sum(", Identity: who, Verdict: "refused", Reason: "query-400", Cause: "query-400", Status: 400},
		{ID: ok.header.Get("x-amzn-RequestId"), Method: "GET", Path: path, Query: "vector(1)", Identity: who, Verdict: "accepted", Status: 200},
	} {
		got := last[i]
		require.Positive(t, got.Duration)
		require.WithinDuration(t, time.Now(), got.Time, time.Minute)
		require.Equal(t, "Go-http-client/1.1", got.UserAgent)
		got.Duration, got.Time, got.UserAgent = 0, time.Time{}, ""
		require.Equal(t, want, got)
	}
	explained := decode[request](t, send(t, srv, "GET", "/_ampersand/api/requests?id="+last[1].ID, nil, nil, nil).body)
	require.Contains(t, explained.Explanation.Message, "parse error", "also of an answer that was packed")
	require.Equal(t, 404, send(t, srv, "GET", "/_ampersand/api/requests?id=none", nil, nil, nil).status)
	require.Equal(t, 405, send(t, srv, "POST", "/_ampersand/api/requests", nil, nil, nil).status)
	require.Equal(t, 404, send(t, srv, "GET", "/_ampersand/none", nil, nil, nil).status)
}

func TestExplanationHasNoSecrets(t *testing.T) {
	var log lockedBuffer
	srv := start(t, emulator.Config{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	const token = "IQoJb3JpZ2luX2VjEXAMPLETOKEN/+=="
	keys := map[string]*aws.Credentials{
		"mismatch":             {AccessKeyID: emulator.DefaultAccessKeyID, SecretAccessKey: "secret-of-mine"},
		"token of another key": {AccessKeyID: emulator.DefaultAccessKeyID, SecretAccessKey: "secret-of-mine", SessionToken: token},
		"bearer":               nil,
	}
	for name, key := range keys {
		t.Run(name, func(t *testing.T) {
			refused := send(t, srv, "GET", "/workspaces?alias=x", nil, key, func(r *http.Request) {
				if key == nil {
					r.Header.Set("Authorization", "Bearer "+token)
				}
			})
			require.Equal(t, 403, refused.status)
			shown := send(t, srv, "GET", "/_ampersand/api/requests?id="+refused.header.Get("x-amzn-RequestId"), nil, nil, nil)
			require.Equal(t, 200, shown.status)
			for _, secret := range []string{token, emulator.DefaultSecretAccessKey, "secret-of-mine"} {
				require.NotContains(t, shown.body, secret)
				require.NotContains(t, log.String(), secret)
			}
			got := decode[request](t, shown.body)
			require.Equal(t, "refused", got.Verdict)
			require.NotEmpty(t, got.Reason)
			if name == "mismatch" {
				e := got.Explanation
				require.Equal(t, "InvalidSignatureException", e.Type)
				require.Equal(t, emulator.DefaultAccessKeyID, e.AccessKeyID)
				require.True(t, strings.HasPrefix(e.CanonicalRequest, "GET\n/workspaces\nalias=x\nhost:"+srv.Addr()), e.CanonicalRequest)
				require.True(t, strings.HasPrefix(e.StringToSign, "AWS4-HMAC-SHA256\n"), e.StringToSign)
				require.Contains(t, e.Message, "does not match")
			}
		})
	}
}

// TestSecretInThePlaceOfTheKeyID has a client that mixed up the halves of the key.
// The secrets AWS makes have slashes, which end the id early.
func TestSecretInThePlaceOfTheKeyID(t *testing.T) {
	for name, secret := range map[string]string{"whole": "wJalrXUtnFEMIK7MDENG", "up to a slash": "wJalrXUtnFEMI/K7MDENG/bPxRfi"} {
		t.Run(name, func(t *testing.T) {
			var log lockedBuffer
			srv := start(t, emulator.Config{
				AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: secret,
				Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
			})
			mixed := &aws.Credentials{AccessKeyID: secret, SecretAccessKey: "AKIDEXAMPLE"}
			refused := send(t, srv, "GET", "/workspaces", nil, mixed, nil)
			require.Equal(t, 403, refused.status)
			shown := send(t, srv, "GET", "/_ampersand/api/requests?id="+refused.header.Get("x-amzn-RequestId"), nil, nil, nil)
			require.Equal(t, "[redacted]", decode[request](t, shown.body).Explanation.AccessKeyID)
			require.NotContains(t, shown.body+log.String(), "wJalrXUtnFEMI")
		})
	}
}

// TestSwappedUser has a user's id and secret swapped, at AMP and at STS.
func TestSwappedUser(t *testing.T) {
	var log lockedBuffer
	srv := start(t, emulator.Config{IdentityFile: identityFile(t, identities), Logger: slog.New(slog.NewTextHandler(&log, nil))})
	mixed := &aws.Credentials{AccessKeyID: "collector-secret", SecretAccessKey: "AKIAEXAMPLECOLLECTOR"}
	for _, path := range []string{"/workspaces", "/?Action=GetCallerIdentity&Version=2011-06-15"} {
		refused := send(t, srv, "GET", path, nil, mixed, nil)
		require.Equal(t, 403, refused.status)
		shown := send(t, srv, "GET", "/_ampersand/api/requests?id="+refused.header.Get("x-amzn-RequestId"), nil, nil, nil)
		require.Equal(t, "[redacted]", decode[request](t, shown.body).Explanation.AccessKeyID)
		require.NotContains(t, shown.body+log.String(), "collector-secret")
	}
}

// TestStaleSessionToken has a client whose shell still has a session's token: AWS's
// answer says only that the token is invalid, log and explanation say why.
func TestStaleSessionToken(t *testing.T) {
	var log lockedBuffer
	srv := start(t, emulator.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	key := root()
	key.SessionToken = "stale-token-of-a-session"
	refused := send(t, srv, "GET", "/workspaces", nil, key, nil)
	require.Equal(t, 403, refused.status)
	require.JSONEq(t, `{"message":"The security token included in the request is invalid."}`, refused.body)
	shown := send(t, srv, "GET", "/_ampersand/api/requests?id="+refused.header.Get("x-amzn-RequestId"), nil, nil, nil)
	got := decode[request](t, shown.body)
	require.Equal(t, "session-token-with-long-lived-key", got.Reason)
	require.Contains(t, got.Explanation.Text, "A session token was sent with a long-lived access key")
	require.Contains(t, log.String(), "reason=session-token-with-long-lived-key")
	require.Contains(t, log.String(), "Unset AWS_SESSION_TOKEN")
	require.NotContains(t, shown.body+log.String(), key.SessionToken)
}

func TestOneLogLineARequest(t *testing.T) {
	var log lockedBuffer
	srv := start(t, emulator.Config{Logger: slog.New(slog.NewJSONHandler(&log, nil))})
	send(t, srv, "GET", "/workspaces", nil, root(), nil)
	send(t, srv, "GET", "/workspaces", nil, nil, nil)
	send(t, srv, "GET", "/-/healthy", nil, nil, nil)
	require.NoError(t, srv.Close())
	var lines []map[string]any
	for line := range strings.Lines(log.String()) {
		if m := decode[map[string]any](t, line); m["msg"] == "request" {
			lines = append(lines, m)
		}
	}
	require.Len(t, lines, 2, "probes are not logged")
	require.Equal(t, "arn:aws:iam::123456789012:root", lines[0]["identity"])
	require.Equal(t, "accepted", lines[0]["verdict"])
	require.Equal(t, "refused", lines[1]["verdict"])
	require.Equal(t, "missing-token", lines[1]["reason"])
	require.Equal(t, "ListWorkspaces", lines[1]["route"])
}

func TestReset(t *testing.T) {
	given := emulator.WorkspaceSpec{ID: "ws-11111111-1111-4111-8111-111111111111", Alias: "given"}
	srv := start(t, emulator.Config{Workspaces: []emulator.WorkspaceSpec{given}})
	createWorkspace(t, srv, "made")
	now := time.Now()
	one := srv.Workspaces()[0]
	require.Equal(t, given.ID, one.ID)
	store(t, one.RemoteWriteURL, series("up", now, 1))

	got := send(t, srv, "POST", "/_ampersand/api/reset", nil, nil, nil)
	require.Equal(t, 200, got.status, got.body)
	require.Len(t, srv.Workspaces(), 2)
	_, ok := value(t, one.QueryURL, "up", now)
	require.False(t, ok)
	store(t, one.RemoteWriteURL, series("up", now, 2))

	got = send(t, srv, "POST", "/_ampersand/api/reset?all=true", nil, nil, nil)
	require.Equal(t, 200, got.status, got.body)
	require.JSONEq(t, `{"workspaces":["`+given.ID+`"]}`, got.body)
	require.Len(t, srv.Workspaces(), 1)
	_, ok = value(t, one.QueryURL, "up", now)
	require.False(t, ok)

	require.Equal(t, 405, send(t, srv, "GET", "/_ampersand/api/reset", nil, nil, nil).status)
	require.Equal(t, 400, send(t, srv, "POST", "/_ampersand/api/reset?all=perhaps", nil, nil, nil).status)
}

func TestConsoleIsForThisMachine(t *testing.T) {
	closed := start(t, emulator.Config{})
	open := start(t, emulator.Config{ConsoleOpen: true})
	tests := map[string]struct {
		remote, host string
		header       http.Header
		status, open int
	}{
		"loopback":               {"127.0.0.1:1234", "127.0.0.1:2677", nil, 200, 200},
		"localhost":              {"127.0.0.1:1234", "localhost:2677", nil, 200, 200},
		"IPv6":                   {"[::1]:1234", "[::1]:2677", nil, 200, 200},
		"IPv4 in IPv6":           {"[::ffff:127.0.0.1]:1234", "localhost", nil, 200, 200},
		"another machine":        {"192.0.2.1:1234", "127.0.0.1:2677", nil, 403, 200},
		"a name that was turned": {"127.0.0.1:1234", "evil.example:2677", nil, 403, 200},
		"a page of another site": {"127.0.0.1:1234", "localhost:2677", http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403, 403},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			for srv, want := range map[*emulator.Server]int{closed: tc.status, open: tc.open} {
				r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/_ampersand/api/reset", nil)
				r.RemoteAddr, r.Host = tc.remote, tc.host
				for k, v := range tc.header {
					r.Header[k] = v
				}
				w := httptest.NewRecorder()
				srv.ServeHTTP(w, r)
				require.Equal(t, want, w.Code, w.Body)
			}
		})
	}
}

func TestHealthAndMetrics(t *testing.T) {
	srv := start(t, emulator.Config{Version: "v1.2.3"})
	ws := createWorkspace(t, srv, "")
	now := time.Now()
	store(t, ws.RemoteWriteURL, series("up", now, 1))
	send(t, srv, "POST", "/workspaces/"+ws.ID+"/api/v1/remote_write", series("old", now.Add(-90*time.Minute), 1), root(), nil)
	send(t, srv, "GET", "/workspaces", nil, nil, nil)
	for _, path := range []string{"/-/healthy", "/-/ready"} {
		require.Equal(t, 200, send(t, srv, "GET", path, nil, nil, nil).status, path)
		require.Equal(t, 405, send(t, srv, "POST", path, nil, nil, nil).status, path)
	}
	got := send(t, srv, "GET", "/metrics", nil, nil, nil)
	require.Equal(t, 200, got.status)
	for _, line := range []string{
		`ampersand_build_info{version="v1.2.3"} 1`,
		`ampersand_requests_total{route="remote_write",status="200"} 1`,
		`ampersand_requests_total{route="remote_write",status="400"} 1`,
		`ampersand_requests_total{route="ListWorkspaces",status="403"} 1`,
		`ampersand_refusals_total{reason="missing-token"} 1`,
		`ampersand_refusals_total{reason="remote_write-400"} 1`,
		`ampersand_discarded_samples_total{reason="greater_than_max_sample_age",workspace="` + ws.ID + `"} 1`,
		`ampersand_workspace_head_series{workspace="` + ws.ID + `"} 1`,
		"process_resident_memory_bytes",
		"go_goroutines",
	} {
		require.Contains(t, got.body, line)
	}
}

// lockedBuffer takes the log of many goroutines.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
