package identity

import (
	"cmp"
	"slices"
	"time"
)

// Listing is everything that a Store holds, without secrets and tokens.
type Listing struct {
	File      FileState      `json:"file"`
	Users     []UserInfo     `json:"users"`
	Keys      []KeyInfo      `json:"keys"`
	Roles     []RoleInfo     `json:"roles"`
	Sessions  []SessionInfo  `json:"sessions"`
	Providers []ProviderInfo `json:"oidcProviders"`
}

// FileState is how the last reading of the identity file went.
type FileState struct {
	Path   string    `json:"path,omitempty"`
	Loaded time.Time `json:"loaded"`
	Error  string    `json:"error,omitempty"`
}

// UserInfo is a user.
type UserInfo struct {
	Name     string   `json:"name"`
	ARN      string   `json:"arn"`
	ID       string   `json:"id"`
	Policies []string `json:"policies"`
	Origin   Origin   `json:"origin"`
}

// KeyInfo is an access key without its secret.
type KeyInfo struct {
	AccessKeyID string    `json:"accessKeyId"`
	User        string    `json:"user"`
	ARN         string    `json:"arn"`
	Status      KeyStatus `json:"status"`
	Created     time.Time `json:"created"`
}

// RoleInfo is a role.
type RoleInfo struct {
	Name               string   `json:"name"`
	ARN                string   `json:"arn"`
	ID                 string   `json:"id"`
	MaxSessionDuration string   `json:"maxSessionDuration"`
	Policies           []string `json:"policies"`
	Origin             Origin   `json:"origin"`
}

// SessionInfo is a session without its secret and token.
type SessionInfo struct {
	AccessKeyID string    `json:"accessKeyId"`
	ARN         string    `json:"arn"`
	RoleARN     string    `json:"roleArn,omitempty"`
	Issued      time.Time `json:"issued"`
	Expires     time.Time `json:"expires"`
	Expired     bool      `json:"expired"`
}

// ProviderInfo is an OpenID Connect provider.
type ProviderInfo struct {
	ARN       string   `json:"arn"`
	Issuer    string   `json:"issuer"`
	ClientIDs []string `json:"clientIds"`
	Origin    Origin   `json:"origin"`
}

// Origin is where a user, role or provider comes from.
type Origin string

// The origins.
const (
	FromFile Origin = "file" // the identity file
	FromAPI  Origin = "api"  // IAM's API, or the methods of Store
)

func origin(made bool) Origin {
	if made {
		return FromAPI
	}
	return FromFile
}

// List returns everything, in a fixed order.
func (s *Store) List() Listing {
	now := s.now()
	s.mu.RLock()
	defer s.mu.RUnlock()
	l := Listing{
		File:  FileState{Path: s.cfg.File, Loaded: s.loaded},
		Users: []UserInfo{}, Keys: []KeyInfo{}, Roles: []RoleInfo{}, Sessions: []SessionInfo{}, Providers: []ProviderInfo{},
	}
	if s.failure != nil {
		l.File.Error = s.failure.Error()
	}
	for _, m := range s.state.members {
		if m.isRole {
			l.Roles = append(l.Roles, RoleInfo{
				m.name, m.arn, m.role.ID, m.role.MaxSessionDuration.String(), m.policies(), origin(m.made),
			})
		} else {
			l.Users = append(l.Users, UserInfo{m.name, m.arn, m.principal.UserID, m.policies(), origin(m.made)})
		}
	}
	for id, k := range s.state.keys {
		user := cmp.Or(k.user, rootName)
		l.Keys = append(l.Keys, KeyInfo{id, user, k.key.Principal.(Principal).ARN, k.status, k.created})
	}
	for id, one := range s.sessions {
		if one.forgotten(now) {
			continue
		}
		l.Sessions = append(l.Sessions, SessionInfo{
			id, one.who.ARN, one.who.RoleARN, one.who.Issued, one.key.Expires, !now.Before(one.key.Expires),
		})
	}
	for _, p := range s.state.providers {
		l.Providers = append(l.Providers, ProviderInfo{p.ARN, p.Issuer, p.ClientIDs, origin(p.made)})
	}
	slices.SortFunc(l.Users, func(a, b UserInfo) int { return cmp.Compare(a.ARN, b.ARN) })
	slices.SortFunc(l.Keys, func(a, b KeyInfo) int { return cmp.Compare(a.AccessKeyID, b.AccessKeyID) })
	slices.SortFunc(l.Roles, func(a, b RoleInfo) int { return cmp.Compare(a.ARN, b.ARN) })
	slices.SortFunc(l.Sessions, func(a, b SessionInfo) int {
		return cmp.Or(a.Issued.Compare(b.Issued), cmp.Compare(a.AccessKeyID, b.AccessKeyID))
	})
	slices.SortFunc(l.Providers, func(a, b ProviderInfo) int { return cmp.Compare(a.ARN, b.ARN) })
	return l
}

// policies names what a member has: attached ones by ARN, inline ones by name.
func (m *member) policies() []string {
	list := []string{}
	for _, g := range m.grants {
		list = append(list, cmp.Or(g.arn, g.name))
	}
	return list
}
