package workspace

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
	"github.com/ampersand-amp/ampersand/emulator/quota"
)

// DefaultDeleteTime is how long a deleted resource is still shown as DELETING.
// The real service takes seconds; this is short of the two seconds between two
// looks of the SDK's waiters [D waiters; duration I].
const DefaultDeleteTime = time.Second

// What a workspace has whose configuration was not updated.
const (
	DefaultRetention        = 150 * 24 * time.Hour // [D AMP user guide, workspace configuration]
	DefaultOutOfOrderWindow = time.Minute          // [D AMP user guide, since 2026-06-10]
)

// blobSuffix makes the folder of definitions out of the file's name. No
// workspace's folder can have that name: ids have no dot.
const blobSuffix = ".d"

// Data is where the samples of workspaces are.
type Data interface {
	// Remove erases what is stored of a workspace; nothing stored is no error.
	Remove(ctx context.Context, workspaceID string) error
}

// Config says how a Registry works.
type Config struct {
	// Path is the file that keeps the workspaces; a folder beside it, with .d
	// behind its name, keeps definitions. The folder of both must exist.
	Path string
	// Partition, Region and AccountID are part of every ARN.
	Partition, Region, AccountID string
	// Data erases the samples of deleted workspaces.
	Data Data
	// Judge decides on definitions. Without one all are good and have no rules.
	Judge Judge
	// OnChange is told of every committed change of what InForce says of a
	// workspace, of its creation and of its deletion. It is called without a lock,
	// for one workspace never twice at once, and after several changes maybe only
	// once: it has to read InForce. May be nil.
	OnChange func(workspaceID string)
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Logger gets what no caller can be told; nil discards it.
	Logger *slog.Logger
	// Quotas are the quotas; nil is AMP's.
	Quotas *quota.Set
	// CheckPolicy says what is wrong with a resource policy; nil takes every
	// JSON object.
	CheckPolicy func(document []byte) error
	// DefaultRetention and DefaultOutOfOrderWindow are those of workspaces whose
	// configuration was not updated. Zero is the package's constant of the same
	// name; a negative window is none.
	DefaultRetention, DefaultOutOfOrderWindow time.Duration
	// CreateTime is how long resources are shown as CREATING or UPDATING. With 0
	// they are ACTIVE when they are looked at first. What was created or updated
	// is in force from the beginning, and the data plane serves a new workspace
	// at once [I, KEDA's own test queries without waiting].
	CreateTime time.Duration
	// DeleteTime is how long deleted ones are shown as DELETING; 0 is
	// DefaultDeleteTime.
	DeleteTime time.Duration
}

func (c *Config) setDefaults() {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Judge == nil {
		c.Judge = lenient{}
	}
	if c.CheckPolicy == nil {
		c.CheckPolicy = func(document []byte) error { return json.Unmarshal(document, &map[string]json.RawMessage{}) }
	}
	if c.OnChange == nil {
		c.OnChange = func(string) {}
	}
	if c.Quotas == nil {
		c.Quotas = quota.New()
	}
	if c.DefaultRetention == 0 {
		c.DefaultRetention = DefaultRetention
	}
	if c.DefaultOutOfOrderWindow == 0 {
		c.DefaultOutOfOrderWindow = DefaultOutOfOrderWindow
	}
	c.DefaultOutOfOrderWindow = max(0, c.DefaultOutOfOrderWindow)
	if c.DeleteTime == 0 {
		c.DeleteTime = DefaultDeleteTime
	}
}

// Registry holds what the control plane knows of the account. It is safe for
// concurrent use.
type Registry struct {
	cfg Config

	// state is the last one that was saved. It is replaced, never changed.
	state atomic.Pointer[state]
	// changing is held while a state is made out of another and saved.
	changing sync.Mutex
	blobs    *blobStore // guarded by changing
	notifier notifier
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
	cfg.setDefaults()
	blobs := newBlobStore(cfg.Path + blobSuffix)
	st, err := load(cfg.Path, blobs)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &Registry{cfg: cfg, blobs: blobs, ctx: ctx, stop: stop}
	r.expire(st)
	// Saving at once shows a folder that cannot be written now, not at the
	// first request. The operator is told the fault itself, not an AWS error.
	if err := st.save(cfg.Path); err != nil {
		stop()
		return nil, err
	}
	r.state.Store(st)
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

func (r *Registry) pace() pace { return pace{create: r.cfg.CreateTime, remove: r.cfg.DeleteTime} }

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
	now, s := r.cfg.Now(), r.state.Load()
	all := make([]*Workspace, 0, len(s.Workspaces))
	for _, ws := range s.Workspaces {
		if seen, ok := r.view(ws, now); ok {
			all = append(all, seen)
		}
	}
	slices.SortFunc(all, func(a, b *Workspace) int { return a.cursor().compare(b.cursor()) })
	return all
}

// find returns the workspace as it is to be seen now.
func (r *Registry) find(id string) (*Workspace, bool) {
	ws, ok := r.state.Load().Workspaces[id]
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
// fails, nothing. It also drops what has had its time, and tells OnChange.
func (r *Registry) update(change func(*state) error) error {
	changed, err := r.commit(change)
	if err != nil {
		return err
	}
	for _, id := range changed {
		r.notifier.tell(id, r.cfg.OnChange)
	}
	return nil
}

// commit is update without telling; it returns the workspaces to tell of.
func (r *Registry) commit(change func(*state) error) ([]string, error) {
	r.changing.Lock()
	defer r.changing.Unlock()
	last := r.state.Load()
	next := last.clone()
	r.expire(next)
	if err := change(next); err != nil {
		return nil, err
	}
	if err := r.blobs.add(next); err != nil {
		return nil, awsapi.Internal(err)
	}
	if err := next.save(r.cfg.Path); err != nil {
		return nil, awsapi.Internal(err)
	}
	r.state.Store(next)
	if err := r.blobs.sweep(next); err != nil {
		r.cfg.Logger.Warn("a definition that is not needed any more could not be removed; the next change tries again", "error", err)
	}
	return r.changes(last, next), nil
}

// expire drops what was deleted and old tokens. A token that created something
// goes with it.
func (r *Registry) expire(s *state) {
	now := r.cfg.Now()
	maps.DeleteFunc(s.Workspaces, func(_ string, ws *Workspace) bool {
		_, ok := r.view(ws, now)
		return !ok
	})
	for _, sh := range s.shelves() {
		for l := range sh.all() {
			if _, ok := l.Phase.at(now, r.pace()); !ok {
				sh.drop(l.key())
			}
		}
	}
	maps.DeleteFunc(s.Tokens, func(_ string, t token) bool {
		return now.Sub(t.At) >= tokenLife || t.Call == "" || t.Made != "" && !s.has(t.Made)
	})
	s.forgetTokens()
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
