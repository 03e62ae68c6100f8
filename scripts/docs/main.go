// Command docs writes the parts of the documentation that are taken from the programs: docs/configuration.md from their
// help, and in docs/fidelity.md what the conformance suite checks and what the emulator answered. `make docs` runs it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/ampersand-amp/ampersand/e2e/conformance"
	"github.com/ampersand-amp/ampersand/e2e/conformance/output"
	"github.com/ampersand-amp/ampersand/e2e/lab/build"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := write(ctx, os.Stderr); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "docs:", err)
		return 1
	}
	return 0
}

// write brings the pages up to date.
func write(ctx context.Context, progress io.Writer) (err error) {
	root, err := build.Root(ctx)
	if err != nil {
		return err
	}
	programs, err := os.MkdirTemp("", "ampersand-docs-*")
	if err != nil {
		return fmt.Errorf("make a folder for the programs: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(programs)) }()
	if err := buildPrograms(ctx, root, programs); err != nil {
		return err
	}
	if err := rewrite(root, configurationPage, func(page string) (string, error) {
		parts, err := configuration(ctx, root, programs)
		if err != nil {
			return "", err
		}
		return replaceParts(page, parts)
	}); err != nil {
		return err
	}
	_, _ = fmt.Fprintln(progress, "running the conformance suite on an emulator: about half a minute")
	report, err := examine(ctx, programs)
	if err != nil {
		return err
	}
	return rewrite(root, fidelityPage, func(page string) (string, error) {
		parts := checkList(conformance.All())
		parts["results"] = output.Markdown(report)
		return replaceParts(page, parts)
	})
}

// rewrite changes a page.
func rewrite(root, page string, change func(string) (string, error)) error {
	path := filepath.Join(root, filepath.FromSlash(page))
	old, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the page: %w", err)
	}
	changed, err := change(string(old))
	if err != nil {
		return fmt.Errorf("%s: %w", page, err)
	}
	if changed == string(old) {
		return nil
	}
	if err := os.WriteFile(path, []byte(changed), 0o644); err != nil { //nolint:gosec // a page is for everybody
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

// buildPrograms builds the programs whose help is asked for.
func buildPrograms(ctx context.Context, root, dir string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", dir+string(filepath.Separator),
		"./emulator/cmd/ampersand", "./fixtures/sigv4proxy", "./fixtures/ho11y", "./fixtures/load")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the programs: %w\n%s", err, out)
	}
	return nil
}

// examine runs the conformance suite as `make conformance` does.
func examine(ctx context.Context, programs string) (conformance.Report, error) {
	var report conformance.Report
	file := filepath.Join(programs, "report.json")
	cmd := exec.CommandContext(ctx, filepath.Join(programs, "ampersand"), "conformance", "--emulator", "--parallel", "8", "--json", file)
	if out, err := cmd.CombinedOutput(); err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		return report, fmt.Errorf("run the conformance suite: %w: %s", err, lines[len(lines)-1])
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return report, fmt.Errorf("read the report: %w", err)
	}
	if err := json.Unmarshal(content, &report); err != nil {
		return report, fmt.Errorf("read the report: %w", err)
	}
	return report, nil
}
