package check

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"
)

// Print writes the report for people. Colour is for a terminal.
func (r *Report) Print(w io.Writer, colour bool) error {
	out := bufio.NewWriter(w)
	for _, f := range r.Findings {
		at := f.File
		if f.Line > 0 {
			at = fmt.Sprintf("%s:%d", f.File, f.Line)
		}
		printf(out, "%s: %s %s: %s\n", at, paint(f.Level, colour), f.ID, f.What)
		printf(out, "    why: %s\n    do:  %s\n    source: %s\n", f.Why, f.Do, f.Source)
	}
	for _, v := range r.Evaluations {
		v.print(out)
	}
	printf(out, "%s in %s, %s, %s\n", count(r.Count(LevelError), "error"), count(r.Objects, "ScaledObject"), count(r.Count(LevelWarning), "warning"), count(r.Count(LevelNote), "note"))
	if err := out.Flush(); err != nil {
		return fmt.Errorf("print the findings: %w", err)
	}
	return nil
}

// printf writes to a buffer, whose Flush tells what went wrong.
func printf(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }

func (v Evaluation) print(w io.Writer) {
	printf(w, "%s, trigger %d: %s\n    asked of %s\n", v.Object, v.Trigger, v.Query, v.Address)
	if v.Status == 0 {
		printf(w, "    no answer\n")
		return
	}
	printf(w, "    answer: %d after %s, %s\n", v.Status, time.Duration(v.ElapsedSeconds*float64(time.Second)).Round(time.Millisecond), count(v.Series, "series"))
	if v.Value == nil {
		printf(w, "    KEDA would fail on it\n")
		return
	}
	printf(w, "    value:  %s\n", figure(*v.Value))
	if v.Wish == nil {
		return
	}
	limit := ""
	if v.Wish.Limit != "" {
		limit = fmt.Sprintf(" (%d, limited by the %simum)", v.Wish.Exact, v.Wish.Limit)
	}
	printf(w, "    HPA:    %s asked for now, from %d%s\n", count(v.Wish.Wanted, "replica"), v.Wish.Current, limit)
	if v.Prediction == nil {
		return
	}
	printf(w, "    reaction: %.0f to %.0f s until %d replicas are ready under a load of %s\n", v.Prediction.Min, v.Prediction.Max, v.Target, figure(v.Load))
	for _, term := range v.Prediction.Terms {
		printf(w, "        %-8s %5.1f to %5.1f s\n", term.Name, term.Min, term.Max)
	}
	for _, warning := range v.Prediction.Warnings {
		printf(w, "        %s\n", warning)
	}
}

func paint(l Level, colour bool) string {
	if !colour {
		return string(l)
	}
	code := map[Level]string{LevelError: "31", LevelWarning: "33", LevelNote: "36"}[l]
	return "\x1b[1;" + code + "m" + string(l) + "\x1b[0m"
}

func count(n int, what string) string {
	if n != 1 && !strings.HasSuffix(what, "s") {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
