package check_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/check"
)

const (
	one     = `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"95"]}]}}`
	several = `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"pod":"a","job":"x"},"value":[1,"9"]},{"metric":{"pod":"b","job":"x"},"value":[1,"2"]}]}}`
	empty   = `{"status":"success","data":{"resultType":"vector","result":[]}}`
	nan     = `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"NaN"]}]}}`
	scalar  = `{"status":"success","data":{"resultType":"scalar","result":[1,"5"]}}`
)

// answerCase is an answer and the rule that it breaks.
type answerCase struct {
	id     string
	status int
	body   string
	edit   []string
	what   string
	// slow has the answer wait until KEDA would have given up.
	slow bool
	// replicas is the current count.
	replicas int
}

func answerCases() []answerCase {
	zero := []string{"        ignoreNullValues: \"false\"\n", ""}
	return []answerCase{
		{id: "answer-unreachable"},
		{id: "answer-refused", status: 403, body: `{"message":"Missing Authentication Token"}`, what: "403 to the signed query: {\"message\":\"Missing"},
		{id: "answer-refused", status: 302, body: ``, what: "302"},
		{id: "answer-unreadable", status: 200, body: "<html>", what: "<html>"},
		{id: "answer-unreadable", status: 200, body: scalar, what: "scalar"},
		{id: "answer-several", status: 200, body: several, what: "2 elements, which differ in pod"},
		{id: "answer-null", status: 200, body: empty, edit: zero, what: "empty"},
		{id: "answer-null", status: 200, body: nan, edit: zero, what: "NaN"},
		{id: "answer-null-error", status: 200, body: empty, what: "empty"},
		{id: "answer-null-error", status: 200, body: nan, what: "NaN"},
		{id: "answer-slow", status: 200, body: one, edit: []string{region, region + "        timeout: \"20ms\"\n"}, slow: true, what: "KEDA waits 20ms"},
		{id: "answer-held", status: 200, body: one, replicas: 9, what: "10 would be the exact count"},
	}
}

// server answers every query alike and remembers the last.
func server(t *testing.T, status int, body string, slow bool) (*httptest.Server, func() *http.Request) {
	t.Helper()
	asked := make(chan *http.Request, 10)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r
		if slow {
			<-time.After(40 * time.Millisecond)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(s.Close)
	return s, func() *http.Request { return <-asked }
}

func evaluate(t *testing.T, endpoint string, replicas int, edits ...string) *check.Report {
	t.Helper()
	r := inspect(edit(t, good, edits...), func(o *check.Options) { o.Replicas = replicas })
	r.Evaluate(t.Context(), check.Evaluator{
		HTTP: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, Endpoint: endpoint,
		Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "secret", ""), Now: time.Now,
	})
	return r
}

func TestAnswers(t *testing.T) {
	for _, c := range answerCases() {
		t.Run(c.id, func(t *testing.T) {
			s, _ := server(t, max(c.status, 200), c.body, c.slow)
			if c.status == 0 {
				s.Close()
			}
			f, found := find(evaluate(t, s.URL, c.replicas, c.edit...), c.id)
			require.True(t, found)
			require.Contains(t, f.What, c.what)

			s, _ = server(t, 200, one, false)
			_, found = find(evaluate(t, s.URL, 3), c.id)
			require.False(t, found, "found for a good answer too")
		})
	}
}

