// Package output writes what a run of the conformance suite has found: as text,
// JSON, JUnit and as a page.
package output

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/ampersand-amp/ampersand/e2e/conformance"
)

// Document is the form of the JSON output: the report, with its verdict and
// counts beside it, so that nobody has to work them out again. Durations are
// nanoseconds, times RFC 3339.
type Document struct {
	// Passed is that no MUST has failed, the run came to its end and left nothing
	// behind.
	Passed bool `json:"passed"`
	// Summary counts the outcomes by area and level.
	Summary []conformance.Tally `json:"summary"`
	conformance.Report
}

// WriteJSON writes the report as a Document.
func WriteJSON(w io.Writer, r conformance.Report) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(Document{Passed: Passed(r), Summary: r.Summary(), Report: r}); err != nil {
		return fmt.Errorf("write the report as JSON: %w", err)
	}
	return nil
}

// Passed reports whether no MUST has failed, nothing was left behind and the run
// came to its end.
func Passed(r conformance.Report) bool {
	return !r.Failed() && len(r.Leftovers) == 0 && !r.Interrupted
}

// count returns how many results have the outcome.
func count(results []conformance.Result, o conformance.Outcome) int {
	n := 0
	for _, res := range results {
		if res.Outcome == o {
			n++
		}
	}
	return n
}

// of returns an area's results.
func of(results []conformance.Result, area conformance.Area) []conformance.Result {
	var out []conformance.Result
	for _, res := range results {
		if res.Check.Area == area {
			out = append(out, res)
		}
	}
	return out
}

// requests returns how many requests the checks sent.
func requests(results []conformance.Result) int {
	n := 0
	for _, res := range results {
		n += res.Requests
	}
	return n
}
