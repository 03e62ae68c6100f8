//go:build compose

package outside

import (
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/lab/build"
	"github.com/ampersand-amp/ampersand/e2e/release/sample"
	"github.com/ampersand-amp/ampersand/emulator"
	"github.com/ampersand-amp/ampersand/fixtures/components"
)

// composeWorkspace is the workspace that the file for users makes.
const composeWorkspace = "ws-00000000-0000-4000-8000-000000000001"

// composePatience is how long Docker Compose may take for one command, on a machine that is busy.
const composePatience = 3 * time.Minute

// composition is what somebody has who copied the compose file into a folder of his own.
type composition struct {
	t       *testing.T
	program []string // docker compose, or docker-compose
	dir     string
	project string
}

// newComposition copies the file. Ports are those that Docker picks: those of the file may be taken on a machine that tests.
func newComposition(t *testing.T) composition {
	t.Helper()
	root, err := build.Root(t.Context())
	require.NoError(t, err)
	c := composition{t: t, program: composeProgram(t, root), dir: t.TempDir()}
	c.project = "ampersand-" + strings.ToLower(filepath.Base(filepath.Dir(c.dir))) + "-" + time.Now().Format("150405")
	file, err := os.ReadFile(filepath.Join(root, "fixtures", "compose", "compose.yaml"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(c.dir, "compose.yaml"), file, 0o600))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), composePatience)
		defer cancel()
		if t.Failed() {
			out, _ := c.command(ctx, "logs", "--no-color").CombinedOutput()
			t.Logf("%s", out)
		}
		out, err := c.command(ctx, "--profile", "app", "down", "--volumes").CombinedOutput()
		require.NoError(t, err, string(out))
		left, err := exec.CommandContext(ctx, "docker", "ps", "--all", "--quiet", "--filter", "label=com.docker.compose.project="+c.project).Output()
		require.NoError(t, err)
		require.Empty(t, string(left))
	})
	return c
}

// composeProgram is the machine's Docker Compose, or the one that is pinned here where it has none.
func composeProgram(t *testing.T, root string) []string {
	t.Helper()
	if exec.CommandContext(t.Context(), "docker", "compose", "version").Run() == nil {
		return []string{"docker", "compose"}
	}
	cache, err := build.DefaultCache()
	require.NoError(t, err)
	builder := &build.Builder{Root: root, Cache: cache, Logf: t.Logf}
	programs, err := builder.Build(t.Context(), []components.Component{components.Compose()})
	require.NoError(t, err)
	return []string{programs["docker-compose"]}
}

func (c composition) command(ctx context.Context, args ...string) *exec.Cmd {
	args = append(append(c.program[1:len(c.program):len(c.program)], "--project-name", c.project), args...)
	cmd := exec.CommandContext(ctx, c.program[0], args...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "AMPERSAND_PORT=0", "AMPERSAND_PROXY_PORT=0", "AMPERSAND_APP_PORT=0")
	return cmd
}

// run plays a command that has to succeed.
func (c composition) run(args ...string) string {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), composePatience)
	defer cancel()
	cmd := c.command(ctx, args...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	require.NoError(c.t, err, "%v: %s", args, &errs)
	return strings.TrimSpace(string(out))
}

// workspace is where the workspace is, by way of a service.
func (c composition) workspace(service, port string) string {
	return "http://" + c.run("port", service, port) + "/workspaces/" + composeWorkspace
}

// volumes are the names of those that the composition's containers use.
func (c composition) volumes() []string {
	c.t.Helper()
	containers := strings.Fields(c.run("--profile", "app", "ps", "--all", "--quiet"))
	require.NotEmpty(c.t, containers)
	out, err := exec.CommandContext(c.t.Context(), "docker", append([]string{"inspect", "--format",
		`{{range .Mounts}}{{if eq (print .Type) "volume"}}{{.Name}} {{end}}{{end}}`}, containers...)...).Output()
	require.NoError(c.t, err)
	return strings.Fields(string(out))
}

// status is what a page answers.
func status(t *testing.T, url string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.StatusCode
}

// The file brings an AMP and a proxy that signs up, in that order, and the samples are there again after a down and an up.
func TestComposeFile(t *testing.T) {
	c := newComposition(t)
	c.run("up", "--wait")
	require.ElementsMatch(t, []string{"ampersand", "sigv4proxy"}, strings.Fields(c.run("ps", "--services")))
	require.Equal(t, []string{c.project + "_samples"}, c.volumes(), "a nameless volume would stay behind after a down")

	signing := sample.Client{
		Workspace: c.workspace("ampersand", "2677"), Region: emulator.DefaultRegion,
		AccessKey: emulator.DefaultAccessKeyID, SecretKey: emulator.DefaultSecretAccessKey,
	}
	require.NoError(t, signing.Write(t.Context(), "orders", 7))
	values, err := sample.QueryUnsigned(t.Context(), c.workspace("sigv4proxy", "8080"), "orders")
	require.NoError(t, err, "who cannot sign asks the proxy")
	require.Equal(t, []float64{7}, values)
	_, err = sample.QueryUnsigned(t.Context(), signing.Workspace, "orders")
	require.ErrorContains(t, err, "403", "and gets nothing from AMP itself")
	require.Equal(t, http.StatusOK, status(t, "http://"+c.run("port", "ampersand", "2677")+"/_ampersand/"), "the console")
	signing.SecretKey = "another"
	_, err = signing.Query(t.Context(), "orders")
	require.ErrorContains(t, err, "403")

	c.run("down")
	c.run("up", "--wait")
	signing.Workspace, signing.SecretKey = c.workspace("ampersand", "2677"), emulator.DefaultSecretAccessKey
	values, err = signing.Query(t.Context(), "orders")
	require.NoError(t, err)
	require.Equal(t, []float64{7}, values)
}

// The sample application comes when it is asked for.
func TestComposeFileWithTheApplication(t *testing.T) {
	c := newComposition(t)
	c.run("--profile", "app", "up", "--wait", "ho11y")
	require.Empty(t, c.volumes())
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+c.run("--profile", "app", "port", "ho11y", "8765")+"/metrics", nil)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Contains(t, string(text), "ho11y_randval")
}
