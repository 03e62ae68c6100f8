package alerting

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/promql"

	"github.com/ampersand-amp/ampersand/emulator/quota"
	"github.com/ampersand-amp/ampersand/emulator/storage"
)

// ErrClosed is returned for work asked of a closed Manager.
var ErrClosed = errors.New("alerting is closed")

// folderName is the folder below Config.Dir: beside the workspaces' own, whose
// names begin with "ws-".
const folderName = "alerting"

const dirMode = 0o750

// Config sets up a Manager. Dir, Samples and Engine are required.
type Config struct {
	// Dir is the data folder. Silences and the notification log live below
	// DIR/alerting/<workspace id>.
	Dir string
	// Samples returns the samples of a workspace. It is asked once, when the
	// first rules of the workspace start.
	Samples func(ctx context.Context, workspaceID string) (*storage.DB, error)
	// Engine returns the engine for rules. It is asked for each evaluation, so
	// it may be exchanged at any time.
	Engine func() promql.QueryEngine
	// Quotas are read whenever they are judged; nil is AMP's defaults.
	Quotas *quota.Set
	// Logger takes what goes wrong inside; nil is silent.
	Logger *slog.Logger
	// Now is the time of a notification; nil is time.Now. Rules, groups and
	// silences follow real time, as the engines below them do.
	Now func() time.Time
	// Registerer takes the metrics of rules and notifications; nil drops them.
	Registerer prometheus.Registerer
}

// Definitions is what a workspace shall run.
type Definitions struct {
	WorkspaceID string
	// Rules are rule files by namespace.
	Rules map[string][]byte
	// AlertManager is the alert manager definition; nil is none.
	AlertManager []byte
	// RuleQueryOffset is how far behind the time of evaluation rules read, for
	// groups that do not say it themselves.
	RuleQueryOffset time.Duration
}

// Manager runs rules and alert managers. Its methods may be called
// concurrently.
type Manager struct {
	cfg     Config
	metrics *metrics

	mu      sync.Mutex
	tenants map[string]*tenant
	closed  bool
}

// New returns a Manager. It starts no goroutine and touches no file.
func New(c Config) (*Manager, error) {
	if c.Dir == "" || c.Samples == nil || c.Engine == nil {
		return nil, errors.New("alerting needs a folder, samples and an engine")
	}
	if c.Quotas == nil {
		c.Quotas = quota.New()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	m := &Manager{cfg: c, metrics: newMetrics(), tenants: make(map[string]*tenant)}
	if c.Registerer != nil {
		if err := c.Registerer.Register(m.metrics.notifications); err != nil {
			return nil, fmt.Errorf("register metrics of notifications: %w", err)
		}
	}
	return m, nil
}

// Sync brings one workspace to what is asked. What is as it was is not touched:
// a rule group keeps its state, an alert manager its alerts. A workspace that
// never defined anything costs neither goroutine nor memory.
func (m *Manager) Sync(ctx context.Context, d Definitions) error {
	for {
		t, err := m.tenant(d.WorkspaceID, len(d.Rules) > 0 || d.AlertManager != nil)
		if err != nil {
			return fmt.Errorf("sync alerting of %s: %w", d.WorkspaceID, err)
		}
		if t == nil {
			// An alert manager that is gone takes its silences along, also if
			// it went while the emulator was not running. [C] Cortex deletes
			// the state of tenants without a configuration.
			return m.erase(d.WorkspaceID)
		}
		err = t.sync(ctx, d)
		if errors.Is(err, errGone) {
			continue
		}
		if err != nil {
			return fmt.Errorf("sync alerting of %s: %w", d.WorkspaceID, err)
		}
		return nil
	}
}

// Remove ends everything of a workspace, evaluations at work included, and
// erases its silences.
func (m *Manager) Remove(_ context.Context, workspaceID string) error {
	if !isFolder(workspaceID) {
		return fmt.Errorf("remove alerting: %q is not a workspace id", workspaceID)
	}
	m.mu.Lock()
	t := m.tenants[workspaceID]
	delete(m.tenants, workspaceID)
	m.mu.Unlock()
	if t != nil {
		if err := t.end(); err != nil {
			return fmt.Errorf("remove alerting of %s: %w", workspaceID, err)
		}
		m.metrics.forget(workspaceID)
	}
	return m.erase(workspaceID)
}

// Clear forgets the state of alerts, silences and notifications of a workspace
// and goes on with the same definitions. It belongs after a reset of the
// samples, from which the state of alerts would come back.
func (m *Manager) Clear(ctx context.Context, workspaceID string) error {
	t := m.lookup(workspaceID)
	if t == nil {
		return nil
	}
	if err := t.clear(ctx); err != nil && !errors.Is(err, errGone) {
		return fmt.Errorf("clear alerting of %s: %w", workspaceID, err)
	}
	return nil
}

// Close stops everything and waits for it. Silences and the notification log
// stay for the next start.
func (m *Manager) Close() error {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return nil
	}
	m.closed = true
	tenants := m.tenants
	m.tenants = nil
	m.mu.Unlock()
	var errs []error
	for id, t := range tenants {
		if err := t.end(); err != nil {
			errs = append(errs, fmt.Errorf("close alerting of %s: %w", id, err))
		}
	}
	if m.cfg.Registerer != nil {
		m.cfg.Registerer.Unregister(m.metrics.notifications)
	}
	return errors.Join(errs...)
}

// Notifications returns what the workspace's alert manager would have sent, the
// newest last. Only the last ones are kept.
func (m *Manager) Notifications(workspaceID string) []Notification {
	t := m.lookup(workspaceID)
	if t == nil {
		return nil
	}
	return t.sent.list()
}

// tenant returns what runs for a workspace; nil if there is nothing and make is
// false.
func (m *Manager) tenant(id string, make bool) (*tenant, error) {
	if !isFolder(id) {
		return nil, fmt.Errorf("%q is not a workspace id", id)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, ErrClosed
	}
	t := m.tenants[id]
	if t == nil && make {
		t = newTenant(m, id)
		m.tenants[id] = t
	}
	return t, nil
}

func (m *Manager) lookup(id string) *tenant {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.tenants[id]
}

func (m *Manager) dir(id string) string { return filepath.Join(m.cfg.Dir, folderName, id) }

func (m *Manager) erase(id string) error {
	if err := os.RemoveAll(m.dir(id)); err != nil {
		return fmt.Errorf("erase silences of %s: %w", id, err)
	}
	return nil
}

// isFolder reports whether id names a folder and nothing that leads elsewhere.
func isFolder(id string) bool {
	return id != "" && id != "." && filepath.IsLocal(id) && filepath.Base(id) == id
}
