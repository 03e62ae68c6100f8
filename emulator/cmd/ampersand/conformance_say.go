package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"github.com/ampersand-amp/ampersand/e2e/conformance"
)

// writeList lists the chosen checks.
func (f *conformanceFlags) writeList() error {
	if f.format == "json" {
		return printJSON(f.stdout, f.selected)
	}
	table := tabwriter.NewWriter(f.stdout, 0, 0, 2, ' ', 0)
	for _, c := range f.selected {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s [%s]\n", c.ID, c.Level, c.Description, c.Source) // Flush tells of errors
	}
	return table.Flush()
}

// writePlan says what a run would do.
func (f *conformanceFlags) writePlan(cfg conformance.Config) error {
	plan := conformance.NewPlan(cfg, f.at.remote())
	if f.format == "json" {
		return printJSON(f.stdout, struct {
			Target string              `json:"target"`
			Plan   conformance.Plan    `json:"plan"`
			Checks []conformance.Check `json:"checks"`
		}{cfg.Target.Name, plan, f.selected})
	}
	if err := f.writeList(); err != nil {
		return err
	}
	_, _ = fmt.Fprintln(f.stdout)
	describePlan(f.stdout, cfg.Target.Name, plan)
	return nil
}

// counted is "1 check", "2 checks".
func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// describePlan says what is about to happen, and what it costs.
func describePlan(w io.Writer, target string, p conformance.Plan) {
	cost := "nothing"
	if p.Dollars > 0 {
		cost = fmt.Sprintf("at most $%.2f by the list prices of us-east-1", p.Dollars)
	}
	_, _ = fmt.Fprintf(w, "%s on %s: about %d requests and %d samples.\n"+
		"They create about %d workspaces, at most %d at a time (an account has 25 by default), named %s*\n"+
		"and tagged %s=%s; all are removed, and no other workspace is touched.\n"+
		"It takes about %s and costs %s.\n",
		counted(p.Checks, "check"), target, p.Requests, p.Samples, p.Workspaces, p.AtOnce, conformance.AliasPrefix,
		conformance.TagCreatedBy, conformance.CreatedBy, roughly(p.Time), cost)
	for _, reason := range slices.Sorted(maps.Keys(p.LeftOut)) {
		_, _ = fmt.Fprintf(w, "Not run: %s (%s).\n", counted(p.LeftOut[reason], "check"), reason)
	}
}

// roughly rounds a duration that is a guess.
func roughly(d time.Duration) string {
	if d < time.Minute {
		return max(d, time.Second).Round(time.Second).String()
	}
	return fmt.Sprintf("%d min", (d+30*time.Second)/time.Minute)
}

// confirm asks, unless --yes was given. Where nobody can answer that is wrong use.
func (f *conformanceFlags) confirm(ctx context.Context, question string) error {
	if f.yes {
		return nil
	}
	if file, ok := f.stdin.(*os.File); ok && !term.IsTerminal(int(file.Fd())) {
		return &wrongUseError{errors.New("there is no terminal to ask for confirmation: give --yes to go on, or --dry-run to see what would happen")}
	}
	_, _ = fmt.Fprintf(f.stderr, "%s [y/N] ", question)
	answered := make(chan string, 1)
	go func() {
		answer, _ := bufio.NewReader(f.stdin).ReadString('\n') // what cannot be read is no yes
		answered <- strings.ToLower(strings.TrimSpace(answer))
	}()
	select {
	case answer := <-answered:
		if answer == "y" || answer == "yes" {
			return nil
		}
	case <-ctx.Done(): // Ctrl-C
		_, _ = fmt.Fprintln(f.stderr)
	}
	return errors.New("not confirmed: nothing was done")
}

// progress tells how far a run is: a line for each area when it is done and one
// for each failure, and on a terminal a counter below them.
type progress struct {
	ctx      context.Context // what comes after its end is no news
	w        io.Writer
	terminal bool

	mu       sync.Mutex
	all      int
	done     int
	outcomes map[conformance.Area]map[conformance.Outcome]int
	left     map[conformance.Area]int
}

func newProgress(ctx context.Context, w io.Writer, checks []conformance.Check) *progress {
	p := &progress{
		ctx: ctx, w: w, all: len(checks), left: make(map[conformance.Area]int),
		outcomes: make(map[conformance.Area]map[conformance.Outcome]int),
	}
	if file, ok := w.(*os.File); ok {
		p.terminal = term.IsTerminal(int(file.Fd()))
	}
	for _, c := range checks {
		p.left[c.Area]++
		p.outcomes[c.Area] = make(map[conformance.Outcome]int)
	}
	return p
}

func (p *progress) result(res conformance.Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	area := res.Check.Area
	p.left[area]--
	p.outcomes[area][res.Outcome]++
	if p.ctx.Err() != nil {
		return
	}
	if res.Outcome == conformance.Fail {
		p.line("%s %s failed: %s", res.Check.Level, res.Check.ID, firstLine(res.Failures))
	}
	if p.left[area] == 0 {
		p.line("%s: %s", area, tallyText(p.outcomes[area]))
	}
	p.counter()
}

// firstLine is the beginning of what is said in full at the end.
func firstLine(failures []string) string {
	const most = 160
	first, _, _ := strings.Cut(strings.Join(failures, "\n"), "\n")
	if len(first) > most {
		first = strings.ToValidUTF8(first[:most], "") + "..."
	}
	return first
}

// tallyText is "30 pass, 1 fail".
func tallyText(counts map[conformance.Outcome]int) string {
	var parts []string
	for _, o := range conformance.Outcomes() {
		if n := counts[o]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, o))
		}
	}
	return strings.Join(parts, ", ")
}

// say adds a line.
func (p *progress) say(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line("%s", text)
	p.counter()
}

// end takes the counter away.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.terminal {
		_, _ = io.WriteString(p.w, "\r\x1b[K")
	}
}

func (p *progress) line(format string, args ...any) {
	if p.terminal {
		_, _ = io.WriteString(p.w, "\r\x1b[K")
	}
	_, _ = fmt.Fprintf(p.w, format+"\n", args...)
}

func (p *progress) counter() {
	if p.terminal {
		_, _ = fmt.Fprintf(p.w, "\r\x1b[K%d of %d checks", p.done, p.all)
	}
}

// byAge puts the oldest leftovers first.
func byAge(leftovers []conformance.Leftover) {
	slices.SortFunc(leftovers, func(a, b conformance.Leftover) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
	})
}
