package image_test

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/ampersand-amp/ampersand/e2e/lab/image"
)

// hello is an image with one of each kind of file. Its program is a file of the test.
func hello(t *testing.T) image.Spec {
	t.Helper()
	return image.Spec{
		Name: "ampersand/hello", Entrypoint: []string{"/hello"}, User: "65532:65532", Env: []string{"A=b"},
		Labels: map[string]string{"colour": "green"}, StopSignal: "SIGINT",
		Files: []image.File{
			image.Program("/hello", source(t, "a program")),
			image.Text("/etc/passwd", "user:x:65532:65532::/:/none\n"),
			image.Symlink("/bin", "usr/bin"),
			image.Folder("/tmp", 0o777|fs.ModeSticky),
			{Path: "/home/user/secret", Content: "x", Mode: 0o600 | fs.ModeSetuid, UID: 65532, GID: 65533},
		},
	}
}

func source(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "source")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// workshop is a builder with a cache of its own and a log.
type workshop struct {
	*image.Builder
	logged *lines
}

func newWorkshop(t *testing.T) *workshop {
	t.Helper()
	w := &workshop{logged: &lines{}}
	w.Builder = &image.Builder{Cache: filepath.Join(t.TempDir(), "cache"), Logf: w.logged.printf}
	return w
}

func (w *workshop) build(t *testing.T, spec image.Spec) image.Image {
	t.Helper()
	made, err := w.Build(t.Context(), spec)
	require.NoError(t, err)
	require.Len(t, made, 1)
	return made[0]
}

// made counts the images that were not found in the cache.
func (w *workshop) made() int { return w.logged.count("made the image") }

// read opens the archive of an image as docker and containerd do: by its name.
func read(t *testing.T, made image.Image) v1.Image {
	t.Helper()
	tag, err := name.NewTag(made.Ref())
	require.NoError(t, err)
	img, err := tarball.ImageFromPath(made.Archive, &tag)
	require.NoError(t, err)
	return img
}

// contents are the files of all layers.
func contents(t *testing.T, img v1.Image) ([]string, map[string]*tar.Header, map[string]string) {
	t.Helper()
	layers, err := img.Layers()
	require.NoError(t, err)
	var order []string
	headers, texts := map[string]*tar.Header{}, map[string]string{}
	for _, l := range layers {
		stream, err := l.Uncompressed()
		require.NoError(t, err)
		for in := tar.NewReader(stream); ; {
			h, err := in.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			text, err := io.ReadAll(in)
			require.NoError(t, err)
			order = append(order, h.Name)
			headers[h.Name], texts[h.Name] = h, string(text)
		}
		require.NoError(t, stream.Close())
	}
	return order, headers, texts
}

func TestImage(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	made := w.build(t, hello(t))
	require.Regexp(t, `^ampersand/hello:[0-9a-f]{16}$`, made.Ref())
	img := read(t, made)

	config, err := img.ConfigFile()
	require.NoError(t, err)
	require.Equal(t, "linux", config.OS)
	require.Equal(t, v1.Config{
		Entrypoint: []string{"/hello"}, User: "65532:65532", Env: []string{"A=b"}, WorkingDir: "/", StopSignal: "SIGINT",
		Labels: map[string]string{image.Label: "ampersand/hello", "colour": "green"},
	}, config.Config)

	digest, err := img.Digest()
	require.NoError(t, err)
	require.Equal(t, digest.String(), made.Digest)
	manifest, err := img.Manifest()
	require.NoError(t, err)
	require.Equal(t, manifest.Config.Size+manifest.Layers[0].Size, made.Size)

	order, headers, texts := contents(t, img)
	require.Equal(t, []string{"bin", "etc/", "etc/passwd", "hello", "home/", "home/user/", "home/user/secret", "tmp/"}, order)
	require.Equal(t, "a program", texts["hello"])
	require.Equal(t, int64(0o755), headers["hello"].Mode)
	require.Equal(t, int64(0o755), headers["home/user/"].Mode)
	require.Equal(t, int64(0o1777), headers["tmp/"].Mode)
	require.Equal(t, "usr/bin", headers["bin"].Linkname)
	secret := headers["home/user/secret"]
	require.Equal(t, []int64{0o4600, 65532, 65533}, []int64{secret.Mode, int64(secret.Uid), int64(secret.Gid)})
	for _, h := range headers {
		require.Zero(t, h.ModTime.Unix(), "%s carries a clock", h.Name)
	}
}

