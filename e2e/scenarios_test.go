package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"
	"sigs.k8s.io/e2e-framework/pkg/envconf"
	"sigs.k8s.io/e2e-framework/pkg/features"

	"github.com/ampersand-amp/ampersand/e2e/lab"
	"github.com/ampersand-amp/ampersand/e2e/scenario"
	"github.com/ampersand-amp/ampersand/e2e/timeline"
	"github.com/ampersand-amp/ampersand/e2e/trial"
)

// Scenario files: ours in fixtures/scenarios, or those that E2E_SCENARIO names. Those with faults have the lab to themselves, since
// a fault is about all that uses the workspace; the others play some at a time.
func TestScenarios(t *testing.T) {
	if the.options.lab.Cluster == lab.ClusterExisting && !the.options.chosen {
		t.Log("the cluster is not the lab's, and neither are its periods: name the scenarios to play (E2E_SCENARIO)")
		return
	}
	var together []features.Feature
	for _, s := range the.options.scenarios {
		if err := trial.Playable(the.lab, s); err != nil {
			if the.options.chosen {
				t.Errorf("scenario %s: %v", s.Name, err)
				continue
			}
			logf("scenarios/%s is left out: %v", s.Name, err)
			continue
		}
		feature, err := scenarioFeature(s)
		switch {
		case err != nil:
			t.Error(err)
		case len(s.Faults) > 0:
			the.test(t, feature)
		default:
			together = append(together, feature)
		}
	}
	for len(together) > 0 {
		n := min(atOnce(), scenariosAtOnce, len(together))
		the.test(t, together[:n]...)
		together = together[n:]
	}
}

// scenariosAtOnce is how many scenarios without faults play at the same time: more of them would keep each other from being
// scraped in time on a small machine.
const scenariosAtOnce = 3

// contestant is one of the ScaledObjects of a scenario.
type contestant struct {
	variant string
	config  trial.Config
	trial   *trial.Trial
	run     *timeline.Run
}

func scenarioFeature(s scenario.Scenario) (features.Feature, error) {
	contestants, err := contestantsOf(s)
	if err != nil {
		return nil, fmt.Errorf("scenario %s: %w", s.Name, err)
	}
	return features.NewWithDescription("scenarios/"+s.Name, s.Description).
		WithLabel("suite", "scenarios").WithLabel("scenario", s.Name).WithLabel("profile", the.options.profile).
		WithSetup("the application and its ScaledObject", func(ctx context.Context, t *testing.T, _ *envconf.Config) context.Context {
			var deploying errgroup.Group
			for _, c := range contestants {
				removeAfter(ctx, t, &c.trial)
			}
			for _, c := range contestants {
				deploying.Go(func() (err error) {
					c.trial, err = trial.Deploy(ctx, c.config)
					if err == nil {
						err = c.trial.AwaitScaler(ctx)
					}
					return err
				})
			}
			if err := deploying.Wait(); err != nil {
				t.Fatal(err)
			}
			return ctx
		}).
		Assess(s.Description, func(ctx context.Context, t *testing.T, _ *envconf.Config) context.Context {
			tellAll(ctx, t, s, contestants)
			return ctx
		}).
		Feature(), nil
}

// contestantsOf are the scenario's own ScaledObject and the one to compare it with.
func contestantsOf(s scenario.Scenario) ([]*contestant, error) {
	signing := the.options.signing[0]
	objects := []scenario.ScaledObject{s.ScaledObject}
	variants := []string{string(signing)}
	if s.Compare != nil {
		objects = append(objects, s.Compare.ScaledObject)
		variants = []string{s.Compare.Baseline, s.Compare.Name}
	}
	periods, err := s.Profile(the.options.profile)
	if err != nil {
		return nil, err
	}
	var list []*contestant
	for i, object := range objects {
		c := &contestant{variant: variants[i], config: trial.Config{
			Lab: the.lab, Namespace: "scenario-" + s.Name, Scenario: s.Name, Variant: variants[i], Profile: the.options.profile,
			Periods: periods.On(string(the.options.lab.Cluster)), Expect: s.Expect, Target: s.Target, Faults: s.Faults,
			Description: s.Description, Environment: the.environment(),
		}}
		if i > 0 {
			c.config.Namespace += "-" + variants[i]
			c.config.Faults = nil // they are about the workspace, and so about both
		}
		if err := c.config.Adapt(object, signing); err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

// tellAll plays a scenario for all of its ScaledObjects at the same time, and judges what came of it.
func tellAll(ctx context.Context, t *testing.T, s scenario.Scenario, contestants []*contestant) {
	t.Helper()
	var playing errgroup.Group
	for _, c := range contestants {
		playing.Go(func() (err error) {
			c.run, err = c.trial.Tell(ctx, func(p scenario.Phase) { logf("%s: phase %s, %s", c.config.Namespace, p.Name, p.Text()) },
				func(r *timeline.Recorder, settings timeline.Settings) (stop func()) {
					return the.show(ctx, "scenario "+s.Name+" / "+c.variant, r, settings)
				})
			return err
		})
	}
	if err := playing.Wait(); err != nil {
		t.Fatal(err)
	}
	for i, c := range contestants {
		measured, err := c.trial.Measured(ctx, c.run, the.options.allowance())
		if err != nil {
			t.Fatal(err)
		}
		judged := s
		judged.Expect = c.config.Expect
		c.run.Outcomes = judged.Judge(c.run, c.config.Periods, measured)
		c.run.Finish()
		if i == 1 {
			c.run.Outcomes = append(c.run.Outcomes, s.Compare.Judge(contestants[0].run, c.run)...)
			c.run.Finish()
		}
	}
	for _, c := range contestants {
		the.add(c.run)
		for _, failure := range c.run.Failures {
			t.Errorf("%s: %s", c.variant, failure)
		}
	}
	if len(contestants) == 2 {
		the.pair(contestants[0].variant, contestants[1].variant)
	}
}

// readScenarios reads what E2E_SCENARIO names, files or names of ours, separated by commas; ours all without it, but for the main
// job's.
func readScenarios(chosen string) ([]scenario.Scenario, error) {
	names := scenario.Names()
	if chosen != "" {
		names = strings.Split(chosen, ",")
	}
	var list []scenario.Scenario
	for _, name := range names {
		if name == "autoscaling" && chosen == "" {
			continue // TestAutoscaling plays it
		}
		read := scenario.Named
		if strings.ContainsAny(name, "/.") {
			read = scenario.Load
			// make runs in the repository's root, the suite in the folder below.
			if _, err := os.Stat(name); err != nil && !filepath.IsAbs(name) {
				name = filepath.Join("..", name)
			}
		}
		s, err := read(name)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}
