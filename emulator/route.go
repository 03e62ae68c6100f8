package emulator

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/ampersand-amp/ampersand/emulator/workspace"
)

// kind is which part of the emulator answers a request.
type kind int

const (
	kindUnknown      kind = iota // no such route: refused as API Gateway does
	kindOwn                      // health, readiness, metrics, /_ampersand/: never signed
	kindWrite                    // remote write
	kindQuery                    // the Prometheus query API
	kindStatus                   // /api/v1/status/*: 404 behind the signature
	kindRules                    // /api/v1/rules
	kindAlerts                   // /api/v1/alerts
	kindAlertManager             // /alertmanager/api/v2/*
	kindControl                  // the control plane
	kindSTS                      // the security token service and IAM, at the root
)

// route is what a request's method and target come to.
type route struct {
	kind kind
	// name is for metrics and logs: one of a fixed set.
	name string
	// path is the path on the wire, undecoded and unchanged.
	path        string
	workspaceID string
	// apiPath is what follows /api/v1 or /alertmanager/api/v2 on the data plane,
	// decoded, and apiRawPath the same undecoded.
	apiPath, apiRawPath string
	call                workspace.Call
}

// routeOf decides by the target as it is on the wire: Go's decoded path loses
// how an ARN was encoded, and net/http's mux redirects //api/v1/query, which
// breaks clients whose configured address ends in a slash (KEDA among them)
// [M].
//
// On the data plane duplicate slashes count as one for routing. The signature
// is still verified over the path as it was sent. How AMP treats them is not
// known; this is the choice that lets such clients work [I].
func routeOf(method, target string) route {
	path := rawPath(target)
	rt := route{path: path, name: "unknown"}
	if own(path, &rt) || data(method, path, &rt) {
		return rt
	}
	if path == "/" && (method == http.MethodPost || method == http.MethodGet) {
		rt.kind, rt.name = kindSTS, "sts"
		return rt
	}
	if call, ok := workspace.Route(method, path); ok {
		rt.kind, rt.name, rt.call = kindControl, string(call.Operation), call
		rt.workspaceID = call.WorkspaceID
	}
	return rt
}

// rawPath returns the path of a request target: origin form, or the absolute
// form that clients of a proxy send.
func rawPath(target string) string {
	path, _, _ := strings.Cut(target, "?")
	if strings.HasPrefix(path, "/") {
		return path
	}
	if _, rest, ok := strings.Cut(path, "://"); ok {
		if slash := strings.IndexByte(rest, '/'); slash >= 0 {
			return rest[slash:]
		}
		return "/"
	}
	return path
}

func own(path string, rt *route) bool {
	switch {
	case path == "/-/healthy" || path == "/-/ready" || path == "/metrics":
		rt.name = strings.TrimPrefix(strings.TrimPrefix(path, "/"), "-/")
	case path == "/_ampersand" || strings.HasPrefix(path, "/_ampersand/"):
		rt.name = "console"
	default:
		return false
	}
	rt.kind = kindOwn
	return true
}

// data recognizes WS/api/v1/* and WS/alertmanager/api/v2/*. It reports whether
// the path belongs to the data plane, be there a route in it or not.
func data(method, path string, rt *route) bool {
	rest, ok := strings.CutPrefix(collapseSlashes(path), "/workspaces/")
	if !ok {
		return false
	}
	segment, below, ok := strings.Cut(rest, "/")
	if !ok {
		return false
	}
	routeBelow := dataRoute
	api, ok := strings.CutPrefix(below, "api/v1/")
	if !ok {
		if api, ok = strings.CutPrefix(below, "alertmanager/api/v2/"); !ok {
			return false
		}
		routeBelow = alertManagerRoute
	}
	id, err := url.PathUnescape(segment)
	if err != nil {
		return true
	}
	decoded, err := url.PathUnescape(api)
	if err != nil {
		return true
	}
	rt.workspaceID, rt.apiPath, rt.apiRawPath = id, "/"+decoded, "/"+api
	rt.kind, rt.name = routeBelow(method, api)
	return true
}

// dataRoute is the list of data-plane APIs [D AMP user guide, API reference].
// The paths under status/ gave a client 404 [O kiali/kiali#8370]; what is not in
// the list is an unknown route.
func dataRoute(method, api string) (kind, string) {
	get := method == http.MethodGet
	post := method == http.MethodPost
	switch api {
	case "remote_write":
		if post {
			return kindWrite, api
		}
	case "query", "query_range", "series", "labels":
		if get || post {
			return kindQuery, api
		}
	case "metadata":
		if get {
			return kindQuery, api
		}
	case "rules":
		if get {
			return kindRules, api
		}
	case "alerts":
		if get {
			return kindAlerts, api
		}
	}
	if name, ok := strings.CutPrefix(api, "label/"); ok && get {
		if name, ok = strings.CutSuffix(name, "/values"); ok && name != "" && !strings.Contains(name, "/") {
			return kindQuery, "label_values"
		}
	}
	if strings.HasPrefix(api, "status/") && get {
		return kindStatus, "status"
	}
	return kindUnknown, "unknown"
}

// alertManagerRoute is the list of the alert manager's APIs and their methods
// [D AMP user guide, API reference].
func alertManagerRoute(method, api string) (kind, string) {
	get := method == http.MethodGet
	post := method == http.MethodPost
	switch api {
	case "alerts", "silences":
		if get || post {
			return kindAlertManager, "alertmanager_" + api
		}
	case "alerts/groups":
		if get {
			return kindAlertManager, "alertmanager_groups"
		}
	case "receivers", "status":
		if get {
			return kindAlertManager, "alertmanager_" + api
		}
	}
	if id, ok := strings.CutPrefix(api, "silence/"); ok && id != "" && !strings.Contains(id, "/") {
		if get || method == http.MethodDelete {
			return kindAlertManager, "alertmanager_silence"
		}
	}
	return kindUnknown, "unknown"
}

func collapseSlashes(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	return path
}
