package identity

import (
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long a file must have been left alone before it is read: editors and
// Kubernetes change it in several steps.
const settle = 50 * time.Millisecond

// watch notices changes of a file. It watches folders: a file that is replaced by
// renaming, or whose folder is swapped by a symlink as Kubernetes does, would be lost
// otherwise.
type watch struct {
	file    string
	notify  *fsnotify.Watcher
	done    chan struct{} // closed when run has returned
	started bool
	once    sync.Once
	err     error
}

func newWatch(file string) (*watch, error) {
	absolute, err := filepath.Abs(file)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", file, err)
	}
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w", file, err)
	}
	w := &watch{file: absolute, notify: notify, done: make(chan struct{})}
	if err := notify.Add(filepath.Dir(absolute)); err != nil {
		_ = notify.Close()
		return nil, fmt.Errorf("watch %s: %w", filepath.Dir(absolute), err)
	}
	w.target()
	return w, nil
}

// target watches the folder of what the file points to as well, which changes without
// a change of the link. That it is gone for a moment is nothing to report: the reading
// will say so.
func (w *watch) target() {
	if real, err := filepath.EvalSymlinks(w.file); err == nil {
		_ = w.notify.Add(filepath.Dir(real))
	}
}

// run calls changed after every change in the folders, once they have settled.
func (w *watch) run(changed func()) {
	defer close(w.done)
	timer := time.NewTimer(settle)
	timer.Stop()
	defer timer.Stop()
	for {
		select {
		case _, ok := <-w.notify.Events:
			if !ok {
				return
			}
			timer.Reset(settle)
		case _, ok := <-w.notify.Errors: // events may have been lost: look
			if !ok {
				return
			}
			timer.Reset(settle)
		case <-timer.C:
			w.target()
			changed()
		}
	}
}

// close ends run, if it was started, and waits for it.
func (w *watch) close() error {
	w.once.Do(func() {
		if err := w.notify.Close(); err != nil {
			w.err = fmt.Errorf("end the watch of %s: %w", w.file, err)
		}
		if w.started {
			<-w.done
		}
	})
	return w.err
}
