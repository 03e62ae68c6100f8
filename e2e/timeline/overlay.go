package timeline

import (
	"fmt"
	"slices"
	"time"
)

// Pair names two runs of a report that are laid over each other, counted from their load steps.
type Pair struct {
	// A and B are indexes into Report.Runs.
	A int `json:"a"`
	B int `json:"b"`
	// AName and BName tell the two apart for people.
	AName string `json:"aName"`
	BName string `json:"bName"`
}

// Difference is one figure of the two runs of a pair.
type Difference struct {
	// Name and Unit are the figure's.
	Name, Unit string
	// A and B are its values in the two runs, nil when they were not seen.
	A, B *float64
}

// Delta is B less A, nil when one of them was not seen.
func (d Difference) Delta() *float64 {
	if d.A == nil || d.B == nil {
		return nil
	}
	delta := *d.B - *d.A
	return &delta
}

// Text is the difference with its sign and unit.
func (d Difference) Text() string {
	delta := d.Delta()
	if delta == nil {
		return "-"
	}
	text := Figure{Unit: d.Unit, Value: delta}.Text()
	if *delta > 0 {
		text = "+" + text
	}
	return text
}

// Pair adds a pair of runs, by their indexes; empty names are made from what sets the two apart.
func (r *Report) Pair(a, b int, aName, bName string) error {
	if err := r.check(Pair{A: a, B: b}); err != nil {
		return err
	}
	if aName == "" || bName == "" {
		aName, bName = apart(&r.Runs[a], &r.Runs[b])
	}
	r.Pairs = append(r.Pairs, Pair{A: a, B: b, AName: aName, BName: bName})
	return nil
}

// check says whether a pair is of two runs that the report has.
func (r *Report) check(p Pair) error {
	if n := len(r.Runs); p.A < 0 || p.B < 0 || p.A >= n || p.B >= n || p.A == p.B {
		return fmt.Errorf("lay run %d over run %d: the report has %d runs", p.B, p.A, n)
	}
	return nil
}

// apart names two runs by what sets them apart.
func apart(a, b *Run) (aName, bName string) {
	for _, of := range []func(*Run) string{
		func(r *Run) string { return r.Variant },
		func(r *Run) string { return r.Scenario },
		func(r *Run) string { return r.Profile },
		func(r *Run) string { return r.Cluster },
		func(r *Run) string { return r.Environment[EnvRevision] },
		func(r *Run) string { return r.Start.UTC().Format("2006-01-02 15:04:05") },
	} {
		if aName, bName = of(a), of(b); aName != bName && aName != "" && bName != "" {
			return aName, bName
		}
	}
	return "first", "second"
}

// Overlay lays the runs of b over those of a, for example today's over yesterday's: runs of the same scenario, variant, profile
// and cluster, in their order, or the only runs of both. The result holds the paired runs and nothing else, each a's before its b's.
func Overlay(a, b Report) (Report, error) {
	out := Report{Title: a.Title, Generated: b.Generated}
	if b.Title != a.Title {
		out.Title = a.Title + " and " + b.Title
	}
	only := len(a.Runs) == 1 && len(b.Runs) == 1
	taken := make([]bool, len(b.Runs))
	for i := range a.Runs {
		j := slices.IndexFunc(b.Runs, func(run Run) bool { return only || run.Name() == a.Runs[i].Name() })
		for j >= 0 && taken[j] {
			next := slices.IndexFunc(b.Runs[j+1:], func(run Run) bool { return run.Name() == a.Runs[i].Name() })
			if next < 0 {
				j = -1
				break
			}
			j += 1 + next
		}
		if j < 0 {
			continue
		}
		taken[j] = true
		out.Runs = append(out.Runs, a.Runs[i], b.Runs[j])
		if err := out.Pair(len(out.Runs)-2, len(out.Runs)-1, "", ""); err != nil {
			return Report{}, err
		}
	}
	if len(out.Pairs) == 0 {
		return Report{}, fmt.Errorf("lay %q over %q: no run of the one has the scenario, variant, profile and cluster of a run of the other", b.Title, a.Title)
	}
	return out, nil
}

// Differences are the figures of a pair, over the time from the load step that both runs have.
func (r Report) Differences(p Pair) []Difference {
	a, b := &r.Runs[p.A], &r.Runs[p.B]
	both := min(a.End().Sub(a.origin()), b.End().Sub(b.origin()))
	var out []Difference
	ofB := b.figures(b.origin().Add(both))
	for _, f := range a.figures(a.origin().Add(both)) {
		d := Difference{Name: f.Name, Unit: f.Unit, A: f.Value}
		if i := slices.IndexFunc(ofB, func(o Figure) bool { return o.Name == f.Name }); i >= 0 {
			d.B = ofB[i].Value
		}
		out = append(out, d)
	}
	return append(out, splitDifferences(a.Split, b.Split)...)
}

func splitDifferences(a, b *Split) []Difference {
	if a == nil || b == nil {
		return nil
	}
	var out []Difference
	for i, t := range a.Terms {
		if i < len(b.Terms) && b.Terms[i].Name == t.Name {
			out = append(out, Difference{Name: string(t.Name) + " (" + t.From + " to " + t.To + ")", Unit: "s", A: t.Measured, B: b.Terms[i].Measured})
		}
	}
	return out
}

// window is the stretch that a chart of the run shows, in seconds from its origin.
func (r *Run) window() (from, to float64, origin time.Time) {
	origin = r.origin()
	from = min(0, r.Start.Sub(origin).Seconds())
	return from, max(from+1, r.End().Sub(origin).Seconds()), origin
}
