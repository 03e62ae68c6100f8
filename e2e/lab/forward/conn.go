package forward

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/streaming/pkg/httpstream"
)

const (
	// maxFrame is the most that is written at once: a frame of the protocol has an upper limit, and a big one holds up the
	// other connections of the pod.
	maxFrame = 64 << 10
	// maxMessage is the most that is read of an error's text.
	maxMessage = 16 << 10
	// verdictTimeout bounds the wait for the error stream once the data has ended. Both end together.
	verdictTimeout = 2 * time.Second
)

// conn is one connection to a port of a pod. A deadline that passes ends it for good.
type conn struct {
	dialer        *Dialer
	session       *session
	address       podAddr
	data, failure httpstream.Stream

	verdict chan struct{} // closed when the error stream has ended; guards err
	err     error

	once    sync.Once
	closed  chan struct{}
	expired atomic.Bool

	mu          sync.Mutex
	read, write *time.Timer
}

// open makes a connection of a session's streams. The session's user becomes the connection's. The library waits for the
// answer to a new stream for half a minute, even when the session has ended meanwhile, and cannot be stopped: so that is
// left to itself.
func (d *Dialer) open(ctx context.Context, s *session, address string, port int) (*conn, error) {
	type result struct {
		conn *conn
		err  error
	}
	opened, left := make(chan result), make(chan struct{})
	defer close(left)
	go func() {
		r := result{}
		r.conn, r.err = d.newConn(s, address, port)
		select {
		case opened <- r:
		case <-left:
			if r.err == nil {
				r.conn.disconnect()
			}
		}
	}()
	select {
	case r := <-opened:
		return r.conn, r.err
	case <-s.streams.CloseChan():
		return nil, errLost
	case <-d.life.Done():
		return nil, errClosed
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (d *Dialer) newConn(s *session, address string, port int) (*conn, error) {
	data, failure, err := s.pair(port)
	if err != nil {
		return nil, err
	}
	c := &conn{
		dialer: d, session: s, address: podAddr(address), data: data, failure: failure,
		verdict: make(chan struct{}), closed: make(chan struct{}),
	}
	if !d.begin() {
		s.remove(data, failure)
		return nil, errClosed
	}
	go func() {
		defer d.running.Done()
		c.listen()
	}()
	return c, nil
}

// listen waits for what the other side has to say about the connection.
func (c *conn) listen() {
	defer close(c.verdict)
	message, err := io.ReadAll(io.LimitReader(c.failure, maxMessage))
	switch {
	case len(message) > 0:
		c.err = fmt.Errorf("forward to %s: %s", c.address, message)
		// Such a session may lead to a sandbox that the pod no longer has.
		c.dialer.retire(c.session)
	case err != nil:
		c.err = fmt.Errorf("forward to %s: %w", c.address, err)
	}
}

// Read implements net.Conn. What went wrong on the other side - nothing listens, the pod has gone - is its error.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.data.Read(p)
	if err == nil {
		return n, nil
	}
	if err := c.ended(); err != nil {
		return n, err
	}
	late := time.NewTimer(verdictTimeout)
	defer late.Stop()
	select {
	case <-c.verdict:
		if c.err != nil {
			return n, c.err
		}
	case <-c.closed:
	case <-late.C:
	}
	if err := c.ended(); err != nil {
		return n, err
	}
	if c.session.broken() {
		return n, fmt.Errorf("forward to %s: %w", c.address, errLost)
	}
	return n, err
}

// Write implements net.Conn.
func (c *conn) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 {
		if err := c.ended(); err != nil {
			return written, err
		}
		n, err := c.data.Write(p[:min(len(p), maxFrame)])
		written += n
		if err != nil {
			return written, fmt.Errorf("forward to %s: %w", c.address, err)
		}
		p = p[n:]
	}
	return written, nil
}

// ended returns why this side cannot be used any more, or nil.
func (c *conn) ended() error {
	if c.expired.Load() {
		return os.ErrDeadlineExceeded
	}
	select {
	case <-c.closed:
		return net.ErrClosed
	default:
		return nil
	}
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.once.Do(func() {
		c.disconnect()
		c.dialer.release(c.session)
	})
	return nil
}

// disconnect ends the streams and leaves the session's users alone.
func (c *conn) disconnect() {
	close(c.closed)
	_ = c.SetDeadline(time.Time{})
	_ = c.data.Close()
	c.session.remove(c.data, c.failure)
}

// LocalAddr implements net.Conn.
func (c *conn) LocalAddr() net.Addr { return podAddr("here") }

// RemoteAddr implements net.Conn.
func (c *conn) RemoteAddr() net.Addr { return c.address }

// SetDeadline implements net.Conn.
func (c *conn) SetDeadline(t time.Time) error {
	_ = c.SetReadDeadline(t)
	return c.SetWriteDeadline(t)
}

// SetReadDeadline implements net.Conn.
func (c *conn) SetReadDeadline(t time.Time) error { return c.setTimer(&c.read, t) }

// SetWriteDeadline implements net.Conn.
func (c *conn) SetWriteDeadline(t time.Time) error { return c.setTimer(&c.write, t) }

func (c *conn) setTimer(timer **time.Timer, t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if *timer != nil {
		(*timer).Stop()
		*timer = nil
	}
	if t.IsZero() {
		return nil
	}
	if err := c.ended(); err != nil {
		return err
	}
	*timer = time.AfterFunc(time.Until(t), func() {
		c.expired.Store(true)
		_ = c.Close()
	})
	return nil
}
