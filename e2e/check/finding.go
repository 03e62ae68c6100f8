// Package check reads ScaledObjects and says what in them does not do what its author thinks.
//
// It judges files: a ScaledObject with triggers of type prometheus and, when they are among the files, its
// TriggerAuthentications and the names of their Secrets. Given an endpoint it also asks the trigger's query as KEDA does, and
// says what the HPA would make of the answer.
package check

import (
	"cmp"
	"fmt"
	"slices"
)

// Level says how bad a finding is.
type Level string

const (
	// LevelError is what keeps the chain from scaling.
	LevelError Level = "error"
	// LevelWarning is what works now and surprises later.
	LevelWarning Level = "warning"
	// LevelNote is what is good to know.
	LevelNote Level = "note"
)

// rank orders levels, the worst first.
func (l Level) rank() int { return slices.Index([]Level{LevelError, LevelWarning, LevelNote}, l) }

// Rule is a kind of finding: what is the same of it wherever it is found.
type Rule struct {
	// ID names the rule, for example several-elements.
	ID string `json:"id"`
	// Level says how bad it is.
	Level Level `json:"level"`
	// Why says why it matters.
	Why string `json:"why"`
	// Do says what to do.
	Do string `json:"do"`
	// Source says where it is known from: the failure mode's id, KEDA, HPA or PromQL (what their code does), or recipe.
	Source string `json:"source"`
}

// Finding is a rule that holds somewhere.
type Finding struct {
	Rule
	// File and Line say where; Line is 0 when it is not known.
	File string `json:"file"`
	Line int    `json:"line,omitempty"`
	// Object is the ScaledObject (NAMESPACE/NAME or NAME), empty when there is none.
	Object string `json:"object,omitempty"`
	// What says what was found there.
	What string `json:"what"`
}

// Report is what was found in a number of files.
type Report struct {
	// Objects is the number of ScaledObjects.
	Objects int `json:"scaledObjects"`
	// Findings are sorted by file, line and level.
	Findings []Finding `json:"findings"`
	// Evaluations are what the triggers' servers answered; only Evaluate makes them.
	Evaluations []Evaluation `json:"evaluations,omitempty"`

	set     set
	options Options
}

// Count returns how many findings have a level.
func (r *Report) Count(l Level) int {
	n := 0
	for _, f := range r.Findings {
		if f.Level == l {
			n++
		}
	}
	return n
}

func (r *Report) sort() {
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Level.rank(), b.Level.rank()), cmp.Compare(a.ID, b.ID))
	})
}

// notes collects findings.
type notes struct {
	rules    map[string]Rule
	findings []Finding
}

func newNotes() *notes {
	n := &notes{rules: map[string]Rule{}}
	for _, r := range Rules() {
		n.rules[r.ID] = r
	}
	return n
}

// place is where something stands.
type place struct {
	file   string
	line   int
	object string
}

// add notes that a rule holds.
func (n *notes) add(id string, at place, format string, args ...any) {
	n.findings = append(n.findings, Finding{Rule: n.rules[id], File: at.file, Line: at.line, Object: at.object, What: fmt.Sprintf(format, args...)})
}
