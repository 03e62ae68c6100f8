package emulator

import (
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
	"github.com/ampersand-amp/ampersand/emulator/console"
	"github.com/ampersand-amp/ampersand/emulator/explain"
	"github.com/ampersand-amp/ampersand/emulator/fault"
	"github.com/ampersand-amp/ampersand/emulator/identity"
)

// serveOwn answers what is the emulator's and not AWS's; none of it is signed.
func (s *Server) serveOwn(x *exchange) {
	switch x.route.path {
	case "/-/healthy":
		s.answerText(x, http.StatusOK, "Ampersand is healthy.\n")
	case "/-/ready":
		if s.closing.Load() {
			s.answerText(x, http.StatusServiceUnavailable, "Ampersand is shutting down.\n")
			return
		}
		s.answerText(x, http.StatusOK, "Ampersand is ready.\n")
	case "/metrics":
		s.metrics.handler().ServeHTTP(x.w, x.r)
	default:
		s.serveConsole(x)
	}
}

func (s *Server) answerText(x *exchange, status int, text string) {
	if x.r.Method != http.MethodGet && x.r.Method != http.MethodHead {
		s.answerMethod(x, http.MethodGet)
		return
	}
	x.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	x.w.WriteHeader(status)
	_, _ = io.WriteString(x.w, text)
}

func (s *Server) answerMethod(x *exchange, allowed string) {
	x.w.Header().Set("Allow", allowed)
	http.Error(x.w, "method not allowed, use "+allowed, http.StatusMethodNotAllowed)
}

// serveConsole answers the /_ampersand/ tree. It shows what passed through and
// can forget all of it, so it is for the machine's own user: the caller has a
// loopback address, calls the emulator by a loopback name (a page on the web
// can point its own name at 127.0.0.1), and no other site's page is behind it.
func (s *Server) serveConsole(x *exchange) {
	console.SetHeaders(x.w.Header())
	if !s.cfg.ConsoleOpen && (!loopbackAddr(x.r.RemoteAddr) || !loopbackHost(x.r.Host)) {
		x.reason = reasonNotLoopback
		awsapi.WriteJSON(x.w, http.StatusForbidden, map[string]string{
			"message": "/_ampersand/ answers on loopback addresses only; start the emulator with --console-open to open it",
		})
		return
	}
	if err := http.NewCrossOriginProtection().Check(x.r); err != nil {
		awsapi.WriteJSON(x.w, http.StatusForbidden, map[string]string{"message": err.Error()})
		return
	}
	if x.route.path == identity.APIPath || strings.HasPrefix(x.route.path, identity.APIPath+"/") {
		s.identities.Handler().ServeHTTP(x.w, x.r)
		return
	}
	if name, ok := strings.CutPrefix(x.route.path, fault.Path+"/"); ok {
		s.serveFault(x, name)
		return
	}
	switch x.route.path {
	case "/_ampersand/api/requests":
		s.serveRequests(x)
	case "/_ampersand/api/reset":
		s.serveReset(x)
	case "/_ampersand/api/notifications":
		s.serveNotifications(x)
	case "/_ampersand/api/quotas":
		s.serveQuotas(x)
	case fault.Path:
		s.serveFaults(x)
	default:
		s.console.ServeHTTP(x.w, x.r)
	}
}

// serveRequests lists the last requests, the newest first, or explains one.
func (s *Server) serveRequests(x *exchange) {
	if x.r.Method != http.MethodGet {
		s.answerMethod(x, http.MethodGet)
		return
	}
	query := x.r.URL.Query()
	if !query.Has("id") {
		awsapi.WriteJSON(x.w, http.StatusOK, explain.List{Requests: s.inspector.Last()})
		return
	}
	e, ok := s.inspector.Find(query.Get("id"))
	if !ok {
		awsapi.WriteJSON(x.w, http.StatusNotFound, map[string]string{"message": explain.ErrNotFound.Error()})
		return
	}
	awsapi.WriteJSON(x.w, http.StatusOK, e)
}

// serveReset forgets samples and, with ?all=true, workspaces and fault rules too; the
// workspaces of Config.Workspaces are there again afterwards, as after a start.
func (s *Server) serveReset(x *exchange) {
	if x.r.Method != http.MethodPost {
		s.answerMethod(x, http.MethodPost)
		return
	}
	all := x.r.URL.Query().Get("all")
	if all != "" && all != "true" && all != "false" {
		awsapi.WriteJSON(x.w, http.StatusBadRequest, map[string]string{"message": "all is true or false"})
		return
	}
	if err := s.Reset(x.r.Context(), all == "true"); err != nil {
		x.err = err
		awsapi.WriteJSON(x.w, http.StatusInternalServerError, map[string]string{"message": err.Error()})
		return
	}
	ids := []string{}
	for _, ws := range s.workspaces.All() {
		ids = append(ids, ws.ID)
	}
	awsapi.WriteJSON(x.w, http.StatusOK, map[string]any{"workspaces": ids})
}

func loopbackAddr(remote string) bool {
	addr, err := netip.ParseAddrPort(remote)
	return err == nil && addr.Addr().Unmap().IsLoopback()
}

func loopbackHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
