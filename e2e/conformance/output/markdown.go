package output

import (
	"fmt"
	"strings"

	"github.com/ampersand-amp/ampersand/e2e/conformance"
)

// Markdown is the report's counts as a table, without anything that differs between two runs of the same outcome.
func Markdown(r conformance.Report) string {
	var b strings.Builder
	b.WriteString("| area | level |")
	for _, o := range conformance.Outcomes() {
		fmt.Fprintf(&b, " %s |", o)
	}
	b.WriteString("\n|---|---|" + strings.Repeat("---:|", len(conformance.Outcomes())) + "\n")
	total := make(map[conformance.Outcome]int)
	for _, tally := range r.Summary() {
		fmt.Fprintf(&b, "| %s | %s |", tally.Area, tally.Level)
		for _, o := range conformance.Outcomes() {
			fmt.Fprintf(&b, " %d |", tally.Counts[o])
			total[o] += tally.Counts[o]
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "| all | %d |", len(r.Results))
	for _, o := range conformance.Outcomes() {
		fmt.Fprintf(&b, " %d |", total[o])
	}
	b.WriteString("\n")
	return b.String()
}
