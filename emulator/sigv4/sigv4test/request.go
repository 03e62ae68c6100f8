package sigv4test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxRequest bounds what is read of one request.
const maxRequest = 4 << 20

// Request is one request byte by byte, as it was on the wire.
type Request []byte

// ReadRequest reads the next request of a connection. It takes bodies of a known
// length only: that is how all clients that sign send them.
func ReadRequest(r *bufio.Reader) (Request, error) {
	var raw Request
	for !bytes.HasSuffix(raw, []byte("\r\n\r\n")) {
		line, err := r.ReadSlice('\n')
		raw = append(raw, line...)
		switch {
		case err != nil && len(raw) == 0:
			return nil, io.EOF // however a client ends a connection that it no longer needs
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return nil, fmt.Errorf("read the head of a request: %w", err)
		case len(raw) > maxRequest:
			return nil, errors.New("read the head of a request: it does not end")
		}
	}
	if raw.Header("Transfer-Encoding") != "" {
		return nil, errors.New("read a request: its body comes in chunks")
	}
	length, err := strconv.Atoi("0" + raw.Header("Content-Length"))
	if err != nil || length > maxRequest {
		return nil, fmt.Errorf("read a request: it has the length %q", raw.Header("Content-Length"))
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, fmt.Errorf("read the body of a request: %w", err)
	}
	return append(raw, body...), nil
}

// Method is the request's method.
func (r Request) Method() string {
	method, _, _ := strings.Cut(r.line(0), " ")
	return method
}

// Target is the request target: the path with the query.
func (r Request) Target() string {
	_, rest, _ := strings.Cut(r.line(0), " ")
	target, _, _ := strings.Cut(rest, " ")
	return target
}

// Header is the first value of a header, empty if there is none.
func (r Request) Header(name string) string {
	at := r.header(name)
	return string(r[at.start:at.end])
}

// Body is what follows the head.
func (r Request) Body() []byte { return r[r.headEnd():] }

// line returns one line of the head.
func (r Request) line(n int) string {
	lines := strings.SplitN(string(r[:r.headEnd()]), "\r\n", n+2)
	return lines[n]
}

func (r Request) headEnd() int {
	if end := bytes.Index(r, []byte("\r\n\r\n")); end >= 0 {
		return end + 4
	}
	return len(r)
}

// span is a piece of a request.
type span struct{ start, end int }

func (s span) len() int { return s.end - s.start }

// header finds the value of a header, without the blanks around it.
func (r Request) header(name string) span {
	head := r[:r.headEnd()]
	for start := 0; start < len(head); {
		end := start + bytes.IndexByte(head[start:], '\n')
		if colon := bytes.IndexByte(head[start:end], ':'); start > 0 && colon >= 0 && strings.EqualFold(string(head[start:start+colon]), name) {
			value := span{start + colon + 1, end}
			for value.start < value.end && (head[value.start] == ' ' || head[value.start] == '\t') {
				value.start++
			}
			for value.end > value.start && (head[value.end-1] == '\r' || head[value.end-1] == ' ' || head[value.end-1] == '\t') {
				value.end--
			}
			return value
		}
		start = end + 1
	}
	return span{}
}

// Answer is what a server answered to a Request.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Sender sends requests to a server, over one connection for as long as it lasts.
type Sender struct {
	// Address is the server's.
	Address string

	conn net.Conn
	in   *bufio.Reader
}

// Send sends a request as it is. With half, nothing follows it and the server is told
// so: the answer to a request that announces more than it has.
func (s *Sender) Send(ctx context.Context, r Request, half bool) (Answer, error) {
	if half {
		s.Close()
	}
	for fresh := s.conn == nil; ; fresh = true {
		if s.conn == nil {
			conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.Address)
			if err != nil {
				return Answer{}, fmt.Errorf("send a request: %w", err)
			}
			s.conn, s.in = conn, bufio.NewReader(conn)
		}
		answer, err := s.exchange(r, half)
		if err == nil {
			return answer, nil
		}
		s.Close()
		if fresh { // not a connection that the server had closed
			return Answer{}, fmt.Errorf("send %s %.80s: %w", r.Method(), r.Target(), err)
		}
	}
}

func (s *Sender) exchange(r Request, half bool) (Answer, error) {
	const patience = time.Minute
	if err := s.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return Answer{}, err
	}
	if _, err := s.conn.Write(r); err != nil {
		return Answer{}, err
	}
	if tcp, ok := s.conn.(*net.TCPConn); ok && half {
		if err := tcp.CloseWrite(); err != nil {
			return Answer{}, err
		}
	}
	res, err := http.ReadResponse(s.in, &http.Request{Method: r.Method()})
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return Answer{}, err
	}
	if res.Close || half {
		s.Close()
	}
	return Answer{res.StatusCode, res.Header, string(body)}, nil
}

// Close ends the connection.
func (s *Sender) Close() {
	if s.conn != nil {
		_ = s.conn.Close() // nothing is expected of it any more
		s.conn = nil
	}
}
