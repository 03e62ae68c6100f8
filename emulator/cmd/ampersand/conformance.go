package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/ampersand-amp/ampersand/e2e/conformance"
	"github.com/ampersand-amp/ampersand/e2e/conformance/output"
	"github.com/ampersand-amp/ampersand/e2e/conformance/recording"
)

// conformanceFlags are what newConformance's command was called with.
type conformanceFlags struct {
	at                      targetFlags
	ids, areas, levels      []string
	quick, list, dryRun     bool
	cleanup, yes            bool
	format                  string
	json, junit, html       string
	record, compare         string
	parallel                int
	stdin                   io.Reader
	stdout, stderr          io.Writer
	selected                []conformance.Check
	earlier                 *recording.Recording
	jsonTo, junitTo, htmlTo *os.File
}

// newConformance carries out the conformance suite on an endpoint.
func newConformance(env lookup, stdout, stderr io.Writer) *cobra.Command {
	f := &conformanceFlags{format: "text", stdin: os.Stdin, stdout: stdout, stderr: stderr}
	f.at.pace = paceValue{words: "quotas"}
	cmd := &cobra.Command{
		Use:   "conformance",
		Short: "Examine an endpoint, real AMP or an emulator, check by check",
		Long: "Carry out checks of AMP's behaviour on any endpoint that speaks its API, and say\n" +
			"which it meets. The endpoint is --endpoint, AWS_ENDPOINT_URL_AMP, AWS_ENDPOINT_URL,\n" +
			"or else AWS's own of the region; credentials and region come from AWS's usual\n" +
			"places. What a run creates it removes, also after Ctrl-C. On a target that is not\n" +
			"on this machine it says what that costs and asks first.\n\n" +
			"Exit codes: 0 no MUST failed; 1 one did, the run did not come to its end, or\n" +
			"--compare found drift; 2 wrong usage.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			if err := f.prepare(env); err != nil {
				return &usageError{cmd.CommandPath(), err}
			}
			err := f.do(ctx, env, stop)
			if wrong := (*wrongUseError)(nil); errors.As(err, &wrong) {
				return &usageError{cmd.CommandPath(), err}
			}
			return err
		},
	}
	f.addFlags(cmd)
	cmd.AddCommand(newConformanceCompare(stdout))
	return cmd
}

func (f *conformanceFlags) addFlags(cmd *cobra.Command) {
	s := cmd.Flags()
	s.SortFlags = false
	f.at.addFlags(s)
	s.StringArrayVar(&f.ids, "id", nil, "checks by id: a glob, or the beginning of ids up to a dot; repeatable")
	s.StringSliceVar(&f.areas, "area", nil, "checks of an area; repeatable")
	s.StringSliceVar(&f.levels, "level", nil, "checks of a level: MUST, SHOULD, MAY, UNKNOWN; repeatable")
	s.BoolVar(&f.quick, "quick", false, "leave out checks that take longer than 10 s on AWS")
	s.BoolVar(&f.list, "list", false, "list the checks and do nothing")
	s.BoolVar(&f.dryRun, "dry-run", false, "say what a run would do, cost and take, and send nothing")
	s.BoolVar(&f.cleanup, "cleanup", false, "remove what earlier runs left behind, and nothing else; do not use it while another run is in progress")
	s.BoolVar(&f.yes, "yes", false, "do not ask")
	s.Var(choiceValue{&f.format, []string{"text", "json"}}, "format", "form of what is printed")
	s.StringVar(&f.json, "json", "", "write the report to this file as JSON")
	s.StringVar(&f.junit, "junit", "", "write the report to this file as JUnit XML")
	s.StringVar(&f.html, "html", "", "write the report to this file as a page")
	s.StringVar(&f.record, "record", "", "write every request and answer, without secrets and ids, to this file: JSON lines, compressed if it ends in .gz")
	s.StringVar(&f.compare, "compare", "", "compare with an earlier recording of --record, and fail if the target has changed")
	s.IntVar(&f.parallel, "parallel", conformance.DefaultParallel, "how many checks run at once; a run has at most 4 + 3 times as many workspaces")
	s.Var(&f.at.pace, "pace", "quotas: stay a fifth below AMP's request rates; unlimited; or that many requests a second to each group of APIs")
}

// wrongUseError is a mistake that shows only while the command works.
type wrongUseError struct{ error }

// prepare judges what no flag can by itself.
func (f *conformanceFlags) prepare(env lookup) error {
	var levels []conformance.Level
	var areas []conformance.Area
	for _, l := range f.levels {
		levels = append(levels, conformance.Level(strings.ToUpper(l)))
	}
	for _, a := range f.areas {
		areas = append(areas, conformance.Area(strings.ToLower(a)))
	}
	var err error
	f.selected, err = conformance.Selection{IDs: f.ids, Areas: areas, Levels: levels}.Of(conformance.All())
	if err != nil {
		return err
	}
	if f.parallel < 1 {
		return fmt.Errorf("--parallel %d: at least one check has to run at a time", f.parallel)
	}
	if one := []bool{f.list, f.dryRun, f.cleanup}; len(slices.DeleteFunc(one, func(b bool) bool { return !b })) > 1 {
		return errors.New("--list, --dry-run and --cleanup exclude each other")
	}
	if err := f.at.resolve(env); err != nil {
		return err
	}
	if f.compare != "" && !f.list && !f.dryRun && !f.cleanup {
		if f.earlier, err = recording.ReadFile(f.compare); err != nil {
			return fmt.Errorf("--compare: %w", err)
		}
	}
	return nil
}

