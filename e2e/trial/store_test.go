package trial

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/lab"
	"github.com/ampersand-amp/ampersand/e2e/lab/component"
	"github.com/ampersand-amp/ampersand/e2e/timeline"
	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

// amp answers queries as it is told, when they are signed with its key.
type amp struct {
	served   *component.AMP
	verifier *sigv4.Verifier

	mu        sync.Mutex
	status    int
	answer    string
	requests  string
	query, by string
	refused   []string
}

// LookupKey implements sigv4's keys.
func (a *amp) LookupKey(id string) (sigv4.Key, bool) {
	return sigv4.Key{AccessKeyID: "AKIATEST", SecretAccessKey: "secret"}, id == "AKIATEST"
}

// newAMP starts an AMP that the lab takes for its own.
func newAMP(t *testing.T) *amp {
	t.Helper()
	a := &amp{}
	a.verifier = sigv4.New(sigv4.Config{Region: "us-east-1", Service: "aps", Keys: a})
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	keys := component.Keys{AccessKeyID: "AKIATEST", SecretAccessKey: "secret"}
	a.served = component.NewAMP("us-east-1", keys).ServedAt(server.URL, nil)
	return a
}

// ServeHTTP implements http.Handler.
func (a *amp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch r.URL.Path {
	case "/_ampersand/api/requests":
		_, _ = io.WriteString(w, a.requests)
		return
	case "/workspaces/" + a.served.WorkspaceID() + "/api/v1/query", "/workspaces/" + a.served.WorkspaceID() + "/api/v1/query_range":
	default:
		http.NotFound(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err == nil {
		_, err = a.verifier.Verify(r, body)
	}
	if err != nil {
		a.refused = append(a.refused, r.Method+" "+err.Error())
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
	store, err := NewStore(a.served, a.served.Keys)
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
	require.Empty(t, a.refused, "each question is asked once")

	a.served.Keys.SecretAccessKey = "wrong"
	wrong, err := NewStore(a.served, a.served.Keys)
	require.NoError(t, err)
	_, _, err = wrong.Value(t.Context(), "up")
	require.Error(t, err, "the queries are signed: this AMP checks it")
}

// TestStoreReachesAMPByItsClient: a cluster's AMP has a name that only its client finds, and the name is what is signed.
func TestStoreReachesAMPByItsClient(t *testing.T) {
	t.Parallel()
	a := newAMP(t)
	a.answers(200, success("vector", `[{"metric":{},"value":[1,"7"]}]`))
	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, a.served.Host())
	}}
	t.Cleanup(transport.CloseIdleConnections)
	store, err := NewStore(a.served.ServedAt("http://aps-workspaces.us-east-1.amazonaws.com", &http.Client{Transport: transport}), a.served.Keys)
	require.NoError(t, err)
	value, found, err := store.Value(t.Context(), "up")
	require.NoError(t, err)
	require.True(t, found)
	require.InDelta(t, 7, value, 0)
}

func TestEvaluate(t *testing.T) {
	t.Parallel()
	from := time.Unix(1700000000, 0)
	for _, tc := range []struct {
		name, answer, want string
		series             timeline.Series
	}{
		{"one series", `{"resultType":"matrix","result":[{"metric":{},"values":[[1700000000,"1"],[1700000000.1,"2.5"]]}]}`, "",
			timeline.Series{{At: from, Value: 1}, {At: from.Add(100 * time.Millisecond), Value: 2.5}}},
		{"nothing", `{"resultType":"matrix","result":[]}`, "", nil},
		{"several series", `{"resultType":"matrix","result":[{"metric":{"a":"1"},"values":[]},{"metric":{"a":"2"},"values":[]}]}`, "no single series", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			a := newAMP(t)
			a.answers(http.StatusOK, `{"status":"success","data":`+tc.answer+`}`)
			store, err := NewStore(a.served, a.served.Keys)
			require.NoError(t, err)
			series, err := store.Evaluate(t.Context(), "sum(x)", from, from.Add(time.Minute))
			if tc.want != "" {
				require.ErrorContains(t, err, tc.want)
				return
			}
			require.NoError(t, err)
			require.Len(t, series, len(tc.series))
			for i, p := range tc.series {
				require.True(t, series[i].At.Equal(p.At))
				require.InDelta(t, p.Value, series[i].Value, 0)
			}
		})
	}
}

func TestFirstPositive(t *testing.T) {
	a := newAMP(t)
	store, err := NewStore(a.served, a.served.Keys)
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

func TestLargestGap(t *testing.T) {
	t.Parallel()
	from := time.Unix(1700000000, 0)
	for _, tc := range []struct {
		name, answer, fails string
		want                time.Duration
	}{
		{"of all series", success("matrix", `[{"metric":{"p":"1"},"values":[[1700000000,"1"],[1700000000.5,"1"],[1700000001,"0"]]},
			{"metric":{"p":"2"},"values":[[1700000000,"1"],[1700000007.5,"1"]]}]`), "", 7500 * time.Millisecond},
		{"one sample a series", success("matrix", `[{"metric":{"p":"1"},"values":[[1700000000,"1"]]},{"metric":{"p":"2"},"values":[[1700000009,"1"]]}]`), "no two samples", 0},
		{"nothing", success("matrix", `[]`), "no two samples of a series of up", 0},
		{"a vector", success("vector", `[]`), "the result is no matrix", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			a := newAMP(t)
			a.answers(http.StatusOK, tc.answer)
			store, err := NewStore(a.served, a.served.Keys)
			require.NoError(t, err)
			gap, err := store.LargestGap(t.Context(), "up", from, from.Add(10*time.Second))
			if tc.fails != "" {
				require.ErrorContains(t, err, tc.fails)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tc.want, gap)
			query, _ := a.asked()
			require.Equal(t, "up[10000ms]", query)
		})
	}
}

// TestKEDAQueries tells KEDA's query from ours and from others', and looks at the newest one.
func TestKEDAQueries(t *testing.T) {
	a := newAMP(t)
	trial := &Trial{config: Config{Lab: &lab.Lab{AMP: a.served}, Scaling: lab.Scaling{Query: "q"}}}
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
