package proof

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator"
	"github.com/ampersand-amp/ampersand/emulator/explain"
	"github.com/ampersand-amp/ampersand/emulator/sigv4"
	"github.com/ampersand-amp/ampersand/emulator/sigv4/sigv4test"
)

// matrixBench is an emulator behind a tap, and what it explains. The matrix is held against
// a whole emulator: which route and which verifier a request comes to is part of what
// is proven, and the cause is read where a user looks.
type matrixBench struct {
	*emulator.Server
	workspace string
	explain   explain.Client
	seen      chan sigv4test.Exchange
	transport *http.Transport // to the tap, whatever the URL's host
	sender    *sigv4test.Sender
	turn      int // which byte of a place comes next
	changes   int
}

func newMatrixBench(t testing.TB) *matrixBench {
	t.Helper()
	srv, err := emulator.Start(t.Context(), emulator.Config{Quotas: map[string]string{
		"query-tps": "unlimited", "metadata-tps": "unlimited", "other-tps": "unlimited", "control-plane-tps": "unlimited",
		"remote-write-tps": "unlimited", "workspaces": "unlimited",
	}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, srv.Close()) })
	ws, err := srv.CreateWorkspace(t.Context(), "matrix")
	require.NoError(t, err)
	b := &matrixBench{
		Server: srv, workspace: ws.ID, explain: explain.Client{URL: srv.URL()},
		seen: make(chan sigv4test.Exchange, 1), sender: &sigv4test.Sender{Address: srv.Addr()},
	}
	t.Cleanup(b.sender.Close)
	tap, err := sigv4test.NewTap(context.Background(), srv.Addr(), func(x sigv4test.Exchange) { b.seen <- x })
	require.NoError(t, err)
	b.transport = &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, tap.Address())
	}}
	t.Cleanup(func() {
		b.transport.CloseIdleConnections()
		require.NoError(t, tap.Close())
	})
	return b
}

// keys are a long-lived key and one of a session.
func (b *matrixBench) keys(t *testing.T) map[string]aws.Credentials {
	t.Helper()
	root := aws.Credentials{AccessKeyID: emulator.DefaultAccessKeyID, SecretAccessKey: emulator.DefaultSecretAccessKey}
	client := sts.New(sts.Options{
		Region: emulator.DefaultRegion, BaseEndpoint: aws.String(b.URL()),
		Credentials: credentials.NewStaticCredentialsProvider(root.AccessKeyID, root.SecretAccessKey, ""),
	})
	got, err := client.GetSessionToken(t.Context(), nil)
	require.NoError(t, err)
	return map[string]aws.Credentials{"key": root, "session": {
		AccessKeyID: *got.Credentials.AccessKeyId, SecretAccessKey: *got.Credentials.SecretAccessKey, SessionToken: *got.Credentials.SessionToken,
	}}
}

// endpointHost is the name that AWS gives the part of AMP, and the service that it is
// signed for; all names lead to the one listener.
func endpointHost(e sigv4test.Endpoint) (host, service string) {
	switch {
	case e.Target == "/" || strings.HasPrefix(e.Target, "/?"):
		return "sts." + emulator.DefaultRegion + ".amazonaws.com", "sts"
	case strings.HasPrefix(e.Name, "/"):
		return "aps-workspaces." + emulator.DefaultRegion + ".amazonaws.com", emulator.Service
	}
	return "aps." + emulator.DefaultRegion + ".amazonaws.com", emulator.Service
}

// accepted sends a request through a signer and returns what was on the wire; the
// emulator must know who signed it.
func (b *matrixBench) accepted(t testing.TB, rt http.RoundTripper, r *http.Request) sigv4test.Request {
	t.Helper()
	res, err := rt.RoundTrip(r)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	got := <-b.seen
	known := b.find(t, got.ID)
	require.Equal(t, "arn:aws:iam::"+emulator.DefaultAccountID+":root", known.Identity, "%s %s: status %d, %s", r.Method, r.URL, got.Status, known.Reason)
	return got.Request
}

// find returns what the emulator says of a request. It is remembered after the answer
// is sent.
func (b *matrixBench) find(t testing.TB, id string) explain.Request {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		known, err := b.explain.Find(t.Context(), id)
		if err == nil || !errors.Is(err, explain.ErrNotFound) || time.Now().After(deadline) {
			require.NoError(t, err)
			return known
		}
	}
}

// changeOne changes one byte of each place, another one each time.
func (b *matrixBench) changeOne(t *testing.T, good sigv4test.Request) {
	t.Helper()
	for _, spot := range sigv4test.Spots(good) {
		b.turn++
		b.refused(t, spot.Change(b.turn*7919%spot.Len()))
	}
}

