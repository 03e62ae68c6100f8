package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/ampersand-amp/ampersand/e2e/conformance"
)

const fidelityPage = "docs/fidelity.md"

// checkList makes the parts of docs/fidelity.md that the list of checks gives, without running any.
func checkList(checks []conformance.Check) map[string]string {
	return map[string]string{"checks": levelTable(checks), "evidence": evidenceTable(checks), "unknown": unknownList(checks)}
}

// levelTable counts by area and level.
func levelTable(checks []conformance.Check) string {
	head := []string{"area"}
	for _, level := range conformance.Levels() {
		head = append(head, string(level))
	}
	count := func(area conformance.Area, level conformance.Level) string {
		n := 0
		for _, c := range checks {
			if (area == "" || c.Area == area) && (level == "" || c.Level == level) {
				n++
			}
		}
		return strconv.Itoa(n)
	}
	var rows [][]string
	for _, area := range append(conformance.Areas(), "") {
		row := []string{string(area)}
		if area == "" {
			row[0] = "all " + count("", "")
		}
		for _, level := range conformance.Levels() {
			row = append(row, count(area, level))
		}
		rows = append(rows, row)
	}
	return table(head, rows)
}

var markForm = regexp.MustCompile(`\[([^\]]*)\]`)

// evidenceTable counts the marks of the checks' sources. A check may rest on several.
func evidenceTable(checks []conformance.Check) string {
	marks := []struct{ mark, meaning string }{
		{"D", "AWS documents it"}, {"O", "somebody observed it on AWS"}, {"M", "measured with a real client"},
		{"C", "read in Cortex's code"}, {"I", "inferred"}, {"R", "recalled"},
		{"scratchstack", "read in an independent implementation of AWS's signature checks"},
	}
	var rows [][]string
	for _, m := range marks {
		counts := []string{"[" + m.mark + "] " + m.meaning}
		for _, level := range conformance.Levels() {
			n := 0
			for _, c := range checks {
				if c.Level == level && hasMark(c.Source, m.mark) {
					n++
				}
			}
			counts = append(counts, strconv.Itoa(n))
		}
		rows = append(rows, counts)
	}
	head := []string{"evidence"}
	for _, level := range conformance.Levels() {
		head = append(head, string(level))
	}
	return table(head, rows)
}

// hasMark looks for a mark in the brackets of a source: [O], [D, O], [O at AMP].
func hasMark(source, mark string) bool {
	for _, in := range markForm.FindAllStringSubmatch(source, -1) {
		for part := range strings.FieldsFuncSeq(in[1], func(r rune) bool { return r == ',' || r == ';' }) {
			if word, _, _ := strings.Cut(strings.TrimSpace(part), " "); strings.TrimRight(word, ":") == mark {
				return true
			}
		}
	}
	return false
}

// unknownList is what nobody has written down of AMP.
func unknownList(checks []conformance.Check) string {
	var b strings.Builder
	for _, c := range checks {
		if c.Level == conformance.Unknown {
			fmt.Fprintf(&b, "- %s %s\n", code(c.ID), c.Description)
		}
	}
	return b.String()
}
