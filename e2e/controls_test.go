package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/e2e-framework/pkg/envconf"
	"sigs.k8s.io/e2e-framework/pkg/features"

	"github.com/ampersand-amp/ampersand/e2e/lab"
	"github.com/ampersand-amp/ampersand/e2e/lab/component"
	"github.com/ampersand-amp/ampersand/e2e/scenario"
	"github.com/ampersand-amp/ampersand/e2e/timeline"
	"github.com/ampersand-amp/ampersand/e2e/trial"
)

// control is a chain that is broken at one link on purpose. Under the load that takes a sound chain to 10 replicas, and
// for as long as that may take, it must not scale, and the suite must be able to say which link stopped it.
type control struct {
	name, description string
	signing           lab.Signing
	// change breaks the ScaledObject.
	change func(s *lab.Scaling, namespace string, periods scenario.Profile)
	// link and why are the diagnosis that must be made; why is a part of its text.
	link trial.Link
	why  string
	// target is the workload that receives the load, the scaled one when empty.
	target string
	// atMost is the count of replicas that must not be exceeded: 1, but where the ScaledObject has the recipe's fallback.
	atMost int
}

func controls() []control {
	return []control{
		{
			name: "wrong-secret", description: "KEDA signs with a wrong secret key", signing: lab.SigningNative,
			change: func(s *lab.Scaling, _ string, _ scenario.Profile) {
				s.NoFallback = true
				s.Keys = component.Keys{AccessKeyID: the.lab.AMP.Keys.AccessKeyID, SecretAccessKey: "wrong"}
			},
			link: trial.LinkQuery, why: "signature-mismatch", atMost: 1,
		},
		{
			// The recipe's fault 4 in KEDA's terms: a region that is not the workspace's.
			name: "wrong-region", description: "KEDA signs for another region", signing: lab.SigningNative,
			change: func(s *lab.Scaling, _ string, _ scenario.Profile) {
				s.NoFallback = true
				s.Metadata = map[string]string{"awsRegion": "eu-west-1"}
			},
			link: trial.LinkQuery, why: "bad-scope", atMost: 1,
		},
		{
			name: "typo", description: "a label in the query is misspelt", signing: lab.SigningProxy,
			change: func(s *lab.Scaling, _ string, _ scenario.Profile) {
				s.Query = strings.Replace(s.Query, "k8s_pod", "k8s_podd", 1)
			},
			link: trial.LinkResult, why: "no series", atMost: 1,
		},
		{
			// K11: with a range shorter than two scrapes rate() has nothing to go by, and KEDA makes 0 of no value.
			name: "narrow-window", description: "the query's range holds one scrape", signing: lab.SigningProxy,
			change: func(s *lab.Scaling, namespace string, periods scenario.Profile) {
				s.Query = trial.SumQuery(namespace, periods.ScrapeInterval)
			},
			link: trial.LinkResult, why: "no series", atMost: 1,
		},
		{
			name: "high-threshold", description: "the threshold is a hundred times too high", signing: lab.SigningProxy,
			change: func(s *lab.Scaling, _ string, periods scenario.Profile) {
				// Far above: what a pod works off after it stood still for seconds is a high rate for a moment.
				s.Threshold = fmt.Sprint(100 * periods.Threshold)
			},
			link: trial.LinkTarget, why: "against a target of", atMost: 1,
		},
	}
}

func TestControls(t *testing.T) {
	var list []features.Feature
	for _, c := range controls() {
		if the.options.aws && c.signing == lab.SigningNative {
			logf("controls/%s is left out: it is about keys, and on AWS there are roles", c.name)
			continue
		}
		list = append(list, c.feature("controls"))
	}
	// Each offers all of its load to one pod: in containers more of them at once keep each other from offering it.
	for some := range slices.Chunk(list, atOnce()) {
		the.test(t, some...)
	}
}

// feature plays the control: load for as long as a sound chain may need, then the diagnosis.
func (c control) feature(suiteName string) features.Feature {
	var tr *trial.Trial
	namespace := suiteName + "-" + c.name
	periods, expect := the.options.periods, the.options.autoscaling.Expect
	scaling := lab.Scaling{
		Signing: c.signing, Query: trial.SumQuery(namespace, periods.RateWindow), Threshold: fmt.Sprint(periods.Threshold),
	}
	stored := scaling.Query
	c.change(&scaling, namespace, periods)
	return features.NewWithDescription(suiteName+"/"+c.name, c.description).
		WithLabel("suite", suiteName).WithLabel("profile", the.options.profile).
		WithSetup("the application and the broken ScaledObject", func(ctx context.Context, t *testing.T, _ *envconf.Config) context.Context {
			removeAfter(ctx, t, &tr)
			var err error
			tr, err = trial.Deploy(ctx, trial.Config{
				Lab: the.lab, Namespace: namespace, Scenario: suiteName + "/" + c.name, Variant: string(c.signing),
				Profile: the.options.profile, Periods: periods, Expect: expect, Scaling: scaling, Stored: stored, Target: c.target,
			})
			if err != nil {
				t.Fatal(err)
			}
			return ctx
		}).
		Assess("does not scale, and says why", func(ctx context.Context, t *testing.T, _ *envconf.Config) context.Context {
			c.stops(ctx, t, tr, namespace)
			return ctx
		}).
		Feature()
}

// stops plays the load on a trial, and wants the chain to stop where the control says.
func (c control) stops(ctx context.Context, t *testing.T, tr *trial.Trial, namespace string) {
	t.Helper()
	if err := tr.Record(ctx); err != nil {
		t.Fatal(err)
	}
	periods, expect := the.options.periods, the.options.autoscaling.Expect
	phase := loadPhase(periods)
	phase.Until = scenario.UntilTime
	phase.For = timeline.Duration(timeline.Predict(periods.Settings(expect)).Bound())
	if err := tr.Play(ctx, phase); err != nil {
		t.Fatal(err)
	}
	diagnosis, err := tr.Diagnose(ctx)
	if err != nil {
		t.Fatal(err)
	}
	run, err := tr.Stop(ctx)
	if err != nil {
		t.Fatal(err)
	}
	logf("%s: stopped at link %q: %s", namespace, diagnosis.Link, diagnosis.Why)
	if diagnosis.Link != c.link || !strings.Contains(diagnosis.Why, c.why) {
		t.Errorf("the chain stops at link %q (%s), want link %q (%s)", diagnosis.Link, diagnosis.Why, c.link, c.why)
	}
	reportFailed(t, run, run.NeverAbove(c.atMost))
}

// fallbackReplicas is the recipe's fallback: what KEDA holds after three failures of the scaler.
const fallbackReplicas = 2
