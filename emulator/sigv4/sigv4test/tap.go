package sigv4test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
)

// Exchange is a request that went through a Tap, and what the server said.
type Exchange struct {
	Request Request
	// Status is that of the answer, ID the request's by its header x-amzn-RequestId.
	Status int
	ID     string
}

// Tap stands between clients and a server and keeps a copy of every request. It
// changes nothing of requests.
type Tap struct {
	server   string
	listener net.Listener
	seen     func(Exchange)
	ctx      context.Context
	stop     context.CancelFunc
	wg       sync.WaitGroup

	mu   sync.Mutex
	errs []error
}

// NewTap starts a tap before the server with that address. It calls seen for each
// request once the server has answered and before the client knows.
func NewTap(ctx context.Context, server string, seen func(Exchange)) (*Tap, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start a tap: %w", err)
	}
	t := &Tap{server: server, listener: listener, seen: seen}
	t.ctx, t.stop = context.WithCancel(ctx)
	t.wg.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return // Close ends it
			}
			t.wg.Go(func() { t.serve(client) })
		}
	})
	return t, nil
}

// Address is the tap's, for clients.
func (t *Tap) Address() string { return t.listener.Addr().String() }

// Close ends the tap and its connections, and returns what went wrong with them.
func (t *Tap) Close() error {
	t.stop()
	err := t.listener.Close()
	t.wg.Wait()
	return errors.Join(append(t.errs, err)...)
}

func (t *Tap) serve(client net.Conn) {
	server, err := new(net.Dialer).DialContext(t.ctx, "tcp", t.server)
	if err != nil {
		t.note(fmt.Errorf("reach the server behind a tap: %w", err))
		_ = client.Close()
		return
	}
	closeBoth := func() { _, _ = client.Close(), server.Close() }
	defer closeBoth()
	defer context.AfterFunc(t.ctx, closeBoth)()

	fromClient, fromServer := bufio.NewReader(client), bufio.NewReader(server)
	for {
		request, err := ReadRequest(fromClient)
		if errors.Is(err, io.EOF) && request == nil {
			return
		}
		if err == nil {
			err = t.pass(request, server, fromServer, client)
		}
		if err != nil {
			if t.ctx.Err() == nil {
				t.note(err)
			}
			return
		}
	}
}

// pass hands on a request and its answer.
func (t *Tap) pass(request Request, server io.Writer, fromServer *bufio.Reader, client io.Writer) error {
	if _, err := server.Write(request); err != nil {
		return fmt.Errorf("hand a request to the server: %w", err)
	}
	res, err := http.ReadResponse(fromServer, &http.Request{Method: request.Method()})
	if err != nil {
		return fmt.Errorf("read the server's answer: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	t.seen(Exchange{Request: request, Status: res.StatusCode, ID: res.Header.Get("X-Amzn-Requestid")})
	if err := res.Write(client); err != nil {
		return fmt.Errorf("hand the answer to the client: %w", err)
	}
	return nil
}

func (t *Tap) note(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.errs = append(t.errs, err)
}
