// Package ingest takes Prometheus remote write requests, 1.0 and 2.0, as AMP
// takes them: it decodes, deduplicates replicas, validates and stores, and
// answers with the statuses and texts of the Cortex that AMP is built on.
//
// Prometheus' own write handler is not used because a bad sample there refuses
// the whole request, with other texts. In AMP the good samples of a bad request
// are stored and the first error is told. Marks such as [C] are explained in
// amp-api.md; errors.go has the texts.
package ingest

import (
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/quota"
	"github.com/ampersand-amp/ampersand/emulator/storage"
)

// Config sets up a Handler. The zero value is usable.
type Config struct {
	// Now is the clock for "too old" and "too new", the rates and the silence
	// of a replica; nil is time.Now.
	Now func() time.Time
	// Logger takes what goes wrong inside; nil is silent. Refused samples are
	// the client's affair and logged at debug level only.
	Logger *slog.Logger
	// Quotas bound what is accepted. They are read at each request; nil is
	// AMP's defaults.
	Quotas *quota.Set
	// RemoteWrite2 accepts remote write 2.0 too. Whether AMP does is unknown;
	// Cortex does if it is told to. [C] amp-api.md 4
	RemoteWrite2 bool
	// OnDiscard is told how many samples of a request were dropped and why, by
	// the reasons of AMP's DiscardedSamples metric. It may be nil.
	OnDiscard func(workspaceID, reason string, n int)
	// OnDone is told at the end of each request how many of its samples are stored and
	// how many were dropped. It may be nil.
	OnDone func(workspaceID string, stored, discarded int)
}

// Target is the workspace that a request writes to.
type Target struct {
	// WorkspaceID is the workspace's id.
	WorkspaceID string
	// Tenant is "<account>_<workspace>", as AMP's error texts name it.
	// [O] amp-api.md 1.4.
	Tenant string
	// DB takes the samples.
	DB *storage.DB
	// LabelSets bound the workspace's series that have certain labels.
	LabelSets []storage.LabelSetLimit
}

// Handler serves remote write. Its methods may be called concurrently.
type Handler struct {
	now       func() time.Time
	log       *slog.Logger
	quotas    *quota.Set
	rates     *quota.Buckets
	replicas  *replicas
	version2  bool
	onDiscard func(workspaceID, reason string, n int)
	onDone    func(workspaceID string, stored, discarded int)
	buffers   sync.Pool // *[]byte, for decoded bodies
	shapes    shapes
}

// New returns a Handler.
func New(c Config) *Handler {
	h := &Handler{shapes: newShapes(), now: c.Now, log: c.Logger, quotas: c.Quotas, version2: c.RemoteWrite2, onDiscard: c.OnDiscard, onDone: c.OnDone}
	if h.now == nil {
		h.now = time.Now
	}
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	if h.quotas == nil {
		h.quotas = quota.New()
	}
	if h.onDiscard == nil {
		h.onDiscard = func(string, string, int) {}
	}
	if h.onDone == nil {
		h.onDone = func(string, int, int) {}
	}
	h.rates = quota.NewBuckets(h.quotas, h.now)
	h.replicas = newReplicas(h.quotas)
	return h
}

// Forget drops what is remembered of a workspace that is gone: its rates and
// its replicas.
func (h *Handler) Forget(workspaceID string) {
	h.rates.Forget(workspaceID)
	h.replicas.forget(workspaceID)
}

// ServeWrite stores the samples of one remote write request in t. After all
// samples are in the WAL it answers without a body, 200 to version 1.0 [D
// amp-api.md 0, fact 7] and 204 to version 2.0 [C], else text/plain with the
// error and a newline [O amp-api.md 1.4].
func (h *Handler) ServeWrite(w http.ResponseWriter, r *http.Request, t Target) {
	version2, err := h.mediaType(r.Header)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnsupportedMediaType)
		return
	}
	l := h.limits(t)
	req, err := h.decode(r.Body, version2, l)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	b := &batch{h: h, target: t, limits: l, discarded: make(map[string]int)}
	err = b.write(r.Context(), req)
	dropped := 0
	for reason, n := range b.discarded {
		h.onDiscard(t.WorkspaceID, reason, n)
		dropped += n
	}
	h.onDone(t.WorkspaceID, b.stored, dropped)
	if version2 {
		setWritten(w.Header(), b.written)
	}
	var refusal *discard
	switch {
	case err == nil && version2:
		w.WriteHeader(http.StatusNoContent)
	case err == nil:
		w.WriteHeader(http.StatusOK)
	case errors.As(err, &refusal):
		h.log.Debug("remote write refused, all or a part", "workspace", t.WorkspaceID, "err", err)
		http.Error(w, refusal.text, refusal.status)
	case errors.Is(err, storage.ErrClosed), errors.Is(err, storage.ErrRemoved):
		// Neither was stored; a client may try again, then the front knows more.
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	default:
		h.log.Error("remote write failed", "workspace", t.WorkspaceID, "err", err)
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// setWritten tells what was stored of a request of version 2.0, also when some
// of it was not: Cortex tells what passed its validation, which a sender takes
// for the same. No exemplar is stored. [C] pkg/util/push/push.go
func setWritten(h http.Header, c counts) {
	const prefix, suffix = "X-Prometheus-Remote-Write-", "-Written"
	h.Set(prefix+"Samples"+suffix, strconv.Itoa(c.samples))
	h.Set(prefix+"Histograms"+suffix, strconv.Itoa(c.histograms))
	h.Set(prefix+"Exemplars"+suffix, "0")
}