// do is the command once its flags are known to make sense. stop gives signals
// back to the system, so that a second one ends the program at once.
func (f *conformanceFlags) do(ctx context.Context, env lookup, stop func()) error {
	if f.list {
		return f.writeList()
	}
	cfg := conformance.Config{Checks: f.selected, Without: f.without(), Parallel: f.parallel}
	if f.dryRun {
		cfg.Target = f.at.bare()
		return f.writePlan(cfg)
	}
	at, end, err := f.at.open(ctx, f.stderr)
	if err != nil {
		return err
	}
	cfg.Target = at
	if f.cleanup {
		err = f.removeLeftovers(ctx, env, at)
	} else {
		err = f.examine(ctx, env, cfg, stop)
	}
	return errors.Join(err, end())
}

func (f *conformanceFlags) without() conformance.Needs {
	if f.quick {
		return conformance.NeedsSlow
	}
	return 0
}

// examine carries out the checks and writes what they found. Before it is
// confirmed nothing is sent to anybody, and no file is touched.
func (f *conformanceFlags) examine(ctx context.Context, env lookup, cfg conformance.Config, stop func()) error {
	if f.at.remote() {
		describePlan(f.stderr, cfg.Target.Name, conformance.NewPlan(cfg, true))
		if err := f.confirm(ctx, "Begin?"); err != nil {
			return err
		}
	}
	var err error
	if cfg.Target.Credentials, err = f.at.credentials(ctx, env, cfg.Target.Credentials, f.stderr); err != nil {
		return err
	}
	if err := f.openFiles(); err != nil {
		return &wrongUseError{err}
	}
	recorder, err := f.recorder(cfg.Target)
	if err != nil {
		return &wrongUseError{fmt.Errorf("--record: %w", err)}
	}
	if recorder != nil {
		cfg.Target.HTTP = &http.Client{Transport: recorder}
	}
	shown := newProgress(ctx, f.stderr, cfg.Checks)
	cfg.OnResult = shown.result
	ended := make(chan struct{})
	go func() {
		select {
		case <-ctx.Done():
			stop()
			shown.say("interrupted: removing what the run created (interrupt again to leave it)")
		case <-ended:
		}
	}()
	report, err := conformance.Run(ctx, cfg)
	close(ended)
	shown.end()
	if ctx.Err() != nil && len(report.Leftovers) == 0 {
		shown.say("removed: no workspace of the run is known to be left")
	}
	if report.Run == "" { // what the configuration lacks was said before anything was sent
		return errors.Join(err, recorder.Close())
	}
	err = errors.Join(err, f.write(report), recorder.Close())
	if err == nil && !output.Passed(report) {
		err = errors.New("the target does not meet every MUST")
	}
	return errors.Join(err, f.drift(recorder))
}

// openFiles opens what is to be written, so that a mistake there does not show
// after the run.
func (f *conformanceFlags) openFiles() error {
	for _, o := range []struct {
		name, path string
		file       **os.File
	}{{"json", f.json, &f.jsonTo}, {"junit", f.junit, &f.junitTo}, {"html", f.html, &f.htmlTo}} {
		if o.path == "" {
			continue
		}
		var err error
		if *o.file, err = os.Create(o.path); err != nil {
			return fmt.Errorf("--%s: %w", o.name, err)
		}
	}
	return nil
}

// drift compares with the earlier recording, if there is one.
func (f *conformanceFlags) drift(recorder *recording.Recorder) error {
	if f.earlier == nil {
		return nil
	}
	later, err := recorder.Recording()
	if err != nil {
		return err
	}
	to := f.stdout
	if f.format == "json" {
		to = f.stderr // the report is what a program reads
	}
	return writeDrift(to, "text", recording.Compare(f.earlier, later))
}

// recorder makes the transport that records, if anybody wants a recording.
func (f *conformanceFlags) recorder(at conformance.Target) (*recording.Recorder, error) {
	if f.record == "" && f.earlier == nil {
		return nil, nil
	}
	return recording.New(f.record, recording.Head{Target: at.Name, Region: at.Region, Program: "ampersand " + version()}, nil)
}

// write writes the report to wherever it is wanted.
func (f *conformanceFlags) write(report conformance.Report) error {
	printed := output.WriteText
	if f.format == "json" {
		printed = output.WriteJSON
	}
	errs := []error{printed(f.stdout, report)}
	for _, o := range []struct {
		file  *os.File
		write func(io.Writer, conformance.Report) error
	}{{f.jsonTo, output.WriteJSON}, {f.junitTo, output.WriteJUnit}, {f.htmlTo, output.WriteHTML}} {
		if o.file != nil {
			errs = append(errs, o.write(o.file, report), o.file.Close())
		}
	}
	return errors.Join(errs...)
}
