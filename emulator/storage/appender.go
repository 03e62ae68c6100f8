package storage

import (
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	prommeta "github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
)

// appender waits for its turn at the first sample, keeps it until it is
// committed or rolled back, and then leaves its generation.
//
// Taking turns is what makes a promise of "no error". The TSDB judges a
// sample when it is appended, and once more at commit, where it drops without
// a word what no longer fits. Between the two, a commit by another writer can
// change the answer only for a series of its own: time bounds are those of when
// the appender was opened, and a compaction waits for open appenders. But two
// writers can have a series in common, such as a client and the rules that
// record the same name; then
//   - the newer sample may be committed first, and the other is dropped,
//   - a sample may be in the WAL before its series, if the other writer made
//     the series and has not committed: replay knows no such series.
//
// One writer at a time has neither. Writers hold their turn for as long as it
// takes to append, so that rules wait for remote write no longer than a second
// request would.
type appender struct {
	g       *generation
	open    func() (storage.Appender, error)
	leave   func()
	options *storage.AppendOptions

	mine  storage.Appender // from the first sample on
	ended bool
}

// turn returns the TSDB's appender; the first call waits for it.
func (a *appender) turn() (storage.Appender, error) {
	if a.ended {
		return nil, tsdb.ErrAppenderClosed
	}
	if a.mine != nil {
		return a.mine, nil
	}
	a.g.writes.Lock()
	mine, err := a.open()
	if err != nil {
		a.g.writes.Unlock()
		return nil, err
	}
	a.mine = mine
	if a.options != nil {
		a.mine.SetOptions(a.options)
	}
	return a.mine, nil
}

// end gives the turn to the next.
func (a *appender) end(how func(storage.Appender) error) error {
	if a.ended {
		return tsdb.ErrAppenderClosed
	}
	a.ended = true
	defer a.leave()
	if a.mine == nil {
		return nil
	}
	defer a.g.writes.Unlock()
	return how(a.mine)
}

// SetOptions implements storage.Appender.
func (a *appender) SetOptions(o *storage.AppendOptions) {
	a.options = o
	if a.mine != nil {
		a.mine.SetOptions(o)
	}
}

// Append implements storage.Appender.
func (a *appender) Append(ref storage.SeriesRef, ls labels.Labels, t int64, v float64) (storage.SeriesRef, error) {
	app, err := a.turn()
	if err != nil {
		return 0, err
	}
	return app.Append(ref, ls, t, v)
}

// AppendHistogram implements storage.Appender.
func (a *appender) AppendHistogram(ref storage.SeriesRef, ls labels.Labels, t int64, h *histogram.Histogram, fh *histogram.FloatHistogram) (storage.SeriesRef, error) {
	app, err := a.turn()
	if err != nil {
		return 0, err
	}
	return app.AppendHistogram(ref, ls, t, h, fh)
}

// AppendExemplar implements storage.Appender.
func (a *appender) AppendExemplar(ref storage.SeriesRef, ls labels.Labels, e exemplar.Exemplar) (storage.SeriesRef, error) {
	app, err := a.turn()
	if err != nil {
		return 0, err
	}
	return app.AppendExemplar(ref, ls, e)
}

// AppendHistogramSTZeroSample implements storage.Appender.
func (a *appender) AppendHistogramSTZeroSample(ref storage.SeriesRef, ls labels.Labels, t, st int64, h *histogram.Histogram, fh *histogram.FloatHistogram) (storage.SeriesRef, error) {
	app, err := a.turn()
	if err != nil {
		return 0, err
	}
	return app.AppendHistogramSTZeroSample(ref, ls, t, st, h, fh)
}

// AppendSTZeroSample implements storage.Appender.
func (a *appender) AppendSTZeroSample(ref storage.SeriesRef, ls labels.Labels, t, st int64) (storage.SeriesRef, error) {
	app, err := a.turn()
	if err != nil {
		return 0, err
	}
	return app.AppendSTZeroSample(ref, ls, t, st)
}

// UpdateMetadata implements storage.Appender.
func (a *appender) UpdateMetadata(ref storage.SeriesRef, ls labels.Labels, m prommeta.Metadata) (storage.SeriesRef, error) {
	app, err := a.turn()
	if err != nil {
		return 0, err
	}
	return app.UpdateMetadata(ref, ls, m)
}

// Commit implements storage.Appender.
func (a *appender) Commit() error { return a.end(storage.Appender.Commit) }

// Rollback implements storage.Appender.
func (a *appender) Rollback() error { return a.end(storage.Appender.Rollback) }
