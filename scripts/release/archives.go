package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ampersand-amp/ampersand/e2e/lab/build"
	"github.com/ampersand-amp/ampersand/e2e/release"
)

// writeArchives makes a whole release.
func writeArchives(ctx context.Context, maker *release.Maker, o options) error {
	switch revision := maker.Version.Revision; {
	case o.uncommitted:
	case revision == "":
		return errors.New("a release says which commit it is made of, and git knows none here (--uncommitted makes one all the same)")
	case strings.HasSuffix(revision, "-dirty"):
		return errors.New("files differ from the commit: commit them first (--uncommitted makes a release all the same)")
	}
	platforms, err := choose(o.platforms)
	if err != nil {
		return err
	}
	began := time.Now()
	maker.Logf("making %s of revision %s into %s; nothing is published", maker.Version.Name, maker.Version.Revision, o.out)
	files, err := maker.Release(ctx, o.out, platforms)
	if err != nil {
		return err
	}
	for _, f := range files {
		maker.Logf("  %9s  %s  %s", megabytes(f.Size), f.SHA256[:12], f.Name)
	}
	maker.Logf("%d files and %s are in %s after %s; verify with: cd %s && sha256sum -c %s",
		len(files), release.Checksums, o.out, time.Since(began).Round(time.Second), o.out, release.Checksums)
	return nil
}

// choose are the platforms that somebody named, all of them when nobody did.
func choose(names string) ([]build.Platform, error) {
	all := release.Platforms()
	if names == "" {
		return all, nil
	}
	known := map[string]build.Platform{}
	for _, p := range all {
		known[p.String()] = p
	}
	var chosen []build.Platform
	for name := range strings.SplitSeq(names, ",") {
		p, ok := known[name]
		if !ok {
			return nil, fmt.Errorf("--platforms %q: known are %v", name, all)
		}
		chosen = append(chosen, p)
	}
	return chosen, nil
}
