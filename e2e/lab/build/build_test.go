package build_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/ampersand-amp/ampersand/e2e/lab/build"
	"github.com/ampersand-amp/ampersand/fixtures/components"
)

func TestBuildsOnce(t *testing.T) {
	r := newTiny(t)
	first := r.build(t)
	require.ElementsMatch(t, []string{"say", "shout", "whisper"}, slices.Collect(maps.Keys(first)))
	require.Equal(t, "one", prints(t, first["say"]))
	require.Equal(t, "ONE", prints(t, first["shout"]))
	require.Equal(t, "(one)", prints(t, first["whisper"]))
	require.Equal(t, 1, r.builds())
	require.Equal(t, 1, r.logged.count("building tiny v0.0.1 (say, shout, whisper): took 1s on two cores with empty caches"), r.logged)
	require.Equal(t, 1, r.logged.count("built tiny in "), r.logged)

	before := r.logged.String()
	require.Equal(t, first, r.build(t))
	require.Equal(t, before, r.logged.String(), "what is there is used without a word")
}

func TestKey(t *testing.T) {
	r := newTiny(t)
	first := r.build(t)
	for name, change := range map[string]func(){
		"a test":               func() { r.write(t, "cmd/main_test.go", "package cmd") },
		"a note":               func() { r.write(t, "notes.txt", "not among the sources") },
		"how long it may take": func() { r.component.Expect = time.Hour },
	} {
		change()
		require.Equal(t, first, r.build(t), "%s changes nothing", name)
	}
	require.Equal(t, 1, r.builds())

	seen := map[string]bool{first["say"]: true}
	for _, tc := range []struct {
		what   string
		change func()
	}{
		{"a source", func() { r.say(t, "main.go", "two") }},
		{"a file beside a source", func() { r.write(t, "cmd/whisper/text.txt", "may be embedded") }},
		{"the requirements", func() { r.write(t, "go.mod", "module example.test/tiny\n\ngo 1.25\n") }},
		{"the linker's flags", func() { r.component.LinkFlags = "-X main.version=2" }},
		{"the tags", func() { r.component.Tags = "other" }},
		{"the programs", func() { delete(r.component.Programs, "shout") }},
	} {
		tc.change()
		programs := r.build(t)
		require.NotContains(t, seen, programs["say"], "%s makes another key", tc.what)
		seen[programs["say"]] = true
		require.Equal(t, "two", prints(t, programs["say"]))
		if len(seen) == 2 {
			require.Equal(t, "one", prints(t, first["say"]), "what was built for another state of the sources stays")
		}
	}
	require.Equal(t, len(seen), r.builds())
	require.Positive(t, r.logged.count(" last time"), "the second build knows how long the first one took:\n%s", r.logged)
}

func TestTags(t *testing.T) {
	r := newTiny(t)
	r.write(t, "cmd/v2/soft.go", "//go:build soft && grpcnotrace\n\npackage main\n\nfunc init() { print(\"softly \") }\n")
	require.Equal(t, "ONE", prints(t, r.build(t)["shout"]))
	r.component.Tags = "low,soft"
	require.Equal(t, "softly ONE", prints(t, r.build(t)["shout"]), "a component's tags come in addition")
}

func TestDamageIsRepaired(t *testing.T) {
	r := newTiny(t)
	programs := r.build(t)
	sums := filepath.Join(filepath.Dir(programs["say"]), "SHA256SUMS")
	for i, tc := range []struct {
		what   string
		damage func() error
		said   string
	}{
		{"a program changed", func() error { return os.WriteFile(programs["say"], []byte("x"), 0o600) }, "checksum "},
		{"a program is gone", func() error { return os.Remove(programs["shout"]) }, "no such file"},
		{"checksums are cut off", func() error { return os.Truncate(sums, 10) }, "checksum "},
		{"checksums are gone", func() error { return os.Remove(sums) }, ""}, // a build that was killed before it was sealed
	} {
		require.NoError(t, tc.damage())
		said := r.logged.count("not as they were built")
		require.Equal(t, programs, r.build(t), tc.what)
		require.Equal(t, i+2, r.builds(), tc.what)
		require.Equal(t, "one", prints(t, programs["say"]), tc.what)
		require.Equal(t, "ONE", prints(t, programs["shout"]), tc.what)
		if tc.said != "" {
			require.Equal(t, said+1, r.logged.count("not as they were built"), tc.what)
			require.Positive(t, r.logged.count(tc.said), "%s:\n%s", tc.what, r.logged)
		}
	}
}

