package forward

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	constants "k8s.io/apimachinery/pkg/util/portforward"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/client-go/transport/websocket"
	"k8s.io/streaming/pkg/httpstream"
	httpstreamspdy "k8s.io/streaming/pkg/httpstream/spdy"
)

// errLost is what connections of a session see that has ended by itself.
var errLost = errors.New("the connection to the API server was lost")

// session is one port-forward to a pod. Its counters are guarded by the Dialer's lock.
type session struct {
	pod      target
	streams  httpstream.Connection
	requests atomic.Int64

	users   int
	retired bool
}

// broken tells whether the session has ended by itself.
func (s *session) broken() bool {
	select {
	case <-s.streams.CloseChan():
		return true
	default:
		return false
	}
}

// negotiate asks the API server for a port-forward: SPDY within a websocket, and SPDY alone where websockets do not get
// through. client-go's own dialers do the same but take no context.
func negotiate(ctx context.Context, config *rest.Config, url *url.URL) (httpstream.Connection, error) {
	streams, protocol, err := negotiateWebsocket(ctx, config, url)
	if httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err) {
		streams, protocol, err = negotiateSPDY(ctx, config, url)
	}
	if err != nil {
		return nil, fmt.Errorf("ask for a port-forward: %w", err)
	}
	if protocol != portforward.PortForwardProtocolV1Name {
		_ = streams.Close()
		return nil, fmt.Errorf("ask for a port-forward: the server speaks %q", protocol)
	}
	return streams, nil
}

func negotiateWebsocket(ctx context.Context, config *rest.Config, url *url.URL) (httpstream.Connection, string, error) {
	transport, holder, err := websocket.RoundTripperFor(config)
	if err != nil {
		return nil, "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url.String(), nil)
	if err != nil {
		return nil, "", err
	}
	conn, err := websocket.Negotiate(transport, holder, request, constants.WebsocketsSPDYTunnelingPortForwardV1)
	if err != nil {
		return nil, "", err
	}
	tunnel := portforward.NewTunnelingConnection("client", conn)
	streams, err := httpstreamspdy.NewClientConnectionWithPings(tunnel, portforward.PingPeriod)
	return streams, portforward.PortForwardProtocolV1Name, err
}

func negotiateSPDY(ctx context.Context, config *rest.Config, url *url.URL) (httpstream.Connection, string, error) {
	transport, upgrader, err := spdy.RoundTripperFor(config)
	if err != nil {
		return nil, "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url.String(), nil)
	if err != nil {
		return nil, "", err
	}
	return spdy.NegotiateStreaming(upgrader, &http.Client{Transport: transport}, request, portforward.PortForwardProtocolV1Name)
}

// pair opens the two streams of one connection.
func (s *session) pair(port int) (data, failure httpstream.Stream, err error) {
	headers := http.Header{}
	headers.Set(corev1.PortHeader, strconv.Itoa(port))
	headers.Set(corev1.PortForwardRequestIDHeader, strconv.FormatInt(s.requests.Add(1), 10))
	headers.Set(corev1.StreamType, corev1.StreamTypeError)
	if failure, err = s.streams.CreateStream(headers); err != nil {
		return nil, nil, fmt.Errorf("open the error stream: %w", err)
	}
	_ = failure.Close() // only the other side writes to it
	headers.Set(corev1.StreamType, corev1.StreamTypeData)
	if data, err = s.streams.CreateStream(headers); err != nil {
		s.remove(failure)
		return nil, nil, fmt.Errorf("open the data stream: %w", err)
	}
	return data, failure, nil
}

// remove ends streams. Without the reset, what still arrives for them would be kept.
func (s *session) remove(streams ...httpstream.Stream) {
	for _, stream := range streams {
		_ = stream.Reset()
	}
	s.streams.RemoveStreams(streams...)
}
