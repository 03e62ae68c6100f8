package workspace

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
)

// DefaultQuota is how many workspaces an account has in a region
// [O quota list of 2026-07].
const DefaultQuota = 25

// DefaultDeleteTime is how long a deleted workspace is still shown as DELETING.
// The real service takes seconds; this is short of the two seconds between two
// looks of the SDK's waiter [D waiters; duration I].
const DefaultDeleteTime = time.Second

// Data is where the samples of workspaces are.
type Data interface {
	// Remove erases what is stored of a workspace; nothing stored is no error.
	Remove(ctx context.Context, workspaceID string) error
}

// Config says how a Registry works.
type Config struct {
	// Path is the file that keeps the workspaces. Its folder must exist.
	Path string
	// Partition, Region and AccountID are part of every ARN.
	Partition, Region, AccountID string
	// Data erases the samples of deleted workspaces.
	Data Data
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Logger gets what no caller can be told; nil discards it.
	Logger *slog.Logger
	// Quota is the number of workspaces; 0 is DefaultQuota.
	Quota int
	// CreateTime is how long a new workspace is shown as CREATING. With 0 it is
	// ACTIVE when it is looked at first. The data plane serves it from the
	// beginning [I, KEDA's own test queries without waiting].
	CreateTime time.Duration
	// DeleteTime is how long a deleted one is shown as DELETING; 0 is
	// DefaultDeleteTime.
	DeleteTime time.Duration
}

// Registry holds the workspaces of the account. It is safe for concurrent use.
type Registry struct {
	cfg Config

	// mu guards state; a state is replaced, never changed.
	mu    sync.RWMutex
	state *state
	// held is read-locked by those who open a workspace's data. Who erases it
	// locks it once after the workspace was marked: from then on nobody opens it.
	held sync.RWMutex

	// erasing counts the erasures under way; stop ends them.
	erasing sync.WaitGroup
	stop    context.CancelFunc
	ctx     context.Context //nolint:containedctx // the life of the erasures, which Close ends
}

// Open reads the workspaces and finishes deletions that a crash interrupted. The
// folder must be the caller's alone until Close.
func Open(cfg Config) (*Registry, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Quota == 0 {
		cfg.Quota = DefaultQuota
	}
	if cfg.DeleteTime == 0 {
		cfg.DeleteTime = DefaultDeleteTime
	}
	st, err := load(cfg.Path)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &Registry{cfg: cfg, state: st, ctx: ctx, stop: stop}
	r.expire(st)
	// Saving at once shows a folder that cannot be written now, not at the
	// first request. The operator is told the fault itself, not an AWS error.
	if err := st.save(cfg.Path); err != nil {
		stop()
		return nil, err
	}
	for id, ws := range st.Workspaces {
		if ws.Status != StatusDeleting || ws.Erased {
			continue
		}
		if err := errors.Join(r.removeData(ctx, id), r.erased(id)); err != nil {
			stop()
			return nil, err
		}
	}
	return r, nil
}

// Close ends erasures under way and waits for them; the next Open finishes
// them. The registry must not be used afterwards.
func (r *Registry) Close() {
	r.stop()
	r.erasing.Wait()
}

// ARN returns the ARN of a workspace [D service authorization reference].
func (r *Registry) ARN(id string) string {
	return fmt.Sprintf("arn:%s:aps:%s:%s:workspace/%s", r.cfg.Partition, r.cfg.Region, r.cfg.AccountID, id)
}

// Hold returns the workspace if the data plane serves it, and keeps it from
// being erased until release is called. Hold it while its data is opened, not
// while it is used.
func (r *Registry) Hold(id string) (ws *Workspace, release func(), ok bool) {
	r.held.RLock()
	ws, ok = r.find(id)
	// What is being deleted is gone for the data plane [I].
	if !ok || ws.Status == StatusDeleting {
		r.held.RUnlock()
		return nil, nil, false
	}
	return ws, r.held.RUnlock, true
}

// All returns the workspaces in the order of ListWorkspaces.
func (r *Registry) All() []*Workspace {
	r.mu.RLock()
	defer r.mu.RUnlock()
	now := r.cfg.Now()
	all := make([]*Workspace, 0, len(r.state.Workspaces))
	for _, ws := range r.state.Workspaces {
		if seen, ok := r.view(ws, now); ok {
			all = append(all, seen)
		}
	}
	slices.SortFunc(all, func(a, b *Workspace) int { return cursorOf(a).compare(cursorOf(b)) })
	return all
}

