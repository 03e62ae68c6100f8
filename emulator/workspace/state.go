package workspace

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
)

// stateVersion is the version of the file's format. A file of another version
// is refused rather than misread.
const stateVersion = 1

// tempSuffix marks a file that save has not finished.
const tempSuffix = ".tmp-"

// state is everything that survives a restart. A state that has been published
// is never changed again: a change is made on a clone, saved, and then swapped
// in.
type state struct {
	Version    int                   `json:"version"`
	Workspaces map[string]*Workspace `json:"workspaces"`
	Tokens     map[string]token      `json:"tokens,omitempty"`
}

func newState() *state {
	return &state{Version: stateVersion, Workspaces: map[string]*Workspace{}, Tokens: map[string]token{}}
}

func (s *state) clone() *state {
	c := &state{
		Version:    s.Version,
		Workspaces: make(map[string]*Workspace, len(s.Workspaces)),
		Tokens:     maps.Clone(s.Tokens),
	}
	for id, ws := range s.Workspaces {
		c.Workspaces[id] = ws.clone()
	}
	return c
}

// load reads the state at path; a file that does not exist is an empty state.
// It clears away what a kill in the middle of save left behind.
func load(path string) (*state, error) {
	stale, _ := filepath.Glob(path + tempSuffix + "*") // the pattern is well formed
	for _, name := range stale {
		if err := os.Remove(name); err != nil {
			return nil, fmt.Errorf("remove unfinished %s: %w", name, err)
		}
	}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return newState(), nil
	}
	if err != nil {
		return nil, fmt.Errorf("read workspaces: %w", err)
	}
	s := newState()
	if err := json.Unmarshal(raw, s); err != nil {
		return nil, fmt.Errorf("read workspaces from %s: %w", path, err)
	}
	if s.Version != stateVersion {
		return nil, fmt.Errorf("read workspaces from %s: format version %d, this program reads %d", path, s.Version, stateVersion)
	}
	for id, ws := range s.Workspaces {
		if ws == nil || ws.ID != id {
			return nil, fmt.Errorf("read workspaces from %s: entry %q is damaged", path, id)
		}
	}
	if s.Tokens == nil {
		s.Tokens = map[string]token{}
	}
	return s, nil
}

// save replaces the state at path. After it returns, the new state survives a
// kill and a power cut; before, the old one does.
func (s *state) save(path string) (err error) {
	raw, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("encode workspaces: %w", err)
	}
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, filepath.Base(path)+tempSuffix+"*")
	if err != nil {
		return fmt.Errorf("write workspaces: %w", err)
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(raw); err != nil {
		return fmt.Errorf("write workspaces: %w", err)
	}
	if err = f.Sync(); err != nil {
		return fmt.Errorf("flush workspaces: %w", err)
	}
	if err = f.Close(); err != nil {
		return fmt.Errorf("write workspaces: %w", err)
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("replace workspaces: %w", err)
	}
	// Without this the rename itself may be lost in a power cut.
	if err := syncDir(dir); err != nil {
		return fmt.Errorf("flush folder of workspaces: %w", err)
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
