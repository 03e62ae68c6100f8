package conformance

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Selection chooses checks; what is empty chooses all.
type Selection struct {
	// IDs are globs (* stands for anything, dots included), or ids and beginnings
	// of ids up to a dot: rules.*.for, query.errors.
	IDs    []string
	Areas  []Area
	Levels []Level
}

// Of returns the chosen ones. A choice that nothing can meet is an error: it is
// a slip of the pen, and a run of no checks would pass.
func (s Selection) Of(checks []Check) ([]Check, error) {
	for _, a := range s.Areas {
		if !slices.Contains(Areas(), a) {
			return nil, fmt.Errorf("there is no area %q; there are %s", a, commas(Areas()))
		}
	}
	for _, l := range s.Levels {
		if !slices.Contains(Levels(), l) {
			return nil, fmt.Errorf("there is no level %q; there are %s", l, commas(Levels()))
		}
	}
	for _, pattern := range s.IDs {
		if _, err := path.Match(pattern, ""); err != nil {
			return nil, fmt.Errorf("pattern %q: %w", pattern, err)
		}
		if !slices.ContainsFunc(checks, func(c Check) bool { return choosesID(pattern, c.ID) }) {
			return nil, fmt.Errorf("no check's id is or matches %q", pattern)
		}
	}
	var out []Check
	for _, c := range checks {
		if s.has(c) {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("of %d checks none has id, area and level as chosen", len(checks))
	}
	return out, nil
}

func (s Selection) has(c Check) bool {
	return (len(s.Areas) == 0 || slices.Contains(s.Areas, c.Area)) &&
		(len(s.Levels) == 0 || slices.Contains(s.Levels, c.Level)) &&
		(len(s.IDs) == 0 || slices.ContainsFunc(s.IDs, func(p string) bool { return choosesID(p, c.ID) }))
}

func choosesID(pattern, id string) bool {
	ok, err := path.Match(pattern, id)
	return err == nil && ok || strings.HasPrefix(id, pattern+".")
}

func commas[S ~string](words []S) string {
	var out []string
	for _, w := range words {
		out = append(out, string(w))
	}
	return strings.Join(out, ", ")
}