// Ensure creates the workspace of that id unless it exists, in which case a
// non-empty alias is set on it. It is for workspaces that the operator names.
func (r *Registry) Ensure(id, alias string) (*Workspace, error) {
	if err := CheckGivenID(id); err != nil {
		return nil, err
	}
	if alias = strings.TrimSpace(alias); alias != "" {
		if err := CheckAlias(alias); err != nil {
			return nil, err
		}
	}
	if ws, ok := r.find(id); ok && ws.Status != StatusDeleting && (alias == "" || ws.Alias == alias) {
		return ws, nil
	}
	var out *Workspace
	err := r.update(func(s *state) error {
		ws, ok := s.Workspaces[id]
		if ok && ws.Status != StatusDeleting {
			if alias != "" {
				ws.Alias = alias
			}
			out = ws
			return nil
		}
		if ok && !ws.Erased {
			return awsapi.Conflict("Workspace is being deleted", ResourceType, id)
		}
		ws, err := r.add(s, id)
		if err != nil {
			return err
		}
		ws.Alias = alias
		out = ws
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out.clone(), nil
}

// add puts a new workspace into s, within the quota. Workspaces that are being
// deleted do not count [I].
func (r *Registry) add(s *state, id string) (*Workspace, error) {
	n := 0
	for _, ws := range s.Workspaces {
		if ws.Status != StatusDeleting {
			n++
		}
	}
	if n >= r.cfg.Quota {
		// Text [D troubleshooting page]; the code of this quota and what the
		// resource is called are not known [I].
		return nil, awsapi.QuotaExceeded("Limit exceeded. Maximum workspaces per account.", "", ResourceType, r.cfg.AccountID)
	}
	ws := &Workspace{ID: id, Status: StatusCreating, CreatedAt: r.cfg.Now().UTC().Truncate(time.Millisecond)}
	s.Workspaces[id] = ws
	return ws, nil
}

// find returns the workspace as it is to be seen now.
func (r *Registry) find(id string) (*Workspace, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	ws, ok := r.state.Workspaces[id]
	if !ok {
		return nil, false
	}
	return r.view(ws, r.cfg.Now())
}

// view returns ws as it is at now: the passage of time makes CREATING ACTIVE,
// and DELETING nothing.
func (r *Registry) view(ws *Workspace, now time.Time) (*Workspace, bool) {
	if ws.Status == StatusDeleting && ws.Erased && now.Sub(ws.DeletedAt) >= r.cfg.DeleteTime {
		return nil, false
	}
	seen := ws.clone()
	if seen.Status == StatusCreating && now.Sub(ws.CreatedAt) >= r.cfg.CreateTime {
		seen.Status = StatusActive
	}
	return seen, true
}

// update makes one durable change: all of it, or, when change or the disk
// fails, nothing. It also drops what has had its time.
func (r *Registry) update(change func(*state) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := r.state.clone()
	r.expire(next)
	if err := change(next); err != nil {
		return err
	}
	if err := next.save(r.cfg.Path); err != nil {
		return awsapi.Internal(err)
	}
	r.state = next
	return nil
}

// expire drops deleted workspaces and old tokens. A token of a dropped
// workspace goes with it, but for the one that deleted it: its retry must not
// find a 404.
func (r *Registry) expire(s *state) {
	now := r.cfg.Now()
	maps.DeleteFunc(s.Workspaces, func(_ string, ws *Workspace) bool {
		_, ok := r.view(ws, now)
		return !ok
	})
	maps.DeleteFunc(s.Tokens, func(key string, t token) bool {
		_, lives := s.Workspaces[t.WorkspaceID]
		return now.Sub(t.At) >= tokenLife || !lives && !strings.HasPrefix(key, string(DeleteWorkspace)+"/")
	})
}

// erase removes the samples of a workspace that is DELETING, in the background,
// because readers at work finish first, and then says so in the file.
func (r *Registry) erase(id string) {
	r.erasing.Go(func() {
		if err := r.removeData(r.ctx, id); err != nil {
			r.cfg.Logger.Error("samples of a deleted workspace could not be erased; it stays in DELETING until it is deleted again or the emulator restarts",
				"workspace", id, "error", err)
			return
		}
		if err := r.erased(id); err != nil {
			r.cfg.Logger.Error("the end of a deletion could not be written", "workspace", id, "error", err)
		}
	})
}

// erased notes that the samples of a workspace are gone.
func (r *Registry) erased(id string) error {
	return r.update(func(s *state) error {
		if ws, ok := s.Workspaces[id]; ok && ws.Status == StatusDeleting {
			ws.Erased = true
		}
		return nil
	})
}

// removeData erases what is stored of a workspace that was marked as DELETING.
func (r *Registry) removeData(ctx context.Context, id string) error {
	// Wait for those who found it before it was marked and are opening it.
	r.held.Lock()
	r.held.Unlock() //nolint:staticcheck // a barrier, nothing to do inside
	if err := r.cfg.Data.Remove(ctx, id); err != nil {
		return fmt.Errorf("erase samples of %s: %w", id, err)
	}
	return nil
}