// refused sends a changed request, which must be refused with the right cause, in
// AWS's words and no others.
func (b *matrixBench) refused(t *testing.T, c sigv4test.Change) {
	t.Helper()
	b.changes++
	answer, err := b.sender.Send(t.Context(), c.Request, c.Half())
	require.NoError(t, err)
	require.True(t, answer.Status == http.StatusForbidden || answer.Status == http.StatusBadRequest, "%s: status %d", c.Place, answer.Status)
	known := b.find(t, answer.Header.Get("X-Amzn-Requestid"))
	require.Equal(t, explain.Refused, known.Verdict)
	require.Empty(t, known.Identity)
	e := known.Explanation
	require.NotNil(t, e)
	require.NoError(t, c.Wrong(e.Cause, e.Proven, b.skew(c), time.Now()), e.Text)
	if c.Place == sigv4test.PlacePath {
		require.Equal(t, b.routed(t, c.Request), e.Cause != "unknown-route", "%s %s is explained by %s", c.Request.Method(), c.Request.Target(), e.Cause)
	}
	if e.Text != "" { // no oracle: the client hears nothing of it
		require.NotContains(t, answer.Body, e.Text)
		require.NotContains(t, fmt.Sprint(answer.Header), e.Text)
	}
	require.NotContains(t, answer.Body, e.Cause+`"`)
}

// routed tells whether the emulator has a route for the method and the path, by what
// it says to an unsigned request.
func (b *matrixBench) routed(t *testing.T, r sigv4test.Request) bool {
	t.Helper()
	path, _, _ := strings.Cut(r.Target(), "?")
	answer, err := b.sender.Send(t.Context(), sigv4test.Request(r.Method()+" "+path+" HTTP/1.1\r\nHost: h\r\n\r\n"), false)
	require.NoError(t, err)
	cause := b.find(t, answer.Header.Get("X-Amzn-Requestid")).Explanation.Cause
	require.Contains(t, []string{"unknown-route", sigv4.ReasonMissingToken}, cause)
	return cause == sigv4.ReasonMissingToken
}

// skew is how far the clock may be off: STS is more patient [O amp-api.md 1.5].
func (b *matrixBench) skew(c sigv4test.Change) time.Duration {
	if strings.HasPrefix(c.Request.Header("Host"), "sts.") || strings.HasPrefix(c.Request.Target(), "/?") || c.Request.Target() == "/" {
		return 15 * time.Minute
	}
	return 5 * time.Minute
}

// TestMatrix signs every endpoint with every signer and with both kinds of key: all
// are accepted. Then it changes one byte in every place that a signature covers: all
// are refused, with the right cause.
func TestMatrix(t *testing.T) {
	b := newMatrixBench(t)
	endpoints := append(sigv4test.DataPlane(b.workspace), sigv4test.ControlPlane(b.workspace)...)
	endpoints = append(endpoints, sigv4test.STS("arn:aws:iam::"+emulator.DefaultAccountID+":role/nobody")...)
	require.Len(t, sigv4test.ControlPlane(b.workspace), 44)
	accepted := 0
	for kind, key := range b.keys(t) {
		for _, s := range signers(t, key, b.transport) {
			t.Run(s.name+" with a "+kind, func(t *testing.T) {
				for _, e := range endpoints {
					if !s.can(e) {
						continue
					}
					host, service := endpointHost(e)
					b.changeOne(t, b.accepted(t, s.next(service), request(t, host, e)))
					accepted++
				}
			})
		}
	}
	t.Logf("%d requests were accepted, %d changed ones refused", accepted, b.changes)
}

// TestEveryByte changes each byte of a query and of a write of every signer, and of a
// question to STS, signed with the key of a session: those have all places.
func TestEveryByte(t *testing.T) {
	b := newMatrixBench(t)
	all := sigv4test.DataPlane(b.workspace)
	chosen := []sigv4test.Endpoint{all[0], all[1], all[2], sigv4test.STS("")[0]}
	for _, s := range signers(t, b.keys(t)["session"], b.transport) {
		t.Run(s.name, func(t *testing.T) {
			for _, e := range chosen {
				if !s.can(e) {
					continue
				}
				host, service := endpointHost(e)
				for _, spot := range sigv4test.Spots(b.accepted(t, s.next(service), request(t, host, e))) {
					for n := range spot.Len() {
						b.refused(t, spot.Change(n))
					}
				}
			}
		})
	}
	t.Logf("%d changed requests were refused", b.changes)
}
