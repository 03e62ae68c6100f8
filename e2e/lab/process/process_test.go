package process_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/lab/process"
)

func TestStopAsksFirst(t *testing.T) {
	x := newExchange(t)
	s := x.spec("orderly")
	p, line := x.start(t, s)
	require.NoError(t, p.Err(), "it runs")
	line.answers(t)
	require.NoError(t, p.Stop(t.Context()))
	requireExited(t, p)
	require.NoError(t, p.Err(), "it ended with status 0")
	require.Equal(t, "ended in an orderly way\n", read(t, s.LogPath))
	require.NoError(t, p.Stop(t.Context()), "twice is fine")
}

func TestStopKillsTheDeaf(t *testing.T) {
	tests := map[string]struct {
		grace time.Duration
		ctx   func(context.Context) (context.Context, context.CancelFunc)
		want  string
	}{
		"after the grace period": {
			grace: 50 * time.Millisecond, ctx: context.WithCancel,
			want: "the deaf child did not end within 50ms of SIGTERM and was killed",
		},
		"when there is no time to wait": {
			grace: time.Hour,
			ctx: func(ctx context.Context) (context.Context, context.CancelFunc) {
				return context.WithTimeout(ctx, 50*time.Millisecond)
			},
			want: "the deaf child had not ended when the wait for it was given up (context deadline exceeded) and was killed",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			x := newExchange(t)
			s := x.spec("deaf")
			s.Grace = tc.grace
			p, line := x.start(t, s)
			ctx, cancel := tc.ctx(t.Context())
			defer cancel()
			require.EqualError(t, p.Stop(ctx), tc.want)
			requireExited(t, p)
			line.requireCut(t)
			require.ErrorContains(t, p.Err(), "signal: killed")
		})
	}
}

func TestFailureShowsTheEndOfTheLog(t *testing.T) {
	x := newExchange(t)
	s := x.spec("brief")
	for range 2 { // the second one appends
		p, err := x.group.Start(s)
		require.NoError(t, err)
		requireExited(t, p)
		require.EqualError(t, p.Failure(), "the brief child ended by itself (exit status 3); last lines of "+s.LogPath+
			":\nline 4\nline 5\nline 6\nline 7\nthe disk is full")
	}
	require.Equal(t, 2, strings.Count(read(t, s.LogPath), "line 0\n"))
	require.NoError(t, os.Remove(s.LogPath))
	p, err := x.group.Start(s)
	require.NoError(t, err)
	requireExited(t, p)
	require.NoError(t, os.Remove(s.LogPath))
	require.ErrorContains(t, p.Failure(), "read the end of a log", "a log that is gone hides nothing else")
	require.ErrorContains(t, p.Failure(), "exit status 3")
}

func TestEnvironmentIsTheSpecsAlone(t *testing.T) {
	t.Setenv("AMPERSAND_TEST_LEAK", "1")
	x := newExchange(t)
	s := x.spec("environment")
	s.Dir = x.dir
	p, err := x.group.Start(s)
	require.NoError(t, err)
	requireExited(t, p)
	require.NoError(t, p.Err())
	require.Equal(t, strings.Join(s.Env, "\n")+" \nin "+x.dir+" <nil>\n", read(t, s.LogPath))
}

func TestStartFails(t *testing.T) {
	x := newExchange(t)
	file := filepath.Join(x.dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	tests := map[string]struct {
		change func(*process.Spec)
		want   string
	}{
		"no program":         {func(s *process.Spec) { s.Path = filepath.Join(x.dir, "none") }, "no such file"},
		"no folder for logs": {func(s *process.Spec) { s.LogPath = filepath.Join(file, "logs", "x.log") }, "not a directory"},
		"log is a folder":    {func(s *process.Spec) { s.LogPath = x.dir }, "is a directory"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := x.spec("orderly")
			tc.change(&s)
			_, err := x.group.Start(s)
			require.ErrorContains(t, err, "start the orderly child: ")
			require.ErrorContains(t, err, tc.want)
		})
	}
	x.group.Close()
	x.group.Close() // twice is fine
	_, err := x.group.Start(x.spec("orderly"))
	require.EqualError(t, err, "start the orderly child: the process group is closed")
}

// TestGiven: what a process got can be asked of the kernel while it runs.
func TestGiven(t *testing.T) {
	x := newExchange(t)
	s := x.spec("orderly")
	s.Args, s.Env = []string{"-an argument"}, append(s.Env, "KEY=a value")
	p, line := x.start(t, s)
	line.answers(t)
	require.Equal(t, "the orderly child", p.Name())
	require.Equal(t, []*process.Process{p}, x.group.Running())
	given, err := p.Given()
	require.NoError(t, err)
	require.Subset(t, given, []string{"-an argument", "KEY=a value"})
	require.NoError(t, p.Stop(t.Context()))
	given, err = p.Given()
	require.NoError(t, err)
	require.Empty(t, given)
	require.Eventually(t, func() bool { return len(x.group.Running()) == 0 }, patience, time.Millisecond)
}

func TestTail(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 40<<10)
	tests := map[string]struct {
		text string
		n    int
		want string
	}{
		"empty":              {"", 5, ""},
		"fewer lines":        {"a\nb\n", 5, "a\nb"},
		"more lines":         {"a\nb\nc\n", 2, "b\nc"},
		"no newline at end":  {"a\nb\nc", 2, "b\nc"},
		"only the last part": {long + "\n" + long + "\nend\n", 2, long + "\nend"},
		"a line too long":    {long + long, 1, strings.Repeat("x", 64<<10)},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "log")
			require.NoError(t, os.WriteFile(path, []byte(tc.text), 0o600))
			got, err := process.Tail(path, tc.n)
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
		})
	}
	_, err := process.Tail(filepath.Join(t.TempDir(), "none"), 1)
	require.ErrorIs(t, err, os.ErrNotExist)
}
