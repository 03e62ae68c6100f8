package process_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/lab/process"
)

// The environment of a child: this test binary, started again to behave as the test wants.
const (
	envRole     = "AMPERSAND_TEST_ROLE"
	envLifeline = "AMPERSAND_TEST_LIFELINE"
	envDir      = "AMPERSAND_TEST_DIR"
)

// patience bounds every wait. It is met only when something is broken.
const patience = 20 * time.Second

func TestMain(m *testing.M) {
	if role := os.Getenv(envRole); role != "" {
		os.Exit(play(role))
	}
	os.Exit(m.Run())
}

// play is a child's life. It holds a connection to the test as long as it lives, so that the test learns of its end from
// the kernel, and ends with the test.
func play(role string) int {
	switch role {
	case "brief":
		for i := range 8 {
			fmt.Println("line", i)
		}
		fmt.Fprintln(os.Stderr, "the disk is full")
		return 3
	case "environment":
		dir, err := os.Getwd()
		fmt.Println(strings.Join(os.Environ(), "\n"), "\nin", dir, err)
		return 0
	}
	terminated := make(chan os.Signal, 1)
	if role == "deaf" {
		signal.Ignore(syscall.SIGTERM)
	} else {
		signal.Notify(terminated, syscall.SIGTERM)
	}
	if role == "lab" {
		if err := startChildren(); err != nil {
			fmt.Println(err)
			return 1
		}
	}
	line, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", os.Getenv(envLifeline))
	if err != nil {
		fmt.Println(err)
		return 1
	}
	_, _ = fmt.Fprintln(line, role)
	cut := make(chan struct{})
	go func() {
		defer close(cut)
		_, _ = io.Copy(line, line) // what the test says comes back to it
	}()
	select {
	case <-terminated:
		fmt.Println("ended in an orderly way")
	case <-cut:
	}
	return 0
}

// startChildren is what the lab does: it starts children in a group and never closes it.
func startChildren() error {
	group := process.NewGroup()
	for _, role := range []string{"orderly", "deaf"} {
		if _, err := group.Start(spec(os.Getenv(envDir), role, os.Getenv(envLifeline))); err != nil {
			return err
		}
	}
	return nil
}

func spec(dir, role, lifeline string) process.Spec {
	program, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return process.Spec{
		Name: "the " + role + " child", Path: program,
		Env:     []string{envRole + "=" + role, envLifeline + "=" + lifeline, envDir + "=" + dir},
		LogPath: filepath.Join(dir, "logs", role+".log"),
		Grace:   patience,
	}
}

// exchange is where children call.
type exchange struct {
	listener net.Listener
	dir      string
	group    *process.Group
}

func newExchange(t *testing.T) *exchange {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	x := &exchange{listener: listener, dir: t.TempDir(), group: process.NewGroup()}
	t.Cleanup(func() {
		x.group.Close()
		_ = listener.Close()
	})
	return x
}

func (x *exchange) spec(role string) process.Spec {
	return spec(x.dir, role, x.listener.Addr().String())
}

// start starts a child and waits until it does what its role says.
func (x *exchange) start(t *testing.T, s process.Spec) (*process.Process, *lifeline) {
	t.Helper()
	p, err := x.group.Start(s)
	require.NoError(t, err)
	return p, x.accept(t)
}

// lifeline is the connection to a living child.
type lifeline struct {
	net.Conn
	lines *bufio.Reader
	role  string
}

// accept waits for a child's call.
func (x *exchange) accept(t *testing.T) *lifeline {
	t.Helper()
	require.NoError(t, x.listener.(*net.TCPListener).SetDeadline(time.Now().Add(patience)))
	conn, err := x.listener.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	l := &lifeline{Conn: conn, lines: bufio.NewReader(conn)}
	role, err := l.lines.ReadString('\n')
	require.NoError(t, err)
	l.role = strings.TrimSpace(role)
	return l
}

// answers tells whether the child is alive: it says back what it is told.
func (l *lifeline) answers(t *testing.T) {
	t.Helper()
	_, err := fmt.Fprintln(l, "are you there?")
	require.NoError(t, err)
	_, err = l.lines.ReadString('\n')
	require.NoError(t, err, "%s does not answer", l.role)
}

// requireCut waits until the kernel says that the child is gone.
func (l *lifeline) requireCut(t *testing.T) {
	t.Helper()
	_, err := l.lines.ReadString('\n')
	require.Error(t, err)
	require.NotErrorIs(t, err, os.ErrDeadlineExceeded, "%s is still alive", l.role)
}

func requireExited(t *testing.T, p *process.Process) {
	t.Helper()
	select {
	case <-p.Exited():
	case <-time.After(patience):
		t.Fatal("the process is still running")
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}
