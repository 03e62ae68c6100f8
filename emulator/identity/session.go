package identity

import (
	"errors"
	"fmt"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

// maxSession is the longest that temporary credentials live: those of GetSessionToken,
// 36 hours [D].
const maxSession = 36 * time.Hour

// keepExpired is how long an expired session is remembered, so that its refusal can say
// that it is expired. AWS's tokens tell it themselves, for ever [I].
const keepExpired = time.Hour

// maxSessions bounds how many sessions are kept, for whoever opens them in a loop [I].
const maxSessions = 10_000

// ErrUnknown is wrapped by errors about a user, role, policy, key or session that does
// not exist.
var ErrUnknown = errors.New("does not exist")

// SessionInput says what temporary credentials are for.
type SessionInput struct {
	// Role is assumed, under the name of the session. If it is nil, the credentials are
	// the Principal's own, as GetSessionToken gives them.
	Role      *Role
	Name      string
	Principal Principal
	// FederatedProvider is the ARN of the OpenID Connect provider whose token the role is
	// assumed with, if it is.
	FederatedProvider string
	// Duration is how long they live.
	Duration time.Duration
	// Policy and the policies of PolicyARNs bound what the session may do, if there are
	// any: the session can do what one of them and its role or user allow.
	Policy     *Policy
	PolicyARNs []string
}

// Session is temporary credentials.
type Session struct {
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string
	Expires         time.Time
	Principal       Principal
}

// session is a Session as it is kept. All but key.Expires is immutable.
type session struct {
	key    sigv4.Key
	who    Principal
	bounds []grant
}

// NewSession opens a session. Whether the caller may have it is decided before, by
// AuthorizeAssume or by the role's trust policy.
func (s *Store) NewSession(in SessionInput) (Session, error) {
	if in.Duration <= 0 || in.Duration > maxSession {
		return Session{}, fmt.Errorf("open a session: a duration of %s is not within 0 to %s", in.Duration, maxSession)
	}
	now := s.now()
	who := in.Principal
	if in.Role != nil {
		who = Principal{
			Kind: KindAssumedRole, AccountID: in.Role.AccountID, RoleARN: in.Role.ARN, SessionName: in.Name,
			ARN:    fmt.Sprintf("arn:%s:sts::%s:assumed-role/%s/%s", s.partition, in.Role.AccountID, in.Role.Name, in.Name),
			UserID: in.Role.ID + ":" + in.Name, Tags: in.Role.Tags,
			FederatedProvider: in.FederatedProvider,
		}
	}
	who.SessionKey, who.Issued = newKeyID("ASIA"), now
	next := &session{who: who, key: sigv4.Key{
		AccessKeyID: who.SessionKey, SecretAccessKey: newSecret(), SessionToken: newToken(),
		Expires: now.Add(in.Duration), Principal: who,
	}}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.exists(who) {
		return Session{}, fmt.Errorf("open a session: %s %w", who.owner(), ErrUnknown)
	}
	if in.Policy != nil {
		next.bounds = append(next.bounds, grant{name: "the session policy", policy: in.Policy})
	}
	for _, arn := range in.PolicyARNs {
		p, ok := s.policy(who.AccountID, arn)
		if !ok {
			return Session{}, fmt.Errorf("open a session: policy %s %w", arn, ErrUnknown)
		}
		next.bounds = append(next.bounds, grant{name: arn, arn: arn, policy: p})
	}
	if err := s.keepSession(next.line()); err != nil {
		return Session{}, fmt.Errorf("open a session: %w", err)
	}
	s.makeRoom(now)
	s.sessions[who.SessionKey] = next
	return Session{
		AccessKeyID: next.key.AccessKeyID, SecretAccessKey: next.key.SecretAccessKey,
		SessionToken: next.key.SessionToken, Expires: next.key.Expires, Principal: who,
	}, nil
}

// makeRoom lets one more session fit. Those that expired long ago are forgotten whenever
// the number of sessions has doubled. If there are still too many, the one goes that
// expired first, or else the oldest.
func (s *Store) makeRoom(now time.Time) {
	if len(s.sessions) < s.sweepAt {
		return
	}
	for id, one := range s.sessions {
		if one.forgotten(now) {
			delete(s.sessions, id)
		}
	}
	for len(s.sessions) >= maxSessions {
		id := s.expendable(now)
		delete(s.sessions, id)
		s.remember(id, fmt.Sprintf("the session gave way at %s: no more than %d are kept", s.stamp(), maxSessions))
	}
	s.sweepAt = min(max(1024, 2*len(s.sessions)), maxSessions)
}

// forgotten reports whether a session expired so long ago that it counts as unknown.
func (one *session) forgotten(now time.Time) bool { return now.Sub(one.key.Expires) > keepExpired }

// expendable is the session to be missed least.
func (s *Store) expendable(now time.Time) string {
	var least string
	for id, one := range s.sessions {
		if least == "" || one.before(s.sessions[least], now) {
			least = id
		}
	}
	return least
}

// before reports whether a session goes before another one.
func (one *session) before(other *session, now time.Time) bool {
	expired, otherExpired := !now.Before(one.key.Expires), !now.Before(other.key.Expires)
	switch {
	case expired != otherExpired:
		return expired
	case expired:
		return one.key.Expires.Before(other.key.Expires)
	default:
		return one.who.Issued.Before(other.who.Issued)
	}
}

// exists reports whether the user or role of a principal is there.
func (s *Store) exists(p Principal) bool {
	if p.Kind == KindRoot {
		return s.state.accounts[p.AccountID] != nil
	}
	return s.state.members[p.owner()] != nil
}

// ExpireSession lets a session expire now: its requests are refused as those of an
// expired token.
func (s *Store) ExpireSession(accessKeyID string) error {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	one, ok := s.sessions[accessKeyID]
	if !ok {
		return fmt.Errorf("expire session %s: it %w", accessKeyID, ErrUnknown)
	}
	if !now.Before(one.key.Expires) {
		return nil
	}
	kept := one.line()
	kept.Expires = now
	if err := s.keepSession(kept); err != nil {
		return fmt.Errorf("expire session %s: %w", accessKeyID, err)
	}
	one.key.Expires = now
	return nil
}

// RevokeSession forgets a session: its requests are refused as those of an unknown
// token.
func (s *Store) RevokeSession(accessKeyID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.sessions[accessKeyID]; !ok {
		return fmt.Errorf("revoke session %s: it %w", accessKeyID, ErrUnknown)
	}
	if err := s.keepSession(keptSession{ID: accessKeyID, Over: true}); err != nil {
		return fmt.Errorf("revoke session %s: %w", accessKeyID, err)
	}
	delete(s.sessions, accessKeyID)
	s.remember(accessKeyID, "the session was revoked at "+s.now().UTC().Format(time.RFC3339))
	return nil
}
