package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// tally is how many of a suite's tests a program has passed.
type tally struct{ passed, all int }

// report prints the figures and what is known to fail. Whatever differs from that is an error.
func report(w io.Writer, results []result) error {
	tallies := map[string]*tally{}
	list := known()
	counts := make([]int, len(list))
	var surprises []error
	for _, r := range results {
		name := r.suite + "\t" + tried(r)
		if tallies[name] == nil {
			tallies[name] = &tally{}
		}
		tallies[name].all++
		if r.passed {
			tallies[name].passed++
		}
		i := slices.IndexFunc(list, func(s shortfall) bool { return s.tests.MatchString(r.suite + " " + r.test) })
		switch {
		case i >= 0 && r.passed:
			surprises = append(surprises, fmt.Errorf("%s %s passes, and is listed as failing", r.suite, r.test))
		case i < 0 && !r.passed:
			surprises = append(surprises, fmt.Errorf("%s %s fails", r.suite, r.test))
		case i >= 0:
			counts[i]++
		}
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, name := range slices.Sorted(maps.Keys(tallies)) {
		_, _ = fmt.Fprintf(table, "%s\t%d of %d\n", name, tallies[name].passed, tallies[name].all) // Flush tells
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print the figures: %w", err)
	}
	for i, s := range list {
		if counts[i] == 0 {
			surprises = append(surprises, fmt.Errorf("no test failed because: %s", s.why))
		}
		if _, err := fmt.Fprintf(w, "%d fail: %s\n", counts[i], s.why); err != nil {
			return fmt.Errorf("print what fails: %w", err)
		}
	}
	return errors.Join(surprises...)
}

// tried is the program that a test tries: the last part of a receiver's test, the first parts of a sender's.
func tried(r result) string {
	parts := strings.Split(r.test, "/")
	if r.suite == "receivers" {
		return parts[len(parts)-1]
	}
	route := strings.ToLower(strings.TrimPrefix(parts[0], "Test"))
	for _, part := range parts[1:] {
		if part == "arrived" {
			return route + " " + parts[len(parts)-1] + ", what arrived at the emulator"
		}
		if part != "suite" {
			return route + " " + part
		}
	}
	return cmp.Or(route, r.test)
}
