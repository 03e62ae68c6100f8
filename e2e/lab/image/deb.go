package image

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
)

// addPackage adds the files of a package to the tree, as they would lie on a system whose /bin, /sbin and /lib are
// links into /usr. Owners and permissions are those of the package. Nothing of it is run.
func (t *tree) addPackage(ctx context.Context, deb string, drop []string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, "dpkg-deb", "--fsys-tarfile", deb)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("unpack %s: %w", deb, err)
	}
	var complaint strings.Builder
	cmd.Stderr = &complaint
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("unpack %s: %w", deb, err)
	}
	err = t.addTar(stdout, drop)
	if err != nil {
		cancel() // it would wait for somebody to read on
	} else {
		_, err = io.Copy(io.Discard, stdout) // the padding behind a tar file's end
	}
	if waited := cmd.Wait(); waited != nil && err == nil {
		err = fmt.Errorf("dpkg-deb: %w\n%s", waited, complaint.String())
	}
	if err != nil {
		return fmt.Errorf("unpack %s: %w", deb, err)
	}
	return nil
}

// addTar adds the files of a package's tar stream.
func (t *tree) addTar(stream io.Reader, drop []string) error {
	in := tar.NewReader(stream)
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		original := strings.TrimPrefix(path.Clean("/"+h.Name), "/")
		name := merged(original)
		if name == "" || slices.Contains(mergedFolders(), name) || dropped(name, drop) {
			continue // the root, or one of the links that every tree gets, or nobody needs it
		}
		e := &entry{header: tar.Header{Typeflag: h.Typeflag, Mode: h.Mode & 0o7777, Uid: h.Uid, Gid: h.Gid}}
		switch h.Typeflag {
		case tar.TypeDir:
		case tar.TypeReg:
			if e.content, err = io.ReadAll(in); err != nil {
				return err
			}
		case tar.TypeSymlink:
			e.header.Linkname = mergedTarget(original, h.Linkname)
			if at := e.header.Linkname; merged(strings.TrimPrefix(at, "/")) == name {
				continue // it led from /lib to /usr/lib
			}
		case tar.TypeLink:
			e.header.Linkname = merged(strings.TrimPrefix(path.Clean("/"+h.Linkname), "/"))
			if dropped(e.header.Linkname, drop) {
				continue
			}
		default:
			return fmt.Errorf("%s is of a kind (%q) that no package should hold", h.Name, h.Typeflag)
		}
		if err := t.add(name, e); err != nil {
			return err
		}
	}
}

// mergedFolders are the folders whose place is below /usr.
func mergedFolders() []string { return []string{"bin", "sbin", "lib", "lib32", "lib64", "libx32"} }

// merged is where a file lies when the old folders are links into /usr.
func merged(name string) string {
	top, _, below := strings.Cut(name, "/")
	for _, folder := range mergedFolders() {
		if top == folder && below {
			return "usr/" + name
		}
	}
	return name
}

// mergedTarget is the target of the link at name. A relative one that leaves its folder may have counted on that
// folder's old place, and becomes absolute.
func mergedTarget(name, target string) string {
	if !path.IsAbs(target) {
		if !strings.Contains(target, "/") {
			return target
		}
		target = path.Join("/", path.Dir(name), target)
	}
	return "/" + merged(strings.TrimPrefix(path.Clean(target), "/"))
}

// dropped tells whether one of the patterns matches name or a folder above it.
func dropped(name string, drop []string) bool {
	for ; name != "." && name != "/"; name = path.Dir(name) {
		for _, pattern := range drop {
			if ok, err := path.Match(pattern, name); ok && err == nil {
				return true
			}
		}
	}
	return false
}
