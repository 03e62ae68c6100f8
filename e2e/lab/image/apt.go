package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// Debian fetches packages of the machine's own distribution, Debian or one of its children, and turns them into layers
// and folders. It needs no root and leaves the machine's apt alone: sources, keyrings and proxies are the machine's,
// everything that apt writes lies in the cache. No package is installed, none of its scripts runs.
type Debian struct {
	// Cache is the folder of what was made before: AMPERSAND_CACHE.
	Cache string
	// Logf prints a line of progress.
	Logf func(format string, args ...any)
	// Now tells the time, time.Now when nil.
	Now func() time.Time
}

// ErrNoApt is returned on a machine that packages cannot be had from.
var ErrNoApt = errors.New("the built node image needs apt (Debian or Ubuntu); use E2E_IMAGES=published")

// Package is a package of the distribution.
type Package struct{ Name, Version, Architecture string }

// file is what apt calls a downloaded package.
func (p Package) file() string {
	return p.Name + "_" + strings.ReplaceAll(p.Version, ":", "%3a") + "_" + p.Architecture + ".deb"
}

// indexAge is how old the package index may become before it is asked for again.
const indexAge = 24 * time.Hour

// apt is one use of apt-get on an index of our own.
type apt struct {
	*Debian
	dir string // holds the index and the configuration
}

// apt prepares the folder that apt works in. The caller holds its lock.
func (d *Debian) apt(ctx context.Context) (*apt, error) {
	for _, tool := range []string{"apt-get", "apt-config", "dpkg-deb"} {
		if _, err := exec.LookPath(tool); err != nil {
			return nil, fmt.Errorf("%s is not here: %w", tool, ErrNoApt)
		}
	}
	a := &apt{Debian: d, dir: filepath.Join(d.Cache, "debian", "apt")}
	for _, dir := range []string{"lists/partial", "cache", "log"} {
		if err := os.MkdirAll(filepath.Join(a.dir, dir), 0o755); err != nil {
			return nil, fmt.Errorf("make the cache folder (set AMPERSAND_CACHE to one that can be written): %w", err)
		}
	}
	if err := a.configure(ctx); err != nil {
		return nil, err
	}
	return a, a.update(ctx)
}

// configure writes apt's configuration. Of the machine's it takes how to download, but neither its folders nor its
// hooks: they are about installed packages.
func (a *apt) configure(ctx context.Context) error {
	dump, err := exec.CommandContext(ctx, "apt-config", "dump").Output()
	if err != nil {
		return fmt.Errorf("read the configuration with `apt-config dump`: %w", err)
	}
	var conf strings.Builder
	for line := range strings.Lines(string(dump)) {
		if arch, ok := strings.CutPrefix(line, "APT::Architecture "); ok {
			fmt.Fprintf(&conf, "APT::Architectures:: %s", arch)
		}
		if strings.HasPrefix(line, "Acquire::") && !strings.HasPrefix(line, "Acquire::IndexTargets") && !strings.HasPrefix(line, "Acquire::Languages") {
			conf.WriteString(line)
		}
	}
	for _, setting := range [][2]string{
		{"Dir::Etc::main", "/dev/null"}, {"Dir::Etc::parts", "/dev/null"},
		{"Dir::State", a.dir}, {"Dir::State::lists", "lists/"}, {"Dir::State::extended_states", "extended_states"},
		{"Dir::Cache", filepath.Join(a.dir, "cache")}, {"Dir::Log", filepath.Join(a.dir, "log")},
		{"Debug::NoLocking", "true"}, {"APT::Install-Recommends", "false"}, {"Acquire::Languages", "none"},
		{"Acquire::Retries", "2"}, {"Acquire::http::Timeout", "20"}, {"Acquire::https::Timeout", "20"},
	} {
		fmt.Fprintf(&conf, "%s %q;\n", setting[0], setting[1])
	}
	if os.Geteuid() == 0 {
		// apt would download as a user of its own, who cannot see root's cache folder.
		conf.WriteString("APT::Sandbox::User \"root\";\n")
	}
	if err := os.WriteFile(a.config(), []byte(conf.String()), 0o644); err != nil {
		return fmt.Errorf("configure apt: %w", err)
	}
	return nil
}

func (a *apt) config() string { return filepath.Join(a.dir, "apt.conf") }

