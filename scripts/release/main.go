// Command release makes what users are given, on this machine and without publishing anything:
//
//	release image      the image for this machine's architecture, into Docker: make image
//	release layout     the image for both architectures, as an OCI image layout: make image-layout
//	release archives   all of it, with archives, lists of contents and checksums: make release
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/ampersand-amp/ampersand/e2e/lab/build"
	"github.com/ampersand-amp/ampersand/e2e/lab/image"
	"github.com/ampersand-amp/ampersand/e2e/release"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintf(os.Stderr, "release: %v\n", err)
		}
		os.Exit(1)
	}
}

// options are the command line.
type options struct {
	what, out, version, platforms string
	uncommitted                   bool
}

func parse(args []string, stderr io.Writer) (options, error) {
	o := options{}
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		o.what, args = args[0], args[1:]
	}
	flags := flag.NewFlagSet("release image|layout|archives", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.out, "out", "dist", "folder that files are written into")
	flags.StringVar(&o.version, "version", "", "the version, which has to be the newest of "+release.Changelog+" (default that)")
	flags.StringVar(&o.platforms, "platforms", "", "make archives for these only, such as linux/amd64,darwin/arm64")
	flags.BoolVar(&o.uncommitted, "uncommitted", false, "make archives although files differ from the commit")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return o, nil
}

func run(args []string, stdout, stderr io.Writer) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	root, err := build.Root(ctx)
	if err != nil {
		return err
	}
	cache, err := build.DefaultCache()
	if err != nil {
		return err
	}
	version, err := release.ReadVersion(ctx, root, o.version)
	if err != nil {
		return err
	}
	maker := &release.Maker{Root: root, Cache: cache, Version: version, Logf: func(format string, args ...any) {
		_, _ = fmt.Fprintf(stdout, format+"\n", args...)
	}}
	switch o.what {
	case "image":
		return loadImage(ctx, maker)
	case "layout":
		return writeLayout(ctx, maker, o.out)
	case "archives":
		return writeArchives(ctx, maker, o)
	}
	return fmt.Errorf("say what to make: image, layout or archives, not %q", o.what)
}

// loadImage gives Docker the image for this machine.
func loadImage(ctx context.Context, maker *release.Maker) error {
	if out, err := exec.CommandContext(ctx, "docker", "version", "--format", "{{.Server.Version}}").CombinedOutput(); err != nil {
		return fmt.Errorf("no Docker daemon answers, and the image has to go somewhere: %w: %s\n"+
			"Start Docker, or set DOCKER_HOST. Without Docker, make image-layout writes the image into a file that any registry and engine takes; "+
			"on a root machine of the Debian kind, scripts/engine/engine up starts an engine", err, strings.TrimSpace(string(out)))
	}
	product, err := maker.Build(ctx, build.Platform{OS: "linux", Arch: runtime.GOARCH})
	if err != nil {
		return err
	}
	img, err := maker.Image(ctx, product)
	if err != nil {
		return err
	}
	if err := image.Install(ctx, img, "latest"); err != nil {
		return err
	}
	maker.Logf("%s and %s:latest are in Docker: %s compressed, %s unpacked, revision %s", img.Ref(), img.Name, megabytes(img.Size), megabytes(img.Unpacked), maker.Version.Revision)
	maker.Logf("try: docker run --rm -p 127.0.0.1:2677:2677 %s", img.Ref())
	return nil
}

func writeLayout(ctx context.Context, maker *release.Maker, out string) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return fmt.Errorf("make the folder of what is made: %w", err)
	}
	began := time.Now()
	written, err := maker.Layout(ctx, out)
	if err != nil {
		return err
	}
	maker.Logf("%s holds %s:%s for %s as %s, after %s", filepath.Join(out, written.File), release.ImageName, maker.Version.Number(),
		strings.Join(written.Platforms, " and "), written.Digest, time.Since(began).Round(time.Second))
	return nil
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
