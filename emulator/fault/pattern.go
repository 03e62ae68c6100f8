package fault

import (
	"regexp"
	"slices"
	"strings"
)

// matcher is which requests a rule takes, compiled.
type matcher struct {
	actions   []*regexp.Regexp
	workspace string
	principal *regexp.Regexp // nil: everybody
}

func newMatcher(r Rule) matcher {
	m := matcher{workspace: r.Workspace}
	for _, p := range r.Action {
		m.actions = append(m.actions, glob("(?is)", p)) // case does not matter in actions [D IAM guide, "Action"]
	}
	if r.Principal != "" {
		m.principal = glob("(?s)", r.Principal)
	}
	return m
}

// glob compiles a text in which * stands for any characters and ? for any one.
func glob(flags, text string) *regexp.Regexp {
	text = regexp.QuoteMeta(text)
	text = strings.ReplaceAll(text, `\*`, ".*")
	text = strings.ReplaceAll(text, `\?`, ".")
	return regexp.MustCompile(flags + "^" + text + "$") // quoted, so it compiles
}

func (m matcher) matches(t Target) bool {
	return m.covers(t.Action) &&
		(m.workspace == "" || m.workspace == t.WorkspaceID || t.WorkspaceAlias != "" && m.workspace == t.WorkspaceAlias) &&
		(m.principal == nil || slices.ContainsFunc(t.Principals, m.principal.MatchString))
}

func (m matcher) covers(action string) bool {
	return slices.ContainsFunc(m.actions, func(p *regexp.Regexp) bool { return p.MatchString(action) })
}

// String gives the patterns separated by commas.
func (p Patterns) String() string { return strings.Join(p, ",") }
