//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// asRuncap makes the test's own binary behave as the program.
const asRuncap = "RUNCAP_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asRuncap) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestSpecFile(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"create as containerd calls it": {
			args: []string{"--root", "/run/r", "--log", "/b/log.json", "--log-format", "json", "create", "--bundle", "/b", "--pid-file", "/b/pid", "id"},
			want: "/b/config.json",
		},
		"exec as containerd calls it": {
			args: []string{"--root", "/run/r", "exec", "--process", "/tmp/p1", "--detach", "--pid-file", "/b/2.pid", "id"},
			want: "/tmp/p1",
		},
		"values after an equals sign":      {args: []string{"--root=/run/r", "run", "--bundle=/b", "id"}, want: "/b/config.json"},
		"short flags":                      {args: []string{"create", "-b", "/b", "id"}, want: "/b/config.json"},
		"a flag alone before the command":  {args: []string{"--debug", "--systemd-cgroup", "exec", "-p", "/p", "id"}, want: "/p"},
		"a global value named like one":    {args: []string{"--log", "create", "state", "id"}, want: ""},
		"restore":                          {args: []string{"restore", "--bundle", "/b", "id"}, want: "/b/config.json"},
		"no bundle: the working folder":    {args: []string{"create", "id"}, want: "config.json"},
		"exec without a process file":      {args: []string{"exec", "id", "ls"}, want: ""},
		"what follows -- is not runc's":    {args: []string{"exec", "id", "--", "ls", "--process", "/p"}, want: ""},
		"a flag whose value is missing":    {args: []string{"exec", "--process"}, want: ""},
		"a command that starts nothing":    {args: []string{"--root", "/run/r", "delete", "--force", "id"}, want: ""},
		"a global flag without its value":  {args: []string{"--root"}, want: ""},
		"no arguments":                     {args: nil, want: ""},
		"a container called like its flag": {args: []string{"kill", "--bundle", "KILL"}, want: ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.want, specFile(tc.args))
		})
	}
}

func TestTrim(t *testing.T) {
	t.Parallel()
	granted := []string{"CAP_CHOWN", "CAP_NET_ADMIN"}
	for name, tc := range map[string]struct{ document, want string }{
		"config.json": {
			document: `{"ociVersion":"1.0.2","process":{"user":{"uid":0},"capabilities":{"bounding":["CAP_CHOWN","CAP_SYS_RESOURCE"],"effective":["CAP_SYS_RESOURCE"]}},"linux":{"n":12345678901234567890}}`,
			want:     `{"ociVersion":"1.0.2","process":{"user":{"uid":0},"capabilities":{"bounding":["CAP_CHOWN"],"effective":[]}},"linux":{"n":12345678901234567890}}`,
		},
		"a process file": {
			document: `{"args":["a<b"],"capabilities":{"permitted":["CAP_SYS_RESOURCE","CAP_NET_ADMIN"]}}`,
			want:     `{"args":["a<b"],"capabilities":{"permitted":["CAP_NET_ADMIN"]}}`,
		},
		"no capabilities": {document: `{"process":{"args":["x"]}}`, want: `{"process":{"args":["x"]}}`},
		"no process":      {document: `{"process":null}`, want: `{"process":null}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := trim([]byte(tc.document), granted)
			require.NoError(t, err)
			require.JSONEq(t, tc.want, string(got))
		})
	}
}

func TestTrimLeavesADocumentThatAsksForNothingMore(t *testing.T) {
	t.Parallel()
	document := "{ \"process\": {\"capabilities\": {\"bounding\": [\"CAP_CHOWN\"]}} }\n"
	got, err := trim([]byte(document), []string{"CAP_CHOWN"})
	require.NoError(t, err)
	require.Equal(t, document, string(got))
}

func TestTrimRefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	for _, document := range []string{``, `[]`, `{"process":[]}`, `{"capabilities":["CAP_CHOWN"]}`, `{"process":{"capabilities":{"bounding":"all"}}}`} {
		_, err := trim([]byte(document), nil)
		require.Error(t, err, document)
	}
}

func TestBounding(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status string
		want   []string
	}{
		"two of them":                 {status: "Name:\tx\nCapBnd:\t0000000001000001\nCapAmb:\t0000000000000000\n", want: []string{"CAP_CHOWN", "CAP_SYS_RESOURCE"}},
		"all, and one not known here": {status: "CapBnd:\t000003ffffffffff\n", want: byNumber},
		"none":                        {status: "CapBnd:\t0000000000000000\n", want: nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "status")
			require.NoError(t, os.WriteFile(file, []byte(tc.status), 0o600))
			got, err := bounding(file)
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
		})
	}
	for name, status := range map[string]string{"no line": "Name:\tx\n", "no number": "CapBnd:\tmany\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "status")
			require.NoError(t, os.WriteFile(file, []byte(status), 0o600))
			_, err := bounding(file)
			require.Error(t, err)
		})
	}
}

func TestProgramTrimsAndBecomesRunc(t *testing.T) {
	program := install(t, "#!/bin/sh\necho \"$@\"\nexit 7\n")
	bundle := t.TempDir()
	config := filepath.Join(bundle, "config.json")
	// No machine grants a capability of this name.
	require.NoError(t, os.WriteFile(config, []byte(`{"process":{"capabilities":{"bounding":["CAP_OF_NO_MACHINE"]}}}`), 0o640))

	out, err := call(t, program, "--root", "/r", "create", "--bundle", bundle, "id")
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 7, exit.ExitCode(), "runc's own exit code: %s", out)
	require.Equal(t, "--root /r create --bundle "+bundle+" id\n", out)

	content, err := os.ReadFile(config)
	require.NoError(t, err)
	require.JSONEq(t, `{"process":{"capabilities":{"bounding":[]}}}`, string(content))
	info, err := os.Stat(config)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o640), info.Mode().Perm())
	left, err := os.ReadDir(bundle)
	require.NoError(t, err)
	require.Len(t, left, 1, "no temporary file stays")
}

func TestProgramSaysWhatFailed(t *testing.T) {
	program := install(t, "#!/bin/sh\necho started\n")
	out, err := call(t, program, "create", "--bundle", filepath.Join(t.TempDir(), "missing"), "id")
	require.Error(t, err)
	require.Contains(t, out, "runcap: read what to start:")
	require.NotContains(t, out, "started")

	require.NoError(t, os.Remove(filepath.Join(filepath.Dir(program), "runc")))
	out, err = call(t, program, "state", "id")
	require.Error(t, err)
	require.Contains(t, out, "runcap: become ")
}

// install writes programs: a test that uses it runs alone, as a child that another test starts meanwhile would hold them open, and
// a program that is open for writing cannot be started. It lays the program beside a runc of the test's own and returns its path.
func install(t *testing.T, runc string) string {
	t.Helper()
	dir := t.TempDir()
	self, err := os.Executable()
	require.NoError(t, err)
	content, err := os.ReadFile(self)
	require.NoError(t, err)
	program := filepath.Join(dir, "runcap")
	require.NoError(t, os.WriteFile(program, content, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "runc"), []byte(runc), 0o700))
	return program
}

func call(t *testing.T, program string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = append(os.Environ(), asRuncap+"=1")
	out, err := cmd.CombinedOutput()
	return string(out), err
}
