package timeline

import (
	"sort"
	"strings"
	"time"
)

// row is the state of every hop at one instant, as a line of the text report.
type row struct {
	at     time.Time
	values map[Hop]float64 // hops without a value are missing
	marks  []string
}

// rows returns a row for every change of a replica count, for every mark, and at least one each every.
func (r *Run) rows(every time.Duration) []row {
	origin, ok := r.MarkAt(MarkLoadStep)
	if !ok {
		origin = r.Start
	}
	end := r.End()
	instants := map[time.Time][]string{}
	for _, m := range r.Marks {
		text := string(m.Name)
		if m.Name == MarkEvent {
			text = m.Text
		} else if m.Text != "" && m.Name != MarkFirstSample && m.Name != MarkFirstVisible {
			text += ": " + m.Text
		}
		instants[m.At] = append(instants[m.At], text)
	}
	for _, hop := range countHops() {
		s := r.Series[hop]
		for i, p := range s {
			if i == 0 || s[i-1].Value != p.Value {
				instants[p.At] = append(instants[p.At], "")
			}
		}
	}
	if every > 0 {
		first := origin.Add(-r.sinceStart(origin).Truncate(every))
		for t := first; !t.After(end); t = t.Add(every) {
			instants[t] = append(instants[t], "")
		}
	}
	at := make([]time.Time, 0, len(instants))
	for t := range instants {
		at = append(at, t)
	}
	sort.Slice(at, func(i, j int) bool { return at[i].Before(at[j]) })
	return r.merge(at, instants)
}

// merge joins instants without marks that lie within a tenth of a second: one change shows up at several hops.
func (r *Run) merge(at []time.Time, marks map[time.Time][]string) []row {
	const together = 100 * time.Millisecond
	var rows []row
	for _, t := range at {
		text := nonEmpty(marks[t])
		if n := len(rows); n > 0 && len(text) == 0 && len(rows[n-1].marks) == 0 && t.Sub(rows[n-1].at) < together {
			rows[n-1] = r.rowAt(t)
			continue
		}
		next := r.rowAt(t)
		next.marks = text
		rows = append(rows, next)
	}
	return rows
}

func (r *Run) rowAt(t time.Time) row {
	out := row{at: t, values: map[Hop]float64{}}
	for hop, s := range r.Series {
		if v, ok := s.At(t); ok {
			out.values[hop] = v
		}
	}
	return out
}

func (r *Run) sinceStart(t time.Time) time.Duration {
	if r.Start.IsZero() || t.Before(r.Start) {
		return 0
	}
	return t.Sub(r.Start)
}

func nonEmpty(texts []string) []string {
	var out []string
	for _, t := range texts {
		if t = strings.TrimSpace(t); t != "" {
			out = append(out, t)
		}
	}
	return out
}
