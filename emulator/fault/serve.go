package fault

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"strconv"
	"time"
)

// Target is what a rule chooses requests by.
type Target struct {
	// Action is the request's, in IAM's words.
	Action string
	// WorkspaceID and WorkspaceAlias are of the workspace that it is about, if any.
	WorkspaceID, WorkspaceAlias string
	// Principals are the ARNs that the caller goes by; none if nobody signed.
	Principals []string
}

// Exchange is a request on its way.
type Exchange struct {
	// Context is the request's.
	Context context.Context //nolint:containedctx // an Exchange is a request, and as short-lived
	// Writer leads to the client.
	Writer http.ResponseWriter
	// Serve carries the request out.
	Serve func(http.ResponseWriter)
	// Refuse answers with an error in the dialect of the action.
	Refuse func(http.ResponseWriter, Status)
	// OnHit is told of each rule that changes the request, before it does.
	OnHit func(Hit)
}

// Serve leads a request past the rules, in their order: the first one that is hit acts
// first, and what it lets through comes to the next.
//
// A rule that cuts the connection panics with http.ErrAbortHandler.
func (s *Set) Serve(t Target, x Exchange) { s.serve(s.all(), t, x) }

func (s *Set) serve(rules []*running, t Target, x Exchange) {
	for i, r := range rules {
		_, changesResult := r.effect.(rewriter)
		if changesResult && t.Action != QueryAction {
			continue
		}
		acts, ok := r.effect.(server)
		if !ok {
			continue
		}
		since, ok := r.hit(t, s.now())
		if !ok {
			continue
		}
		x.OnHit(Hit{r.Name, r.effect.name()})
		rest := x
		rest.Serve = func(w http.ResponseWriter) {
			next := x
			next.Writer = w
			s.serve(rules[i+1:], t, next)
		}
		acts.serve(way{rest, since, r.gone})
		return
	}
	x.Serve(x.Writer)
}

// way is a request at a rule that it is hit by.
type way struct {
	Exchange
	since time.Time       // when the rule became active
	gone  <-chan struct{} // closed when the rule is removed
}

// wait waits for a time, until the client is gone or the rule is. It reports whether
// the rule is still there.
func (w way) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-w.Context.Done():
		return false
	case <-w.gone:
		return false
	}
}

// unhurried lifts the server's bound on how long an answer takes.
func (w way) unhurried() {
	_ = http.NewResponseController(w.Writer).SetWriteDeadline(time.Time{}) // without one, there is none to lift
}

// effect is what a rule does, one file each.
type effect interface {
	// name is that of the rule's field.
	name() string
	check(add func(field, format string, args ...any))
}

// server is an effect on a request whose caller is known.
type server interface {
	effect
	serve(w way)
}

// rewriter is an effect on the results of queries.
type rewriter interface {
	server
	rewrite(r *result, since time.Time)
}

// effects returns those that the rule has.
func (r Rule) effects() []effect {
	var all []effect
	add := func(has bool, e effect) {
		if has {
			all = append(all, e)
		}
	}
	add(r.Delay != 0, delay(r.Delay))
	if r.Status != nil {
		all = append(all, *r.Status)
	}
	add(r.Cut != "", r.Cut)
	add(r.Slow != 0, slow(r.Slow))
	add(r.Empty, empty{})
	add(r.Series != 0, series(r.Series))
	add(r.Value != "", r.Value)
	add(r.Credentials != "", r.Credentials)
	add(r.Clock != 0, clock(r.Clock))
	return all
}

// held keeps an answer back.
type held struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// carryOut has the request carried out and keeps its answer back.
func (w way) carryOut() *held {
	h := &held{header: http.Header{}}
	w.Serve(h)
	if h.status == 0 {
		h.status = http.StatusOK
	}
	return h
}

// Header implements http.ResponseWriter.
func (h *held) Header() http.Header { return h.header }

// WriteHeader implements http.ResponseWriter.
func (h *held) WriteHeader(status int) {
	if h.status == 0 && status >= 200 {
		h.status = status
	}
}

// Write implements http.ResponseWriter.
func (h *held) Write(p []byte) (int, error) {
	h.WriteHeader(http.StatusOK)
	return h.body.Write(p)
}

// begin sends the head of the answer.
func (h *held) begin(w http.ResponseWriter) {
	maps.Copy(w.Header(), h.header)
	w.Header().Set("Content-Length", strconv.Itoa(h.body.Len()))
	w.WriteHeader(h.status)
}

// send sends the answer.
func (h *held) send(w http.ResponseWriter) {
	h.begin(w)
	_, _ = w.Write(h.body.Bytes()) // the client may be gone
}

// Effect is the name of what the rule does, empty if it does nothing.
func (r Rule) Effect() string {
	if all := r.effects(); len(all) > 0 {
		return all[0].name()
	}
	return ""
}
