//go:build clients

package clients

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/clients/debian"
)

// cli is the distribution's AWS CLI. It runs on the interpreter and the libraries that were unpacked with it, so that
// neither the machine's Python nor anybody's configuration has a part in it.
type cli struct {
	*stand
	witness *witness
	model   *botoModel

	mu sync.Mutex
	// called are the commands that went well.
	called map[string]bool
}

// testAWS calls every command that the CLI has for AMP.
func (s *stand) testAWS(t *testing.T) {
	t.Parallel()
	c := &cli{stand: s, witness: newWitness(t, s.url), model: s.readModel(t), called: map[string]bool{}}
	t.Run("commands", func(t *testing.T) {
		t.Run("workspaces", c.testWorkspaces)
		t.Run("tags", c.testTags)
		t.Run("rules", c.testRules)
		t.Run("alert manager", c.testAlertManager)
		t.Run("logging", c.testLogging)
		t.Run("credentials", c.testCredentials)
		t.Run("awkward strings", c.testStrings)
		t.Run("STS", c.testSTS)
	})
	for _, command := range c.model.commands() {
		if !c.called[command] {
			t.Errorf("aws amp %s was never seen to succeed: the CLI knows it, so it needs a test here", command)
		}
	}
}

// exit codes of the CLI [D AWS CLI user guide, return codes].
const (
	exitOK     = 0
	exitParams = 252 // it has refused its arguments itself
	exitError  = 254 // the service has answered with an error
)

// exec runs `aws amp` with the environment's settings added to its own.
func (c *cli) exec(t *testing.T, env []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return c.execService(t, env, "amp", args...)
}

// execService runs `aws SERVICE` likewise.
func (c *cli) execService(t *testing.T, env []string, service string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	program, err := debian.AWS(c.debian)
	require.NoError(t, err)
	args = append([]string{program.Args[1], service, "--endpoint-url", c.witness.url, "--region", region, "--output", "json"}, args...)
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program.Args[0], args...)
	cmd.Env = slices.Concat(c.environment(t), program.Env, []string{"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null",
		"AWS_ACCESS_KEY_ID=" + accessKey, "AWS_SECRET_ACCESS_KEY=" + secretKey, "TZ=UTC"}, env)
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.WaitDelay = time.Second
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// document is what the CLI prints.
type document = map[string]any

// do calls a command, which must go well, and returns what it prints, held against the model.
func (c *cli) do(t *testing.T, args ...string) document {
	t.Helper()
	code, stdout, stderr := c.exec(t, nil, args...)
	require.Equal(t, exitOK, code, "aws amp %v: %s", args, stderr)
	require.Empty(t, stderr)
	command := args[0]
	if command == "wait" {
		command += " " + args[1]
	}
	c.mu.Lock()
	c.called[command] = true
	c.mu.Unlock()
	operation := c.model.operation(command)
	output := c.model.Operations[operation].Output.Shape
	var printed document
	if stdout != "" {
		require.NoError(t, json.Unmarshal([]byte(stdout), &printed), stdout)
	}
	if output != "" && len(c.model.Shapes[output].Members) > 0 {
		require.NoError(t, c.model.check(output, operation, printed))
	} else {
		require.Empty(t, printed, "%s answers nothing", command)
	}
	return printed
}

// refused calls a command, which the service must refuse, and returns the message.
func (c *cli) refused(t *testing.T, kind string, args ...string) string {
	t.Helper()
	return c.refusedAs(t, nil, kind, args...)
}

func (c *cli) refusedAs(t *testing.T, env []string, kind string, args ...string) string {
	t.Helper()
	code, stdout, stderr := c.exec(t, env, args...)
	require.Equal(t, exitError, code, "aws amp %v: %s%s", args, stdout, stderr)
	require.Empty(t, stdout)
	message, ok := strings.CutPrefix(strings.TrimSpace(stderr), "An error occurred ("+kind+") when calling the "+c.model.operation(args[0])+" operation: ")
	require.True(t, ok, "aws amp %v: want %s: %s", args, kind, stderr)
	require.NotEmpty(t, message)
	return message
}

// await calls a command until what it prints is as wanted.
func (c *cli) await(t *testing.T, wanted func(document) bool, args ...string) document {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		printed := c.do(t, args...)
		if wanted(printed) {
			return printed
		}
		require.True(t, time.Now().Before(deadline), "aws amp %v has not come to what was waited for: %v", args, printed)
	}
}

// awaitGone calls a command until the resource is not found.
func (c *cli) awaitGone(t *testing.T, args ...string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		code, stdout, stderr := c.exec(t, nil, args...)
		if code == exitError && strings.Contains(stderr, "(ResourceNotFoundException)") {
			return
		}
		require.Equal(t, exitOK, code, stderr)
		require.Contains(t, stdout, "DELETING", "aws amp %v", args)
		require.True(t, time.Now().Before(deadline), "aws amp %v: it is still there: %s", args, stdout)
	}
}

// make makes an active workspace with the CLI and returns its id.
func (c *cli) make(t *testing.T, alias string, args ...string) string {
	t.Helper()
	id := text(t, c.do(t, append([]string{"create-workspace", "--alias", alias}, args...)...), "workspaceId")
	c.do(t, "wait", "workspace-active", "--workspace-id", id)
	return id
}

// unknown is the id of a workspace that nobody has made.
const unknown = "ws-00000000-0000-4000-8000-000000000000"

// arn is that of something of ours.
func arn(resource string) string { return "arn:aws:aps:" + region + ":" + account + ":" + resource }

// at follows names into a document.
func at(t *testing.T, d document, names ...string) any {
	t.Helper()
	var value any = d
	for _, name := range names {
		object, ok := value.(document)
		require.True(t, ok, "%s of %v", name, value)
		value = object[name]
	}
	return value
}

// text is a string in a document.
func text(t *testing.T, d document, names ...string) string {
	t.Helper()
	value, ok := at(t, d, names...).(string)
	require.True(t, ok, "%v in %v", names, d)
	return value
}

// active tells whether the resource of a name is active, and fails the test if it has failed.
func active(t *testing.T, names ...string) func(document) bool {
	return func(d document) bool {
		status := text(t, d, append(names, "status", "statusCode")...)
		require.NotContains(t, status, "FAILED", d)
		return status == "ACTIVE"
	}
}

// file writes a file for an argument of the form fileb://.
func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "data.yaml")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return "fileb://" + path
}
