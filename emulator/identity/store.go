package identity

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

// Config says where identities come from.
type Config struct {
	Region, AccountID string
	// RootAccessKeyID and RootSecretKey are the access key of the account's root; none
	// if they are empty.
	RootAccessKeyID, RootSecretKey string
	// File is the identity file; empty means that there is none but the root.
	File string
	// StateFile keeps what was made at run time over restarts; empty means that it ends
	// with the process. Whoever opens a Store has it for himself.
	StateFile string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Logger gets what happens to the file; nil means slog.Default.
	Logger *slog.Logger
}

// Store holds users, roles, their keys and policies, OpenID Connect providers and
// sessions. It is safe for concurrent use.
type Store struct {
	cfg       Config
	now       func() time.Time
	log       *slog.Logger
	partition string
	root      Principal
	managed   map[string]*Policy

	reading sync.Mutex // held from reading the file to taking it over: the last one wins

	mu       sync.RWMutex
	state    *snapshot
	sessions map[string]*session
	sweepAt  int
	gone     map[string]string // keys that are no more: what became of them
	content  []byte            // of the file, as it was last read
	loaded   time.Time
	failure  error  // of the last reading, if it failed
	kept     []byte // what StateFile holds
	// sessionLines is how many lines sessionsFile has.
	sessionLines int

	watch *watch
}

var _ sigv4.Keys = (*Store)(nil)

// Open reads the identity file and follows its changes until Close.
func Open(cfg Config) (*Store, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	s := &Store{
		cfg: cfg, now: cfg.Now, log: cfg.Logger,
		partition: Partition(cfg.Region),
		root:      RootPrincipal(cfg.Region, cfg.AccountID),
		sessions:  make(map[string]*session),
		gone:      make(map[string]string),
	}
	var err error
	if s.managed, err = managed(s.partition); err != nil {
		return nil, err
	}
	made, err := s.readKept()
	if err != nil {
		return nil, err
	}
	if cfg.File == "" {
		s.state, s.loaded = s.empty(), s.now()
		if err := s.adopt(s.state, made); err != nil {
			return nil, fmt.Errorf("read %s: %w", cfg.StateFile, err)
		}
		if err := s.readSessions(); err != nil {
			return nil, err
		}
		return s, nil
	}
	// Watched before it is read, so that no change falls between.
	w, err := newWatch(cfg.File)
	if err != nil {
		return nil, fmt.Errorf("identity file: %w", err)
	}
	if err := s.reload(made); err != nil {
		return nil, errors.Join(err, w.close())
	}
	if err := s.readSessions(); err != nil {
		return nil, errors.Join(err, w.close())
	}
	s.watch, w.started = w, true
	go w.run(s.follow) // ends in Close
	return s, nil
}

// Close ends the watch of the file. The Store still answers.
func (s *Store) Close() error {
	if s.watch == nil {
		return nil
	}
	return s.watch.close()
}

// empty is the state without a file.
func (s *Store) empty() *snapshot {
	st := &snapshot{
		accounts: map[string]*account{s.cfg.AccountID: newAccount(s.cfg.AccountID)},
		keys:     make(map[string]*accessKey), members: make(map[string]*member), providers: make(map[string]Provider),
	}
	if id := s.cfg.RootAccessKeyID; id != "" {
		st.keys[id] = &accessKey{status: KeyActive, created: s.now(), key: sigv4.Key{
			AccessKeyID: id, SecretAccessKey: s.cfg.RootSecretKey, Principal: s.root,
		}}
	}
	return st
}

// Reload reads the identity file now. What was changed at run time of whoever the file
// names is undone; who was made at run time stays, unless the file has taken the name. A
// file that is wrong changes nothing.
func (s *Store) Reload() error { return s.reload(nil) }