func TestEvaluateAsksAsKEDA(t *testing.T) {
	s, asked := server(t, 200, one, false)
	r := evaluate(t, s.URL, 0)
	require.Len(t, r.Evaluations, 1)
	request := asked()
	require.Equal(t, http.MethodGet, request.Method)
	require.Equal(t, "/workspaces/ws-0a1b2c3d-0000-4000-8000-000000000000/api/v1/query", request.URL.Path)
	require.Equal(t, query, request.URL.Query().Get("query"))
	require.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`, request.URL.Query().Get("time"))
	require.Regexp(t, `Credential=AKIAIOSFODNN7EXAMPLE/\d+/eu-west-1/aps/aws4_request`, request.Header.Get("Authorization"))

	v := r.Evaluations[0]
	require.True(t, v.Signed)
	require.Equal(t, 95.0, *v.Value)
	require.Equal(t, check.Wish{Current: 1, Exact: 10, Wanted: 10}, *v.Wish)
	require.Equal(t, 10, v.Target)
	require.NotNil(t, v.Prediction)
	require.Greater(t, v.Prediction.Max, 60.0)

	// Through a proxy KEDA does not sign, and neither is this.
	evaluate(t, s.URL, 0, address, proxied, ref, "", region, "")
	require.Empty(t, asked().Header.Get("Authorization"))
}

func TestWish(t *testing.T) {
	body := func(value string) string {
		return `{"data":{"resultType":"vector","result":[{"metric":{},"value":[1,"` + value + `"]}]}}`
	}
	for name, c := range map[string]struct {
		value    string
		replicas int
		edit     []string
		want     check.Wish
	}{
		"ceil":             {"41", 2, nil, check.Wish{Current: 2, Exact: 5, Wanted: 5}},
		"maximum":          {"1000", 10, nil, check.Wish{Current: 10, Exact: 100, Wanted: 10, Limit: "max"}},
		"minimum":          {"0", 3, nil, check.Wish{Current: 3, Exact: 0, Wanted: 1, Limit: "min"}},
		"tolerance up":     {"99", 9, nil, check.Wish{Current: 9, Exact: 10, Wanted: 9, Held: true}},
		"past tolerance":   {"99.1", 9, nil, check.Wish{Current: 9, Exact: 10, Wanted: 10}},
		"tolerance down":   {"60", 6, nil, check.Wish{Current: 6, Exact: 6, Wanted: 6}},
		"tolerance set":    {"99", 9, []string{"        scaleDown:", "        scaleUp: {tolerance: \"0.01\"}\n        scaleDown:"}, check.Wish{Current: 9, Exact: 10, Wanted: 10}},
		"value":            {"20", 3, []string{"name: requests", "metricType: Value"}, check.Wish{Current: 3, Exact: 6, Wanted: 6}},
		"not activated":    {"0", 1, []string{"minReplicaCount: 1", "minReplicaCount: 0"}, check.Wish{Current: 1, Exact: 0, Wanted: 0}},
		"activation is >":  {"2", 1, []string{"minReplicaCount: 1", "minReplicaCount: 0", region, region + "        activationThreshold: \"2\"\n"}, check.Wish{Current: 1, Exact: 1, Wanted: 0}},
		"negative is zero": {"-5", 2, nil, check.Wish{Current: 2, Exact: 0, Wanted: 1, Limit: "min"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := server(t, 200, body(c.value), false)
			r := evaluate(t, s.URL, c.replicas, c.edit...)
			require.Equal(t, c.want, *r.Evaluations[0].Wish)
		})
	}
}

func TestPrint(t *testing.T) {
	s, _ := server(t, 200, one, false)
	r := evaluate(t, s.URL, 0, "ignoreNullValues", "ignoreNullValue")
	var out bytes.Buffer
	require.NoError(t, r.Print(&out, false))
	require.Contains(t, out.String(), "so.yaml:28: warning unknown-key: the scaler does not read ignoreNullValue: did you mean ignoreNullValues?\n    why: ")
	require.Contains(t, out.String(), "    HPA:    10 replicas asked for now, from 1\n    reaction: ")
	require.Contains(t, out.String(), "0 errors in 1 ScaledObject, 2 warnings, 1 note\n")
	require.NotContains(t, out.String(), "\x1b")
	out.Reset()
	require.NoError(t, r.Print(&out, true))
	require.Contains(t, out.String(), "\x1b[1;33mwarning\x1b[0m")
}
