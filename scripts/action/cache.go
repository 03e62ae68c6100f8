package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/ampersand-amp/ampersand/e2e/lab/build"
)

// kept is what a workflow keeps between runs: the built programs and images. key changes with every pin; prefix finds the last one
// of the same kind, which still has what did not change.
type kept struct{ path, key, prefix string }

// cache says where built programs lie and what they depend on. `hashFiles` of a workflow sees the workspace only, and the pins are in
// the action's folder.
func (in inputs) cache() (kept, error) {
	path, err := build.DefaultCache()
	if err != nil {
		return kept{}, err
	}
	h := sha256.New()
	for _, dir := range []string{"fixtures/components", "fixtures/images"} {
		if err := hashTree(h, dir); err != nil {
			return kept{}, fmt.Errorf("hash what is pinned: %w", err)
		}
	}
	prefix := fmt.Sprintf("ampersand-%s-%s-%s-%s-%s-%s-", runtime.GOOS, runtime.GOARCH, runtime.Version(), in.cluster, in.release.Kubernetes, in.release.KEDA)
	return kept{path: path, key: prefix + hex.EncodeToString(h.Sum(nil))[:16], prefix: prefix}, nil
}

func hashTree(h io.Writer, dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Clean(path))
		if err == nil {
			_, err = fmt.Fprintf(h, "%s %d\n%s", path, len(text), text)
		}
		return err
	})
}
