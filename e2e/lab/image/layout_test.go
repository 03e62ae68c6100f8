package image_test

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/lab/image"
)

// forPlatforms are images of one name for two architectures.
func forPlatforms(t *testing.T, w *workshop) []image.Image {
	t.Helper()
	var made []image.Image
	for _, arch := range []string{"amd64", "arm64"} {
		spec := hello(t)
		spec.Name, spec.Tag, spec.Architecture, spec.Small = "hello", "1.2.3", arch, true
		spec.Files[0] = image.Program("/hello", source(t, "a program for "+arch))
		made = append(made, w.build(t, spec))
	}
	return made
}

func writeLayout(t *testing.T, images []image.Image) (string, image.Layout) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "image.tar")
	written, err := image.WriteLayout(t.Context(), path, map[string]string{"colour": "green"}, images...)
	require.NoError(t, err)
	left, err := filepath.Glob(path + "-making-*")
	require.NoError(t, err)
	require.Empty(t, left)
	return path, written
}

// unpacked is a folder with what a tar archive holds.
func unpacked(t *testing.T, archive string) string {
	t.Helper()
	dir := t.TempDir()
	f, err := os.Open(archive)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return dir
		}
		require.NoError(t, err)
		path := filepath.Join(dir, filepath.FromSlash(h.Name))
		if h.Typeflag == tar.TypeDir {
			require.NoError(t, os.MkdirAll(path, 0o750))
			continue
		}
		content, err := io.ReadAll(r)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, content, 0o600))
	}
}

func TestLayout(t *testing.T) {
	t.Parallel()
	images := forPlatforms(t, newWorkshop(t))
	archive, written := writeLayout(t, images)
	require.Equal(t, []string{"linux/amd64", "linux/arm64"}, written.Platforms)

	top, err := layout.ImageIndexFromPath(unpacked(t, archive))
	require.NoError(t, err)
	require.NoError(t, validate.Index(top), "digests, sizes and media types are right")
	manifest, err := top.IndexManifest()
	require.NoError(t, err)
	require.Len(t, manifest.Manifests, 1, "a reader who pushes it gets the index of both platforms")
	require.Equal(t, written.Digest, manifest.Manifests[0].Digest.String())
	require.Equal(t, "1.2.3", manifest.Manifests[0].Annotations["org.opencontainers.image.ref.name"])
	require.Equal(t, "docker.io/library/hello:1.2.3", manifest.Manifests[0].Annotations["io.containerd.image.name"])

	index, err := top.ImageIndex(manifest.Manifests[0].Digest)
	require.NoError(t, err)
	platforms, err := index.IndexManifest()
	require.NoError(t, err)
	require.Equal(t, types.OCIImageIndex, platforms.MediaType)
	require.Equal(t, map[string]string{"colour": "green"}, platforms.Annotations)
	require.Len(t, platforms.Manifests, 2)
	for i, descriptor := range platforms.Manifests {
		require.Equal(t, &v1.Platform{OS: "linux", Architecture: []string{"amd64", "arm64"}[i]}, descriptor.Platform)
		require.Equal(t, types.OCIManifestSchema1, descriptor.MediaType)
		img, err := index.Image(descriptor.Digest)
		require.NoError(t, err)
		own, err := img.Manifest()
		require.NoError(t, err)
		require.Equal(t, types.OCIConfigJSON, own.Config.MediaType)
		require.Equal(t, types.OCILayer, own.Layers[0].MediaType)
		require.Equal(t, map[string]string{"colour": "green"}, own.Annotations)
		_, _, texts := contents(t, img)
		require.Equal(t, "a program for "+descriptor.Platform.Architecture, texts["hello"])

		loaded, err := read(t, images[i]).ConfigName()
		require.NoError(t, err)
		require.Equal(t, loaded, own.Config.Digest, "Docker calls the image by the same id, whichever way it gets it")
	}
}

// The same images give the same bytes, in whatever folder they were made.
func TestLayoutIsReproducible(t *testing.T) {
	t.Parallel()
	first, written := writeLayout(t, forPlatforms(t, newWorkshop(t)))
	second, again := writeLayout(t, forPlatforms(t, newWorkshop(t)))
	require.Equal(t, written, again)
	one, err := os.ReadFile(first)
	require.NoError(t, err)
	two, err := os.ReadFile(second)
	require.NoError(t, err)
	require.Equal(t, one, two)
}

func TestLayoutOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	_, err := image.WriteLayout(t.Context(), filepath.Join(t.TempDir(), "image.tar"), nil, image.Image{Name: "hello", Tag: "1", Archive: "/nowhere.tar"})
	require.ErrorContains(t, err, "read the image /nowhere.tar")
}

// What a spec says about running the image is what its configuration says.
func TestHowAnImageRuns(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	spec := hello(t)
	spec.Entrypoint, spec.Cmd = nil, []string{"hello", "you"}
	spec.Volumes, spec.Ports = []string{"/data"}, []string{"80/tcp", "53/udp"}
	spec.Created = time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
	spec.Healthcheck = &image.Healthcheck{Command: []string{"hello", "?"}, Every: time.Second, Timeout: 2 * time.Second, Grace: 3 * time.Second, Failures: 4}
	made := w.build(t, spec)
	config, err := read(t, made).ConfigFile()
	require.NoError(t, err)
	require.Equal(t, spec.Created, config.Created.Time)
	require.Empty(t, config.Config.Entrypoint)
	require.Equal(t, []string{"hello", "you"}, config.Config.Cmd)
	require.Equal(t, map[string]struct{}{"/data": {}}, config.Config.Volumes)
	require.Equal(t, map[string]struct{}{"80/tcp": {}, "53/udp": {}}, config.Config.ExposedPorts)
	require.Equal(t, &v1.HealthConfig{
		Test: []string{"CMD", "hello", "?"}, Interval: time.Second, Timeout: 2 * time.Second, StartPeriod: 3 * time.Second, Retries: 4,
	}, config.Config.Healthcheck)
	require.NotEqual(t, made.Tag, w.build(t, hello(t)).Tag, "it is part of the key")
}

// A program that compresses well is smaller in an image that is published.
func TestSmall(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	spec := hello(t)
	spec.Files[0] = image.Program("/hello", source(t, strings.Repeat("a program, and another program. ", 1<<12)+strings.Repeat("programs ", 1<<12)))
	fast := w.build(t, spec)
	spec.Small = true
	small := w.build(t, spec)
	require.Less(t, small.Size, fast.Size)
	require.Equal(t, fast.Unpacked, small.Unpacked)
}
