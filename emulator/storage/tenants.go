// Package storage keeps the samples of the emulator: one Prometheus TSDB per
// workspace, each under a folder of its own, so that nothing of one workspace
// can be seen in another.
//
// It is not a time series database: all of that is Prometheus's tsdb package.
// What is here is what AMP needs around it: many databases under one lock,
// opened when first used, and removed or emptied while others still read them.
//
// On disk:
//
//	DIR/lock                   held while a process uses DIR
//	DIR/<workspaceID>/tsdb-1   one generation of samples; Clear starts the next
//	DIR/<workspaceID>/DELETED  the workspace is being removed
package storage

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"github.com/prometheus/prometheus/tsdb/fileutil"
)

// closeGrace bounds how long Close waits for readers and writers that are
// still at work. Their samples are in the WAL already, so nothing is lost when
// it runs out.
const closeGrace = 10 * time.Second

var (
	// ErrClosed says that the storage was closed.
	ErrClosed = errors.New("storage is closed")
	// ErrRemoved says that the workspace's samples were removed.
	ErrRemoved = errors.New("workspace was removed")
)

// Tenants holds the databases of all workspaces under one folder. Its methods
// may be called concurrently.
type Tenants struct {
	dir  string
	opts Options
	lock fileutil.Releaser

	mu     sync.Mutex
	slots  map[string]*slot
	closed bool
}

// slot is the place of one workspace in Tenants. The database is opened by
// whoever makes the slot; the others wait for ready. gone is closed when a
// removed workspace has left the disk and the slot is free again.
type slot struct {
	ready   chan struct{}
	db      *DB   // readable after ready, as is err
	err     error // why opening failed
	removed bool  // guarded by Tenants.mu
	gone    chan struct{}
	goneErr error // readable after gone
}

