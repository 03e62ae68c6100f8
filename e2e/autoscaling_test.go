package e2e

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"
	"time"

	"sigs.k8s.io/e2e-framework/pkg/envconf"
	"sigs.k8s.io/e2e-framework/pkg/features"

	"github.com/ampersand-amp/ampersand/e2e/lab"
	"github.com/ampersand-amp/ampersand/e2e/scenario"
	"github.com/ampersand-amp/ampersand/e2e/trial"
)

// slack is how far a measured reaction time may lie above its predicted bound: what the machine adds.
const slack = 2 * time.Second

// The main job: downstream0 goes from 1 to 10 replicas under load and back to 1 when it stops, whoever signs KEDA's
// queries.
func TestAutoscaling(t *testing.T) {
	var list []features.Feature
	for _, signing := range the.options.signing {
		list = append(list, autoscaling(signing))
	}
	for some := range slices.Chunk(list, atOnce()) {
		the.test(t, some...)
	}
}

// atOnce is how many features may scale to ten replicas at the same time. A process starts in no time; of containers one
// processor starts ten in the time that the scenario allows, and more at once keep each other's probes from being answered.
func atOnce() int {
	if the.options.lab.Cluster == lab.ClusterKWOK {
		return math.MaxInt
	}
	return runtime.NumCPU()
}

func autoscaling(signing lab.Signing) features.Feature {
	var tr *trial.Trial
	namespace := "ho11y-" + string(signing)
	periods, expect := the.options.periods, the.options.autoscaling.Expect
	return features.New("autoscaling/"+string(signing)).
		WithLabel("suite", "autoscaling").WithLabel("signing", string(signing)).WithLabel("profile", the.options.profile).
		WithSetup("the application and its ScaledObject", func(ctx context.Context, t *testing.T, _ *envconf.Config) context.Context {
			removeAfter(ctx, t, &tr)
			var err error
			tr, err = trial.Deploy(ctx, trial.Config{
				Lab: the.lab, Namespace: namespace,
				Scenario: the.options.autoscaling.Name, Variant: string(signing), Profile: the.options.profile,
				Periods: periods, Expect: expect, Description: the.options.autoscaling.Description, Environment: the.environment(),
				Scaling: lab.Scaling{
					Signing: signing, Query: trial.SumQuery(namespace, periods.RateWindow), Threshold: fmt.Sprint(periods.Threshold),
				},
			})
			if err == nil {
				err = tr.AwaitMetric(ctx)
			}
			if err != nil {
				t.Fatal(err)
			}
			return ctx
		}).
		Assess("goes from 1 to 10 and back to 1", func(ctx context.Context, t *testing.T, _ *envconf.Config) context.Context {
			if err := tr.Record(ctx); err != nil {
				t.Fatal(err)
			}
			defer the.show(ctx, namespace, tr.Recorder(), tr.Settings())()
			for _, phase := range periods.Load {
				logf("%s: phase %s, %g requests/s", namespace, phase.Name, phase.Rate)
				if err := tr.Play(ctx, phase); err != nil {
					t.Fatal(err)
				}
			}
			run, err := tr.Stop(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if err := tr.Evaluate(ctx, run); err != nil {
				t.Fatal(err)
			}
			run.Finish()
			run.Finish(
				run.StartsAt(expect.Start),
				run.ReachesReady(expect.Reach),
				run.NeverAbove(expect.NeverAbove),
				run.NonDecreasing(),
				run.StepsFollow(),
				run.WithinBound(*run.Prediction, the.options.allowance()),
				run.ReturnsTo(*expect.BackTo),
			)
			the.add(run)
			for _, failure := range run.Failures {
				t.Error(failure)
			}
			return ctx
		}).
		Feature()
}

// removeAfter has a feature's trial removed when the feature is over, also when its setup has failed: a teardown of the
// framework is not called then. Of a feature that failed it first keeps what explains it: after the removal there would be
// nothing left to look at.
func removeAfter(ctx context.Context, t *testing.T, tr **trial.Trial) {
	t.Helper()
	ctx = context.WithoutCancel(ctx)
	t.Cleanup(func() {
		if t.Failed() {
			the.collect(ctx, t, *tr)
		}
		if *tr != nil {
			if err := (*tr).Remove(ctx); err != nil {
				t.Error(err)
			}
		}
	})
}

// loadPhase is the phase of the scenario that offers the load for the first time.
func loadPhase(periods scenario.Profile) scenario.Phase {
	for _, phase := range periods.Load {
		if phase.Rate > 0 {
			return phase
		}
	}
	return scenario.Phase{}
}
