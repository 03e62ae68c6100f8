package query

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"

	"github.com/ampersand-amp/ampersand/emulator/quota"
	ampstorage "github.com/ampersand-amp/ampersand/emulator/storage"
)

// call is what the evaluation of a request depends on besides PromQL.
type call struct {
	ranged bool // query_range
	// Thresholds of samples processed; negative: none.
	warnFrom, refuseAbove int64
}

type callKey struct{}

func callOf(ctx context.Context) call {
	c, ok := ctx.Value(callKey{}).(call)
	if !ok {
		return call{warnFrom: quota.Unlimited, refuseAbove: quota.Unlimited}
	}
	return c
}

// evaluator is the engine as the HTTP API of a workspace sees it: with the
// quotas in force when a query is made.
type evaluator struct {
	api *API
	db  *ampstorage.DB
}

// NewInstantQuery implements promql.QueryEngine.
func (e evaluator) NewInstantQuery(ctx context.Context, _ storage.Queryable, opts promql.QueryOpts, qs string, ts time.Time) (promql.Query, error) {
	c := callOf(ctx)
	b := newBudget(e.api.quotas, c)
	q, err := e.api.Engine().NewInstantQuery(ctx, reader{e.db, b}, opts, qs, ts)
	if err != nil {
		return nil, err
	}
	return e.limit(q, b, c), nil
}

// NewRangeQuery implements promql.QueryEngine.
func (e evaluator) NewRangeQuery(ctx context.Context, _ storage.Queryable, opts promql.QueryOpts, qs string, start, end time.Time, step time.Duration) (promql.Query, error) {
	c := callOf(ctx)
	b := newBudget(e.api.quotas, c)
	q, err := e.api.Engine().NewRangeQuery(ctx, reader{e.db, b}, opts, qs, start, end, step)
	if err != nil {
		return nil, err
	}
	return e.limit(q, b, c), nil
}

func (e evaluator) limit(q promql.Query, b *budget, c call) promql.Query {
	b.processed = q.Stats().Samples
	limited := &limitedQuery{Query: q, budget: b, call: c}
	if stmt, ok := q.Statement().(*parser.EvalStmt); ok {
		limited.refusal = judgeStatement(e.api.quotas, stmt)
	}
	return limited
}

// limitedQuery is a query that is refused, or ends early, by a quota.
type limitedQuery struct {
	promql.Query
	budget  *budget
	call    call
	refusal error // known before the evaluation
}

// Exec implements promql.Query.
func (q *limitedQuery) Exec(ctx context.Context) *promql.Result {
	if q.refusal != nil {
		return &promql.Result{Err: q.refusal}
	}
	res := q.Query.Exec(ctx)
	if res.Err != nil {
		// The deadline may strike while series are looked up, which the
		// engine does not tell from an error of the storage.
		if errors.Is(res.Err, context.DeadlineExceeded) {
			res.Err = promql.ErrQueryTimeout("expanding series")
		}
		return res
	}
	if err := q.budget.judgeProcessed(); err != nil {
		return &promql.Result{Err: err}
	}
	if n := q.budget.processed.TotalSamples; q.call.warnFrom >= 0 && n >= q.call.warnFrom {
		res.Warnings = res.Warnings.Add(fmt.Errorf("the query processed %d samples and hit "+paramWarn+" (%d samples)", n, q.call.warnFrom))
	}
	return res
}
