package emulator_test

import (
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/aws/aws-sdk-go-v2/service/amp/types"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator"
)

// clock is a time that stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Now()} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// TestRatesAreLimited spends a bucket of ten seconds' requests of each group and
// finds that the others are full.
func TestRatesAreLimited(t *testing.T) {
	c := newClock()
	srv := start(t, emulator.Config{Now: c.Now, Quotas: map[string]string{
		"remote-write-tps": "1", "query-tps": "1", "metadata-tps": "1", "other-tps": "1",
	}})
	one, other := createWorkspace(t, srv, ""), createWorkspace(t, srv, "")
	for _, tc := range []struct{ name, method, path, sibling string }{
		{"query", "GET", "/api/v1/query?query=vector(1)", "/api/v1/query_range?query=vector(1)&start=1&end=2&step=1"},
		{"metadata", "GET", "/api/v1/labels", "/api/v1/metadata"},
		{"write", "POST", "/api/v1/remote_write", ""},
		{"other", "GET", "/api/v1/status/buildinfo", "/api/v1/alerts"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ask := func(ws emulator.Workspace, path string) answer {
				return send(t, srv, tc.method, "/workspaces/"+ws.ID+path, nil, root(), nil)
			}
			for range 10 {
				require.NotEqual(t, 429, ask(one, tc.path).status)
			}
			got := ask(one, tc.path)
			require.Equal(t, 429, got.status)
			require.JSONEq(t, `{"message":"Rate exceeded"}`, got.body)
			require.Equal(t, "1", got.header.Get("Retry-After"))
			require.Equal(t, "ThrottlingException", got.header.Get("x-amzn-ErrorType"))
			if tc.sibling != "" {
				require.Equal(t, 429, ask(one, tc.sibling).status, "it counts against the same quota")
			}
			require.NotEqual(t, 429, ask(other, tc.path).status, "each workspace has its own")
			c.add(time.Second)
			require.NotEqual(t, 429, ask(one, tc.path).status)
			require.Equal(t, 429, ask(one, tc.path).status)
		})
	}
	require.Equal(t, "throttled", lastRequests(t, srv)[0].Reason)
}

func TestControlPlaneIsLimited(t *testing.T) {
	c := newClock()
	srv := start(t, emulator.Config{Now: c.Now, Quotas: map[string]string{"control-plane-tps": "1"}})
	client := amp.NewFromConfig(srv.AWSConfig(), func(o *amp.Options) { o.Retryer = aws.NopRetryer{} })
	for range 10 {
		_, err := client.ListWorkspaces(t.Context(), nil)
		require.NoError(t, err)
	}
	_, err := client.ListWorkspaces(t.Context(), nil)
	var throttled *types.ThrottlingException
	require.ErrorAs(t, err, &throttled)
	require.Equal(t, "aps", aws.ToString(throttled.ServiceCode))
	require.Equal(t, "L-8491EB93", aws.ToString(throttled.QuotaCode))
	require.EqualValues(t, 1, aws.ToInt32(throttled.RetryAfterSeconds))
	c.add(time.Second)
	_, err = client.ListWorkspaces(t.Context(), nil)
	require.NoError(t, err)
}

func TestQuotasAreShownAndChanged(t *testing.T) {
	srv := start(t, emulator.Config{Quotas: map[string]string{"rules": "7"}})
	ws := createWorkspace(t, srv, "")
	const path = "/_ampersand/api/quotas"
	values := func(body string) map[string]string {
		out := map[string]string{}
		for _, q := range decode[struct {
			Quotas []struct{ Name, Value string }
		}](t, body).Quotas {
			out[q.Name] = q.Value
		}
		return out
	}
	shown := values(send(t, srv, "GET", path, nil, nil, nil).body)
	require.Equal(t, "7", shown["rules"])
	require.Equal(t, "1h", shown["sample-age"])
	require.Equal(t, "unlimited", shown["query-chunks"])

	write := func(size int) int {
		return send(t, srv, "POST", "/workspaces/"+ws.ID+"/api/v1/remote_write", make([]byte, size), root(), nil).status
	}
	require.Equal(t, 400, write(1000), "no snappy, but not too large")
	changed := send(t, srv, "PATCH", path, []byte(`{"request-size":"999","rules":"default"}`), nil, nil)
	require.Equal(t, 200, changed.status)
	require.Equal(t, "999", values(changed.body)["request-size"])
	require.Equal(t, "2000", values(changed.body)["rules"])
	require.Equal(t, 413, write(1000), "it holds at once")

	for _, tc := range []struct {
		name, method, body string
		status             int
		want               string
	}{
		{"no object", "PATCH", `[]`, 400, "not an object of quota names"},
		{"no such quota", "PATCH", `{"rules":1,"speed":2}`, 400, `there is no quota \"speed\"`},
		{"no such value", "PATCH", `{"rules":1,"sample-age":"long"}`, 400, "no time such as"},
		{"no such method", "PUT", `{"rules":1}`, 405, "use GET, PATCH"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := send(t, srv, tc.method, path, []byte(tc.body), nil, nil)
			require.Equal(t, tc.status, got.status)
			require.Contains(t, got.body, tc.want)
			require.Equal(t, "2000", values(send(t, srv, "GET", path, nil, nil, nil).body)["rules"])
		})
	}
}

func TestWrongQuotasAreRefusedAtTheStart(t *testing.T) {
	_, err := emulator.Start(t.Context(), emulator.Config{Quotas: map[string]string{"speed": "1"}})
	require.ErrorContains(t, err, `there is no quota "speed"`)
}
