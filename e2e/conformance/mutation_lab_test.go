package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/ampersand-amp/ampersand/e2e/conformance"
	"github.com/ampersand-amp/ampersand/emulator"
)

// trial is what a fault is tried on.
type trial struct {
	fails  []string // ids of checks that should fail
	passes []string // ids of checks out of reach
}

// verdict is what came of a trial.
type verdict struct {
	failed  map[string]string // check id to its first failure
	spoiled map[string]string // likewise, of the checks out of reach
	err     error
	took    time.Duration
}

// Trials at once: most of a trial is waiting for what a fault hides. More of them
// would have checks that are out of reach wait too long.
const trials = 10

// lab is where faults are tried. Most of them are layers between the suite and
// one emulator that they share: every run has workspaces of its own.
type lab struct {
	dir    string
	checks map[string]conformance.Check
	shared *emulator.Server
}

func newLab(ctx context.Context, dir string) (*lab, error) {
	l := &lab{dir: dir, checks: make(map[string]conformance.Check)}
	for _, c := range conformance.All() {
		l.checks[c.ID] = c
	}
	// Once: emulators watch it, and would see it half written.
	if err := os.WriteFile(l.identity(), conformance.StandInIdentity(), 0o600); err != nil {
		return nil, fmt.Errorf("write the lab's identities: %w", err)
	}
	var err error
	l.shared, err = l.start(ctx, func(*emulator.Config) {})
	return l, err
}

func (l *lab) close() error { return l.shared.Close() }

func (l *lab) identity() string { return filepath.Join(l.dir, "identity.yaml") }

// start starts an emulator, as quick as it can be.
func (l *lab) start(ctx context.Context, edit func(*emulator.Config)) (*emulator.Server, error) {
	cfg := emulator.Config{IdentityFile: l.identity(), StateDelay: 20 * time.Millisecond, Quotas: conformance.StandInQuotas()}
	cfg.Quotas["workspaces"] = "10000" // of all runs at once
	edit(&cfg)
	srv, err := emulator.Start(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("start the lab's emulator: %w", err)
	}
	return srv, nil
}

// tryAll tries every fault on what of returns for it, and returns what came of
// each in their order. Trials that wait for rules begin at once: they do nothing
// but wait.
func (l *lab) tryAll(ctx context.Context, faults []mutation, of func(mutation) trial) []verdict {
	var (
		verdicts = make([]verdict, len(faults))
		workers  sync.WaitGroup
		quick    = make(chan int)
	)
	for range trials {
		workers.Go(func() {
			for i := range quick {
				verdicts[i] = l.try(ctx, faults[i], of(faults[i]))
			}
		})
	}
	for i, m := range faults {
		if slow(of(m).fails) {
			workers.Go(func() { verdicts[i] = l.try(ctx, m, of(m)) })
		}
	}
	for i, m := range faults {
		if !slow(of(m).fails) {
			quick <- i
		}
	}
	close(quick)
	workers.Wait()
	return verdicts
}

// Time of checks. Those that should fail have little patience: an emulator shows
// at once what it took. The others may wait for the machine.
const (
	littlePatience, littleTime, rulesTime = 700 * time.Millisecond, 6 * time.Second, 25 * time.Second
	muchPatience, muchTime                = 10 * time.Second, 30 * time.Second
)

// try carries out a trial.
func (l *lab) try(ctx context.Context, m mutation, what trial) (v verdict) {
	began := time.Now()
	defer func() { v.took = time.Since(began) }()
	srv := l.shared
	if m.config != nil {
		own, err := l.start(ctx, m.config)
		if err != nil {
			return verdict{err: err}
		}
		srv = own
		defer func() { v.err = errors.Join(v.err, own.Close()) }()
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 16}
	defer transport.CloseIdleConnections()
	at := conformance.Target{
		Endpoint: srv.URL(), STS: srv.URL(), Region: emulator.DefaultRegion, Patience: littlePatience, Pace: conformance.Unlimited(),
		Credentials: conformance.StandInCredentials(), Role: conformance.StandInRole, HTTP: &http.Client{Transport: transport},
	}
	if m.layer != nil {
		at.HTTP.Transport = between{layer: m.layer(), next: transport}
	}
	timeout := littleTime
	if slow(what.fails) {
		timeout = rulesTime
	}
	var failErr, passErr error
	v.failed, failErr = l.run(ctx, at, what.fails, timeout)
	at.Patience = muchPatience
	v.spoiled, passErr = l.run(ctx, at, what.passes, muchTime)
	v.err = errors.Join(failErr, passErr)
	return v
}

// run carries out checks and returns the first failure of those that fail.
func (l *lab) run(ctx context.Context, at conformance.Target, ids []string, timeout time.Duration) (map[string]string, error) {
	failed := make(map[string]string)
	if len(ids) == 0 {
		return failed, nil
	}
	var checks []conformance.Check
	for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
		checks = append(checks, l.checks[id])
	}
	report, err := conformance.Run(ctx, conformance.Config{Target: at, Checks: checks, Parallel: 16, Timeout: timeout})
	for _, res := range report.Results {
		if res.Outcome == conformance.Fail {
			failed[res.Check.ID] = res.Failures[0]
		}
	}
	return failed, err
}
