package workspace

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// blobDirMode is that of the folder of blobs: like the state, the owner's alone.
const blobDirMode = 0o700

// blob is a content that may be large: a definition, a policy, a scrape
// configuration. The state names it by its hash; the bytes are in a file of
// their own, so that a small change does not write 25 MiB again.
type blob struct {
	sum  string
	data []byte
}

func newBlob(data []byte) *blob {
	sum := sha256.Sum256(data)
	return &blob{sum: hex.EncodeToString(sum[:]), data: data}
}

// bytes returns the content; nil has none.
func (b *blob) bytes() []byte {
	if b == nil {
		return nil
	}
	return b.data
}

// MarshalText implements encoding.TextMarshaler: the hash.
func (b *blob) MarshalText() ([]byte, error) { return []byte(b.sum), nil }

// UnmarshalText implements encoding.TextUnmarshaler. The bytes come from the
// store.
func (b *blob) UnmarshalText(sum []byte) error {
	if raw, err := hex.DecodeString(string(sum)); err != nil || len(raw) != sha256.Size {
		return fmt.Errorf("%q is not a SHA-256", sum)
	}
	b.sum = string(sum)
	return nil
}

// blobStore keeps blobs as files that are named by their hash. A blob is
// written before the first state that refers to it, and removed after the last.
// It is not safe for concurrent use.
type blobStore struct {
	dir    string
	stored map[string]bool // what is on the disk
}

func newBlobStore(dir string) *blobStore {
	return &blobStore{dir: dir, stored: map[string]bool{}}
}

func (st *blobStore) path(sum string) string { return filepath.Join(st.dir, sum) }

// load reads the bytes of the state's blobs and clears away files that no blob
// refers to.
func (st *blobStore) load(s *state) error {
	// Made now and not with the first blob: the state is saved after this, which
	// puts the folder's own entry on the disk.
	if err := os.Mkdir(st.dir, blobDirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make folder of definitions: %w", err)
	}
	entries, err := os.ReadDir(st.dir)
	if err != nil {
		return fmt.Errorf("read definitions: %w", err)
	}
	for _, e := range entries {
		st.stored[e.Name()] = true
	}
	read := map[string][]byte{}
	for b := range s.blobs() {
		data, ok := read[b.sum]
		if !ok {
			if data, err = os.ReadFile(st.path(b.sum)); err != nil {
				return fmt.Errorf("read definition: %w", err)
			}
			if newBlob(data).sum != b.sum {
				return fmt.Errorf("definition %s is damaged", st.path(b.sum))
			}
			read[b.sum] = data
		}
		b.data = data
	}
	return st.sweep(s)
}

// add writes the blobs of a state that is about to be saved.
func (st *blobStore) add(s *state) error {
	wrote := false
	for b := range s.blobs() {
		if st.stored[b.sum] {
			continue
		}
		if err := writeFile(st.path(b.sum), b.data); err != nil {
			return err
		}
		st.stored[b.sum], wrote = true, true
	}
	if !wrote {
		return nil
	}
	return syncDir(st.dir)
}

// sweep removes what the state, which has been saved, does not refer to.
func (st *blobStore) sweep(s *state) error {
	used := map[string]bool{}
	for b := range s.blobs() {
		used[b.sum] = true
	}
	for name := range st.stored {
		if used[name] {
			continue
		}
		if err := os.Remove(st.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove old definition: %w", err)
		}
		delete(st.stored, name)
	}
	return nil
}
