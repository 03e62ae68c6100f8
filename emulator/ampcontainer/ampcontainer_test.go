package ampcontainer_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/stretchr/testify/require"
	"github.com/testcontainers/testcontainers-go"

	"github.com/ampersand-amp/ampersand/emulator/ampcontainer"
)

// noBody is the hash of a body of nothing.
const noBody = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func run(t *testing.T, opts ...testcontainers.ContainerCustomizer) *ampcontainer.Container {
	t.Helper()
	ctr, err := ampcontainer.Run(t.Context(), os.Getenv(imageVariable), opts...)
	testcontainers.CleanupContainer(t, ctr)
	require.NoError(t, err)
	return ctr
}

// get sends a request, signed unless the configuration has no credentials.
func get(t *testing.T, cfg aws.Config, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	if cfg.Credentials != nil {
		key, err := cfg.Credentials.Retrieve(t.Context())
		require.NoError(t, err)
		require.NoError(t, v4.NewSigner().SignHTTP(t.Context(), key, req, noBody, "aps", cfg.Region, time.Now()))
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(body)
}

// query is the URL of a query that every workspace answers.
func query(t *testing.T, ctr *ampcontainer.Container, alias string) string {
	t.Helper()
	url, err := ctr.QueryURL(t.Context(), alias)
	require.NoError(t, err)
	return url + "/api/v1/query?query=42"
}

func config(t *testing.T, ctr *ampcontainer.Container) aws.Config {
	t.Helper()
	cfg, err := ctr.AWSConfig(t.Context())
	require.NoError(t, err)
	return cfg
}

func TestDefaults(t *testing.T) {
	ctr := run(t)
	base, err := ctr.BaseURL(t.Context())
	require.NoError(t, err)
	require.Regexp(t, `^http://[^/]+:\d+$`, base)
	status, body := get(t, aws.Config{}, base+"/-/ready")
	require.Equal(t, http.StatusOK, status, body)

	cfg := config(t, ctr)
	require.Equal(t, base, *cfg.BaseEndpoint)
	status, body = get(t, cfg, base+"/workspaces")
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, body, `"workspaces":[]`)

	status, _ = get(t, aws.Config{}, base+"/workspaces")
	require.Equal(t, http.StatusForbidden, status, "it takes what is not signed")
	console, err := ctr.ConsoleURL(t.Context())
	require.NoError(t, err)
	status, _ = get(t, aws.Config{}, console+"api/requests")
	require.Equal(t, http.StatusForbidden, status, "the console is open")

	_, err = ctr.Workspace(t.Context(), "AMP-KEDA")
	require.ErrorContains(t, err, `WithWorkspace("AMP-KEDA")`)
	_, err = ctr.RemoteWriteURL(t.Context(), "AMP-KEDA")
	require.ErrorContains(t, err, `WithWorkspace("AMP-KEDA")`)
}

func TestOptions(t *testing.T) {
	ctr := run(t,
		ampcontainer.WithWorkspace("AMP-KEDA"), ampcontainer.WithWorkspace("other"),
		ampcontainer.WithRegion("eu-west-1"), ampcontainer.WithCredentials("AKIAIOSFODNN7MYOWNKY", "my/own+secret"),
		ampcontainer.WithIdentity(filepath.Join("testdata", "identity.yaml")),
		ampcontainer.WithQuota("active-series", "7"), ampcontainer.WithQuota("sample-age", "unlimited"),
		ampcontainer.WithConsole(),
	)
	require.Equal(t, "eu-west-1", ctr.Region())
	require.Equal(t, "AKIAIOSFODNN7MYOWNKY", ctr.AccessKeyID())
	require.Equal(t, "my/own+secret", ctr.SecretAccessKey())

	cfg := config(t, ctr)
	for _, alias := range []string{"AMP-KEDA", "other"} {
		status, body := get(t, cfg, query(t, ctr, alias))
		require.Equal(t, http.StatusOK, status, body)
	}
	wrong := cfg
	wrong.Region = ampcontainer.DefaultRegion
	status, body := get(t, wrong, query(t, ctr, "other"))
	require.Equal(t, http.StatusForbidden, status, body)

	scaler := cfg
	scaler.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIAIOSFODNN7SCALERX", SecretAccessKey: "scaler-secret"}, nil
	})
	status, body = get(t, scaler, query(t, ctr, "AMP-KEDA"))
	require.Equal(t, http.StatusOK, status, body)
	status, body = get(t, scaler, *cfg.BaseEndpoint+"/workspaces")
	require.Equal(t, http.StatusForbidden, status, body)

	console, err := ctr.ConsoleURL(t.Context())
	require.NoError(t, err)
	status, body = get(t, aws.Config{}, console+"api/quotas")
	require.Equal(t, http.StatusOK, status, body)
	require.True(t, json.Valid([]byte(body)), body)
	require.Regexp(t, `"active-series"[^{}]*"value":\s*"?7\b`, body)
}

