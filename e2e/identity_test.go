package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/e2e-framework/pkg/envconf"
	"sigs.k8s.io/e2e-framework/pkg/features"

	"github.com/ampersand-amp/ampersand/e2e/lab"
	"github.com/ampersand-amp/ampersand/e2e/lab/component"
	"github.com/ampersand-amp/ampersand/e2e/trial"
)

// What goes wrong with identities on AWS, and what mends itself. The features change roles and keys that all share, so they run
// one after the other, and only in a lab with roles (E2E_SIGNING=irsa or all).
func TestIdentity(t *testing.T) {
	if withoutEmulator(t) {
		return
	}
	if !the.options.lab.Roles {
		t.Log("the lab works with keys: E2E_SIGNING=irsa or all plays these features")
		return
	}
	list := []features.Feature{principals(), noKeyIsLeft(), wrongPrincipal(), revokedQuery(), revokedWrite(), rotatedKey(), twoKeys(), skewedClock()}
	if the.options.lab.Sessions != 0 { // nobody waits for the end of AWS's hour
		list = append(list, expiredToken())
	}
	the.env.Test(t, list...)
}

// step is a part of a feature. Its error ends the feature.
type step func(ctx context.Context, tr *trial.Trial) error

// identityFeature deploys the application with a ScaledObject that asks AMP, and takes the steps by their names, in order.
func identityFeature(name string, scaling func(ctx context.Context) (lab.Scaling, error), steps ...namedStep) features.Feature {
	var tr *trial.Trial
	var restarts int
	f := features.New("identity/"+name).WithLabel("suite", "identity").WithLabel("profile", the.options.profile).
		WithSetup("the application and its ScaledObject", func(ctx context.Context, t *testing.T, _ *envconf.Config) context.Context {
			removeAfter(ctx, t, &tr)
			var err error
			if restarts, err = the.lab.Restarts(ctx); err != nil {
				t.Fatal(err)
			}
			s, err := scaling(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if tr, err = deployIdentity(ctx, name, s); err != nil {
				t.Fatal(err)
			}
			return ctx
		})
	for _, s := range steps {
		f = f.Assess(s.name, func(ctx context.Context, t *testing.T, _ *envconf.Config) context.Context {
			if err := s.take(ctx, tr); err != nil {
				t.Fatal(err)
			}
			return ctx
		})
	}
	return f.Assess("nothing was started again", func(ctx context.Context, t *testing.T, _ *envconf.Config) context.Context {
		now, err := the.lab.Restarts(ctx)
		if err != nil || now > restarts {
			t.Errorf("the lab's containers were started again %d times by now, %d before the feature (error %v)", now, restarts, err)
		}
		return ctx
	}).Feature()
}

// deployIdentity deploys the application with a ScaledObject that asks AMP as scaling says, and without a fallback: with one KEDA
// calls itself ready whatever happens.
func deployIdentity(ctx context.Context, name string, scaling lab.Scaling) (*trial.Trial, error) {
	namespace, periods := identityNamespace(name), the.options.periods
	scaling.Query, scaling.Threshold = trial.SumQuery(namespace, periods.RateWindow), fmt.Sprint(periods.Threshold)
	scaling.NoFallback = true
	return trial.Deploy(ctx, trial.Config{
		Lab: the.lab, Namespace: namespace, Scenario: "identity/" + name, Variant: string(scaling.Signing),
		Profile: the.options.profile, Periods: periods, Expect: the.options.autoscaling.Expect, Scaling: scaling,
	})
}

// identityNamespace is the namespace of an identity feature.
func identityNamespace(name string) string { return "identity-" + name }

// signedBy is a ScaledObject whose queries somebody signs, as the lab sets it up.
func signedBy(signing lab.Signing) func(context.Context) (lab.Scaling, error) {
	return func(context.Context) (lab.Scaling, error) { return lab.Scaling{Signing: signing}, nil }
}

type namedStep struct {
	name string
	take step
}

// patience bounds the wait for what a change of an identity leads to: KEDA notices within some polling intervals, and a client
// with a dead session when that would have ended.
func patience() time.Duration { return max(90*time.Second, 4*the.options.periods.PollingInterval.D()) }

// eventually asks until check has nothing to complain of.
func eventually(ctx context.Context, what string, check func(ctx context.Context) error) error {
	var last error
	err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, patience(), true, func(ctx context.Context) (bool, error) {
		last = check(ctx)
		return last == nil, nil
	})
	if err != nil {
		return fmt.Errorf("wait until %s: %w; last: %w", what, err, last)
	}
	return nil
}

