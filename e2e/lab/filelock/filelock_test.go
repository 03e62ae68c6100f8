package filelock_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/lab/filelock"
)

// Who comes second waits until the first is done.
func TestTake(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	release, err := filelock.Take(t.Context(), path)
	require.NoError(t, err)

	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = filelock.Take(impatient, path)
	require.ErrorContains(t, err, "makes the same")
	require.ErrorIs(t, err, context.Canceled)

	taken := make(chan error, 1)
	go func() {
		second, err := filelock.Take(t.Context(), path)
		if err == nil {
			second()
		}
		taken <- err
	}()
	release()
	require.NoError(t, <-taken)

	_, err = filelock.Take(t.Context(), filepath.Join(path, "below a file"))
	require.ErrorContains(t, err, "open the lock")
}
