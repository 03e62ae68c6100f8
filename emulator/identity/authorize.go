package identity

import (
	"fmt"
	"strings"
)

// Decision is whether a request is allowed, and why.
type Decision struct {
	Allowed bool
	// Reason is in plain words: which statement of which policy decided, or that none
	// allows and what they do allow.
	Reason string
	// Policy is the name of the policy that decided; empty if none did.
	Policy string
	// Explicit reports that a Deny statement decided, not the lack of an Allow.
	Explicit bool
}

// Authorize decides by IAM's rules [D IAM guide, "Policy evaluation logic"]: a Deny
// anywhere wins. In the resource's own account it is enough that a policy of the user or
// role allows, or that the resource's policy does and names the principal and not just
// its account. From another account both must allow. A session that was opened with
// session policies can do no more than those allow, unless the resource's policy names
// the session itself.
func (s *Store) Authorize(p Principal, req Request) Decision {
	if !shareable(req.Action) && strings.HasPrefix(req.Action, "aps:") {
		req.ResourcePolicy = nil
	}
	return s.decide(p, &req, false)
}

// AuthorizeAssume decides whether a principal may assume a role. It is the same decision
// with the trust policy as the role's resource policy, but that one is never optional
// [D IAM guide]. The request's action, if empty, is sts:AssumeRole.
func (s *Store) AuthorizeAssume(p Principal, role Role, req Request) Decision {
	if req.Action == "" {
		req.Action = "sts:AssumeRole"
	}
	req.Resource, req.ResourcePolicy = role.ARN, role.TrustPolicy
	return s.decide(p, &req, true)
}

// part is one of the sorts of policies that count, with what they say.
type part struct {
	verdict Verdict
	policy  string
}

func (s *Store) decide(p Principal, req *Request, always bool) Decision {
	if req.Time.IsZero() {
		req.Time = s.now()
	}
	in := &scope{req: req, who: &p}
	grants, bounds, known := s.policiesOf(p)
	if !known {
		return Decision{Reason: p.owner() + " does not exist any more"}
	}
	own := weigh(grants, in)
	if p.Kind == KindRoot { // has no policies and needs none
		own = part{Verdict{Effect: Allow}, "the account's root may do everything"}
	}
	bound, resource := weigh(bounds, in), part{}
	if req.ResourcePolicy != nil {
		resource = part{req.ResourcePolicy.evaluate(in), policyOfResource(always)}
	}
	for _, one := range []part{own, bound, resource} {
		if one.verdict.Effect == Deny {
			return Decision{
				Policy: one.policy, Explicit: true,
				Reason: fmt.Sprintf("statement %s of %s denies %s", one.verdict.Statement, one.policy, req.Action),
			}
		}
	}
	owner := accountOf(req.Resource)
	home := owner == "" || owner == p.AccountID || owner == "aws" // AWS's own policies are everybody's [D]
	opened := resource.verdict.Effect == Allow
	decisive := own
	switch {
	case always && !opened:
		return Decision{Reason: missingResource(req, in, always)}
	case home && opened && resource.verdict.Named:
		decisive = resource
	case own.verdict.Effect != Allow:
		return Decision{Reason: missingGrant(p, grants, in)}
	case !home && !opened:
		return Decision{Reason: fmt.Sprintf("account %s is not the resource's (%s): %s", p.AccountID, owner,
			missingResource(req, in, always))}
	}
	if len(bounds) > 0 && bound.verdict.Effect != Allow && (!home || resource.verdict.near < bySession) {
		return Decision{Reason: "the session was opened with policies that do not allow " + req.Action + " (" +
			shortfall(bounds, in) + ")"}
	}
	d := Decision{Allowed: true, Policy: decisive.policy}
	if p.Kind == KindRoot && decisive == own {
		d.Reason, d.Policy = decisive.policy, ""
	}
	return d
}

// policiesOf returns a principal's policies and those that bound its session.
func (s *Store) policiesOf(p Principal) (grants, bounds []grant, known bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if p.SessionKey != "" {
		one := s.sessions[p.SessionKey]
		if one == nil {
			return nil, nil, false
		}
		bounds = one.bounds
	}
	if p.Kind == KindRoot {
		return nil, bounds, s.exists(p)
	}
	m := s.state.members[p.owner()]
	if m == nil {
		return nil, nil, false
	}
	return m.grants, bounds, true
}

// weigh takes several policies together.
func weigh(grants []grant, in *scope) part {
	var out part
	for _, g := range grants {
		switch v := g.policy.evaluate(in); {
		case v.Effect == Deny:
			return part{v, g.name}
		case v.Effect == Allow && out.verdict.Effect == NoEffect:
			out = part{v, g.name}
		}
	}
	return out
}

func policyOfResource(trust bool) string {
	if trust {
		return "the role's trust policy"
	}
	return "the resource's policy"
}

func missingResource(req *Request, in *scope, trust bool) string {
	name := policyOfResource(trust)
	if req.ResourcePolicy == nil {
		return "there is no resource policy that allows " + req.Action
	}
	return fmt.Sprintf("%s does not allow %s (it %s)", name, req.Action, req.ResourcePolicy.whyNot(in))
}

func missingGrant(p Principal, grants []grant, in *scope) string {
	who := p.owner()
	if _, name, ok := strings.Cut(who, ":role/"); ok {
		who = "role/" + name
	} else if _, name, ok := strings.Cut(who, ":user/"); ok {
		who = "user/" + name
	}
	if len(grants) == 0 {
		return fmt.Sprintf("%s has no policy, so nothing allows %s", who, in.req.Action)
	}
	return fmt.Sprintf("no policy of %s allows %s (%s)", who, in.req.Action, shortfall(grants, in))
}

func shortfall(grants []grant, in *scope) string {
	list := make([]string, 0, len(grants))
	for _, g := range grants {
		list = append(list, g.name+" "+g.policy.whyNot(in))
	}
	return strings.Join(list, "; ")
}
