package release

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/ampersand-amp/ampersand/e2e/lab/build"
	"github.com/ampersand-amp/ampersand/e2e/lab/cache"
)

// Checksums is the file that `sha256sum -c` reads.
const Checksums = "SHA256SUMS"

// compression is gzip's own default. The levels above it take many times as long for three percent.
const compression = 6

// File is a file of a release.
type File struct {
	Name, SHA256 string
	Size         int64
}

// Release makes the archives of the platforms, a list of contents beside each, the image when Linux is among them, and
// checksums, all in the folder out. What an earlier release of the same version left there goes first.
func (m *Maker) Release(ctx context.Context, out string, platforms []build.Platform) ([]File, error) {
	if err := m.clear(out); err != nil {
		return nil, err
	}
	var names []string
	var linux []Product
	for _, platform := range platforms {
		p, err := m.Build(ctx, platform)
		if err != nil {
			return nil, err
		}
		if platform.OS == "linux" {
			linux = append(linux, p)
		}
		made, err := m.archive(ctx, out, p)
		if err != nil {
			return nil, fmt.Errorf("archive for %s: %w", platform, err)
		}
		names = append(names, made...)
	}
	if len(linux) > 0 {
		layout, err := m.LayoutOf(ctx, out, linux...)
		if err != nil {
			return nil, fmt.Errorf("image: %w", err)
		}
		m.Logf("image for %s: %s", strings.Join(layout.Platforms, " and "), layout.Digest)
		names = append(names, layout.File)
	}
	return checksums(out, names)
}

// clear makes the folder, and removes from it what a release of this version would write.
func (m *Maker) clear(out string) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return fmt.Errorf("make the folder of what is made: %w", err)
	}
	old, err := filepath.Glob(filepath.Join(out, "ampersand-"+m.Version.Name+"-*"))
	if err != nil {
		return err
	}
	for _, file := range append(old, filepath.Join(out, Checksums)) {
		if err := os.Remove(file); err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("remove what an earlier release left: %w", err)
		}
	}
	return nil
}

// archive writes the archive of a product and its list of contents, and returns their names.
func (m *Maker) archive(ctx context.Context, out string, p Product) ([]string, error) {
	folder := strings.Join([]string{"ampersand", m.Version.Name, p.Platform.OS, p.Platform.Arch}, "-")
	archive, list := folder+".tar.gz", folder+"."+sbomFile
	if err := os.WriteFile(filepath.Join(out, list), p.SBOM, 0o644); err != nil {
		return nil, err
	}
	f, err := os.Create(filepath.Join(out, archive))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if err := m.pack(ctx, f, folder, p); err != nil {
		return nil, err
	}
	return []string{archive, list}, f.Close()
}

// pack writes the programs, and what comes with them, below a folder: in the order of names, with the release's date as the
// time of every file.
func (m *Maker) pack(ctx context.Context, w io.Writer, folder string, p Product) error {
	type entry struct {
		name string
		mode int64
		read func() ([]byte, error)
	}
	entries := []entry{{sbomFile, 0o644, func() ([]byte, error) { return p.SBOM, nil }}}
	for _, name := range []string{"LICENSE", "README.md", Changelog} {
		entries = append(entries, entry{name, 0o644, func() ([]byte, error) { return os.ReadFile(filepath.Join(m.Root, name)) }})
	}
	for name, path := range p.Programs {
		entries = append(entries, entry{name, 0o755, func() ([]byte, error) { return os.ReadFile(path) }})
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.name, b.name) })
	zip, err := gzip.NewWriterLevel(w, compression)
	if err != nil {
		return err
	}
	out := tar.NewWriter(zip)
	header := func(name string, kind byte, mode int64, size int) error {
		return out.WriteHeader(&tar.Header{Typeflag: kind, Name: folder + "/" + name, Mode: mode, Size: int64(size), ModTime: m.Version.Date})
	}
	if err := header("", tar.TypeDir, 0o755, 0); err != nil {
		return err
	}
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		content, err := e.read()
		if err != nil {
			return err
		}
		if err := header(e.name, tar.TypeReg, e.mode, len(content)); err != nil {
			return err
		}
		if _, err := io.Copy(out, bytes.NewReader(content)); err != nil {
			return err
		}
	}
	if err := out.Close(); err != nil {
		return err
	}
	return zip.Close()
}

// checksums writes those of the files, in the order of their names.
func checksums(out string, names []string) ([]File, error) {
	slices.Sort(names)
	var files []File
	var lines strings.Builder
	for _, name := range names {
		path := filepath.Join(out, name)
		sum, err := cache.Sum(path)
		if err != nil {
			return nil, err
		}
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		files = append(files, File{Name: name, SHA256: sum, Size: info.Size()})
		fmt.Fprintf(&lines, "%s  %s\n", sum, name)
	}
	if err := os.WriteFile(filepath.Join(out, Checksums), []byte(lines.String()), 0o644); err != nil {
		return nil, fmt.Errorf("write the checksums: %w", err)
	}
	return files, nil
}
