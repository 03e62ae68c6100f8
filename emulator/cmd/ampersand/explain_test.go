package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/explain"
)

// inspector answers as /_ampersand/api/requests of an emulator that refused one of
// two requests.
func inspector(t *testing.T) *httptest.Server {
	t.Helper()
	refused := explain.Request{ID: "id-2", Method: "GET", Path: "/workspaces", Verdict: explain.Refused, Status: 403, Cause: "host-changed"}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var answer any = explain.List{Requests: []explain.Request{{ID: "id-3", Verdict: explain.Accepted, Status: 200}, refused}}
		switch r.FormValue("id") {
		case "":
		case "id-2":
			whole := refused
			whole.Explanation = &explain.Explanation{Cause: "host-changed", Text: "A proxy changed the host.", Proven: true}
			answer = whole
		default:
			w.WriteHeader(http.StatusNotFound)
			answer = map[string]string{"message": "no such request among the last ones"}
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(server.Close)
	return server
}

// explainWith runs `ampersand explain` with the arguments.
func explainWith(t *testing.T, env map[string]string, args ...string) (stdout string, err error) {
	t.Helper()
	var out bytes.Buffer
	cmd := newExplain(func(name string) (string, bool) { v, ok := env[name]; return v, ok }, &out)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return &usageError{cmd.CommandPath(), err} })
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	err = cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func TestExplain(t *testing.T) {
	env := map[string]string{"AMPERSAND_URL": inspector(t).URL}

	out, err := explainWith(t, env)
	require.NoError(t, err)
	require.Regexp(t, `(?m)^00:00:00 +id-2 +403 +host-changed +GET /workspaces$`, out)
	require.NotContains(t, out, "id-3", "what was accepted is no refusal")

	for _, args := range [][]string{{"id-2"}, {"--last"}} {
		out, err = explainWith(t, env, args...)
		require.NoError(t, err)
		require.Contains(t, out, "A proxy changed the host.")
		require.Contains(t, out, "host-changed (proven")
		out, err = explainWith(t, env, append(args, "-o", "json")...)
		require.NoError(t, err)
		var r explain.Request
		require.NoError(t, json.Unmarshal([]byte(out), &r))
		require.True(t, r.Explanation.Proven)
	}

	out, err = explainWith(t, env, "--output=json")
	require.NoError(t, err)
	var list explain.List
	require.NoError(t, json.Unmarshal([]byte(out), &list))
	require.Len(t, list.Requests, 1)

	_, err = explainWith(t, map[string]string{"AMPERSAND_URL": "http://127.0.0.1:1"}, "id-2", "--url", env["AMPERSAND_URL"])
	require.NoError(t, err, "the flag wins over the environment")
}

// TestExplainFails tells wrong usage, exit code 2, from what fails while running, 1.
func TestExplainFails(t *testing.T) {
	url := inspector(t).URL
	for name, tt := range map[string]struct {
		args  []string
		want  string
		usage bool
	}{
		"unknown request": {[]string{"id-9", "--url", url}, `request "id-9": no such request among the last ones`, false},
		"no emulator":     {[]string{"--url", "http://127.0.0.1:1"}, "is it running?", false},
		"two ids":         {[]string{"a", "b", "--url", url}, `unexpected argument "b"`, true},
		"empty id":        {[]string{"", "--url", url}, "empty", true},
		"id and --last":   {[]string{"a", "--last", "--url", url}, "not both", true},
		"output":          {[]string{"-o", "yaml", "--url", url}, "must be one of text, json", true},
		"url":             {[]string{"--url", "127.0.0.1:2677"}, "--url", true},
		"scheme":          {[]string{"--url", "ftp://h"}, "--url", true},
		"unknown flag":    {[]string{"--all"}, "unknown flag", true},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := explainWith(t, nil, tt.args...)
			require.ErrorContains(t, err, tt.want)
			require.Empty(t, out)
			if usage := (*usageError)(nil); tt.usage {
				require.ErrorAs(t, err, &usage)
			} else {
				require.NotErrorAs(t, err, &usage)
			}
		})
	}
}
