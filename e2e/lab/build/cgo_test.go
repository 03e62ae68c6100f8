package build_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/fixtures/components"
)

const (
	// envVersion is what the C compiler's stand-in says about itself.
	envVersion = "AMPERSAND_TEST_CC"
	// envInstalled is the folder of the libraries that the stand-in finds.
	envInstalled = "AMPERSAND_TEST_LIBRARIES"
)

// replace puts stand-ins in the place of all programs.
func replace(t *testing.T, programs ...string) {
	t.Helper()
	bin := t.TempDir()
	self, err := os.Executable()
	require.NoError(t, err)
	for _, program := range programs {
		require.NoError(t, os.Symlink(self, filepath.Join(bin, program)))
	}
	t.Setenv("PATH", bin)
	// The race detector would have each stand-in sleep for a second before it ends.
	t.Setenv("GORACE", "atexit_sleep_ms=0")
}

// standInForC is a C compiler that knows its version and where libraries are.
func standInForC(question string) {
	name, ok := strings.CutPrefix(question, "-print-file-name=")
	if !ok {
		fmt.Println(os.Getenv(envVersion))
		return
	}
	path := filepath.Join(os.Getenv(envInstalled), name)
	if _, err := os.Stat(path); err != nil {
		path = name
	}
	fmt.Println(path)
}

// environmentAsProgram writes what the go command was told into the one program that it was asked to build.
func environmentAsProgram() int {
	var out, pkg string
	for i, arg := range os.Args {
		if arg == "-o" {
			out, pkg = os.Args[i+1], os.Args[i+2]
		}
	}
	var told []string
	for _, setting := range os.Environ() {
		if strings.HasPrefix(setting, "CGO_") || strings.HasPrefix(setting, "PKG_CONFIG=") {
			told = append(told, setting)
		}
	}
	if err := os.WriteFile(filepath.Join(out, filepath.Base(pkg)), []byte(strings.Join(told, "\n")), 0o600); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// newMixed is a component with a part in C, on a machine where cc and the C library are installed.
func newMixed(t *testing.T) (r *tiny, libraries string) {
	t.Helper()
	r = newTiny(t)
	r.component.Programs = map[string]string{"mixed": "./cmd/mixed"}
	r.component.Libraries = []string{"safe", "sound"}
	libraries = t.TempDir()
	install(t, filepath.Join(libraries, "libc.a"), "C")
	t.Setenv(envInstalled, libraries)
	t.Setenv(envVersion, "cc 1.0")
	replace(t, "go", "cc")
	return r, libraries
}

// install makes a library.
func install(t *testing.T, path, content string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

// told is what the go command was told when it built the component.
func (r *tiny) told(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(r.build(t)["mixed"])
	require.NoError(t, err)
	return strings.Split(string(text), "\n")
}

func TestLibrariesOfTheMachine(t *testing.T) {
	r, libraries := newMixed(t)
	install(t, filepath.Join(libraries, "libsafe.a"), "safe")
	install(t, filepath.Join(libraries, "libsound.a"), "sound")
	require.ElementsMatch(t, []string{
		"CGO_ENABLED=1", "CGO_CFLAGS=-O2", "CGO_LDFLAGS=-L" + libraries + " -lsafe -L" + libraries + " -lsound", "PKG_CONFIG=true",
	}, r.told(t))
}

func TestLibrariesOfASysroot(t *testing.T) {
	for _, folder := range []string{"usr/lib", "usr/lib/x86_64-linux-gnu"} {
		r, libraries := newMixed(t)
		r.Sysroot = t.TempDir()
		install(t, filepath.Join(libraries, "libsound.a"), "sound")
		install(t, filepath.Join(libraries, "libsafe.a"), "not this one")
		unpacked := filepath.Join(r.Sysroot, folder)
		install(t, filepath.Join(unpacked, "libsafe.a"), "safe")
		require.ElementsMatch(t, []string{
			"CGO_ENABLED=1", "CGO_CFLAGS=-O2 -I" + r.Sysroot + "/usr/include",
			"CGO_LDFLAGS=-L" + unpacked + " -lsafe -L" + libraries + " -lsound", "PKG_CONFIG=true",
		}, r.told(t))
	}
}

func TestWithoutC(t *testing.T) {
	r, _ := newMixed(t)
	r.component.Libraries = nil
	replace(t, "go")
	require.Equal(t, []string{"CGO_ENABLED=0"}, r.told(t), "no compiler is asked for")
}

func TestKeyOfC(t *testing.T) {
	r, libraries := newMixed(t)
	r.Sysroot = t.TempDir()
	install(t, filepath.Join(libraries, "libsound.a"), "sound")
	install(t, filepath.Join(r.Sysroot, "usr/lib/libsafe.a"), "safe")
	first := r.build(t)

	moved := filepath.Join(t.TempDir(), "moved")
	require.NoError(t, os.Rename(r.Sysroot, moved))
	r.Sysroot = moved
	require.Equal(t, first, r.build(t), "where the libraries are does not matter")
	require.Equal(t, 1, r.builds())

	for i, tc := range []struct {
		what   string
		change func()
	}{
		{"the compiler", func() { t.Setenv(envVersion, "cc 2.0") }},
		{"C's own library", func() { install(t, filepath.Join(libraries, "libc.a"), "C2") }},
		{"a library of the machine", func() { install(t, filepath.Join(libraries, "libsound.a"), "sound2") }},
		{"a library of the sysroot", func() { install(t, filepath.Join(r.Sysroot, "usr/lib/libsafe.a"), "safe2") }},
		{"the libraries", func() { r.component.Libraries = []string{"safe"} }},
	} {
		tc.change()
		r.build(t)
		require.Equal(t, i+2, r.builds(), "%s makes another key", tc.what)
	}
}

func TestWhatIsMissingForC(t *testing.T) {
	for _, tc := range []struct {
		what, says string
		remove     func(r *tiny, libraries string)
	}{
		{"the compiler", "tiny needs a C compiler: install gcc and libc6-dev", func(*tiny, string) { replace(t, "go") }},
		{"C's own library", "libc.a is missing: install libc6-dev", func(_ *tiny, libraries string) {
			require.NoError(t, os.Remove(filepath.Join(libraries, "libc.a")))
		}},
		{"a library", "libsafe.a is missing: install libsafe-dev", func(*tiny, string) {}},
		{"a library of the sysroot", "libsafe.a is missing: install libsafe-dev", func(r *tiny, _ string) { r.Sysroot = t.TempDir() }},
	} {
		r, libraries := newMixed(t)
		tc.remove(r, libraries)
		_, err := r.Build(t.Context(), []components.Component{r.component})
		require.ErrorContains(t, err, tc.says, tc.what)
		require.Empty(t, r.left(t))
	}
}
