package workspace

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// tempSuffix marks a file that replaceFile has not finished.
const tempSuffix = ".tmp-"

// removeUnfinished removes what a kill in the middle of replaceFile left.
func removeUnfinished(path string) error {
	stale, _ := filepath.Glob(path + tempSuffix + "*") // the pattern is well formed
	for _, name := range stale {
		if err := os.Remove(name); err != nil {
			return fmt.Errorf("remove unfinished %s: %w", name, err)
		}
	}
	return nil
}

// replaceFile gives the file another content, in one step: whoever reads it,
// even after a power cut, finds the old content or the new.
func replaceFile(path string, content []byte) error {
	if err := writeFile(path, content); err != nil {
		return err
	}
	// Without this the rename itself may be lost in a power cut.
	return syncDir(filepath.Dir(path))
}

// writeFile is replaceFile without the certainty that the folder's entry is on
// the disk, for who writes several files and then calls syncDir once.
func writeFile(path string, content []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+tempSuffix+"*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(content); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err = f.Sync(); err != nil {
		return fmt.Errorf("flush %s: %w", path, err)
	}
	if err = f.Close(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("replace %s: %w", path, err)
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err == nil {
		err = errors.Join(d.Sync(), d.Close())
	}
	if err != nil {
		return fmt.Errorf("flush folder %s: %w", dir, err)
	}
	return nil
}
