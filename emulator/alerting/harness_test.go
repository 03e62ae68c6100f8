package alerting_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-openapi/strfmt"
	"github.com/prometheus/alertmanager/api/v2/client"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ampersand-amp/ampersand/emulator/alerting"
	"github.com/ampersand-amp/ampersand/emulator/quota"
	"github.com/ampersand-amp/ampersand/emulator/storage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	wsA = "ws-aaaaaaaa-0000-4000-8000-000000000001"
	wsB = "ws-bbbbbbbb-0000-4000-8000-000000000002"

	soon = 20 * time.Second // for conditions; nothing takes that long
	tick = 10 * time.Millisecond
)

// rig is a Manager with samples, an engine and a server in front.
type rig struct {
	t       *testing.T
	dir     string
	quotas  *quota.Set
	tenants *storage.Tenants
	manager *alerting.Manager
	server  *httptest.Server
	log     lines
}

// lines is what was logged.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) contain(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.text.String(), text)
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir(), quotas: quota.New()}
	// Rules of a test are evaluated more often than AMP allows.
	r.quotas.Put(quota.RuleIntervalMin, 1)
	tenants, err := storage.Open(r.dir, storage.Options{OutOfOrderWindow: storage.DefaultOutOfOrderWindow})
	require.NoError(t, err)
	r.tenants = tenants
	t.Cleanup(func() { require.NoError(t, tenants.Close()) })
	r.manager = r.open()
	t.Cleanup(func() { require.NoError(t, r.manager.Close()) })
	r.server = httptest.NewServer(http.HandlerFunc(r.serve))
	t.Cleanup(r.server.Close)
	return r
}

func (r *rig) open() *alerting.Manager {
	r.t.Helper()
	engine := promql.NewEngine(promql.EngineOpts{
		MaxSamples: 1e6, Timeout: time.Minute, Parser: parser.NewParser(parser.Options{}),
	})
	r.t.Cleanup(func() { require.NoError(r.t, engine.Close()) })
	m, err := alerting.New(alerting.Config{
		Dir: r.dir, Samples: r.tenants.Workspace, Quotas: r.quotas,
		Engine: func() promql.QueryEngine { return engine },
		Logger: slog.New(slog.NewTextHandler(io.MultiWriter(r.t.Output(), &r.log), &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	require.NoError(r.t, err)
	return m
}

// restart closes the Manager and opens one over the same folder.
func (r *rig) restart() {
	r.t.Helper()
	require.NoError(r.t, r.manager.Close())
	r.manager = r.open()
}

func (r *rig) serve(w http.ResponseWriter, req *http.Request) {
	rest := strings.TrimPrefix(req.URL.Path, "/workspaces/")
	id, path, _ := strings.Cut(rest, "/")
	switch path {
	case "api/v1/rules":
		r.manager.ServeRules(w, req, id)
	case "api/v1/alerts":
		r.manager.ServeAlerts(w, req, id)
	default:
		r.manager.ServeAlertManager(w, req, id, strings.TrimPrefix(path, "alertmanager/api/v2"))
	}
}

func (r *rig) sync(d alerting.Definitions) {
	r.t.Helper()
	if d.WorkspaceID == "" {
		d.WorkspaceID = wsA
	}
	require.NoError(r.t, r.manager.Sync(r.t.Context(), d))
}

// client is Alertmanager's own.
func (r *rig) client() *client.AlertmanagerAPI {
	return client.NewHTTPClientWithConfig(strfmt.Default, &client.TransportConfig{
		Host: strings.TrimPrefix(r.server.URL, "http://"), Schemes: []string{"http"},
		BasePath: "/workspaces/" + wsA + "/alertmanager/api/v2",
	})
}

// do sends a request to a path of workspace A.
func (r *rig) do(method, path, body string) (int, string) {
	r.t.Helper()
	return r.doIn(wsA, method, path, body)
}

func (r *rig) doIn(workspaceID, method, path, body string) (int, string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.server.URL+"/workspaces/"+workspaceID+path, strings.NewReader(body))
	require.NoError(r.t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/xml") // as awscurl does
	res, err := http.DefaultClient.Do(req)
	require.NoError(r.t, err)
	defer func() { require.NoError(r.t, res.Body.Close()) }()
	raw, err := io.ReadAll(res.Body)
	require.NoError(r.t, err)
	return res.StatusCode, string(raw)
}

// get decodes the JSON that a path of workspace A answers.
func get[T any](r *rig, path string) T {
	r.t.Helper()
	status, body := r.do(http.MethodGet, path, "")
	require.Equal(r.t, http.StatusOK, status, body)
	var out T
	require.NoError(r.t, json.Unmarshal([]byte(body), &out), body)
	return out
}

// write stores a sample.
func (r *rig) write(at time.Time, v float64, ls ...string) {
	r.t.Helper()
	db, err := r.tenants.Workspace(r.t.Context(), wsA)
	require.NoError(r.t, err)
	app := db.Appender(r.t.Context())
	_, err = app.Append(0, labels.FromStrings(ls...), at.UnixMilli(), v)
	require.NoError(r.t, err)
	require.NoError(r.t, app.Commit())
}

// read returns the samples of all series of a name, by labels, oldest first.
func (r *rig) read(name string) map[string][]float64 {
	r.t.Helper()
	out := make(map[string][]float64)
	for ls, points := range r.points(name) {
		for _, p := range points {
			out[ls] = append(out[ls], p.F)
		}
	}
	return out
}

func (r *rig) points(name string) map[string][]promql.FPoint {
	r.t.Helper()
	db, err := r.tenants.Workspace(context.Background(), wsA)
	require.NoError(r.t, err)
	q, err := db.Querier(0, time.Now().Add(time.Hour).UnixMilli())
	require.NoError(r.t, err)
	defer func() { require.NoError(r.t, q.Close()) }()
	out := make(map[string][]promql.FPoint)
	set := q.Select(context.Background(), false, nil, labels.MustNewMatcher(labels.MatchEqual, model.MetricNameLabel, name))
	for set.Next() {
		it := set.At().Iterator(nil)
		key := set.At().Labels().String()
		for it.Next() != 0 {
			t, v := it.At()
			out[key] = append(out[key], promql.FPoint{T: t, F: v})
		}
		require.NoError(r.t, it.Err())
	}
	require.NoError(r.t, set.Err())
	return out
}

// eventually waits for a condition.
func eventually(t *testing.T, condition func() bool, what string) {
	t.Helper()
	require.Eventually(t, condition, soon, tick, what)
}

// notified waits for n notifications and returns them.
func (r *rig) notified(n int) []alerting.Notification {
	r.t.Helper()
	eventually(r.t, func() bool { return len(r.manager.Notifications(wsA)) >= n }, "notifications")
	return r.manager.Notifications(wsA)
}
