package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	promstorage "github.com/prometheus/prometheus/storage"

	"github.com/ampersand-amp/ampersand/emulator/quota"
)

// batch is the way of one request from its decoded form into the store.
type batch struct {
	h      *Handler
	target Target
	limits *limits

	good []series // what is left of the request
	meta []metadata
	app  promstorage.Appender
	// pending has the newest timestamp that app holds uncommitted of each
	// series, by hash: a collision costs a commit and nothing else.
	pending map[uint64]int64

	appended, written counts   // in app, and committed
	stored            int      // committed samples of both kinds
	invalid           *discard // first fault found by validation
	refused           *discard // first refusal of the store
	discarded         map[string]int
}

type counts struct{ samples, histograms int }

// write stores what is good of a request. Its error is a *discard if the
// client is at fault, else the request must be tried again as a whole; samples
// stored by then do no harm, because the same sample twice is no error. The
// order is Cortex'. [C] distributor.go Push
func (b *batch) write(ctx context.Context, req *request) error {
	dropReplica, d := b.elect(req)
	if d != nil {
		if d.reason == reasonDeduplicated {
			// The sender is to take them for stored. [C]
			b.written = req.counts()
		}
		b.discarded[d.reason] = req.counts().total()
		return d
	}
	b.validate(req, dropReplica)
	if d := b.takeRate(); d != nil {
		return d
	}
	limited := b.takeHistogramRate()
	for _, m := range b.meta {
		b.target.DB.SetMetadata(m.metric, m.Metadata)
	}
	if err := b.store(ctx); err != nil {
		return err
	}
	// A refusal of the store goes before a fault found by validation, as the
	// distributor of Cortex returns its own first error only if the ingesters
	// had none.
	for _, d := range []*discard{b.refused, limited, b.invalid} {
		if d != nil {
			return d
		}
	}
	return nil
}

func (b *batch) reject(first **discard, d *discard, samples int) {
	b.discarded[d.reason] += samples
	if *first == nil {
		*first = d
	}
}

// elect decides by the first series whether the request comes from the elected
// replica. dropReplica is true if the replica's label is not to be stored.
func (b *batch) elect(req *request) (dropReplica bool, d *discard) {
	if len(req.series) == 0 {
		return false, nil
	}
	cluster, replica, ok := replicaOf(req.series[0].labels)
	if !ok || over(len(replica), b.limits.labelValueLength) { // the latter fails later [C]
		return false, nil
	}
	if d := b.h.replicas.elect(b.target.WorkspaceID, cluster, replica, b.h.now()); d != nil {
		return false, d
	}
	return true, nil
}

// validate keeps what is good of req in b and notes the rest. Exemplars are
// left out without an error: AMP does not serve them, and what it answers to a
// request that has some is unknown. [O] amp-api.md 0, fact 8
func (b *batch) validate(req *request, dropReplica bool) {
	b.good = req.series[:0]
	for _, s := range req.series {
		if dropReplica {
			s.drop(replicaLabel)
		}
		if d := b.limits.checkLabels(&s); d != nil {
			b.reject(&b.invalid, d, max(1, s.counts().total()))
			continue
		}
		if d := b.limits.checkSamples(&s); d != nil {
			b.reject(&b.invalid, d, s.counts().total())
			continue
		}
		if s.counts().total() > 0 {
			b.good = append(b.good, s)
		}
	}
	for _, m := range req.metadata {
		if d := b.limits.checkMetadata(m); d != nil {
			// Not counted: OnDiscard speaks of samples.
			if b.invalid == nil {
				b.invalid = d
			}
			continue
		}
		b.meta = append(b.meta, m)
	}
}

// takeRate takes what is good from the workspace's rate. A request larger than
// the burst never passes, and hears the same. [C] distributor.go, [D] text
func (b *batch) takeRate() *discard {
	n := 0
	for i := range b.good {
		n += b.good[i].counts().total()
	}
	if b.h.rates.Take(quota.IngestionRate, b.target.WorkspaceID, n+len(b.meta), b.limits.ingestionBurst) {
		return nil
	}
	if n > 0 {
		b.discarded[reasonRate] += n
	}
	return discardf(reasonRate, "ingestion rate limit (%v) exceeded while adding %d samples and %d metadata",
		float64(b.limits.ingestionRate), n, len(b.meta)).tooMany()
}

