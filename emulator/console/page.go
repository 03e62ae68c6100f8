package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

//go:embed pages static
var embedded embed.FS

// page is what every template gets.
type page struct {
	Title string
	// Section is the part of the navigation that the page belongs to.
	Section string
	About   About
	Body    any
}

// files are the templates and what pages load, read when first needed.
type files struct {
	templates func() (map[string]*template.Template, error)
	static    func() (map[string]asset, error)
}

// asset is a file that pages load. Its address has its hash in it, so that a page of
// another version of the program never meets it.
type asset struct {
	address, kind string
	content       []byte
}

func newFiles() *files {
	f := &files{static: sync.OnceValues(readStatic)}
	f.templates = sync.OnceValues(f.readTemplates)
	return f
}

func readStatic() (map[string]asset, error) {
	kinds := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	entries, err := embedded.ReadDir("static")
	if err != nil {
		return nil, fmt.Errorf("read the console's files: %w", err)
	}
	assets := map[string]asset{}
	for _, e := range entries {
		content, err := embedded.ReadFile("static/" + e.Name())
		if err != nil {
			return nil, fmt.Errorf("read the console's files: %w", err)
		}
		sum := sha256.Sum256(content)
		ext := path.Ext(e.Name())
		address := strings.TrimSuffix(e.Name(), ext) + "-" + hex.EncodeToString(sum[:6]) + ext
		assets[e.Name()] = asset{address: address, kind: kinds[ext], content: content}
	}
	return assets, nil
}

func (f *files) readTemplates() (map[string]*template.Template, error) {
	layout, err := template.New("layout.html").Funcs(f.funcs()).ParseFS(embedded, "pages/layout.html", "pages/parts.html")
	if err != nil {
		return nil, fmt.Errorf("read the console's layout: %w", err)
	}
	names, err := fs.Glob(embedded, "pages/*.html")
	if err != nil {
		return nil, fmt.Errorf("list the console's pages: %w", err)
	}
	all := map[string]*template.Template{}
	for _, name := range names {
		one, err := layout.Clone()
		if err == nil {
			one, err = one.ParseFS(embedded, name)
		}
		if err != nil {
			return nil, fmt.Errorf("read the console's page %s: %w", name, err)
		}
		all[path.Base(name)] = one
	}
	return all, nil
}

func (f *files) funcs() template.FuncMap {
	return template.FuncMap{
		"asset": func(name string) (string, error) {
			assets, err := f.static()
			if err != nil {
				return "", err
			}
			a, ok := assets[name]
			if !ok {
				return "", fmt.Errorf("the console has no file %s", name)
			}
			return Path + "static/" + a.address, nil
		},
		"clock":   func(t time.Time) string { return t.UTC().Format("15:04:05.000") },
		"instant": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 MST") },
		"machine": func(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) },
		"number":  grouped,
		"rate":    perSecond,
		"took":    took,
		"lines":   lines,
		"inc":     func(i int) int { return i + 1 },
		"hue":     func(i int) int { return i % hues },
		"dash":    func(i int) int { return i / hues },
		"percent": func(share float64) string { return strconv.FormatFloat(100*share, 'f', 1, 64) + " %" },
		"labels":  func(set map[string]string) string { return labels.FromMap(set).String() },
		"span":    func(d time.Duration) string { return model.Duration(d).String() },
		"dict":    dict,
	}
}

// dict makes what a template within a template is given, from names and values.
func dict(pairs ...any) (map[string]any, error) {
	out := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("%v is not a name", pairs[i])
		}
		out[name] = pairs[i+1]
	}
	return out, nil
}

// render writes a page, or says that it could not be made.
func (c *Console) render(w http.ResponseWriter, status int, name string, p page) {
	c.renderPart(w, status, name, "layout.html", p)
}

// renderPart writes one of the templates that a page defines.
func (c *Console) renderPart(w http.ResponseWriter, status int, name, part string, p page) {
	p.About = c.About
	var b bytes.Buffer
	all, err := c.files.templates()
	if err == nil {
		err = all[name].ExecuteTemplate(&b, part, p)
	}
	if err != nil {
		c.Logger.Error("the console's page could not be made", "page", name, "error", err)
		http.Error(w, "this page could not be made; the emulator's log says why", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the reader may be gone
}

func (c *Console) static(w http.ResponseWriter, r *http.Request) {
	assets, err := c.files.static()
	if err != nil {
		c.Logger.Error("the console's files could not be read", "error", err)
	}
	for _, a := range assets {
		if a.address == r.PathValue("name") {
			w.Header().Set("Content-Type", a.kind)
			_, _ = w.Write(a.content) // the reader may be gone
			return
		}
	}
	http.NotFound(w, r)
}
