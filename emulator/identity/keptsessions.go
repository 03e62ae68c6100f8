package identity

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

// sessionsFile lies beside Config.StateFile. It is a log with a line for each session that
// was opened or has changed, the last one of a session counts: writing all of them anew
// for each one that is opened would take longer and longer.
const sessionsFile = "sessions.jsonl"

// keptSession is a line of sessionsFile.
type keptSession struct {
	ID     string `json:"id"`
	Secret string `json:"secret,omitempty"`
	Token  string `json:"token,omitempty"`
	// Expires is when it does, Over that it is gone before.
	Expires time.Time `json:"expires,omitzero"`
	Over    bool      `json:"over,omitempty"`
	Who     Principal `json:"who,omitzero"`
	// Bounds have their documents, also those of managed policies: a bound that cannot be
	// found again would be one less.
	Bounds []madeGrant `json:"bounds,omitempty"`
}

func (one *session) line() keptSession {
	kept := keptSession{
		ID: one.key.AccessKeyID, Secret: one.key.SecretAccessKey, Token: one.key.SessionToken, Expires: one.key.Expires, Who: one.who,
	}
	for _, g := range one.bounds {
		kept.Bounds = append(kept.Bounds, madeGrant{ARN: g.arn, Name: g.name, Document: g.policy.document})
	}
	return kept
}

func (k keptSession) session() (*session, error) {
	one := &session{who: k.Who, key: sigv4.Key{
		AccessKeyID: k.ID, SecretAccessKey: k.Secret, SessionToken: k.Token, Expires: k.Expires, Principal: k.Who,
	}}
	for _, g := range k.Bounds {
		p, err := ParsePolicy([]byte(g.Document))
		if err != nil {
			return nil, fmt.Errorf("session %s: %s: %w", k.ID, g.Name, err)
		}
		one.bounds = append(one.bounds, grant{name: g.Name, arn: g.ARN, policy: p})
	}
	return one, nil
}

func (s *Store) sessionsPath() string {
	if s.cfg.StateFile == "" {
		return ""
	}
	return filepath.Join(filepath.Dir(s.cfg.StateFile), sessionsFile)
}

// keepSession appends a line about a session, or writes the file anew when most of its
// lines no longer count.
func (s *Store) keepSession(kept keptSession) error {
	path := s.sessionsPath()
	if path == "" {
		return nil
	}
	if s.sessionLines > 2*len(s.sessions)+1024 {
		if err := s.rewriteSessions(); err != nil {
			return err
		}
	}
	line, err := json.Marshal(kept)
	if err != nil {
		return fmt.Errorf("write sessions: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("write sessions: %w", err)
	}
	_, err = f.Write(append(line, '\n'))
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write sessions: %w", err)
	}
	s.sessionLines++
	return nil
}

// rewriteSessions leaves a line for each session that there is.
func (s *Store) rewriteSessions() error {
	var content bytes.Buffer
	lines := json.NewEncoder(&content) // ends each with a newline
	for _, one := range s.sessions {
		if err := lines.Encode(one.line()); err != nil {
			return fmt.Errorf("write sessions: %w", err)
		}
	}
	if err := replaceFile(s.sessionsPath(), content.Bytes()); err != nil {
		return err
	}
	s.sessionLines = len(s.sessions)
	return nil
}

// readSessions takes up the sessions of an earlier process, as far as their users and
// roles are there.
func (s *Store) readSessions() error {
	path := s.sessionsPath()
	if path == "" {
		return nil
	}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read sessions: %w", err)
	}
	// What follows the last newline is a line that a kill has cut off: nobody was given that session.
	raw = raw[:bytes.LastIndexByte(raw, '\n')+1]
	number := 0
	for line := range bytes.Lines(raw) {
		number++
		var kept keptSession
		if err := strict(line, &kept); err != nil {
			return fmt.Errorf("read %s: line %d: %w", path, number, err)
		}
		if kept.Over {
			delete(s.sessions, kept.ID)
			continue
		}
		one, err := kept.session()
		if err != nil {
			return fmt.Errorf("read %s: line %d: %w", path, number, err)
		}
		s.sessions[kept.ID] = one
	}
	now := s.now()
	for id, one := range s.sessions {
		if one.forgotten(now) || !s.exists(one.who) {
			delete(s.sessions, id)
		}
	}
	return s.rewriteSessions()
}
