package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/check"
	"github.com/ampersand-amp/ampersand/emulator"
)

const checkedID = "ws-11111111-1111-4111-8111-111111111111"

// scaledObject is one that asks query of an emulator's workspace.
func scaledObject(query string) string {
	return `apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: web, namespace: shop}
spec:
  scaleTargetRef: {name: web}
  minReplicaCount: 1
  triggers:
    - type: prometheus
      authenticationRef: {name: aws}
      metadata:
        serverAddress: https://aps-workspaces.us-east-1.amazonaws.com/workspaces/` + checkedID + `
        awsRegion: us-east-1
        threshold: "2"
        query: '` + query + `'
`
}

// checkWith runs the program.
func checkWith(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, func(string) (string, bool) { return "", false }, &out, &errs)
	return code, out.String(), errs.String()
}

func written(t *testing.T, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "so.yaml")
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	return file
}

func TestCheck(t *testing.T) {
	fine := written(t, scaledObject("vector(7)"))
	several := written(t, scaledObject(`rate(x_total{namespace="shop"}[1m])`))

	code, out, errs := checkWith(t, "check", fine)
	require.Equal(t, exitOK, code, errs)
	require.Contains(t, out, "0 errors in 1 ScaledObject, ")

	code, out, errs = checkWith(t, "check", several, fine)
	require.Equal(t, exitFailed, code)
	require.Contains(t, out, several+":14: error several-elements: ")
	require.Equal(t, "ampersand: errors found: 1\n", errs)

	code, out, _ = checkWith(t, "check", "--format", "json", several)
	require.Equal(t, exitFailed, code)
	var report check.Report
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	require.Equal(t, 1, report.Count(check.LevelError))
	require.Equal(t, 1, report.Objects)

	code, _, errs = checkWith(t, "check", filepath.Join(t.TempDir(), "none.yaml"))
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "read what to check: open ")

	for _, args := range [][]string{
		{}, {"--format", "xml", fine}, {"--scrape-interval", "0s", fine}, {"--load", "-1", fine}, {"--replicas", "-1", fine},
		{"--endpoint", "127.0.0.1", fine}, {"--region", "eu-west-1", fine}, {"--nothing", fine},
	} {
		code, _, errs := checkWith(t, append([]string{"check"}, args...)...)
		require.Equal(t, exitUsage, code, "%v: %s", args, errs)
		require.Equal(t, 1, strings.Count(errs, "\n"), errs)
	}
}

// TestCheckAsks asks the queries of an emulator, as KEDA would.
func TestCheckAsks(t *testing.T) {
	srv, err := emulator.Start(t.Context(), emulator.Config{DataDir: t.TempDir(), Workspaces: []emulator.WorkspaceSpec{{ID: checkedID}}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, srv.Close()) })
	t.Setenv("AWS_ACCESS_KEY_ID", emulator.DefaultAccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", emulator.DefaultSecretAccessKey)

	code, out, errs := checkWith(t, "check", "--endpoint", srv.URL(), written(t, scaledObject("vector(7)")))
	require.Equal(t, exitOK, code, "%s%s", out, errs)
	require.Contains(t, out, "    value:  7\n    HPA:    4 replicas asked for now, from 1\n    reaction: ")

	two := written(t, scaledObject(`vector(1) or label_replace(vector(2), "pod", "b", "", "")`))
	code, out, _ = checkWith(t, "check", "--endpoint", srv.URL()+"/workspaces/"+checkedID, two)
	require.Equal(t, exitFailed, code)
	require.Contains(t, out, "error answer-several: the query yields 2 elements, which differ in pod\n")

	t.Setenv("AWS_SECRET_ACCESS_KEY", "wrong")
	code, out, _ = checkWith(t, "check", "--endpoint", srv.URL(), written(t, scaledObject("vector(7)")))
	require.Equal(t, exitFailed, code)
	require.Contains(t, out, "answers 403 to the signed query: ")
}

func TestCheckReadsStandardInput(t *testing.T) {
	files, err := readFiles(strings.NewReader(scaledObject("vector(1)")), []string{"-"})
	require.NoError(t, err)
	require.Equal(t, "standard input", files[0].Name)
	require.Equal(t, 1, check.Check(files, check.Defaults()).Objects)
}
