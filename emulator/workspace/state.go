package workspace

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"os"
	"time"
)

// stateVersion is the version of the file's format. A file of another version
// is refused rather than misread. Files of the time when there were only
// workspaces have the same version and lack the other members.
const stateVersion = 1

// state is everything that survives a restart. A state that has been published
// is never changed again: a change is made on a clone, saved, and then swapped
// in.
type state struct {
	Version    int                   `json:"version"`
	Workspaces map[string]*Workspace `json:"workspaces"`

	Rules          shelf[definition]     `json:"ruleGroupsNamespaces,omitempty"`
	AlertManagers  shelf[definition]     `json:"alertManagerDefinitions,omitempty"`
	Logging        shelf[logging]        `json:"loggingConfigurations,omitempty"`
	QueryLogging   shelf[queryLogging]   `json:"queryLoggingConfigurations,omitempty"`
	Configurations shelf[configuration]  `json:"workspaceConfigurations,omitempty"`
	Policies       shelf[policy]         `json:"resourcePolicies,omitempty"`
	Scrapers       shelf[scraper]        `json:"scrapers,omitempty"`
	ScraperLogging shelf[scraperLogging] `json:"scraperLoggingConfigurations,omitempty"`
	Detectors      shelf[detector]       `json:"anomalyDetectors,omitempty"`

	Tokens map[string]token `json:"tokens,omitempty"`
}

func newState() *state {
	s := &state{Version: stateVersion}
	s.makeMaps()
	return s
}

// makeMaps makes the maps that are not there.
func (s *state) makeMaps() {
	orMake(&s.Workspaces)
	orMake(&s.Rules)
	orMake(&s.AlertManagers)
	orMake(&s.Logging)
	orMake(&s.QueryLogging)
	orMake(&s.Configurations)
	orMake(&s.Policies)
	orMake(&s.Scrapers)
	orMake(&s.ScraperLogging)
	orMake(&s.Detectors)
	orMake(&s.Tokens)
}

func orMake[M ~map[string]V, V any](m *M) {
	if *m == nil {
		*m = M{}
	}
}

// clone returns a state with maps of its own. Workspaces are copied, items are
// shared because they are never changed.
func (s *state) clone() *state {
	c := &state{
		Version:        s.Version,
		Workspaces:     make(map[string]*Workspace, len(s.Workspaces)),
		Rules:          maps.Clone(s.Rules),
		AlertManagers:  maps.Clone(s.AlertManagers),
		Logging:        maps.Clone(s.Logging),
		QueryLogging:   maps.Clone(s.QueryLogging),
		Configurations: maps.Clone(s.Configurations),
		Policies:       maps.Clone(s.Policies),
		Scrapers:       maps.Clone(s.Scrapers),
		ScraperLogging: maps.Clone(s.ScraperLogging),
		Detectors:      maps.Clone(s.Detectors),
		Tokens:         maps.Clone(s.Tokens),
	}
	for id, ws := range s.Workspaces {
		c.Workspaces[id] = ws.clone()
	}
	return c
}

// shelves returns the resources of all kinds.
func (s *state) shelves() map[kind]lives {
	return map[kind]lives{
		kindRules: s.Rules, kindAlertManager: s.AlertManagers, kindLogging: s.Logging,
		kindQueryLogging: s.QueryLogging, kindConfiguration: s.Configurations, kindPolicy: s.Policies,
		kindScraper: s.Scrapers, kindScraperLogging: s.ScraperLogging, kindDetector: s.Detectors,
	}
}

// removeOwned starts the deletion of all that belongs to a workspace or to a
// scraper.
func (s *state) removeOwned(owner string, now time.Time) {
	for _, sh := range s.shelves() {
		for l := range sh.all() {
			if l.Owner == owner && l.Phase.Via != StatusDeleting {
				sh.edit(l.key(), func(l *life) { l.Phase = phase{Via: StatusDeleting, Since: now.UTC()} })
			}
		}
	}
}

// blobs yields all large contents that the state refers to; one may come more
// than once.
func (s *state) blobs() iter.Seq[*blob] {
	return func(yield func(*blob) bool) {
		give := func(b *blob) bool { return b == nil || yield(b) }
		for _, sh := range []shelf[definition]{s.Rules, s.AlertManagers} {
			for _, i := range sh {
				if !give(i.Body.Data) || !give(i.Body.Good) {
					return
				}
			}
		}
		for _, i := range s.Policies {
			if !give(i.Body.Document) {
				return
			}
		}
		for _, i := range s.Scrapers {
			if !give(i.Body.Configuration) {
				return
			}
		}
	}
}

// load reads the state at path; a file that does not exist is an empty state.
// It clears away what a kill in the middle of a write left behind.
func load(path string, store *blobStore) (*state, error) {
	if err := removeUnfinished(path); err != nil {
		return nil, err
	}
	s := newState()
	raw, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s, store.load(s)
	case err != nil:
		return nil, fmt.Errorf("read workspaces: %w", err)
	}
	if err := json.Unmarshal(raw, s); err != nil {
		return nil, fmt.Errorf("read workspaces from %s: %w", path, err)
	}
	if s.Version != stateVersion {
		return nil, fmt.Errorf("read workspaces from %s: format version %d, this program reads %d", path, s.Version, stateVersion)
	}
	s.makeMaps()
	for id, ws := range s.Workspaces {
		if ws == nil || ws.ID != id {
			return nil, fmt.Errorf("read workspaces from %s: entry %q is damaged", path, id)
		}
	}
	for k, sh := range s.shelves() {
		if key, damaged := sh.damaged(); damaged {
			return nil, fmt.Errorf("read workspaces from %s: %s %q is damaged", path, k.noun(), key)
		}
	}
	if err := store.load(s); err != nil {
		return nil, fmt.Errorf("read workspaces from %s: %w", path, err)
	}
	return s, nil
}

// save replaces the state at path. After it returns, the new state survives a
// kill and a power cut; before, the old one does.
func (s *state) save(path string) error {
	raw, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("encode workspaces: %w", err)
	}
	return replaceFile(path, raw)
}
