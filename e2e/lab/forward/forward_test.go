package forward_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"

	"github.com/ampersand-amp/ampersand/e2e/lab/forward"
)

// says answers with the pod's name and what was asked.
func says(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "%s %s %s %d", name, r.Host, r.RequestURI, len(body))
	})
}

func get(client *http.Client, url string) (string, error) {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

// TestCloseLeavesNothing is not parallel: it counts goroutines.
func TestCloseLeavesNothing(t *testing.T) {
	a := newAPIServer(t, true)
	a.run("ns/pod", 8080, says("pod"))
	before := goleak.IgnoreCurrent()
	d := a.dialer()
	for range 3 {
		_, err := get(d.Client(), "http://pod.ns.pod:8080/")
		require.NoError(t, err)
	}
	held, err := d.DialContext(t.Context(), "tcp", forward.Address("ns", "pod", 8080))
	require.NoError(t, err)
	_, err = d.DialContext(t.Context(), "tcp", forward.Address("gone", "pod", 8080))
	require.Error(t, err)

	d.Close()
	a.cut()
	var left error
	require.Eventually(t, func() bool {
		left = goleak.Find(before, goleak.IgnoreAnyFunction("net/http.(*conn).serve"))
		return left == nil
	}, 20*time.Second, 10*time.Millisecond, "%v", left)
	_, err = held.Read(make([]byte, 1))
	require.Error(t, err)
	_, err = d.DialContext(t.Context(), "tcp", forward.Address("ns", "pod", 8080))
	require.ErrorContains(t, err, "closed")
	d.Close()
}

func TestRequestsArriveUnchanged(t *testing.T) {
	t.Parallel()
	for _, websockets := range []bool{true, false} {
		t.Run(fmt.Sprintf("websockets=%t", websockets), func(t *testing.T) {
			t.Parallel()
			a := newAPIServer(t, websockets)
			a.run("ns/a.b", 8080, says("first"))
			a.run("ns/c", 8080, says("second"))
			client := a.dialer().Client()

			answer, err := get(client, "http://"+forward.Address("ns", "a.b", 8080)+"/x//y%2Fz?q=1")
			require.NoError(t, err)
			require.Equal(t, "first a.b.ns.pod:8080 /x//y%2Fz?q=1 0", answer)
			answer, err = get(client, "http://"+forward.Address("ns", "c", 8080)+"/")
			require.NoError(t, err)
			require.Equal(t, "second c.ns.pod:8080 / 0", answer)
		})
	}
}

func TestConnectionsOfAPodShareASession(t *testing.T) {
	t.Parallel()
	a := newAPIServer(t, true)
	a.run("ns/pod", 8080, says("pod"))
	d := a.dialer()
	body := strings.Repeat("x", 1<<20)
	var group errgroup.Group
	for range 20 {
		group.Go(func() error {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://pod.ns.pod:8080/", strings.NewReader(body))
			if err != nil {
				return err
			}
			response, err := d.Client().Do(request)
			if err != nil {
				return err
			}
			defer func() { _ = response.Body.Close() }()
			answer, err := io.ReadAll(response.Body)
			if err == nil && !strings.HasSuffix(string(answer), " 1048576") {
				err = fmt.Errorf("unexpected answer %q", answer)
			}
			return err
		})
	}
	require.NoError(t, group.Wait())
	require.Equal(t, 1, a.counted())
}

func TestLostSessionIsMadeAgain(t *testing.T) {
	t.Parallel()
	a := newAPIServer(t, true)
	a.run("ns/pod", 8080, says("pod"))
	d := a.dialer()
	_, err := get(d.Client(), "http://pod.ns.pod:8080/")
	require.NoError(t, err)
	held, err := d.DialContext(t.Context(), "tcp", "pod.ns.pod:8080")
	require.NoError(t, err)

	a.cut()
	_, err = held.Read(make([]byte, 1))
	require.Error(t, err, "a connection of the lost session has ended")
	require.NoError(t, held.Close())
	require.Eventually(t, func() bool {
		_, err := get(d.Client(), "http://pod.ns.pod:8080/")
		return err == nil
	}, 10*time.Second, 10*time.Millisecond)
	require.Equal(t, 2, a.counted())
}

func TestRefusedConnectionSaysSo(t *testing.T) {
	t.Parallel()
	a := newAPIServer(t, true)
	a.run("ns/pod", 8080, says("pod"))
	d := a.dialer()
	conn, err := d.DialContext(t.Context(), "tcp", "pod.ns.pod:9999")
	require.NoError(t, err)
	_, err = conn.Read(make([]byte, 1))
	require.ErrorContains(t, err, "pod.ns.pod:9999: an error occurred forwarding 9999: connection refused")
	require.NoError(t, conn.Close())

	_, err = get(d.Client(), "http://pod.ns.pod:9999/")
	require.ErrorContains(t, err, "connection refused")
	// It comes up later, and the pod's other port was never concerned.
	a.run("ns/pod", 9999, says("late"))
	for port, name := range map[int]string{8080: "pod", 9999: "late"} {
		answer, err := get(d.Client(), "http://"+forward.Address("ns", "pod", port)+"/")
		require.NoError(t, err)
		require.Contains(t, answer, name)
	}
}

func TestDialErrors(t *testing.T) {
	t.Parallel()
	a := newAPIServer(t, true)
	d := a.dialer()
	for address, want := range map[string]string{
		"pod.ns:80":         "not of the form",
		"127.0.0.1:80":      "not of the form",
		"ns.pod:80":         "not of the form",
		".ns.pod:80":        "not of the form",
		"pod.ns.pod":        "missing port",
		"pod.ns.pod:http":   "no valid port",
		"pod.ns.pod:0":      "no valid port",
		"pod.ns.pod:70000":  "no valid port",
		"pod.gone.pod:8080": "port-forward",
	} {
		_, err := d.DialContext(t.Context(), "tcp", address)
		require.ErrorContains(t, err, want, address)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := d.DialContext(ctx, "tcp", "pod.ns.pod:80")
	require.ErrorIs(t, err, context.Canceled)
}

func TestConnKeepsToItsContract(t *testing.T) {
	t.Parallel()
	a := newAPIServer(t, true)
	a.run("ns/pod", 8080, says("pod"))
	d := a.dialer()
	dial := func() net.Conn {
		conn, err := d.DialContext(t.Context(), "tcp", "pod.ns.pod:8080")
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}

	t.Run("the pod's end is the end of the data", func(t *testing.T) {
		conn := dial()
		require.Equal(t, "pod.ns.pod:8080", conn.RemoteAddr().String())
		require.Equal(t, "pod", conn.RemoteAddr().Network())
		_, err := io.WriteString(conn, "GET / HTTP/1.0\r\nHost: x\r\n\r\n")
		require.NoError(t, err)
		answer, err := io.ReadAll(conn)
		require.NoError(t, err)
		require.True(t, bytes.HasPrefix(answer, []byte("HTTP/1.0 200")), "%s", answer)
	})
	t.Run("a deadline ends it", func(t *testing.T) {
		conn := dial()
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(time.Hour)))
		require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Millisecond)))
		_, err := conn.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		_, err = conn.Write([]byte("x"))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	})
	t.Run("closing ends a read", func(t *testing.T) {
		conn := dial()
		read := make(chan error, 1)
		go func() {
			_, err := conn.Read(make([]byte, 1))
			read <- err
		}()
		require.NoError(t, conn.Close())
		require.NoError(t, conn.Close())
		require.ErrorIs(t, <-read, net.ErrClosed)
		_, err := conn.Write([]byte("x"))
		require.ErrorIs(t, err, net.ErrClosed)
	})
	require.Equal(t, 1, a.counted())
}
