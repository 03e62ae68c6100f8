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
	for path, write := range map[string]func(io.Writer) error{
		html: s.report.WriteHTML,
		filepath.Join(s.options.artifacts, "timeline.json"): s.report.WriteJSON,
	} {
		if err := writeFile(path, write); err != nil {
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
