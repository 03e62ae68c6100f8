package compliance

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"github.com/prometheus/common/config"
	"github.com/prometheus/sigv4"
	"github.com/stretchr/testify/require"
)

// workspace is one of the emulator's.
type workspace struct {
	url, region string
	client      http.Client
}

func newWorkspace(t *testing.T) *workspace {
	t.Helper()
	w := &workspace{url: setting(t, "COMPLIANCE_WORKSPACE"), region: setting(t, "AWS_REGION")}
	signer, err := sigv4.NewSigV4RoundTripper(&sigv4.SigV4Config{
		Region: w.region, AccessKey: setting(t, "AWS_ACCESS_KEY_ID"), SecretKey: config.Secret(setting(t, "AWS_SECRET_ACCESS_KEY")),
	}, http.DefaultTransport)
	require.NoError(t, err)
	w.client.Transport = signer
	return w
}

// requireValue asks for one series and its value.
func (w *workspace) requireValue(t *testing.T, query, want string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/api/v1/query?"+url.Values{"query": {query}}.Encode(), nil)
	require.NoError(t, err)
	res, err := w.client.Do(req)
	require.NoError(t, err)
	defer func() { require.NoError(t, res.Body.Close()) }()
	var answer struct {
		Error string
		Data  struct{ Result []struct{ Value [2]any } }
	}
	require.NoError(t, json.NewDecoder(res.Body).Decode(&answer))
	require.Equal(t, http.StatusOK, res.StatusCode, answer.Error)
	require.Len(t, answer.Data.Result, 1, query)
	require.Equal(t, want, answer.Data.Result[0].Value[1], query)
}
