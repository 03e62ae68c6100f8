//go:build release

package release_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/lab/build"
	"github.com/ampersand-amp/ampersand/e2e/release"
	"github.com/ampersand-amp/ampersand/fixtures/components"
)

// mostCompressed is what a registry may count for the image of one platform.
const mostCompressed = 60e6

// maker makes releases of the repository itself. Programs come from the cache that everybody uses, or go into it.
func maker(t *testing.T, root string) *release.Maker {
	t.Helper()
	cache, err := build.DefaultCache()
	require.NoError(t, err)
	v, err := release.ReadVersion(t.Context(), root, "")
	require.NoError(t, err)
	return &release.Maker{Root: root, Cache: cache, Version: v, Logf: t.Logf}
}

func repository(t *testing.T) string {
	t.Helper()
	root, err := build.Root(t.Context())
	require.NoError(t, err)
	return root
}

// A release for this machine is downloaded, verified, unpacked and used, as somebody does who has nothing else of ours.
func TestReleasedArchive(t *testing.T) {
	m, out := maker(t, repository(t)), t.TempDir()
	here := build.Platform{OS: runtime.GOOS, Arch: runtime.GOARCH}
	_, err := m.Release(t.Context(), out, []build.Platform{here})
	require.NoError(t, err)

	command(t, out, "sha256sum", "--check", "--strict", release.Checksums)
	folder := "ampersand-" + m.Version.Name + "-" + here.OS + "-" + here.Arch
	command(t, out, "tar", "-xzf", folder+".tar.gz")
	dir := filepath.Join(out, folder)
	require.Contains(t, command(t, dir, "./ampersand", "version"), "ampersand "+m.Version.Name+" (revision "+m.Version.Revision+")")
	require.Contains(t, command(t, dir, "./sigv4proxy", "--help"), "Usage: sigv4proxy")
	require.Contains(t, command(t, dir, "./ho11y", "--help"), "Usage: ho11y")

	address := serveFrom(t, dir)
	made, err := client(address).CreateWorkspace(t.Context(), &amp.CreateWorkspaceInput{})
	require.NoError(t, err)
	writer := samples(address, aws.ToString(made.WorkspaceId))
	require.NoError(t, writer.Write(t.Context(), "written", 1))
	values, err := writer.Query(t.Context(), "written")
	require.NoError(t, err)
	require.Equal(t, []float64{1}, values)
	require.Contains(t, command(t, dir, "./ampersand", "health", "--listen", address), "ampersand is ready")

	list, err := os.ReadFile(filepath.Join(dir, "sbom.cdx.json"))
	require.NoError(t, err)
	requireContents(t, list)
}

// requireContents looks for what the programs are known to be made of.
func requireContents(t *testing.T, list []byte) {
	t.Helper()
	bom := decoded(t, list)
	for _, dependency := range *bom.Dependencies {
		parts := strings.Join(*dependency.Dependencies, "\n")
		require.Contains(t, parts, "pkg:golang/std@"+strings.TrimPrefix(runtime.Version(), "go"))
		require.Contains(t, parts, "pkg:golang/golang.org/x/crypto/x509roots/fallback@", "%s knows no authorities by itself", dependency.Ref)
		if dependency.Ref == "program:ampersand" {
			require.Contains(t, parts, "pkg:golang/github.com/prometheus/prometheus@v0.")
			require.Greater(t, len(*dependency.Dependencies), 50)
		}
	}
	require.Len(t, *bom.Dependencies, 3)
}

// command runs a program in a folder, with an environment that has nothing of ours in it.
func command(t *testing.T, dir, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AWS_EC2_METADATA_DISABLED=true"}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s %v: %s", program, args, out)
	return string(out)
}

