//go:build linux

// Command runcap stands in for runc on a machine whose root lacks a capability.
//
// An engine that does not know its bounding set asks runc for every capability there is when a container is privileged,
// and runc then fails. runcap takes out of the request what cannot be given and becomes runc, which has to lie beside
// it. No process of its own stays: the caller sees runc's process id, output and exit code.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

func main() {
	if err := run(os.Args[1:], os.Environ()); err != nil {
		fmt.Fprintln(os.Stderr, "runcap:", err)
		os.Exit(1)
	}
}

// run returns only when it failed: otherwise this process is runc.
func run(args, env []string) error {
	if file := specFile(args); file != "" {
		granted, err := bounding("/proc/self/status")
		if err != nil {
			return err
		}
		if err := trimFile(file, granted); err != nil {
			return err
		}
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find runc beside this program: %w", err)
	}
	runc := filepath.Join(filepath.Dir(self), "runc")
	if err := syscall.Exec(runc, append([]string{runc}, args...), env); err != nil {
		return fmt.Errorf("become %s: %w", runc, err)
	}
	return nil
}
