package trial

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ampersand-amp/ampersand/e2e/lab"
	"github.com/ampersand-amp/ampersand/e2e/lab/component"
	"github.com/ampersand-amp/ampersand/e2e/scenario"
	"github.com/ampersand-amp/ampersand/emulator/fault"
)

// endTimeout bounds the end of a fault: a program has to be there again.
const endTimeout = time.Minute

// Rule returns the emulator's rule of a fault, whole but for its workspace. The error says what of it the emulator would not take.
func Rule(f scenario.Fault, roles bool) (fault.Rule, error) {
	rules, err := fault.DecodeList(fmt.Appendf(nil, "[%s]", f.Rule))
	if err != nil {
		return fault.Rule{}, fmt.Errorf("fault %s: %w", f.Name, err)
	}
	if len(rules) != 1 {
		return fault.Rule{}, fmt.Errorf("fault %s: has %d rules, not one", f.Name, len(rules))
	}
	rule := rules[0]
	rule.Name = f.Name
	rule.Principal = cmp.Or(rule.Principal, component.ChainPrincipal(roles))
	return rule, nil
}

// Playable tells whether a lab can play a scenario's faults; the error says which not and why.
func Playable(l *lab.Lab, s scenario.Scenario) error {
	var errs []error
	for _, f := range s.Faults {
		switch {
		case f.Stop != "":
			_, err := l.Interruptible(string(f.Stop))
			errs = append(errs, err)
		case !l.AMP.Inspectable():
			errs = append(errs, fmt.Errorf("fault %s is a rule of the emulator's, and AMP is AWS's", f.Name))
		default:
			_, err := Rule(f, l.Roles())
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// trouble is a fault on its way.
type trouble struct {
	begin, end func(ctx context.Context) error
	text       string
}

// trouble prepares a fault.
func (t *Trial) trouble(f scenario.Fault) (trouble, error) {
	l := t.config.Lab
	if f.Stop != "" {
		program, err := l.Interruptible(string(f.Stop))
		if err != nil {
			return trouble{}, err
		}
		return trouble{
			begin: program.Interrupt,
			end: func(ctx context.Context) error {
				if err := program.Resume(ctx); err != nil {
					return err
				}
				return l.AwaitReady(ctx, program)
			},
			text: "the " + string(f.Stop) + " is stopped",
		}, nil
	}
	rule, err := Rule(f, l.Roles())
	if err != nil {
		return trouble{}, err
	}
	rule.Workspace = l.AMP.WorkspaceID()
	client := fault.Client{URL: l.AMP.URL(), HTTP: l.AMP.Console()}
	return trouble{
		begin: func(ctx context.Context) error {
			_, err := client.Put(ctx, rule)
			return err
		},
		end:  func(ctx context.Context) error { return client.Delete(ctx, rule.Name) },
		text: string(f.Rule),
	}, nil
}

// startFaults lets the faults of a phase, which begins now, come and go. They end when ctx does, at the latest.
func (t *Trial) startFaults(ctx context.Context, phase string, first bool) error {
	for _, f := range t.config.Faults {
		if f.Phase != phase && (f.Phase != "" || !first) {
			continue
		}
		trouble, err := t.trouble(f)
		if err != nil {
			return err
		}
		t.faults.Go(func() {
			if err := t.suffer(ctx, f, trouble); err != nil {
				t.faulty <- fmt.Errorf("fault %s: %w", f.Name, err)
			}
		})
	}
	return nil
}

// suffer waits for a fault's time, begins it, and ends it whatever happens.
func (t *Trial) suffer(ctx context.Context, f scenario.Fault, trouble trouble) error {
	if !pause(ctx, f.After.D()) {
		return errors.New("the run ended before its time came")
	}
	if err := trouble.begin(ctx); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	t.recorder.FaultBegins(f.Name, trouble.text, time.Now())
	pause(ctx, f.For.D())
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	err := trouble.end(ending)
	t.recorder.FaultEnds(f.Name, time.Now())
	if err != nil {
		return fmt.Errorf("end: %w", err)
	}
	return nil
}

// pause waits, and tells whether it did so to the end.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
