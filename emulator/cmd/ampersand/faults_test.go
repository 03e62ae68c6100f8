package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator"
	"github.com/ampersand-amp/ampersand/emulator/fault"
)

// ampersand runs the program's command tree with the arguments.
func ampersand(t *testing.T, env map[string]string, args ...string) (stdout string, err error) {
	t.Helper()
	var out bytes.Buffer
	cmd := newRoot(func(name string) (string, bool) { v, ok := env[name]; return v, ok }, &out, &out)
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	err = cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func rulesFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "faults.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

const twoRules = `
- {name: outage, action: "aps:RemoteWrite", schedule: {after: 1m, for: 20s}, status: {code: 503}}
- {name: nothing, action: "aps:QueryMetrics", empty: true}
`

func TestFaults(t *testing.T) {
	srv, err := emulator.Start(t.Context(), emulator.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, srv.Close()) })
	env := map[string]string{"AMPERSAND_URL": srv.URL()}

	out, err := ampersand(t, env, "faults", "list")
	require.NoError(t, err)
	require.Equal(t, "There are no fault rules.\n", out)

	out, err = ampersand(t, env, "faults", "put", rulesFile(t, twoRules))
	require.NoError(t, err)
	require.Regexp(t, `(?m)^outage +waiting +\S+Z +0 +aps:RemoteWrite +status$`, out)
	require.Regexp(t, `(?m)^nothing +active +\S+Z +0 +aps:QueryMetrics +empty$`, out)

	out, err = ampersand(t, env, "faults", "list", "-o", "json")
	require.NoError(t, err)
	var list fault.List
	require.NoError(t, json.Unmarshal([]byte(out), &list))
	require.Equal(t, srv.Faults(), list.Faults)

	out, err = ampersand(t, env, "faults", "delete", "outage")
	require.NoError(t, err)
	require.NotContains(t, out, "outage")
	require.Len(t, srv.Faults(), 1)
	_, err = ampersand(t, env, "faults", "delete", "--all")
	require.NoError(t, err)
	require.Empty(t, srv.Faults())
}

// TestFaultsFail tells wrong usage, exit code 2, from what fails while running, 1.
func TestFaultsFail(t *testing.T) {
	srv, err := emulator.Start(t.Context(), emulator.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, srv.Close()) })
	wrong := rulesFile(t, "- {action: 'aps:*', status: {code: 200}}")
	for name, tt := range map[string]struct {
		args  []string
		want  string
		usage bool
	}{
		"unknown rule":     {[]string{"delete", "nobody", "--url", srv.URL()}, `"nobody": no such fault rule`, false},
		"wrong rule":       {[]string{"put", wrong, "--url", srv.URL()}, "[0].status.code: 200 is not an error", false},
		"no file":          {[]string{"put", "/nonexistent", "--url", srv.URL()}, "read the fault rules", false},
		"no emulator":      {[]string{"list", "--url", "http://127.0.0.1:1"}, "is it running?", false},
		"file missing":     {[]string{"put"}, "accepts 1 arg", true},
		"nothing to do":    {[]string{"delete"}, "the name of one rule, or --all", true},
		"both":             {[]string{"delete", "x", "--all"}, "the name of one rule, or --all", true},
		"argument of list": {[]string{"list", "x"}, "x", true},
		"url":              {[]string{"list", "--url", "127.0.0.1:2677"}, "--url", true},
		"output":           {[]string{"list", "-o", "yaml"}, "must be one of text, json", true},
		"unknown command":  {[]string{"add"}, `unexpected argument "add"`, true},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ampersand(t, nil, append([]string{"faults"}, tt.args...)...)
			require.ErrorContains(t, err, tt.want)
			if usage := (*usageError)(nil); tt.usage {
				require.ErrorAs(t, err, &usage)
			} else {
				require.NotErrorAs(t, err, &usage)
			}
		})
	}
}

// TestServeTakesFaults reads the rules of --faults into the emulator's configuration.
func TestServeTakesFaults(t *testing.T) {
	for text, want := range map[string]string{twoRules: "", "- {action: 'aps:*'}": "--faults: ", "{}": "not a list of rules"} {
		o := &serveOptions{emulator: emulator.Config{Retention: emulator.DefaultRetention}, auth: "strict", logLevel: "info", faultsFile: rulesFile(t, text)}
		cfg, err := o.config(&bytes.Buffer{})
		if want != "" {
			require.ErrorContains(t, err, want)
			continue
		}
		require.NoError(t, err)
		require.Len(t, cfg.Faults, 2)
		require.Equal(t, "outage", cfg.Faults[0].Name)
	}
}
