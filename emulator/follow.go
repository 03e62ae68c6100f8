package emulator

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/ampersand-amp/ampersand/emulator/alerting"
	"github.com/ampersand-amp/ampersand/emulator/awsapi"
	"github.com/ampersand-amp/ampersand/emulator/identity"
	"github.com/ampersand-amp/ampersand/emulator/storage"
	"github.com/ampersand-amp/ampersand/emulator/workspace"
)

// labelSets are the series limits of workspaces that have some. Every write
// reads them, so they are kept in the form that ingest takes.
type labelSets struct {
	mu   sync.RWMutex
	byID map[string][]storage.LabelSetLimit
}

func (l *labelSets) get(id string) []storage.LabelSetLimit {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.byID[id]
}

func (l *labelSets) set(id string, limits []workspace.LabelSetLimit) {
	converted := make([]storage.LabelSetLimit, 0, len(limits))
	for _, limit := range limits {
		converted = append(converted, storage.LabelSetLimit(limit))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(converted) == 0 {
		delete(l.byID, id)
		return
	}
	if l.byID == nil {
		l.byID = map[string][]storage.LabelSetLimit{}
	}
	l.byID[id] = converted
}

// resourcePolicies are the workspaces' policies, parsed once.
type resourcePolicies struct {
	mu   sync.RWMutex
	byID map[string]*identity.Policy
}

func (p *resourcePolicies) get(id string) *identity.Policy {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.byID[id]
}

// set parses a document, which was found good when it came; nil is none.
func (p *resourcePolicies) set(id string, document []byte) error {
	var parsed *identity.Policy
	var err error
	if document != nil {
		if parsed, err = identity.ParseResourcePolicy(document); err != nil {
			err = fmt.Errorf("read the resource policy: %w", err)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if parsed == nil {
		delete(p.byID, id)
		return err
	}
	if p.byID == nil {
		p.byID = map[string]*identity.Policy{}
	}
	p.byID[id] = parsed
	return nil
}

// follow brings the data plane to what the control plane has in force for a
// workspace. The registry calls it after every change.
func (s *Server) follow(id string) {
	ctx := context.Background() // no request: what was committed has to be followed
	f, ok := s.workspaces.InForce(id)
	if !ok {
		s.forget(ctx, id)
		return
	}
	s.labelSets.set(id, f.LabelSets)
	if err := s.policies.set(id, f.Policy); err != nil { // then it opens nothing
		s.cfg.Logger.Error("the workspace's resource policy is not in force", "workspace", id, "error", err)
	}
	if err := s.tenants.Apply(ctx, id, settings(f)); err != nil {
		s.cfg.Logger.Error("the workspace's configuration could not be applied", "workspace", id, "error", err)
	}
	err := s.alerting.Sync(ctx, alerting.Definitions{
		WorkspaceID: id, Rules: f.Rules, AlertManager: f.AlertManager, RuleQueryOffset: f.RuleQueryOffset,
	})
	if errors.Is(err, errNoWorkspace) {
		return // deleted meanwhile, of which the next call tells
	}
	if err != nil {
		s.cfg.Logger.Error("the workspace's rules or alert manager could not be started", "workspace", id, "error", err)
	}
}

// forget drops what is kept beside the samples of a workspace that is deleted.
func (s *Server) forget(ctx context.Context, id string) {
	s.labelSets.set(id, nil)
	_ = s.policies.set(id, nil) // nothing to read, nothing to fail
	s.buckets.Forget(id)
	s.ingest.Forget(id)
	s.metrics.forget(id)
	s.traffic.Forget(id)
	if err := s.alerting.Remove(ctx, id); err != nil {
		s.cfg.Logger.Error("rules and alert manager of a deleted workspace could not be removed", "workspace", id, "error", err)
	}
}

// settings are what storage follows of f.
func settings(f workspace.InForce) storage.Settings {
	return storage.Settings{Retention: f.Retention, OutOfOrderWindow: f.OutOfOrderWindow}
}

// settingsOf is asked when a workspace's samples are opened.
func (s *Server) settingsOf(id string) storage.Settings {
	if f, ok := s.workspaces.InForce(id); ok {
		return settings(f)
	}
	return storage.Settings{Retention: s.cfg.Retention, OutOfOrderWindow: s.cfg.OutOfOrderWindow}
}

// estate is what a deleted workspace leaves behind.
type estate struct{ s *Server }

// Remove implements workspace.Data. Rules end first: they read and write the
// samples.
func (e estate) Remove(ctx context.Context, id string) error {
	if err := e.s.alerting.Remove(ctx, id); err != nil {
		return err
	}
	if err := e.s.tenants.Remove(ctx, id); err != nil {
		return err
	}
	// Once more: the last requests may have left something.
	e.s.forget(ctx, id)
	return nil
}

// serveNotifications lists what alert managers would have sent.
func (s *Server) serveNotifications(x *exchange) {
	if x.r.Method != http.MethodGet {
		s.answerMethod(x, http.MethodGet)
		return
	}
	id := x.r.URL.Query().Get("workspace")
	if _, ok := s.workspaces.InForce(id); !ok {
		awsapi.WriteJSON(x.w, http.StatusNotFound, map[string]string{
			"message": "?workspace= is not the id of a workspace that exists",
		})
		return
	}
	list := s.alerting.Notifications(id)
	if list == nil {
		list = []alerting.Notification{}
	}
	awsapi.WriteJSON(x.w, http.StatusOK, map[string]any{"notifications": list})
}
