package storage

import (
	"context"
	"fmt"
	"sync"

	"github.com/prometheus/prometheus/storage"
)

// DB is the samples and metadata of one workspace. It is a
// storage.SampleAndChunkQueryable and a storage.Appendable, so Prometheus'
// engine, API and rule manager work on it directly. It stays the same value
// over a Clear and refuses work after Remove or Close.
type DB struct {
	id   string
	dir  string
	opts Options
	meta *metadata

	writes   sync.Mutex // see WriteAlone
	clearing sync.Mutex // one Clear at a time

	mu  sync.RWMutex
	cur *generation
	no  int
	err error // why cur is not to be used any more
}

var (
	_ storage.SampleAndChunkQueryable = (*DB)(nil)
	_ storage.Appendable              = (*DB)(nil)
)

func openDB(id, dir string, o Options) (*DB, error) {
	no, err := currentGeneration(dir)
	if err != nil {
		return nil, fmt.Errorf("open workspace %s: %w", id, err)
	}
	o.Logger = o.Logger.With("workspace", id)
	g, err := openGeneration(generationDir(dir, no), o)
	if err != nil {
		return nil, fmt.Errorf("open workspace %s: %w", id, err)
	}
	return &DB{id: id, dir: dir, opts: o, meta: newMetadata(o.Now), cur: g, no: no}, nil
}

// ID returns the workspace's id.
func (db *DB) ID() string { return db.id }

// Err returns nil while the database is usable, else ErrRemoved or ErrClosed.
func (db *DB) Err() error {
	db.mu.RLock()
	defer db.mu.RUnlock()
	return db.err
}

// Querier implements storage.Queryable.
func (db *DB) Querier(mint, maxt int64) (storage.Querier, error) {
	g, err := db.use()
	if err != nil {
		return nil, err
	}
	q, err := g.tsdb.Querier(mint, maxt)
	if err != nil {
		g.release()
		return nil, fmt.Errorf("read workspace %s: %w", db.id, err)
	}
	return &querier{Querier: q, leave: sync.OnceFunc(g.release)}, nil
}

// ChunkQuerier implements storage.ChunkQueryable.
func (db *DB) ChunkQuerier(mint, maxt int64) (storage.ChunkQuerier, error) {
	g, err := db.use()
	if err != nil {
		return nil, err
	}
	q, err := g.tsdb.ChunkQuerier(mint, maxt)
	if err != nil {
		g.release()
		return nil, fmt.Errorf("read workspace %s: %w", db.id, err)
	}
	return &chunkQuerier{ChunkQuerier: q, leave: sync.OnceFunc(g.release)}, nil
}

// Appender implements storage.Appendable. Commit returns after the samples are
// in the WAL. Every appender must be committed or rolled back.
func (db *DB) Appender(ctx context.Context) storage.Appender {
	g, err := db.use()
	if err != nil {
		return refusal{err}
	}
	return &appender{Appender: g.tsdb.Appender(ctx), leave: sync.OnceFunc(g.release)}
}

// WriteAlone runs write while no other WriteAlone of this workspace runs. The
// TSDB judges a sample's order when it is appended and drops what no longer
// fits at commit without a word; writers that must answer for every sample
// keep others out between the two.
func (db *DB) WriteAlone(write func() error) error {
	db.writes.Lock()
	defer db.writes.Unlock()
	return write()
}

// Stats are figures of the samples that are in memory (the head).
type Stats struct {
	// Series is the number of series in the head.
	Series uint64
	// MinTime and MaxTime bound the head, in Unix milliseconds; both are zero
	// while it is empty.
	MinTime, MaxTime int64
	// Blocks is the number of blocks on disk.
	Blocks int
}

// Stats returns current figures, all zero if the database is not usable.
func (db *DB) Stats() Stats {
	g, err := db.use()
	if err != nil {
		return Stats{}
	}
	defer g.release()
	s := Stats{Blocks: len(g.tsdb.Blocks())}
	head := g.tsdb.Head()
	if s.Series = head.NumSeries(); s.Series > 0 {
		s.MinTime, s.MaxTime = head.MinTime(), head.MaxTime()
	}
	return s
}

// use returns the current generation; the caller must release it.
func (db *DB) use() (*generation, error) {
	db.mu.RLock()
	defer db.mu.RUnlock()
	if db.err != nil {
		return nil, fmt.Errorf("workspace %s: %w", db.id, db.err)
	}
	db.cur.acquire()
	return db.cur, nil
}

func (db *DB) clear(ctx context.Context) error {
	db.clearing.Lock()
	defer db.clearing.Unlock()
	next, err := openGeneration(generationDir(db.dir, db.no+1), db.opts)
	if err != nil {
		return err
	}
	db.mu.Lock()
	if err := db.err; err != nil {
		db.mu.Unlock()
		next.retire(true, nil)
		return err
	}
	old := db.cur
	db.cur = next
	db.no++
	db.meta.clear()
	db.mu.Unlock()

	old.retire(true, nil)
	if err := await(ctx, old.done); err != nil {
		return fmt.Errorf("the old files go when their last reader leaves: %w", err)
	}
	return old.err
}

// stop refuses new users for the reason given and returns the generation to
// retire, or nil if it was stopped before.
func (db *DB) stop(reason error) *generation {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.err != nil {
		return nil
	}
	db.err = reason
	return db.cur
}

// remove has the samples deleted when the last user has left; finish is told.
func (db *DB) remove(finish func(error)) {
	g := db.stop(ErrRemoved)
	if g == nil {
		finish(nil)
		return
	}
	g.retire(true, finish)
}

func (db *DB) close(ctx context.Context) error {
	g := db.stop(ErrClosed)
	if g == nil {
		return nil
	}
	g.retire(false, nil)
	if err := await(ctx, g.done); err != nil {
		return fmt.Errorf("%d readers or writers are still at work: %w", g.inUse(), err)
	}
	return g.err
}
