package query

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"

	"github.com/ampersand-amp/ampersand/emulator/quota"
	ampstorage "github.com/ampersand-amp/ampersand/emulator/storage"
)

// maxIntoFuture is how far into the future Cortex looks.
// [C] querier.max-query-into-future
const maxIntoFuture = 10 * time.Minute

// lookup is a workspace as series, labels and label values see it.
type lookup struct {
	*ampstorage.DB
	api *API
}

// Querier implements storage.Queryable. The range between start and end has the
// same quota as that of queries; without a start Cortex looks at recent data and
// judges nothing. [C] querier.go. What is recent is not known for AMP, so all
// data is looked at then.
func (l lookup) Querier(mint, maxt int64) (storage.Querier, error) {
	if mint > 0 {
		end := min(maxt, l.api.now().Add(maxIntoFuture).UnixMilli())
		if err := judgeRange(l.api.quotas, end-mint); err != nil {
			return nil, err
		}
	}
	q, err := l.DB.Querier(mint, maxt)
	if err != nil {
		return nil, storageError(err)
	}
	return &lookupQuerier{Querier: q, budget: newBudget(l.api.quotas, call{refuseAbove: quota.Unlimited})}, nil
}

// lookupQuerier counts the series that a lookup finds. [C] distributor.go,
// MetricsForLabelMatchers
type lookupQuerier struct {
	storage.Querier
	budget *budget
}

// Select implements storage.Querier.
func (q *lookupQuerier) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	q.budget.selectors++
	return &lookupSet{SeriesSet: q.Querier.Select(ctx, sorted, hints, matchers...), budget: q.budget}
}

type lookupSet struct {
	storage.SeriesSet
	budget *budget
	err    error
}

// Next implements storage.SeriesSet.
func (s *lookupSet) Next() bool {
	if s.err != nil || !s.SeriesSet.Next() {
		return false
	}
	s.err = s.budget.addSeries(s.SeriesSet.At().Labels())
	return s.err == nil
}

// Err implements storage.SeriesSet.
func (s *lookupSet) Err() error {
	if s.err != nil {
		return s.err
	}
	return storageError(s.SeriesSet.Err())
}

// judgeRange refuses a time range of too many milliseconds. The text is AMP's
// [D]; Cortex' querier answers 422, its frontend 400, and which of them AMP's
// clients see is not known: 422. [C] amp-api.md 1.7
func judgeRange(q *quota.Set, millis int64) error {
	if !q.Exceeded(quota.QueryRange, millis) {
		return nil
	}
	return limitError(fmt.Sprintf("the query time range exceeds the limit (query length: %s, limit: %s)",
		time.Duration(millis)*time.Millisecond, q.Duration(quota.QueryRange)))
}

// storageError marks an error of the storage as ours, to be answered with 500
// instead of 422. [C] querier/error_translate_queryable.go
func storageError(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return promql.ErrStorage{Err: err}
}
