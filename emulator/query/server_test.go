package query_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gogo/protobuf/proto"
	"github.com/golang/snappy"
	"github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/storage/remote"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/ingest"
	"github.com/ampersand-amp/ampersand/emulator/query"
	"github.com/ampersand-amp/ampersand/emulator/storage"
)

const (
	wsA = "ws-aaaaaaaa-0000-4000-8000-000000000001"
	wsB = "ws-bbbbbbbb-0000-4000-8000-000000000002"
)

// server is ingest and query of all workspaces at /{workspace}/api/v1/...,
// on a loopback port.
type server struct {
	t       testing.TB
	url     string
	api     *query.API
	tenants *storage.Tenants
	db      func(id string) *storage.DB
}

func start(t testing.TB, c query.Config) *server {
	t.Helper()
	tenants, err := storage.Open(t.TempDir(), storage.Options{OutOfOrderWindow: time.Minute})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, tenants.Close()) })
	s := &server{t: t, api: query.New(c), tenants: tenants}
	t.Cleanup(func() { require.NoError(t, s.api.Close()) })
	s.db = func(id string) *storage.DB {
		db, err := tenants.Workspace(context.Background(), id)
		require.NoError(t, err)
		return db
	}
	write := ingest.New(ingest.Config{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/api/v1")
		db, err := tenants.Workspace(r.Context(), id)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		if path == "/remote_write" {
			write.ServeWrite(w, r, ingest.Target{WorkspaceID: id, Tenant: "1_" + id, DB: db})
			return
		}
		r.URL.Path = path
		s.api.Handler(db).ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	s.url = srv.URL
	return s
}

// client is client_golang's client of a workspace.
func (s *server) client(id string) promv1.API {
	s.t.Helper()
	c, err := api.NewClient(api.Config{Address: s.url + "/" + id})
	require.NoError(s.t, err)
	return promv1.NewAPI(c)
}

// write sends series by Prometheus' remote write client.
func (s *server) write(id string, req *prompb.WriteRequest) {
	s.t.Helper()
	u, err := url.Parse(s.url + "/" + id + "/api/v1/remote_write")
	require.NoError(s.t, err)
	c, err := remote.NewWriteClient("test", &remote.ClientConfig{URL: &config.URL{URL: u}, Timeout: model.Duration(10 * time.Second)})
	require.NoError(s.t, err)
	raw, err := proto.Marshal(req)
	require.NoError(s.t, err)
	_, err = c.Store(context.Background(), snappy.Encode(nil, raw), 0)
	require.NoError(s.t, err)
}

// sample makes a series of one sample from pairs of label name and value.
func sample(at time.Time, v float64, pairs ...string) prompb.TimeSeries {
	ts := prompb.TimeSeries{Samples: []prompb.Sample{{Timestamp: at.UnixMilli(), Value: v}}}
	for i := 0; i < len(pairs); i += 2 {
		ts.Labels = append(ts.Labels, prompb.Label{Name: pairs[i], Value: pairs[i+1]})
	}
	return ts
}

// answer is what a response is judged by, besides its body.
type answer struct {
	StatusCode int
	Header     http.Header
}

func (s *server) do(method, path, contentType, body string, header ...string) (answer, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, s.url+path, strings.NewReader(body))
	require.NoError(s.t, err)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(s.t, err)
	defer func() { _ = resp.Body.Close() }()
	got, err := io.ReadAll(resp.Body)
	require.NoError(s.t, err)
	return answer{resp.StatusCode, resp.Header}, string(got)
}

func decode[T any](t testing.TB, body string) T {
	t.Helper()
	var v T
	require.NoError(t, json.Unmarshal([]byte(body), &v), body)
	return v
}
