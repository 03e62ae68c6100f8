package proof

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	remoteapi "github.com/prometheus/client_golang/exp/api/remote"
	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/storage/remote"
	promsigv4 "github.com/prometheus/sigv4"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator"
)

// rig is a running emulator with clients that sign as Prometheus signs.
type rig struct {
	*emulator.Server
	http *http.Client
}

// start starts an emulator with the given quotas besides AMP's own.
func start(t testing.TB, cfg emulator.Config) *rig {
	t.Helper()
	srv, err := emulator.Start(context.Background(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, srv.Close()) })
	transport := &http.Transport{MaxIdleConnsPerHost: 8, DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	signing, err := promsigv4.NewSigV4RoundTripper(rootKey(), transport)
	require.NoError(t, err)
	return &rig{Server: srv, http: &http.Client{Transport: signing, Timeout: 2 * time.Minute}}
}

func rootKey() *promsigv4.SigV4Config {
	return &promsigv4.SigV4Config{
		Region: emulator.DefaultRegion, AccessKey: emulator.DefaultAccessKeyID, SecretKey: emulator.DefaultSecretAccessKey,
	}
}

// space is a workspace as its clients reach it.
type space struct {
	emulator.Workspace
	http   *http.Client
	writer remote.WriteClient
}

func (r *rig) workspace(t testing.TB) *space {
	t.Helper()
	ws, err := r.CreateWorkspace(context.Background(), "")
	require.NoError(t, err)
	return r.client(t, ws)
}

func (r *rig) client(t testing.TB, ws emulator.Workspace) *space {
	t.Helper()
	target, err := url.Parse(ws.RemoteWriteURL)
	require.NoError(t, err)
	writer, err := remote.NewWriteClient("proof", &remote.ClientConfig{
		URL: &promconfig.URL{URL: target}, Timeout: model.Duration(time.Minute), SigV4Config: rootKey(),
		WriteProtoMsg: remoteapi.WriteV1MessageType,
	})
	require.NoError(t, err)
	return &space{Workspace: ws, http: r.http, writer: writer}
}

// answer is what the API said.
type answer struct {
	status int
	body   []byte
}

// instant and ranged ask the workspace, as Grafana does: by POST, in a form.
func (s *space) instant(ctx context.Context, query string, at int64) (answer, error) {
	return s.ask(ctx, "/api/v1/query", url.Values{"query": {query}, "time": {seconds(at)}})
}

func (s *space) ranged(ctx context.Context, query string, start, end, step int64) (answer, error) {
	return s.ask(ctx, "/api/v1/query_range", url.Values{
		"query": {query}, "start": {seconds(start)}, "end": {seconds(end)}, "step": {millis(step)},
	})
}

func (s *space) ask(ctx context.Context, path string, form url.Values) (answer, error) {
	return ask(ctx, s.http, s.QueryURL+path, form)
}

func ask(ctx context.Context, client *http.Client, target string, form url.Values) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return do(client, req)
}

func do(client *http.Client, req *http.Request) (answer, error) {
	res, err := client.Do(req)
	if err != nil {
		return answer{}, fmt.Errorf("send request: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	var body bytes.Buffer
	if _, err := io.Copy(&body, res.Body); err != nil {
		return answer{}, fmt.Errorf("read the answer: %w", err)
	}
	return answer{res.StatusCode, body.Bytes()}, nil
}

// millis writes a step. In seconds Prometheus and Cortex [C] may read it
// differently by a millisecond: they cut different products of the float.
func millis(step int64) string { return strconv.FormatInt(step, 10) + "ms" }

// seconds writes Unix milliseconds as the API takes times.
func seconds(ms int64) string { return strconv.FormatFloat(float64(ms)/1000, 'f', 3, 64) }
