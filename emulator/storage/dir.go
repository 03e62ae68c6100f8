package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/tsdb/fileutil"
)

const (
	lockName          = "lock"
	deletedName       = "DELETED"
	generationPrefix  = "tsdb-"
	dirMode           = 0o750
	fileMode          = 0o640
	firstGenerationNo = 1
)

// lockDir makes dir if it is absent and locks it for this process. The lock is
// the kernel's (flock), so it ends with the process however that ends.
func lockDir(dir string) (fileutil.Releaser, error) {
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return nil, fmt.Errorf("data folder %s cannot be made: %w: choose a folder that this user may write", dir, err)
	}
	path := filepath.Join(dir, lockName)
	lock, _, err := fileutil.Flock(path)
	if err != nil {
		var pathErr *fs.PathError // opening the lock file failed; a held lock is a plain errno
		if errors.As(err, &pathErr) {
			return nil, fmt.Errorf("data folder %s is not writable: %w: choose a folder that this user may write", dir, err)
		}
		return nil, fmt.Errorf("data folder %s is in use by another process (it holds %s): stop that process or choose another folder: %w", dir, path, err)
	}
	return lock, nil
}

// markDeleted notes in the workspace's folder that it shall go, so that a
// crash cannot bring it back.
func markDeleted(dir string) error {
	err := os.WriteFile(filepath.Join(dir, deletedName), nil, fileMode)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // no folder, nothing that could come back
	}
	return err
}

func isMarkedDeleted(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, deletedName))
	return err == nil
}

// generationDir returns the folder of generation n of a workspace.
func generationDir(dir string, n int) string {
	return filepath.Join(dir, generationPrefix+strconv.Itoa(n))
}

// currentGeneration returns the number of the newest generation under dir and
// deletes older ones, which a crash during Clear can leave behind.
func currentGeneration(dir string) (int, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return firstGenerationNo, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read workspace folder: %w", err)
	}
	var found []int
	for _, e := range entries {
		digits, ok := strings.CutPrefix(e.Name(), generationPrefix)
		if !ok || !e.IsDir() {
			continue
		}
		if n, err := strconv.Atoi(digits); err == nil {
			found = append(found, n)
		}
	}
	if len(found) == 0 {
		return firstGenerationNo, nil
	}
	newest := slices.Max(found)
	for _, n := range found {
		if n == newest {
			continue
		}
		if err := os.RemoveAll(generationDir(dir, n)); err != nil {
			return 0, fmt.Errorf("delete cleared samples: %w", err)
		}
	}
	return newest, nil
}
