//go:build outside

// Package outside uses Ampersand as people do who have not written it: from
// projects of their own, in folders that are not in this repository. It needs
// what they need, the go command and its module proxy.
package outside

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	ampersand    = "github.com/ampersand-amp/ampersand"
	ampcontainer = ampersand + "/emulator/ampcontainer"
)

// patience is how long one go command may take; the first one compiles all of
// Prometheus.
const patience = 30 * time.Minute

// project is a Go module in a temporary folder.
type project struct {
	t   *testing.T
	dir string
}

// newModule makes a module that takes modules of this repository from folders.
func newModule(t *testing.T, replacements map[string]string) project {
	t.Helper()
	p := project{t, t.TempDir()}
	p.run("mod", "init", "shop.example/scaler")
	for path, folder := range replacements {
		// Without the requirement the go command would look for the module at the proxy.
		p.run("mod", "edit", "-require", path+"@v0.0.0", "-replace", path+"="+filepath.Join(repository(t), folder))
	}
	return p
}

// copy puts a file of this repository into the project, as a test of package
// scaler.
func (p project) copy(name, as string) {
	p.t.Helper()
	raw, err := os.ReadFile(filepath.Join(repository(p.t), name))
	require.NoError(p.t, err)
	clause := regexp.MustCompile(`(?m)^package \w+$`)
	require.True(p.t, clause.Match(raw), "%s has no package clause", name)
	p.write(as, clause.ReplaceAllString(string(raw), "package scaler_test"))
}

func (p project) write(name, content string) {
	p.t.Helper()
	require.NoError(p.t, os.WriteFile(filepath.Join(p.dir, name), []byte(content), 0o600))
}

func (p project) read(name string) string {
	p.t.Helper()
	raw, err := os.ReadFile(filepath.Join(p.dir, name))
	require.NoError(p.t, err)
	return string(raw)
}

// run runs the go command in the project, which has to succeed, and returns what
// it said on both outputs.
func (p project) run(args ...string) string {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = p.dir
	// The user's environment, but for what `go test` has set for the test around this.
	cmd.Env = append(os.Environ(), "PWD="+p.dir, "GOWORK=off", "GO111MODULE=")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	began := time.Now()
	err := cmd.Run()
	line := "go " + strings.Join(args, " ")
	require.NoError(p.t, err, "%s\n%s", line, &out)
	p.t.Logf("%.1f s  %s", time.Since(began).Seconds(), line)
	return out.String()
}

// modules are the paths of the modules that the project's go.mod requires.
func (p project) modules() []string {
	p.t.Helper()
	var file struct{ Require []struct{ Path string } }
	require.NoError(p.t, json.Unmarshal([]byte(p.run("mod", "edit", "-json")), &file))
	var paths []string
	for _, r := range file.Require {
		paths = append(paths, r.Path)
	}
	return paths
}

// passed wants tests and examples to have run and passed.
func (p project) passed(output string, names ...string) {
	p.t.Helper()
	for _, name := range names {
		require.Contains(p.t, output, "--- PASS: "+name+" ", "%s", output)
	}
	require.NotContains(p.t, output, "--- SKIP")
}

// repository is this repository's folder.
func repository(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	return dir
}