// workspaceID is what may name a folder: AMP's ids are "ws-" and a UUID, other
// plain names serve tests. It leaves no way out of the data folder.
var workspaceID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$`)

// Open takes the folder dir, which is made if it is absent, and locks it
// against other processes. No database is opened yet.
func Open(dir string, o Options) (*Tenants, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("resolve data folder %s: %w", dir, err)
	}
	lock, err := lockDir(abs)
	if err != nil {
		return nil, err
	}
	t := &Tenants{dir: abs, opts: o, lock: lock, slots: make(map[string]*slot)}
	if err := t.finishRemovals(); err != nil {
		return nil, errors.Join(err, lock.Release())
	}
	return t, nil
}

// Workspace returns the database of a workspace. The first call opens it, and
// makes it if there is none; every later call returns the same one.
func (t *Tenants) Workspace(ctx context.Context, id string) (*DB, error) {
	if !workspaceID.MatchString(id) {
		return nil, fmt.Errorf("open workspace %q: not a workspace id", id)
	}
	for {
		s, mine, err := t.claim(id, false)
		if err != nil {
			return nil, fmt.Errorf("open workspace %s: %w", id, err)
		}
		if mine {
			s.db, s.err = openDB(id, filepath.Join(t.dir, id), t.opts)
			if s.err != nil {
				t.free(id, s) // the next caller tries again
			}
			close(s.ready)
			return s.db, s.err
		}
		if t.isRemoved(s) {
			if err := await(ctx, s.gone); err != nil {
				return nil, fmt.Errorf("open workspace %s: %w", id, err)
			}
			continue
		}
		if err := await(ctx, s.ready); err != nil {
			return nil, fmt.Errorf("open workspace %s: %w", id, err)
		}
		return s.db, s.err
	}
}

// Remove closes a workspace's database and deletes its files. Readers and
// writers at work finish first, new ones are refused with ErrRemoved. If ctx
// ends before they are done the removal still completes when the last of them
// leaves, or when the folder is opened next.
func (t *Tenants) Remove(ctx context.Context, id string) error {
	if !workspaceID.MatchString(id) {
		return fmt.Errorf("remove workspace %q: not a workspace id", id)
	}
	s, mine, err := t.claim(id, true)
	if err != nil {
		return fmt.Errorf("remove workspace %s: %w", id, err)
	}
	if mine {
		close(s.ready) // never opened: there is nothing but files
	} else if err := await(ctx, s.ready); err != nil {
		return fmt.Errorf("remove workspace %s: %w", id, err)
	}
	if !mine && s.err != nil {
		return t.Remove(ctx, id) // opening failed and gave the slot free
	}
	if mine || t.markRemoved(s) {
		t.drop(id, s)
	}
	if err := await(ctx, s.gone); err != nil {
		return fmt.Errorf("remove workspace %s: its files go when its last reader leaves: %w", id, err)
	}
	return s.goneErr
}

// Clear forgets the samples and metadata of a workspace and leaves it usable:
// the same *DB is empty afterwards. Readers at work see the old samples to
// their end. Clear returns when the old files are deleted; if ctx ends before,
// the database is empty all the same and the files go with the last reader.
func (t *Tenants) Clear(ctx context.Context, id string) error {
	db, err := t.Workspace(ctx, id)
	if err != nil {
		return fmt.Errorf("clear: %w", err)
	}
	if err := db.clear(ctx); err != nil {
		return fmt.Errorf("clear workspace %s: %w", id, err)
	}
	return nil
}

// Close closes all databases, which writes what they hold in memory to disk,
// and gives the folder free. It waits for readers and writers at work, but not
// forever: if some remain it reports them, leaves their databases open, because
// closing would pull mapped files from under them, and keeps the folder locked.
func (t *Tenants) Close() error {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return nil
	}
	t.closed = true
	open := maps.Clone(t.slots)
	t.mu.Unlock()

	ctx, cancel := context.WithTimeout(context.Background(), closeGrace)
	defer cancel()
	var errs []error
	for id, s := range open {
		if err := t.closeSlot(ctx, s); err != nil {
			errs = append(errs, fmt.Errorf("close workspace %s: %w", id, err))
		}
	}
	if ctx.Err() != nil {
		return errors.Join(errs...)
	}
	if err := t.lock.Release(); err != nil {
		errs = append(errs, fmt.Errorf("unlock data folder %s: %w", t.dir, err))
	}
	return errors.Join(errs...)
}

func (t *Tenants) closeSlot(ctx context.Context, s *slot) error {
	<-s.ready // opening takes no ctx, but it ends
	if t.isRemoved(s) {
		if err := await(ctx, s.gone); err != nil {
			return err
		}
		return s.goneErr
	}
	if s.db == nil {
		return nil
	}
	return s.db.close(ctx)
}

// await waits for done. What is done already is no matter of ctx.
func await(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	default:
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// claim returns the slot of id; mine is true if it is new and the caller must
// fill it and close ready. A new slot starts as removed if remove is set.
func (t *Tenants) claim(id string, remove bool) (s *slot, mine bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, false, ErrClosed
	}
	if s := t.slots[id]; s != nil {
		return s, false, nil
	}
	s = &slot{ready: make(chan struct{}), gone: make(chan struct{}), removed: remove}
	t.slots[id] = s
	return s, true, nil
}

func (t *Tenants) free(id string, s *slot) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.slots[id] == s {
		delete(t.slots, id)
	}
}

func (t *Tenants) isRemoved(s *slot) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return s.removed
}

// markRemoved reports whether the caller is the one that removes s.
func (t *Tenants) markRemoved(s *slot) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s.removed {
		return false
	}
	s.removed = true
	return true
}

// drop deletes the workspace once its database is out of use, which is now or
// when its last user leaves, and then frees the slot.
func (t *Tenants) drop(id string, s *slot) {
	dir := filepath.Join(t.dir, id)
	marked := markDeleted(dir)
	finish := func(err error) {
		if err := errors.Join(marked, err, os.RemoveAll(dir)); err != nil {
			s.goneErr = fmt.Errorf("remove workspace %s: %w", id, err)
		}
		t.free(id, s)
		close(s.gone)
	}
	if s.db == nil {
		finish(nil)
		return
	}
	s.db.remove(finish)
}

// finishRemovals deletes workspaces whose removal a crash cut short.
func (t *Tenants) finishRemovals() error {
	entries, err := os.ReadDir(t.dir)
	if err != nil {
		return fmt.Errorf("read data folder %s: %w", t.dir, err)
	}
	for _, e := range entries {
		dir := filepath.Join(t.dir, e.Name())
		if !e.IsDir() || !isMarkedDeleted(dir) {
			continue
		}
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("finish the removal of workspace %s: %w", e.Name(), err)
		}
	}
	return nil
}
