package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/e2e-framework/pkg/envconf"
	"sigs.k8s.io/e2e-framework/pkg/features"

	"github.com/ampersand-amp/ampersand/e2e/lab"
	"github.com/ampersand-amp/ampersand/e2e/scenario"
	"github.com/ampersand-amp/ampersand/e2e/timeline"
	"github.com/ampersand-amp/ampersand/e2e/trial"
)

// publishedQuery is the recipe's query as AWS publishes it, with the profile's window: neither summed nor limited to the
// workload that is scaled.
func publishedQuery(window timeline.Duration) string {
	return fmt.Sprintf("rate(ho11y_total[%dms])", window.D().Milliseconds())
}

// The faults of the recipe as published that can be shown here. The query spans all namespaces, so these features run
// one after the other.
func TestRecipeAsPublished(t *testing.T) {
	the.env.Test(t, stallsAtTwo(), scalesForOthers())
	the.test(t, otherFaults()...)
}

// Fault 1: KEDA accepts one element, and the query yields one a pod. The first step to 2 replicas makes it two, and from
// then on the fallback's 2 replicas are held, whatever the load.
func stallsAtTwo() features.Feature {
	var tr *trial.Trial
	periods, expect := the.options.periods, the.options.autoscaling.Expect
	full := loadPhase(periods)
	return features.New("recipe/the published query stalls at 2 replicas").
		WithLabel("suite", "recipe").WithLabel("profile", the.options.profile).
		WithSetup("the application and the published ScaledObject", published(&tr, "recipe-published", "")).
		Assess("reaches 2 with the first step", func(ctx context.Context, t *testing.T, _ *envconf.Config) context.Context {
			if err := tr.Record(ctx); err != nil {
				t.Fatal(err)
			}
			// One and a half replicas' worth, as the recipe's own slow load is.
			step := scenario.Phase{Name: "first step", Rate: 1.5 * periods.Threshold, For: full.For}
			// Both pods have to be scraped before the load rises: until then there is but one series, and the HPA goes on.
			stalled := func() bool {
				n, err := tr.Store().Series(ctx, publishedQuery(periods.RateWindow))
				return err == nil && n == fallbackReplicas && tr.Replicas() == fallbackReplicas
			}
			if err := tr.PlayUntil(ctx, step, stalled); err != nil {
				t.Fatal(err)
			}
			return ctx
		}).
		Assess("stays there under load for 10, because there are several series", func(ctx context.Context, t *testing.T, _ *envconf.Config) context.Context {
			phase := full
			phase.Until = scenario.UntilTime
			phase.For = timeline.Duration(timeline.Predict(periods.Settings(expect)).Bound())
			if err := tr.Play(ctx, phase); err != nil {
				t.Fatal(err)
			}
			diagnosis, err := tr.Diagnose(ctx)
			if err != nil {
				t.Fatal(err)
			}
			logf("the published query: stopped at link %q: %s", diagnosis.Link, diagnosis.Why)
			if want := fmt.Sprintf("%d series", fallbackReplicas); diagnosis.Link != trial.LinkResult || !strings.Contains(diagnosis.Why, want) {
				t.Errorf("the chain stops at link %q (%s), want link %q (%s)", diagnosis.Link, diagnosis.Why, trial.LinkResult, want)
			}
			status, message, err := tr.ScaledObjectCondition(ctx, "Fallback")
			if err != nil {
				t.Fatal(err)
			}
			if status != "True" {
				t.Errorf("the ScaledObject's condition Fallback is %s (%s), want True", status, message)
			}
			run, err := tr.Stop(ctx)
			if err != nil {
				t.Fatal(err)
			}
			reportFailed(t, run, run.NeverAbove(fallbackReplicas))
			if got := tr.Replicas(); got != fallbackReplicas {
				t.Errorf("%d replicas at the end, want the fallback's %d", got, fallbackReplicas)
			}
			return ctx
		}).
		Feature()
}

// Fault 2: nothing selects downstream0. Load on another workload scales it, although it receives none.
func scalesForOthers() features.Feature {
	var tr *trial.Trial
	periods := the.options.periods
	return features.New("recipe/the published query scales downstream0 for the load of downstream1").
		WithLabel("suite", "recipe").WithLabel("profile", the.options.profile).
		WithSetup("the application and the published ScaledObject", published(&tr, "recipe-others", "downstream1")).
		Assess("scales without any load of its own", func(ctx context.Context, t *testing.T, _ *envconf.Config) context.Context {
			started := time.Now()
			if err := tr.Record(ctx); err != nil {
				t.Fatal(err)
			}
			phase := scenario.Phase{Name: "load on downstream1", Rate: 1.5 * periods.Threshold, For: loadPhase(periods).For}
			if err := tr.PlayUntil(ctx, phase, func() bool { return tr.Replicas() > 1 }); err != nil {
				t.Fatal(err)
			}
			if got := tr.Replicas(); got < 2 {
				t.Errorf("downstream0 has %d replicas: the published query did not scale it for the load of downstream1", got)
			}
			if _, found, err := tr.Store().FirstPositive(ctx, `ho11y_total{k8s_namespace="recipe-others",k8s_pod=~"downstream0-.*"}`, started); err != nil || found {
				t.Errorf("downstream0 received load of its own (found %v, error %v): the feature shows nothing", found, err)
			}
			return ctx
		}).
		Feature()
}