// serveFrom runs the emulator of an unpacked archive on a free port, and returns its address.
func serveFrom(t *testing.T, dir string) string {
	t.Helper()
	ready := filepath.Join(t.TempDir(), "ready")
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "./ampersand", "serve", "--listen", "127.0.0.1:0", "--ready-file", ready)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 20 * time.Second
	cmd.Dir = dir
	cmd.Env = []string{"HOME=" + t.TempDir(), "TMPDIR=" + t.TempDir(), "AWS_EC2_METADATA_DISABLED=true"}
	var logs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &logs, &logs
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
		require.Zero(t, cmd.ProcessState.ExitCode(), "%s", &logs)
	})
	var address []byte
	require.Eventually(t, func() bool {
		var err error
		address, err = os.ReadFile(ready)
		return err == nil
	}, time.Minute, 10*time.Millisecond)
	return strings.TrimSpace(string(address))
}

// The image of both platforms is what it has to be, and small enough.
func TestReleasedImage(t *testing.T) {
	m, out := maker(t, repository(t)), t.TempDir()
	written, err := m.Layout(t.Context(), out)
	require.NoError(t, err)
	require.Equal(t, []string{"linux/amd64", "linux/arm64"}, written.Platforms)
	for i, made := range written.Images {
		t.Logf("%s %s: %.1f MB compressed, %.1f MB unpacked", written.Platforms[i], made.Digest, float64(made.Size)/1e6, float64(made.Unpacked)/1e6)
		require.Less(t, float64(made.Size), mostCompressed)
		contents := requireImage(t, m.Version, open(t, made))
		for _, program := range []string{"ampersand", "sigv4proxy", "ho11y"} {
			requirePlatform(t, strings.ReplaceAll(written.Platforms[i], "/", "-"), contents["bin/"+program])
		}
		requireContents(t, contents["usr/share/doc/ampersand/sbom.cdx.json"])
	}
}

// A clone in another folder makes the same programs and the same image: nothing of where they were made is in them. What is
// compiled is shared between the two, but for sigv4proxy and ho11y, which the second one compiles from nothing.
func TestReleasedFromAnotherClone(t *testing.T) {
	root := repository(t)
	m := maker(t, root)
	here := build.Platform{OS: "linux", Arch: runtime.GOARCH}
	original, err := m.Build(t.Context(), here)
	require.NoError(t, err)
	first, err := m.Image(t.Context(), original)
	require.NoError(t, err)

	other := *m
	other.Root, other.Cache = copied(t, root), filepath.Join(t.TempDir(), "cache")
	again, err := other.Build(t.Context(), here)
	require.NoError(t, err)
	for name := range original.Programs {
		requireSame(t, original.Programs[name], again.Programs[name])
	}
	second, err := other.Image(t.Context(), again)
	require.NoError(t, err)
	require.Equal(t, first.Digest, second.Digest)

	t.Setenv("GOCACHE", filepath.Join(t.TempDir(), "compiled"))
	two := components.Published(m.Version.LinkFlags())
	delete(two.Programs, "ampersand")
	builder := build.Builder{Root: copied(t, root), Cache: filepath.Join(t.TempDir(), "cache"), Platform: here, Logf: t.Logf}
	compiled, err := builder.Build(t.Context(), []components.Component{two})
	require.NoError(t, err)
	for name := range two.Programs {
		requireSame(t, original.Programs[name], compiled[name])
	}
}

// copied is the repository in another folder, as far as git would know its files.
func copied(t *testing.T, root string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", "-C", root, "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list, err := cmd.Output()
	require.NoError(t, err)
	to := t.TempDir()
	for name := range strings.SplitSeq(strings.TrimSuffix(string(list), "\x00"), "\x00") {
		content, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue // removed, and not committed yet
		}
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(to, name)), 0o750))
		require.NoError(t, os.WriteFile(filepath.Join(to, name), content, 0o600))
	}
	return to
}

func requireSame(t *testing.T, one, two string) {
	t.Helper()
	here, err := os.ReadFile(one)
	require.NoError(t, err)
	there, err := os.ReadFile(two)
	require.NoError(t, err)
	require.True(t, bytes.Equal(here, there), "%s and %s differ", one, two)
}
