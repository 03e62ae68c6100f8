package identity

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
)

// change does something to the state and keeps what is to be kept of it. If that fails,
// nothing was changed. What do returns as an error must have changed nothing either.
func (s *Store) change(do func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var before *snapshot
	if s.cfg.StateFile != "" {
		before = s.state.clone()
	}
	if err := do(); err != nil {
		return err
	}
	if err := s.keep(); err != nil {
		s.state = before
		return fmt.Errorf("keep the change: %w", err)
	}
	s.endSessions(" was deleted at " + s.stamp())
	return nil
}

// clone copies all that changes at run time.
func (st *snapshot) clone() *snapshot {
	next := &snapshot{
		accounts: make(map[string]*account, len(st.accounts)), keys: make(map[string]*accessKey, len(st.keys)),
		members: make(map[string]*member, len(st.members)), providers: maps.Clone(st.providers),
	}
	for arn, m := range st.members {
		copied := *m
		next.members[arn] = &copied
	}
	for id, a := range st.accounts {
		copied := newAccount(id)
		copied.policies = a.policies
		for name, m := range a.users {
			copied.users[name] = next.members[m.arn]
		}
		for name, m := range a.roles {
			copied.roles[name] = next.members[m.arn]
		}
		next.accounts[id] = copied
	}
	for id, k := range st.keys {
		copied := *k
		next.keys[id] = &copied
	}
	return next
}

// keep writes StateFile if there is something new.
func (s *Store) keep() error {
	if s.cfg.StateFile == "" {
		return nil
	}
	content, err := json.MarshalIndent(s.state.made(s.cfg.AccountID), "", "  ")
	if err != nil {
		return fmt.Errorf("write identities: %w", err)
	}
	if bytes.Equal(content, s.kept) {
		return nil
	}
	if err := replaceFile(s.cfg.StateFile, content); err != nil {
		return err
	}
	s.kept = content
	return nil
}

// readKept reads StateFile.
func (s *Store) readKept() (*madeFile, error) {
	file := &madeFile{Account: s.cfg.AccountID}
	if s.cfg.StateFile == "" {
		return file, nil
	}
	raw, err := os.ReadFile(s.cfg.StateFile)
	if errors.Is(err, fs.ErrNotExist) {
		return file, nil
	}
	if err == nil {
		err = strict(raw, file)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", s.cfg.StateFile, err)
	}
	s.kept = raw
	return file, nil
}

// replaceFile gives a file another content in one step, for nobody else to read: there
// are secrets in it.
func replaceFile(path string, content []byte) (err error) {
	temp := path + ".tmp" // the same each time: what a kill left is written over
	f, err := os.OpenFile(temp, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(temp)
		}
	}()
	if _, err = f.Write(content); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err = f.Sync(); err != nil {
		return fmt.Errorf("flush %s: %w", path, err)
	}
	if err = f.Close(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err = os.Rename(temp, path); err != nil {
		return fmt.Errorf("replace %s: %w", path, err)
	}
	return nil
}
