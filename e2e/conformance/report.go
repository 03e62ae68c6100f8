package conformance

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// Outcome is what became of a check.
type Outcome string

// The outcomes.
const (
	Pass Outcome = "pass"
	Fail Outcome = "fail"
	// NotApplicable: the target has nothing that the check could see.
	NotApplicable Outcome = "not-applicable"
	// NotRun: something that the check needs is missing, or the run was ended.
	NotRun Outcome = "not-run"
	// Recorded: an UNKNOWN has seen what the target does.
	Recorded Outcome = "recorded"
)

// Outcomes returns all outcomes in the order of summaries.
func Outcomes() []Outcome { return []Outcome{Pass, Fail, NotApplicable, NotRun, Recorded} }

// Record is something that a target was seen to do.
type Record struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Result is what a check has found.
type Result struct {
	Check   Check   `json:"check"`
	Outcome Outcome `json:"outcome"`
	// Reason says why a check was not run or is not applicable.
	Reason   string        `json:"reason,omitempty"`
	Failures []string      `json:"failures,omitempty"`
	Log      []string      `json:"log,omitempty"`
	Records  []Record      `json:"records,omitempty"`
	Requests int           `json:"requests"`
	Took     time.Duration `json:"tookNanoseconds"`
}

// result says what has become of the check.
func (t *T) result() Result {
	res := Result{Check: t.check, Outcome: Pass, Failures: t.failures, Log: t.logs, Records: t.records, Reason: t.inapplicable}
	switch {
	case len(t.failures) > 0:
		res.Outcome = Fail
	case t.inapplicable != "":
		res.Outcome = NotApplicable
	case t.check.Level == Unknown:
		res.Outcome = Recorded
	}
	return res
}

// Report is what a run has found.
type Report struct {
	Run     string        `json:"run"`
	Target  string        `json:"target"`
	Region  string        `json:"region"`
	Began   time.Time     `json:"began"`
	Took    time.Duration `json:"tookNanoseconds"`
	Results []Result      `json:"results"`
	// Interrupted is that the run was ended before every check had its turn.
	Interrupted bool `json:"interrupted,omitempty"`
	// Leftovers are the ids of workspaces that could not be removed.
	Leftovers []string `json:"leftovers,omitempty"`
}

// Failed reports whether a MUST has failed.
func (r Report) Failed() bool {
	for _, res := range r.Results {
		if res.Outcome == Fail && res.Check.Level == Must {
			return true
		}
	}
	return false
}

// Tally counts the outcomes of an area's checks of one level.
type Tally struct {
	Area   Area            `json:"area"`
	Level  Level           `json:"level"`
	Counts map[Outcome]int `json:"counts"`
}

// Summary counts by area and level; combinations without checks are left out.
func (r Report) Summary() []Tally {
	var out []Tally
	for _, area := range Areas() {
		for _, level := range Levels() {
			tally := Tally{Area: area, Level: level, Counts: make(map[Outcome]int)}
			for _, res := range r.Results {
				if res.Check.Area == area && res.Check.Level == level {
					tally.Counts[res.Outcome]++
				}
			}
			if len(tally.Counts) > 0 {
				out = append(out, tally)
			}
		}
	}
	return out
}

// WriteSummary writes the summary as a table.
func (r Report) WriteSummary(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(first, second string, cell func(Outcome) any) {
		_, _ = fmt.Fprintf(table, "%s\t%s\t", first, second) // a tabwriter tells of errors in Flush
		for _, o := range Outcomes() {
			_, _ = fmt.Fprintf(table, "%v\t", cell(o))
		}
		_, _ = fmt.Fprintln(table)
	}
	row("area", "level", func(o Outcome) any { return o })
	total := make(map[Outcome]int)
	for _, tally := range r.Summary() {
		for o, n := range tally.Counts {
			total[o] += n
		}
		row(string(tally.Area), string(tally.Level), func(o Outcome) any { return tally.Counts[o] })
	}
	row("all", fmt.Sprint(len(r.Results)), func(o Outcome) any { return total[o] })
	if err := table.Flush(); err != nil {
		return fmt.Errorf("write the summary: %w", err)
	}
	return nil
}
