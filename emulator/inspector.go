package emulator

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// inspectorSize is how many requests are remembered.
const inspectorSize = 500

// maxShownPath bounds the path that logs and the inspector show.
const maxShownPath = 1 << 10

// maxExplanation bounds each text of an explanation, so that remembering does
// not grow with what clients send.
const maxExplanation = 16 << 10

// maxShownQuery and maxShownUserAgent bound what is kept of a client's own texts.
const (
	maxShownQuery     = 2 << 10
	maxShownUserAgent = 256
)

// The verdicts on a request.
const (
	verdictAccepted = "accepted"
	verdictRefused  = "refused" // the client's fault: 4xx
	verdictFailed   = "failed"  // the emulator's fault: 5xx
)

// entry is one request as /_ampersand/api/requests shows it.
type entry struct {
	ID     string    `json:"id"`
	Time   time.Time `json:"time"`
	Method string    `json:"method"`
	// Path has no query: a presigned one carries a signature.
	Path string `json:"path"`
	// Query is the PromQL of a query, empty for other requests.
	Query string `json:"query,omitempty"`
	// UserAgent is what the client calls itself.
	UserAgent string `json:"userAgent,omitempty"`
	// Identity is the ARN of the verified caller, empty if there is none.
	Identity string `json:"identity"`
	Verdict  string `json:"verdict"`
	// Reason says why a request was not accepted, in one word for machines.
	Reason string `json:"reason,omitempty"`
	Status int    `json:"status"`
	// Duration is in seconds.
	Duration float64 `json:"duration"`

	explanation *explanation
}

// explanation is what the emulator knows about a refusal, free of secrets and
// tokens.
type explanation struct {
	Type             string `json:"type,omitempty"`
	Message          string `json:"message,omitempty"`
	Hint             string `json:"hint,omitempty"`
	AccessKeyID      string `json:"accessKeyId,omitempty"`
	CanonicalRequest string `json:"canonicalRequest,omitempty"`
	StringToSign     string `json:"stringToSign,omitempty"`
}

// inspector remembers the last requests in a ring.
type inspector struct {
	mu   sync.Mutex
	ring []entry
	next int
}

func newInspector(size int) *inspector { return &inspector{ring: make([]entry, 0, size)} }

func (i *inspector) add(e entry) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.ring) < cap(i.ring) {
		i.ring = append(i.ring, e)
		return
	}
	i.ring[i.next] = e
	i.next = (i.next + 1) % len(i.ring)
}

// last returns the requests, the newest first.
func (i *inspector) last() []entry {
	i.mu.Lock()
	defer i.mu.Unlock()
	out := make([]entry, 0, len(i.ring))
	for n := len(i.ring) - 1; n >= 0; n-- {
		out = append(out, i.ring[(i.next+n)%len(i.ring)])
	}
	return out
}

func (i *inspector) find(id string) (entry, bool) {
	for _, e := range i.last() {
		if e.ID == id {
			return e, true
		}
	}
	return entry{}, false
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
