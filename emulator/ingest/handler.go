// Package ingest takes Prometheus remote write 1.0 requests as AMP takes them:
// it decodes, validates and stores, and answers with the statuses and texts of
// the Cortex that AMP is built on.
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
	"sync"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/storage"
)

// Config sets up a Handler. The zero value is usable.
type Config struct {
	// Now is the clock for "too old" and "too new"; nil is time.Now.
	Now func() time.Time
	// Logger takes what goes wrong inside; nil is silent. Refused samples are
	// the client's affair and logged at debug level only.
	Logger *slog.Logger
	// Limits are the bounds of what is accepted; zero fields are AMP's defaults.
	Limits Limits
	// OnDiscard is told how many samples of a request were dropped and why, by
	// the reasons of AMP's DiscardedSamples metric. It may be nil.
	OnDiscard func(workspaceID, reason string, n int)
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
}

// Handler serves remote write. Its methods may be called concurrently.
type Handler struct {
	now       func() time.Time
	log       *slog.Logger
	limits    Limits
	onDiscard func(workspaceID, reason string, n int)
	buffers   sync.Pool // *[]byte, for decoded bodies
}

// New returns a Handler.
func New(c Config) *Handler {
	h := &Handler{now: c.Now, log: c.Logger, limits: c.Limits.withDefaults(), onDiscard: c.OnDiscard}
	if h.now == nil {
		h.now = time.Now
	}
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	if h.onDiscard == nil {
		h.onDiscard = func(string, string, int) {}
	}
	return h
}

// ServeWrite stores the samples of one remote write request in t. It answers
// 200 without a body after all samples are in the WAL [D amp-api.md 0, fact 7],
// else text/plain with the error and a newline [O amp-api.md 1.4].
func (h *Handler) ServeWrite(w http.ResponseWriter, r *http.Request, t Target) {
	if err := checkMediaType(r.Header); err != nil {
		http.Error(w, err.Error(), http.StatusUnsupportedMediaType)
		return
	}
	req, err := h.decode(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	b := h.newBatch(t)
	b.validate(req)
	err = b.store(r.Context())
	for reason, n := range b.discarded {
		h.onDiscard(t.WorkspaceID, reason, n)
	}
	switch {
	case errors.Is(err, storage.ErrClosed), errors.Is(err, storage.ErrRemoved):
		// Neither was stored; a client may try again, then the front knows more.
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	case err != nil:
		h.log.Error("remote write failed", "workspace", t.WorkspaceID, "err", err)
		http.Error(w, err.Error(), http.StatusInternalServerError)
	case b.firstError() != nil:
		h.log.Debug("remote write refused in part", "workspace", t.WorkspaceID, "err", b.firstError())
		http.Error(w, b.firstError().Error(), http.StatusBadRequest)
	default:
		w.WriteHeader(http.StatusOK)
	}
}
