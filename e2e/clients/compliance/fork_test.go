package compliance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
)

// fork sends each request to the emulator, signature and all, and to the suite's receiver, whose answer it passes on:
// the emulator takes or refuses, the suite judges.
type fork struct {
	server             *httptest.Server
	emulator, receiver *url.URL

	mu      sync.Mutex
	taken   int
	refused []error
}

func newFork(workspace, receiver string) (*fork, error) {
	f := &fork{}
	var err error
	if f.emulator, err = url.Parse(workspace); err != nil {
		return nil, fmt.Errorf("the workspace's URL: %w", err)
	}
	if f.receiver, err = url.Parse(receiver); err != nil {
		return nil, fmt.Errorf("the receiver's URL: %w", err)
	}
	f.server = httptest.NewServer(f)
	return f, nil
}

// Close ends the fork.
func (f *fork) Close() { f.server.Close() }

// Host is what the proxy sends to, and signs.
func (f *fork) Host() string { return f.server.Listener.Addr().String() }

// Path is the workspace's path for writes.
func (f *fork) Path() string { return f.emulator.Path + "/api/v1/remote_write" }

// Taken says how many requests the emulator took, and as what it refused others.
func (f *fork) Taken() (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.taken, errors.Join(f.refused...)
}

// ServeHTTP implements http.Handler.
func (f *fork) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	status, _, text, err := pass(r, f.emulator, r.URL.Path, body)
	f.mu.Lock()
	switch {
	case err != nil:
		f.refused = append(f.refused, fmt.Errorf("the emulator: %w", err))
	case status/100 != 2:
		f.refused = append(f.refused, fmt.Errorf("the emulator answered %d: %s", status, text))
	default:
		f.taken++
	}
	f.mu.Unlock()
	status, header, text, err := pass(r, f.receiver, f.receiver.Path, body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	for name, values := range header {
		w.Header()[name] = values
	}
	w.WriteHeader(status)
	_, _ = w.Write(text) // a sender that is gone has no use for it
}

// pass sends a request on as it came, under the Host that it was signed for.
func pass(r *http.Request, to *url.URL, path string, body []byte) (int, http.Header, []byte, error) {
	target := *to
	target.Path = path
	// A sender that ends takes back what it is about to send. That is no refusal.
	out, err := http.NewRequestWithContext(context.WithoutCancel(r.Context()), r.Method, target.String(), bytes.NewReader(body))
	if err != nil {
		return 0, nil, nil, fmt.Errorf("make the request: %w", err)
	}
	out.Header, out.Host = r.Header.Clone(), r.Host
	res, err := http.DefaultClient.Do(out)
	if err != nil {
		return 0, nil, nil, fmt.Errorf("send the request on: %w", err)
	}
	defer func() { _ = res.Body.Close() }() // it was read
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, nil, nil, fmt.Errorf("read the answer: %w", err)
	}
	return res.StatusCode, res.Header, text, nil
}
