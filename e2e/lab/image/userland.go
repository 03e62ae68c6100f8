package image

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ampersand-amp/ampersand/e2e/lab/cache"
)

// Userland says what of the machine's distribution goes into a layer.
type Userland struct {
	// Name is what it is called in the cache.
	Name string
	// Packages are fetched with all that they depend on.
	Packages []string
	// Without are packages that others depend on and nobody here needs: they are taken for installed.
	Without []string
	// Drop are patterns (path.Match, without a leading slash) of files and folders that are left out.
	Drop []string
}

// undocumented are the parts of packages that only people read.
func undocumented() []string {
	return []string{
		"usr/share/doc", "usr/share/man", "usr/share/info", "usr/share/locale", "usr/share/lintian", "usr/share/bug",
		"usr/share/bash-completion", "usr/share/zsh", "usr/share/doc-base", "usr/share/common-licenses", "usr/share/menu",
	}
}

// Layer returns the layer of a userland: from the cache if the distribution still has the same versions.
func (d *Debian) Layer(ctx context.Context, u Userland) (Layer, error) {
	l, err := d.layer(ctx, u)
	if err != nil {
		return Layer{}, fmt.Errorf("make the layer %s of the distribution's packages: %w", u.Name, err)
	}
	return l, nil
}

func (d *Debian) layer(ctx context.Context, u Userland) (Layer, error) {
	store, err := openStore(filepath.Join(d.Cache, "debian"), d.now)
	if err != nil {
		return Layer{}, err
	}
	// One lock for all: they share apt's folder.
	unlock, err := cache.Lock(ctx, store.path("lock"))
	if err != nil {
		return Layer{}, err
	}
	defer unlock()
	apt, err := d.apt(ctx)
	if err != nil {
		return Layer{}, err
	}
	packages, err := apt.resolve(ctx, u.Packages, u.Without)
	if err != nil {
		return Layer{}, err
	}
	slices.SortFunc(packages, func(a, b Package) int { return strings.Compare(a.Name, b.Name) })
	text, err := json.Marshal([]any{layout, u, packages})
	if err != nil {
		return Layer{}, fmt.Errorf("write the key: %w", err)
	}
	file := store.path(u.Name + "-" + shortHash(text) + ".tar")
	defer store.prune(u.Name, file)
	var l Layer
	err = store.get(file, &l)
	if err == nil {
		l.Path = file // the cache may have moved
		return l, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		d.Logf("packages for %s: the cached layer is not as it was made (%v): making it again", u.Name, err)
	}
	d.Logf("fetching %d packages of the distribution for %s", len(packages), u.Name)
	temp, err := os.MkdirTemp(store.dir, u.Name+"-making-")
	if err != nil {
		return Layer{}, fmt.Errorf("make a folder to work in: %w", err)
	}
	defer func() { _ = os.RemoveAll(temp) }()
	if err := apt.download(ctx, u.Packages, u.Without, packages, filepath.Join(temp, "debs")); err != nil {
		return Layer{}, err
	}
	content := &tree{}
	for _, p := range packages {
		if err := content.addPackage(ctx, filepath.Join(temp, "debs", p.file()), append(undocumented(), u.Drop...)); err != nil {
			return Layer{}, err
		}
	}
	for _, folder := range mergedFolders() {
		if err := content.addFile(Symlink(folder, "usr/"+folder)); err != nil {
			return Layer{}, err
		}
	}
	made := filepath.Join(temp, "layer.tar")
	if err := writeFile(made, content.writer(ctx)); err != nil {
		return Layer{}, err
	}
	l = Layer{Path: file, Packages: packages}
	if l.SHA256, err = cache.Sum(made); err != nil {
		return Layer{}, err
	}
	return l, store.put(made, file, l)
}

func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if err := write(f); err != nil {
		return err
	}
	return f.Close()
}

// Sysroot returns a folder with the files of packages and of what they need, for a compiler to find headers and
// libraries in. The C library is the compiler's own and not among them.
func (d *Debian) Sysroot(ctx context.Context, packages ...string) (string, error) {
	return d.Unpacked(ctx, Userland{Name: "sysroot", Packages: packages, Without: []string{"libc6"}})
}

// Unpacked returns a folder of the cache with the files of a userland, for programs to be used from without being
// installed. It is unpacked once for each set of versions.
func (d *Debian) Unpacked(ctx context.Context, u Userland) (string, error) {
	l, err := d.Layer(ctx, u)
	if err != nil {
		return "", err
	}
	dir := strings.TrimSuffix(l.Path, ".tar")
	unlock, err := cache.Lock(ctx, dir+".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	temp, err := os.MkdirTemp(filepath.Dir(dir), u.Name+"-unpacking-")
	if err != nil {
		return "", fmt.Errorf("make a folder to unpack in: %w", err)
	}
	defer func() { _ = os.RemoveAll(temp) }()
	if err := l.unpack(temp); err != nil {
		return "", fmt.Errorf("unpack the packages %s: %w", strings.Join(u.Packages, " "), err)
	}
	if err := os.Rename(temp, dir); err != nil {
		return "", fmt.Errorf("keep the unpacked packages: %w", err)
	}
	return dir, nil
}

// unpack writes files, folders and links into dir, as the user who runs this.
func (l Layer) unpack(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	f, err := os.Open(l.Path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	for in := tar.NewReader(f); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch h.Typeflag {
		case tar.TypeDir:
			err = root.MkdirAll(filepath.Clean(h.Name), 0o755)
		case tar.TypeSymlink:
			// An absolute target would lead out of the folder.
			target := h.Linkname
			if filepath.IsAbs(target) {
				target, err = filepath.Rel(filepath.Dir("/"+h.Name), target)
			}
			if err == nil {
				err = root.Symlink(target, h.Name)
			}
		case tar.TypeLink:
			err = root.Link(h.Linkname, h.Name)
		default:
			err = unpackFile(root, h, in)
		}
		if err != nil {
			return err
		}
	}
}

func unpackFile(root *os.Root, h *tar.Header, content io.Reader) error {
	f, err := root.OpenFile(h.Name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, os.FileMode(h.Mode&0o777)|0o600)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if _, err := io.Copy(f, content); err != nil {
		return err
	}
	return f.Close()
}
