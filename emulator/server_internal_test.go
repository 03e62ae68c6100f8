package emulator

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/alerting"

	"github.com/ampersand-amp/ampersand/emulator/storage"
)

// TestCloseCutsOffWhoDoesNotFinish has a client that sends half a request and then
// nothing. Being told to stop is no failure, so Close has no error to return.
func TestCloseCutsOffWhoDoesNotFinish(t *testing.T) {
	log := &records{}
	srv, err := Start(t.Context(), Config{Auth: AuthOff, Logger: slog.New(log)})
	require.NoError(t, err)
	srv.grace = 10 * time.Millisecond
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", srv.Addr())
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = io.WriteString(conn, "POST /workspaces HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
	require.NoError(t, err)
	// The server asks for the body when the handler reads it: it is in flight.
	answer := make([]byte, len("HTTP/1.1 100 Continue\r\n\r\n"))
	_, err = io.ReadFull(conn, answer)
	require.NoError(t, err)
	require.NoError(t, srv.Close())
	require.Contains(t, log.messages(), "requests still in flight are cut off")
	_, err = io.Copy(io.Discard, conn)
	if err == nil {
		return // closed in order
	}
	require.ErrorContains(t, err, "reset")
}

// records keeps the messages of a log; the handler of a request that was cut off may
// still write to it after Close.
type records struct {
	slog.Handler

	mu   sync.Mutex
	seen []string
}

func (r *records) Enabled(context.Context, slog.Level) bool { return true }

func (r *records) WithAttrs([]slog.Attr) slog.Handler { return r }

func (r *records) Handle(_ context.Context, record slog.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = append(r.seen, record.Message)
	return nil
}

func (r *records) messages() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.seen)
}

// TestServerTimeouts guards against a client that can hold a connection forever.
func TestServerTimeouts(t *testing.T) {
	srv, err := Start(t.Context(), Config{})
	require.NoError(t, err)
	defer func() { require.NoError(t, srv.Close()) }()
	for name, timeout := range map[string]time.Duration{
		"headers": srv.http.ReadHeaderTimeout, "body": srv.http.ReadTimeout,
		"answer": srv.http.WriteTimeout, "idle": srv.http.IdleTimeout,
	} {
		require.Positive(t, timeout, name)
	}
	require.Greater(t, srv.http.WriteTimeout, srv.http.ReadTimeout+time.Minute, "a query may take a minute")
}

// TestGeneralOptionsIsAnUnknownRoute sends the one target that net/http would
// answer by itself.
func TestGeneralOptionsIsAnUnknownRoute(t *testing.T) {
	srv, err := Start(t.Context(), Config{})
	require.NoError(t, err)
	defer func() { require.NoError(t, srv.Close()) }()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", srv.Addr())
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = io.WriteString(conn, "OPTIONS * HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
	require.NoError(t, err)
	answer, err := io.ReadAll(conn)
	require.NoError(t, err)
	require.Contains(t, string(answer), "403 Forbidden")
	require.Contains(t, string(answer), "Missing Authentication Token")
}

// TestDeletedWorkspacesAreForgotten although nobody scrapes the metrics.
func TestDeletedWorkspacesAreForgotten(t *testing.T) {
	tenants, err := storage.Open(t.TempDir(), storage.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, tenants.Close()) }()
	c := newHeadCollector()
	for n := range 5 {
		id := fmt.Sprintf("ws-%d", n)
		db, err := tenants.Workspace(t.Context(), id)
		require.NoError(t, err)
		c.track(db)
		c.track(db)
		require.Len(t, c.dbs, 1)
		require.NoError(t, tenants.Remove(t.Context(), id))
	}
}

// TestCutHasMemoryOfItsOwn guards against remembering a megabyte of a request for
// the sake of a path.
func TestCutHasMemoryOfItsOwn(t *testing.T) {
	whole := strings.Repeat("x", 1000)
	for _, limit := range []int{10, 2000} {
		got := cut(whole, limit)
		require.Len(t, got, min(limit, len(whole)))
		require.NotSame(t, unsafe.StringData(whole), unsafe.StringData(got))
	}
}

// TestRulesOfADeletedWorkspaceDoNotStart has the data plane follow what was in
// force before a deletion, as happens when both come at once.
func TestRulesOfADeletedWorkspaceDoNotStart(t *testing.T) {
	dir := t.TempDir()
	s, err := Start(t.Context(), Config{DataDir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	ws, err := s.CreateWorkspace(t.Context(), "")
	require.NoError(t, err)
	require.NoError(t, s.Reset(t.Context(), true))
	err = s.alerting.Sync(t.Context(), alerting.Definitions{
		WorkspaceID: ws.ID, Rules: map[string][]byte{"ns": []byte("groups: [{name: g, rules: [{record: a, expr: '1'}]}]")},
	})
	require.ErrorIs(t, err, errNoWorkspace)
	require.NoDirExists(t, filepath.Join(dir, ws.ID))
}
