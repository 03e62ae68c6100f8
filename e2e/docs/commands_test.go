//go:build docs

package docs

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/clients/debian"
	"github.com/ampersand-amp/ampersand/e2e/lab/build"
	"github.com/ampersand-amp/ampersand/e2e/lab/image"
)

// stand is what all pages share.
type stand struct {
	prefix   []string // how to start a shell without a network
	root     string   // the repository's folder
	programs string   // the folder of ours
	others   string   // the folder of the distribution's
	env      []string
}

// TestCommands runs the commands of every page in a fresh copy of the repository.
func TestCommands(t *testing.T) {
	s := newStand(t)
	for _, p := range readPages(t) {
		t.Run(p.path, func(t *testing.T) {
			began := time.Now()
			done := s.play(t, p)
			fmt.Printf("%s  %-34s %2d blocks run, %2d by other tests, %d by nobody: %.1f s\n",
				time.Now().Format(time.TimeOnly), p.path, done.here, done.elsewhere, done.nowhere, time.Since(began).Seconds())
		})
	}
}

// tally counts a page's blocks of commands.
type tally struct{ here, elsewhere, nowhere int }

// play runs a page.
func (s *stand) play(t *testing.T, p page) tally {
	t.Helper()
	var done tally
	var shell *session
	var folder string
	ready := func() {
		if shell == nil {
			folder = s.copy(t)
			shell = startSession(t, s.prefix, folder, s.environment(t))
		}
	}
	printed := map[int]string{}
	for i, b := range p.blocks {
		commands := b.language == "sh" || b.language == "console"
		if _, ok := b.marked(runBy); ok {
			done.elsewhere++
			continue
		}
		if _, ok := b.marked(notRun); ok {
			done.nowhere++
			continue
		}
		for _, m := range b.markers {
			if m.verb == before {
				ready()
				shell.run(t, m.argument+"\n", 0)
			}
		}
		if name, ok := b.marked(file); ok {
			ready()
			require.NoError(t, os.WriteFile(filepath.Join(folder, strings.Fields(name)[0]), []byte(b.text), 0o600))
		}
		where := fmt.Sprintf("%s:%d", p.path, b.line)
		if out, ok := printed[b.follows]; ok && b.language == "text" {
			require.NoError(t, judgeOutput(b.text, out), where)
		}
		if !commands {
			continue
		}
		ready()
		done.here++
		printed[i] = s.block(t, shell, b, where)
	}
	return done
}

// block runs a block of commands and returns what it printed.
func (s *stand) block(t *testing.T, shell *session, b block, where string) string {
	t.Helper()
	code := 0
	if text, ok := b.marked(fails); ok {
		var err error
		code, err = strconv.Atoi(text)
		require.NoError(t, err, where)
		require.NotZero(t, code, where)
	}
	url, left := b.marked(background)
	switch {
	case left:
		return shell.leave(t, b.text, url)
	case b.language == "sh":
		return shell.run(t, b.text, code)
	}
	list, err := exchanges(b.text)
	require.NoError(t, err, where)
	var all strings.Builder
	for i, e := range list {
		expected := 0
		if i == len(list)-1 {
			expected = code
		}
		out := shell.run(t, e.command, expected)
		require.NoError(t, judgeOutput(e.shown, out), "%s: $ %s", where, e.command)
		all.WriteString(out)
	}
	return all.String()
}