func TestFaults(t *testing.T) {
	ctr := run(t, ampcontainer.WithWorkspace("AMP-KEDA"), ampcontainer.WithFaults(filepath.Join("testdata", "faults.yaml")))
	cfg, url := config(t, ctr), query(t, ctr, "AMP-KEDA")
	wants := func(want int) {
		t.Helper()
		status, body := get(t, cfg, url)
		require.Equal(t, want, status, body)
	}
	wants(http.StatusServiceUnavailable)
	require.NoError(t, ctr.SetFaults(t.Context(), `[]`))
	wants(http.StatusOK)
	require.NoError(t, ctr.SetFaults(t.Context(), `[{name: gone, action: "aps:*", status: {code: 500}}]`))
	wants(http.StatusInternalServerError)

	err := ctr.SetFaults(t.Context(), `[{name: bad, action: "aps:*", status: {code: 200}}]`)
	require.ErrorContains(t, err, "set fault rules: ")
	require.ErrorContains(t, err, "status.code", "it does not say which field is wrong")
	wants(http.StatusInternalServerError)
	require.ErrorContains(t, ctr.SetFaults(t.Context(), " "), "an empty one is []")
}

// TestStartFails: what comes back can be terminated, and the error says what ran.
func TestStartFails(t *testing.T) {
	ctr, err := ampcontainer.Run(t.Context(), os.Getenv(imageVariable), ampcontainer.WithQuota("no-such-quota", "1"))
	testcontainers.CleanupContainer(t, ctr)
	require.ErrorContains(t, err, "run ampersand: ")
	require.NotNil(t, ctr)
	logs, err := ctr.Logs(t.Context())
	require.NoError(t, err)
	said, err := io.ReadAll(logs)
	require.NoError(t, err)
	require.Contains(t, string(said), "no-such-quota")
}

func TestOptionsRefused(t *testing.T) {
	tests := map[string]struct {
		opt  testcontainers.CustomizeRequestOption
		want string
	}{
		"no alias":      {ampcontainer.WithWorkspace(""), `alias ""`},
		"two aliases":   {ampcontainer.WithWorkspace("a,b"), `alias "a,b"`},
		"half a key":    {ampcontainer.WithCredentials("AKIAIOSFODNN7MYOWNKY", ""), "together"},
		"no quota":      {ampcontainer.WithQuota("", "1"), "a name and a value"},
		"two quotas":    {ampcontainer.WithQuota("active-series", "1,rules=2"), "a name and a value"},
		"no such file":  {ampcontainer.WithFaults(filepath.Join("testdata", "none.yaml")), "none.yaml"},
		"no such users": {ampcontainer.WithIdentity(filepath.Join("testdata", "none.yaml")), "none.yaml"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			ctr, err := ampcontainer.Run(t.Context(), os.Getenv(imageVariable), test.opt)
			testcontainers.CleanupContainer(t, ctr)
			require.ErrorContains(t, err, "run ampersand: ")
			require.ErrorContains(t, err, test.want)
		})
	}
}

// TestReuse finds settings in the container, whoever made it.
func TestReuse(t *testing.T) {
	name := "ampcontainer-" + strings.ToLower(t.Name())
	first := run(t, ampcontainer.WithWorkspace("kept"), testcontainers.WithReuseByName(name))
	again := run(t, ampcontainer.WithWorkspace("kept"), testcontainers.WithReuseByName(name))
	require.Equal(t, first.GetContainerID(), again.GetContainerID())
	require.Equal(t, query(t, first, "kept"), query(t, again, "kept"))
	status, body := get(t, config(t, again), query(t, again, "kept"))
	require.Equal(t, http.StatusOK, status, body)
}
