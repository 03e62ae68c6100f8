// Command standin runs a command with a kind cluster standing in for EKS and an emulator for AWS, and fails when the command fails or
// leaves something behind: `make e2e-aws-standin`. E2E_ARTIFACTS, E2E_KUBERNETES and E2E_KEDA are those of the suites.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/ampersand-amp/ampersand/e2e/lab"
	"github.com/ampersand-amp/ampersand/e2e/lab/build"
	"github.com/ampersand-amp/ampersand/e2e/scenario"
	"github.com/ampersand-amp/ampersand/fixtures/components"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "standin: %v\n", err)
		os.Exit(1)
	}
}

// patience is how long a command that was interrupted may take to clean up before it is killed.
const patience = 10 * time.Minute

func run(command []string) (err error) {
	if len(command) == 0 {
		return errors.New("no command is given that is to be run on the stand-in")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	options, err := optionsFromEnvironment(ctx)
	if err != nil {
		return err
	}
	standIn, err := lab.UpStandIn(ctx, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, standIn.Down()) }()

	child := exec.CommandContext(ctx, command[0], command[1:]...)
	child.Env = append(os.Environ(), standIn.Environment()...)
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	// Ctrl-C reaches it once, by us and not by the terminal too: a second one would end it before it has cleaned up.
	child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	child.Cancel = func() error { return syscall.Kill(-child.Process.Pid, syscall.SIGINT) }
	child.WaitDelay = patience
	if failed := child.Run(); failed != nil {
		err = fmt.Errorf("run %v: %w", command, failed)
	}
	checking, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute)
	defer cancel()
	if left := standIn.Untouched(checking); left != nil {
		return errors.Join(err, left)
	}
	logf("nothing of the run is left in cluster and account")
	return err
}

// optionsFromEnvironment reads what the suites read too.
func optionsFromEnvironment(ctx context.Context) (lab.Options, error) {
	var o lab.Options
	release := components.DefaultRelease()
	release.Kubernetes = cmp.Or(os.Getenv("E2E_KUBERNETES"), release.Kubernetes)
	release.KEDA = cmp.Or(os.Getenv("E2E_KEDA"), release.KEDA)
	if err := release.Validate(); err != nil {
		return o, err
	}
	root, err := build.Root(ctx)
	if err != nil {
		return o, err
	}
	cache, err := build.DefaultCache()
	if err != nil {
		return o, err
	}
	story, err := scenario.Named("autoscaling")
	if err != nil {
		return o, err
	}
	periods, err := story.Profile("fast")
	if err != nil {
		return o, err
	}
	artifacts, err := filepath.Abs(cmp.Or(os.Getenv("E2E_ARTIFACTS"), filepath.Join(root, "e2e", "artifacts")))
	if err != nil {
		return o, fmt.Errorf("find the artifacts' folder: %w", err)
	}
	return lab.Options{
		Root: root, Cache: cache, Release: release, Images: lab.ImagesBuilt, Logf: logf,
		// Beside the folder of the run, which it clears.
		Artifacts: artifacts + "-standin",
		Settings:  lab.Settings{HPASyncPeriod: time.Duration(periods.HPASync)},
	}, nil
}

func logf(format string, args ...any) {
	fmt.Printf("%s  %s\n", time.Now().Format("15:04:05"), fmt.Sprintf(format, args...))
}
