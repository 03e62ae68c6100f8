package emulator

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/ampersand-amp/ampersand/emulator/fault"
	"github.com/ampersand-amp/ampersand/emulator/identity"
	"github.com/ampersand-amp/ampersand/emulator/identity/iam"
)

// passFaults leads a request, whose caller is known and may do what it asks for, past
// the fault rules, and carries it out with serve unless one of them keeps it.
func (s *Server) passFaults(x *exchange, body []byte, caller identity.Principal, serve func()) {
	if s.faults.None() {
		serve()
		return
	}
	target := s.faultTarget(x, body, caller)
	if target.Action == "" {
		serve()
		return
	}
	s.faults.Serve(target, fault.Exchange{
		Context: x.r.Context(),
		Writer:  x.w,
		Serve:   func(w http.ResponseWriter) { x.answerTo(w, serve) },
		Refuse: func(w http.ResponseWriter, status fault.Status) {
			x.answerTo(w, func() { s.refuseByFault(x, body, status) })
		},
		OnHit: func(h fault.Hit) { s.noteFault(x, h) },
	})
}

// answerTo has the request answered to another writer than the client's, which may not
// let all of it through to him.
func (x *exchange) answerTo(w http.ResponseWriter, answer func()) {
	client := x.w
	defer func() { x.w = client }()
	if w != http.ResponseWriter(client) {
		x.w = &recorder{ResponseWriter: w}
	}
	answer()
}

// noteFault remembers that a rule changed the request.
func (s *Server) noteFault(x *exchange, h fault.Hit) {
	x.faults = append(x.faults, h)
	s.metrics.faults.WithLabelValues(h.Rule, h.Effect).Inc()
}

// faultText says for people what the fault rules did to a request that was not accepted.
func (x *exchange) faultText() string {
	if x.reason == reasonFault || x.refusal != nil { // until then, only rules on signatures act
		return "Made by fault rule " + fault.Describe(x.faults) + ", on purpose."
	}
	return "Fault rule " + fault.Describe(x.faults) + " changed this request on purpose."
}

// faultTarget is what fault rules choose the request by. Its action is empty if no rule
// can be about it.
func (s *Server) faultTarget(x *exchange, body []byte, caller identity.Principal) fault.Target {
	t := fault.Target{Action: faultAction(x, body), WorkspaceID: x.route.workspaceID}
	for _, arn := range []string{caller.ARN, caller.RoleARN} {
		if arn != "" {
			t.Principals = append(t.Principals, arn)
		}
	}
	if ws, release, ok := s.workspaces.Hold(t.WorkspaceID); ok {
		t.WorkspaceAlias = ws.Alias
		release()
	}
	return t
}

// faultAction is the action of a request in IAM's words; of several the first, which is
// the one that the request is named after.
func faultAction(x *exchange, body []byte) string {
	switch x.route.kind {
	case kindControl:
		return Service + ":" + string(x.route.call.Operation)
	case kindSTS:
		service := stsService
		if iam.IsRequest(x.r, body) {
			service = iam.Name
		}
		name := x.r.URL.Query().Get("Action")
		if form, err := url.ParseQuery(string(body)); err == nil && name == "" {
			name = form.Get("Action")
		}
		if name == "" || strings.Contains(name, ":") {
			return ""
		}
		return service + ":" + name
	default:
		action, _ := identity.DataAction(x.route.name, x.r.Method)
		return action
	}
}
