package identity

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

// madeFile is who was made at run time, in the shape in which it is kept on disk and
// carried over when the identity file is read anew.
type madeFile struct {
	Account   string         `json:"account"`
	Users     []madeUser     `json:"users,omitempty"`
	Roles     []madeRole     `json:"roles,omitempty"`
	Providers []madeProvider `json:"oidcProviders,omitempty"`
}

type madeMember struct {
	Name     string            `json:"name"`
	Path     string            `json:"path"`
	ID       string            `json:"id"`
	Created  time.Time         `json:"created"`
	Tags     map[string]string `json:"tags,omitempty"`
	Policies []madeGrant       `json:"policies,omitempty"`
}

type madeUser struct {
	madeMember
	Keys []madeKey `json:"accessKeys,omitempty"`
}

type madeKey struct {
	ID      string    `json:"id"`
	Secret  string    `json:"secret"`
	Status  KeyStatus `json:"status"`
	Created time.Time `json:"created"`
}

type madeRole struct {
	madeMember
	Description        string        `json:"description,omitempty"`
	TrustPolicy        string        `json:"trustPolicy"`
	MaxSessionDuration time.Duration `json:"maxSessionDuration"`
}

// madeGrant is an attached policy by ARN or an inline one by name.
type madeGrant struct {
	ARN      string `json:"arn,omitempty"`
	Name     string `json:"name,omitempty"`
	Document string `json:"document,omitempty"`
}

type madeProvider struct {
	Issuer      string            `json:"issuer"`
	ClientIDs   []string          `json:"clientIDs,omitempty"`
	Thumbprints []string          `json:"thumbprints,omitempty"`
	Created     time.Time         `json:"created"`
	Tags        map[string]string `json:"tags,omitempty"`
}

// made lists who was made at run time, in a fixed order.
func (st *snapshot) made(account string) *madeFile {
	file := &madeFile{Account: account}
	for _, arn := range slices.Sorted(maps.Keys(st.members)) {
		m := st.members[arn]
		switch {
		case !m.made:
		case m.isRole:
			file.Roles = append(file.Roles, madeRole{
				madeMember:  m.kept(m.role.ID, m.role.Created, m.role.Tags),
				Description: m.role.Description, TrustPolicy: m.role.TrustPolicy.document,
				MaxSessionDuration: m.role.MaxSessionDuration,
			})
		default:
			user := madeUser{madeMember: m.kept(m.principal.UserID, m.created, m.principal.Tags)}
			for _, k := range st.keysOf(m.arn) {
				user.Keys = append(user.Keys, madeKey{k.key.AccessKeyID, k.key.SecretAccessKey, k.status, k.created})
			}
			file.Users = append(file.Users, user)
		}
	}
	for _, issuer := range slices.Sorted(maps.Keys(st.providers)) {
		if p := st.providers[issuer]; p.made {
			file.Providers = append(file.Providers, madeProvider{p.Issuer, p.ClientIDs, p.Thumbprints, p.Created, p.Tags})
		}
	}
	return file
}

func (m *member) kept(id string, created time.Time, tags map[string]string) madeMember {
	out := madeMember{Name: m.name, Path: m.path(), ID: id, Created: created, Tags: tags}
	for _, g := range m.grants {
		if g.arn != "" {
			out.Policies = append(out.Policies, madeGrant{ARN: g.arn})
			continue
		}
		out.Policies = append(out.Policies, madeGrant{Name: g.name, Document: g.policy.document})
	}
	return out
}

// keysOf are the access keys of a user, the oldest first.
func (st *snapshot) keysOf(arn string) []*accessKey {
	var list []*accessKey
	for _, k := range st.keys {
		if k.key.Principal.(Principal).ARN == arn {
			list = append(list, k)
		}
	}
	slices.SortFunc(list, func(a, b *accessKey) int {
		return cmp.Or(a.created.Compare(b.created), cmp.Compare(a.key.AccessKeyID, b.key.AccessKeyID))
	})
	return list
}

// adopt adds those who were made at run time to a state. What the identity file names is
// the file's: whoever of that name was made is gone, and the log says so.
func (s *Store) adopt(st *snapshot, file *madeFile) error {
	if file.Account != s.cfg.AccountID {
		return fmt.Errorf("it is of account %s, this is %s", file.Account, s.cfg.AccountID)
	}
	home := st.accounts[s.cfg.AccountID]
	for _, u := range file.Users {
		m := s.newUser(u.madeMember)
		if home.users[u.Name] != nil {
			s.displaced(m.arn)
			continue
		}
		if err := s.regrant(st, m, u.Policies); err != nil {
			return err
		}
		home.users[m.name], st.members[m.arn] = m, m
		for _, k := range u.Keys {
			if st.keys[k.ID] != nil {
				s.displaced("access key " + k.ID)
				continue
			}
			st.keys[k.ID] = &accessKey{user: m.name, status: k.Status, created: k.Created, key: sigv4.Key{
				AccessKeyID: k.ID, SecretAccessKey: k.Secret, Principal: m.principal,
			}}
		}
	}
	for _, r := range file.Roles {
		trust, err := ParseTrustPolicy([]byte(r.TrustPolicy))
		if err != nil {
			return fmt.Errorf("role %s: %w", r.Name, err)
		}
		m := s.newRole(r.madeMember, RoleInput{
			Description: r.Description, TrustPolicy: trust, MaxSessionDuration: r.MaxSessionDuration,
		})
		if home.roles[r.Name] != nil {
			s.displaced(m.arn)
			continue
		}
		if err := s.regrant(st, m, r.Policies); err != nil {
			return err
		}
		home.roles[m.name], st.members[m.arn] = m, m
	}
	for _, p := range file.Providers {
		next := s.newProvider(ProviderInput{p.Issuer, p.ClientIDs, p.Thumbprints, p.Tags}, p.Created)
		if st.providers[next.key()].ARN != "" {
			s.displaced(next.ARN)
			continue
		}
		st.providers[next.key()] = next
	}
	return nil
}

func (s *Store) displaced(who string) {
	s.log.Warn("made at run time, and now the identity file's", "what", who)
}

// regrant gives a member its policies back. An attached one that the identity file has
// no longer allows nothing any more.
func (s *Store) regrant(st *snapshot, m *member, policies []madeGrant) error {
	for _, g := range policies {
		if g.ARN == "" {
			p, err := ParsePolicy([]byte(g.Document))
			if err != nil {
				return fmt.Errorf("policy %s of %s: %w", g.Name, m.arn, err)
			}
			m.grants = append(m.grants, grant{name: g.Name, policy: p})
			continue
		}
		p, ok := s.managed[g.ARN]
		if !ok {
			p, ok = st.policy(m.account(), g.ARN)
		}
		if !ok {
			s.log.Warn("a policy is detached: the identity file has it no longer", "policy", g.ARN, "from", m.arn)
			continue
		}
		m.grants = append(m.grants, attached(g.ARN, p))
	}
	return nil
}
