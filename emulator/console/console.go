package console

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/alerting"
	"github.com/ampersand-amp/ampersand/emulator/explain"
	"github.com/ampersand-amp/ampersand/emulator/fault"
	"github.com/ampersand-amp/ampersand/emulator/quota"
	"github.com/ampersand-amp/ampersand/emulator/traffic"
	"github.com/ampersand-amp/ampersand/emulator/workspace"
)

// Path is where the console is.
const Path = "/_ampersand/"

// maxForm bounds what a form may send; a fault rule is far smaller.
const maxForm = 256 << 10

// About is what is told about the emulator as a whole.
type About struct {
	Version, Region, AccountID string
	// URL is the emulator's own idea of its address.
	URL string
	// DataDir is empty if the data is temporary.
	DataDir string
	// NoAuth says that unsigned requests are taken as the root's.
	NoAuth bool
	// AccessKeyID is the root key's id, ExampleSecret its secret if that is the one of
	// AWS's documentation, else empty: pages never hold another one.
	AccessKeyID, ExampleSecret string
	Started                    time.Time
}

// Workspaces is the control plane.
type Workspaces interface {
	All() []*workspace.Workspace
	Create(workspace.CreateInput) (*workspace.Workspace, error)
	InForce(id string) (workspace.InForce, bool)
}

// Samples is what workspaces hold.
type Samples interface {
	// Series returns how many series are in memory, and false if the samples of the
	// workspace were not used since the start.
	Series(workspaceID string) (n uint64, ok bool)
	// ServeQuery serves the Prometheus API of a workspace; the path of the request is
	// what follows /api/v1.
	ServeQuery(w http.ResponseWriter, r *http.Request, workspaceID string)
}

// Requests are those that the emulator remembers.
type Requests interface {
	// Last returns them, the newest first, without explanations.
	Last() []explain.Request
	// Find returns one of them with its explanation.
	Find(id string) (explain.Request, bool)
}

// Faults are the fault rules in force.
type Faults interface {
	List() []fault.Report
	Put(fault.Rule) (fault.Report, error)
	Delete(name string) bool
}

// Notifications are what alert managers would have sent.
type Notifications interface {
	Notifications(workspaceID string) []alerting.Notification
}

// Config is what the console shows and acts on. All fields are needed.
type Config struct {
	About         About
	Workspaces    Workspaces
	Samples       Samples
	Requests      Requests
	Faults        Faults
	Notifications Notifications
	Quotas        *quota.Set
	Traffic       *traffic.Book
	Now           func() time.Time
	Logger        *slog.Logger
}

// Console serves the pages.
type Console struct {
	Config
	mux   *http.ServeMux
	files *files
	off   shelf
}

// New returns the console's handler. Templates are read when the first page is asked for.
func New(cfg Config) *Console {
	c := &Console{Config: cfg, mux: http.NewServeMux(), files: newFiles()}
	for pattern, h := range map[string]http.HandlerFunc{
		"GET /_ampersand": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, Path, http.StatusMovedPermanently)
		},
		"GET /_ampersand/{$}":                     c.overview,
		"POST /_ampersand/workspaces":             c.createWorkspace,
		"GET /_ampersand/workspaces/{id}":         c.workspace,
		"GET /_ampersand/workspaces/{id}/query":   c.query,
		"GET /_ampersand/workspaces/{id}/connect": c.connect,
		"GET /_ampersand/requests":                c.requests,
		"GET /_ampersand/requests/{id}":           c.request,
		"GET /_ampersand/faults":                  c.faults,
		"POST /_ampersand/faults":                 c.changeFaults,
		"GET /_ampersand/static/{name}":           c.static,
		"/_ampersand/api/":                        http.NotFound, // what is there is served elsewhere
		"/_ampersand/":                            c.lost,
	} {
		c.mux.HandleFunc(pattern, h)
	}
	return c
}

// SetHeaders sets what every answer below /_ampersand/ has: nothing of it is kept,
// framed, or mixed with what other hosts serve.
func SetHeaders(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "+
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin") // an Origin of null would be taken for another site's
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
}

// ServeHTTP implements http.Handler.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	SetHeaders(w.Header())
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	c.mux.ServeHTTP(w, r)
}

// find returns a workspace, and answers the request if there is none of that id.
func (c *Console) find(w http.ResponseWriter, r *http.Request) (*workspace.Workspace, bool) {
	id := r.PathValue("id")
	for _, ws := range c.Workspaces.All() {
		if ws.ID == id {
			return ws, true
		}
	}
	c.notFound(w, "There is no workspace "+id+". It may have been deleted, or the emulator may have been started anew with temporary data.")
	return nil, false
}

func (c *Console) lost(w http.ResponseWriter, _ *http.Request) {
	c.notFound(w, "The console has no such page.")
}

func (c *Console) notFound(w http.ResponseWriter, text string) {
	c.render(w, http.StatusNotFound, "lost.html", page{Title: "Not found", Body: text})
}
