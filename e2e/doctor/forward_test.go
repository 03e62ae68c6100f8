package doctor_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"

	"github.com/ampersand-amp/ampersand/e2e/doctor"
)

// forwarding speaks the port-forward protocol of API server and kubelet, to one server whatever the pod.
func forwarding(w http.ResponseWriter, r *http.Request, address string) {
	if r.Method != http.MethodPost { // websockets are another way in
		http.Error(w, "SPDY only", http.StatusForbidden)
		return
	}
	streams := make(chan httpstream.Stream, 16)
	if _, err := httpstream.Handshake(r, w, []string{portforward.PortForwardProtocolV1Name}); err != nil {
		return
	}
	session := spdy.NewResponseUpgrader().UpgradeResponse(w, r, func(s httpstream.Stream, _ <-chan struct{}) error {
		streams <- s
		return nil
	})
	if session == nil {
		return
	}
	for {
		select {
		case <-session.CloseChan():
			return
		case s := <-streams:
			if s.Headers().Get(corev1.StreamType) == corev1.StreamTypeError || s.Headers().Get(corev1.PortHeader) != "2677" {
				_ = s.Close()
				continue
			}
			go pipe(s, address)
		}
	}
}

func pipe(s httpstream.Stream, address string) {
	defer func() { _ = s.Close() }()
	conn, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", address)
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	go func() { _, _ = io.Copy(conn, s) }()
	_, _ = io.Copy(s, conn)
}

// TestSignsForAService reaches an emulator in the cluster, for which KEDA signs.
func TestSignsForAService(t *testing.T) {
	c := healthy(t)
	amp := httptest.NewServer(c)
	t.Cleanup(amp.Close)
	c.forward = amp.Listener.Addr().String()
	o := scaledObject("http://amp.ampersand:80/workspaces/ws-1", "Ready", "True")
	o["spec"].(object)["triggers"].([]object)[0]["metadata"].(object)["awsRegion"] = "eu-west-1"
	c.setScaledObject(o)
	server := pod("ampersand", "amp-1", "ampersand:1", "True")
	server["spec"].(object)["containers"].([]object)[0]["ports"] = []object{{"name": "http", "containerPort": 2677}}
	c.objects["/api/v1/namespaces/ampersand/services/amp"] = object{
		"kind": "Service", "apiVersion": "v1", "metadata": object{"name": "amp", "namespace": "ampersand"},
		"spec": object{"selector": object{"app": "amp"}, "ports": []object{{"port": 80, "targetPort": "http"}}},
	}
	c.objects["/api/v1/namespaces/ampersand/pods"] = list("Pod", server)
	r := examine(t, c)
	h := hop(t, r, doctor.HopServer)
	require.Equal(t, doctor.OK, h.State, "%+v", h)
	require.Contains(t, h.Evidence, "(forwarded to pod amp-1, signed)")
	require.Equal(t, "amp.ampersand", c.asked[0].Host, "as KEDA asks it: the signer drops the default port")
	require.Contains(t, c.asked[0].Header.Get("Authorization"), "/eu-west-1/aps/aws4_request")

	c = healthy(t)
	c.setScaledObject(o)
	c.objects["/api/v1/namespaces/ampersand/services/amp"] = object{"metadata": object{"name": "amp", "namespace": "ampersand"}, "spec": object{"ports": []object{{"port": 80}}}}
	c.objects["/api/v1/namespaces/ampersand/pods"] = list("Pod")
	h = hop(t, examine(t, c), doctor.HopServer)
	require.Equal(t, doctor.Broken, h.State)
	require.Contains(t, h.Evidence, "no ready pod serves port 80 of the Service ampersand/amp")
}
