package cache_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/lab/cache"
)

// Who comes second waits until the first is done.
func TestLock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	release, err := cache.Lock(t.Context(), path)
	require.NoError(t, err)

	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = cache.Lock(impatient, path)
	require.ErrorContains(t, err, "makes the same")
	require.ErrorIs(t, err, context.Canceled)

	taken := make(chan error, 1)
	go func() {
		second, err := cache.Lock(t.Context(), path)
		if err == nil {
			second()
		}
		taken <- err
	}()
	release()
	require.NoError(t, <-taken)

	_, err = cache.Lock(t.Context(), filepath.Join(path, "below a file"))
	require.ErrorContains(t, err, "open the lock")
}

func TestSum(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte("abc"), 0o600))
	sum, err := cache.Sum(path)
	require.NoError(t, err)
	require.Equal(t, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", sum)
	_, err = cache.Sum(path + ".none")
	require.ErrorIs(t, err, os.ErrNotExist)
}

// The entries that were used last stay, and another name's are not looked at.
func TestOutdated(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	entry := func(name string, minute int) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		then := at.Add(time.Duration(minute) * time.Minute)
		require.NoError(t, os.Chtimes(path, then, then))
		return path
	}
	var made []string
	for i := range 6 {
		made = append(made, entry(fmt.Sprintf("node-%d.tar", i), i))
	}
	entry("node-older-9.tar", -60)
	entry("node-9.tar.json", -60)
	require.ElementsMatch(t, []string{made[1], made[2]}, cache.Outdated(dir, "node", ".tar", made[0], at.Add(time.Hour)), "0 was used just now")
	require.Empty(t, cache.Outdated(dir, "other", ".tar", "", at))
}
