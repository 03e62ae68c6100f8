package build

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/ampersand-amp/ampersand/e2e/lab/cache"
	"github.com/ampersand-amp/ampersand/fixtures/components"
)

// checksums is the file beside cached programs that says what they must hash to.
const checksums = "SHA256SUMS"

// key hashes all that decides what a component's programs contain: toolchain and platform, flags, requirements, our
// own sources and C libraries.
func (b *Builder) key(ctx context.Context, c components.Component) (string, error) {
	h := sha256.New()
	dir := filepath.Join(b.Root, c.Dir)
	cmd := exec.CommandContext(ctx, "go", "env", "GOVERSION", "GOOS", "GOARCH", "GOAMD64", "GOARM64", "GOEXPERIMENT")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), b.Platform.environment()...)
	toolchain, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("ask go for its version: %w", err)
	}
	_, _ = fmt.Fprintf(h, "%s\n%s\n%s\n%s\n%v\n", toolchain, tags(c), components.CompilerFlags, c.LinkFlags, c.Programs)
	for _, source := range append([]string{"go.mod", "go.sum"}, c.Sources...) {
		if err := hashTree(h, dir, source); err != nil {
			return "", err
		}
	}
	if c.CGO() {
		if err := b.hashC(ctx, h, c); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:16], nil
}

// hashTree writes the names and contents of the files at or below dir/source that can be part of a build.
func hashTree(w io.Writer, dir, source string) error {
	return filepath.WalkDir(filepath.Join(dir, source), func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("read the sources: %w", err)
		}
		if entry.IsDir() || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return fmt.Errorf("read the sources: %w", err)
		}
		sum, err := cache.Sum(path)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "%s %s\n", sum, name)
		return err
	})
}

// seal writes the checksums of freshly built programs.
func seal(dir string, c components.Component) error {
	var lines strings.Builder
	for _, name := range names(c) {
		sum, err := cache.Sum(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		fmt.Fprintf(&lines, "%s  %s\n", sum, name)
	}
	if err := os.WriteFile(filepath.Join(dir, checksums), []byte(lines.String()), 0o644); err != nil {
		return fmt.Errorf("write checksums: %w", err)
	}
	return nil
}

// verify returns the programs in dir if all of them are there and hash to what seal noted. The error is
// os.ErrNotExist when nothing was built yet.
func verify(dir string, c components.Component) (Programs, error) {
	f, err := os.Open(filepath.Join(dir, checksums))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	want := map[string]string{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		sum, name, _ := strings.Cut(lines.Text(), "  ")
		want[name] = sum
	}
	programs := Programs{}
	var group errgroup.Group
	for _, name := range names(c) {
		path := filepath.Join(dir, name)
		programs[name] = path
		group.Go(func() error {
			sum, err := cache.Sum(path)
			switch {
			case err != nil:
				return errors.New(err.Error()) // a missing program is damage, not a cache that is still empty
			case sum != want[name]:
				return fmt.Errorf("%s: checksum %s, built as %s", path, sum, want[name])
			}
			return nil
		})
	}
	return programs, group.Wait()
}
