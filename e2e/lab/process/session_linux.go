package process

import (
	"runtime"
	"syscall"
)

// ownSession puts a child in a session of its own and has the kernel kill it when the thread that started it ends.
func ownSession() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
}

// spawn starts every child of the group from one operating system thread that lives as long as the group: the
// kernel's parent-death signal follows the thread, and Go ends idle threads whenever it likes.
func (g *Group) spawn() {
	runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
	defer close(g.done)
	for start := range g.requests {
		start()
	}
}
