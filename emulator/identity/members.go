package identity

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// UnknownPrincipalError tells that a trust policy names a user or role of the account that
// does not exist.
type UnknownPrincipalError struct {
	ARN string
}

// Error implements error.
func (e *UnknownPrincipalError) Error() string {
	return "the trust policy names " + e.ARN + ", which " + ErrUnknown.Error()
}

// Unwrap makes it one about bad input.
func (e *UnknownPrincipalError) Unwrap() error { return ErrInvalid }

// RoleInput says what a new role is to be. Name and path are taken as they are: who asks
// has judged them.
type RoleInput struct {
	Name, Path, Description string
	TrustPolicy             *Policy
	// MaxSessionDuration is an hour if it is 0.
	MaxSessionDuration time.Duration
	Tags               map[string]string
}

// UserInput says what a new user is to be.
type UserInput struct {
	Name, Path string
	Tags       map[string]string
}

// User is a user of the account.
type User struct {
	ARN, Name, Path string
	// ID is the unique id, AIDA...
	ID      string
	Created time.Time
	// Tags are not to be changed.
	Tags map[string]string
}

// CreateRole makes a role of the own account. It lasts until it is deleted, and over a
// restart if there is a Config.StateFile. Names differ in more than case [D IAM API].
func (s *Store) CreateRole(in RoleInput) (Role, error) {
	if in.Name == "" || in.TrustPolicy == nil {
		return Role{}, fmt.Errorf("create role: %w: it needs a name and a trust policy", ErrInvalid)
	}
	var made Role
	err := s.change(func() error {
		home := s.state.accounts[s.cfg.AccountID]
		if taken(home.roles, in.Name) {
			return fmt.Errorf("create role: %w: role %s is there already", ErrConflict, in.Name)
		}
		if err := s.checkTrusted(in.TrustPolicy); err != nil {
			return fmt.Errorf("create role %s: %w", in.Name, err)
		}
		m := s.newRole(madeMember{
			Name: in.Name, Path: in.Path, ID: newUniqueID("AROA"), Created: s.now(), Tags: maps.Clone(in.Tags),
		}, in)
		home.roles[m.name], s.state.members[m.arn] = m, m
		made = m.role
		return nil
	})
	return made, err
}

func (s *Store) newRole(kept madeMember, in RoleInput) *member {
	if kept.Path == "" {
		kept.Path = "/"
	}
	if in.MaxSessionDuration == 0 {
		in.MaxSessionDuration = defaultRoleSession
	}
	arn := s.arn("role", kept.Path, kept.Name)
	return &member{isRole: true, made: true, name: kept.Name, arn: arn, role: Role{
		ARN: arn, Name: kept.Name, Path: kept.Path, ID: kept.ID, AccountID: s.cfg.AccountID, Created: kept.Created,
		Tags: kept.Tags, TrustPolicy: in.TrustPolicy, MaxSessionDuration: in.MaxSessionDuration, Description: in.Description,
	}}
}

// SetTrustPolicy gives a role another trust policy.
func (s *Store) SetTrustPolicy(roleARN string, trust *Policy) error {
	if trust == nil {
		return fmt.Errorf("change the trust policy of %s: %w: there is none", roleARN, ErrInvalid)
	}
	return s.changeRole("change the trust policy", roleARN, func(r *Role) error {
		r.TrustPolicy = trust
		return s.checkTrusted(trust)
	})
}

// TagRole gives a role tags, and others of the same keys another value.
func (s *Store) TagRole(roleARN string, tags map[string]string) error {
	return s.changeRole("tag", roleARN, func(r *Role) error {
		next := maps.Clone(r.Tags)
		if next == nil {
			next = make(map[string]string, len(tags))
		}
		for key, value := range tags {
			dropTag(next, key) // keys that differ in case only are the same [D]
			next[key] = value
		}
		r.Tags = next
		return nil
	})
}

// UntagRole takes tags from a role. That it has none of that key is no error, as with
// IAM.
func (s *Store) UntagRole(roleARN string, keys []string) error {
	return s.changeRole("untag", roleARN, func(r *Role) error {
		next := maps.Clone(r.Tags)
		for _, key := range keys {
			dropTag(next, key)
		}
		r.Tags = next
		return nil
	})
}

func dropTag(tags map[string]string, key string) {
	maps.DeleteFunc(tags, func(have, _ string) bool { return strings.EqualFold(have, key) })
}

// changeRole changes a role, unless do refuses.
func (s *Store) changeRole(what, arn string, do func(*Role) error) error {
	return s.change(func() error {
		m := s.state.members[arn]
		if m == nil || !m.isRole {
			return fmt.Errorf("%s: role %s %w", what, arn, ErrUnknown)
		}
		next := m.role
		if err := do(&next); err != nil {
			return fmt.Errorf("%s of %s: %w", what, arn, err)
		}
		m.role = next
		return nil
	})
}

