//go:build clients

package console

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/prompb"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator"
	"github.com/ampersand-amp/ampersand/emulator/explain"
)

// patience bounds every wait on a condition. It is met only when something is broken.
const patience = 30 * time.Second

// stage is an emulator with what its pages are to show.
type stage struct {
	srv *emulator.Server
	ws  emulator.Workspace
}

func newStage(t *testing.T) *stage {
	t.Helper()
	srv, err := emulator.Start(t.Context(), emulator.Config{Version: "v1.2.3"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, srv.Close()) })
	ws, err := srv.CreateWorkspace(t.Context(), "AMP-KEDA")
	require.NoError(t, err)
	return &stage{srv, ws}
}

// fill writes samples of the last minutes, asks for them, and has requests refused.
func (s *stage) fill(t *testing.T) {
	t.Helper()
	now := time.Now()
	var all []prompb.TimeSeries
	for pod := range 14 {
		ts := prompb.TimeSeries{Labels: []prompb.Label{
			{Name: "__name__", Value: "http_requests_total"}, {Name: "job", Value: "kubernetes-service-endpoints"},
			{Name: "k8s_namespace", Value: "ho11y"}, {Name: "k8s_pod_name", Value: "downstream0-5f7d9c9c5b-" + string(rune('a'+pod)) + "x2vq"},
		}}
		for back := range 240 {
			if pod == 3 && back > 80 && back < 120 {
				continue // a gap
			}
			at := now.Add(time.Duration(back-239) * time.Second)
			ts.Samples = append(ts.Samples, prompb.Sample{Timestamp: at.UnixMilli(), Value: float64((pod + 1) * back * 7 % 1900)})
		}
		all = append(all, ts)
	}
	all = append(all, prompb.TimeSeries{
		Labels:  []prompb.Label{{Name: "__name__", Value: "up"}, {Name: "job", Value: "<b>bold</b>"}},
		Samples: []prompb.Sample{{Timestamp: now.UnixMilli(), Value: 1}},
	})
	require.Equal(t, http.StatusOK, s.write(t, all))
	require.Equal(t, http.StatusOK, s.query(t, "sum(rate(http_requests_total[1m])) by (k8s_pod_name) / on () group_left () count(up)", key(), nil))
	require.Equal(t, http.StatusBadRequest, s.query(t, "sum(", key(), nil))
	wrong := key()
	wrong.SecretAccessKey = "wrong"
	require.Equal(t, http.StatusForbidden, s.query(t, "up", wrong, nil))
	require.Equal(t, http.StatusForbidden, s.query(t, "up", nil, nil))
	require.Equal(t, http.StatusForbidden, s.swapHost(t))
}

// swapHost has a proxy on the way change the host, so that the cause is provable, and returns the status.
func (s *stage) swapHost(t *testing.T) int {
	t.Helper()
	return s.query(t, "sum(rate(http_requests_total[1m]))", key(), func(r *http.Request) { r.Host = "localhost:" + r.URL.Port() })
}

func key() *aws.Credentials {
	return &aws.Credentials{AccessKeyID: emulator.DefaultAccessKeyID, SecretAccessKey: emulator.DefaultSecretAccessKey}
}

// write sends samples as a collector does and returns the status.
func (s *stage) write(t *testing.T, all []prompb.TimeSeries) int {
	t.Helper()
	req := prompb.WriteRequest{Timeseries: all}
	raw, err := req.Marshal()
	require.NoError(t, err)
	return send(t, http.MethodPost, s.ws.RemoteWriteURL, snappy.Encode(nil, raw), key(), nil)
}

// writeOne sends one sample and returns the status.
func (s *stage) writeOne(t *testing.T) int {
	t.Helper()
	return s.write(t, []prompb.TimeSeries{{
		Labels:  []prompb.Label{{Name: "__name__", Value: "one"}},
		Samples: []prompb.Sample{{Timestamp: time.Now().UnixMilli(), Value: 1}},
	}})
}

// query asks as KEDA does and returns the status.
func (s *stage) query(t *testing.T, expression string, who *aws.Credentials, change func(*http.Request)) int {
	t.Helper()
	return send(t, http.MethodGet, s.ws.QueryURL+"/api/v1/query?query="+url.QueryEscape(expression), nil, who, change)
}

// send sends a request, signed by the SDK's signer unless there is no key, and changed after that.
func send(t *testing.T, method, target string, body []byte, who *aws.Credentials, change func(*http.Request)) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	require.NoError(t, err)
	req.URL.RawQuery = strings.ReplaceAll(req.URL.RawQuery, "+", "%20")
	if who != nil {
		hash := sha256.Sum256(body)
		require.NoError(t, v4.NewSigner().SignHTTP(ctx, *who, req, hex.EncodeToString(hash[:]), emulator.Service, emulator.DefaultRegion, time.Now()))
	}
	if change != nil {
		change(req)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	_, err = io.Copy(io.Discard, res.Body)
	require.NoError(t, err)
	return res.StatusCode
}

// refused is the id of the last request that was not accepted for a cause that has a word in it.
func (s *stage) refused(t *testing.T, word string) string {
	t.Helper()
	list, err := explain.Client{URL: s.srv.URL()}.Refusals(t.Context())
	require.NoError(t, err)
	i := slices.IndexFunc(list, func(r explain.Request) bool { return strings.Contains(r.Cause, word) })
	require.GreaterOrEqual(t, i, 0, "no request was refused because of %s", word)
	return list[i].ID
}
