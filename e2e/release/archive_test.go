package release_test

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/elf"
	"debug/macho"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/lab/build"
	"github.com/ampersand-amp/ampersand/e2e/release"
)

// darwin is one of the platforms that are no Linux.
func darwin() build.Platform { return build.Platform{OS: "darwin", Arch: "arm64"} }

// packed are the files of an archive.
func packed(t *testing.T, path string) (map[string]*tar.Header, map[string][]byte) {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	var stream io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		stream, err = gzip.NewReader(f)
		require.NoError(t, err)
	}
	headers, contents := map[string]*tar.Header{}, map[string][]byte{}
	for r := tar.NewReader(stream); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return headers, contents
		}
		require.NoError(t, err)
		headers[h.Name] = h
		contents[h.Name], err = io.ReadAll(r)
		require.NoError(t, err)
	}
}

func TestRelease(t *testing.T) {
	t.Parallel()
	m, out := small(t), filepath.Join(t.TempDir(), "dist")
	require.NoError(t, os.MkdirAll(out, 0o750))
	for _, old := range []string{"ampersand-v1.2.3-plan9-amd64.tar.gz", "ampersand-v1.2.2-linux-amd64.tar.gz", "notes.txt"} {
		require.NoError(t, os.WriteFile(filepath.Join(out, old), nil, 0o600))
	}
	files, err := m.Release(t.Context(), out, []build.Platform{linux("amd64"), linux("arm64"), darwin()})
	require.NoError(t, err)
	names := make([]string, 0, len(files))
	for _, f := range files {
		names = append(names, f.Name)
	}
	require.Equal(t, []string{
		"ampersand-v1.2.3-darwin-arm64.sbom.cdx.json", "ampersand-v1.2.3-darwin-arm64.tar.gz", "ampersand-v1.2.3-image.tar",
		"ampersand-v1.2.3-linux-amd64.sbom.cdx.json", "ampersand-v1.2.3-linux-amd64.tar.gz",
		"ampersand-v1.2.3-linux-arm64.sbom.cdx.json", "ampersand-v1.2.3-linux-arm64.tar.gz",
	}, names)
	there, err := filepath.Glob(filepath.Join(out, "*"))
	require.NoError(t, err)
	require.Len(t, there, len(files)+3, "with the checksums, an earlier version and what is not ours: %v", there)

	for _, platform := range []string{"linux-amd64", "linux-arm64", "darwin-arm64"} {
		folder := "ampersand-v1.2.3-" + platform
		headers, contents := packed(t, filepath.Join(out, folder+".tar.gz"))
		require.Len(t, headers, 8, "the folder, three programs and four texts")
		for _, program := range []string{"ampersand", "sigv4proxy", "ho11y"} {
			require.Equal(t, int64(0o755), headers[folder+"/"+program].Mode)
			requirePlatform(t, platform, contents[folder+"/"+program])
		}
		for _, text := range []string{"LICENSE", "README.md", "CHANGELOG.md"} {
			require.Equal(t, "this is "+text+"\n", string(contents[folder+"/"+text]))
			require.Equal(t, int64(0o644), headers[folder+"/"+text].Mode)
		}
		beside, err := os.ReadFile(filepath.Join(out, folder+".sbom.cdx.json"))
		require.NoError(t, err)
		require.Equal(t, beside, contents[folder+"/sbom.cdx.json"])
		for name, h := range headers {
			require.True(t, h.ModTime.Equal(m.Version.Date), "%s is of %s", name, h.ModTime)
			require.Zero(t, h.Uid+h.Gid, name)
		}
		if platform == runtime.GOOS+"-"+runtime.GOARCH {
			program := filepath.Join(t.TempDir(), "ampersand")
			require.NoError(t, os.WriteFile(program, contents[folder+"/ampersand"], 0o700))
			said, err := exec.CommandContext(t.Context(), program).CombinedOutput()
			require.NoError(t, err)
			require.Equal(t, "ampersand v1.2.3 0123456789abcdef", string(said), "it knows which release it is")
		}
	}
	requireChecksums(t, out, files)
}

