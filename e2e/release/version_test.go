package release_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/release"
)

// clone is a folder with a changelog, and nothing else.
func clone(t *testing.T, changelog string) string {
	t.Helper()
	root := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(root, release.Changelog), []byte(changelog), 0o600))
	return root
}

func git(t *testing.T, root string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", root, "-c", "user.name=a", "-c", "user.email=a@b.test"}, args...)...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
}

const twoVersions = `# Changelog

## Unreleased

## v0.2.0-rc.1 - 2027-01-31

- new

## v0.1.0 - 2026-11-30
`

func TestVersion(t *testing.T) {
	t.Parallel()
	root := clone(t, twoVersions)
	for _, wanted := range []string{"", "v0.2.0-rc.1"} {
		v, err := release.ReadVersion(t.Context(), root, wanted)
		require.NoError(t, err)
		require.Equal(t, release.Version{Name: "v0.2.0-rc.1", Date: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)}, v)
		require.Equal(t, "0.2.0-rc.1", v.Number())
	}
}

func TestVersionsThatAreRefused(t *testing.T) {
	t.Parallel()
	for what, tc := range map[string]struct{ changelog, wanted, want string }{
		"not in the changelog": {twoVersions, "v0.3.0", "v0.3.0 is not the newest version of CHANGELOG.md, which is v0.2.0-rc.1"},
		"not the newest":       {twoVersions, "v0.1.0", "v0.1.0 is not the newest version"},
		"without the v":        {twoVersions, "0.2.0-rc.1", "0.2.0-rc.1 is not the newest"},
		"no version":           {"# Changelog\n\n## Unreleased\n", "", "no heading of a version"},
		"no such day":          {"## v1.0.0 - 2026-02-30\n", "", "the date of v1.0.0"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			_, err := release.ReadVersion(t.Context(), clone(t, tc.changelog), tc.wanted)
			require.ErrorContains(t, err, tc.want)
		})
	}
	_, err := release.ReadVersion(t.Context(), t.TempDir(), "")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestRevision(t *testing.T) {
	t.Parallel()
	root := clone(t, twoVersions)
	git(t, root, "init", "--quiet")
	git(t, root, "add", ".")
	git(t, root, "commit", "--quiet", "--message", "first")
	v, err := release.ReadVersion(t.Context(), root, "")
	require.NoError(t, err)
	require.Regexp(t, "^[0-9a-f]{40}$", v.Revision)

	require.NoError(t, os.WriteFile(filepath.Join(root, "file"), nil, 0o600))
	dirty, err := release.ReadVersion(t.Context(), root, "")
	require.NoError(t, err)
	require.Equal(t, v.Revision+"-dirty", dirty.Revision)
}

// The changelog of the repository names a version that can be released.
func TestOurChangelog(t *testing.T) {
	t.Parallel()
	v, err := release.ReadVersion(t.Context(), "../..", "")
	require.NoError(t, err)
	require.Regexp(t, `^v\d+\.\d+\.\d+$`, v.Name)
}
