package alerting

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/eventrecorder"
	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/inhibit"
	"github.com/prometheus/alertmanager/marker"
	"github.com/prometheus/alertmanager/nflog"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/provider/mem"
	"github.com/prometheus/alertmanager/silence"
	"github.com/prometheus/alertmanager/timeinterval"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"

	"github.com/ampersand-amp/ampersand/emulator/quota"
)

const (
	// retention is how long expired silences and the notification log stay.
	// [C] alertmanager.storage.retention
	retention = 5 * 24 * time.Hour
	// maxRepeatInterval is what a longer repeat_interval is taken for. [D]
	// UG:AMP-alertmanager-config
	maxRepeatInterval = 5 * 24 * time.Hour
	// How often old things are looked for. [C] alertmanager.go
	upkeepInterval   = 15 * time.Minute
	alertGCInterval  = 30 * time.Minute
	dispatchInterval = 30 * time.Second
)

// alertManager is the alert manager of one workspace, assembled as
// Alertmanager's own program does, without its cluster.
type alertManager struct {
	workspaceID string
	logger      *slog.Logger
	now         func() time.Time
	quotas      *quota.Set
	record      func(Notification)

	registry *prometheus.Registry // not shown; the packages below insist on one
	silences *silence.Silences
	silencer *silence.Silencer
	log      *nflog.Log
	alerts   *mem.Alerts
	muted    marker.GroupMarker
	pipeline *notify.PipelineBuilder
	events   eventrecorder.Recorder
	files    snapshots
	api      func() (*api, error) // made when first asked

	done    chan struct{}
	running sync.WaitGroup

	mu         sync.RWMutex
	data       []byte
	def        *definition
	inhibitor  *inhibit.Inhibitor
	dispatcher *dispatch.Dispatcher
}

// newAlertManager returns an alert manager with the silences of the last run.
// It does nothing until a definition is applied.
func newAlertManager(t *tenant) (*alertManager, error) {
	dir, err := t.makeDir()
	if err != nil {
		return nil, err
	}
	am := &alertManager{
		workspaceID: t.id,
		logger:      t.logger,
		now:         t.m.cfg.Now,
		quotas:      t.m.cfg.Quotas,
		registry:    prometheus.NewRegistry(),
		muted:       marker.NewGroupMarker(),
		events:      eventrecorder.NopRecorder(),
		done:        make(chan struct{}),
	}
	am.record = func(n Notification) {
		select {
		case <-am.done: // a group that ends later than the dispatcher
		default:
			t.sent.add(n)
			t.m.metrics.notified(t.id, n)
		}
	}
	am.api = sync.OnceValues(am.newAPI)
	am.files = snapshots{silences: filepath.Join(dir, "silences"), notifications: filepath.Join(dir, "notifications")}
	if err := am.files.sweep(); err != nil {
		return nil, err
	}
	am.silences, err = silence.New(silence.Options{
		SnapshotFile: am.files.silences, Retention: retention, Logger: am.logger, Metrics: am.registry,
		Limits: silence.Limits{MaxSilences: func() int { return am.quotas.Int(quota.Silences) }},
	})
	if err != nil {
		return nil, fmt.Errorf("read silences: %w", err)
	}
	am.log, err = nflog.New(nflog.Options{
		SnapshotFile: am.files.notifications, Retention: retention, Logger: am.logger, Metrics: am.registry,
	})
	if err != nil {
		return nil, fmt.Errorf("read the notification log: %w", err)
	}
	am.silencer = silence.NewSilencer(am.silences, am.logger, am.events)
	am.alerts, err = mem.NewAlerts(context.Background(), alertGCInterval, 0,
		newLimiter(am.quotas, am.silencer), am.logger, am.events, am.registry, nil)
	if err != nil {
		return nil, fmt.Errorf("hold alerts: %w", err)
	}
	am.pipeline = notify.NewPipelineBuilder(am.registry, featurecontrol.NoopFlags{}, am.events)
	am.running.Go(am.upkeep)
	return am, nil
}

