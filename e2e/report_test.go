package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ampersand-amp/ampersand/e2e/timeline"
	"github.com/ampersand-amp/ampersand/e2e/trial"
)

// add keeps a finished run for the report.
func (s *suite) add(run *timeline.Run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.report.Runs = append(s.report.Runs, *run)
}

// pair has the report lay the last two runs over each other.
func (s *suite) pair(first, second string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.report.Runs)
	if err := s.report.Pair(n-2, n-1, first, second); err != nil {
		fmt.Fprintf(os.Stderr, "e2e: lay runs over each other: %v\n", err)
	}
}

// writeReport prints the timelines, the verdict on the whole run and where the report is, and writes the timelines as
// JSON and HTML.
func (s *suite) writeReport(passed bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	verdict := timeline.Fail
	if passed {
		verdict = timeline.Pass
	}
	if len(s.report.Runs) == 0 {
		fmt.Printf("\n%s\n", verdict)
		return nil
	}
	s.report.Generated = time.Now()
	for i := range s.report.Runs {
		fmt.Println()
		if err := s.report.Runs[i].WriteText(os.Stdout, timeline.TextOptions{}); err != nil {
			return fmt.Errorf("print the timeline: %w", err)
		}
	}
	html := filepath.Join(s.options.artifacts, "report.html")
	for name, write := range map[string]func(io.Writer) error{
		"report.html": s.report.WriteHTML, "report.svg": s.report.WriteSVG, "report.md": s.report.WriteMarkdown,
		"timeline.json": s.report.WriteJSON, "timeline.csv": s.report.WriteCSV, "junit.xml": s.report.WriteJUnit,
	} {
		if err := writeFile(filepath.Join(s.options.artifacts, name), write); err != nil {
			return err
		}
	}
	if err := s.compareWithBaseline(); err != nil {
		return err
	}
	if summary := os.Getenv("GITHUB_STEP_SUMMARY"); summary != "" {
		if err := appendFile(summary, s.report.WriteMarkdown); err != nil {
			return err
		}
	}
	fmt.Printf("\n%s\nreport: %s\n", verdict, html)
	return nil
}

// collect keeps what explains a failed feature: the timeline as far as it goes, objects, logs and requests.
func (s *suite) collect(ctx context.Context, t *testing.T, tr *trial.Trial) {
	t.Helper()
	if tr != nil {
		// A feature that got to its end has added its timeline by itself.
		if run := tr.Abandon(); run != nil {
			run.Finish(errors.New("the feature ended early: see the test's output"))
			s.add(run)
		}
	}
	dir := filepath.Join(s.options.artifacts, "failed", strings.NewReplacer("/", "_", " ", "_").Replace(t.Name()))
	if err := s.lab.CollectArtifacts(ctx, dir); err != nil {
		t.Logf("collect artifacts: %v", err)
	}
	logf("%s failed: what explains it is in %s", t.Name(), dir)
}

// reportFailed finishes the run of a feature whose timeline is of interest only when it fails: then it is in the report.
func reportFailed(t *testing.T, run *timeline.Run, checks ...error) {
	t.Helper()
	run.Finish(checks...)
	for _, failure := range run.Failures {
		t.Error(failure)
	}
	if t.Failed() {
		if len(run.Failures) == 0 {
			run.Finish(errors.New("see the test's output"))
		}
		the.add(run)
	}
}

// compareWithBaseline lays the runs over those of an earlier report, if E2E_BASELINE names its timeline.json.
func (s *suite) compareWithBaseline() error {
	path := os.Getenv("E2E_BASELINE")
	if path == "" {
		return nil
	}
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read the report of E2E_BASELINE: %w", err)
	}
	defer func() { _ = file.Close() }()
	before, err := timeline.ReadJSON(file)
	if err != nil {
		return fmt.Errorf("read the report of E2E_BASELINE: %w", err)
	}
	both, err := timeline.Overlay(before, s.report)
	if err != nil {
		return fmt.Errorf("lay the report over that of E2E_BASELINE: %w", err)
	}
	both.Title, both.Generated = s.report.Title+", beside an earlier run", s.report.Generated
	to := filepath.Join(s.options.artifacts, "compared.html")
	fmt.Printf("\nbeside the earlier run: %s\n", to)
	return writeFile(to, both.WriteHTML)
}

// appendFile writes to the end of a file.
func appendFile(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("write the summary: %w", err)
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return fmt.Errorf("write the summary %s: %w", path, err)
	}
	return nil
}

func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	if err := write(f); err != nil {
		_ = f.Close()
		return fmt.Errorf("write the report %s: %w", path, err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("write the report %s: %w", path, err)
	}
	return nil
}
