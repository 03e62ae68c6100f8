package build_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The cache keeps the builds that were used last, and takes no other component's for them.
func TestOldBuildsAreRemoved(t *testing.T) {
	r := newTiny(t)
	r.component.Name = "tiny-other"
	other := r.build(t)
	r.component.Name = "tiny"
	first := r.build(t)
	for i := range 5 {
		r.say(t, "main.go", fmt.Sprint(i))
		last := r.build(t)
		require.FileExists(t, last["say"])
	}
	require.NoFileExists(t, first["say"], "it was used longest ago")
	require.FileExists(t, other["say"], "it is another component's")
	builds, err := filepath.Glob(filepath.Join(r.Cache, "bin", "tiny-????????????????"))
	require.NoError(t, err)
	require.Len(t, builds, 4)
}
