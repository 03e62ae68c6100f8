package iam

import (
	"context"
	"fmt"
	"strings"

	"github.com/ampersand-amp/ampersand/emulator/awsquery"
	"github.com/ampersand-amp/ampersand/emulator/identity"
)

// maxAttached is how many managed policies a role or user may have [D IAM quotas].
const maxAttached = 10

// handler is the way of one action.
type handler = func(context.Context, *call) (any, error)

// kind is one of the two sorts of those who have policies. The actions on them are alike.
type kind struct {
	word      string // Role or User, as in the names of actions and parameters
	name      awsquery.Constraint
	maxInline int // characters of all inline policies together [D IAM quotas]
	find      func(c *call, action, name string) (arn string, err error)
}

func (s *Service) roleKind() kind {
	return kind{"Role", s.rules.roleName, 10240, func(c *call, action, name string) (string, error) {
		role, err := s.role(c, action, name)
		return role.ARN, err
	}}
}

func (s *Service) userKind() kind {
	return kind{"User", s.rules.userName, 2048, func(c *call, action, name string) (string, error) {
		user, err := s.user(c, action, name)
		return user.ARN, err
	}}
}

// given are the policies of a member, attached and inline ones apart.
func (s *Service) given(arn string) (attached, inline []identity.GivenPolicy, err error) {
	all, err := s.store.PoliciesOf(arn)
	for _, p := range all {
		if p.ARN != "" {
			attached = append(attached, p)
		} else {
			inline = append(inline, p)
		}
	}
	return attached, inline, err
}

// checkBare refuses the deletion of who still has policies [O].
func (s *Service) checkBare(arn string) error {
	attached, inline, err := s.given(arn)
	switch {
	case err != nil:
		return err
	case len(attached) > 0:
		return deleteConflict("detach all policies")
	case len(inline) > 0:
		return deleteConflict("delete policies")
	}
	return nil
}

// onPolicy reads the parameters of an action on a managed policy of a member and finds
// the member.
func (c *call) onPolicy(k kind, action string) (memberARN, policyARN string, err error) {
	name := c.Required(k.word+"Name", k.name)
	policyARN = c.Required("PolicyArn", c.rules.arn)
	if err := c.Err(); err != nil {
		return "", "", err
	}
	c.context["iam:PolicyARN"] = []string{policyARN} // [D]
	if memberARN, err = k.find(c, action, name); err != nil {
		return "", "", err
	}
	if !strings.HasPrefix(policyARN, "arn:") || !strings.Contains(policyARN, ":policy/") { // [O]
		return "", "", invalidInput("ARN " + policyARN + " is not valid.")
	}
	return memberARN, policyARN, nil
}

func (s *Service) attachPolicy(k kind) handler {
	return func(_ context.Context, c *call) (any, error) {
		arn, policy, err := c.onPolicy(k, "Attach"+k.word+"Policy")
		if err != nil {
			return nil, err
		}
		if _, ok := s.store.ManagedPolicy(policy); !ok { // [O]
			return nil, noSuchEntity("Policy " + policy + " does not exist or is not attachable.")
		}
		attached, _, err := s.given(arn)
		if err != nil {
			return nil, err
		}
		for _, have := range attached {
			if have.ARN == policy {
				return nil, nil // no error [D]
			}
		}
		if len(attached) >= maxAttached { // [O ministryofjustice/cloud-platform-environments#14118]
			return nil, limitExceeded(fmt.Sprintf("Cannot exceed quota for PoliciesPer%s: %d", k.word, maxAttached))
		}
		return nil, s.store.AttachPolicy(arn, policy)
	}
}

func (s *Service) detachPolicy(k kind) handler {
	return func(_ context.Context, c *call) (any, error) {
		arn, policy, err := c.onPolicy(k, "Detach"+k.word+"Policy")
		if err != nil {
			return nil, err
		}
		attached, _, err := s.given(arn)
		if err != nil {
			return nil, err
		}
		for _, have := range attached {
			if have.ARN == policy {
				return nil, s.store.RemovePolicy(arn, policy)
			}
		}
		return nil, noSuchEntity("Policy " + policy + " was not found.") // [O]
	}
}

