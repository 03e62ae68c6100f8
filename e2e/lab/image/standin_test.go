package image_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// envStandIn names the folder that tells the stand-ins what to do, and where they write down what they were asked.
const envStandIn = "AMPERSAND_TEST_STANDIN"

func TestMain(m *testing.M) {
	stand, ok := map[string]func(dir string, args []string) error{
		"apt-get": standInAptGet, "apt-config": standInAptConfig, "dpkg-deb": standInDpkg, "docker": standInDocker,
	}[filepath.Base(os.Args[0])]
	if !ok {
		os.Exit(m.Run())
	}
	dir := os.Getenv(envStandIn)
	calls, err := os.OpenFile(filepath.Join(dir, "calls"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = fmt.Fprintln(calls, filepath.Base(os.Args[0]), strings.Join(os.Args[1:], " "))
	}
	if err == nil {
		err = stand(dir, os.Args[1:])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "E:", err)
		os.Exit(100)
	}
	os.Exit(0)
}

// standIns is a machine whose commands are this test.
type standIns struct{ dir string }

// newStandIns puts stand-ins for commands, and nothing else, into the PATH.
func newStandIns(t *testing.T, commands ...string) *standIns {
	t.Helper()
	s, bin := &standIns{dir: t.TempDir()}, t.TempDir()
	self, err := os.Executable()
	require.NoError(t, err)
	for _, command := range commands {
		require.NoError(t, os.Symlink(self, filepath.Join(bin, command)))
	}
	t.Setenv("PATH", bin)
	t.Setenv(envStandIn, s.dir)
	t.Setenv("GORACE", "atexit_sleep_ms=0") // a program with the race detector lingers for a second
	return s
}

func (s *standIns) write(t *testing.T, file, text string) {
	t.Helper()
	path := filepath.Join(s.dir, file)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

// calls counts the commands that had all of these words.
func (s *standIns) calls(t *testing.T, words ...string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, "calls"))
	if os.IsNotExist(err) {
		return 0
	}
	require.NoError(t, err)
	n := 0
	for line := range strings.Lines(string(text)) {
		if !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(line, word) }) {
			n++
		}
	}
	return n
}

func failing(dir, what string) error {
	if text, err := os.ReadFile(filepath.Join(dir, what+"-fails")); err == nil {
		return fmt.Errorf("%s", text)
	}
	return nil
}

// standInAptGet knows the packages in dir/packages: lines of apt-get's simulation, and tar files in place of packages.
func standInAptGet(dir string, args []string) error {
	switch {
	case slices.Contains(args, "update"):
		if err := failing(dir, "update"); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(filepath.Dir(os.Getenv("APT_CONFIG")), "lists", "main_Packages"), nil, 0o600)
	case slices.Contains(args, "--simulate"):
		if err := failing(dir, "simulate"); err != nil {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, "packages", "list"))
		fmt.Print("Reading package lists...\n" + string(text))
		return err
	}
	if err := failing(dir, "download"); err != nil {
		return err
	}
	for _, arg := range args {
		if to, ok := strings.CutPrefix(arg, "Dir::Cache::archives="); ok {
			return os.CopyFS(to, os.DirFS(filepath.Join(dir, "packages")))
		}
	}
	return fmt.Errorf("nowhere to download to: %v", args)
}

func standInAptConfig(string, []string) error {
	fmt.Print("APT::Architecture \"amd64\";\nAcquire::http::Proxy \"http://proxy.example:3128\";\nAcquire::IndexTargets::deb \"\";\n" +
		"APT::Update::Post-Invoke:: \"rm -rf /var/cache\";\nDir::State \"/var/lib/apt\";\n")
	return nil
}

func standInDpkg(_ string, args []string) error {
	f, err := os.Open(args[len(args)-1])
	if err != nil {
		return err
	}
	_, err = io.Copy(os.Stdout, f)
	return err
}

// standInDocker knows the images in dir/images: a file for each, which holds when it was tagged.
func standInDocker(dir string, args []string) error {
	file := func(ref string) string {
		return filepath.Join(dir, "images", strings.NewReplacer("/", "_", ":", "@").Replace(ref))
	}
	switch strings.Join(args[:2], " ") {
	case "image inspect":
		text, err := os.ReadFile(file(args[len(args)-1]))
		fmt.Println(string(text))
		return err
	case "image ls":
		entries, err := os.ReadDir(filepath.Join(dir, "images"))
		for _, entry := range entries {
			fmt.Println(strings.NewReplacer("_", "/", "@", ":").Replace(entry.Name()))
		}
		return err
	case "image rm":
		return os.Remove(file(args[2]))
	}
	return failing(dir, "load")
}

// packed is a tar stream of files. A regular file's content is its name.
func packed(t *testing.T, headers ...*tar.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, h := range headers {
		content := []byte(filepath.Base(h.Name))
		if h.Typeflag == tar.TypeReg {
			h.Size = int64(len(content))
		}
		require.NoError(t, w.WriteHeader(h))
		if h.Typeflag == tar.TypeReg {
			_, err := w.Write(content)
			require.NoError(t, err)
		}
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}
