package image

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
)

// tree is what becomes a tar stream: files by their path without a leading slash, written in the order of paths with
// fixed times, so that the same files give the same bytes.
type tree struct {
	entries map[string]*entry
}

// entry is one of a tree's files. Its content is in memory or in a file on this machine.
type entry struct {
	header  tar.Header
	content []byte
	source  string
}

// add takes a file. A folder may be added more than once: the first one counts.
func (t *tree) add(name string, e *entry) error {
	if t.entries == nil {
		t.entries = map[string]*entry{}
	}
	old, twice := t.entries[name]
	if twice && old.header.Typeflag == tar.TypeDir && e.header.Typeflag == tar.TypeDir {
		return nil
	}
	if twice {
		return fmt.Errorf("%s is there twice", name)
	}
	t.entries[name] = e
	return nil
}

// addFile takes a file of a Spec.
func (t *tree) addFile(f File) error {
	name := strings.TrimPrefix(path.Clean("/"+f.Path), "/")
	if name == "" {
		return fmt.Errorf("a file of the image has no path")
	}
	e := &entry{source: f.Source, content: []byte(f.Content)}
	e.header = tar.Header{Uid: f.UID, Gid: f.GID, Mode: int64(f.Mode.Perm())}
	for bit, mode := range map[fs.FileMode]int64{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if f.Mode&bit != 0 {
			e.header.Mode |= mode
		}
	}
	switch {
	case f.Link != "":
		e.header.Typeflag, e.header.Linkname, e.header.Mode = tar.TypeSymlink, f.Link, 0o777
	case f.Mode.IsDir():
		e.header.Typeflag = tar.TypeDir
	default:
		e.header.Typeflag = tar.TypeReg
		if e.header.Mode == 0 {
			e.header.Mode = 0o644
		}
	}
	return t.add(name, e)
}

// addParents adds the folders that files lie in and nobody named.
func (t *tree) addParents() error {
	for _, name := range slices.Collect(maps.Keys(t.entries)) {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			parent, there := t.entries[dir]
			if there && parent.header.Typeflag != tar.TypeDir {
				return fmt.Errorf("%s lies in %s, which is no folder", name, dir)
			}
			if !there {
				t.entries[dir] = &entry{header: tar.Header{Typeflag: tar.TypeDir, Mode: 0o755}}
			}
		}
	}
	return nil
}

// writer returns what writes the tree as a tar stream.
func (t *tree) writer(ctx context.Context) func(io.Writer) error {
	return func(w io.Writer) error {
		if err := t.addParents(); err != nil {
			return err
		}
		out := tar.NewWriter(w)
		for _, name := range t.order() {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := t.entries[name].writeTo(out, name); err != nil {
				return fmt.Errorf("pack %s: %w", name, err)
			}
		}
		return out.Close()
	}
}

// order is that of paths, but for hard links: whoever unpacks them must have seen the file already.
func (t *tree) order() []string {
	last := func(name string) int {
		if t.entries[name].header.Typeflag == tar.TypeLink {
			return 1
		}
		return 0
	}
	return slices.SortedFunc(maps.Keys(t.entries), func(a, b string) int {
		return cmp.Or(last(a)-last(b), strings.Compare(a, b))
	})
}

func (e *entry) writeTo(out *tar.Writer, name string) error {
	h := e.header
	h.Name, h.ModTime, h.Size = name, madeAt, 0
	h.Uname, h.Gname = "", "" // numbers decide
	if h.Typeflag == tar.TypeDir {
		h.Name += "/"
	}
	if h.Typeflag != tar.TypeReg {
		return out.WriteHeader(&h)
	}
	var content io.Reader = bytes.NewReader(e.content)
	h.Size = int64(len(e.content))
	if e.source != "" {
		f, err := os.Open(e.source)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		info, err := f.Stat()
		if err != nil {
			return err
		}
		content, h.Size = f, info.Size()
	}
	if err := out.WriteHeader(&h); err != nil {
		return err
	}
	_, err := io.Copy(out, content)
	return err
}