func (s *Service) listAttachedPolicies(k kind) handler {
	return func(_ context.Context, c *call) (any, error) {
		name := c.Required(k.word+"Name", k.name)
		prefix, page := c.Optional("PathPrefix", s.rules.pathPrefix), c.page()
		if err := c.Err(); err != nil {
			return nil, err
		}
		arn, err := k.find(c, "ListAttached"+k.word+"Policies", name)
		if err != nil {
			return nil, err
		}
		attached, _, err := s.given(arn)
		if err != nil {
			return nil, err
		}
		type policy struct {
			PolicyName string
			PolicyARN  string `xml:"PolicyArn"`
		}
		var list []policy
		for _, p := range attached {
			if _, path, _ := strings.Cut(p.ARN, ":policy"); strings.HasPrefix(path, prefix) {
				list = append(list, policy{p.Name, p.ARN})
			}
		}
		var out struct {
			AttachedPolicies []policy `xml:"AttachedPolicies>member"`
			cut
		}
		out.AttachedPolicies, out.cut = pageOf(page, list, func(p policy) string { return p.PolicyName + " " + p.PolicyARN })
		return out, nil
	}
}

// onInline reads the parameters of an action on an inline policy of a member and finds
// the member.
func (c *call) onInline(k kind, action string) (arn, member, policy string, err error) {
	member, policy = c.Required(k.word+"Name", k.name), c.Required("PolicyName", c.rules.policyName)
	if err := c.Err(); err != nil {
		return "", "", "", err
	}
	arn, err = k.find(c, action, member)
	return arn, member, policy, err
}

func (s *Service) putPolicy(k kind) handler {
	return func(_ context.Context, c *call) (any, error) {
		document := c.Required("PolicyDocument", s.rules.document)
		arn, member, name, err := c.onInline(k, "Put"+k.word+"Policy")
		if err != nil {
			return nil, err
		}
		_, inline, err := s.given(arn)
		if err != nil {
			return nil, err
		}
		total := size(document)
		for _, have := range inline {
			if have.Name != name {
				total += size(have.Policy.Document())
			}
		}
		if total > k.maxInline { // [O]
			return nil, limitExceeded(fmt.Sprintf("Maximum policy size of %d bytes exceeded for %s %s",
				k.maxInline, strings.ToLower(k.word), member))
		}
		p, err := identity.ParsePolicy([]byte(document))
		if err != nil {
			return nil, malformedPolicy(err.Error())
		}
		return nil, s.store.PutPolicy(arn, name, p)
	}
}

// inline finds an inline policy of a member.
func (s *Service) inline(k kind, arn, name string) (identity.GivenPolicy, error) {
	_, inline, err := s.given(arn)
	if err != nil {
		return identity.GivenPolicy{}, err
	}
	for _, have := range inline {
		if have.Name == name {
			return have, nil
		}
	}
	return identity.GivenPolicy{}, noSuchEntity("The " + strings.ToLower(k.word) + " policy with name " + name + " cannot be found.") // [O]
}

func (s *Service) getInlinePolicy(k kind) handler {
	return func(_ context.Context, c *call) (any, error) {
		arn, member, name, err := c.onInline(k, "Get"+k.word+"Policy")
		if err != nil {
			return nil, err
		}
		p, err := s.inline(k, arn, name)
		if err != nil {
			return nil, err
		}
		out := inlinePolicy{PolicyName: name, PolicyDocument: encoded(p.Policy.Document())}
		if k.word == "Role" {
			out.RoleName = member
		} else {
			out.UserName = member
		}
		return out, nil
	}
}

type inlinePolicy struct {
	RoleName       string `xml:",omitempty"`
	UserName       string `xml:",omitempty"`
	PolicyName     string
	PolicyDocument string
}

func (s *Service) deletePolicy(k kind) handler {
	return func(_ context.Context, c *call) (any, error) {
		arn, _, name, err := c.onInline(k, "Delete"+k.word+"Policy")
		if err != nil {
			return nil, err
		}
		if _, err := s.inline(k, arn, name); err != nil {
			return nil, err
		}
		return nil, s.store.RemovePolicy(arn, name)
	}
}

func (s *Service) listPolicies(k kind) handler {
	return func(_ context.Context, c *call) (any, error) {
		name, page := c.Required(k.word+"Name", k.name), c.page()
		if err := c.Err(); err != nil {
			return nil, err
		}
		arn, err := k.find(c, "List"+k.word+"Policies", name)
		if err != nil {
			return nil, err
		}
		_, inline, err := s.given(arn)
		if err != nil {
			return nil, err
		}
		var out struct {
			PolicyNames []string `xml:"PolicyNames>member"`
			cut
		}
		inline, out.cut = pageOf(page, inline, func(p identity.GivenPolicy) string { return p.Name })
		for _, p := range inline {
			out.PolicyNames = append(out.PolicyNames, p.Name)
		}
		return out, nil
	}
}
