package main_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestQuotasAreTakenFromAllPlaces shows which of file, environment and flag wins.
func TestQuotasAreTakenFromAllPlaces(t *testing.T) {
	file := filepath.Join(t.TempDir(), "quotas.yaml")
	require.NoError(t, os.WriteFile(file, []byte("rules: 1\nsilences: 2\nsample-age: 2h\n"), 0o600))
	p := serve(t, []string{"AMPERSAND_QUOTA_FILE=" + file, "AMPERSAND_QUOTA=alerts=5,templates=6"}, "--quota", "rules=3")
	require.Equal(t, map[string]string{
		"rules": "3", "silences": "2", "sample-age": "2h", "alerts": "1000", "workspaces": "25",
	}, quotasOf(t, p, "rules", "silences", "sample-age", "alerts", "workspaces"), "the flag stands for its whole variable")

	p = serve(t, []string{"AMPERSAND_QUOTA=alerts=5,templates=6"})
	require.Equal(t, map[string]string{"alerts": "5", "templates": "6"}, quotasOf(t, p, "alerts", "templates"))
}

func quotasOf(t *testing.T, p *program, names ...string) map[string]string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.addr+"/_ampersand/api/quotas", nil)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	var answer struct {
		Quotas []struct{ Name, Value string }
	}
	require.NoError(t, json.NewDecoder(res.Body).Decode(&answer))
	values := map[string]string{}
	for _, q := range answer.Quotas {
		values[q.Name] = q.Value
	}
	out := map[string]string{}
	for _, name := range names {
		out[name] = values[name]
	}
	return out
}

func TestQuotasAreListed(t *testing.T) {
	code, stdout, stderr := run(t, nil, "quotas")
	require.Equal(t, 0, code, stderr)
	require.Regexp(t, `(?m)^active-series +50000000 +L-5A151448 +active series$`, stdout)
	require.Regexp(t, `(?m)^sample-age +1h +age of a sample$`, stdout)
	require.Regexp(t, `(?m)^query-chunks +unlimited +`, stdout)
}
