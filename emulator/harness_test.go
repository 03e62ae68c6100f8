package emulator_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/golang/snappy"
	"github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	remoteapi "github.com/prometheus/client_golang/exp/api/remote"
	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/storage/remote"
	promsigv4 "github.com/prometheus/sigv4"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator"
)

func start(t testing.TB, cfg emulator.Config) *emulator.Server {
	t.Helper()
	return emulator.StartT(t, cfg)
}

func createWorkspace(t testing.TB, srv *emulator.Server, alias string) emulator.Workspace {
	t.Helper()
	return srv.CreateWorkspaceT(t, alias)
}

func rootKey() *promsigv4.SigV4Config {
	return &promsigv4.SigV4Config{
		Region: emulator.DefaultRegion, AccessKey: emulator.DefaultAccessKeyID, SecretKey: emulator.DefaultSecretAccessKey,
	}
}

// writer is Prometheus's own remote write client.
func writer(t testing.TB, target string, key *promsigv4.SigV4Config) remote.WriteClient {
	t.Helper()
	u, err := url.Parse(target)
	require.NoError(t, err)
	c, err := remote.NewWriteClient("test", &remote.ClientConfig{
		URL: &promconfig.URL{URL: u}, Timeout: model.Duration(30 * time.Second), SigV4Config: key,
		WriteProtoMsg: remoteapi.WriteV1MessageType,
	})
	require.NoError(t, err)
	return c
}

// series makes one write request with one sample.
func series(name string, at time.Time, value float64) []byte {
	req := prompb.WriteRequest{Timeseries: []prompb.TimeSeries{{
		Labels:  []prompb.Label{{Name: "__name__", Value: name}, {Name: "job", Value: "test"}},
		Samples: []prompb.Sample{{Timestamp: at.UnixMilli(), Value: value}},
	}}}
	raw, err := req.Marshal()
	if err != nil {
		panic(err) // a bug of this test
	}
	return snappy.Encode(nil, raw)
}

func store(t testing.TB, target string, body []byte) {
	t.Helper()
	_, err := writer(t, target, rootKey()).Store(context.Background(), body, 0)
	require.NoError(t, err)
}

// reader is client_golang's API, signed as Prometheus signs.
func reader(t testing.TB, address string, key *promsigv4.SigV4Config) promv1.API {
	t.Helper()
	rt, err := promsigv4.NewSigV4RoundTripper(key, http.DefaultTransport)
	require.NoError(t, err)
	c, err := api.NewClient(api.Config{Address: address, RoundTripper: rt})
	require.NoError(t, err)
	return promv1.NewAPI(c)
}

// value is the one sample that the query comes to, or false if to none.
func value(t testing.TB, address, query string, at time.Time) (float64, bool) {
	t.Helper()
	got, _, err := reader(t, address, rootKey()).Query(context.Background(), query, at)
	require.NoError(t, err)
	vector, ok := got.(model.Vector)
	require.True(t, ok)
	if len(vector) == 0 {
		return 0, false
	}
	require.Len(t, vector, 1)
	return float64(vector[0].Value), true
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// send sends a request with a target as it is written, signed unless key is
// nil, by the SDK's signer.
func send(t testing.TB, srv *emulator.Server, method, target string, body []byte, key *aws.Credentials, change func(*http.Request)) answer {
	t.Helper()
	path, query, _ := bytes.Cut([]byte(target), []byte("?"))
	req, err := http.NewRequestWithContext(t.Context(), method, srv.URL(), bytes.NewReader(body))
	require.NoError(t, err)
	// Opaque is the one way to have Go send a path untouched.
	req.URL.Opaque = "//" + srv.Addr() + string(path)
	req.URL.RawQuery = string(query)
	if key != nil {
		hash := sha256.Sum256(body)
		err := v4.NewSigner().SignHTTP(t.Context(), *key, req, hex.EncodeToString(hash[:]), emulator.Service, emulator.DefaultRegion, time.Now())
		require.NoError(t, err)
	}
	if change != nil {
		change(req)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return answer{res.StatusCode, res.Header, string(raw)}
}

func root() *aws.Credentials {
	return &aws.Credentials{AccessKeyID: emulator.DefaultAccessKeyID, SecretAccessKey: emulator.DefaultSecretAccessKey}
}

// call is an unsigned request for goroutines, which must not end a test.
func call(ctx context.Context, method, url string, body []byte) (status int, text string, err error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	return res.StatusCode, string(raw), err
}