// published deploys the application with the query as published, signed by the proxy.
func published(tr **trial.Trial, namespace, target string) features.Func {
	periods, expect := the.options.periods, the.options.autoscaling.Expect
	return func(ctx context.Context, t *testing.T, _ *envconf.Config) context.Context {
		removeAfter(ctx, t, tr)
		// Before the ScaledObject is there: a pod of another feature that is still in the window would scale this one.
		store, err := trial.NewStore(the.lab.AMP, the.lab.AMP.Keys)
		if err == nil {
			err = awaitSilence(ctx, store, publishedQuery(periods.RateWindow))
		}
		if err != nil {
			t.Fatal(err)
		}
		*tr, err = trial.Deploy(ctx, trial.Config{
			Lab: the.lab, Namespace: namespace, Scenario: "recipe as published", Variant: string(lab.SigningProxy),
			Profile: the.options.profile, Periods: periods, Expect: expect, Target: target,
			Scaling: lab.Scaling{
				Signing: lab.SigningProxy, Query: publishedQuery(periods.RateWindow), Threshold: fmt.Sprint(periods.Threshold),
			},
			Stored: trial.SumQuery(namespace, periods.RateWindow),
		})
		if err == nil {
			err = (*tr).AwaitMetric(ctx)
		}
		if err != nil {
			t.Fatal(err)
		}
		return ctx
	}
}

// awaitSilence waits until a query yields nothing: the pods of the features before are gone from its window.
func awaitSilence(ctx context.Context, store *trial.Store, query string) error {
	left := -1
	err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, 3*time.Minute, true, func(ctx context.Context) (bool, error) {
		var err error
		left, err = store.Series(ctx, query)
		return left == 0, err
	})
	if err != nil {
		return fmt.Errorf("wait until %s yields nothing: %w; %d series are left", query, err, left)
	}
	return nil
}

// otherFaults are those that show in a chain that does not move, and the mended counterparts of fault 2 and 3.
func otherFaults() []features.Feature {
	none := func(*lab.Scaling, string, scenario.Profile) {}
	broken := []control{
		{
			// The mended query beside fault 2.
			name: "load-of-others", description: "the mended query ignores the load of downstream1", signing: lab.SigningProxy,
			change: none, target: "downstream1", link: trial.LinkResult, why: "no series", atMost: 1,
		},
		{
			// Fault 6: the text of the recipe names a metric that does not exist.
			name: "metric-name", description: "the metric is called holly_total", signing: lab.SigningProxy,
			change: func(s *lab.Scaling, _ string, _ scenario.Profile) {
				s.Query = strings.Replace(s.Query, "ho11y_total", "holly_total", 1)
			},
			link: trial.LinkResult, why: "no series", atMost: 1,
		},
	}
	if !the.options.lab.Roles { // an operator with a role has credentials
		broken = append(broken, control{
			// Fault 3: awsRegion makes KEDA sign by itself, and an operator without credentials fails before it reaches the proxy.
			name: "region-and-proxy", description: "awsRegion on the way through the proxy, operator without credentials",
			signing: lab.SigningProxy,
			change: func(s *lab.Scaling, _ string, _ scenario.Profile) {
				s.Metadata = map[string]string{"awsRegion": "us-east-1", "identityOwner": "operator"}
			},
			link: trial.LinkScaler, why: "no query", atMost: fallbackReplicas,
		})
	}
	var list []features.Feature
	if the.options.aws {
		logf("recipe/signed twice is left out: KEDA signs with keys there, and on AWS there are roles")
	} else {
		list = append(list, signedTwice())
	}
	for _, c := range broken {
		list = append(list, c.feature("recipe"))
	}
	return list
}

// Fault 3, the mix: a query that KEDA signs and the proxy signs again. Our proxy replaces the first signature, so that
// the chain works; with the original the outcome depends on its version.
func signedTwice() features.Feature {
	var tr *trial.Trial
	const namespace = "recipe-signed-twice"
	periods, expect := the.options.periods, the.options.autoscaling.Expect
	return features.New("recipe/signed twice").
		WithLabel("suite", "recipe").WithLabel("profile", the.options.profile).
		WithSetup("a ScaledObject that signs, pointed at the proxy", func(ctx context.Context, t *testing.T, _ *envconf.Config) context.Context {
			removeAfter(ctx, t, &tr)
			address, err := the.lab.Platform.ProxyAddress(ctx)
			if err == nil {
				tr, err = trial.Deploy(ctx, trial.Config{
					Lab: the.lab, Namespace: namespace, Scenario: "recipe/signed twice", Variant: "mix",
					Profile: the.options.profile, Periods: periods, Expect: expect,
					Scaling: lab.Scaling{
						Signing: lab.SigningNative, Query: trial.SumQuery(namespace, periods.RateWindow), Threshold: fmt.Sprint(periods.Threshold),
						Metadata: map[string]string{"serverAddress": "http://" + address + "/workspaces/" + the.lab.AMP.WorkspaceID()},
					},
				})
			}
			if err != nil {
				t.Fatal(err)
			}
			return ctx
		}).
		Assess("is served", func(ctx context.Context, t *testing.T, _ *envconf.Config) context.Context {
			if err := tr.Record(ctx); err != nil {
				t.Fatal(err)
			}
			phase := scenario.Phase{Name: "load", Rate: 3 * periods.Threshold, For: loadPhase(periods).For}
			if err := tr.PlayUntil(ctx, phase, func() bool { return tr.Replicas() > 1 }); err != nil {
				t.Fatal(err)
			}
			err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, 10*time.Second, true, func(ctx context.Context) (bool, error) {
				diagnosis, err := tr.Diagnose(ctx)
				return diagnosis.Link == trial.LinkNone, err
			})
			if err != nil {
				diagnosis, _ := tr.Diagnose(ctx)
				t.Errorf("signed twice, the chain stops at link %q: %s", diagnosis.Link, diagnosis.Why)
			}
			return ctx
		}).
		Feature()
}