// reload is Reload; if made is given, it counts instead of who is there.
func (s *Store) reload(made *madeFile) error {
	s.reading.Lock()
	defer s.reading.Unlock()
	if s.cfg.File == "" {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.install(s.empty(), nil, made)
	}
	raw, err := os.ReadFile(s.cfg.File)
	if err != nil {
		err = fmt.Errorf("read identity file: %w", err)
	}
	var next *snapshot
	if err == nil {
		if next, err = s.read(raw); err != nil {
			err = fmt.Errorf("identity file %s: %w", s.cfg.File, err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.failure, s.content = err, raw
		return err
	}
	return s.install(next, raw, made)
}

// follow reads the file again if it is another one than before.
func (s *Store) follow() {
	raw, err := os.ReadFile(s.cfg.File)
	s.mu.RLock()
	same := err == nil && bytes.Equal(raw, s.content)
	s.mu.RUnlock()
	if same {
		return
	}
	if err == nil && len(bytes.TrimSpace(raw)) == 0 {
		// Whoever writes in two steps has done the first one. POST /reload takes it all the same.
		s.log.Warn("the identity file is empty: everybody stays as before", "file", s.cfg.File)
		return
	}
	if err := s.Reload(); err != nil {
		s.log.Error("the identity file is wrong: everybody stays as before", "error", err)
		return
	}
	s.log.Info("identity file read anew", "file", s.cfg.File)
}

// install takes over a new state with those who were made at run time, and ends the
// sessions of whoever is gone.
func (s *Store) install(next *snapshot, raw []byte, made *madeFile) error {
	before := s.state
	if made == nil {
		made = before.made(s.cfg.AccountID)
	}
	if err := s.adopt(next, made); err != nil {
		return fmt.Errorf("take over who was made at run time: %w", err)
	}
	s.state, s.content, s.loaded, s.failure = next, raw, s.now(), nil
	clear(s.gone)
	if before != nil {
		for id, key := range before.keys {
			if next.keys[id] == nil {
				s.remember(id, "access key of "+key.owner()+" is no longer in the identity file")
			}
		}
	}
	s.endSessions(" is no longer in the identity file")
	return nil
}

// endSessions ends those of whoever is gone.
func (s *Store) endSessions(why string) {
	for id, one := range s.sessions {
		if !s.exists(one.who) {
			delete(s.sessions, id)
			s.remember(id, "the session is over: "+one.who.owner()+why)
			if err := s.keepSession(keptSession{ID: id, Over: true}); err != nil {
				s.log.Error("a session that is over could not be kept so", "session", id, "error", err)
			}
		}
	}
}

// LookupKey implements sigv4.Keys: active access keys and sessions, expired ones too.
func (s *Store) LookupKey(id string) (sigv4.Key, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if k := s.state.keys[id]; k != nil && k.status == KeyActive {
		return k.key, true
	}
	if one := s.sessions[id]; one != nil && !one.forgotten(s.now()) {
		return one.key, true
	}
	return sigv4.Key{}, false
}

// WhyUnknown says in plain words why LookupKey does not know a key; empty if there is
// nothing to say but that.
func (s *Store) WhyUnknown(id string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if k := s.state.keys[id]; k != nil {
		if k.status == KeyInactive {
			return "access key of " + k.owner() + " is inactive"
		}
		return ""
	}
	if why := s.gone[id]; why != "" {
		return why
	}
	if one := s.sessions[id]; one != nil && one.forgotten(s.now()) {
		return "the session expired at " + one.key.Expires.UTC().Format(time.RFC3339) + ", more than an hour ago"
	} else if one == nil && strings.HasPrefix(id, "ASIA") {
		return "no such session: sessions end with the emulator's process, and are forgotten an hour after they expired"
	}
	return ""
}

// remember keeps what became of a key, for the explanation of refusals; not without end.
func (s *Store) remember(id, what string) {
	const most = 1000
	if len(s.gone) >= most {
		clear(s.gone)
	}
	s.gone[id] = what
}

// Root is the account's root.
func (s *Store) Root() Principal { return s.root }

// Role finds a role by ARN.
func (s *Store) Role(arn string) (Role, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if m := s.state.members[arn]; m != nil && m.isRole {
		return m.role, true
	}
	return Role{}, false
}

// Provider finds an OpenID Connect provider by the URL of its issuer. A slash at the
// end does not matter.
func (s *Store) Provider(issuerURL string) (Provider, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	p, ok := s.state.providers[strings.TrimSuffix(issuerURL, "/")]
	return p, ok
}

// policy finds a managed policy, AWS's or the account's.
func (s *Store) policy(accountID, arn string) (*Policy, bool) {
	if p, ok := s.managed[arn]; ok {
		return p, true
	}
	return s.state.policy(accountID, arn)
}

// policy finds a managed policy of the account's own.
func (st *snapshot) policy(accountID, arn string) (*Policy, bool) {
	a := st.accounts[accountID]
	if a == nil {
		return nil, false
	}
	p, ok := a.policies[arn]
	return p, ok
}

// owner names whose key it is.
func (k *accessKey) owner() string {
	if k.user == "" {
		return "the root"
	}
	return "user/" + k.user
}