// takeHistogramRate does the same for native histograms. If they are too many,
// the series that have some are left out, floats and all. [C] distributor.go.
// The burst is one second's worth: there is no quota for it. [I]
func (b *batch) takeHistogramRate() *discard {
	n := 0
	for i := range b.good {
		n += len(b.good[i].histograms)
	}
	rate := b.limits.histogramRate
	if b.h.rates.Take(quota.NativeHistogramRate, b.target.WorkspaceID, n, rate) {
		return nil
	}
	b.good = slices.DeleteFunc(b.good, func(s series) bool {
		if len(s.histograms) == 0 {
			return false
		}
		b.discarded[reasonHistogramRate] += s.counts().total()
		return true
	})
	return discardf(reasonHistogramRate, "native histogram ingestion rate limit (%v) exceeded while adding %d native histogram samples",
		float64(rate), n).tooMany()
}

// store appends and commits what is left.
func (b *batch) store(ctx context.Context) (err error) {
	if len(b.good) == 0 {
		return nil
	}
	b.target.DB.LimitSeries(b.limits.series)
	b.app = b.target.DB.Appender(ctx)
	b.pending = make(map[uint64]int64, len(b.good))
	committed := false
	defer func() { // in a panic too: other writers wait
		if !committed {
			err = errors.Join(err, b.app.Rollback())
		}
	}()
	var builder labels.ScratchBuilder
	for i := range b.good {
		if err := b.appendSeries(ctx, &b.good[i], &builder); err != nil {
			return err
		}
	}
	committed = true
	return b.commit()
}

// appendSeries appends float samples, stale markers among them, and native
// histograms of one series.
func (b *batch) appendSeries(ctx context.Context, s *series, builder *labels.ScratchBuilder) error {
	ls := s.toLabels(builder)
	key := ls.Hash()
	var ref promstorage.SeriesRef
	for _, p := range s.samples {
		if err := b.settle(ctx, key, p.Timestamp); err != nil {
			return err
		}
		got, err := b.app.Append(ref, ls, p.Timestamp, p.Value)
		if ref, err = b.judge(ref, got, err, ls, p.Timestamp); err != nil {
			return err
		}
		if got != 0 {
			b.appended.samples++
		}
	}
	for _, n := range s.histograms {
		if err := b.settle(ctx, key, n.at); err != nil {
			return err
		}
		got, err := b.app.AppendHistogram(ref, ls, n.at, n.ints, n.floats)
		if ref, err = b.judge(ref, got, err, ls, n.at); err != nil {
			return err
		}
		if got != 0 {
			b.appended.histograms++
		}
	}
	if len(s.histograms) > 0 && b.limits.series.NativeHistograms >= 0 {
		return b.flush(ctx) // the TSDB knows at commit that the series has histograms
	}
	return nil
}

// settle commits what is pending if a sample of a series is not newer than a
// pending one of the same series. The TSDB judges order against what is
// committed and drops without a word what turns out wrong at commit; after a
// commit it judges aloud.
func (b *batch) settle(ctx context.Context, key uint64, t int64) error {
	if last, ok := b.pending[key]; ok && t <= last {
		if err := b.flush(ctx); err != nil {
			return err
		}
	}
	b.pending[key] = t
	return nil
}

// flush commits what is pending and begins anew.
func (b *batch) flush(ctx context.Context) error {
	err := b.commit()
	b.app = b.target.DB.Appender(ctx)
	return err
}

func (b *batch) commit() error {
	if err := b.app.Commit(); err != nil {
		return fmt.Errorf("commit samples: %w", err)
	}
	b.stored += b.appended.total()
	b.written.samples += b.appended.samples
	b.written.histograms += b.appended.histograms
	b.appended = counts{}
	clear(b.pending)
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
