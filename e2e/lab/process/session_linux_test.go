package process_test

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ampersand-amp/ampersand/e2e/lab/process"
)

// TestChildrenDieWithTheLab kills a process that has started children the way the lab does. It cannot do anything for
// them any more.
func TestChildrenDieWithTheLab(t *testing.T) {
	x := newExchange(t)
	s := x.spec("lab")
	lab := exec.CommandContext(t.Context(), s.Path)
	lab.Env = s.Env
	lab.Stderr = os.Stderr
	require.NoError(t, lab.Start())
	t.Cleanup(func() { _ = lab.Process.Kill() })
	lines := map[string]*lifeline{}
	for range 3 {
		line := x.accept(t)
		lines[line.role] = line
	}
	for _, role := range []string{"lab", "orderly", "deaf"} {
		require.Contains(t, lines, role)
		lines[role].answers(t)
	}
	require.NoError(t, lab.Process.Signal(syscall.SIGKILL))
	require.Error(t, lab.Wait())
	for _, line := range lines {
		line.requireCut(t)
	}
	require.Empty(t, read(t, x.spec("orderly").LogPath), "it had no time for an orderly end")
}

func TestCloseKillsWhatStillRuns(t *testing.T) {
	x := newExchange(t)
	p, line := x.start(t, x.spec("deaf"))
	x.group.Close()
	requireExited(t, p)
	line.requireCut(t)
}

// TestChildrenOutliveTheThreadThatAskedForThem ends the thread of the caller: the kernel binds a child's life to the
// thread that forks it, not to the process.
func TestChildrenOutliveTheThreadThatAskedForThem(t *testing.T) {
	x := newExchange(t)
	var p *process.Process
	var err error
	thread := make(chan int)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		p, err = x.group.Start(x.spec("orderly"))
		thread <- unix.Gettid()
	}()
	task := fmt.Sprintf("/proc/self/task/%d", <-thread)
	require.NoError(t, err)
	line := x.accept(t)
	require.Eventually(t, func() bool {
		_, err := os.Stat(task)
		return os.IsNotExist(err)
	}, patience, time.Millisecond, "the thread does not end")
	line.answers(t)
	require.NoError(t, p.Stop(t.Context()))
}

// TestSession: Ctrl-C in a terminal reaches the foreground's process group, and the lab's children are in none of it.
func TestSession(t *testing.T) {
	x := newExchange(t)
	p, _ := x.start(t, x.spec("orderly"))
	session, err := unix.Getsid(p.PID())
	require.NoError(t, err)
	require.Equal(t, p.PID(), session)
}
