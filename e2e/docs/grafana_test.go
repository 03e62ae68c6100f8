package docs

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	promconfig "github.com/prometheus/common/config"
	promsigv4 "github.com/prometheus/sigv4"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/ampersand-amp/ampersand/emulator"
)

// provisioning is Grafana's file, with the fields that the page uses. Another one is an error.
type provisioning struct {
	APIVersion  int `yaml:"apiVersion"`
	Datasources []struct {
		Name     string `yaml:"name"`
		UID      string `yaml:"uid"`
		Type     string `yaml:"type"`
		Access   string `yaml:"access"`
		URL      string `yaml:"url"`
		JSONData struct {
			HTTPMethod    string `yaml:"httpMethod"`
			SigV4Auth     bool   `yaml:"sigV4Auth"`
			SigV4AuthType string `yaml:"sigV4AuthType"`
			SigV4Region   string `yaml:"sigV4Region"`
		} `yaml:"jsonData"`
		SecureJSONData struct {
			SigV4AccessKey string `yaml:"sigV4AccessKey"`
			SigV4SecretKey string `yaml:"sigV4SecretKey"`
		} `yaml:"secureJsonData"`
	} `yaml:"datasources"`
}

// TestGrafana sends what Grafana sends for the data sources of docs/grafana.md, and wants it answered.
func TestGrafana(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(root, "docs", "grafana.md"))
	require.NoError(t, err)
	seen := map[bool]bool{} // by whether Grafana signs
	for _, b := range parsePage(t, "docs/grafana.md", content).blocks {
		if b.language == "ini" {
			require.Equal(t, "GF_AUTH_SIGV4_AUTH_ENABLED=true\n", b.text)
		}
		if b.language != "yaml" {
			continue
		}
		var p provisioning
		decoder := yaml.NewDecoder(strings.NewReader(b.text))
		decoder.KnownFields(true)
		require.NoError(t, decoder.Decode(&p))
		require.Equal(t, 1, p.APIVersion)
		require.Len(t, p.Datasources, 1)
		source := p.Datasources[0]
		t.Run(source.UID, func(t *testing.T) {
			seen[source.JSONData.SigV4Auth] = true
			require.Equal(t, "proxy", source.Access, "Grafana's server asks, not the browser")
			u, err := url.Parse(source.URL)
			require.NoError(t, err)
			srv, err := emulator.Start(t.Context(), emulator.Config{
				Workspaces: []emulator.WorkspaceSpec{{ID: strings.TrimPrefix(u.Path, "/workspaces/")}},
			})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, srv.Close()) })
			if !source.JSONData.SigV4Auth {
				require.Equal(t, "prometheus", source.Type)
				require.Equal(t, "8005", u.Port(), "the port of the proxy on the page")
				u.Host = startProxy(t, srv.Addr())
				askAsGrafana(t, http.DefaultTransport, u.String(), source.JSONData.HTTPMethod)
				return
			}
			require.Equal(t, "grafana-amazonprometheus-datasource", source.Type)
			require.Equal(t, "keys", source.JSONData.SigV4AuthType)
			require.Equal(t, "127.0.0.1:2677", u.Host, "the program's own address")
			u.Host = srv.Addr()
			signer, err := promsigv4.NewSigV4RoundTripper(&promsigv4.SigV4Config{
				Region: source.JSONData.SigV4Region, AccessKey: source.SecureJSONData.SigV4AccessKey,
				SecretKey: promconfig.Secret(source.SecureJSONData.SigV4SecretKey),
			}, http.DefaultTransport)
			require.NoError(t, err)
			askAsGrafana(t, signer, u.String(), source.JSONData.HTTPMethod)
			require.Equal(t, http.StatusForbidden, ask(t, http.DefaultTransport, http.MethodGet, u.String()+"/api/v1/labels", nil), "unsigned")
		})
	}
	require.Len(t, seen, 2, "a data source that signs and one that does not")
}

