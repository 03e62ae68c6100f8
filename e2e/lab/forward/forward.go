// Package forward reaches pods from the test process: each dial is a pair of streams in the API server's port-forward.
// No local port is taken, and requests arrive in the pod as they were sent, which the API server's HTTP proxy does not
// promise.
package forward

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// connectTimeout bounds the making of one session. It is not the dialling caller's time, because several may wait for
// the same session.
const connectTimeout = 30 * time.Second

// errClosed is what a closed Dialer answers.
var errClosed = errors.New("the dialer is closed")

// Dialer dials pods of one cluster. All connections to a pod share a session, which is kept, and made again when it has
// broken. A connection that is not read from holds up the others of its pod, as the protocol has no flow control.
// It is safe for concurrent use.
type Dialer struct {
	config *rest.Config
	core   rest.Interface
	client *http.Client

	life       context.Context // of the sessions: ended by Close
	end        context.CancelFunc
	connecting singleflight.Group

	mu       sync.Mutex
	closed   bool
	sessions map[target]*session
	all      map[*session]struct{} // also those which are only waited for
	running  sync.WaitGroup
}

// New returns a Dialer for the cluster of config.
func New(config *rest.Config) (*Dialer, error) {
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make a client for forwarding: %w", err)
	}
	d := &Dialer{
		config: rest.CopyConfig(config), core: clients.CoreV1().RESTClient(),
		sessions: map[target]*session{}, all: map[*session]struct{}{},
	}
	d.life, d.end = context.WithCancel(context.Background())
	d.client = &http.Client{Transport: &http.Transport{DialContext: d.DialContext, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute}}
	return d, nil
}

// Client returns an HTTP client for URLs whose host is an Address. It keeps connections alive and uses no proxy.
func (d *Dialer) Client() *http.Client { return d.client }

// DialContext connects to an Address. That nothing listens there is not known yet when it returns: the first Read says so.
func (d *Dialer) DialContext(ctx context.Context, _, address string) (net.Conn, error) {
	pod, port, err := parseAddress(address)
	if err != nil {
		return nil, err
	}
	if !d.begin() {
		return nil, fmt.Errorf("dial %s: %w", address, errClosed)
	}
	defer d.running.Done()
	// A session may have broken unnoticed, and is then made again once.
	for range 2 {
		var s *session
		if s, err = d.take(ctx, pod); err != nil {
			break
		}
		var c *conn
		if c, err = d.open(ctx, s, address, port); err == nil {
			return c, nil
		}
		d.retire(s)
		d.release(s)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, fmt.Errorf("dial %s: %w", address, err)
}

// Close ends all connections and sessions, and waits until nothing of them runs any more.
func (d *Dialer) Close() {
	d.mu.Lock()
	d.closed = true
	left := d.all
	d.sessions, d.all = map[target]*session{}, map[*session]struct{}{}
	d.mu.Unlock()
	d.end()
	d.client.CloseIdleConnections()
	for s := range left {
		_ = s.streams.Close()
	}
	d.running.Wait()
}

// begin counts one more thing that Close waits for, unless Close was called.
func (d *Dialer) begin() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closed {
		d.running.Add(1)
	}
	return !d.closed
}

// take returns a session with one more user, who has to release it.
func (d *Dialer) take(ctx context.Context, pod target) (*session, error) {
	if s := d.known(pod); s != nil {
		return s, nil
	}
	made := d.connecting.DoChan(pod.String(), func() (any, error) {
		if !d.begin() {
			return nil, errClosed
		}
		defer d.running.Done()
		return nil, d.connect(pod)
	})
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case result := <-made:
		if result.Err != nil {
			return nil, result.Err
		}
	}
	if s := d.known(pod); s != nil {
		return s, nil
	}
	return nil, errLost
}

// known returns the pod's session with one more user, or nil when there is none that works.
func (d *Dialer) known(pod target) *session {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.sessions[pod]
	if s == nil || s.broken() {
		return nil
	}
	s.users++
	return s
}

// connect makes the session of a pod.
func (d *Dialer) connect(pod target) error {
	ctx, cancel := context.WithTimeout(d.life, connectTimeout)
	defer cancel()
	url := d.core.Get().Namespace(pod.namespace).Resource("pods").Name(pod.name).SubResource("portforward").URL()
	streams, err := negotiate(ctx, d.config, url)
	if err != nil {
		return err
	}
	s := &session{pod: pod, streams: streams}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		_ = streams.Close()
		return errClosed
	}
	if old := d.sessions[pod]; old != nil {
		d.dropLocked(old)
	}
	d.sessions[pod], d.all[s] = s, struct{}{}
	return nil
}

// retire keeps a session from new connections. It is closed when its last user has released it.
func (d *Dialer) retire(s *session) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dropLocked(s)
}

// release takes one user from a session.
func (d *Dialer) release(s *session) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s.users--
	if s.retired {
		d.dropLocked(s)
	}
}

func (d *Dialer) dropLocked(s *session) {
	s.retired = true
	if d.sessions[s.pod] == s {
		delete(d.sessions, s.pod)
	}
	if _, known := d.all[s]; known && s.users == 0 {
		delete(d.all, s)
		_ = s.streams.Close()
	}
}
