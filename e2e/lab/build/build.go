// Package build makes the programs that the lab runs from their pinned sources and keeps them, by content, in a
// cache outside the repository. What is there already is used again after its checksum was compared.
package build

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ampersand-amp/ampersand/e2e/lab/cache"
	"github.com/ampersand-amp/ampersand/fixtures/components"
)

// Builder builds components.
type Builder struct {
	// Root is the repository's root.
	Root string
	// Cache is the folder of finished programs: AMPERSAND_CACHE.
	Cache string
	// Sysroot is a folder in which distribution packages of C libraries were unpacked: headers are below usr/include,
	// archives below usr/lib or a folder in it. When empty, the machine's own libraries are used.
	Sysroot string
	// Platform is what the programs are for, this machine when it is empty.
	Platform Platform
	// Logf prints a line of progress.
	Logf func(format string, args ...any)
	// Now tells the time, time.Now when nil.
	Now func() time.Time
}

// Platform is an operating system and an architecture, in Go's words.
type Platform struct{ OS, Arch string }

// String is how images and people write a platform.
func (p Platform) String() string { return p.OS + "/" + p.Arch }

// environment has the go command build for a platform whatever the machine is. Programs for another machine are made for the
// oldest processors of its kind.
func (p Platform) environment() []string {
	if p == (Platform{}) {
		return nil
	}
	return []string{"GOOS=" + p.OS, "GOARCH=" + p.Arch, "GOAMD64=v1", "GOARM64=v8.0", "GOEXPERIMENT="}
}

// Programs maps a program's name to the path of its binary.
type Programs map[string]string

// DefaultCache is the folder that AMPERSAND_CACHE names, or "ampersand" in the user's cache folder.
func DefaultCache() (string, error) {
	if dir := os.Getenv("AMPERSAND_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a cache folder (set AMPERSAND_CACHE): %w", err)
	}
	return filepath.Join(base, "ampersand"), nil
}

// interruptGrace is how long an interrupted build may take to end before it is killed.
const interruptGrace = 10 * time.Second

// Build returns the programs of all components, building those that the cache does not hold.
//
// Several components are built at once only from four cores on: a `go build` keeps two cores busy by itself, and two
// builds that start together compile what they share twice.
func (b *Builder) Build(ctx context.Context, list []components.Component) (Programs, error) {
	if b.Now == nil {
		b.Now = time.Now
	}
	results := make([]Programs, len(list))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, runtime.NumCPU()/2-1))
	for i, c := range list {
		group.Go(func() error {
			programs, err := b.component(ctx, c)
			if err != nil {
				return fmt.Errorf("build %s: %w", c.Name, err)
			}
			results[i] = programs
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	all := Programs{}
	for _, programs := range results {
		for name, path := range programs {
			all[name] = path
		}
	}
	return all, nil
}

func (b *Builder) component(ctx context.Context, c components.Component) (Programs, error) {
	key, err := b.key(ctx, c)
	if err != nil {
		return nil, err
	}
	bin := filepath.Join(b.Cache, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return nil, fmt.Errorf("make the cache folder (set AMPERSAND_CACHE to one that can be written): %w", err)
	}
	unlock, err := cache.Lock(ctx, filepath.Join(bin, c.Name+".lock"))
	if err != nil {
		return nil, err
	}
	defer unlock()

	dir := filepath.Join(bin, c.Name+"-"+key)
	defer b.prune(bin, c.Name, dir)
	programs, err := verify(dir, c)
	if err == nil {
		return programs, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		b.Logf("%s: the cached programs are not as they were built (%v): building again", c.Name, err)
	}
	if err := os.RemoveAll(dir); err != nil {
		return nil, fmt.Errorf("clear %s: %w", dir, err)
	}
	temp, err := os.MkdirTemp(bin, c.Name+"-building-")
	if err != nil {
		return nil, fmt.Errorf("make a folder to build in: %w", err)
	}
	defer func() { _ = os.RemoveAll(temp) }()
	if err := b.goBuild(ctx, c, temp); err != nil {
		return nil, err
	}
	if err := seal(temp, c); err != nil {
		return nil, err
	}
	if err := os.Rename(temp, dir); err != nil {
		return nil, fmt.Errorf("keep the built programs: %w", err)
	}
	return verify(dir, c)
}

// goBuild runs `go build` once per component, so that its programs share what is compiled.
func (b *Builder) goBuild(ctx context.Context, c components.Component, out string) error {
	args := []string{"build", "-v", "-trimpath", "-tags=" + tags(c), "-gcflags=" + components.CompilerFlags,
		"-ldflags=-s -w " + c.LinkFlags, "-o", out + string(filepath.Separator)}
	for _, name := range names(c) {
		args = append(args, c.Programs[name])
	}
	cgo, err := b.cgo(ctx, c)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = filepath.Join(b.Root, c.Dir)
	cmd.Env = slices.Concat(os.Environ(), cgo, b.Platform.environment(), []string{"GOFLAGS=-buildvcs=false", "GOWORK=off"})
	// As Ctrl-C does it: a go command that is killed leaves its compilers running and its working folder behind.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = interruptGrace
	watch := b.watch(c)
	cmd.Stdout, cmd.Stderr = watch, watch
	defer watch.stop()
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("interrupted: %w", ctx.Err())
		}
		return fmt.Errorf("go %s in %s: %w\n%s", strings.Join(args, " "), c.Dir, err, watch.tail())
	}
	watch.finished()
	// go build names a binary after its package's last folder; ours have names of their own.
	for _, name := range names(c) {
		made := filepath.Join(out, binaryName(c, c.Programs[name]))
		if err := os.Rename(made, filepath.Join(out, name)); err != nil {
			return fmt.Errorf("name the program %s: %w", name, err)
		}
	}
	return nil
}

// binaryName is what `go build -o DIR/` calls the program of a package: the last element of its import path, or the
// one before when the last is a major version.
func binaryName(c components.Component, pkg string) string {
	if pkg == "." {
		return filepath.Base(c.Dir)
	}
	elements := strings.Split(pkg, "/")
	last := elements[len(elements)-1]
	if len(last) > 1 && last[0] == 'v' && strings.Trim(last[1:], "0123456789") == "" {
		last = elements[len(elements)-2]
	}
	return last
}

// tags are the build tags of a component.
func tags(c components.Component) string {
	if c.Tags == "" {
		return components.Tags
	}
	return components.Tags + "," + c.Tags
}

func names(c components.Component) []string {
	list := make([]string, 0, len(c.Programs))
	for name := range c.Programs {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// ModuleDir returns the folder of a module that a component's go.mod requires, downloading it if need be.
func (b *Builder) ModuleDir(ctx context.Context, componentDir, module string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", module)
	cmd.Dir = filepath.Join(b.Root, componentDir)
	cmd.Env = append(os.Environ(), "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("download %s: %w\n%s", module, err, out)
	}
	cmd = exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module)
	cmd.Dir = filepath.Join(b.Root, componentDir)
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("find the folder of %s: %w", module, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// Root finds the repository's root: the folder of this module's go.mod.
func Root(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("find the repository's root with `go env GOMOD`: %w", err)
	}
	gomod := strings.TrimSpace(string(out))
	if filepath.Base(gomod) != "go.mod" {
		return "", errors.New("find the repository's root: run this inside a clone of the repository")
	}
	return filepath.Dir(gomod), nil
}
