package workspace_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/workspace"
)

// childPath names the environment variable that makes the test binary a server
// of the state that it holds.
const childPath = "AMPERSAND_WORKSPACE_TEST_PATH"

func TestMain(m *testing.M) {
	if path := os.Getenv(childPath); path != "" {
		fmt.Fprintln(os.Stderr, serveUntilKilled(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func configOf(path string) workspace.Config {
	return workspace.Config{
		Path: path, Partition: "aws", Region: "us-east-1", AccountID: "123456789012", Data: &data{}, Judge: judge{},
	}
}

func serveUntilKilled(path string) error {
	r, err := workspace.Open(configOf(path))
	if err != nil {
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	f := &fixture{Registry: r}
	return http.Serve(l, http.HandlerFunc(f.serve))
}

// TestKilledWhileChanging kills a server with SIGKILL at random moments while
// several clients change one state, and looks after each kill for the last
// change that each client was told of, or the one that it was waiting for.
func TestKilledWhileChanging(t *testing.T) {
	const rounds, clients = 6, 3
	path := filepath.Join(t.TempDir(), "workspaces.json")
	var ids [clients]string
	var acked [clients]int
	for round := range rounds {
		url, kill := startChild(t, path)
		var wg sync.WaitGroup
		enough := make(chan struct{}, clients*1000)
		for n := range clients {
			f := &fixture{url: url}
			c := f.client()
			wg.Go(func() {
				ctx := context.Background()
				if round == 0 {
					made, err := c.CreateWorkspace(ctx, nil)
					if err != nil {
						return
					}
					ids[n] = *made.WorkspaceId
					if _, err = c.CreateAlertManagerDefinition(ctx, &amp.CreateAlertManagerDefinitionInput{WorkspaceId: &ids[n], Data: contents(n, 0)}); err != nil {
						return
					}
				}
				for {
					next := acked[n] + 1
					_, err := c.PutAlertManagerDefinition(ctx, &amp.PutAlertManagerDefinitionInput{WorkspaceId: &ids[n], Data: contents(n, next)})
					if err != nil {
						return // killed
					}
					acked[n] = next
					enough <- struct{}{}
				}
			})
		}
		for range 20 + rand.IntN(20) { // every change is several writes, so the moment is anywhere
			select {
			case <-enough:
			case <-time.After(time.Minute):
				t.Fatal("the server answered too little")
			}
		}
		kill()
		wg.Wait()

		r, err := workspace.Open(configOf(path))
		require.NoError(t, err)
		for n, id := range ids {
			got, ok := r.InForce(id)
			require.True(t, ok)
			if bytes.Equal(got.AlertManager, contents(n, acked[n]+1)) {
				acked[n]++ // saved and not answered
			}
			require.True(t, bytes.Equal(contents(n, acked[n]), got.AlertManager), "client %d, change %d", n, acked[n])
		}
		entries, err := os.ReadDir(path + ".d")
		require.NoError(t, err)
		require.Len(t, entries, clients, "nothing is left of what was being written")
		r.Close()
	}
	t.Logf("changes: %v", acked)
}

// contents is the n-th client's i-th definition, long enough to be half written.
func contents(n, i int) []byte {
	return append(bytes.Repeat([]byte{'a' + byte(n)}, 100_000), fmt.Sprint(i)...)
}

// startChild runs this binary as a server. kill ends it by SIGKILL.
func startChild(t *testing.T, path string) (url string, kill func()) {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), childPath+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	kill = sync.OnceFunc(func() {
		_ = cmd.Process.Signal(syscall.SIGKILL)
		_ = cmd.Wait()
	})
	t.Cleanup(kill)
	addr, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	return "http://" + strings.TrimSpace(addr), kill
}

// TestFileOfAnOlderEmulator has a file from when there were only workspaces.
func TestFileOfAnOlderEmulator(t *testing.T) {
	path := filepath.Join(t.TempDir(), "workspaces.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"version":1,"workspaces":{"ws-1":{"id":"ws-1","alias":"old","status":"CREATING","tags":{"k":"v"},"createdAt":"2026-11-01T00:00:00Z"}},
		"tokens":{"CreateWorkspace/t":{"fingerprint":"00","workspaceId":"ws-1","at":"`+time.Now().Format(time.RFC3339)+`"}}}`), 0o600))
	f := start(t, func(c *workspace.Config) { c.Path, c.Now = path, time.Now })
	all := f.All()
	require.Len(t, all, 1)
	require.Equal(t, "old", all[0].Alias)
	require.Equal(t, workspace.StatusActive, all[0].Status)
	_, err := f.client().CreateAlertManagerDefinition(t.Context(), &amp.CreateAlertManagerDefinitionInput{WorkspaceId: aws.String("ws-1"), Data: []byte("x")})
	require.NoError(t, err)
	f.open(t)
	require.Equal(t, "x", string(mustInForce(t, f, "ws-1").AlertManager))
}

func TestOpenRefusesADamagedDefinition(t *testing.T) {
	f := start(t, nil)
	newTour(t).play(t, f.client(), "DeleteScraperLoggingConfiguration")
	entries, err := os.ReadDir(f.path + ".d")
	require.NoError(t, err)
	file := filepath.Join(f.path+".d", entries[0].Name())
	require.NoError(t, os.WriteFile(file, []byte("other"), 0o600))
	_, err = workspace.Open(f.cfg)
	require.ErrorContains(t, err, file+" is damaged")
	require.NoError(t, os.Remove(file))
	_, err = workspace.Open(f.cfg)
	require.ErrorIs(t, err, os.ErrNotExist)
}
