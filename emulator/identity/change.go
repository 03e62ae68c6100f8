package identity

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

// rootName stands for the account's root among the users. No user may be called so.
const rootName = "root"

// revokeName is the inline policy by which AWS's console revokes the sessions of a role
// [D IAM guide, "Revoke IAM role temporary security credentials"].
const revokeName = "AWSRevokeOlderSessions"

// maxKeys is how many access keys a user may have [D IAM quotas].
const maxKeys = 2

// ErrConflict is wrapped by errors about something that is there already or is at its
// quota, ErrInvalid by those about bad input.
var (
	ErrConflict = errors.New("conflict")
	ErrInvalid  = errors.New("invalid")
)

// CreatedKey is a new access key. The secret is told this once.
type CreatedKey struct {
	AccessKeyID     string `json:"accessKeyId"`
	SecretAccessKey string `json:"secretAccessKey"`
	User            string `json:"user"`
}

// CreateKey gives a user another access key. A user is meant by its name in the own
// account, or "root", or by its ARN.
func (s *Store) CreateKey(user string) (CreatedKey, error) {
	var created CreatedKey
	err := s.change(func() error {
		who, name, err := s.user(user)
		if err != nil {
			return fmt.Errorf("create access key: %w", err)
		}
		if n := len(s.state.keysOf(who.ARN)); n >= maxKeys {
			return fmt.Errorf("create access key: %w: %s has %d already, no more than %d are possible",
				ErrConflict, user, n, maxKeys)
		}
		created = s.addKey(who, name, user)
		return nil
	})
	if err != nil {
		return CreatedKey{}, err
	}
	return created, nil
}

func (s *Store) addKey(who Principal, name, user string) CreatedKey {
	k := &accessKey{user: name, status: KeyActive, created: s.now(), key: sigv4.Key{
		AccessKeyID: newKeyID("AKIA"), SecretAccessKey: newSecret(), Principal: who,
	}}
	s.state.keys[k.key.AccessKeyID] = k
	return CreatedKey{AccessKeyID: k.key.AccessKeyID, SecretAccessKey: k.key.SecretAccessKey, User: user}
}

// RotateKey replaces an access key: its user gets a new one and the old one is gone.
func (s *Store) RotateKey(id string) (CreatedKey, error) {
	var created CreatedKey
	err := s.change(func() error {
		old, ok := s.state.keys[id]
		if !ok {
			return fmt.Errorf("rotate access key %s: it %w", id, ErrUnknown)
		}
		created = s.addKey(old.key.Principal.(Principal), old.user, cmp.Or(old.user, rootName))
		delete(s.state.keys, id)
		s.remember(id, "access key of "+old.owner()+" was rotated at "+s.stamp()+": it is now "+created.AccessKeyID)
		return nil
	})
	if err != nil {
		return CreatedKey{}, err
	}
	return created, nil
}

// SetKeyStatus activates or deactivates an access key.
func (s *Store) SetKeyStatus(id string, status KeyStatus) error {
	if status != KeyActive && status != KeyInactive {
		return fmt.Errorf("change access key %s: %w: status %q is neither %s nor %s", id, ErrInvalid, status, KeyActive, KeyInactive)
	}
	return s.change(func() error {
		k, ok := s.state.keys[id]
		if !ok {
			return fmt.Errorf("change access key %s: it %w", id, ErrUnknown)
		}
		k.status = status
		return nil
	})
}

// DeleteKey deletes an access key.
func (s *Store) DeleteKey(id string) error {
	return s.change(func() error {
		k, ok := s.state.keys[id]
		if !ok {
			return fmt.Errorf("delete access key %s: it %w", id, ErrUnknown)
		}
		delete(s.state.keys, id)
		s.remember(id, "access key of "+k.owner()+" was deleted at "+s.stamp())
		return nil
	})
}

