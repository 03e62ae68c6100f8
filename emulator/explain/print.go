package explain

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
)

// PrintList prints a line for each request.
func PrintList(w io.Writer, requests []Request) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(tab, "TIME\tID\tSTATUS\tCAUSE\tREQUEST") // Flush tells
	for _, r := range requests {
		_, _ = fmt.Fprintf(tab, "%s\t%s\t%d\t%s\t%s %s\n", r.Time.UTC().Format(time.TimeOnly), visible(r.ID), r.Status,
			visible(r.Why()), visible(r.Method), visible(r.Path))
	}
	return tab.Flush()
}

// Why is the finest word that the emulator has for why a request was not accepted.
func (r Request) Why() string {
	if r.Explanation != nil && r.Explanation.Cause != "" {
		return r.Explanation.Cause
	}
	if r.Cause != "" {
		return r.Cause
	}
	return r.Reason
}

// Print prints all that is known about a request.
func Print(w io.Writer, r Request) error {
	var b strings.Builder
	field := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-10s %s\n", name, visible(value))
		}
	}
	field("request", r.ID)
	field("time", r.Time.UTC().Format(time.RFC3339))
	field("asked", r.Method+" "+r.Path)
	field("query", r.Query)
	field("client", r.UserAgent)
	field("identity", r.Identity)
	verdict := r.Verdict + ", status " + strconv.Itoa(r.Status)
	if r.Reason != "" {
		verdict += ", " + r.Reason
	}
	field("verdict", verdict)
	field("fault", r.Fault)
	if e := r.Explanation; e != nil {
		e.print(&b, field, r.Why())
	} else if r.Fault != "" {
		b.WriteString("\nThis was made by fault rule " + visible(r.Fault) + ", on purpose.\n")
	} else if r.Verdict == Accepted {
		b.WriteString("\nThere is nothing to explain.\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// print adds the explanation.
func (e *Explanation) print(b *strings.Builder, field func(name, value string), cause string) {
	field("key", e.AccessKeyID)
	field("policy", e.Policy)
	answer, _, _ := strings.Cut(e.Message, "\n")
	field("answer", strings.TrimPrefix(e.Type+": "+answer, ": "))
	switch {
	case e.Proven:
		cause += " (proven: with it undone, the signature is the one that was sent)"
	case e.CanonicalRequest != "":
		cause += " (the likeliest; not proven)"
	}
	field("cause", cause)
	if e.Text != "" {
		b.WriteString("\n" + visible(e.Text) + "\n")
	}
	line := 0
	if e.Difference != nil {
		line = e.Difference.Line
		fmt.Fprintf(b, "\nThe first line that differs is line %d:\n  client  %s\n  server  %s\n",
			line, visible(e.Difference.Client), visible(e.Difference.Server))
	}
	switch e.ClientCanonicalRequest {
	case "":
		block(b, "Canonical request, the server's", e.CanonicalRequest, 0)
	case e.CanonicalRequest:
		block(b, "Canonical request, the same on both sides", e.CanonicalRequest, 0)
	default:
		block(b, "Canonical request, the client's", e.ClientCanonicalRequest, line)
		block(b, "Canonical request, the server's", e.CanonicalRequest, line)
	}
	if e.ClientStringToSign != e.StringToSign {
		block(b, "String to sign, the client's", e.ClientStringToSign, 0)
	}
	block(b, "String to sign, the server's", e.StringToSign, 0)
}

// block prints a text with its lines numbered, one of them marked.
func block(b *strings.Builder, title, text string, marked int) {
	if text == "" {
		return
	}
	b.WriteString("\n" + title + ":\n")
	number := 0
	for line := range strings.SplitSeq(text, "\n") {
		number++
		mark := " "
		if number == marked {
			mark = ">"
		}
		fmt.Fprintf(b, "%s %3d  %s\n", mark, number, visible(line))
	}
}

// visible spells out what could play tricks on a terminal: a client wrote it.
func visible(s string) string {
	odd := func(r rune) bool { return !unicode.IsPrint(r) }
	if !strings.ContainsFunc(s, odd) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if odd(r) {
			quoted := strconv.QuoteRuneToASCII(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
