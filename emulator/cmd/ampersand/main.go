// Ampersand is a local Amazon Managed Service for Prometheus. `ampersand serve`
// runs it; `ampersand --help` says the rest.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Exit codes of the program.
const (
	exitOK     = 0
	exitFailed = 1 // failed while running
	exitUsage  = 2 // wrong usage
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.LookupEnv, os.Stdout, os.Stderr))
}

// run is the program; everything it uses of the process is an argument.
func run(ctx context.Context, args []string, env lookup, stdout, stderr io.Writer) int {
	root := newRoot(env, stdout, stderr)
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	var usage *usageError
	if errors.As(err, &usage) {
		_, _ = fmt.Fprintln(stderr, usage.line())
		return exitUsage
	}
	_, _ = fmt.Fprintln(stderr, "ampersand: "+oneLine(err.Error()))
	return exitFailed
}

// usageError is a mistake in how the program was called.
type usageError struct {
	command string // as typed, for example "ampersand serve"
	err     error
}

func (e *usageError) Error() string { return e.err.Error() }

func (e *usageError) Unwrap() error { return e.err }

// line says what is wrong and where help is, in one line.
func (e *usageError) line() string {
	return fmt.Sprintf("%s: %s (help: %s --help)", e.command, oneLine(e.err.Error()), e.command)
}

// oneLine joins the lines of errors that were joined.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}
