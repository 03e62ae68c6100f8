package release_test

import (
	"archive/tar"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/lab/image"
	"github.com/ampersand-amp/ampersand/e2e/release"
)

// files are those of all layers.
func files(t *testing.T, img v1.Image) (map[string]*tar.Header, map[string][]byte) {
	t.Helper()
	layers, err := img.Layers()
	require.NoError(t, err)
	headers, contents := map[string]*tar.Header{}, map[string][]byte{}
	for _, l := range layers {
		stream, err := l.Uncompressed()
		require.NoError(t, err)
		for r := tar.NewReader(stream); ; {
			h, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			headers[h.Name] = h
			contents[h.Name], err = io.ReadAll(r)
			require.NoError(t, err)
		}
		require.NoError(t, stream.Close())
	}
	return headers, contents
}

// open reads the archive that Docker is given.
func open(t *testing.T, made image.Image) v1.Image {
	t.Helper()
	tag, err := name.NewTag(made.Ref())
	require.NoError(t, err)
	img, err := tarball.ImageFromPath(made.Archive, &tag)
	require.NoError(t, err)
	return img
}

// requireImage looks at what every image of a release has to be, whatever its programs are.
func requireImage(t *testing.T, v release.Version, img v1.Image) map[string][]byte {
	t.Helper()
	file, err := img.ConfigFile()
	require.NoError(t, err)
	require.Equal(t, v.Date, file.Created.Time)
	config := file.Config
	require.Equal(t, "65532:65532", config.User)
	require.Empty(t, config.Entrypoint, "each of the programs can be called")
	require.Equal(t, []string{"ampersand", "serve"}, config.Cmd)
	require.Contains(t, config.Env, "PATH=/bin")
	require.Contains(t, config.Env, "AMPERSAND_LISTEN=0.0.0.0:2677")
	require.Contains(t, config.Env, "AMPERSAND_DATA_DIR=/data")
	require.Contains(t, config.Volumes, "/data")
	require.Contains(t, config.ExposedPorts, "2677/tcp")
	require.Equal(t, []string{"CMD", "ampersand", "health"}, config.Healthcheck.Test)
	require.Less(t, config.Healthcheck.Interval, 10*time.Second)
	for key, want := range release.Annotations(v) {
		require.Equal(t, want, config.Labels[key], key)
	}
	for _, key := range []string{"title", "description", "version", "revision", "licenses", "source", "created"} {
		require.NotEmpty(t, config.Labels["org.opencontainers.image."+key], key)
	}

	headers, contents := files(t, img)
	require.ElementsMatch(t, []string{
		"bin/", "bin/ampersand", "bin/ho11y", "bin/sigv4proxy", "data/", "etc/", "etc/group", "etc/passwd", "tmp/",
		"usr/", "usr/share/", "usr/share/doc/", "usr/share/doc/ampersand/", "usr/share/doc/ampersand/LICENSE", "usr/share/doc/ampersand/sbom.cdx.json",
	}, slices.Collect(maps.Keys(headers)), "nothing else is in it")
	for path, h := range headers {
		mine := path == "data/" || path == "tmp/"
		require.Equal(t, mine, h.Uid == 65532 && h.Gid == 65532, "%s belongs to %d", path, h.Uid)
		require.Zero(t, h.Mode&0o022, "%s: others than its owner may write", path)
		require.Zero(t, h.Mode&0o7000, "%s gives away somebody's rights", path)
		require.Equal(t, mine || h.Typeflag == tar.TypeDir || strings.HasPrefix(path, "bin/"), h.Mode&0o100 != 0, path)
	}
	return contents
}

func TestImage(t *testing.T) {
	t.Parallel()
	m := small(t)
	p := product(t, m, linux(runtime.GOARCH))
	made, err := m.Image(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, "ampersand:1.2.3", made.Ref())
	contents := requireImage(t, m.Version, open(t, made))
	require.Equal(t, p.SBOM, contents["usr/share/doc/ampersand/sbom.cdx.json"])
	require.Equal(t, "this is LICENSE\n", string(contents["usr/share/doc/ampersand/LICENSE"]))
	for name, path := range p.Programs {
		program, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, program, contents["bin/"+name])
	}
}

// The same sources in another folder, with another cache, are the same image.
func TestImageIsReproducible(t *testing.T) {
	t.Parallel()
	digests := map[string]bool{}
	for range 2 {
		m := small(t)
		made, err := m.Image(t.Context(), product(t, m, linux("arm64")))
		require.NoError(t, err)
		digests[made.Digest] = true
	}
	require.Len(t, digests, 1)
}

func TestImageWithoutALicence(t *testing.T) {
	t.Parallel()
	m := small(t)
	require.NoError(t, os.Remove(filepath.Join(m.Root, "LICENSE")))
	_, err := m.Image(t.Context(), product(t, m, linux(runtime.GOARCH)))
	require.ErrorContains(t, err, "read the licence")
}
