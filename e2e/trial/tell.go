package trial

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ampersand-amp/ampersand/e2e/scenario"
	"github.com/ampersand-amp/ampersand/e2e/timeline"
)

// Tell plays a scenario's load and faults from the beginning to the end, and returns what was recorded. It says when a phase has
// begun, and has the recording shown from its beginning until stop is called.
func (t *Trial) Tell(ctx context.Context, begun func(scenario.Phase), show func(*timeline.Recorder, timeline.Settings) (stop func())) (*timeline.Run, error) {
	if err := t.Record(ctx); err != nil {
		return nil, err
	}
	defer show(t.recorder, t.run.Settings)()
	t.faulty = make(chan error, len(t.config.Faults))
	playing, end := context.WithCancel(ctx)
	err := t.phases(playing, begun)
	// A fault may outlast the load; it ends by itself.
	if err != nil {
		end()
	}
	t.faults.Wait()
	end()
	close(t.faulty)
	for f := range t.faulty {
		err = errors.Join(err, f)
	}
	if err != nil {
		return nil, err
	}
	run, err := t.Stop(ctx)
	if err != nil {
		return nil, err
	}
	return run, t.Evaluate(ctx, run)
}

// Recorder is what records, from Record on.
func (t *Trial) Recorder() *timeline.Recorder { return t.recorder }

// Settings are what the run is predicted from, from Record on.
func (t *Trial) Settings() timeline.Settings { return t.run.Settings }

func (t *Trial) phases(ctx context.Context, begun func(scenario.Phase)) error {
	for i, phase := range t.config.Periods.Load {
		begun(phase)
		if err := t.startFaults(ctx, phase.Name, i == 0); err != nil {
			return err
		}
		if err := t.Play(ctx, phase); err != nil {
			return err
		}
	}
	return nil
}

// Measured looks up what a run does not hold itself: samples that are missing in the store, and KEDA's queries.
func (t *Trial) Measured(ctx context.Context, run *timeline.Run, slack time.Duration) (scenario.Measured, error) {
	end := run.End()
	interval := t.config.Periods.ScrapeInterval.D()
	scrapes, err := t.store.Scrapes(ctx, t.UpSelector(), run.Start, end)
	if err != nil {
		return scenario.Measured{}, fmt.Errorf("look for lost samples: %w", err)
	}
	offered, err := t.load.Stats(ctx)
	if err != nil {
		return scenario.Measured{}, err
	}
	m := scenario.Measured{
		Offered: int(offered.Offered - t.offered.Offered), Answered: int(offered.Answered - t.offered.Answered),
		SamplesSeen: len(scrapes.At), SamplesLost: scrapes.Missing(interval), Slack: slack,
	}
	m.Queries, m.Over = t.asked.count()
	return m, nil
}
