package alerting

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/prometheus/alertmanager/nflog"
	"github.com/prometheus/alertmanager/silence"
)

// unfinished ends the name of a file that is being written.
const unfinished = ".tmp"

// snapshots are the two files of an alert manager. Each is written as a whole
// beside the old one and then takes its place, so that a crash at any moment
// leaves the one or the other.
type snapshots struct {
	silences, notifications string

	mu sync.Mutex // the newest state is written last
}

func (s *snapshots) saveSilences(from *silence.Silences) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return replace(s.silences, from.Snapshot)
}

func (s *snapshots) saveNotifications(from *nflog.Log) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return replace(s.notifications, from.Snapshot)
}

// sweep removes what a crash left half written.
func (s *snapshots) sweep() error {
	for _, path := range []string{s.silences, s.notifications} {
		left, err := filepath.Glob(path + ".*" + unfinished)
		if err != nil {
			return fmt.Errorf("look for unfinished files: %w", err)
		}
		for _, name := range left {
			if err := os.Remove(name); err != nil {
				return fmt.Errorf("remove an unfinished file: %w", err)
			}
		}
	}
	return nil
}

func replace(path string, write func(io.Writer) (int64, error)) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, filepath.Base(path)+".*"+unfinished)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("write %s: %w", path, errors.Join(err, ignoreAbsent(os.Remove(f.Name()))))
		}
	}()
	_, err = write(f)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func ignoreAbsent(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
