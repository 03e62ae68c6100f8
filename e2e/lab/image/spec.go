package image

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/klauspost/compress/gzip"
)

// Label is on every image that this package makes; its value is the image's name.
const Label = "ampersand.image"

// madeAt is the time of everything in an image: a clock would make each build another one.
var madeAt = time.Unix(0, 0).UTC()

// Spec says what an image holds.
type Spec struct {
	// Name is the repository, such as "ampersand/collector".
	Name string
	// Tag is set where somebody else decides what the image is called; empty, the tag is the key of the content.
	Tag string
	// Base is the layer below the files, none when it has no path.
	Base Layer
	// Files are the image's files. Folders above them are made as needed.
	Files []File
	// Entrypoint is the program and its first arguments.
	Entrypoint []string
	// Cmd is what runs when nobody says what to run.
	Cmd []string `json:",omitempty"`
	// User is who runs it, as "UID:GID", root when empty.
	User string
	// Env are variables as "NAME=value".
	Env []string
	// Labels are added to the image's own.
	Labels map[string]string
	// StopSignal ends the program, SIGTERM when empty.
	StopSignal string
	// Healthcheck is the command that says by its exit code whether the program is well.
	Healthcheck *Healthcheck `json:",omitempty"`
	// Volumes are folders that outlive a container's layers, and Ports what it listens on, as "2677/tcp".
	Volumes, Ports []string `json:",omitempty"`
	// Architecture is that of the programs, in Go's words; this machine's when empty.
	Architecture string `json:",omitempty"`
	// Created is what the image says of its age. The files in it have none.
	Created time.Time `json:",omitzero"`
	// Small takes time for fewer bytes: for images that are published.
	Small bool `json:",omitempty"`
}

// Healthcheck is a command that is run in a container again and again.
type Healthcheck struct {
	Command []string
	// Every is the time between two runs, Timeout what one may take, Grace the time after the start in which failures do not
	// count, and Failures how many in a row make a container unhealthy.
	Every, Timeout, Grace time.Duration
	Failures              int
}

// File is a file, a folder or a symbolic link of an image.
type File struct {
	// Path is where it lies in the image.
	Path string
	// Source is the file on this machine that is copied; empty, the file holds Content.
	Source string
	// Content is what the file holds when there is no Source.
	Content string
	// Link is the target of a symbolic link.
	Link string
	// Mode holds permissions, and fs.ModeDir for a folder. None given means those that anybody may read.
	Mode fs.FileMode
	// UID and GID own it.
	UID, GID int
}

// Program is an executable file that is copied from source.
func Program(path, source string) File { return File{Path: path, Source: source, Mode: 0o755} }

// Text is a file with this content.
func Text(path, content string) File { return File{Path: path, Content: content, Mode: 0o644} }

// Symlink is a symbolic link to target.
func Symlink(path, target string) File { return File{Path: path, Link: target} }

// Folder is a folder with these permissions.
func Folder(path string, mode fs.FileMode) File { return File{Path: path, Mode: fs.ModeDir | mode} }

// Tree are the files of fsys. Those in a folder called bin or sbin can be executed.
func Tree(fsys fs.FS) ([]File, error) {
	var files []File
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		f := Text("/"+name, string(content))
		if strings.HasSuffix(path.Dir(name), "bin") {
			f.Mode = 0o755
		}
		files = append(files, f)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the image's files: %w", err)
	}
	return files, nil
}

func sortFiles(files []File) {
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
}

func (s Spec) config() v1.Config {
	labels := map[string]string{Label: s.Name}
	for name, value := range s.Labels {
		labels[name] = value
	}
	config := v1.Config{
		Entrypoint: s.Entrypoint, Cmd: s.Cmd, User: s.User, Env: s.Env, Labels: labels, StopSignal: s.StopSignal, WorkingDir: "/",
		Volumes: set(s.Volumes), ExposedPorts: set(s.Ports),
	}
	if h := s.Healthcheck; h != nil {
		config.Healthcheck = &v1.HealthConfig{
			Test: append([]string{"CMD"}, h.Command...), Interval: h.Every, Timeout: h.Timeout, StartPeriod: h.Grace, Retries: h.Failures,
		}
	}
	return config
}

// set is how an image writes a list whose order says nothing.
func set(list []string) map[string]struct{} {
	if len(list) == 0 {
		return nil
	}
	members := map[string]struct{}{}
	for _, member := range list {
		members[member] = struct{}{}
	}
	return members
}

// architecture is that of the image's programs.
func (s Spec) architecture() string { return cmp.Or(s.Architecture, runtime.GOARCH) }

// created is when the image says it was made.
func (s Spec) created() time.Time {
	if s.Created.IsZero() {
		return madeAt
	}
	return s.Created.UTC()
}

// smallLevel is gzip's own default. The levels above it take many times as long for three percent.
const smallLevel = 6

// level is how hard layers are compressed. The fastest one does where images are made and unpacked on one machine: what they
// hold is mostly programs that do not become much smaller.
func (s Spec) level() int {
	if s.Small {
		return smallLevel
	}
	return gzip.BestSpeed
}

// layers packs the base and the files, each into a compressed file in temp.
func (s Spec) layers(ctx context.Context, temp string) ([]*layer, error) {
	var layers []*layer
	if s.Base.Path != "" {
		base, err := compress(filepath.Join(temp, "base.tar.gz"), s.level(), s.Base.copyTo)
		if err != nil {
			return nil, fmt.Errorf("pack the base: %w", err)
		}
		base.about = "ampersand: the distribution's packages"
		layers = append(layers, base)
	}
	content := &tree{}
	for _, f := range s.Files {
		if err := content.addFile(f); err != nil {
			return nil, err
		}
	}
	files, err := compress(filepath.Join(temp, "files.tar.gz"), s.level(), content.writer(ctx))
	if err != nil {
		return nil, fmt.Errorf("pack the files: %w", err)
	}
	files.about = "ampersand: " + s.Name
	return append(layers, files), nil
}
