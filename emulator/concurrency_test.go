package emulator_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator"
)

// TestWorkspacesComeAndGoUnderLoad writes to and reads from workspaces while others
// make and delete them, the metrics are scraped and samples are reset. Nobody gets
// an answer that is the emulator's fault, no workspace sees another's samples, and
// the one that stays keeps what it acknowledged.
func TestWorkspacesComeAndGoUnderLoad(t *testing.T) {
	const lives, workers = 8, 3
	srv := start(t, emulator.Config{Auth: emulator.AuthOff})
	steady := createWorkspace(t, srv, "steady")
	control := amp.NewFromConfig(srv.AWSConfig())
	now := time.Now()

	var workersAtIt, helpers sync.WaitGroup
	for w := range workers {
		workersAtIt.Go(func() {
			for life := range lives {
				if err := live(t.Context(), srv, control, fmt.Sprintf("only_%d_%d", w, life), now); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	done := make(chan struct{})
	acknowledged := 0
	helpers.Go(func() {
		for n := 0; ; n++ {
			status, body, err := call(t.Context(), http.MethodPost, steady.RemoteWriteURL,
				series("steady", now.Add(time.Duration(n)*time.Millisecond), float64(n)))
			if err != nil || status != http.StatusOK {
				t.Errorf("steady write %d: %d %s %v", n, status, body, err)
				return
			}
			acknowledged = n + 1
			select {
			case <-done:
				return
			default:
			}
		}
	})
	helpers.Go(func() {
		for {
			if status, body, err := call(t.Context(), http.MethodGet, srv.URL()+"/metrics", nil); err != nil || status != http.StatusOK {
				t.Errorf("metrics: %d %s %v", status, body, err)
				return
			}
			select {
			case <-done:
				return
			default:
			}
		}
	})
	workersAtIt.Wait()
	close(done)
	helpers.Wait()

	got, ok := value(t, steady.QueryURL, "count_over_time(steady[1h])", now.Add(5*time.Minute))
	require.True(t, ok)
	require.InDelta(t, acknowledged, got, 0)
	got, ok = value(t, steady.QueryURL, `count({__name__=~".+"})`, now.Add(time.Minute))
	require.True(t, ok)
	require.InDelta(t, 1, got, 0, "of another workspace nothing is to be seen")
}

// live makes a workspace, writes to it and reads from it while it is deleted.
func live(ctx context.Context, srv *emulator.Server, control *amp.Client, metric string, now time.Time) error {
	made, err := control.CreateWorkspace(ctx, &amp.CreateWorkspaceInput{Alias: &metric})
	if err != nil {
		return fmt.Errorf("create: %w", err)
	}
	base := srv.URL() + "/workspaces/" + *made.WorkspaceId + "/api/v1"
	if status, body, err := call(ctx, http.MethodPost, base+"/remote_write", series(metric, now, 1)); err != nil || status != http.StatusOK {
		return fmt.Errorf("first write: %d %s: %w", status, body, err)
	}
	if status, body, err := call(ctx, http.MethodGet, base+"/label/__name__/values", nil); err != nil || body != `{"status":"success","data":["`+metric+`"]}` {
		return fmt.Errorf("labels: %d %s: %w", status, body, err)
	}
	failed := make(chan error, 2)
	// 503 is to a writer who had the samples open when they went.
	go func() {
		failed <- until404(ctx, http.MethodPost, base+"/remote_write", func(n int) []byte {
			return series(metric, now.Add(time.Duration(n+1)*time.Millisecond), 1)
		})
	}()
	go func() {
		failed <- until404(ctx, http.MethodGet, base+"/query?query="+metric, func(int) []byte { return nil })
	}()
	if _, err := control.DeleteWorkspace(ctx, &amp.DeleteWorkspaceInput{WorkspaceId: made.WorkspaceId}); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	for range 2 {
		if err := <-failed; err != nil {
			return err
		}
	}
	return nil
}

// until404 repeats a request until the workspace is gone.
func until404(ctx context.Context, method, url string, body func(int) []byte) error {
	for n := 0; ; n++ {
		status, text, err := call(ctx, method, url, body(n))
		switch {
		case err != nil:
			return err
		case status == http.StatusNotFound:
			return nil
		case status != http.StatusOK && status != http.StatusServiceUnavailable:
			return fmt.Errorf("%s %s: %d %s", method, url, status, text)
		}
	}
}
