package image

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ampersand-amp/ampersand/e2e/lab/cache"
)

// store keeps finished files by content. Beside each lies a note of what it must hash to and of what is known about it.
type store struct {
	dir string
	now func() time.Time
}

func openStore(dir string, now func() time.Time) (*store, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the cache folder (set AMPERSAND_CACHE to one that can be written): %w", err)
	}
	return &store{dir: dir, now: now}, nil
}

func (s *store) path(name string) string { return filepath.Join(s.dir, name) }

// note is what lies beside a file.
type note struct {
	SHA256 string
	About  json.RawMessage
}

func notePath(file string) string { return file + ".json" }

// get reads what is known about a file into about, if the file is as it was put. The error is os.ErrNotExist when it
// was never put.
func (s *store) get(file string, about any) error {
	text, err := os.ReadFile(notePath(file))
	if err != nil {
		return err
	}
	var known note
	if err := json.Unmarshal(text, &known); err != nil {
		return fmt.Errorf("read the note beside %s: %w", file, err)
	}
	sum, err := cache.Sum(file)
	if err != nil {
		return fmt.Errorf("compare checksums: %v", err) //nolint:errorlint // A missing file is damage, not a cache that is still empty.
	}
	if sum != known.SHA256 {
		return fmt.Errorf("%s: checksum %s, made as %s", file, sum, known.SHA256)
	}
	if err := json.Unmarshal(known.About, about); err != nil {
		return fmt.Errorf("read the note beside %s: %w", file, err)
	}
	return nil
}

// put moves a finished file to its place. The note comes last: without it the file does not count.
func (s *store) put(temp, file string, about any) error {
	sum, err := cache.Sum(temp)
	if err != nil {
		return err
	}
	known, err := json.Marshal(about)
	if err != nil {
		return fmt.Errorf("note what %s is: %w", file, err)
	}
	text, err := json.Marshal(note{SHA256: sum, About: known})
	if err != nil {
		return fmt.Errorf("note what %s is: %w", file, err)
	}
	if err := os.Rename(temp, file); err != nil {
		return fmt.Errorf("keep what was made: %w", err)
	}
	if err := os.WriteFile(notePath(file), text, 0o644); err != nil {
		return fmt.Errorf("note what %s is: %w", file, err)
	}
	return nil
}

// prune removes all but the last used files of a name. The caller holds the name's lock.
func (s *store) prune(name, used string) {
	for _, old := range cache.Outdated(s.dir, name, ".tar", used, s.now()) {
		_ = os.Remove(notePath(old))
		_ = os.Remove(old)
		// A sysroot is also there unpacked.
		_ = os.RemoveAll(strings.TrimSuffix(old, ".tar"))
		_ = os.Remove(strings.TrimSuffix(old, ".tar") + ".lock")
	}
}

// shortHash is a key that fits into names.
func shortHash(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])[:16]
}
