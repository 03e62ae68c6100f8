package build

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/ampersand-amp/ampersand/e2e/lab/cache"
	"github.com/ampersand-amp/ampersand/fixtures/components"
)

// cgo returns the go command's settings for the C part of a component.
func (b *Builder) cgo(ctx context.Context, c components.Component) ([]string, error) {
	if !c.CGO() {
		return []string{"CGO_ENABLED=0"}, nil
	}
	compiler, err := compiler(ctx, c)
	if err != nil {
		return nil, err
	}
	compile, link := []string{"-O2"}, []string{}
	if b.Sysroot != "" {
		compile = append(compile, "-I"+filepath.Join(b.Sysroot, "usr", "include"))
	}
	for _, library := range c.Libraries {
		archive, err := b.archive(ctx, compiler, library)
		if err != nil {
			return nil, err
		}
		link = append(link, "-L"+filepath.Dir(archive), "-l"+library)
	}
	return []string{
		"CGO_ENABLED=1", "CGO_CFLAGS=" + strings.Join(compile, " "), "CGO_LDFLAGS=" + strings.Join(link, " "),
		// The flags above say where the libraries are. pkg-config may be missing, and knows only the machine's own.
		"PKG_CONFIG=true",
	}, nil
}

// hashC writes what decides the C part of a component: the compiler and the libraries, among them C's own.
func (b *Builder) hashC(ctx context.Context, w io.Writer, c components.Component) error {
	compiler, err := compiler(ctx, c)
	if err != nil {
		return err
	}
	version, err := exec.CommandContext(ctx, compiler, "--version").Output()
	if err != nil {
		return fmt.Errorf("ask %s for its version: %w", compiler, err)
	}
	_, _ = fmt.Fprintf(w, "%s\n", version)
	for _, library := range append([]string{"c"}, c.Libraries...) {
		archive, err := b.archive(ctx, compiler, library)
		if err != nil {
			return err
		}
		sum, err := cache.Sum(archive)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(w, "%s %s\n", sum, library)
	}
	return nil
}

// archive finds a static library, first in the sysroot. Debian keeps libraries in a folder that is named after the
// platform.
func (b *Builder) archive(ctx context.Context, compiler, library string) (string, error) {
	name := "lib" + library + ".a"
	if b.Sysroot != "" {
		for _, below := range []string{"*", ""} {
			found, err := filepath.Glob(filepath.Join(b.Sysroot, "usr", "lib", below, name))
			if err != nil {
				return "", fmt.Errorf("look for %s: %w", name, err)
			}
			if len(found) > 0 {
				return found[0], nil
			}
		}
	}
	out, err := exec.CommandContext(ctx, compiler, "-print-file-name="+name).Output()
	if err != nil {
		return "", fmt.Errorf("ask %s where %s is: %w", compiler, name, err)
	}
	path := strings.TrimSpace(string(out))
	if path != name { // which it answers when it has not found the file
		return path, nil
	}
	pkg := "lib" + library + "-dev"
	if library == "c" {
		pkg = "libc6-dev"
	}
	return "", fmt.Errorf("%s is missing: install %s", name, pkg)
}

// compiler finds the C compiler that the go command uses.
func compiler(ctx context.Context, c components.Component) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "CC").Output()
	if err != nil {
		return "", fmt.Errorf("ask go for the C compiler: %w", err)
	}
	name, _, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%s needs a C compiler: install gcc and libc6-dev: %w", c.Name, err)
	}
	return path, nil
}
