package storage

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/prometheus/prometheus/tsdb"
)

// generation is one open TSDB with a count of who uses it. Closing a TSDB
// unmaps files that readers may be reading, so a retired generation is closed
// by whoever leaves it last. No goroutine of its own is needed for that.
type generation struct {
	dir  string
	tsdb *tsdb.DB

	mu      sync.Mutex
	users   int
	retired bool
	finish  func(error)   // told the outcome of closing; may be nil
	discard bool          // delete the files after closing
	done    chan struct{} // closed after all that
	err     error         // readable after done
}

func openGeneration(dir string, o Options) (*generation, error) {
	db, err := tsdb.Open(dir, o.Logger, nil, tsdbOptions(o), nil)
	if err != nil {
		return nil, fmt.Errorf("open samples in %s: %w", dir, err)
	}
	return &generation{dir: dir, tsdb: db, done: make(chan struct{})}, nil
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
