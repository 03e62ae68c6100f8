package trial

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/lab"
	"github.com/ampersand-amp/ampersand/e2e/lab/component"
	"github.com/ampersand-amp/ampersand/e2e/lab/process"
	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

// TestMain plays `ampersand serve` when it is started as that: its address is the one that the test left beside the
// ready file.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		terminated := make(chan os.Signal, 1)
		signal.Notify(terminated, syscall.SIGTERM)
		for _, arg := range os.Args {
			if ready, found := strings.CutPrefix(arg, "--ready-file="); found {
				if err := os.Symlink(ready+".test", ready); err != nil {
					os.Exit(1)
				}
			}
		}
		<-terminated
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// amp answers queries as it is told, when they are signed with its key.
type amp struct {
	emulator *component.Emulator
	verifier *sigv4.Verifier

	mu        sync.Mutex
	status    int
	answer    string
	requests  string
	query, by string
}

// LookupKey implements sigv4's keys.
func (a *amp) LookupKey(id string) (sigv4.Key, bool) {
	return sigv4.Key{AccessKeyID: "AKIATEST", SecretAccessKey: "secret"}, id == "AKIATEST"
}

// newAMP starts an AMP that the lab takes for its emulator.
func newAMP(t *testing.T) *amp {
	t.Helper()
	a := &amp{}
	a.verifier = sigv4.New(sigv4.Config{Region: "us-east-1", Service: "aps", Keys: a})
	server := httptest.NewServer(a)
	processes := process.NewGroup()
	t.Cleanup(func() {
		processes.Close()
		server.Close()
	})
	self, err := os.Executable()
	require.NoError(t, err)
	dir := t.TempDir()
	a.emulator = &component.Emulator{
		Program: self, Dir: dir, Logs: filepath.Join(dir, "logs"), Region: "us-east-1",
		Keys: component.Keys{AccessKeyID: "AKIATEST", SecretAccessKey: "secret"}, Processes: processes,
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ready.test"), []byte(server.URL), 0o600))
	require.NoError(t, a.emulator.Install(t.Context()))
	require.Eventually(t, func() bool { return a.emulator.Ready(t.Context()) == nil }, 20*time.Second, 5*time.Millisecond)
	return a
}

// ServeHTTP implements http.Handler.
func (a *amp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch r.URL.Path {
	case "/-/ready":
		return
	case "/_ampersand/api/requests":
		_, _ = io.WriteString(w, a.requests)
		return
	case "/workspaces/" + a.emulator.WorkspaceID() + "/api/v1/query":
	default:
		http.NotFound(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err == nil {
		_, err = a.verifier.Verify(r, body)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	a.query, a.by = r.FormValue("query"), r.UserAgent()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.answer)
}

// answers sets what the next queries are answered with.
func (a *amp) answers(status int, answer string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.status, a.answer = status, answer
}

// asked is the last query, and the name of who asked.
func (a *amp) asked() (query, by string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.query, a.by
}

func success(kind, result string) string {
	return fmt.Sprintf(`{"status":"success","data":{"resultType":%q,"result":%s}}`, kind, result)
}

func TestValue(t *testing.T) {
	a := newAMP(t)
	store, err := NewStore(a.emulator)
	require.NoError(t, err)
	tests := map[string]struct {
		status int
		answer string
		value  float64
		found  bool
		series int
		fails  string
	}{
		"one":      {200, success("vector", `[{"metric":{},"value":[1,"193.75"]}]`), 193.75, true, 1, ""},
		"zero":     {200, success("vector", `[{"metric":{},"value":[1,"0"]}]`), 0, true, 1, ""},
		"none":     {200, success("vector", `[]`), 0, false, 0, ""},
		"several":  {200, success("vector", `[{"metric":{"a":"1"},"value":[1,"1"]},{"metric":{"a":"2"},"value":[1,"2"]}]`), 0, false, 2, `query "up" yields 2 series`},
		"a matrix": {200, success("matrix", `[]`), 0, false, -1, "the result is no vector"},
		"refused":  {400, `{"status":"error","errorType":"bad_data","error":"no such thing"}`, 0, false, -1, "no such thing"},
		"no JSON":  {502, `<html>`, 0, false, -1, `query "up": `},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			a.answers(tc.status, tc.answer)
			value, found, err := store.Value(t.Context(), "up")
			if tc.fails == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, tc.fails)
			}
			require.Equal(t, tc.found, found)
			require.InDelta(t, tc.value, value, 0)
			series, err := store.Series(t.Context(), "up")
			if tc.series < 0 {
				require.Error(t, err)
			} else {
				require.NoError(t, err)
				require.Equal(t, tc.series, series)
			}
		})
	}
	query, by := a.asked()
	require.Equal(t, "up", query)
	require.Equal(t, userAgent, by)

	a.emulator.Keys.SecretAccessKey = "wrong"
	wrong, err := NewStore(a.emulator)
	require.NoError(t, err)
	_, _, err = wrong.Value(t.Context(), "up")
	require.Error(t, err, "the queries are signed: this AMP checks it")
}

