//go:build unix

package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// statePattern names the folders of labs' state below the temporary folder.
const statePattern = "ampersand-lab-"

// newState makes the folder of a lab's state and holds it until release. It removes what labs left behind that were
// killed: a folder that nobody holds has no owner any more.
func newState(temp string) (dir string, release func(), err error) {
	left, err := filepath.Glob(filepath.Join(temp, statePattern+"*"))
	if err != nil {
		return "", nil, fmt.Errorf("look for what earlier labs left: %w", err)
	}
	for _, old := range left {
		if free, err := hold(old); err == nil {
			_ = os.RemoveAll(old) // not ours to fail on: it may belong to another person
			free()
		}
	}
	made, err := os.MkdirTemp(temp, "ampersand-new-")
	if err != nil {
		return "", nil, fmt.Errorf("make a folder for the lab's state: %w", err)
	}
	if release, err = hold(made); err != nil {
		return "", nil, fmt.Errorf("hold the lab's state: %w", err)
	}
	// It takes its name only now that it is held, or another lab could take it for left behind.
	dir = filepath.Join(temp, statePattern+strings.TrimPrefix(filepath.Base(made), "ampersand-new-"))
	if err := os.Rename(made, dir); err != nil {
		release()
		return "", nil, fmt.Errorf("name the lab's state: %w", err)
	}
	return dir, release, nil
}

// stateHeld tells whether the lab whose state has that unique name lives.
func stateHeld(unique string) bool {
	dir := filepath.Join(os.TempDir(), statePattern+unique)
	release, err := hold(dir)
	if err != nil {
		return !os.IsNotExist(err)
	}
	release()
	return false
}

// hold locks a folder of state, and fails when its owner lives. The kernel releases the lock when the holder dies.
func hold(dir string) (release func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, err
	}
	return func() { _ = f.Close() }, nil
}
