package proof

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/stats"
)

// suiteEngine is promqltest's engine: it asks the workspace over HTTP.
//
// A float answer is turned back and left to promqltest's judgement. JSON has
// histograms without schema, spans and hints, so for an answer with histograms
// a local engine, set up as AMP's is, queries the mirror: its result must be
// the emulator's answer to the last bucket as JSON, and goes to promqltest.
type suiteEngine struct {
	amp    *promql.Engine // as the emulator's: Cortex' options [C]
	full   *promql.Engine // as promqltest's: with everything experimental
	ledger *ledger
}

// NewInstantQuery implements promql.QueryEngine.
func (e *suiteEngine) NewInstantQuery(_ context.Context, q storage.Queryable, _ promql.QueryOpts, text string, at time.Time) (promql.Query, error) {
	return &suiteQuery{engine: e, store: q.(*suiteStorage), text: text, start: at, end: at}, nil
}

// NewRangeQuery implements promql.QueryEngine.
func (e *suiteEngine) NewRangeQuery(_ context.Context, q storage.Queryable, _ promql.QueryOpts, text string, start, end time.Time, step time.Duration) (promql.Query, error) {
	return &suiteQuery{engine: e, store: q.(*suiteStorage), text: text, start: start, end: end, step: step}, nil
}

type suiteQuery struct {
	engine     *suiteEngine
	store      *suiteStorage
	text       string
	start, end time.Time
	step       time.Duration // 0: instant
	local      []promql.Query
}

// Exec implements promql.Query.
func (q *suiteQuery) Exec(ctx context.Context) *promql.Result {
	got, err := q.ask(ctx)
	if err != nil {
		return &promql.Result{Err: err}
	}
	eval := q.engine.ledger.at(q.store.file, q.text)
	if refusal := experimental(q.text); refusal != nil {
		eval.experimental = true
		return q.refused(ctx, got, refusal)
	}
	if eval.exception != nil {
		return q.excepted(ctx, got, eval.exception)
	}
	res := decode(got)
	if errors.Is(res.Err, errHistograms) {
		return q.confirmed(ctx, got)
	}
	return res
}

func (q *suiteQuery) ask(ctx context.Context) (answer, error) {
	if q.step == 0 {
		return q.store.space.instant(ctx, q.text, q.start.UnixMilli())
	}
	return q.store.space.ranged(ctx, q.text, q.start.UnixMilli(), q.end.UnixMilli(), q.step.Milliseconds())
}

// experimental returns what a parser without experimental features says to a
// query that needs them, or nil. They are off in Cortex unless it is told
// otherwise [C].
func experimental(text string) error {
	_, err := parser.NewParser(parser.Options{}).ParseExpr(text)
	return err
}

// refused checks that the emulator refuses what is experimental, with the text
// of its parser, and gives promqltest the result of its own engine.
func (q *suiteQuery) refused(ctx context.Context, got answer, refusal error) *promql.Result {
	if res := decode(got); got.status != 400 || res.Err == nil || !strings.Contains(res.Err.Error(), refusal.Error()) {
		return &promql.Result{Err: fmt.Errorf("an experimental query is to be refused with %w, got %d: %.500s", refusal, got.status, got.body)}
	}
	return q.on(ctx, q.engine.full)
}

// excepted gives promqltest the result of its own engine, once the emulator's
// answer is seen to be that of an engine with AMP's options on the same data.
func (q *suiteQuery) excepted(ctx context.Context, got answer, why *exception) *promql.Result {
	res := q.on(ctx, q.engine.full)
	if res.Err != nil {
		return res
	}
	want, err := encode(res, q.text)
	if err != nil {
		return &promql.Result{Err: err}
	}
	if sameAnswer(want, got.body) != nil {
		why.needed = true
	}
	amp, remote := q.on(ctx, q.engine.amp), decode(got)
	if amp.Err == nil || remote.Err == nil || amp.Err.Error() != remote.Err.Error() {
		if err := q.confirm(amp, got); err != nil {
			return &promql.Result{Err: err}
		}
	}
	return res
}

// confirmed is the result of an engine with AMP's options over the mirror, if
// it is what the emulator answered.
func (q *suiteQuery) confirmed(ctx context.Context, got answer) *promql.Result {
	res := q.on(ctx, q.engine.amp)
	if err := q.confirm(res, got); err != nil {
		return &promql.Result{Err: err}
	}
	return res
}

func (q *suiteQuery) confirm(res *promql.Result, got answer) error {
	if res.Err != nil {
		return fmt.Errorf("answered with %d and %.500s where Prometheus fails: %w", got.status, got.body, res.Err)
	}
	want, err := encode(res, q.text)
	if err == nil {
		err = sameAnswer(want, got.body)
	}
	if err != nil {
		return fmt.Errorf("the emulator answers otherwise than Prometheus: %w", err)
	}
	return nil
}

func (q *suiteQuery) on(ctx context.Context, engine *promql.Engine) *promql.Result {
	var local promql.Query
	var err error
	if q.step == 0 {
		local, err = engine.NewInstantQuery(ctx, q.store.TestStorage, nil, q.text, q.start)
	} else {
		local, err = engine.NewRangeQuery(ctx, q.store.TestStorage, nil, q.text, q.start, q.end, q.step)
	}
	if err != nil {
		return &promql.Result{Err: err}
	}
	q.local = append(q.local, local)
	return local.Exec(ctx)
}

// Close implements promql.Query.
func (q *suiteQuery) Close() {
	for _, local := range q.local {
		local.Close()
	}
}

// Statement implements promql.Query.
func (*suiteQuery) Statement() parser.Statement { return nil }

// Stats implements promql.Query.
func (*suiteQuery) Stats() *stats.Statistics { return nil }

// Cancel implements promql.Query.
func (*suiteQuery) Cancel() {}

// String implements promql.Query.
func (q *suiteQuery) String() string { return q.text }
