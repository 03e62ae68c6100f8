package identity_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/identity"
)

// clock is one that a test turns.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// journal collects what is logged.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// house is a store with what a test needs to turn it.
type house struct {
	*identity.Store
	clock *clock
	file  string
	log   *journal
}

func config(file string) identity.Config {
	return identity.Config{
		Region: "us-east-1", AccountID: account, RootAccessKeyID: "AKIDEXAMPLE", RootSecretKey: "root-secret", File: file,
	}
}

// open opens a store with an identity file of this text.
func open(t testing.TB, text string) *house {
	t.Helper()
	file := filepath.Join(t.TempDir(), "identity.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return openFile(t, file)
}

func openFile(t testing.TB, file string) *house {
	t.Helper()
	h := &house{clock: newClock(), file: file, log: &journal{}}
	cfg := config(file)
	cfg.Now, cfg.Logger = h.clock.Now, slog.New(slog.NewTextHandler(h.log, nil))
	store, err := identity.Open(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	h.Store = store
	return h
}

// fixture opens the documented example.
func fixture(t testing.TB) *house {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "identity.yaml"))
	require.NoError(t, err)
	return open(t, string(text))
}

// principal is whose key it is.
func (h *house) principal(t testing.TB, keyID string) identity.Principal {
	t.Helper()
	key, ok := h.LookupKey(keyID)
	require.True(t, ok, keyID)
	return key.Principal.(identity.Principal)
}

// assume opens a session of a role.
func (h *house) assume(t testing.TB, roleARN, name string) identity.Session {
	t.Helper()
	role, ok := h.Role(roleARN)
	require.True(t, ok, roleARN)
	s, err := h.NewSession(identity.SessionInput{Role: &role, Name: name, Duration: time.Hour})
	require.NoError(t, err)
	return s
}