// update fetches the package index if it is old. A source that does not answer is no failure while there is an index:
// what is missing shows when packages are asked for.
func (a *apt) update(ctx context.Context) error {
	stamp := filepath.Join(a.dir, "updated")
	if info, err := os.Stat(stamp); err == nil && a.now().Sub(info.ModTime()) < indexAge {
		return nil
	}
	a.Logf("reading the distribution's package index")
	out, err := a.get(ctx, "update")
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted: %w", ctx.Err())
	}
	if err != nil {
		lists, _ := filepath.Glob(filepath.Join(a.dir, "lists", "*_Packages*"))
		if len(lists) == 0 {
			return fmt.Errorf("read the distribution's package index: %w\n%s", err, tail(out))
		}
		a.Logf("the package index cannot be read now, going on with what is known: %s", lastLine(out))
	}
	if err := os.WriteFile(stamp, nil, 0o644); err != nil {
		return fmt.Errorf("note when the package index was read: %w", err)
	}
	if err := os.Chtimes(stamp, a.now(), a.now()); err != nil {
		return fmt.Errorf("note when the package index was read: %w", err)
	}
	return nil
}

// installLine is how apt-get's simulation names a package that it would install.
var installLine = regexp.MustCompile(`(?m)^Inst (\S+) (?:\[\S+\] )?\((\S+) .*\[(\w+)\]\)`)

// resolve lists packages and all that they need, but for those that are declared to be there already.
func (a *apt) resolve(ctx context.Context, names, without []string) ([]Package, error) {
	if err := a.declare(without); err != nil {
		return nil, err
	}
	out, err := a.get(ctx, append([]string{"install", "--simulate"}, names...)...)
	if err != nil {
		return nil, fmt.Errorf("find the packages %s: %w\n%s", strings.Join(names, " "), err, tail(out))
	}
	var packages []Package
	for _, match := range installLine.FindAllStringSubmatch(out, -1) {
		packages = append(packages, Package{Name: match[1], Version: match[2], Architecture: match[3]})
	}
	if len(packages) == 0 {
		return nil, fmt.Errorf("find the packages %s: apt-get names none\n%s", strings.Join(names, " "), tail(out))
	}
	return packages, nil
}

// download fetches what resolve listed into dir. apt compares checksums and signatures.
func (a *apt) download(ctx context.Context, names, without []string, packages []Package, dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, "partial"), 0o755); err != nil {
		return fmt.Errorf("make a folder for packages: %w", err)
	}
	if err := a.declare(without); err != nil {
		return err
	}
	out, err := a.get(ctx, append([]string{"-o", "Dir::Cache::archives=" + dir, "install", "--yes", "--download-only"}, names...)...)
	if err != nil {
		return fmt.Errorf("download packages: %w\n%s", err, tail(out))
	}
	for _, p := range packages {
		if _, err := os.Stat(filepath.Join(dir, p.file())); err != nil {
			return fmt.Errorf("download packages: %s %s did not come: %w", p.Name, p.Version, err)
		}
	}
	return nil
}

// declare writes the list of installed packages that apt is shown: only those that nobody wants.
func (a *apt) declare(without []string) error {
	var status strings.Builder
	for _, name := range without {
		fmt.Fprintf(&status, "Package: %s\nStatus: install ok installed\nVersion: 9999\nArchitecture: all\nMulti-Arch: foreign\n"+
			"Maintainer: nobody <nobody@localhost>\nDescription: left out\n\n", name)
	}
	if err := os.WriteFile(filepath.Join(a.dir, "status"), []byte(status.String()), 0o644); err != nil {
		return fmt.Errorf("declare what is left out: %w", err)
	}
	return nil
}

func (a *apt) get(ctx context.Context, args ...string) (string, error) {
	args = append([]string{"-o", "Dir::State::status=" + filepath.Join(a.dir, "status")}, args...)
	cmd := exec.CommandContext(ctx, "apt-get", args...)
	cmd.Env = append(os.Environ(), "APT_CONFIG="+a.config(), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("apt-get %s: %w", strings.Join(args[2:], " "), err)
	}
	return string(out), nil
}

func (d *Debian) now() time.Time {
	if d.Now == nil {
		return time.Now()
	}
	return d.Now()
}

func tail(out string) string {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}

func lastLine(out string) string {
	out = strings.TrimSpace(out)
	return out[strings.LastIndexByte(out, '\n')+1:]
}