// source returns the definition that is in force, as it was given.
func (am *alertManager) source() []byte {
	am.mu.RLock()
	defer am.mu.RUnlock()
	return am.data
}

// apply puts a definition in the place of the last. Alerts and silences stay.
func (am *alertManager) apply(def *definition, data []byte) {
	am.halt()
	intervals := make(map[string][]timeinterval.TimeInterval)
	for _, i := range def.config.MuteTimeIntervals {
		intervals[i.Name] = i.TimeIntervals
	}
	for _, i := range def.config.TimeIntervals {
		intervals[i.Name] = i.TimeIntervals
	}
	routes := dispatch.NewRoute(def.config.Route, nil)
	routes.Walk(func(r *dispatch.Route) {
		r.RouteOpts.RepeatInterval = min(r.RouteOpts.RepeatInterval, maxRepeatInterval)
	})
	inhibitor := inhibit.NewInhibitor(am.alerts, def.config.InhibitRules, am.logger, am.events)
	pipeline := am.pipeline.New(am.integrations(def), func() time.Duration { return 0 },
		inhibitor, am.silencer, timeinterval.NewIntervener(intervals), am.muted, am.log, nil)
	dispatcher := dispatch.NewDispatcher(am.alerts, routes, pipeline, am.muted,
		func(d time.Duration) time.Duration { return max(d, notify.MinTimeout) },
		dispatchInterval, groupLimit{am.quotas}, am.logger, am.events, nil)

	// What inhibits is known before anything is sent.
	am.running.Go(inhibitor.Run)
	inhibitor.WaitForLoading()
	am.running.Go(func() { dispatcher.Run(time.Now()) })
	dispatcher.WaitForLoading()

	am.mu.Lock()
	defer am.mu.Unlock()
	am.data, am.def, am.inhibitor, am.dispatcher = data, def, inhibitor, dispatcher
}

// halt stops what depends on the definition. Both are nil-safe.
func (am *alertManager) halt() {
	am.mu.RLock()
	inhibitor, dispatcher := am.inhibitor, am.dispatcher
	am.mu.RUnlock()
	dispatcher.Stop()
	inhibitor.Stop()
}

// stop ends the alert manager and writes what the next run shall know.
func (am *alertManager) stop() error {
	am.halt()
	am.alerts.Close()
	close(am.done)
	am.running.Wait()
	return errors.Join(am.files.saveSilences(am.silences), am.files.saveNotifications(am.log))
}

// upkeep drops what is older than the retention.
func (am *alertManager) upkeep() {
	tick := time.NewTicker(upkeepInterval)
	defer tick.Stop()
	for {
		select {
		case <-am.done:
			return
		case <-tick.C:
		}
		_, silencesErr := am.silences.GC()
		_, logErr := am.log.GC()
		err := errors.Join(silencesErr, logErr, am.files.saveSilences(am.silences), am.files.saveNotifications(am.log))
		if err != nil {
			am.logger.Error("upkeep of the alert manager failed", "err", err)
		}
	}
}

// put takes alerts of rules.
func (am *alertManager) put(ctx context.Context, alerts ...*alert.Alert) error {
	return am.alerts.Put(eventrecorder.WithEventRecording(ctx), alerts...)
}

// groups returns the aggregation groups that are.
func (am *alertManager) groups(ctx context.Context, routes func(*dispatch.Route) bool, alerts func(*alert.Alert, time.Time) bool) (dispatch.AlertGroups, map[model.Fingerprint][]string, error) {
	am.mu.RLock()
	dispatcher := am.dispatcher
	am.mu.RUnlock()
	return dispatcher.Groups(ctx, routes, alerts)
}

// mark notes on the marker of ctx what silences and inhibits an alert.
func (am *alertManager) mark(ctx context.Context, ls model.LabelSet) {
	am.mu.RLock()
	inhibitor := am.inhibitor
	am.mu.RUnlock()
	inhibitor.Mutes(ctx, ls)
	am.silencer.Mutes(ctx, ls)
}
