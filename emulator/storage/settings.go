package storage

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/quota"
)

// DefaultRetention is AMP's default retention.
// [D] amp-api.md 3: 150 days, up to 1095.
const DefaultRetention = 150 * 24 * time.Hour

// DefaultOutOfOrderWindow is AMP's default out-of-order window.
// [D] amp-api.md 0, fact 8: 60 s since 2026-06-10, 0 is off.
const DefaultOutOfOrderWindow = 60 * time.Second

// Options are what all workspaces share.
type Options struct {
	// Retention is how long samples are kept; zero means DefaultRetention.
	Retention time.Duration
	// OutOfOrderWindow is how much older than the newest sample of the
	// workspace a sample may be. Zero refuses out-of-order samples, as in AMP.
	OutOfOrderWindow time.Duration
	// Settings returns what one workspace has instead of Retention and
	// OutOfOrderWindow. It is asked when the workspace is opened or cleared;
	// Tenants.Apply is for changes between. It may be nil.
	Settings func(workspaceID string) Settings
	// Quotas bound the metadata; nil is AMP's defaults.
	Quotas *quota.Set
	// Logger takes what the databases report; nil is silent.
	Logger *slog.Logger
	// Now is the clock by which samples and metadata grow old; nil is time.Now.
	Now func() time.Time
}

// Settings are what each workspace has for itself.
type Settings struct {
	// Retention is how long samples are kept; zero means that of Options.
	Retention time.Duration
	// OutOfOrderWindow is how much older than the newest sample of the
	// workspace a sample may be. Zero refuses out-of-order samples.
	OutOfOrderWindow time.Duration
}

// complete fills in the defaults.
func (o Options) complete() (Options, error) {
	if o.Retention == 0 {
		o.Retention = DefaultRetention
	}
	if o.Quotas == nil {
		o.Quotas = quota.New()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	_, err := o.check(Settings{Retention: o.Retention, OutOfOrderWindow: o.OutOfOrderWindow})
	return o, err
}

// settings returns those of one workspace.
func (o Options) settings(id string) (Settings, error) {
	s := Settings{Retention: o.Retention, OutOfOrderWindow: o.OutOfOrderWindow}
	if o.Settings != nil {
		s = o.Settings(id)
	}
	return o.check(s)
}

func (o Options) check(s Settings) (Settings, error) {
	if s.Retention == 0 {
		s.Retention = o.Retention
	}
	if s.Retention < 0 {
		return s, fmt.Errorf("retention %s is negative", s.Retention)
	}
	if s.OutOfOrderWindow < 0 {
		return s, fmt.Errorf("out-of-order window %s is negative: give 0 to refuse out-of-order samples", s.OutOfOrderWindow)
	}
	return s, nil
}

// Apply changes the settings of a workspace. If it is open they are in force
// for readers and writers that begin after Apply has returned; if it is not,
// there is nothing to do, because Options.Settings is asked when it is opened.
func (t *Tenants) Apply(ctx context.Context, id string, s Settings) error {
	s, err := t.opts.check(s)
	if err != nil {
		return fmt.Errorf("apply settings to workspace %s: %w", id, err)
	}
	t.mu.Lock()
	sl, closed := t.slots[id], t.closed
	if sl != nil && sl.removed {
		sl = nil
	}
	t.mu.Unlock()
	switch {
	case closed:
		return fmt.Errorf("apply settings to workspace %s: %w", id, ErrClosed)
	case sl == nil:
		return nil
	}
	if err := await(ctx, sl.ready); err != nil {
		return fmt.Errorf("apply settings to workspace %s: %w", id, err)
	}
	if sl.db != nil { // else it could not be opened; whoever tries next asks
		return sl.db.apply(s)
	}
	return nil
}

func (db *DB) apply(s Settings) error {
	db.changing.Lock()
	defer db.changing.Unlock()
	g, err := db.use()
	if err != nil {
		return err
	}
	defer g.release()
	if err := g.apply(s); err != nil {
		return err
	}
	db.mu.Lock()
	db.settings = s
	db.mu.Unlock()
	return nil
}

// nextSettings are those of the next generation: what Options says now, or
// else what was applied last.
func (db *DB) nextSettings() (Settings, error) {
	if db.opts.Settings != nil {
		return db.opts.settings(db.id)
	}
	db.mu.RLock()
	defer db.mu.RUnlock()
	return db.settings, nil
}
