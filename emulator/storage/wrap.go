package storage

import (
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	prommeta "github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/storage"
)

// querier leaves its generation when it is closed.
type querier struct {
	storage.Querier
	leave func()
}

// Close implements storage.Querier.
func (q *querier) Close() error {
	defer q.leave()
	return q.Querier.Close()
}

// chunkQuerier leaves its generation when it is closed.
type chunkQuerier struct {
	storage.ChunkQuerier
	leave func()
}

// Close implements storage.ChunkQuerier.
func (q *chunkQuerier) Close() error {
	defer q.leave()
	return q.ChunkQuerier.Close()
}

// appender leaves its generation when it is committed or rolled back.
type appender struct {
	storage.Appender
	leave func()
}

// Commit implements storage.Appender.
func (a *appender) Commit() error {
	defer a.leave()
	return a.Appender.Commit()
}

// Rollback implements storage.Appender.
func (a *appender) Rollback() error {
	defer a.leave()
	return a.Appender.Rollback()
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