func TestTagOfSomebodyElse(t *testing.T) {
	t.Parallel()
	spec := hello(t)
	spec.Tag = "v1.36.3"
	made := newWorkshop(t).build(t, spec)
	require.Equal(t, "ampersand/hello:v1.36.3", made.Ref())
	read(t, made)
}

// The layer below the files comes first, and the files lie over it.
func TestBase(t *testing.T) {
	t.Parallel()
	base := filepath.Join(t.TempDir(), "base.tar")
	require.NoError(t, os.WriteFile(base, packed(t, &tar.Header{Name: "usr/", Typeflag: tar.TypeDir, Mode: 0o755}), 0o600))
	spec := hello(t)
	spec.Base = image.Layer{Path: base, SHA256: "one"}
	w := newWorkshop(t)
	made := w.build(t, spec)
	order, _, _ := contents(t, read(t, made))
	require.Equal(t, []string{"usr/", "bin"}, order[:2])
	spec.Base.SHA256 = "two"
	require.NotEqual(t, made.Tag, w.build(t, spec).Tag)
}

func TestSameInputSameBytes(t *testing.T) {
	t.Parallel()
	first, second := hello(t), hello(t)
	require.NotEqual(t, first.Files[0].Source, second.Files[0].Source)
	past := time.Unix(1, 0)
	require.NoError(t, os.Chtimes(second.Files[0].Source, past, past))
	slices.Reverse(second.Files)
	one, two := newWorkshop(t).build(t, first), newWorkshop(t).build(t, second)
	require.Equal(t, one.Digest, two.Digest)
	a, err := os.ReadFile(one.Archive)
	require.NoError(t, err)
	b, err := os.ReadFile(two.Archive)
	require.NoError(t, err)
	require.Equal(t, a, b)
}

func TestMadeAgainOnlyWhenTheContentChanges(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	spec := hello(t)
	first := w.build(t, spec)
	require.Equal(t, first, w.build(t, spec))
	spec.Files[0].Source = source(t, "a program") // the same elsewhere
	require.Equal(t, first, w.build(t, spec))
	require.Equal(t, 1, w.made())

	seen := map[string]bool{first.Tag: true}
	for _, tc := range []struct {
		what   string
		change func(*image.Spec)
	}{
		{"a program", func(s *image.Spec) { s.Files[0].Source = source(t, "another program") }},
		{"a text", func(s *image.Spec) { s.Files[1].Content = "nobody" }},
		{"a path", func(s *image.Spec) { s.Files[0].Path = "/bye" }},
		{"a mode", func(s *image.Spec) { s.Files[1].Mode = 0o640 }},
		{"an owner", func(s *image.Spec) { s.Files[1].UID = 7 }},
		{"a link", func(s *image.Spec) { s.Files[2].Link = "usr/sbin" }},
		{"another file", func(s *image.Spec) { s.Files = append(s.Files, image.Text("/new", "")) }},
		{"the user", func(s *image.Spec) { s.User = "0:0" }},
		{"the entrypoint", func(s *image.Spec) { s.Entrypoint = []string{"/hello", "--loud"} }},
		{"the environment", func(s *image.Spec) { s.Env = nil }},
		{"a label", func(s *image.Spec) { s.Labels = map[string]string{"colour": "red"} }},
	} {
		spec := hello(t)
		tc.change(&spec)
		made := w.build(t, spec)
		require.NotContains(t, seen, made.Tag, "%s makes another key", tc.what)
		seen[made.Tag] = true
	}
	require.Equal(t, len(seen), w.made())
}

