// Package release makes what users are given, on this machine and without publishing anything: the programs for each
// platform with a list of what they are made of, the image of all of them, archives and checksums. The same sources give
// the same bytes, whoever makes them and wherever the clone lies, as long as the Go version is the same.
package release

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// Changelog is the file whose newest heading names the version.
const Changelog = "CHANGELOG.md"

// Version says which release is made.
type Version struct {
	// Name is that of the heading: v0.1.0.
	Name string
	// Date is that of the heading. What is made carries it, because a clock would make each release another one.
	Date time.Time
	// Revision is the commit, with "-dirty" behind it when files differ from it, or empty outside a clone.
	Revision string
}

// Number is the version as images are tagged: without the v.
func (v Version) Number() string { return strings.TrimPrefix(v.Name, "v") }

// LinkFlags tell the programs which release they are.
func (v Version) LinkFlags() string {
	return "-X main.release=" + v.Name + " -X main.revision=" + v.Revision
}

// heading is that of a version in the changelog.
var heading = regexp.MustCompile(`(?m)^## (v\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?) - (\d{4}-\d{2}-\d{2})$`)

// ReadVersion reads the newest version of the changelog in root, and the commit that is checked out there. When wanted is
// not empty, it has to be that version.
func ReadVersion(ctx context.Context, root, wanted string) (Version, error) {
	text, err := os.ReadFile(filepath.Join(root, Changelog))
	if err != nil {
		return Version{}, fmt.Errorf("read the version: %w", err)
	}
	newest := heading.FindStringSubmatch(string(text))
	if newest == nil {
		return Version{}, fmt.Errorf("%s has no heading of a version, such as `## v0.1.0 - 2026-11-30`", Changelog)
	}
	if wanted != "" && wanted != newest[1] {
		return Version{}, fmt.Errorf("%s is not the newest version of %s, which is %s: write what is new below a heading `## %s - YYYY-MM-DD` first",
			wanted, Changelog, newest[1], wanted)
	}
	date, err := time.Parse(time.DateOnly, newest[2])
	if err != nil {
		return Version{}, fmt.Errorf("the date of %s in %s: %w", newest[1], Changelog, err)
	}
	return Version{Name: newest[1], Date: date, Revision: revision(ctx, root)}, nil
}

// revision asks git, which may be missing, as may the clone. A clone that belongs to somebody else will do: it is only read.
func revision(ctx context.Context, root string) string {
	git := func(args ...string) (string, error) {
		out, err := exec.CommandContext(ctx, "git", append([]string{"-C", root, "-c", "safe.directory=*"}, args...)...).Output()
		return strings.TrimSpace(string(out)), err
	}
	commit, err := git("rev-parse", "HEAD")
	if err != nil {
		return ""
	}
	if changed, err := git("status", "--porcelain"); err != nil || changed != "" {
		commit += "-dirty"
	}
	return commit
}
