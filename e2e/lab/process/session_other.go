//go:build !linux

package process

import "syscall"

// ownSession puts a child in a session of its own. Only Linux can tie its life to ours.
func ownSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

func (g *Group) spawn() {
	defer close(g.done)
	for start := range g.requests {
		start()
	}
}
