package storage

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

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

	changing sync.Mutex // one Clear or Apply at a time
	limits   atomic.Pointer[SeriesLimits]

	mu       sync.RWMutex
	settings Settings
	cur      *generation
	no       int
	err      error // why cur is not to be used any more
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
	settings, err := o.settings(id)
	if err != nil {
		return nil, fmt.Errorf("open workspace %s: %w", id, err)
	}
	g, err := openGeneration(generationDir(dir, no), o, settings)
	if err != nil {
		return nil, fmt.Errorf("open workspace %s: %w", id, err)
	}
	return &DB{id: id, dir: dir, opts: o, meta: newMetadata(o.Now, o.Quotas), settings: settings, cur: g, no: no}, nil
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
	oldest := db.oldest()
	if maxt < oldest {
		g.release()
		return storage.NoopQuerier(), nil
	}
	q, err := g.tsdb.Querier(max(mint, oldest), maxt)
	if err != nil {
		g.release()
		return nil, fmt.Errorf("read workspace %s: %w", db.id, err)
	}
	return &querier{Querier: q, oldest: oldest, leave: sync.OnceFunc(g.release)}, nil
}

// ChunkQuerier implements storage.ChunkQueryable.
func (db *DB) ChunkQuerier(mint, maxt int64) (storage.ChunkQuerier, error) {
	g, err := db.use()
	if err != nil {
		return nil, err
	}
	oldest := db.oldest()
	if maxt < oldest {
		g.release()
		return storage.NoopChunkedQuerier(), nil
	}
	q, err := g.tsdb.ChunkQuerier(max(mint, oldest), maxt)
	if err != nil {
		g.release()
		return nil, fmt.Errorf("read workspace %s: %w", db.id, err)
	}
	return &chunkQuerier{ChunkQuerier: q, oldest: oldest, leave: sync.OnceFunc(g.release)}, nil
}

// oldest is the earliest timestamp, in Unix milliseconds, that readers see. The
// TSDB deletes by whole blocks and counts retention from its newest block, so
// that samples outlive it by days; AMP counts from now [D amp-api.md 3]. What
// is hidden is deleted soon after, except what the head still holds.
func (db *DB) oldest() int64 {
	db.mu.RLock()
	defer db.mu.RUnlock()
	return db.opts.Now().Add(-db.settings.Retention).UnixMilli()
}

// Appender implements storage.Appendable. Commit returns after the samples are
// in the WAL, and then every sample that was appended without an error is
// stored: the writers of a workspace take turns, from the first sample to the
// commit (see appender). So every appender must be committed or rolled back,
// and a goroutine must not append to two at once.
func (db *DB) Appender(ctx context.Context) storage.Appender {
	g, err := db.use()
	if err != nil {
		return refusal{err}
	}
	return &appender{g: g, leave: g.release, open: func() (storage.Appender, error) {
		if err := g.series.follow(ctx, db.limits.Load(), g.tsdb); err != nil {
			return nil, fmt.Errorf("write to workspace %s: %w", db.id, err)
		}
		return g.tsdb.Appender(ctx), nil
	}}
}

// LimitSeries sets how many series may be in memory, from the next writer on
// and for all writers. Series that are there already stay.
func (db *DB) LimitSeries(l SeriesLimits) {
	if old := db.limits.Load(); old == nil || !old.equal(&l) {
		db.limits.Store(&l)
	}
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
	db.changing.Lock()
	defer db.changing.Unlock()
	settings, err := db.nextSettings()
	if err != nil {
		return err
	}
	next, err := openGeneration(generationDir(db.dir, db.no+1), db.opts, settings)
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
	db.settings = settings
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
