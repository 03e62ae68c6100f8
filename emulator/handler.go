package emulator

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
	"github.com/ampersand-amp/ampersand/emulator/explain"
	"github.com/ampersand-amp/ampersand/emulator/fault"
	"github.com/ampersand-amp/ampersand/emulator/identity"
	"github.com/ampersand-amp/ampersand/emulator/quota"
	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

// Reasons of the emulator's own steps. Package sigv4 has its own; an error of
// ingest, query or the control plane has the name of the step and the status.
const (
	reasonUnknownRoute      = "unknown-route"
	reasonBodyTooLarge      = "body-too-large"
	reasonBodyUnreadable    = "body-unreadable"
	reasonWorkspaceNotFound = "workspace-not-found"
	reasonNotLoopback       = "not-loopback"
	reasonPanic             = "panic"
	reasonFault             = "fault"
)

// exchange is one request on its way through the emulator.
type exchange struct {
	w     *recorder
	r     *http.Request
	route route
	id    string

	caller   identity.Principal // who signed
	identity string             // the caller's ARN, or what else is known of him
	denial   *explain.Denial    // set if no policy lets the caller do this
	why      string             // what else is known of a refusal, in plain words
	reason   string
	secrets  []string       // what must not be shown, beside what is seen to be secret
	query    string         // the PromQL of a query request
	refusal  *sigv4.Refusal // set if the signature was refused
	err      error          // set if something went wrong inside
	faults   []fault.Hit    // the fault rules that changed it
	cut      bool           // set if a fault rule closed the connection
}

// ServeHTTP answers every request of the listener.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now() // durations are real time, whatever the clock says
	x := &exchange{
		w:     &recorder{ResponseWriter: w},
		route: routeOf(r.Method, r.RequestURI),
		id:    awsapi.NewRequestID(),
	}
	x.r = r.WithContext(awsapi.WithRequestID(r.Context(), x.id))
	at := s.cfg.Now()
	awsapi.SetHeaders(w.Header(), x.id, at)
	if x.route.kind != kindOwn {
		awsapi.SetServer(w.Header())
	}
	defer func() {
		aborted := s.recovered(x, recover())
		s.finish(x, at, time.Since(began))
		if aborted {
			panic(http.ErrAbortHandler) // net/http cuts the connection
		}
	}()
	s.serve(x)
}

// recovered turns a panic into an answer and reports whether the connection has
// to be cut because an answer had begun.
func (s *Server) recovered(x *exchange, p any) (abort bool) {
	if p == nil {
		return false
	}
	x.reason = reasonPanic
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		if len(x.faults) > 0 {
			x.reason, x.cut = reasonFault, true
		}
		return true
	}
	x.err = fmt.Errorf("panic: %v", p)
	s.cfg.Logger.Error("panic while answering a request", "id", x.id, "panic", p, "stack", string(debug.Stack()))
	if x.w.status != 0 {
		return true
	}
	awsapi.Write(x.w, awsapi.Internal(x.err))
	return false
}

// serve is the way of a request, front to back.
func (s *Server) serve(x *exchange) {
	switch x.route.kind {
	case kindOwn:
		s.serveOwn(x)
		return
	case kindUnknown:
		// API Gateway matches the route before it looks at the signature, and
		// says the same as of an unsigned request [D API Gateway].
		x.refuse(awsapi.MissingAuthenticationToken(), reasonUnknownRoute)
		return
	}
	body, err := readBody(x.r, s.bodyLimit(x.route.kind))
	switch {
	case errors.Is(err, errBodyTooLarge):
		x.refuse(awsapi.RequestTooLarge(), reasonBodyTooLarge)
		return
	case err != nil:
		x.err = fmt.Errorf("read body: %w", err)
		x.refuse(awsapi.FrontError(http.StatusBadRequest, "BadRequestException", "The request body could not be read."), reasonBodyUnreadable)
		return
	}
	if x.route.kind == kindSTS {
		s.serveSTS(x, body)
		return
	}
	x.query = promQL(x.r, body)
	if !s.authenticate(x, body) || !s.authorize(x, body) {
		return
	}
	s.passFaults(x, body, x.caller, func() {
		if x.route.kind != kindControl {
			s.serveData(x, body)
		} else if !s.throttle(x) {
			s.serveControl(x, body)
		}
	})
}

// bodyLimit is how large a body may be, negative for no limit. The quota is of
// ingestion and queries [O name of L-B71C1602]; a definition in base64 is larger
// than its own quota.
func (s *Server) bodyLimit(k kind) int64 {
	if k == kindControl || k == kindSTS {
		return maxControlBody
	}
	return s.quotas.Get(quota.RequestSize)
}

// refuse answers with an AWS error and notes why.
func (x *exchange) refuse(err *awsapi.Error, reason string) {
	x.reason = reason
	awsapi.Write(x.w, err)
}

// finish accounts for the request: metrics, one log line, the inspector.
func (s *Server) finish(x *exchange, at time.Time, took time.Duration) {
	status := x.w.code()
	if x.cut {
		status = x.w.status // 0: the client got none
	}
	verdict := explain.Accepted
	level := slog.LevelInfo
	switch {
	case status >= 500 || x.reason == reasonPanic || x.cut:
		verdict, level = explain.Failed, slog.LevelError
	case status >= 400:
		verdict, level = explain.Refused, slog.LevelWarn
	}
	if verdict != explain.Accepted && x.reason == "" {
		x.reason = fmt.Sprintf("%s-%d", x.route.name, status)
	}
	s.metrics.observe(x.route.name, status, x.reason, took)
	if x.route.kind == kindOwn && verdict == explain.Accepted {
		level = slog.LevelDebug // probes and scrapes come every few seconds
	}
	red := s.redactor(x)
	shown := explain.Request{
		ID: x.id, Time: at.UTC(), Method: cut(x.r.Method, 32), Path: cut(red.Text(x.route.path), maxShownPath), Identity: x.identity,
		Query: cut(red.Text(x.query), maxShownQuery), UserAgent: cut(red.Text(x.r.UserAgent()), maxShownUserAgent),
		Verdict: verdict, Reason: x.reason, Status: status, Duration: took.Seconds(),
		Fault: fault.Describe(x.faults),
	}
	if verdict != explain.Accepted {
		shown.Explanation = s.explain(x, red)
		shown.Cause = shown.Explanation.Cause
	}
	if s.cfg.Logger.Enabled(x.r.Context(), level) {
		s.log(x, level, shown, took)
	}
	if x.route.kind != kindOwn {
		s.inspector.add(shown)
		s.noteTraffic(x.route, verdict == explain.Accepted)
	}
}

// log writes the one line of a request.
func (s *Server) log(x *exchange, level slog.Level, shown explain.Request, took time.Duration) {
	attrs := []slog.Attr{
		slog.String("id", x.id),
		slog.String("method", shown.Method),
		slog.String("path", shown.Path),
		slog.String("route", x.route.name),
		slog.String("identity", x.identity),
		slog.String("verdict", shown.Verdict),
		slog.String("reason", x.reason),
		slog.Int("status", shown.Status),
		slog.Duration("duration", took),
	}
	if e := shown.Explanation; e != nil {
		attrs = append(attrs, causes(e)...)
	}
	if shown.Fault != "" {
		attrs = append(attrs, slog.String("fault", shown.Fault))
	}
	if x.err != nil {
		attrs = append(attrs, slog.Any("error", x.err))
	}
	s.cfg.Logger.LogAttrs(x.r.Context(), level, "request", attrs...)
}
