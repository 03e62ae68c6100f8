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

func (q *querier) Close() error {
	defer q.leave()
	return q.Querier.Close()
}

// chunkQuerier leaves its generation when it is closed.
type chunkQuerier struct {
	storage.ChunkQuerier
	leave func()
}

func (q *chunkQuerier) Close() error {
	defer q.leave()
	return q.ChunkQuerier.Close()
}

// appender leaves its generation when it is committed or rolled back.
type appender struct {
	storage.Appender
	leave func()
}

func (a *appender) Commit() error {
	defer a.leave()
	return a.Appender.Commit()
}

func (a *appender) Rollback() error {
	defer a.leave()
	return a.Appender.Rollback()
}

// refusal is the appender of a database that takes no samples any more: the
// interface has no error where an appender is made, so each call returns it.
type refusal struct{ err error }

func (r refusal) Append(storage.SeriesRef, labels.Labels, int64, float64) (storage.SeriesRef, error) {
	return 0, r.err
}

func (r refusal) AppendExemplar(storage.SeriesRef, labels.Labels, exemplar.Exemplar) (storage.SeriesRef, error) {
	return 0, r.err
}

func (r refusal) AppendHistogram(storage.SeriesRef, labels.Labels, int64, *histogram.Histogram, *histogram.FloatHistogram) (storage.SeriesRef, error) {
	return 0, r.err
}

func (r refusal) AppendHistogramSTZeroSample(storage.SeriesRef, labels.Labels, int64, int64, *histogram.Histogram, *histogram.FloatHistogram) (storage.SeriesRef, error) {
	return 0, r.err
}

func (r refusal) AppendSTZeroSample(storage.SeriesRef, labels.Labels, int64, int64) (storage.SeriesRef, error) {
	return 0, r.err
}

func (r refusal) UpdateMetadata(storage.SeriesRef, labels.Labels, prommeta.Metadata) (storage.SeriesRef, error) {
	return 0, r.err
}

func (r refusal) SetOptions(*storage.AppendOptions) {}

func (r refusal) Commit() error { return r.err }

func (r refusal) Rollback() error { return r.err }
