package output

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ampersand-amp/ampersand/e2e/conformance"
)

// WriteText writes the report for people: what failed in full, what was recorded,
// counts by area and level, and the verdict as the last line.
func WriteText(w io.Writer, r conformance.Report) error {
	var b strings.Builder
	writeResults(&b, r.Results, conformance.Fail, "Failed")
	writeResults(&b, r.Results, conformance.Recorded, "Recorded, not judged")
	writeReasons(&b, r.Results)
	if err := r.WriteSummary(&b); err != nil {
		return err
	}
	fmt.Fprintf(&b, "\n%s\n", Verdict(r))
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write the report as text: %w", err)
	}
	return nil
}

// Verdict says in one line what came of the run.
func Verdict(r conformance.Report) string {
	failed := make(map[conformance.Level]int)
	for _, res := range r.Results {
		if res.Outcome == conformance.Fail {
			failed[res.Check.Level]++
		}
	}
	word := "PASS"
	switch {
	case r.Interrupted:
		word = "INTERRUPTED"
	case !Passed(r):
		word = "FAIL"
	}
	text := fmt.Sprintf("%s: %s: %d checks, %d passed", word, r.Target, len(r.Results), count(r.Results, conformance.Pass))
	for _, level := range conformance.Levels() {
		if n := failed[level]; n > 0 {
			text += fmt.Sprintf(", %d %s failed", n, level)
		}
	}
	if n := count(r.Results, conformance.NotRun); n > 0 {
		text += fmt.Sprintf(", %d not run", n)
	}
	text += fmt.Sprintf("; %d requests in %s", requests(r.Results), r.Took.Round(100*time.Millisecond))
	if len(r.Leftovers) > 0 {
		text += "; left behind: " + strings.Join(r.Leftovers, " ")
	}
	return text
}

// writeResults spells the checks of one outcome out.
func writeResults(b *strings.Builder, results []conformance.Result, o conformance.Outcome, title string) {
	if count(results, o) == 0 {
		return
	}
	fmt.Fprintf(b, "%s\n\n", title)
	for _, res := range results {
		if res.Outcome != o {
			continue
		}
		c := res.Check
		fmt.Fprintf(b, "%s %s\n  %s\n  [%s]\n", c.Level, c.ID, c.Description, c.Source)
		for _, f := range res.Failures {
			fmt.Fprintf(b, "  - %s\n", indent(f))
		}
		for _, record := range res.Records {
			fmt.Fprintf(b, "  %s: %s\n", record.Name, indent(record.Value))
		}
		for _, line := range res.Log {
			fmt.Fprintf(b, "  log: %s\n", indent(line))
		}
		b.WriteString("\n")
	}
}

// writeReasons says why checks had no turn, a line for each reason.
func writeReasons(b *strings.Builder, results []conformance.Result) {
	var order []string
	ids := make(map[string][]string)
	for _, res := range results {
		if res.Outcome != conformance.NotRun && res.Outcome != conformance.NotApplicable {
			continue
		}
		reason := string(res.Outcome) + ": " + res.Reason
		if ids[reason] == nil {
			order = append(order, reason)
		}
		ids[reason] = append(ids[reason], res.Check.ID)
	}
	for _, reason := range order {
		shown := ids[reason]
		more := ""
		if len(shown) > 5 {
			more = fmt.Sprintf(" and %d more", len(shown)-5)
			shown = shown[:5]
		}
		fmt.Fprintf(b, "%s: %s%s\n", reason, strings.Join(shown, ", "), more)
	}
	if len(order) > 0 {
		b.WriteString("\n")
	}
}

func indent(s string) string { return strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n    ") }
