package storage

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/tsdb"
)

// generation is one open TSDB with a count of who uses it. Closing a TSDB
// unmaps files that readers may be reading, so a retired generation is closed
// by whoever leaves it last. No goroutine of its own is needed for that.
type generation struct {
	dir    string
	tsdb   *tsdb.DB
	series seriesGuard
	writes sync.Mutex // see appender

	mu      sync.Mutex
	users   int
	retired bool
	finish  func(error)   // told the outcome of closing; may be nil
	discard bool          // delete the files after closing
	done    chan struct{} // closed after all that
	err     error         // readable after done
}

func openGeneration(dir string, o Options, s Settings) (*generation, error) {
	g := &generation{dir: dir, done: make(chan struct{})}
	opts := tsdbOptions(s)
	opts.SeriesLifecycleCallback = &g.series
	db, err := tsdb.Open(dir, o.Logger, nil, opts, nil)
	if err != nil {
		return nil, fmt.Errorf("open samples in %s: %w", dir, err)
	}
	g.tsdb = db
	if err := g.apply(s); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return g, nil
}

// apply changes the settings of the open database. Calls must not overlap.
// Blocks that were older than a new retention go when the TSDB next looks for
// such, which is once a minute; readers do not see them any more (see
// DB.oldest).
func (g *generation) apply(s Settings) error {
	err := g.tsdb.ApplyConfig(&config.Config{StorageConfig: config.StorageConfig{TSDBConfig: &config.TSDBConfig{
		OutOfOrderTimeWindow: s.OutOfOrderWindow.Milliseconds(),
		Retention:            &config.TSDBRetentionConfig{Time: model.Duration(s.Retention)},
	}}})
	if err != nil {
		return fmt.Errorf("apply settings to samples in %s: %w", g.dir, err)
	}
	return nil
}

// acquire counts one more user. It must not be called on a retired generation.
func (g *generation) acquire() {
	g.mu.Lock()
	g.users++
	g.mu.Unlock()
}

// release counts one user less and closes the generation after the last.
func (g *generation) release() {
	g.mu.Lock()
	g.users--
	last := g.retired && g.users == 0
	g.mu.Unlock()
	if last {
		g.shut()
	}
}

// retire closes the generation as soon as it has no users. finish, if given,
// is called with the outcome before done is closed.
func (g *generation) retire(discard bool, finish func(error)) {
	g.mu.Lock()
	g.retired, g.discard, g.finish = true, discard, finish
	last := g.users == 0
	g.mu.Unlock()
	if last {
		g.shut()
	}
}

func (g *generation) inUse() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.users
}

func (g *generation) shut() {
	err := g.tsdb.Close()
	if err != nil {
		err = fmt.Errorf("close samples in %s: %w", g.dir, err)
	}
	if g.discard {
		if rmErr := os.RemoveAll(g.dir); rmErr != nil {
			err = errors.Join(err, fmt.Errorf("delete samples in %s: %w", g.dir, rmErr))
		}
	}
	g.err = err
	if g.finish != nil {
		g.finish(err)
	}
	close(g.done)
}
