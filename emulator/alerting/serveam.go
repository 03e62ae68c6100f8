package alerting

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	apiv2 "github.com/prometheus/alertmanager/api/v2"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
)

// apiPrefix is where Alertmanager's own API believes to be.
const apiPrefix = "/api/v2"

// api is Alertmanager's API of one workspace.
type api struct{ *apiv2.API }

func (am *alertManager) newAPI() (*api, error) {
	// It logs mistakes of clients as errors; they are told, that is enough.
	silent := slog.New(slog.DiscardHandler)
	a, err := apiv2.NewAPI(am.alerts, am.groups, am.muted.Muted, am.silences, nil, silent, am.registry)
	if err != nil {
		return nil, fmt.Errorf("make Alertmanager's API: %w", err)
	}
	return &api{a}, nil
}

// ServeAlertManager answers a request to a workspace's alert manager. apiPath
// is what follows /alertmanager/api/v2 in the path, such as /silence/ID.
func (m *Manager) ServeAlertManager(w http.ResponseWriter, r *http.Request, workspaceID, apiPath string) {
	if !isAlertManagerOperation(r.Method, apiPath) {
		awsapi.Write(w, awsapi.MissingAuthenticationToken()) // [I] amp-api.md 1.3
		return
	}
	var am *alertManager
	if t := m.lookup(workspaceID); t != nil {
		_, am = t.current()
	}
	if am == nil {
		http.Error(w, "the Alertmanager is not configured", http.StatusNotFound) // [C] multitenant.go
		return
	}
	am.serve(w, r, apiPath)
}

// isAlertManagerOperation knows the paths and methods that AMP documents. [D]
// amp-api.md 1.2
func isAlertManagerOperation(method, path string) bool {
	switch path {
	case "/alerts", "/silences":
		return method == http.MethodGet || method == http.MethodPost
	case "/alerts/groups", "/receivers", "/status":
		return method == http.MethodGet
	}
	id, ok := strings.CutPrefix(path, "/silence/")
	return ok && id != "" && !strings.Contains(id, "/") && (method == http.MethodGet || method == http.MethodDelete)
}

func (am *alertManager) serve(w http.ResponseWriter, r *http.Request, path string) {
	am.mu.RLock()
	def := am.def
	am.mu.RUnlock()
	switch path {
	case "/status":
		// AMP tells nothing of its own. [D] amp-api.md 1.2
		awsapi.WriteJSON(w, http.StatusOK, statusAnswer{Config: configAnswer{Original: def.config.String()}})
		return
	case "/receivers":
		receivers := make([]receiverAnswer, 0, len(def.config.Receivers))
		for _, c := range def.config.Receivers {
			receivers = append(receivers, receiverAnswer{c.Name})
		}
		awsapi.WriteJSON(w, http.StatusOK, receivers)
		return
	}
	a, err := am.api()
	if err != nil {
		am.logger.Error("no API", "err", err)
		http.Error(w, "internal server error", http.StatusInternalServerError)
		return
	}
	a.Update(def.config, am.mark)
	answer := &heldAnswer{header: w.Header(), status: http.StatusOK}
	a.Handler.ServeHTTP(answer, inner(r, path))
	if changesSilences(r.Method, path) && answer.status < http.StatusMultipleChoices {
		// Nobody is told of a silence that a crash could take away.
		if err := am.files.saveSilences(am.silences); err != nil {
			am.logger.Error("a silence was changed in memory only", "err", err)
			http.Error(w, "the silence was not stored and may be lost", http.StatusInternalServerError)
			return
		}
	}
	answer.send(w)
}

func changesSilences(method, path string) bool {
	return method == http.MethodPost && path == "/silences" || method == http.MethodDelete
}

// inner returns the request as Alertmanager's API shall see it.
func inner(r *http.Request, path string) *http.Request {
	in := r.Clone(r.Context())
	in.URL = &url.URL{Path: apiPrefix + path, RawQuery: r.URL.RawQuery}
	in.Header.Del("Accept") // there is one form; awscurl asks for XML [M] amp-api.md 5.2
	in.Header.Del("Origin") // AMP's CORS is unknown; a page must not read a local emulator
	return in
}

// The answers that differ from Alertmanager's own.
type (
	statusAnswer struct {
		Cluster     *struct{}    `json:"cluster"`
		Config      configAnswer `json:"config"`
		Uptime      *struct{}    `json:"uptime"`
		VersionInfo *struct{}    `json:"versionInfo"`
	}
	configAnswer struct {
		Original string `json:"original"`
	}
	receiverAnswer struct {
		Name string `json:"name"`
	}
)

// heldAnswer holds an answer back until what it promises is done.
type heldAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (h *heldAnswer) Header() http.Header { return h.header }

// WriteHeader implements http.ResponseWriter.
func (h *heldAnswer) WriteHeader(status int) { h.status = status }

// Write implements http.ResponseWriter.
func (h *heldAnswer) Write(p []byte) (int, error) { return h.body.Write(p) }

func (h *heldAnswer) send(w http.ResponseWriter) {
	w.WriteHeader(h.status)
	_, _ = w.Write(h.body.Bytes()) // a client that went away is no error of ours
}
