package storage

import (
	"context"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	prommeta "github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/storage"
)

// querier leaves its generation when it is closed, and shows nothing older
// than oldest.
type querier struct {
	storage.Querier
	oldest int64
	leave  func()
}

// Select implements storage.Querier.
func (q *querier) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, ms ...*labels.Matcher) storage.SeriesSet {
	return q.Querier.Select(ctx, sorted, notBefore(q.oldest, hints), ms...)
}

// Close implements storage.Querier.
func (q *querier) Close() error {
	defer q.leave()
	return q.Querier.Close()
}

// chunkQuerier leaves its generation when it is closed, and shows nothing older
// than oldest.
type chunkQuerier struct {
	storage.ChunkQuerier
	oldest int64
	leave  func()
}

// Select implements storage.ChunkQuerier.
func (q *chunkQuerier) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, ms ...*labels.Matcher) storage.ChunkSeriesSet {
	return q.ChunkQuerier.Select(ctx, sorted, notBefore(q.oldest, hints), ms...)
}

// Close implements storage.ChunkQuerier.
func (q *chunkQuerier) Close() error {
	defer q.leave()
	return q.ChunkQuerier.Close()
}

// notBefore returns hints that start at oldest at the earliest: the TSDB goes
// by them, if there are any, instead of the querier's own range.
func notBefore(oldest int64, hints *storage.SelectHints) *storage.SelectHints {
	if hints == nil || hints.Start >= oldest {
		return hints
	}
	later := *hints
	later.Start = oldest
	return &later
}

// refusal is the appender of a database that takes no samples any more: the
// interface has no error where an appender is made, so each call returns it.
type refusal struct{ err error }

// Append implements storage.Appender.
func (r refusal) Append(storage.SeriesRef, labels.Labels, int64, float64) (storage.SeriesRef, error) {
	return 0, r.err
}

// AppendExemplar implements storage.Appender.
func (r refusal) AppendExemplar(storage.SeriesRef, labels.Labels, exemplar.Exemplar) (storage.SeriesRef, error) {
	return 0, r.err
}

// AppendHistogram implements storage.Appender.
func (r refusal) AppendHistogram(storage.SeriesRef, labels.Labels, int64, *histogram.Histogram, *histogram.FloatHistogram) (storage.SeriesRef, error) {
	return 0, r.err
}

// AppendHistogramSTZeroSample implements storage.Appender.
func (r refusal) AppendHistogramSTZeroSample(storage.SeriesRef, labels.Labels, int64, int64, *histogram.Histogram, *histogram.FloatHistogram) (storage.SeriesRef, error) {
	return 0, r.err
}

// AppendSTZeroSample implements storage.Appender.
func (r refusal) AppendSTZeroSample(storage.SeriesRef, labels.Labels, int64, int64) (storage.SeriesRef, error) {
	return 0, r.err
}

// UpdateMetadata implements storage.Appender.
func (r refusal) UpdateMetadata(storage.SeriesRef, labels.Labels, prommeta.Metadata) (storage.SeriesRef, error) {
	return 0, r.err
}

// SetOptions implements storage.Appender.
func (r refusal) SetOptions(*storage.AppendOptions) {}

// Commit implements storage.Appender.
func (r refusal) Commit() error { return r.err }

// Rollback implements storage.Appender.
func (r refusal) Rollback() error { return r.err }
