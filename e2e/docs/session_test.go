//go:build docs

package docs

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// session is one shell, in which a page's commands run in order.
type session struct {
	dir   string // scripts and outputs, one of each a step
	input io.WriteCloser
	ends  *bufio.Reader // a line for each step that has ended: its number and exit code
	exit  chan struct{}
	steps int
}

// isolated is how to start a program that has no network but a loopback of its own, and whose children end with it. The
// ports that the pages name are then free, and no page can be shown to work by help from outside.
func isolated(ctx context.Context) ([]string, bool) {
	for _, as := range [][]string{nil, {"--user", "--map-root-user"}} {
		prefix := append([]string{"unshare"}, append(as, "--net", "--pid", "--fork", "--kill-child", "--mount-proc")...)
		try := slices.Concat(prefix[1:], []string{"ip", "link", "set", "lo", "up"})
		if exec.CommandContext(ctx, prefix[0], try...).Run() == nil {
			return prefix, true
		}
	}
	return nil, false
}

// startSession starts the shell in a folder.
func startSession(t *testing.T, prefix []string, folder string, env []string) *session {
	t.Helper()
	s := &session{dir: t.TempDir(), exit: make(chan struct{})}
	args := slices.Concat(prefix, []string{"bash", "--noprofile", "--norc"})
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Dir, cmd.Env = folder, env
	// Without a namespace of processes the group is what ends with the page.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var err error
	s.input, err = cmd.StdinPipe()
	require.NoError(t, err)
	ends, tell, err := os.Pipe()
	require.NoError(t, err)
	cmd.ExtraFiles = []*os.File{tell}
	s.ends = bufio.NewReader(ends)
	require.NoError(t, cmd.Start())
	require.NoError(t, tell.Close())
	go func() {
		_ = cmd.Wait() // how each step ended is known from s.ends
		close(s.exit)
	}()
	t.Cleanup(func() {
		_ = s.input.Close()
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // the group may have gone by itself
		<-s.exit
		_ = ends.Close()
	})
	s.send(t, "set -euo pipefail\n")
	if prefix != nil {
		s.send(t, "ip link set lo up\n")
	}
	return s
}

func (s *session) send(t *testing.T, line string) {
	t.Helper()
	_, err := io.WriteString(s.input, line)
	require.NoError(t, err, "the page's shell has gone")
}

// run runs commands, which must end with the exit code, and returns what they print.
func (s *session) run(t *testing.T, commands string, code int) string {
	t.Helper()
	script, out := s.script(t, commands)
	if code == 0 {
		s.send(t, fmt.Sprintf("source %s >%s 2>&1 </dev/null 3>&-; echo %d 0 >&3\n", script, out, s.steps))
	} else {
		// In a shell of its own: this one would end with it.
		s.send(t, fmt.Sprintf("set +e; (set -e; source %s) >%s 2>&1 </dev/null 3>&-; echo %d $? >&3; set -e\n", script, out, s.steps))
	}
	got, err := s.ended(t)
	printed := s.printed(t, out)
	require.NoError(t, err, "%s\nprinted\n%s", commands, printed)
	require.Equal(t, code, got, "exit code of\n%s\nwhich printed\n%s", commands, printed)
	return printed
}

// leave starts commands that go on, waits until a URL answers and returns what they have printed by then.
func (s *session) leave(t *testing.T, commands, url string) string {
	t.Helper()
	script, out := s.script(t, commands)
	s.send(t, fmt.Sprintf("source %s >%s 2>&1 </dev/null 3>&- &\n", script, out))
	s.send(t, fmt.Sprintf("until curl --silent --fail --output /dev/null %s; do kill -0 $!; sleep 0.1; done 3>&-; echo %d 0 >&3\n", url, s.steps))
	_, err := s.ended(t)
	printed := s.printed(t, out)
	require.NoError(t, err, "%s\ndid not come to answer at %s; it printed\n%s", commands, url, printed)
	return printed
}

// script keeps commands in a file and names the one for their output.
func (s *session) script(t *testing.T, commands string) (script, out string) {
	t.Helper()
	s.steps++
	script = filepath.Join(s.dir, strconv.Itoa(s.steps)+".sh")
	require.NoError(t, os.WriteFile(script, []byte(commands), 0o600))
	return script, strings.TrimSuffix(script, ".sh") + ".out"
}

// patience is how long one block may take.
const patience = 5 * time.Minute

// ended waits for the step's end.
func (s *session) ended(t *testing.T) (int, error) {
	t.Helper()
	type end struct {
		line string
		err  error
	}
	ends := make(chan end, 1)
	go func() {
		line, err := s.ends.ReadString('\n')
		ends <- end{line, err}
	}()
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case e := <-ends:
		if e.err != nil {
			return 0, errors.New("a command failed, and the page's shell has ended")
		}
		var step, code int
		_, err := fmt.Sscan(e.line, &step, &code)
		require.NoError(t, err, "the shell told %q", e.line)
		require.Equal(t, s.steps, step)
		return code, nil
	case <-late.C:
		return 0, fmt.Errorf("not done after %s", patience)
	case <-t.Context().Done():
		return 0, errors.New("interrupted")
	}
}

func (s *session) printed(t *testing.T, out string) string {
	t.Helper()
	content, err := os.ReadFile(out)
	if !errors.Is(err, os.ErrNotExist) {
		require.NoError(t, err)
	}
	return string(content)
}
