package trial

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/ampersand-amp/ampersand/e2e/load"
	"github.com/ampersand-amp/ampersand/e2e/scenario"
	"github.com/ampersand-amp/ampersand/e2e/timeline"
)

// Record starts recording. Play goes on from there; Finish ends it.
func (t *Trial) Record(ctx context.Context) error {
	t.run = timeline.Run{
		Scenario: t.config.Scenario, Variant: t.config.Variant, Profile: t.config.Profile, Cluster: string(t.config.Lab.Cluster()),
		Settings: t.config.Periods.Settings(t.config.Expect), Start: time.Now(),
		Description: t.config.Description, Environment: t.config.Environment,
	}
	var err error
	if t.offered, err = t.load.Stats(ctx); err != nil {
		return fmt.Errorf("start recording: %w", err)
	}
	return t.watch(context.WithoutCancel(ctx))
}

// Play offers one phase of load and waits for what ends it. A phase that waits for an event and does not see it in its
// time ends all the same: the checks say what is wrong.
func (t *Trial) Play(ctx context.Context, phase scenario.Phase) error {
	return t.PlayUntil(ctx, phase, func() bool {
		switch phase.Until {
		case scenario.UntilReached:
			return t.all(t.config.Expect.Reach)
		case scenario.UntilReturned:
			return t.config.Expect.BackTo != nil && t.all(*t.config.Expect.BackTo)
		}
		return false
	})
}

// PlayUntil is Play with an end of one's own.
func (t *Trial) PlayUntil(ctx context.Context, phase scenario.Phase, done func() bool) error {
	before := t.load.Rate()
	if err := t.offer(ctx, phase); err != nil {
		return fmt.Errorf("play phase %s: %w", phase.Name, err)
	}
	now := time.Now() // the new rate is in force
	t.recorder.Phase(phase.Name, phase.Text(), now)
	switch end := phase.RateAt(phase.Length()); {
	case phase.Peak() > before:
		t.recorder.Mark(timeline.MarkLoadStep, now, phase.Text())
		looking, cancel := context.WithTimeout(ctx, phase.Length())
		defer cancel()
		t.watches.Go(func() { t.watchFirstSample(looking, now) })
	case end < before:
		t.recorder.Mark(timeline.MarkLoadOff, now, phase.Text())
	}
	err := wait.PollUntilContextTimeout(ctx, pollInterval/4, phase.Length(), true, func(context.Context) (bool, error) {
		return done(), nil
	})
	if ctx.Err() != nil {
		return fmt.Errorf("play phase %s: %w", phase.Name, err)
	}
	return nil
}

// offer has the load follow a phase from now on.
func (t *Trial) offer(ctx context.Context, phase scenario.Phase) error {
	points := phase.Points()
	if len(points) == 1 {
		return t.load.SetRate(ctx, points[0].Rate)
	}
	profile := make([]load.Point, 0, len(points))
	for _, p := range points {
		profile = append(profile, load.Point{After: p.After.D(), Rate: p.Rate})
	}
	return t.load.SetProfile(ctx, profile)
}

// Replicas is the newest count in the Deployment's spec, 0 when none was seen.
func (t *Trial) Replicas() int {
	point, _ := t.recorder.Latest(timeline.HopReplicas)
	return int(point.Value)
}

// all tells whether the Deployment wants and has n ready replicas.
func (t *Trial) all(n int) bool {
	for _, hop := range []timeline.Hop{timeline.HopReplicas, timeline.HopReady} {
		point, seen := t.recorder.Latest(hop)
		if !seen || point.Value != float64(n) {
			return false
		}
	}
	return true
}

// Store is the client that reads the trial's workspace.
func (t *Trial) Store() *Store { return t.store }

// Stop ends load and recording and returns what was recorded, ready for checks. When the load was not what was asked for, it is
// an error, and there is nothing to check.
func (t *Trial) Stop(ctx context.Context) (*timeline.Run, error) {
	// A watch says nothing while nothing changes: the last look is what shows that a count stayed as it was.
	deployment, err := t.client.AppsV1().Deployments(t.config.Namespace).Get(ctx, workload, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("take a last look at the deployment: %w", err)
	}
	t.sawDeployment(deployment)
	hpa, err := t.HPA(ctx)
	switch {
	case err == nil:
		t.sawHPA(hpa)
	case !apierrors.IsNotFound(err): // a paused ScaledObject has none
		return nil, fmt.Errorf("take a last look at the HPA: %w", err)
	}
	if err := t.load.SetRate(ctx, 0); err != nil {
		return nil, err
	}
	offered, err := t.load.Stats(ctx)
	if err != nil {
		return nil, err
	}
	if err := shortfall(t.offered, offered); err != nil {
		return nil, err
	}
	if err := t.recordScrapes(ctx); err != nil {
		return nil, err
	}
	return t.Abandon(), nil
}

// Evaluate adds to a run that was stopped what the scaler's query yields over it, at instants much closer together than the
// reads during the run.
func (t *Trial) Evaluate(ctx context.Context, run *timeline.Run) error {
	var err error
	if run.Evaluated, err = t.store.Evaluate(ctx, t.config.Scaling.Query, run.Start, time.Now()); err != nil {
		return fmt.Errorf("look back at the run: %w", err)
	}
	return nil
}

// Abandon ends a recording that goes on, and returns what there is of it without a last look; nil when none goes on.
func (t *Trial) Abandon() *timeline.Run {
	if t.stop == nil {
		return nil
	}
	t.stopWatching()
	t.recorder.Fill(&t.run)
	return &t.run
}

// behaviorMap turns a behavior into what an unstructured object takes.
func behaviorMap(behavior timeline.Behavior) (map[string]any, error) {
	text, err := json.Marshal(behavior)
	if err != nil {
		return nil, fmt.Errorf("encode the behavior: %w", err)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, fmt.Errorf("encode the behavior: %w", err)
	}
	integers(fields)
	return fields, nil
}

// integers turns whole numbers into int64: unstructured objects are copied deeply, and that knows no other integers.
func integers(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, element := range v {
			v[key] = integers(element)
		}
	case []any:
		for i, element := range v {
			v[i] = integers(element)
		}
	case float64:
		if v == float64(int64(v)) {
			return int64(v)
		}
	}
	return value
}
