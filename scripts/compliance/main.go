// Command compliance runs the remote-write suites of the Prometheus project, as the module proxy serves them: `make
// compliance`. The suite for senders tries the lab's collector and Prometheus, the suite for receivers the emulator and
// Prometheus. It fails when what fails is not what known.go lists.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/ampersand-amp/ampersand/e2e/lab/build"
	"github.com/ampersand-amp/ampersand/e2e/lab/process"
	"github.com/ampersand-amp/ampersand/fixtures/components"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "compliance: %v\n", err)
		os.Exit(1)
	}
}

func run() (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root, err := build.Root(ctx)
	if err != nil {
		return err
	}
	programs, err := buildPrograms(ctx, root)
	if err != nil {
		return err
	}
	logs := filepath.Join(root, "e2e", "artifacts", "compliance")
	if err := errors.Join(os.RemoveAll(logs), os.MkdirAll(logs, 0o755)); err != nil {
		return fmt.Errorf("make room for logs: %w", err)
	}
	data, err := os.MkdirTemp("", "compliance-*")
	if err != nil {
		return fmt.Errorf("make a folder for data: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(data)) }()
	processes := process.NewGroup()
	defer processes.Close()
	s := &stand{processes: processes, programs: programs, logs: logs, data: data}
	if err := s.start(ctx); err != nil {
		return err
	}
	senders, err := s.senders(ctx, root)
	if err != nil {
		return err
	}
	receivers, err := s.receivers(ctx)
	if err != nil {
		return err
	}
	return report(os.Stdout, append(senders, receivers...))
}

func buildPrograms(ctx context.Context, root string) (build.Programs, error) {
	cache, err := build.DefaultCache()
	if err != nil {
		return nil, err
	}
	list := components.Clients()
	for _, c := range components.DefaultRelease().KWOK() {
		if c.Name == "collector" {
			list = append(list, c)
		}
	}
	builder := &build.Builder{Root: root, Cache: cache, Logf: logf}
	return builder.Build(ctx, list)
}

// logf prints a line of progress at once.
func logf(format string, args ...any) {
	fmt.Printf("%s  %s\n", time.Now().Format("15:04:05"), fmt.Sprintf(format, args...))
}
