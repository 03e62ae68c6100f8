// Package process runs the lab's child processes: each with its own log file, each ended in an orderly way
// when asked, and none left behind when the lab itself dies.
//
// It is not a supervisor: a child that ends by itself is reported, not started again. (Package podrunner starts
// the processes of pods again, as a kubelet would.)
package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// DefaultGrace is how long Stop waits after SIGTERM before it sends SIGKILL.
const DefaultGrace = 10 * time.Second

// Spec says what to run.
type Spec struct {
	// Name is used in messages and errors.
	Name string
	// Path is the program; Args are its arguments without the program's name.
	Path string
	Args []string
	// Env is the whole environment: nothing is inherited, so that a run does not depend on the person's shell.
	Env []string
	// Dir is the working directory, the lab's own when empty.
	Dir string
	// LogPath is the file that receives standard output and standard error, appended.
	LogPath string
	// Grace is how long Stop waits between SIGTERM and SIGKILL. Zero means DefaultGrace.
	Grace time.Duration
}

// Process is a running child.
type Process struct {
	spec   Spec
	cmd    *exec.Cmd
	log    *os.File
	exited chan struct{}
	err    error
}

// Group starts processes and makes sure that they end with the lab. Its zero value is not usable: see NewGroup.
type Group struct {
	requests chan func()
	done     chan struct{}

	mu      sync.Mutex
	closed  bool
	running map[*Process]struct{}
}

// NewGroup returns a Group whose children receive SIGKILL from the kernel when this process dies for whatever
// reason. Close it after all of its processes were stopped.
func NewGroup() *Group {
	g := &Group{requests: make(chan func()), done: make(chan struct{}), running: map[*Process]struct{}{}}
	go g.spawn()
	return g
}

// Start runs s in a session of its own, so that Ctrl-C in the terminal reaches only the lab, which then stops its
// children in the right order.
func (g *Group) Start(s Spec) (*Process, error) {
	if s.Grace == 0 {
		s.Grace = DefaultGrace
	}
	if err := os.MkdirAll(filepath.Dir(s.LogPath), 0o755); err != nil {
		return nil, fmt.Errorf("start %s: %w", s.Name, err)
	}
	log, err := os.OpenFile(s.LogPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", s.Name, err)
	}
	p := &Process{spec: s, log: log, exited: make(chan struct{})}
	// Its life is not bound to a context: a child that a context ends gets SIGKILL, one that Stop ends SIGTERM first.
	p.cmd = exec.CommandContext(context.Background(), s.Path, s.Args...)
	p.cmd.Env = s.Env
	p.cmd.Dir = s.Dir
	p.cmd.Stdout = log
	p.cmd.Stderr = log
	p.cmd.SysProcAttr = ownSession()

	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		_ = log.Close()
		return nil, fmt.Errorf("start %s: the process group is closed", s.Name)
	}
	started := make(chan error)
	g.requests <- func() { started <- p.cmd.Start() }
	if err := <-started; err != nil {
		_ = log.Close()
		return nil, fmt.Errorf("start %s: %w", s.Name, err)
	}
	g.running[p] = struct{}{}
	go p.wait(g.forget)
	return p, nil
}

// Running are the children that run now.
func (g *Group) Running() []*Process {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Collect(maps.Keys(g.running))
}

// Close kills the children that still run, waits for their end, and ends the thread that they were bound to. The end of
// the thread alone would not do: Go keeps it when it happens to be the process's first one.
func (g *Group) Close() {
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		return
	}
	g.closed = true
	left := slices.Collect(maps.Keys(g.running))
	g.mu.Unlock()
	for _, p := range left {
		_ = p.cmd.Process.Kill()
		<-p.exited
	}
	close(g.requests)
	<-g.done
}

func (g *Group) forget(p *Process) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.running, p)
}

// PID is the process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Name is what messages call it.
func (p *Process) Name() string { return p.spec.Name }

// Given returns the arguments and the environment that the kernel holds of the process: what it really got, not what it was
// meant to get. Of one that has ended there are none.
func (p *Process) Given() ([]string, error) {
	var given []string
	for _, file := range []string{"cmdline", "environ"} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p.PID(), file))
		if err != nil {
			select {
			case <-p.exited:
				return nil, nil
			default:
				return nil, fmt.Errorf("read what %s was started with: %w", p.spec.Name, err)
			}
		}
		given = append(given, strings.FieldsFunc(string(text), func(r rune) bool { return r == 0 })...)
	}
	return given, nil
}

// Exited is closed when the process has ended.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Err says how the process ended: nil while it runs or when it ended with status 0.
func (p *Process) Err() error {
	select {
	case <-p.exited:
		return p.err
	default:
		return nil
	}
}

// Kill sends SIGKILL, and returns when the process is gone.
func (p *Process) Kill(ctx context.Context) error {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill %s: %w", p.spec.Name, err)
	}
	select {
	case <-p.exited:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("kill %s: %w", p.spec.Name, ctx.Err())
	}
}

// Stop sends SIGTERM, waits for the grace period or ctx, then sends SIGKILL, and returns when the process is gone.
func (p *Process) Stop(ctx context.Context) error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	grace := time.NewTimer(p.spec.Grace)
	defer grace.Stop()
	late := fmt.Errorf("%s did not end within %s of SIGTERM and was killed", p.spec.Name, p.spec.Grace)
	select {
	case <-p.exited:
		return nil
	case <-grace.C:
	case <-ctx.Done():
		late = fmt.Errorf("%s had not ended when the wait for it was given up (%w) and was killed", p.spec.Name, ctx.Err())
	}
	_ = p.cmd.Process.Kill()
	<-p.exited
	return late
}

// Failure describes an unexpected end: the status and the last lines of the log.
func (p *Process) Failure() error {
	status := "status 0"
	if err := p.Err(); err != nil {
		status = err.Error()
	}
	tail, err := Tail(p.spec.LogPath, 5)
	if err != nil {
		tail = err.Error()
	}
	return fmt.Errorf("%s ended by itself (%s); last lines of %s:\n%s", p.spec.Name, status, p.spec.LogPath, tail)
}

func (p *Process) wait(ended func(*Process)) {
	err := p.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		err = fmt.Errorf("wait for %s: %w", p.spec.Name, err)
	}
	p.err = err
	_ = p.log.Close()
	close(p.exited)
	ended(p)
}

// Tail returns the last n lines of a file. It reads at most the last 64 KiB.
func Tail(path string, n int) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read the end of a log: %w", err)
	}
	defer func() { _ = f.Close() }()
	const window = 64 << 10
	if info, err := f.Stat(); err == nil && info.Size() > window {
		if _, err := f.Seek(-window, io.SeekEnd); err != nil {
			return "", fmt.Errorf("read the end of a log: %w", err)
		}
	}
	b, err := io.ReadAll(f)
	if err != nil {
		return "", fmt.Errorf("read the end of a log: %w", err)
	}
	lines := strings.Split(string(bytes.TrimRight(b, "\n")), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n"), nil
}
