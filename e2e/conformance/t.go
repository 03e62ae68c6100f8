package conformance

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// T is what a check works with: the target, and a place for what it finds. A T
// is for the goroutine that the check runs in.
type T struct {
	ctx   context.Context // ends with the check's time
	check Check
	run   *run
	wire  *wire
	// prefix is in all that the check names, so that no other check and no other
	// run comes across it.
	prefix string

	trying   *attempt // set within Eventually
	cleanups []func(context.Context) error
	lent     []place  // workspaces of the pool
	made     []string // workspaces that came into being, under mu
	mu       sync.Mutex

	failures, logs []string
	records        []Record
	inapplicable   string
	stopped        bool
}

// attempt is one try of Eventually.
type attempt struct{ failures []string }

// givenUp is what ends an attempt early.
type givenUp struct{}

// Target returns what is examined, with nothing left to guess.
func (t *T) Target() Target { return t.run.target }

// Now returns the time, in the milliseconds that samples have.
func (t *T) Now() time.Time { return t.run.now().Truncate(time.Millisecond) }

// Metric returns a metric name that only this check uses.
func (t *T) Metric(suffix string) string {
	return t.prefix + "_" + strings.NewReplacer("-", "_", ".", "_").Replace(suffix)
}

// Alias returns an alias for a workspace that only this check makes, and by which
// it is known as the run's.
func (t *T) Alias(suffix string) string {
	alias := t.run.alias(strings.ReplaceAll(t.check.ID, ".", "-"))
	return alias[:min(len(alias), 99-len(suffix))] + "-" + suffix // of 100 [D API model]
}

// Name returns a name for a resource that only this check uses: a rule
// namespace, a label value.
func (t *T) Name(suffix string) string { return strings.ReplaceAll(t.prefix, "_", "-") + "-" + suffix }

// Errorf says that the target did something other than expected; the check goes
// on.
func (t *T) Errorf(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if t.trying != nil {
		t.trying.failures = append(t.trying.failures, text)
		return
	}
	t.failures = append(t.failures, text)
}

// Fatalf is Errorf and ends the check (within Eventually, the attempt).
func (t *T) Fatalf(format string, args ...any) {
	t.Errorf(format, args...)
	t.stop()
}

func (t *T) stop() {
	if t.trying != nil {
		panic(givenUp{})
	}
	t.stopped = true
	runtime.Goexit()
}

// Logf adds a line that is shown with the result.
func (t *T) Logf(format string, args ...any) { t.logs = append(t.logs, fmt.Sprintf(format, args...)) }

// Record notes what the target does where nobody knows what it should do.
func (t *T) Record(name, value string) {
	t.records = append(t.records, Record{Name: name, Value: value})
}

// NotApplicable ends the check: this target has nothing that it could see.
func (t *T) NotApplicable(reason string) {
	t.inapplicable = reason
	t.trying = nil
	t.stop()
}

// Cleanup has undo called after the check, the last one first, with a context
// that is not the check's and lives on when the run is interrupted. What it
// returns is a failure of the check.
func (t *T) Cleanup(undo func(context.Context) error) { t.cleanups = append(t.cleanups, undo) }

// Eventually calls try until it returns nil and expects nothing in vain, at
// most for the target's patience: AMP may need a moment to show what it took. A
// try may use all of T; only the failures of the last one count.
func (t *T) Eventually(what string, try func() error) {
	t.within(t.run.target.Patience, what, try)
}

func (t *T) within(patience time.Duration, what string, try func() error) {
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	pause := 10 * time.Millisecond
	for {
		failures := t.attempt(try)
		if len(failures) == 0 {
			return
		}
		next := time.NewTimer(pause)
		select {
		case <-next.C:
			pause = min(pause*3/2, time.Second)
			continue
		case <-deadline.C:
			t.Fatalf("%s: not within %s: %s", what, patience, strings.Join(failures, "; "))
		case <-t.ctx.Done():
			t.Fatalf("%s: not before the check's time was over: %s", what, strings.Join(failures, "; "))
		}
		next.Stop()
	}
}

func (t *T) attempt(try func() error) []string {
	outer, a := t.trying, &attempt{}
	t.trying = a
	defer func() { t.trying = outer }()
	func() {
		defer func() {
			if p := recover(); p != nil {
				if _, ok := p.(givenUp); !ok {
					panic(p)
				}
			}
		}()
		if err := try(); err != nil {
			a.failures = append(a.failures, err.Error())
		}
	}()
	return a.failures
}

// do runs the check to its end, clean-up included. A check that panics fails by
// itself; the run goes on.
func (t *T) do(cleanupTime time.Duration) {
	t.guard("check", func() { t.check.Run(t.ctx, t) })
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.ctx), cleanupTime)
	defer cancel()
	for _, undo := range slices.Backward(t.cleanups) {
		t.guard("clean-up", func() {
			if err := undo(ctx); err != nil {
				t.Errorf("clean up: %v", err)
			}
		})
	}
	for _, p := range t.lent {
		if len(t.failures) == 0 {
			t.run.giveBack(p)
		} else {
			t.adopt(p.id) // nobody knows what is left in it
		}
	}
	for _, id := range t.workspaces() {
		if err := t.run.remove(ctx, id); err != nil {
			t.Logf("workspace %s is left to the end of the run: %v", id, err)
		}
	}
}

// guard runs f in a goroutine of its own, so that Fatalf can end it, and waits
// for it.
func (t *T) guard(what string, f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		ended := false
		defer func() {
			p := recover()
			t.trying = nil
			switch {
			case p != nil:
				t.failures = append(t.failures, fmt.Sprintf("%s panicked: %v\n%s", what, p, debug.Stack()))
			case !ended && !t.stopped:
				t.failures = append(t.failures, what+" ended its goroutine other than by Fatalf or NotApplicable")
			}
			t.stopped = false
		}()
		f()
		ended = true
	}()
	<-done
}

func (t *T) workspaces() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.made)
}

func (t *T) adopt(workspaceID string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.made = append(t.made, workspaceID)
}

// Credentials returns the target's own credentials.
func (t *T) Credentials() aws.Credentials {
	key, err := t.run.target.Credentials.Retrieve(t.ctx)
	if err != nil {
		t.Fatalf("retrieve the target's credentials: %v", err)
	}
	return key
}
