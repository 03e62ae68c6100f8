package identity

import (
	"fmt"
	"slices"
	"strings"
)

// Effect is what a policy says to a request.
type Effect int

// The effects of a policy.
const (
	NoEffect Effect = iota // nothing: the request is denied unless another policy allows it
	Allow
	Deny
)

// Verdict is what a policy says, and by which statement.
type Verdict struct {
	Effect Effect
	// Statement is the Sid in quotes, or which one of the policy it is.
	Statement string
	// Named reports that the statement that allows names the principal or everyone, and
	// not only the principal's account.
	Named bool

	near nearness
}

// Evaluate judges a request of a principal by this policy alone. A Deny that applies
// wins over every Allow [D]. The principal is needed even for a policy that names none:
// conditions and variables ask for it.
func (p *Policy) Evaluate(req Request, who Principal) Verdict {
	return p.evaluate(&scope{req: &req, who: &who})
}

func (p *Policy) evaluate(in *scope) Verdict {
	var v Verdict
	for i := range p.statements {
		s := &p.statements[i]
		if v.Effect == Allow && !s.deny && v.near >= bySession {
			continue // it cannot get any better
		}
		miss, near := s.judge(in)
		switch {
		case miss.what != missNothing:
		case s.deny:
			return Verdict{Effect: Deny, Statement: s.name}
		case near > v.near || v.Effect == NoEffect:
			v = Verdict{Effect: Allow, Statement: s.name, Named: near > byAccount, near: near}
		}
	}
	return v
}

// miss is why a statement does not apply.
type miss struct {
	what      missing
	condition *condition
}

type missing int

const (
	missNothing missing = iota
	missAction
	missPrincipal
	missResource
	missCondition
)

// judge reports why the statement does not apply, and how closely it names the
// principal.
func (s *statement) judge(in *scope) (miss, nearness) {
	if anyGlob(s.actions, in, in.req.Action, matchMode{fold: true}) == s.notActions {
		return miss{what: missAction}, stranger
	}
	near := s.principals.near(in.who)
	if near == stranger {
		return miss{what: missPrincipal}, stranger
	}
	if s.resources != nil && anyGlob(s.resources, in, in.req.Resource, matchMode{arn: true}) == s.notRes {
		return miss{what: missResource}, near
	}
	for i := range s.conditions {
		if !s.conditions[i].holds(in, s.deny) {
			return miss{what: missCondition, condition: &s.conditions[i]}, near
		}
	}
	return miss{}, near
}

func anyGlob(patterns []pattern, in *scope, value string, mode matchMode) bool {
	for i := range patterns {
		if text, ok := patterns[i].expand(in); ok && glob(text, value, mode) {
			return true
		}
	}
	return false
}

// whyNot says in plain words why a policy that has no effect on the request has none.
// It speaks of the statement that came nearest.
func (p *Policy) whyNot(in *scope) string {
	var actions []string
	best, text := missNothing, ""
	for i := range p.statements {
		s := &p.statements[i]
		if s.deny {
			continue
		}
		m, _ := s.judge(in)
		switch {
		case m.what == missAction && s.notActions:
			actions = append(actions, "all but "+texts(s.actions))
		case m.what == missAction:
			for _, a := range s.actions {
				actions = append(actions, a.text)
			}
		}
		if m.what <= best {
			continue
		}
		best = m.what
		switch m.what {
		case missAction:
		case missPrincipal:
			text = "allows it to others: " + s.principals.String()
		case missResource:
			not := ""
			if s.notRes {
				not = "other than "
			}
			text = fmt.Sprintf("allows it on other resources: %s%s", not, texts(s.resources))
		case missCondition:
			text = "allows it only under the condition " + m.condition.String()
		}
	}
	switch best {
	case missNothing:
		return "allows nothing"
	case missAction:
		const shown = 8
		if more := len(actions) - shown; more > 0 {
			return fmt.Sprintf("allows %s and %d more", strings.Join(actions[:shown], ", "), more)
		}
		return "allows " + strings.Join(actions, ", ")
	default:
		return text
	}
}

func texts(patterns []pattern) string {
	list := make([]string, 0, len(patterns))
	for _, p := range patterns {
		list = append(list, p.text)
	}
	return strings.Join(list, ", ")
}

// sortConditions makes the order, and with it the reasons given, the same each time.
func sortConditions(list []condition) {
	slices.SortFunc(list, func(a, b condition) int {
		return strings.Compare(a.operator+" "+a.key, b.operator+" "+b.key)
	})
}