func TestFailureShowsTheCompilersMessage(t *testing.T) {
	r := newTiny(t)
	r.write(t, "main.go", "package main\n\nfunc main() { nonsense() }\n")
	_, err := r.Build(t.Context(), []components.Component{r.component})
	require.ErrorContains(t, err, "build tiny: go build ")
	require.ErrorContains(t, err, "./main.go:3:15: undefined: nonsense")
	require.Empty(t, r.left(t))

	r.say(t, "main.go", "mended")
	require.Equal(t, "mended", prints(t, r.build(t)["say"]))
}

func TestTwoRunsBuildOnce(t *testing.T) {
	r := newTiny(t)
	results := make([]build.Programs, 4)
	var group errgroup.Group
	for i := range results {
		group.Go(func() (err error) {
			results[i], err = r.another(r.Root, r.Cache).Build(t.Context(), []components.Component{r.component})
			return err
		})
	}
	require.NoError(t, group.Wait())
	for _, programs := range results {
		require.Equal(t, results[0], programs)
	}
	require.Equal(t, 1, r.builds(), r.logged)
	require.Equal(t, "one", prints(t, results[0]["say"]))
}

// TestInterrupted interrupts a build. It is interrupted as a person would do it, so that the go command can remove its
// working folder.
func TestInterrupted(t *testing.T) {
	r := newTiny(t)
	started := filepath.Join(t.TempDir(), "started")
	replace(t, "go")
	t.Setenv(envStarted, started)
	ctx, interrupt := context.WithCancel(t.Context())
	built := make(chan error, 1)
	go func() {
		_, err := r.Build(ctx, []components.Component{r.component})
		built <- err
	}()
	require.Eventually(t, func() bool { _, err := os.Stat(started); return err == nil }, 20*time.Second, time.Millisecond)
	interrupt()
	var err error
	select {
	case err = <-built:
	case <-time.After(20 * time.Second):
		t.Fatal("the build goes on")
	}
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "build tiny: interrupted")
	require.Empty(t, r.left(t))
	said, err := os.ReadFile(started)
	require.NoError(t, err)
	require.Equal(t, "interrupted", string(said), "it was asked to end, not killed")
}

func TestInterruptedWhileAnotherRunBuilds(t *testing.T) {
	r := newTiny(t)
	r.build(t)
	lock, err := os.OpenFile(filepath.Join(r.Cache, "bin", "tiny.lock"), os.O_RDWR, 0)
	require.NoError(t, err)
	defer func() { _ = lock.Close() }()
	require.NoError(t, unix.Flock(int(lock.Fd()), unix.LOCK_EX))
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err = r.Build(ctx, []components.Component{r.component})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "wait for another run that makes the same")
}

func TestCacheThatCannotBeWritten(t *testing.T) {
	r := newTiny(t)
	require.NoError(t, os.WriteFile(r.Cache, nil, 0o600))
	_, err := r.Build(t.Context(), []components.Component{r.component})
	require.ErrorContains(t, err, "AMPERSAND_CACHE")
}

func TestDefaultCache(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", "/somewhere")
	t.Setenv("AMPERSAND_CACHE", "")
	dir, err := build.DefaultCache()
	require.NoError(t, err)
	require.Equal(t, "/somewhere/ampersand", dir)

	t.Chdir(t.TempDir())
	here, err := os.Getwd()
	require.NoError(t, err)
	t.Setenv("AMPERSAND_CACHE", "mine")
	dir, err = build.DefaultCache()
	require.NoError(t, err)
	require.Equal(t, filepath.Join(here, "mine"), dir)
}

func TestModuleDir(t *testing.T) {
	r := newTiny(t)
	r.write(t, "dep/go.mod", "module example.test/dep\n\ngo 1.26\n")
	r.write(t, "go.mod", "module example.test/tiny\n\ngo 1.26\n\nrequire example.test/dep v1.0.0\n\nreplace example.test/dep => ./dep\n")
	dir, err := r.ModuleDir(t.Context(), r.component.Dir, "example.test/dep")
	require.NoError(t, err)
	require.Equal(t, filepath.Join(r.Root, r.component.Dir, "dep"), dir)
	_, err = r.ModuleDir(t.Context(), r.component.Dir, "example.test/unknown")
	require.ErrorContains(t, err, "example.test/unknown")
}

func TestRoot(t *testing.T) {
	root, err := build.Root(t.Context())
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(root, "fixtures", "components", "components.go"))
	t.Chdir(t.TempDir())
	_, err = build.Root(t.Context())
	require.ErrorContains(t, err, "inside a clone")
}