// askAsGrafana sends what the data source sends: when it is saved and tested, for panels, and for what one types in the
// query editor.
func askAsGrafana(t *testing.T, transport http.RoundTripper, workspace, method string) {
	t.Helper()
	now := time.Now()
	span := url.Values{"start": {strconv.FormatInt(now.Add(-time.Hour).Unix(), 10)}, "end": {strconv.FormatInt(now.Unix(), 10)}}
	with := func(more url.Values) url.Values {
		all := url.Values{}
		for _, values := range []url.Values{span, more} {
			for key, value := range values {
				all[key] = value
			}
		}
		return all
	}
	for _, call := range []struct {
		method, path string
		params       url.Values
		status       int
	}{
		{http.MethodGet, "/api/v1/status/buildinfo", nil, http.StatusNotFound},
		{method, "/api/v1/query", url.Values{"query": {"1+1"}, "time": {"4"}}, http.StatusOK},
		{method, "/api/v1/query", url.Values{"query": {`sum by (job) (rate(http_requests_total{job=~"a|b"}[5m]))`}}, http.StatusOK},
		{method, "/api/v1/query_range", with(url.Values{"query": {"up"}, "step": {"15"}}), http.StatusOK},
		{method, "/api/v1/labels", span, http.StatusOK},
		{http.MethodGet, "/api/v1/label/__name__/values", span, http.StatusOK},
		{method, "/api/v1/series", with(url.Values{"match[]": {"up"}}), http.StatusOK},
		{http.MethodGet, "/api/v1/metadata", url.Values{"limit": {"10"}}, http.StatusOK},
		{http.MethodGet, "/api/v1/rules", nil, http.StatusOK},
	} {
		require.Equal(t, call.status, ask(t, transport, call.method, workspace+call.path, call.params), "%s %s", call.method, call.path)
	}
}

// ask sends a request and returns the status of its answer.
func ask(t *testing.T, transport http.RoundTripper, method, target string, params url.Values) int {
	t.Helper()
	var body io.Reader = http.NoBody
	if method == http.MethodPost {
		body = strings.NewReader(params.Encode())
	} else if len(params) > 0 {
		target += "?" + params.Encode()
	}
	req, err := http.NewRequestWithContext(t.Context(), method, target, body)
	require.NoError(t, err)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.Header.Set("User-Agent", "Grafana/13.0.0")
	resp, err := (&http.Client{Transport: transport}).Do(req)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode
}

// startProxy starts the signing proxy in front of an emulator and returns its address.
func startProxy(t *testing.T, upstream string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "sigv4proxy")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../fixtures/sigv4proxy").CombinedOutput()
	require.NoError(t, err, string(out))
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	cmd := exec.CommandContext(ctx, program, "--name", "aps", "--region", emulator.DefaultRegion, "--host", upstream,
		"--upstream-url-scheme", "http", "--port", "127.0.0.1:0")
	cmd.Env = []string{
		"AWS_EC2_METADATA_DISABLED=true", "AWS_ACCESS_KEY_ID=" + emulator.DefaultAccessKeyID,
		"AWS_SECRET_ACCESS_KEY=" + emulator.DefaultSecretAccessKey,
	}
	log, write := io.Pipe()
	cmd.Stderr = write
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait() // it was told to end
		_ = write.Close()
	})
	buffer := make([]byte, 4096)
	var said bytes.Buffer
	for {
		n, err := log.Read(buffer)
		require.NoError(t, err, "the proxy's log: %s", &said)
		said.Write(buffer[:n])
		_, after, found := strings.Cut(said.String(), "address=")
		address, _, whole := strings.Cut(after, " ")
		if !found || !whole {
			continue
		}
		_, _, err = net.SplitHostPort(address)
		require.NoError(t, err, "the proxy's log: %s", &said)
		go func() { _, _ = io.Copy(io.Discard, log) }()
		return address
	}
}
