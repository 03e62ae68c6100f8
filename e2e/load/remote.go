package load

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// State is what a generator behind the control API (fixtures/load) says of itself.
type State struct {
	Stats
	// Rate is what is offered now, in requests per second.
	Rate float64 `json:"rate"`
	// Targets are the URLs that the load is spread over.
	Targets []string `json:"targets"`
}

// attemptTimeout bounds one try of a request to the control API.
const attemptTimeout = 2 * time.Second

// Remote is a Generator in another process, by its control API. All methods may be called concurrently.
type Remote struct {
	client *http.Client
	base   string

	mu   sync.Mutex
	rate float64
}

// NewRemote returns a client of the control API at base, a URL that may have a path; client nil is a plain one.
func NewRemote(client *http.Client, base string) *Remote {
	if client == nil {
		client = http.DefaultClient
	}
	return &Remote{client: client, base: strings.TrimSuffix(base, "/")}
}

// SetRate changes the rate, in requests per second over all targets. The new rate is in force when it returns nil.
func (r *Remote) SetRate(ctx context.Context, perSecond float64) error {
	if _, err := r.call(ctx, http.MethodPut, "/rate", map[string]any{"rate": perSecond}); err != nil {
		return fmt.Errorf("set the load's rate to %g/s: %w", perSecond, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rate = perSecond
	return nil
}

// SetProfile has the rate follow a profile. It has begun when it returns nil.
func (r *Remote) SetProfile(ctx context.Context, points []Point) error {
	if err := checkProfile(points); err != nil {
		return fmt.Errorf("set the load's profile: %w", err)
	}
	if _, err := r.call(ctx, http.MethodPut, "/profile", map[string]any{"points": points}); err != nil {
		return fmt.Errorf("set the load's profile of %d points: %w", len(points), err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rate = points[len(points)-1].Rate
	return nil
}

// Rate returns the rate that was set last, of a profile the last one.
func (r *Remote) Rate() float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.rate
}

// SetTargets changes the URLs that the load is spread over.
func (r *Remote) SetTargets(ctx context.Context, urls []string) error {
	if urls == nil {
		urls = []string{} // none, which is not the same as nothing said
	}
	if _, err := r.call(ctx, http.MethodPut, "/targets", map[string]any{"targets": urls}); err != nil {
		return fmt.Errorf("set the load's %d targets: %w", len(urls), err)
	}
	return nil
}

// Stats returns the counts so far.
func (r *Remote) Stats(ctx context.Context) (Stats, error) {
	state, err := r.call(ctx, http.MethodGet, "/stats", nil)
	if err != nil {
		return Stats{}, fmt.Errorf("read the load's counts: %w", err)
	}
	return state.Stats, nil
}

// Stop ends the load and the process that offers it.
func (r *Remote) Stop(ctx context.Context) error {
	if _, err := r.call(ctx, http.MethodPost, "/stop", nil); err != nil {
		return fmt.Errorf("stop the load: %w", err)
	}
	return nil
}

// call sends a request until it is answered, refused or was tried often enough: what lies between, the API server's proxy or a
// port-forward, may drop a connection. Every request may arrive twice, since it says what is to be and not what to change.
func (r *Remote) call(ctx context.Context, method, path string, body any) (State, error) {
	var payload []byte
	if body != nil {
		var err error
		if payload, err = json.Marshal(body); err != nil {
			return State{}, fmt.Errorf("encode the request: %w", err)
		}
	}
	var state State
	var last error
	attempts := wait.Backoff{Duration: 50 * time.Millisecond, Factor: 2, Steps: 5}
	err := wait.ExponentialBackoffWithContext(ctx, attempts, func(ctx context.Context) (bool, error) {
		state, last = r.try(ctx, method, path, payload)
		if refused, ok := errors.AsType[*refusal](last); ok && refused.final() {
			return false, last
		}
		return last == nil, nil
	})
	if last == nil || ctx.Err() != nil {
		return state, errors.Join(err, last)
	}
	return state, last
}

func (r *Remote) try(ctx context.Context, method, path string, payload []byte) (State, error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, r.base+path, bytes.NewReader(payload))
	if err != nil {
		return State{}, err
	}
	if payload != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := r.client.Do(request)
	if err != nil {
		return State{}, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return State{}, fmt.Errorf("read the answer of %s: %w", request.URL, err)
	}
	if response.StatusCode != http.StatusOK {
		return State{}, &refusal{code: response.StatusCode, text: fmt.Sprintf("%s answers %s: %.200s", request.URL, response.Status, bytes.TrimSpace(text))}
	}
	var state State
	if err := json.Unmarshal(text, &state); err != nil {
		return State{}, fmt.Errorf("decode the answer of %s: %w", request.URL, err)
	}
	return state, nil
}

// refusal is an answer that is no success.
type refusal struct {
	code int
	text string
}

func (r *refusal) Error() string { return r.text }

// final tells whether the same request would be refused again.
func (r *refusal) final() bool {
	return r.code < http.StatusInternalServerError && r.code != http.StatusTooManyRequests
}
