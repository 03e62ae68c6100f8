package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sigs.k8s.io/e2e-framework/pkg/env"
	"sigs.k8s.io/e2e-framework/pkg/envconf"
	"sigs.k8s.io/e2e-framework/pkg/features"

	"github.com/ampersand-amp/ampersand/e2e/lab"
	"github.com/ampersand-amp/ampersand/e2e/timeline"
)

// suite is what the features of one run share. It is set up by TestMain before the first feature and read-only after,
// but for the report, which features add to.
type suite struct {
	env     env.Environment
	options options
	lab     *lab.Lab
	// standing is held while the lab is stood up or taken down.
	standing sync.Mutex

	// played counts the features that were not skipped.
	played atomic.Int32

	screen screen

	mu     sync.Mutex
	report timeline.Report
}

var the *suite

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

// run is TestMain with deferred calls.
func run(m *testing.M) int {
	chosen := flag.String("scenario", os.Getenv("E2E_SCENARIO"), "scenario files, or names of ours, separated by commas: what TestScenarios plays")
	config, err := envconf.NewFromFlags()
	if err != nil {
		fmt.Fprintf(os.Stderr, "e2e: %v (see go test ./e2e -args -help)\n", err)
		return 2
	}
	// Ctrl-C takes the lab down before the process ends. A second one ends it at once; the kernel then ends the children.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	options, err := optionsFromEnvironment(ctx, *chosen)
	if err != nil {
		fmt.Fprintf(os.Stderr, "e2e: %v (CONTRIBUTING.md lists the variables)\n", err)
		return 2
	}
	if os.Getenv("E2E_CLEANUP") == "1" {
		return cleanup(ctx, options)
	}
	the = &suite{env: env.NewWithConfig(config.WithParallelTestEnabled()), options: options}
	the.report.Title = "Ampersand: autoscaling on AMP metrics"

	finished := make(chan struct{})
	var handler sync.WaitGroup
	handler.Go(func() {
		select {
		case <-ctx.Done():
			stop()
			logf("interrupted: taking the lab down")
			_ = the.down() // it has said why
			os.Exit(130)
		case <-finished:
		}
	})

	the.env.Setup(func(_ context.Context, config *envconf.Config) (context.Context, error) {
		return ctx, the.up(ctx, config)
	})
	the.env.BeforeEachFeature(func(ctx context.Context, _ *envconf.Config, _ *testing.T, _ features.Feature) (context.Context, error) {
		the.played.Add(1)
		return ctx, nil
	})
	code := the.env.Run(m)
	close(finished)
	handler.Wait()
	if code == 0 && the.played.Load() == 0 && !config.DryRunMode() {
		fmt.Fprintln(os.Stderr, "e2e: no feature was selected: nothing was proved (look at -run, -labels and -feature)")
		code = 1
	}
	// What a lab leaves behind, or a guard of its that is gone, is a failure like any other.
	if !options.keep && the.down() != nil {
		code = 1
	}
	if err := the.writeReport(code == 0); err != nil {
		fmt.Fprintf(os.Stderr, "e2e: %v\n", err)
		code = 1
	}
	if options.keep {
		the.keep(ctx)
		_ = the.down() // it has said why
	}
	return code
}

func (s *suite) up(ctx context.Context, config *envconf.Config) error {
	s.standing.Lock()
	defer s.standing.Unlock()
	l, err := lab.Up(ctx, s.options.lab)
	if err != nil {
		return err
	}
	s.lab = l
	config.WithKubeconfigFile(l.Kubeconfig)
	return nil
}

// down takes the lab down. It waits for one that is only just being stood up.
func (s *suite) down() error {
	s.standing.Lock()
	defer s.standing.Unlock()
	if s.lab == nil {
		return nil
	}
	err := s.lab.Down()
	if err != nil {
		logf("take the lab down: %v", err)
	}
	return err
}

// keep leaves the lab up when that was asked for: a kind cluster stays as it is, processes stay until Ctrl-C.
func (s *suite) keep(ctx context.Context) {
	if s.lab == nil {
		return
	}
	logf("E2E_KEEP=1: %s", s.lab.Kept())
	if s.lab.Cluster() == lab.ClusterKWOK {
		<-ctx.Done()
	}
}

// test runs features as e2e-framework does, several of them at once.
func (s *suite) test(t *testing.T, list ...features.Feature) {
	t.Helper()
	s.env.TestInParallel(t, list...)
}

// logf prints a line of progress at once: testing holds t.Log back until a test has ended.
func logf(format string, args ...any) {
	line := fmt.Sprintf("%s  %s", time.Now().Format("15:04:05"), fmt.Sprintf(format, args...))
	if the == nil {
		fmt.Println(line)
		return
	}
	the.screen.say(line)
}