// DeleteRole deletes a role that has no policies, and ends its sessions. One of the
// identity file is there again when that is next read.
func (s *Store) DeleteRole(roleARN string) error { return s.deleteMember(roleARN, true) }

// CreateUser makes a user of the own account, as CreateRole does a role.
func (s *Store) CreateUser(in UserInput) (User, error) {
	if in.Name == "" || in.Name == rootName {
		return User{}, fmt.Errorf("create user: %w: no user can be called %q", ErrInvalid, in.Name)
	}
	var made User
	err := s.change(func() error {
		home := s.state.accounts[s.cfg.AccountID]
		if taken(home.users, in.Name) {
			return fmt.Errorf("create user: %w: user %s is there already", ErrConflict, in.Name)
		}
		m := s.newUser(madeMember{
			Name: in.Name, Path: in.Path, ID: newUniqueID("AIDA"), Created: s.now(), Tags: maps.Clone(in.Tags),
		})
		home.users[m.name], s.state.members[m.arn] = m, m
		made = m.user()
		return nil
	})
	return made, err
}

func (s *Store) newUser(kept madeMember) *member {
	if kept.Path == "" {
		kept.Path = "/"
	}
	arn := s.arn("user", kept.Path, kept.Name)
	return &member{made: true, name: kept.Name, arn: arn, created: kept.Created, principal: Principal{
		Kind: KindUser, ARN: arn, AccountID: s.cfg.AccountID, UserID: kept.ID, UserName: kept.Name, Tags: kept.Tags,
	}}
}

// DeleteUser deletes a user that has no policies and no access keys, and ends its
// sessions. One of the identity file is there again when that is next read.
func (s *Store) DeleteUser(userARN string) error { return s.deleteMember(userARN, false) }

func (s *Store) deleteMember(arn string, role bool) error {
	return s.change(func() error {
		m := s.state.members[arn]
		if m == nil || m.isRole != role {
			return fmt.Errorf("delete %s: it %w", arn, ErrUnknown)
		}
		if len(m.grants) > 0 || len(s.state.keysOf(arn)) > 0 {
			return fmt.Errorf("delete %s: %w: it still has policies or access keys", arn, ErrConflict)
		}
		delete(s.state.members, arn)
		delete(s.state.accounts[m.account()].users, m.name)
		if role {
			delete(s.state.accounts[m.account()].roles, m.name)
		}
		return nil
	})
}

// checkTrusted refuses a trust policy that names a user or role which an account that is
// known here does not have, as IAM does [O]. Sessions need not be open.
func (s *Store) checkTrusted(trust *Policy) error {
	for i := range trust.statements {
		for _, arn := range trust.statements[i].principals.arns {
			known := s.state.accounts[accountOf(arn)] != nil && !strings.Contains(arn, ":assumed-role/")
			if known && s.state.members[arn] == nil {
				return &UnknownPrincipalError{ARN: arn}
			}
		}
	}
	return nil
}

// taken reports whether a name is, in whatever case.
func taken(members map[string]*member, name string) bool {
	for have := range members {
		if strings.EqualFold(have, name) {
			return true
		}
	}
	return false
}

func (s *Store) arn(kind, path, name string) string {
	return fmt.Sprintf("arn:%s:iam::%s:%s%s%s", s.partition, s.cfg.AccountID, kind, path, name)
}

// path is the one in the member's ARN.
func (m *member) path() string {
	_, rest, _ := strings.Cut(m.arn, "/")
	return "/" + strings.TrimSuffix(rest, m.name)
}

func (m *member) user() User {
	return User{ARN: m.arn, Name: m.name, Path: m.path(), ID: m.principal.UserID, Created: m.created, Tags: m.principal.Tags}
}

// RoleNamed finds a role of the own account by name, in whatever case.
func (s *Store) RoleNamed(name string) (Role, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for have, m := range s.state.accounts[s.cfg.AccountID].roles {
		if strings.EqualFold(have, name) {
			return m.role, true
		}
	}
	return Role{}, false
}

// Roles are those of the own account, by name.
func (s *Store) Roles() []Role {
	s.mu.RLock()
	defer s.mu.RUnlock()
	roles := make([]Role, 0, len(s.state.accounts[s.cfg.AccountID].roles))
	for _, m := range s.state.accounts[s.cfg.AccountID].roles {
		roles = append(roles, m.role)
	}
	slices.SortFunc(roles, func(a, b Role) int { return strings.Compare(a.Name, b.Name) })
	return roles
}

// UserNamed finds a user of the own account by name, in whatever case.
func (s *Store) UserNamed(name string) (User, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for have, m := range s.state.accounts[s.cfg.AccountID].users {
		if strings.EqualFold(have, name) {
			return m.user(), true
		}
	}
	return User{}, false
}

// Users is how many the own account has.
func (s *Store) Users() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.state.accounts[s.cfg.AccountID].users)
}
