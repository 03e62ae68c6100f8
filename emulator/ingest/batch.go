package ingest

import (
	"context"
	"errors"
	"fmt"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	promstorage "github.com/prometheus/prometheus/storage"
)

// batch is the way of one request from its decoded form into the store.
type batch struct {
	h      *Handler
	target Target

	good []*prompb.TimeSeries // series with good labels; bad samples are cut out
	app  promstorage.Appender
	// pending has the newest timestamp that app holds uncommitted of each
	// series, by hash: a collision costs a commit and nothing else.
	pending map[uint64]int64

	invalid   *discard // first fault found by validation
	refused   *discard // first refusal of the store
	discarded map[string]int
}

func (h *Handler) newBatch(t Target) *batch {
	return &batch{h: h, target: t, discarded: make(map[string]int)}
}

// firstError returns what the client is told. A refusal of the store goes
// before a fault found by validation, as the distributor of Cortex returns its
// own first error only if the ingesters had none. [C] distributor.go
func (b *batch) firstError() error {
	switch {
	case b.refused != nil:
		return b.refused
	case b.invalid != nil:
		return b.invalid
	}
	return nil
}

func (b *batch) reject(first **discard, d *discard, samples int) {
	b.discarded[d.reason] += samples
	if *first == nil {
		*first = d
	}
}

// validate keeps what is good of req in b and notes the rest. Metadata is
// stored here: it lives in memory and cannot be refused. Exemplars are left
// out without an error: AMP does not serve them, and what it answers to a
// request that has some is unknown. [O] amp-api.md 0, fact 8
func (b *batch) validate(req *prompb.WriteRequest) {
	window := b.h.window()
	b.good = make([]*prompb.TimeSeries, 0, len(req.Timeseries))
	for i := range req.Timeseries {
		ts := &req.Timeseries[i]
		if d := b.h.limits.checkLabels(ts.Labels); d != nil {
			b.reject(&b.invalid, d, max(1, len(ts.Samples)+len(ts.Histograms)))
			continue
		}
		b.validateSamples(ts, window)
		if len(ts.Samples)+len(ts.Histograms) > 0 {
			b.good = append(b.good, ts)
		}
	}
	for i := range req.Metadata {
		m := &req.Metadata[i]
		if d := b.h.limits.checkMetadata(m); d != nil {
			// Not counted: OnDiscard speaks of samples.
			if b.invalid == nil {
				b.invalid = d
			}
			continue
		}
		b.target.DB.SetMetadata(m.MetricFamilyName, toMetadata(m))
	}
}

// validateSamples cuts bad samples out of ts.
func (b *batch) validateSamples(ts *prompb.TimeSeries, w window) {
	samples := ts.Samples[:0]
	for _, s := range ts.Samples {
		if d := w.check(ts.Labels, s.Timestamp); d != nil {
			b.reject(&b.invalid, d, 1)
			continue
		}
		samples = append(samples, s)
	}
	ts.Samples = samples

	histograms := ts.Histograms[:0]
	for i := range ts.Histograms {
		d := w.check(ts.Labels, ts.Histograms[i].Timestamp)
		if d == nil {
			d = checkHistogram(ts.Labels, &ts.Histograms[i])
		}
		if d != nil {
			b.reject(&b.invalid, d, 1)
			continue
		}
		histograms = append(histograms, ts.Histograms[i])
	}
	ts.Histograms = histograms
}

// store appends and commits what validation left. It returns an error only if
// the request must be tried again as a whole; samples stored by then do no
// harm, because the same sample twice is no error.
func (b *batch) store(ctx context.Context) error {
	if len(b.good) == 0 {
		return nil
	}
	return b.target.DB.WriteAlone(func() error {
		b.app = b.target.DB.Appender(ctx)
		b.pending = make(map[uint64]int64, len(b.good))
		var builder labels.ScratchBuilder
		for _, ts := range b.good {
			if err := b.appendSeries(ctx, ts, &builder); err != nil {
				return errors.Join(err, b.app.Rollback())
			}
		}
		if err := b.app.Commit(); err != nil {
			return fmt.Errorf("commit samples: %w", err)
		}
		return nil
	})
}

// appendSeries appends float samples, stale markers among them, and native
// histograms of one series.
func (b *batch) appendSeries(ctx context.Context, ts *prompb.TimeSeries, builder *labels.ScratchBuilder) error {
	ls := ts.ToLabels(builder, nil)
	key := ls.Hash()
	var ref promstorage.SeriesRef
	for _, s := range ts.Samples {
		if err := b.settle(ctx, key, s.Timestamp); err != nil {
			return err
		}
		got, err := b.app.Append(ref, ls, s.Timestamp, s.Value)
		if ref, err = b.judge(ref, got, err, ls, s.Timestamp); err != nil {
			return err
		}
	}
	for i := range ts.Histograms {
		hp := &ts.Histograms[i]
		if err := b.settle(ctx, key, hp.Timestamp); err != nil {
			return err
		}
		var ih *histogram.Histogram
		var fh *histogram.FloatHistogram
		if hp.IsFloatHistogram() {
			fh = hp.ToFloatHistogram()
		} else {
			ih = hp.ToIntHistogram()
		}
		got, err := b.app.AppendHistogram(ref, ls, hp.Timestamp, ih, fh)
		if ref, err = b.judge(ref, got, err, ls, hp.Timestamp); err != nil {
			return err
		}
	}
	return nil
}

// settle commits what is pending if a sample of a series is not newer than a
// pending one of the same series. The TSDB judges order against what is
// committed and drops without a word what turns out wrong at commit; after a
// commit it judges aloud.
func (b *batch) settle(ctx context.Context, key uint64, t int64) error {
	last, ok := b.pending[key]
	if !ok || t > last {
		b.pending[key] = t
		return nil
	}
	err := b.app.Commit()
	b.app = b.target.DB.Appender(ctx)
	if err != nil {
		return fmt.Errorf("commit samples: %w", err)
	}
	clear(b.pending)
	b.pending[key] = t
	return nil
}

// judge notes a refusal of the store and returns other errors. It returns the
// reference to use for the next sample of the series.
func (b *batch) judge(ref, got promstorage.SeriesRef, err error, ls labels.Labels, t int64) (promstorage.SeriesRef, error) {
	if err == nil {
		return got, nil
	}
	if d := storeDiscard(err, b.target.Tenant, ls, t); d != nil {
		b.reject(&b.refused, d, 1)
		return ref, nil
	}
	return ref, fmt.Errorf("append sample of %s: %w", ls, err)
}
