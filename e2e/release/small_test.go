package release_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/lab/build"
	"github.com/ampersand-amp/ampersand/e2e/release"
	"github.com/ampersand-amp/ampersand/fixtures/components"
)

// smallVersion is the version of the small repository.
func smallVersion() release.Version {
	return release.Version{Name: "v1.2.3", Date: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC), Revision: "0123456789abcdef"}
}

// small makes releases of a repository that has the folders of ours and, in the place of its programs, three that say what
// the linker told them. It has a cache of its own.
func small(t *testing.T) *release.Maker {
	t.Helper()
	root := t.TempDir()
	published := components.Published("")
	for _, dir := range published.Sources {
		require.NoError(t, os.MkdirAll(filepath.Join(root, dir), 0o750))
	}
	write := func(file, text string) {
		path := filepath.Join(root, file)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	for name, dir := range published.Programs {
		write(dir+"/main.go", fmt.Sprintf("package main\n\nvar release, revision string\n\nfunc main() { print(%q, release, \" \", revision) }\n", name+" "))
	}
	write("go.mod", "module github.com/ampersand-amp/ampersand\n\ngo 1.26\n")
	for _, file := range []string{"go.sum", "LICENSE", "README.md", release.Changelog} {
		write(file, "this is "+file+"\n")
	}
	write("go.sum", "")
	return &release.Maker{Root: root, Cache: filepath.Join(t.TempDir(), "cache"), Version: smallVersion(), Logf: t.Logf}
}

func linux(arch string) build.Platform { return build.Platform{OS: "linux", Arch: arch} }

// product builds the small programs for a platform.
func product(t *testing.T, m *release.Maker, platform build.Platform) release.Product {
	t.Helper()
	p, err := m.Build(t.Context(), platform)
	require.NoError(t, err)
	return p
}
