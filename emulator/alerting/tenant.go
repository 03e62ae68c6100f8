package alerting

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
)

// errGone says that the tenant ended while somebody waited for it.
var errGone = errors.New("the workspace's rules and alert manager have ended")

// tenant is what runs for one workspace.
type tenant struct {
	m      *Manager
	id     string
	logger *slog.Logger
	sent   *ring

	change sync.Mutex // one change at a time; it may wait for an evaluation
	gone   bool
	want   Definitions

	mu    sync.RWMutex // guards the pointers, never held while waiting
	rules *ruleSet
	am    *alertManager
}

func newTenant(m *Manager, id string) *tenant {
	return &tenant{
		m: m, id: id, logger: m.cfg.Logger.With("workspace", id), sent: newRing(),
	}
}

func (t *tenant) current() (*ruleSet, *alertManager) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.rules, t.am
}

func (t *tenant) setRules(r *ruleSet) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rules = r
}

func (t *tenant) setAlertManager(am *alertManager) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.am = am
}

func (t *tenant) sync(ctx context.Context, d Definitions) error {
	t.change.Lock()
	defer t.change.Unlock()
	if t.gone {
		return errGone
	}
	t.want = d
	// The alert manager first: rules that fire at once have somebody to tell.
	// One that fails does not keep the other from running.
	return errors.Join(t.syncAlertManager(d.AlertManager), t.syncRules(ctx, d))
}

func (t *tenant) syncAlertManager(data []byte) error {
	_, am := t.current()
	if data == nil {
		if am != nil {
			t.setAlertManager(nil)
			if err := am.stop(); err != nil {
				return fmt.Errorf("stop the alert manager: %w", err)
			}
		}
		return t.m.erase(t.id)
	}
	if am != nil && bytes.Equal(am.source(), data) {
		return nil
	}
	def, err := parseDefinition(data)
	if err != nil {
		return fmt.Errorf("alert manager definition: %w", err)
	}
	if am == nil {
		if am, err = newAlertManager(t); err != nil {
			return fmt.Errorf("start the alert manager: %w", err)
		}
	}
	am.apply(def, data)
	t.setAlertManager(am)
	return nil
}

func (t *tenant) syncRules(ctx context.Context, d Definitions) error {
	running, _ := t.current()
	if running == nil {
		if len(d.Rules) == 0 {
			return nil
		}
		db, err := t.m.cfg.Samples(ctx, t.id)
		if err != nil {
			return fmt.Errorf("start rules: %w", err)
		}
		running = newRuleSet(t, db)
	}
	// A set without rules goes on: Prometheus marks the series of rules that
	// are no more as stale two intervals later.
	err := running.update(d.Rules, d.RuleQueryOffset)
	t.setRules(running)
	if err != nil {
		return fmt.Errorf("update rules: %w", err)
	}
	return nil
}

// clear stops everything, forgets, and starts again what was asked for last.
func (t *tenant) clear(ctx context.Context) error {
	t.change.Lock()
	defer t.change.Unlock()
	if t.gone {
		return errGone
	}
	if err := t.stop(); err != nil {
		return err
	}
	if err := t.m.erase(t.id); err != nil {
		return err
	}
	t.sent.clear()
	return errors.Join(t.syncAlertManager(t.want.AlertManager), t.syncRules(ctx, t.want))
}

// end stops everything for good.
func (t *tenant) end() error {
	t.change.Lock()
	defer t.change.Unlock()
	t.gone = true
	return t.stop()
}

// stop ends rules before the alert manager that they tell.
func (t *tenant) stop() error {
	running, am := t.current()
	t.setRules(nil)
	t.setAlertManager(nil)
	if running != nil {
		running.stop()
	}
	if am != nil {
		if err := am.stop(); err != nil {
			return fmt.Errorf("stop the alert manager: %w", err)
		}
	}
	return nil
}

// makeDir makes the folder of the workspace's silences.
func (t *tenant) makeDir() (string, error) {
	dir := t.m.dir(t.id)
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return "", fmt.Errorf("make the folder of silences: %w", err)
	}
	return dir, nil
}
