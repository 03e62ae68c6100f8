//go:build docker

package release_test

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/amp"
	amptypes "github.com/aws/aws-sdk-go-v2/service/amp/types"
	"github.com/stretchr/testify/require"
)

// patience is how long Docker, on a machine that is busy, may take for one thing.
const patience = 2 * time.Minute

// reference is the image under test; `make image` makes it.
func reference() string {
	if ref := os.Getenv("AMPERSAND_IMAGE"); ref != "" {
		return ref
	}
	return "ampersand:latest"
}

// docker runs a command of Docker that has to succeed.
func docker(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "docker", args...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	require.NoError(t, err, "docker %s: %s", strings.Join(args, " "), &errs)
	return strings.TrimSpace(string(out))
}

// container is a container of the image, with no right that it does not need.
type container struct{ id string }

// start runs the image with options of docker run, and a command when it is not the image's own.
func start(t *testing.T, options []string, command ...string) container {
	t.Helper()
	args := append([]string{"run", "--detach", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
		"--label", "ampersand.test=image"}, options...)
	c := container{docker(t, append(append(args, reference()), command...)...)}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if t.Failed() {
			logs, _ := exec.CommandContext(ctx, "docker", "logs", c.id).CombinedOutput()
			t.Logf("%s:\n%s", c.inspect(ctx, "{{json .State}}"), logs)
		}
		out, err := exec.CommandContext(ctx, "docker", "rm", "--force", "--volumes", c.id).CombinedOutput()
		require.NoError(t, err, string(out))
	})
	return c
}

func (c container) inspect(ctx context.Context, format string) string {
	out, _ := exec.CommandContext(ctx, "docker", "inspect", "--format", format, c.id).CombinedOutput()
	return strings.TrimSpace(string(out))
}

// healthy waits until the health check has passed.
func (c container) healthy(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		return c.inspect(t.Context(), "{{.State.Health.Status}}") == "healthy"
	}, patience, 100*time.Millisecond)
}

// address is where a port of the container is published on this machine.
func (c container) address(t *testing.T, port string) string {
	t.Helper()
	address, _, _ := strings.Cut(docker(t, "port", c.id, port), "\n")
	return address
}

// saidByHealthCheck is what the last check printed.
func (c container) saidByHealthCheck(t *testing.T) string {
	t.Helper()
	return c.inspect(t.Context(), "{{with .State.Health.Log}}{{(index . 0).Output}}{{end}}")
}

// stop ends the container as `docker stop` does and returns its exit code.
func (c container) stop(t *testing.T) string {
	t.Helper()
	began := time.Now()
	docker(t, "stop", "--time", "60", c.id)
	require.Less(t, time.Since(began), 10*time.Second)
	return c.inspect(t.Context(), "{{.State.ExitCode}}")
}

// The emulator runs as anybody would run it: without rights, on a read-only root, with data in a volume that outlives it.
func TestEmulatorInAContainer(t *testing.T) {
	t.Parallel()
	volume := docker(t, "volume", "create", "--label", "ampersand.test=image")
	t.Cleanup(func() { _ = exec.CommandContext(context.Background(), "docker", "volume", "rm", volume).Run() })
	c := start(t, []string{"--publish", "127.0.0.1::2677", "--volume", volume + ":/data"})
	c.healthy(t)
	require.Equal(t, "ampersand is ready: http://127.0.0.1:2677/-/ready", c.saidByHealthCheck(t))

	address := c.address(t, "2677/tcp")
	made, err := client(address).CreateWorkspace(t.Context(), &amp.CreateWorkspaceInput{Alias: aws.String("demo")})
	require.NoError(t, err)
	workspace := aws.ToString(made.WorkspaceId)
	require.NoError(t, samples(address, workspace).Write(t.Context(), "written", 42))
	values, err := samples(address, workspace).Query(t.Context(), "written")
	require.NoError(t, err)
	require.Equal(t, []float64{42}, values)
	requireTimeZones(t, client(address), workspace)

	res, err := get(t, "http://"+address+"/_ampersand/api/requests")
	require.NoError(t, err)
	require.Equal(t, http.StatusForbidden, res, "the console is closed until somebody opens it")

	docker(t, "restart", c.id)
	c.healthy(t)
	address = c.address(t, "2677/tcp") // Docker picks another one
	values, err = samples(address, workspace).Query(t.Context(), "written")
	require.NoError(t, err)
	require.Equal(t, []float64{42}, values, "samples outlive a restart")
	require.Equal(t, "0", c.stop(t))
}

