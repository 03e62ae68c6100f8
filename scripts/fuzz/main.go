// Command fuzz finds every fuzz test of the module and plays each for some seconds: `make fuzz-smoke`. It says what ran, and
// fails when one of them does or when there is none.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

func main() {
	span := flag.Duration("for", 2*time.Second, "how long each fuzz test plays")
	dir := flag.String("C", ".", "folder of the module")
	flag.Parse()
	if *span < time.Second {
		fmt.Fprintf(os.Stderr, "fuzz: -for %v is less than the second that a fuzz test needs to start\n", *span)
		os.Exit(2)
	}
	if err := run(context.Background(), os.Stdout, *dir, *span); err != nil {
		fmt.Fprintf(os.Stderr, "fuzz: %v\n", err)
		os.Exit(1)
	}
}

// target is one fuzz test.
type target struct{ pkg, name string }

func run(ctx context.Context, out io.Writer, dir string, span time.Duration) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	targets, err := find(ctx, dir)
	if err != nil {
		return err
	}
	if len(targets) == 0 {
		return errors.New("no fuzz test was found: nothing was proved")
	}
	_, _ = fmt.Fprintf(out, "%d fuzz tests, %v each; the first of a package is compiled for it before\n", len(targets), span)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	var failed []string
	for _, t := range targets {
		said, err := t.play(ctx, dir, span)
		if ctx.Err() != nil {
			return fmt.Errorf("play %s: %w", t.name, context.Cause(ctx))
		}
		verdict := "ok"
		if err != nil {
			verdict = "FAIL"
			failed = append(failed, t.name)
			_, _ = out.Write(said)
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", verdict, t.name, t.pkg, executions(said))
		_ = table.Flush()
	}
	if len(failed) > 0 {
		return fmt.Errorf("failed: %s (the input is kept below the package's testdata/fuzz: add it to the change that mends it)", strings.Join(failed, ", "))
	}
	_, _ = fmt.Fprintf(out, "%d fuzz tests passed\n", len(targets))
	return nil
}

// find asks the go command for the fuzz tests. Only packages in whose tests the word stands are asked, as asking compiles them.
func find(ctx context.Context, dir string) ([]target, error) {
	const files = `{{$dir := .Dir}}{{.ImportPath}}{{range .TestGoFiles}} {{$dir}}/{{.}}{{end}}{{range .XTestGoFiles}} {{$dir}}/{{.}}{{end}}`
	listed, err := output(ctx, dir, "go", "list", "-f", files, "./...")
	if err != nil {
		return nil, fmt.Errorf("list the packages: %w", err)
	}
	var targets []target
	for line := range strings.Lines(string(listed)) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		mentioned, err := mentionFuzz(fields[1:])
		if err != nil {
			return nil, err
		}
		if !mentioned {
			continue
		}
		names, err := output(ctx, dir, "go", "test", "-list", "^Fuzz", fields[0])
		if err != nil {
			return nil, fmt.Errorf("list the fuzz tests of %s: %w", fields[0], err)
		}
		for name := range strings.Lines(string(names)) {
			if strings.HasPrefix(name, "Fuzz") {
				targets = append(targets, target{pkg: fields[0], name: strings.TrimSpace(name)})
			}
		}
	}
	return targets, nil
}

func mentionFuzz(files []string) (bool, error) {
	for _, name := range files {
		text, err := os.ReadFile(filepath.Clean(name))
		if err != nil {
			return false, fmt.Errorf("look for fuzz tests: %w", err)
		}
		if bytes.Contains(text, []byte("\nfunc Fuzz")) {
			return true, nil
		}
	}
	return false, nil
}

func (t target) play(ctx context.Context, dir string, span time.Duration) ([]byte, error) {
	// Minimizing is for people who look at a failure; here it would only take time, even for inputs that are merely new.
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-fuzz", "^"+t.name+"$", "-fuzztime", span.String(), "-fuzzminimizetime", "1x", t.pkg)
	cmd.Dir = dir
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	return cmd.CombinedOutput()
}

// executions is how often the fuzz test ran, as the go command said last.
func executions(said []byte) string {
	all := regexp.MustCompile(`execs: (\d+)`).FindAllSubmatch(said, -1)
	if len(all) == 0 {
		return ""
	}
	return string(all[len(all)-1][1]) + " inputs"
}

func output(ctx context.Context, dir, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	var failure bytes.Buffer
	cmd.Stderr = &failure
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%w\n%s%s", err, out, failure.Bytes())
	}
	return out, nil
}