func TestFirstPositive(t *testing.T) {
	a := newAMP(t)
	store, err := NewStore(a.emulator)
	require.NoError(t, err)
	since := time.Now().Add(-time.Minute).Truncate(time.Millisecond)
	at := func(after time.Duration) string {
		return fmt.Sprintf("%.3f", float64(since.Add(after).UnixMilli())/1000)
	}
	tests := map[string]struct {
		result string
		want   time.Duration
		found  bool
	}{
		"nothing":           {`[]`, 0, false},
		"only zeros":        {`[{"metric":{},"values":[[` + at(time.Second) + `,"0"]]}]`, 0, false},
		"from before":       {`[{"metric":{},"values":[[` + at(-time.Second) + `,"5"]]}]`, 0, false},
		"at the very start": {`[{"metric":{},"values":[[` + at(0) + `,"5"]]}]`, 0, true},
		"the oldest": {`[{"metric":{"p":"1"},"values":[[` + at(-time.Second) + `,"5"],[` + at(3*time.Second) + `,"6"],[` + at(4*time.Second) + `,"7"]]},
			{"metric":{"p":"2"},"values":[[` + at(time.Second) + `,"0"],[` + at(2*time.Second) + `,"1"]]}]`, 2 * time.Second, true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			a.answers(200, success("matrix", tc.result))
			got, found, err := store.FirstPositive(t.Context(), `up{a="b"}`, since)
			require.NoError(t, err)
			require.Equal(t, tc.found, found)
			if found {
				require.Equal(t, since.Add(tc.want).UnixMilli(), got.UnixMilli())
			}
			query, _ := a.asked()
			require.Regexp(t, `^up\{a="b"\}\[6[0-9]{4}ms\]$`, query, "it looks back to since, and little further")
		})
	}
	a.answers(200, success("vector", `[]`))
	_, _, err = store.FirstPositive(t.Context(), "up", since)
	require.ErrorContains(t, err, "the result is no matrix")
}

// TestKEDAQueries tells KEDA's query from ours and from others', and looks at the newest one.
func TestKEDAQueries(t *testing.T) {
	a := newAMP(t)
	trial := &Trial{config: Config{Lab: &lab.Lab{Emulator: a.emulator}, Scaling: lab.Scaling{Query: "q"}}}
	const (
		accepted = `{"query":"q","userAgent":"Go-http-client/1.1","verdict":"accepted","status":200}`
		refused  = `{"query":"q","userAgent":"keda","verdict":"refused","status":403,"reason":"expired"}`
		ours     = `{"query":"q","userAgent":"` + userAgent + `","verdict":"accepted","status":200}`
		others   = `{"query":"up","userAgent":"keda","verdict":"accepted","status":200}`
	)
	tests := map[string]struct {
		requests []string
		asked    bool
		refused  string
	}{
		"none":                 {nil, false, ""},
		"only ours":            {[]string{ours}, false, ""},
		"only another query":   {[]string{others}, false, ""},
		"accepted":             {[]string{ours, others, accepted}, true, ""},
		"refused":              {[]string{ours, refused}, true, "AMP answers 403: expired"},
		"refused, then mended": {[]string{accepted, refused}, true, ""},
		"refused since":        {[]string{refused, accepted}, true, "AMP answers 403: expired"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			a.mu.Lock()
			a.requests = `{"requests":[` + strings.Join(tc.requests, ",") + `]}`
			a.mu.Unlock()
			asked, refused, err := trial.kedaQueries(t.Context())
			require.NoError(t, err)
			require.Equal(t, tc.asked, asked)
			require.Equal(t, tc.refused, refused)
		})
	}
}