// requireTimeZones defines an alert manager that names one: the image has no files of time zones.
func requireTimeZones(t *testing.T, client *amp.Client, workspace string) {
	t.Helper()
	definition := "alertmanager_config: |\n  route: {receiver: nobody}\n  receivers: [{name: nobody}]\n" +
		"  time_intervals:\n    - name: office\n      time_intervals: [{location: Europe/Berlin, weekdays: ['monday:friday']}]\n"
	_, err := client.CreateAlertManagerDefinition(t.Context(), &amp.CreateAlertManagerDefinitionInput{
		WorkspaceId: aws.String(workspace), Data: []byte(definition),
	})
	require.NoError(t, err)
	var status *amptypes.AlertManagerDefinitionStatus
	require.Eventually(t, func() bool {
		out, err := client.DescribeAlertManagerDefinition(t.Context(), &amp.DescribeAlertManagerDefinitionInput{WorkspaceId: aws.String(workspace)})
		if err != nil {
			return false
		}
		status = out.AlertManagerDefinition.Status
		return status.StatusCode != amptypes.AlertManagerDefinitionStatusCodeCreating
	}, patience, 100*time.Millisecond)
	require.Equal(t, amptypes.AlertManagerDefinitionStatusCodeActive, status.StatusCode, aws.ToString(status.StatusReason))
}

func get(t *testing.T, url string) (int, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}

// The health check follows whichever program runs, and where it was told to listen.
func TestHealthInAContainer(t *testing.T) {
	t.Parallel()
	keys := []string{"--env", "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "--env", "AWS_SECRET_ACCESS_KEY=secret", "--env", "AWS_EC2_METADATA_DISABLED=true"}
	for what, tc := range map[string]struct {
		options, command []string
		want             string
	}{
		"another port":    {nil, []string{"ampersand", "serve", "--listen", "0.0.0.0:9999"}, "ampersand is ready: http://127.0.0.1:9999/-/ready"},
		"behind an init":  {[]string{"--init"}, []string{"ampersand", "serve", "--listen", ":9998"}, "ampersand is ready: http://127.0.0.1:9998/-/ready"},
		"data in a tmpfs": {[]string{"--tmpfs", "/data:uid=65532,gid=65532"}, nil, "ampersand is ready: http://127.0.0.1:2677/-/ready"},
		"no network":      {[]string{"--network", "none"}, nil, "ampersand is ready: http://127.0.0.1:2677/-/ready"},
		"the proxy": {keys, []string{"sigv4proxy", "--host", "ampersand:2677", "--name", "aps", "--upstream-url-scheme", "http"},
			"sigv4proxy is ready: http://127.0.0.1:8080/-/ready"},
		"the proxy elsewhere": {keys, []string{"sigv4proxy", "--port", ":8005"}, "sigv4proxy is ready: http://127.0.0.1:8005/-/ready"},
		"the application":     {[]string{"--env", "HO11Y_PORT=8766"}, []string{"ho11y"}, "ho11y is ready: http://127.0.0.1:8766/-/healthy"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			c := start(t, tc.options, tc.command...)
			c.healthy(t)
			require.Equal(t, tc.want, c.saidByHealthCheck(t))
			require.Equal(t, "0", c.stop(t))
		})
	}
}

// A program that cannot do its work is told apart from one that can: here a proxy without credentials.
func TestNotHealthyInAContainer(t *testing.T) {
	t.Parallel()
	c := start(t, []string{"--env", "AWS_EC2_METADATA_DISABLED=true", "--health-interval", "1s", "--health-start-period", "0s"},
		"sigv4proxy", "--host", "ampersand:2677", "--name", "aps")
	require.Eventually(t, func() bool {
		return c.inspect(t.Context(), "{{.State.Health.Status}}") == "unhealthy"
	}, patience, 100*time.Millisecond)
	require.Contains(t, c.saidByHealthCheck(t), "sigv4proxy is not ready")
}

func TestCommandsInAContainer(t *testing.T) {
	t.Parallel()
	revision := docker(t, "image", "inspect", "--format", `{{index .Config.Labels "org.opencontainers.image.revision"}}`, reference())
	version := docker(t, "image", "inspect", "--format", `{{index .Config.Labels "org.opencontainers.image.version"}}`, reference())
	require.Contains(t, docker(t, "run", "--rm", reference(), "ampersand", "version"), "ampersand v"+version+" (revision "+revision+")")
	require.Contains(t, docker(t, "run", "--rm", reference(), "sigv4proxy", "--help"), "Usage: sigv4proxy")
	require.Contains(t, docker(t, "run", "--rm", reference(), "ho11y", "--help"), "Usage: ho11y")

	out, err := exec.CommandContext(t.Context(), "docker", "run", "--rm", "--label", "ampersand.test=image", reference(), "amprsand").CombinedOutput()
	require.ErrorContains(t, err, "exit status 127")
	require.Contains(t, string(out), `exec: "amprsand": executable file not found in $PATH`)
	out, err = exec.CommandContext(t.Context(), "docker", "run", "--rm", "--label", "ampersand.test=image", reference(), "ampersand", "serv").CombinedOutput()
	require.ErrorContains(t, err, "exit status 2")
	require.Contains(t, string(out), `ampersand: unknown command "serv" (help: ampersand --help)`)
}
