package forward_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	constants "k8s.io/apimachinery/pkg/util/portforward"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"

	"github.com/ampersand-amp/ampersand/e2e/lab/forward"
)

// apiServer speaks the port-forward protocol as the API server and a kubelet do together.
type apiServer struct {
	t      *testing.T
	config *rest.Config
	// websockets is false for a server, or a proxy before it, that only lets SPDY through.
	websockets bool

	mu       sync.Mutex
	pods     map[string]string // address of what runs in a pod, by "namespace/name:port"
	sessions []httpstream.Connection
	asked    int
}

func newAPIServer(t *testing.T, websockets bool) *apiServer {
	t.Helper()
	a := &apiServer{t: t, websockets: websockets, pods: map[string]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("/api/v1/namespaces/{namespace}/pods/{name}/portforward", a.serve)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	t.Cleanup(a.cut)
	a.config = &rest.Config{Host: server.URL}
	return a
}

func (a *apiServer) dialer() *forward.Dialer {
	a.t.Helper()
	d, err := forward.New(a.config)
	require.NoError(a.t, err)
	a.t.Cleanup(d.Close)
	return d
}

// run lets a handler listen on a port of a pod.
func (a *apiServer) run(pod string, port int, handler http.Handler) {
	a.t.Helper()
	server := httptest.NewServer(handler)
	a.t.Cleanup(server.Close)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pods[fmt.Sprintf("%s:%d", pod, port)] = server.Listener.Addr().String()
}

// cut ends all sessions, as a restart of the API server does.
func (a *apiServer) cut() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range a.sessions {
		_ = s.Close()
	}
	a.sessions = nil
}

// counted returns how many sessions were asked for.
func (a *apiServer) counted() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asked
}

func (a *apiServer) serve(w http.ResponseWriter, r *http.Request) {
	pod := r.PathValue("namespace") + "/" + r.PathValue("name")
	streams := make(chan httpstream.Stream, 16)
	accept := func(stream httpstream.Stream, _ <-chan struct{}) error {
		streams <- stream
		return nil
	}
	session, err := a.upgrade(w, r, accept)
	if err != nil {
		return // the upgraders have answered
	}
	a.mu.Lock()
	a.asked++
	a.sessions = append(a.sessions, session)
	a.mu.Unlock()
	failures := map[string]httpstream.Stream{}
	for {
		select {
		case <-session.CloseChan():
			return
		case stream := <-streams:
			id := stream.Headers().Get(corev1.PortForwardRequestIDHeader)
			if stream.Headers().Get(corev1.StreamType) == corev1.StreamTypeError {
				failures[id] = stream
				continue
			}
			go a.forward(session, pod, stream, failures[id])
			delete(failures, id)
		}
	}
}

func (a *apiServer) upgrade(w http.ResponseWriter, r *http.Request, accept httpstream.NewStreamHandler) (httpstream.Connection, error) {
	if strings.HasPrefix(r.URL.Path, "/api/v1/namespaces/gone/") {
		http.Error(w, "pod not found", http.StatusNotFound)
		return nil, io.EOF
	}
	if websocket.IsWebSocketUpgrade(r) {
		if !a.websockets {
			http.Error(w, "no websockets here", http.StatusForbidden)
			return nil, io.EOF
		}
		upgrader := websocket.Upgrader{Subprotocols: []string{constants.WebsocketsSPDYTunnelingPortForwardV1}}
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return nil, err
		}
		return spdy.NewServerConnection(portforward.NewTunnelingConnection("server", conn), accept)
	}
	if _, err := httpstream.Handshake(r, w, []string{portforward.PortForwardProtocolV1Name}); err != nil {
		return nil, err
	}
	session := spdy.NewResponseUpgrader().UpgradeResponse(w, r, accept)
	if session == nil {
		return nil, io.EOF
	}
	return session, nil
}

func (a *apiServer) forward(session httpstream.Connection, pod string, data, failure httpstream.Stream) {
	defer session.RemoveStreams(data, failure)
	defer func() { _, _ = data.Close(), failure.Close() }()
	port := data.Headers().Get(corev1.PortHeader)
	a.mu.Lock()
	address, found := a.pods[pod+":"+port]
	a.mu.Unlock()
	if !found {
		_, _ = fmt.Fprintf(failure, "an error occurred forwarding %s: connection refused", port)
		return
	}
	conn, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", address)
	if err != nil {
		_, _ = fmt.Fprint(failure, err)
		return
	}
	defer func() { _ = conn.Close() }()
	go func() {
		_, _ = io.Copy(conn, data)
		_ = conn.(*net.TCPConn).CloseWrite()
	}()
	_, _ = io.Copy(data, conn)
}
