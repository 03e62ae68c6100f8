package identity

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// GivenPolicy is a policy that a user or role has: attached, with an ARN, or inline.
type GivenPolicy struct {
	Name, ARN string
	Policy    *Policy
}

// ManagedPolicy is a policy that can be attached: AWS's or the account's own.
type ManagedPolicy struct {
	ARN, Name, Path string
	// Version is the id of the one version that is known: the default one.
	Version string
	Policy  *Policy
	// Attachments is how many users and roles of the own account have it.
	Attachments int
}

// PoliciesOf are those of a user or role, by name.
func (s *Store) PoliciesOf(memberARN string) ([]GivenPolicy, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	m, err := s.member(memberARN)
	if err != nil {
		return nil, fmt.Errorf("list policies: %w", err)
	}
	list := make([]GivenPolicy, 0, len(m.grants))
	for _, g := range m.grants {
		list = append(list, GivenPolicy{g.name, g.arn, g.policy})
	}
	slices.SortFunc(list, func(a, b GivenPolicy) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ARN, b.ARN)) })
	return list, nil
}

// ManagedPolicy finds a policy that users and roles of the own account can have attached.
func (s *Store) ManagedPolicy(arn string) (ManagedPolicy, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	p, ok := s.policy(s.cfg.AccountID, arn)
	if !ok {
		return ManagedPolicy{}, false
	}
	_, resource, _ := strings.Cut(arn, ":policy")
	slash := strings.LastIndex(resource, "/") + 1
	out := ManagedPolicy{ARN: arn, Path: resource[:slash], Name: resource[slash:], Version: "v1", Policy: p}
	if s.managed[arn] != nil {
		out.Version = managedVersion(out.Name)
	}
	for _, m := range s.state.members {
		if m.account() == s.cfg.AccountID && m.has(grant{name: out.Name, arn: arn}) {
			out.Attachments++
		}
	}
	return out, true
}

// KeysOf are the access keys of a user or of the root, by ARN, the oldest first.
func (s *Store) KeysOf(arn string) []KeyInfo {
	s.mu.RLock()
	defer s.mu.RUnlock()
	list := []KeyInfo{}
	for _, k := range s.state.keysOf(arn) {
		list = append(list, KeyInfo{k.key.AccessKeyID, cmp.Or(k.user, rootName), arn, k.status, k.created})
	}
	return list
}