// newStand builds our programs and unpacks the distribution's.
func newStand(t *testing.T) *stand {
	t.Helper()
	repository, err := build.Root(t.Context())
	require.NoError(t, err)
	s := &stand{root: repository, programs: t.TempDir(), others: t.TempDir()}
	var alone bool
	if s.prefix, alone = isolated(t.Context()); !alone {
		fmt.Println("unshare gives no namespaces here: the commands use this machine's network, and port 2677 has to be free")
	}
	goCommand(t, s.root, "build", "-o", s.programs+string(filepath.Separator), "./emulator/cmd/ampersand", "./fixtures/sigv4proxy", "./fixtures/ho11y")
	cache, err := build.DefaultCache()
	require.NoError(t, err)
	unpacked, err := (&image.Debian{Cache: cache, Logf: logf}).Unpacked(t.Context(), debian.Userland())
	require.NoError(t, err)
	s.wrap(t, unpacked)
	s.env = buildSettings()
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOROOT"} {
		s.env = append(s.env, name+"="+goOutput(t, s.root, "env", name))
	}
	s.env = append(s.env, "AMPERSAND_CACHE="+cache)
	return s
}

// wrap makes the distribution's programs ones of the path, with their own libraries.
func (s *stand) wrap(t *testing.T, unpacked string) {
	t.Helper()
	programs := map[string]func(string) (debian.Command, error){"curl": debian.Curl, "aws": debian.AWS, "prometheus": debian.Prometheus}
	for name, program := range programs {
		c, err := program(unpacked)
		require.NoError(t, err)
		script := "#!/bin/sh\nexec env"
		for _, setting := range c.Env {
			script += " '" + setting + "'"
		}
		for _, arg := range c.Args {
			script += " '" + arg + "'"
		}
		require.NoError(t, os.WriteFile(filepath.Join(s.others, name), []byte(script+" \"$@\"\n"), 0o700))
	}
}

// environment is that of a person who has nothing set but a path with Go, our programs and those of others.
func (s *stand) environment(t *testing.T) []string {
	t.Helper()
	home := t.TempDir()
	own := filepath.Join(home, "go", "bin")
	goDir := filepath.Dir(mustLookPath(t, "go"))
	return append([]string{
		"HOME=" + home, "GOBIN=" + own, "LC_ALL=C.UTF-8", "TERM=dumb", "AWS_EC2_METADATA_DISABLED=true", "TMPDIR=" + t.TempDir(),
		"PATH=" + strings.Join([]string{own, s.programs, s.others, goDir, "/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"}, ":"),
		// What the page needs has to be in the repository or in Go's caches: there is no network.
		"GOPROXY=off",
	}, s.env...)
}

// copy makes a copy of the repository as git would commit it now.
func (s *stand) copy(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "ampersand")
	list, err := exec.CommandContext(t.Context(), "git", "-C", s.root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	require.NoError(t, err, "git ls-files")
	for name := range bytes.SplitSeq(bytes.TrimRight(list, "\x00"), []byte{0}) {
		from, to := filepath.Join(s.root, string(name)), filepath.Join(folder, string(name))
		info, err := os.Lstat(from)
		if os.IsNotExist(err) {
			continue // deleted and not committed
		}
		require.NoError(t, err)
		require.True(t, info.Mode().IsRegular(), "%s is no plain file", name)
		content, err := os.ReadFile(from)
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o755))
		require.NoError(t, os.WriteFile(to, content, info.Mode().Perm()))
	}
	return folder
}

// buildSettings are those by which the suites are compiled (the Makefile's E2E_BUILD), so that what is compiled is shared;
// -trimpath makes the copies of the repository, each in a folder of its own, one to Go's cache.
func buildSettings() []string {
	return []string{
		"CGO_ENABLED=0",
		"GOFLAGS=-buildvcs=false -trimpath -tags=grpcnotrace,remove_all_sd,enable_kubernetes_sd -gcflags=all=-dwarf=false",
	}
}

func goCommand(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), buildSettings()...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "go %v: %s", args, out)
}

func goOutput(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	require.NoError(t, err, "go %v", args)
	return strings.TrimSpace(string(out))
}

func mustLookPath(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	require.NoError(t, err)
	return path
}

// logf prints a line of progress at once.
func logf(format string, args ...any) {
	fmt.Printf("%s  %s\n", time.Now().Format(time.TimeOnly), fmt.Sprintf(format, args...))
}