// requirePlatform looks at a program's own header.
func requirePlatform(t *testing.T, platform string, program []byte) {
	t.Helper()
	if strings.HasPrefix(platform, "darwin") {
		file, err := macho.NewFile(bytes.NewReader(program))
		require.NoError(t, err)
		require.Equal(t, macho.CpuArm64, file.Cpu)
		return
	}
	file, err := elf.NewFile(bytes.NewReader(program))
	require.NoError(t, err)
	require.Equal(t, map[string]elf.Machine{"linux-amd64": elf.EM_X86_64, "linux-arm64": elf.EM_AARCH64}[platform], file.Machine)
	for _, part := range file.Progs {
		require.NotEqual(t, elf.PT_INTERP, part.Type, "it is linked to nothing")
	}
}

// requireChecksums does what `sha256sum -c` does.
func requireChecksums(t *testing.T, out string, files []release.File) {
	t.Helper()
	f, err := os.Open(filepath.Join(out, release.Checksums))
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	n := 0
	for lines := bufio.NewScanner(f); lines.Scan(); n++ {
		sum, name, _ := strings.Cut(lines.Text(), "  ")
		content, err := os.ReadFile(filepath.Join(out, name))
		require.NoError(t, err)
		hash := sha256.Sum256(content)
		require.Equal(t, hex.EncodeToString(hash[:]), sum, name)
		require.Equal(t, release.File{Name: name, SHA256: sum, Size: int64(len(content))}, files[n])
	}
	require.Len(t, files, n)
}

// Two clones with caches of their own, in different folders, make the same release.
func TestReleaseIsReproducible(t *testing.T) {
	t.Parallel()
	var made [][]release.File
	for range 2 {
		files, err := small(t).Release(t.Context(), t.TempDir(), []build.Platform{linux("amd64"), linux("arm64")})
		require.NoError(t, err)
		made = append(made, files)
	}
	require.Equal(t, made[0], made[1])
}

func TestReleaseOfOtherSystems(t *testing.T) {
	t.Parallel()
	files, err := small(t).Release(t.Context(), t.TempDir(), []build.Platform{darwin()})
	require.NoError(t, err)
	require.Len(t, files, 2, "without Linux there is no image")
}

// The layout that a release holds is one that readers of layouts take.
func TestReleaseHoldsTheImage(t *testing.T) {
	t.Parallel()
	m, out := small(t), t.TempDir()
	written, err := m.Layout(t.Context(), out)
	require.NoError(t, err)
	require.Equal(t, "ampersand-v1.2.3-image.tar", written.File)
	require.Equal(t, []string{"linux/amd64", "linux/arm64"}, written.Platforms)
	dir := t.TempDir()
	_, contents := packed(t, filepath.Join(out, written.File))
	for name, content := range contents {
		if strings.HasSuffix(name, "/") {
			require.NoError(t, os.MkdirAll(filepath.Join(dir, name), 0o750))
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o750))
		if !strings.HasSuffix(name, "/") {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
		}
	}
	top, err := layout.ImageIndexFromPath(dir)
	require.NoError(t, err)
	require.NoError(t, validate.Index(top))
	manifest, err := top.IndexManifest()
	require.NoError(t, err)
	index, err := top.ImageIndex(manifest.Manifests[0].Digest)
	require.NoError(t, err)
	annotated, err := index.IndexManifest()
	require.NoError(t, err)
	require.Equal(t, release.Annotations(m.Version), annotated.Annotations)
	for _, d := range annotated.Manifests {
		img, err := index.Image(d.Digest)
		require.NoError(t, err)
		headers, contents := files(t, img)
		require.NotEmpty(t, headers)
		requirePlatform(t, d.Platform.OS+"-"+d.Platform.Architecture, contents["bin/ampersand"])
		config, err := img.ConfigFile()
		require.NoError(t, err)
		require.Equal(t, d.Platform.Architecture, config.Architecture)
		require.Equal(t, time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC), config.Created.Time)
	}
}
