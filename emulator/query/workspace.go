package query

import (
	"context"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/common/route"

	"github.com/ampersand-amp/ampersand/emulator/storage"
)

const formType = "application/x-www-form-urlencoded"

// workspace is the API of one workspace.
type workspace struct {
	api    *API
	db     *storage.DB
	router *route.Router
}

func (a *API) newWorkspace(db *storage.DB) http.Handler {
	api := *a.base()
	api.Queryable = lookup{db, a}
	api.QueryEngine = evaluator{a, db}
	router := route.New()
	api.Register(router)
	return &workspace{api: a, db: db, router: router}
}

// ServeHTTP lets through what AMP offers. [D] amp-api.md 1.2 (methods
// included), 1.3. The router below never sees a path it would redirect.
func (ws *workspace) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var post bool
	path := r.URL.Path
	switch path {
	case "/query", "/query_range", "/labels", "/series":
		post = true
	case "/metadata":
	default:
		name, ok := labelOf(path)
		if !ok {
			http.NotFound(w, r)
			return
		}
		path = "/label/" + name + "/values"
	}
	if r.Method != http.MethodGet && (r.Method != http.MethodPost || !post) {
		w.Header().Set("Allow", allowed(post))
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	if path == "/metadata" {
		ws.serveMetadata(w, r)
		return
	}
	inner, err := ws.inner(r, path)
	if err != nil {
		writeError(w, http.StatusBadRequest, typeBadData, err.Error())
		return
	}
	ew := &errorWriter{ResponseWriter: w, cortex: isQuery(path), gone: ws.db.Err}
	ws.router.ServeHTTP(ew, inner)
	ew.finish()
}

func isQuery(path string) bool { return path == "/query" || path == "/query_range" }

func allowed(post bool) string {
	if post {
		return "GET, POST"
	}
	return "GET"
}

// labelOf takes the label's name from /label/{name}/values. Names that the
// router could not carry are escaped as the API unescapes them.
func labelOf(path string) (string, bool) {
	name, ok := strings.CutPrefix(path, "/label/")
	if !ok {
		return "", false
	}
	name, ok = strings.CutSuffix(name, "/values")
	if !ok || name == "" {
		return "", false
	}
	if strings.Contains(name, "/") {
		name = model.EscapeName(name, model.ValueEncodingEscaping)
	}
	return name, true
}

// inner returns the request as the Prometheus API shall see it, or what is wrong
// with its parameters.
func (ws *workspace) inner(r *http.Request, path string) (*http.Request, error) {
	in := r.Clone(r.Context())
	in.URL = &url.URL{Path: path, RawQuery: r.URL.RawQuery}
	in.Header.Del("Accept-Encoding") // compressed outside
	in.Header.Del("Accept")          // there is one codec
	in.Header.Del("Origin")          // AMP's CORS is unknown; a page must not read a local emulator
	// awscurl posts everything in the URL with a JSON content type and an
	// empty body. [M] amp-api.md 1.2. What is no form has no say here.
	if ct := in.Header.Get("Content-Type"); ct != "" && !isForm(ct) {
		in.Header.Del("Content-Type")
	}
	// Of a malformed query string or form the readable part counts, as it does
	// in Prometheus.
	_ = in.ParseForm()
	if !isQuery(path) {
		return in, checkLookup(in.Form)
	}
	c, err := ws.api.readQuery(in.Form, path == "/query_range")
	if err != nil {
		return nil, err
	}
	return in.WithContext(context.WithValue(in.Context(), callKey{}, c)), nil
}

func isForm(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && media == formType
}