// AttachPolicy gives a user or role, meant by ARN, a managed policy. That it has it
// already is no error, as with IAM.
func (s *Store) AttachPolicy(memberARN, policyARN string) error {
	return s.change(func() error {
		m, err := s.member(memberARN)
		if err != nil {
			return fmt.Errorf("attach policy: %w", err)
		}
		p, ok := s.policy(m.account(), policyARN)
		if !ok {
			return fmt.Errorf("attach policy: policy %s %w", policyARN, ErrUnknown)
		}
		if g := attached(policyARN, p); !m.has(g) {
			m.grants = append(slices.Clone(m.grants), g)
		}
		return nil
	})
}

// PutPolicy gives a user or role an inline policy, or replaces the one of that name.
func (s *Store) PutPolicy(memberARN, name string, p *Policy) error {
	if err := checkPolicyName(name); err != nil {
		return fmt.Errorf("put policy: %w: %w", ErrInvalid, err)
	}
	if p == nil {
		return fmt.Errorf("put policy: %w: it needs a document", ErrInvalid)
	}
	return s.change(func() error {
		m, err := s.member(memberARN)
		if err != nil {
			return fmt.Errorf("put policy: %w", err)
		}
		m.put(grant{name: name, policy: p})
		return nil
	})
}

// put replaces the grants by a copy: requests being decided still read the old ones.
func (m *member) put(g grant) {
	grants := slices.DeleteFunc(slices.Clone(m.grants), func(have grant) bool { return have.arn == g.arn && have.name == g.name })
	grants = append(grants, g)
	m.grants = grants
}

// RemovePolicy takes a policy from a user or role: a managed one by its ARN, an inline
// one by its name.
func (s *Store) RemovePolicy(memberARN, policy string) error {
	return s.change(func() error {
		m, err := s.member(memberARN)
		if err != nil {
			return fmt.Errorf("remove policy: %w", err)
		}
		kept := slices.DeleteFunc(slices.Clone(m.grants), func(g grant) bool {
			return g.arn == policy || g.arn == "" && g.name == policy
		})
		if len(kept) == len(m.grants) {
			return fmt.Errorf("remove policy: policy %s of %s %w", policy, memberARN, ErrUnknown)
		}
		m.grants = kept
		return nil
	})
}

// RevokeSessions denies everything to the sessions of a role that were opened before
// now, as AWS's console does: by an inline policy AWSRevokeOlderSessions, so that they
// are refused with AccessDenied and not as unknown tokens. New sessions are not bound.
func (s *Store) RevokeSessions(roleARN string) error {
	p, err := ParsePolicy(fmt.Appendf(nil, `{"Version":"2012-10-17","Statement":{"Sid":"RevokedSessions","Effect":"Deny",
		"Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:TokenIssueTime":%q}}}}`,
		s.now().UTC().Format(time.RFC3339Nano)))
	if err != nil {
		return fmt.Errorf("revoke sessions of %s: %w", roleARN, err)
	}
	if _, ok := s.Role(roleARN); !ok {
		return fmt.Errorf("revoke sessions: role %s %w", roleARN, ErrUnknown)
	}
	return s.PutPolicy(roleARN, revokeName, p)
}

// RegrantSessions takes back RevokeSessions.
func (s *Store) RegrantSessions(roleARN string) error { return s.RemovePolicy(roleARN, revokeName) }

func (s *Store) stamp() string { return s.now().UTC().Format(time.RFC3339) }

// user finds whom a key is for.
func (s *Store) user(user string) (Principal, string, error) {
	if user == rootName || user == s.root.ARN {
		return s.root, "", nil
	}
	m := s.state.members[user]
	if m == nil {
		m = s.state.accounts[s.cfg.AccountID].users[user]
	}
	if m == nil || m.isRole {
		return Principal{}, "", fmt.Errorf("user %s %w", user, ErrUnknown)
	}
	return m.principal, m.name, nil
}

func (s *Store) member(arn string) (*member, error) {
	if m := s.state.members[arn]; m != nil {
		return m, nil
	}
	if !strings.HasPrefix(arn, "arn:") {
		return nil, fmt.Errorf("%w: %q is no ARN of a user or role", ErrInvalid, arn)
	}
	return nil, fmt.Errorf("%s %w", arn, ErrUnknown)
}

func (m *member) account() string { return accountOf(m.arn) }
