// Package cache is what the folders of finished programs and of finished images have in common: entries are called after a
// name and a key of their content, made by one run at a time, compared with a checksum, and removed when they are old.
package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// keep is how many entries of a name stay: enough to go back and forth between branches.
const keep = 4

// Sum returns the SHA-256 of a file in hexadecimal.
func Sum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("hash: %w", err)
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("hash %s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Outdated notes that the entry used was used now, and returns all but the last used entries NAME-KEY+suffix in dir. The
// caller holds the name's lock and removes them; what cannot be removed only makes the cache larger.
func Outdated(dir, name, suffix, used string, now time.Time) []string {
	_ = os.Chtimes(used, now, now)
	entries, err := filepath.Glob(filepath.Join(dir, name+"-*"+suffix))
	if err != nil {
		return nil // a constant pattern
	}
	// A name may begin with another: an entry is called after its name and a key without a hyphen.
	entries = slices.DeleteFunc(entries, func(path string) bool {
		return strings.Contains(strings.TrimPrefix(filepath.Base(path), name+"-"), "-")
	})
	slices.SortFunc(entries, func(x, y string) int { return lastUse(y).Compare(lastUse(x)) })
	return entries[min(keep, len(entries)):]
}

func lastUse(path string) time.Time {
	info, err := os.Stat(path)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}
