package emulator

import (
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/ampersand-amp/ampersand/emulator/explain"
)

// inspectorSize is how many requests are remembered.
const inspectorSize = 500

// maxShownPath bounds the path that logs and the inspector show.
const maxShownPath = 1 << 10

// maxShownQuery and maxShownUserAgent bound what is kept of a client's own texts.
const (
	maxShownQuery     = 2 << 10
	maxShownUserAgent = 256
)

// inspector remembers the last requests in a ring.
type inspector struct {
	mu   sync.Mutex
	ring []explain.Request
	next int
}

func newInspector(size int) *inspector { return &inspector{ring: make([]explain.Request, 0, size)} }

func (i *inspector) add(e explain.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.ring) < cap(i.ring) {
		i.ring = append(i.ring, e)
		return
	}
	i.ring[i.next] = e
	i.next = (i.next + 1) % len(i.ring)
}

// last returns the requests, the newest first, without their explanations.
func (i *inspector) last() []explain.Request {
	i.mu.Lock()
	defer i.mu.Unlock()
	out := make([]explain.Request, 0, len(i.ring))
	for n := len(i.ring) - 1; n >= 0; n-- {
		e := i.ring[(i.next+n)%len(i.ring)]
		e.Explanation = nil
		out = append(out, e)
	}
	return out
}

func (i *inspector) find(id string) (explain.Request, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, e := range i.ring {
		if e.ID == id {
			return e, true
		}
	}
	return explain.Request{}, false
}

// promQL returns the expression of a query request, from the URL or the form.
func promQL(r *http.Request, body []byte) string {
	if expression := r.URL.Query().Get("query"); expression != "" {
		return expression
	}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return ""
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return "" // the query API says what is wrong with it
	}
	return form.Get("query")
}

// cut returns the beginning of s, in memory of its own: s is a piece of a request
// of up to a megabyte, which must not live as long as what is remembered of it.
func cut(s string, limit int) string {
	return strings.Clone(s[:min(limit, len(s))])
}
