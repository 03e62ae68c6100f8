package doctor

import (
	"bufio"
	"fmt"
	"io"
)

// Print writes the report for people. Colour is for a terminal.
func (r Report) Print(w io.Writer, colour bool) error {
	out := bufio.NewWriter(w)
	for _, c := range r.Chains {
		c.print(out, colour)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("print the examination: %w", err)
	}
	return nil
}

func (c Chain) print(w io.Writer, colour bool) {
	name := "the cluster"
	if c.Name != "" {
		name = "ScaledObject " + c.Namespace + "/" + c.Name
	}
	printf(w, "%s\n", name)
	for _, h := range c.Hops {
		state := fmt.Sprintf("%-7s", h.State)
		if colour {
			state = "\x1b[1;" + map[State]string{OK: "32", Broken: "31", Unknown: "33"}[h.State] + "m" + state + "\x1b[0m"
		}
		printf(w, "  %s %-12s %s\n", state, h.Name, h.Evidence)
	}
	if c.Verdict == nil {
		printf(w, "verdict: no hop is broken\n")
		return
	}
	printf(w, "verdict: the chain breaks at %s: %s\n    do: %s\n", c.Verdict.Name, c.Verdict.Evidence, c.Verdict.Do)
}

// printf writes to a buffer, whose Flush tells what went wrong.
func printf(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }
