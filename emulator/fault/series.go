package fault

import (
	"maps"
	"strconv"
	"time"
)

// SeriesLabel tells copies of a series apart: 1, 2 and so on.
const SeriesLabel = "fault_copy"

// series is how many copies there are of each series of a result. There is nothing to
// copy in an empty result or a scalar.
type series int

func (s series) name() string { return "series" }

func (s series) check(add func(field, format string, args ...any)) {
	const most = 100
	if s < 2 || s > most {
		add("series", "%d copies are not from 2 to %d", int(s), most)
	}
}

func (s series) serve(w way) { rewriteResult(w, s) }

func (s series) rewrite(r *result, _ time.Time) {
	lines, ok := r.lines()
	if !ok {
		return
	}
	copies := make([]line, 0, len(lines)*int(s))
	for _, one := range lines {
		for n := range int(s) {
			next := one
			next.Metric = maps.Clone(one.Metric)
			if next.Metric == nil {
				next.Metric = map[string]string{}
			}
			next.Metric[SeriesLabel] = strconv.Itoa(n + 1)
			copies = append(copies, next)
		}
	}
	r.set(copies)
}
