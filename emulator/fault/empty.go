package fault

import "time"

// empty leaves nothing of a query's result. A scalar becomes an empty vector.
type empty struct{}

func (empty) name() string { return "empty" }

func (empty) check(func(field, format string, args ...any)) {}

func (e empty) serve(w way) { rewriteResult(w, e) }

func (empty) rewrite(r *result, _ time.Time) { r.clear() }