// Where a user looks, and the emulator. Each returns a step.

// queried waits until KEDA's newest query is accepted as somebody's, if as is not empty: the beginning of an ARN.
func queried(as string) step {
	return func(ctx context.Context, tr *trial.Trial) error {
		return eventually(ctx, "KEDA's query is accepted", func(ctx context.Context) error {
			requests, err := tr.Asked(ctx)
			switch {
			case err != nil:
				return err
			case len(requests) == 0:
				return errors.New("KEDA has asked nothing")
			case !requests[0].Accepted() || !strings.HasPrefix(requests[0].Identity, as):
				return fmt.Errorf("the newest is %s with %d (%s), asked as %q", requests[0].Verdict, requests[0].Status, requests[0].Reason, requests[0].Identity)
			}
			return nil
		})
	}
}

// refused waits until KEDA's newest query is refused with 403 for a reason.
func refused(reason string) step {
	return func(ctx context.Context, tr *trial.Trial) error {
		return eventually(ctx, "KEDA's query is refused", func(ctx context.Context) error {
			requests, err := tr.Asked(ctx)
			if err != nil || len(requests) == 0 {
				return fmt.Errorf("KEDA has asked nothing (error %w)", err)
			}
			if newest := requests[0]; newest.Accepted() || newest.Status != 403 || !strings.Contains(newest.Reason, reason) {
				return fmt.Errorf("the newest is %s with %d (%s), want 403 (%s)", newest.Verdict, newest.Status, newest.Reason, reason)
			}
			return nil
		})
	}
}

// shownReady waits until the ScaledObject's condition Ready has a status.
func shownReady(status string) step {
	return func(ctx context.Context, tr *trial.Trial) error {
		return eventually(ctx, "the ScaledObject says Ready="+status, func(ctx context.Context) error {
			got, message, err := tr.ScaledObjectCondition(ctx, "Ready")
			if err == nil && got != status {
				err = fmt.Errorf("it says %s: %s", got, message)
			}
			return err
		})
	}
}

// logged waits until the log of an app holds a text that it did not hold at since.
func logged(ctx context.Context, namespace, app, text string, since int) error {
	return eventually(ctx, app+" logs "+text, func(ctx context.Context) error {
		n, err := mentions(ctx, namespace, app, text)
		if err == nil && n <= since {
			err = errors.New("its log does not say so")
		}
		return err
	})
}

// mentions counts a text in an app's log.
func mentions(ctx context.Context, namespace, app, text string) (int, error) {
	log, err := the.lab.Log(ctx, namespace, app)
	return strings.Count(log, text), err
}

// all takes steps one after the other.
func all(steps ...step) step {
	return func(ctx context.Context, tr *trial.Trial) error {
		for _, s := range steps {
			if err := s(ctx, tr); err != nil {
				return err
			}
		}
		return nil
	}
}

// newestWrite returns the newest of the collector's writes that the emulator keeps.
func newestWrite(ctx context.Context) (component.Request, error) {
	requests, err := the.lab.AMP.Requests(ctx)
	if err != nil {
		return component.Request{}, err
	}
	for _, r := range requests {
		if strings.HasSuffix(r.Path, "/api/v1/remote_write") {
			return r, nil
		}
	}
	return component.Request{}, errors.New("the collector has written nothing")
}

// written waits until the collector's newest write is accepted, as its role.
func written(ctx context.Context, _ *trial.Trial) error {
	return eventually(ctx, "the collector's write is accepted", func(ctx context.Context) error {
		r, err := newestWrite(ctx)
		if err == nil && (!r.Accepted() || !strings.HasPrefix(r.Identity, component.SessionARN(component.WriteRole))) {
			err = fmt.Errorf("the newest is %s with %d (%s), written as %q", r.Verdict, r.Status, r.Reason, r.Identity)
		}
		return err
	})
}

// notWritten waits until the collector's newest write is refused for a reason.
func notWritten(reason string) step {
	return func(ctx context.Context, _ *trial.Trial) error {
		return eventually(ctx, "the collector's write is refused", func(ctx context.Context) error {
			r, err := newestWrite(ctx)
			if err == nil && (r.Status != 403 || !strings.Contains(r.Reason, reason)) {
				err = fmt.Errorf("the newest is %s with %d (%s), want 403 (%s)", r.Verdict, r.Status, r.Reason, reason)
			}
			return err
		})
	}
}