func TestDamageIsRepaired(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	spec := hello(t)
	made := w.build(t, spec)
	for i, tc := range []struct {
		what   string
		damage func() error
		said   int
	}{
		{"the archive changed", func() error { return os.WriteFile(made.Archive, []byte("x"), 0o600) }, 1},
		{"the archive is cut off", func() error { return os.Truncate(made.Archive, 100) }, 1},
		{"the archive is gone", func() error { return os.Remove(made.Archive) }, 1},
		{"the note is cut off", func() error { return os.Truncate(made.Archive+".json", 10) }, 1},
		{"the note is gone", func() error { return os.Remove(made.Archive + ".json") }, 0}, // killed before it was finished
	} {
		before := w.logged.count("not as it was made")
		require.NoError(t, tc.damage(), tc.what)
		require.Equal(t, made, w.build(t, spec), tc.what)
		require.Equal(t, i+2, w.made(), tc.what)
		require.Equal(t, before+tc.said, w.logged.count("not as it was made"), tc.what)
		read(t, made)
	}
}

func TestOldImagesAreRemoved(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	clock := time.Now()
	w.Now = func() time.Time { clock = clock.Add(time.Second); return clock }
	other := hello(t)
	other.Name = "ampersand/hello-other"
	kept := w.build(t, other)
	spec := hello(t)
	first := w.build(t, spec)
	for i := range 5 {
		spec.Files[1].Content = fmt.Sprint(i)
		require.FileExists(t, w.build(t, spec).Archive)
	}
	require.NoFileExists(t, first.Archive, "it was used longest ago")
	require.NoFileExists(t, first.Archive+".json")
	require.FileExists(t, kept.Archive, "it is another image's")
	left, err := filepath.Glob(filepath.Join(filepath.Dir(first.Archive), "ampersand_hello-????????????????.tar"))
	require.NoError(t, err)
	require.Len(t, left, 4)
}

func TestTwoRunsMakeItOnce(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	spec := hello(t)
	var group errgroup.Group
	for range 4 {
		group.Go(func() error {
			_, err := w.Build(t.Context(), spec, spec)
			return err
		})
	}
	require.NoError(t, group.Wait())
	require.Equal(t, 1, w.made(), w.logged)
	left, err := filepath.Glob(filepath.Join(w.Cache, "images", "*-making-*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestBadSpecs(t *testing.T) {
	t.Parallel()
	for what, tc := range map[string]struct {
		change func(*image.Spec)
		want   string
	}{
		"no such program": {func(s *image.Spec) { s.Files[0].Source = "/nowhere/hello" }, "/nowhere/hello"},
		"a file twice":    {func(s *image.Spec) { s.Files = append(s.Files, image.Text("/hello", "")) }, "hello is there twice"},
		"a file in a file": {func(s *image.Spec) { s.Files = append(s.Files, image.Text("/hello/you", "")) },
			"hello/you lies in hello, which is no folder"},
		"a file behind a link": {func(s *image.Spec) { s.Files = append(s.Files, image.Text("/bin/sh", "")) },
			"bin/sh lies in bin, which is no folder"},
		"a file without a path": {func(s *image.Spec) { s.Files[1].Path = "" }, "no path"},
		"a bad name":            {func(s *image.Spec) { s.Name = "Ampersand/Hello" }, "name it"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := newWorkshop(t)
			spec := hello(t)
			tc.change(&spec)
			_, err := w.Build(t.Context(), spec)
			require.ErrorContains(t, err, tc.want)
			require.ErrorContains(t, err, "make the image "+spec.Name)
			archives, err := filepath.Glob(filepath.Join(w.Cache, "images", "*.tar"))
			require.NoError(t, err)
			require.Empty(t, archives)
		})
	}
}

func TestCacheThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	require.NoError(t, os.WriteFile(w.Cache, nil, 0o600))
	_, err := w.Build(t.Context(), hello(t))
	require.ErrorContains(t, err, "AMPERSAND_CACHE")
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
