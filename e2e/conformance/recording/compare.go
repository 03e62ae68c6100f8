package recording

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/ampersand-amp/ampersand/e2e/conformance"
)

// Drift is where two recordings differ.
type Drift struct {
	Earlier Head `json:"earlier"`
	Later   Head `json:"later"`
	// Compared counts the checks that are in both.
	Compared int          `json:"compared"`
	Checks   []CheckDrift `json:"checks"`
	// Checks of which only one recording has requests: they are new, gone, or
	// were not chosen.
	OnlyEarlier []string `json:"onlyEarlier,omitempty"`
	OnlyLater   []string `json:"onlyLater,omitempty"`
}

// CheckDrift is what differs in the answers to one check.
type CheckDrift struct {
	Check       string       `json:"check"`
	Differences []Difference `json:"differences"`
}

// Difference is one place of one answer.
type Difference struct {
	// Request is method and path, and which of several alike.
	Request string `json:"request"`
	// Place is "status", "header NAME", "body.MEMBER", or "requests" where one of
	// the recordings has none.
	Place   string `json:"place"`
	Earlier string `json:"earlier"`
	Later   string `json:"later"`
}

// Compare compares what the same requests of the same checks were answered. What
// a run sends besides its checks depends on what comes in between and is left out.
func Compare(earlier, later *Recording) Drift {
	d := Drift{Earlier: earlier.Head, Later: later.Head, Checks: []CheckDrift{}}
	before, after := newSteady(earlier), newSteady(later)
	a, b := before.byCheck(earlier), after.byCheck(later)
	for _, id := range slices.Sorted(maps.Keys(a)) {
		if b[id] == nil {
			d.OnlyEarlier = append(d.OnlyEarlier, id)
			continue
		}
		d.Compared++
		if differences := compareAsked(a[id], b[id]); len(differences) > 0 {
			d.Checks = append(d.Checks, CheckDrift{id, differences})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(b)) {
		if a[id] == nil {
			d.OnlyLater = append(d.OnlyLater, id)
		}
	}
	return d
}

// asked are the answers to requests of the same method and path, in their order.
type asked struct {
	number  int // of the first
	answers []shape
}

// byCheck sorts a recording's entries by check and by what was asked. Requests
// that were repeated at once and change nothing are polls: their last answer is
// what counts.
func (s steady) byCheck(r *Recording) map[string]map[string]*asked {
	entries := slices.Clone(r.Entries)
	slices.SortStableFunc(entries, func(a, b Entry) int { return cmp.Compare(a.Number, b.Number) })
	out, last := make(map[string]map[string]*asked), make(map[string]string)
	for _, e := range entries {
		if e.Check == conformance.SetupID {
			continue
		}
		if out[e.Check] == nil {
			out[e.Check] = make(map[string]*asked)
		}
		key := e.Method + " " + s.text(e.Path)
		q := out[e.Check][key]
		if q == nil {
			q = &asked{number: e.Number}
			out[e.Check][key] = q
		}
		poll := last[e.Check] == key && (e.Method == http.MethodGet || e.Method == http.MethodDelete)
		if poll {
			q.answers[len(q.answers)-1] = s.shape(e)
		} else {
			q.answers = append(q.answers, s.shape(e))
		}
		last[e.Check] = key
	}
	return out
}

func compareAsked(a, b map[string]*asked) []Difference {
	all := maps.Clone(a)
	for key, q := range b {
		if all[key] == nil {
			all[key] = q
		}
	}
	keys := slices.SortedFunc(maps.Keys(all), func(x, y string) int {
		return cmp.Or(cmp.Compare(all[x].number, all[y].number), cmp.Compare(x, y))
	})
	var out []Difference
	for _, key := range keys {
		before, after := a[key], b[key]
		switch {
		case before == nil:
			out = append(out, Difference{key, "requests", "none", fmt.Sprint(len(after.answers))})
		case after == nil:
			out = append(out, Difference{key, "requests", fmt.Sprint(len(before.answers)), "none"})
		case len(before.answers) == len(after.answers):
			for i := range before.answers {
				name := key
				if len(before.answers) > 1 {
					name += fmt.Sprintf(" (%d of %d)", i+1, len(before.answers))
				}
				out = append(out, differences(name, before.answers[i], after.answers[i])...)
			}
		default: // one had to wait for longer than the other: what came of it counts
			out = append(out, differences(key+" (last)", before.answers[len(before.answers)-1], after.answers[len(after.answers)-1])...)
		}
	}
	return out
}

func differences(name string, before, after shape) []Difference {
	places := slices.Collect(maps.Keys(before))
	for place := range after {
		if _, ok := before[place]; !ok {
			places = append(places, place)
		}
	}
	slices.Sort(places)
	if i := slices.Index(places, "status"); i > 0 {
		places = slices.Insert(slices.Delete(places, i, i+1), 0, "status")
	}
	var out []Difference
	for _, place := range places {
		if before[place] != after[place] {
			out = append(out, Difference{name, place, orNone(before[place]), orNone(after[place])})
		}
	}
	return out
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// someOf names a few of many.
func someOf(ids []string) string {
	const most = 5
	if len(ids) <= most {
		return strings.Join(ids, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(ids[:most], ", "), len(ids)-most)
}

// WriteText writes the comparison for people.
func (d Drift) WriteText(w io.Writer) error {
	var b strings.Builder
	for _, c := range d.Checks {
		fmt.Fprintf(&b, "%s\n", c.Check)
		name := ""
		for _, diff := range c.Differences {
			if diff.Request != name {
				name = diff.Request
				fmt.Fprintf(&b, "  %s\n", name)
			}
			fmt.Fprintf(&b, "    %s: was %s, is %s\n", diff.Place, diff.Earlier, diff.Later)
		}
	}
	if len(d.Checks) > 0 {
		b.WriteString("\n")
	}
	for _, only := range []struct {
		where string
		ids   []string
	}{{"earlier", d.OnlyEarlier}, {"later", d.OnlyLater}} {
		if len(only.ids) > 0 {
			fmt.Fprintf(&b, "only in the %s recording: %d checks: %s\n", only.where, len(only.ids), someOf(only.ids))
		}
	}
	fmt.Fprintf(&b, "%s (%s, %s)\nagainst %s (%s, %s): %d checks compared, %d differ\n",
		d.Earlier.Target, d.Earlier.Program, d.Earlier.Began.Format("2006-01-02 15:04"),
		d.Later.Target, d.Later.Program, d.Later.Began.Format("2006-01-02 15:04"), d.Compared, len(d.Checks))
	_, err := io.WriteString(w, b.String())
	return err
}
