package lab

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a killed lab left is removed, what a living one holds is not.
func TestNewStateRemovesWhatNobodyHolds(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	orphan := filepath.Join(temp, statePattern+"orphan")
	require.NoError(t, os.MkdirAll(filepath.Join(orphan, "etcd"), 0o755))
	other := filepath.Join(temp, "somebody-elses")
	require.NoError(t, os.Mkdir(other, 0o755))

	living, release, err := newState(temp)
	require.NoError(t, err)
	require.NoDirExists(t, orphan)
	second, releaseSecond, err := newState(temp)
	require.NoError(t, err)
	defer releaseSecond()
	require.DirExists(t, living, "its lab lives")
	require.DirExists(t, other, "it is not a lab's")

	release()
	third, releaseThird, err := newState(temp)
	require.NoError(t, err)
	defer releaseThird()
	require.NoDirExists(t, living, "its lab is gone")
	require.DirExists(t, second)
	require.DirExists(t, third)
}
