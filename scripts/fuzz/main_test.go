package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// module writes a module with a package of fuzz tests and one without.
func module(t *testing.T, body string) string {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{
		"go.mod":             "module example.org/fuzzed\n\ngo 1.26.0\n",
		"plain/a.go":         "package plain\n",
		"plain/a_test.go":    "package plain\n\n// FuzzNothing is only spoken of.\n",
		"fuzzed/a.go":        "package fuzzed\n",
		"fuzzed/own_test.go": "package fuzzed_test\n\nimport \"testing\"\n\nfunc FuzzOne(f *testing.F) {\n\tf.Add(1)\n\tf.Fuzz(func(t *testing.T, n int) { " + body + " })\n}\n",
	}
	for name, text := range files {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	return dir
}

func TestRun(t *testing.T) {
	t.Parallel()
	t.Run("what passes is counted", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		require.NoError(t, run(t.Context(), &out, module(t, "_ = n"), time.Second))
		require.Regexp(t, `ok +FuzzOne +example.org/fuzzed/fuzzed +\d+ inputs`, out.String())
		require.Contains(t, out.String(), "1 fuzz tests passed")
	})
	t.Run("what fails is named and shown", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		dir := module(t, "if n != 1 { t.Fatal(\"not one\") }")
		require.ErrorContains(t, run(t.Context(), &out, dir, 5*time.Second), "failed: FuzzOne")
		require.Contains(t, out.String(), "not one")
		kept, err := os.ReadDir(filepath.Join(dir, "fuzzed/testdata/fuzz/FuzzOne"))
		require.NoError(t, err)
		require.Len(t, kept, 1)
	})
	t.Run("a module without any fails", func(t *testing.T) {
		t.Parallel()
		dir := module(t, "_ = n")
		require.NoError(t, os.RemoveAll(filepath.Join(dir, "fuzzed")))
		require.ErrorContains(t, run(t.Context(), &bytes.Buffer{}, dir, time.Second), "no fuzz test was found")
	})
}
