package build_test

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/lab/build"
	"github.com/ampersand-amp/ampersand/fixtures/components"
)

// envStarted names the file that the go command's stand-in makes when it is asked to build.
const envStarted = "AMPERSAND_TEST_STARTED"

func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case "go":
		os.Exit(standIn(os.Args[1]))
	case "cc":
		standInForC(os.Args[1])
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// standIn is a go command whose builds last until they are interrupted, or end at once with their environment as the
// program.
func standIn(command string) int {
	if command == "env" && os.Args[2] == "CC" {
		fmt.Println("cc -pipe")
		return 0
	}
	if command == "build" && os.Getenv(envStarted) == "" {
		return environmentAsProgram()
	}
	if command != "build" {
		fmt.Println("go1.0\nlinux\namd64")
		return 0
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	if err := os.WriteFile(os.Getenv(envStarted), nil, 0o600); err != nil {
		fmt.Println(err)
		return 1
	}
	select {
	case <-interrupted:
		_ = os.WriteFile(os.Getenv(envStarted), []byte("interrupted"), 0o600)
	case <-time.After(time.Minute): // the test is gone
	}
	return 1
}

// tiny is a component in a repository of its own. It needs nothing but the standard library's runtime.
type tiny struct {
	*build.Builder
	component components.Component
	logged    *lines
}

func newTiny(t *testing.T) *tiny {
	t.Helper()
	t.Setenv("GOPROXY", "off")
	t.Setenv("GOTOOLCHAIN", "local")
	root := t.TempDir()
	r := &tiny{
		logged: &lines{},
		component: components.Component{
			Name: "tiny", Dir: "modules/tiny", Version: "v0.0.1", Expect: time.Second,
			Programs: map[string]string{"say": ".", "shout": "./cmd/v2", "whisper": "example.test/tiny/cmd/whisper"},
			Sources:  []string{"main.go", "cmd"},
		},
	}
	r.Builder = r.another(root, filepath.Join(t.TempDir(), "cache"))
	r.write(t, "go.mod", "module example.test/tiny\n\ngo 1.26\n")
	r.write(t, "go.sum", "")
	for file, text := range map[string]string{"main.go": "one", "cmd/v2/main.go": "ONE", "cmd/whisper/main.go": "(one)"} {
		r.say(t, file, text)
	}
	return r
}

// another is a builder for the same folders, as another run of the lab would make.
func (r *tiny) another(root, cache string) *build.Builder {
	return &build.Builder{Root: root, Cache: cache, Logf: r.logged.printf}
}

// write writes a file of the component.
func (r *tiny) write(t *testing.T, file, text string) {
	t.Helper()
	path := filepath.Join(r.Root, r.component.Dir, file)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

// say writes a program that prints text.
func (r *tiny) say(t *testing.T, file, text string) {
	t.Helper()
	r.write(t, file, fmt.Sprintf("package main\n\nfunc main() { print(%q) }\n", text))
}

func (r *tiny) build(t *testing.T) build.Programs {
	t.Helper()
	programs, err := r.Build(t.Context(), []components.Component{r.component})
	require.NoError(t, err)
	return programs
}

// builds counts how often a build was begun.
func (r *tiny) builds() int { return r.logged.count("building tiny v0.0.1") }

// left are the folders of builds that were begun and not finished.
func (r *tiny) left(t *testing.T) []string {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(r.Cache, "bin", "*-building-*"))
	require.NoError(t, err)
	return left
}

// prints is what a program prints.
func prints(t *testing.T, program string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program).CombinedOutput()
	require.NoError(t, err, string(out))
	return string(out)
}

// lines is a log.
type lines struct {
	mu   sync.Mutex
	list []string
}

func (l *lines) printf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, fmt.Sprintf(format, args...))
}

func (l *lines) count(part string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, line := range l.list {
		if strings.Contains(line, part) {
			n++
		}
	}
	return n
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.list, "\n")
}
