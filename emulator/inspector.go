package emulator

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/ampersand-amp/ampersand/emulator/explain"
)

// inspectorSize is how many requests are remembered of those that were accepted,
// and of those that were not.
const inspectorSize = 500

// maxShownPath bounds the path that logs and the inspector show.
const maxShownPath = 1 << 10

// maxShownQuery and maxShownUserAgent bound what is kept of a client's own texts.
const (
	maxShownQuery     = 2 << 10
	maxShownUserAgent = 256
)

// inspector remembers the last requests that were accepted and the last that were
// not, apart, so that a chain's ordinary traffic does not push refusals out.
type inspector struct {
	mu       sync.Mutex
	seen     uint64 // requests until now
	accepted ring
	refused  ring
}

// ring holds the newest requests.
type ring struct {
	kept []numbered
	next int
}

// numbered is a request with its place in the order of all.
type numbered struct {
	n uint64
	explain.Request
}

func newInspector(size int) *inspector {
	return &inspector{accepted: ring{kept: make([]numbered, 0, size)}, refused: ring{kept: make([]numbered, 0, size)}}
}

func (i *inspector) add(r explain.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.seen++
	to := &i.accepted
	if r.Verdict != explain.Accepted {
		to = &i.refused
	}
	to.add(numbered{i.seen, r})
}

func (r *ring) add(one numbered) {
	if len(r.kept) < cap(r.kept) {
		r.kept = append(r.kept, one)
		return
	}
	r.kept[r.next] = one
	r.next = (r.next + 1) % len(r.kept)
}

// Last returns the requests, the newest first, without their explanations.
func (i *inspector) Last() []explain.Request {
	i.mu.Lock()
	all := slices.Concat(i.accepted.kept, i.refused.kept)
	i.mu.Unlock()
	slices.SortFunc(all, func(a, b numbered) int { return cmp.Compare(b.n, a.n) })
	out := make([]explain.Request, len(all))
	for n := range all {
		out[n] = all[n].Request
		out[n].Explanation = nil
	}
	return out
}

// Find returns one request, with its explanation.
func (i *inspector) Find(id string) (explain.Request, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, kept := range [][]numbered{i.refused.kept, i.accepted.kept} {
		for _, r := range kept {
			if r.ID == id {
				return r.Request, true
			}
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
