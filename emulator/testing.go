package emulator

import (
	"io"
	"log/slog"
	"sync"
	"testing"
)

// StartT starts an emulator for a test or a benchmark, which fails if that does
// not work, and closes it when the test has ended.
//
// Without a Logger in cfg, requests that the emulator did not accept are in the
// test's log, each with its cause and what to do about it, so that a test that
// fails for a wrong signature says so.
func StartT(t testing.TB, cfg Config) *Server {
	t.Helper()
	log := &testLog{w: t.Output()}
	t.Cleanup(log.end)
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	srv, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatalf("start an emulator: %v", err)
	}
	t.Cleanup(func() {
		if err := srv.Close(); err != nil {
			t.Errorf("close the emulator: %v", err)
		}
	})
	return srv
}

// CreateWorkspaceT creates a workspace for a test, which fails if that does not
// work; alias may be empty.
func (s *Server) CreateWorkspaceT(t testing.TB, alias string) Workspace {
	t.Helper()
	ws, err := s.CreateWorkspace(t.Context(), alias)
	if err != nil {
		t.Fatal(err)
	}
	return ws
}

// testLog writes to a test's log until the test has ended. Afterwards a write
// would be a panic, and a request that Close has cut off may still come to one.
type testLog struct {
	mu sync.Mutex
	w  io.Writer
}

// Write implements io.Writer.
func (l *testLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.w == nil {
		return len(p), nil
	}
	return l.w.Write(p)
}

func (l *testLog) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.w = nil
}
