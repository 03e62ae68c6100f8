package conformance_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/conformance"
	"github.com/ampersand-amp/ampersand/e2e/conformance/output"
	"github.com/ampersand-amp/ampersand/emulator"
)

// target starts an emulator in this process, as quick as it can be, and returns
// how the suite reaches it.
func target(t *testing.T) (conformance.Target, *emulator.Server) {
	t.Helper()
	return targetOf(t, emulator.Config{Quotas: conformance.StandInQuotas()})
}

// targetOf is target with an emulator of other settings.
func targetOf(t *testing.T, cfg emulator.Config) (conformance.Target, *emulator.Server) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "identity.yaml")
	require.NoError(t, os.WriteFile(file, conformance.StandInIdentity(), 0o600))
	cfg.IdentityFile, cfg.StateDelay = file, 50*time.Millisecond
	srv, err := emulator.Start(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, srv.Close()) })
	return conformance.Target{
		Name: "emulator", Endpoint: srv.URL(), STS: srv.URL(), Region: emulator.DefaultRegion,
		Credentials: conformance.StandInCredentials(), Role: conformance.StandInRole,
		Pace: conformance.Unlimited(), Patience: 5 * time.Second,
	}, srv
}

// TestConformance carries out the whole suite on the emulator.
func TestConformance(t *testing.T) {
	at, srv := target(t)
	m := &meter{workspaces: make(map[string]bool)}
	at.HTTP = &http.Client{Transport: m}
	cfg := conformance.Config{Target: at, Checks: conformance.All(), Parallel: 8}
	report, err := conformance.Run(t.Context(), cfg)
	require.NoError(t, err)
	for _, res := range report.Results {
		t.Run(res.Check.ID, func(t *testing.T) {
			for _, line := range res.Log {
				t.Log(line)
			}
			failures := strings.Join(res.Failures, "\n")
			switch {
			case res.Outcome == conformance.NotRun:
				t.Errorf("not run: %s", res.Reason)
			case res.Outcome == conformance.Fail && res.Check.Level == conformance.May:
				t.Logf("a MAY that the emulator does otherwise:\n%s", failures)
			case res.Outcome == conformance.Fail:
				t.Errorf("%s: %s [%s]\n%s", res.Check.Level, res.Check.Description, res.Check.Source, failures)
			}
		})
	}
	var summary strings.Builder
	require.NoError(t, report.WriteSummary(&summary))
	t.Logf("%d checks in %s\n%s", len(report.Results), report.Took.Round(time.Millisecond), &summary)
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "fidelity.md"))
	require.NoError(t, err)
	require.Contains(t, string(page), output.Markdown(report), "docs/fidelity.md says what the emulator answered: `make docs` brings it up to date")
	require.Empty(t, srv.Workspaces(), "what the run created is removed")
	m.holds(t, conformance.NewPlan(cfg, false), report)
}
