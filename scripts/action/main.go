// Command action is what action.yml runs: `action inputs` checks the inputs of a workflow's step, before anything is built, and says
// what to keep between runs; `action play COMMAND...` has the suites play them, and says what came of it. Inputs are INPUT_* in the
// environment and never part of a command. The command is `make e2e-scenarios`, which the Makefile gives.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Getenv, os.Stdout); err != nil {
		annotate(os.Stdout, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, getenv func(string) string, out io.Writer) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch {
	case len(args) == 1 && args[0] == "inputs":
		return prepare(getenv, out)
	case len(args) > 1 && args[0] == "play":
		return play(ctx, args[1:], getenv, out)
	}
	return errors.New("wanted is action inputs, or action play with a command")
}

// prepare checks the inputs and says where things are.
func prepare(getenv func(string) string, out io.Writer) error {
	in, err := readInputs(getenv)
	if err != nil {
		return err
	}
	if err := in.vacant(); err != nil {
		return err
	}
	// Written once to see that it can be, before anything is built.
	trial, err := os.MkdirTemp("", "ampersand-action-")
	if err != nil {
		return fmt.Errorf("check the inputs: %w", err)
	}
	defer func() { _ = os.RemoveAll(trial) }()
	if _, err := in.writeScenario(trial); err != nil {
		return err
	}
	kept, err := in.cache()
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(out, in)
	return writeOutputs(getenv, []output{
		{"artifacts", in.artifacts}, {"cache", kept.path}, {"cache-key", kept.key}, {"cache-restore-key", kept.prefix},
	})
}

// patience is how long the command may take to clean up after an interrupt before it is killed.
const patience = 5 * time.Minute

// play has a command play the inputs, and says what came of it also when that was a failure.
func play(ctx context.Context, command []string, getenv func(string) string, out io.Writer) error {
	in, err := readInputs(getenv)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(in.artifacts, 0o755); err != nil {
		return fmt.Errorf("make the artifacts' folder: %w", err)
	}
	scenarios, err := in.writeScenario(in.artifacts)
	if err != nil {
		return err
	}
	report := filepath.Join(in.artifacts, "report.html")
	if _, err := os.Stat(report); err == nil {
		return fmt.Errorf("%s is there already: give each use of the action its own folder (artifacts)", report)
	}
	child := exec.CommandContext(ctx, command[0], command[1:]...)
	child.Env = append(withoutSuites(os.Environ()), in.environment(scenarios)...)
	child.Stdout, child.Stderr = out, os.Stderr
	// make does not pass an interrupt on: its whole group gets it, and the lab takes itself down.
	child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	child.Cancel = func() error { return syscall.Kill(-child.Process.Pid, syscall.SIGINT) }
	child.WaitDelay = patience
	failed := child.Run()

	outputs := []output{{"result", "passed"}}
	if failed != nil {
		outputs[0].value = "failed"
	}
	for _, file := range []output{{"report", report}, {"junit", filepath.Join(in.artifacts, "junit.xml")}} {
		if _, err := os.Stat(file.value); err == nil {
			outputs = append(outputs, file)
		} else if failed == nil {
			failed = fmt.Errorf("the suite passed and left no %s: nothing was proved", filepath.Base(file.value))
			outputs[0].value = "failed"
		}
	}
	if failed == nil {
		return writeOutputs(getenv, outputs)
	}
	if len(outputs) == 1 {
		// A lab that did not come to stand has written no summary.
		if err := appendTo(getenv("GITHUB_STEP_SUMMARY"), "# Ampersand: FAIL\n\nNothing was played to its end. The log of the step says why.\n"); err != nil {
			return err
		}
	}
	return errors.Join(fmt.Errorf("%s: %w", in.subject(), failed), writeOutputs(getenv, outputs))
}

// withoutSuites leaves out what the workflow may have set for the suites: the inputs decide.
func withoutSuites(environ []string) []string {
	var kept []string
	for _, entry := range environ {
		if !strings.HasPrefix(entry, "E2E_") {
			kept = append(kept, entry)
		}
	}
	return kept
}
