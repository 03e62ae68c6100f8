package query

import (
	"context"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"

	ampstorage "github.com/ampersand-amp/ampersand/emulator/storage"
)

// reader is the samples of a workspace as one query reads them. It reads whole
// chunks, as the querier of Cortex does, because chunks and their bytes are what
// quotas count.
type reader struct {
	db     *ampstorage.DB
	budget *budget
}

// Querier implements storage.Queryable.
func (r reader) Querier(mint, maxt int64) (storage.Querier, error) {
	q, err := r.db.ChunkQuerier(mint, maxt)
	if err != nil {
		return nil, storageError(err)
	}
	return &chunkReader{ChunkQuerier: q, budget: r.budget}, nil
}

// chunkReader is a storage.Querier made of a storage.ChunkQuerier.
type chunkReader struct {
	storage.ChunkQuerier
	budget *budget
}

// Select implements storage.Querier.
func (q *chunkReader) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	q.budget.selectors++
	// Cutting the chunks at the edges of the time range would mean to write them
	// anew; the engine takes the samples it needs out of longer ones.
	whole := *hints
	whole.DisableTrimming = true
	return &chunkSet{ChunkSeriesSet: q.ChunkQuerier.Select(ctx, sorted, &whole, matchers...), budget: q.budget, mint: hints.Start, maxt: hints.End}
}

// chunkSet is the series of a selector.
type chunkSet struct {
	storage.ChunkSeriesSet
	budget     *budget
	mint, maxt int64
	at         *chunkSeries
	err        error
}

// Next implements storage.SeriesSet.
func (s *chunkSet) Next() bool {
	if s.err != nil || !s.ChunkSeriesSet.Next() {
		return false
	}
	s.at = &chunkSeries{ChunkSeries: s.ChunkSeriesSet.At(), budget: s.budget, mint: s.mint, maxt: s.maxt}
	s.err = s.budget.addSeries(s.at.Labels())
	return s.err == nil
}

// At implements storage.SeriesSet.
func (s *chunkSet) At() storage.Series { return s.at }

// Err implements storage.SeriesSet.
func (s *chunkSet) Err() error {
	if s.err != nil {
		return s.err
	}
	return storageError(s.ChunkSeriesSet.Err())
}

// chunkSeries is a series whose chunks are counted when they are first read.
type chunkSeries struct {
	storage.ChunkSeries
	budget     *budget
	mint, maxt int64
	counted    bool // the engine may read it again
}

// Iterator implements storage.Series.
func (s *chunkSeries) Iterator(reuse chunkenc.Iterator) chunkenc.Iterator {
	it, ok := reuse.(*chunkIterator)
	if !ok {
		it = &chunkIterator{}
	}
	it.chunks = s.ChunkSeries.Iterator(it.chunks)
	it.begun, it.err = false, nil
	it.mint, it.maxt = s.mint, s.maxt
	it.budget, it.labelBytes = nil, 0
	if !s.counted {
		s.counted = true
		it.budget, it.labelBytes = s.budget, s.Labels().ByteSize()
	}
	return it
}

// unixMillis has a name of its own because go vet takes a Seek with an int64 for
// a failed io.Seeker.
type unixMillis = int64

// chunkIterator goes through the samples of a series chunk by chunk.
type chunkIterator struct {
	chunkenc.Iterator // of the current chunk; kept to be used again

	chunks     chunks.Iterator
	mint, maxt int64
	begun      bool    // Iterator is of a chunk of this series
	budget     *budget // nil: do not count
	labelBytes uint64  // of the series, until its first chunk has been counted
	err        error
}

// Next implements chunkenc.Iterator.
func (it *chunkIterator) Next() chunkenc.ValueType {
	for {
		if it.begun {
			v := it.Iterator.Next()
			for v != chunkenc.ValNone && it.AtT() < it.mint {
				v = it.Iterator.Next()
			}
			if v != chunkenc.ValNone {
				if it.AtT() > it.maxt {
					return chunkenc.ValNone
				}
				return v
			}
		}
		if !it.nextChunk() {
			return chunkenc.ValNone
		}
		it.open()
	}
}

// Seek implements chunkenc.Iterator.
func (it *chunkIterator) Seek(t unixMillis) chunkenc.ValueType {
	for {
		if it.begun {
			if v := it.Iterator.Seek(max(t, it.mint)); v != chunkenc.ValNone {
				if it.AtT() > it.maxt {
					return chunkenc.ValNone
				}
				return v
			}
		}
		if !it.nextChunk() {
			return chunkenc.ValNone
		}
		it.open()
	}
}

// nextChunk moves on to the next chunk and counts it.
func (it *chunkIterator) nextChunk() bool {
	if it.Err() != nil || !it.chunks.Next() {
		return false
	}
	if it.budget == nil {
		return true
	}
	if it.err = it.budget.judgeProcessed(); it.err == nil {
		it.err = it.budget.addChunk(it.chunks.At(), it.labelBytes)
		it.labelBytes = 0
	}
	return it.err == nil
}

func (it *chunkIterator) open() {
	it.Iterator = it.chunks.At().Chunk.Iterator(it.Iterator)
	it.begun = true
}

// Err implements chunkenc.Iterator.
func (it *chunkIterator) Err() error {
	if it.err != nil {
		return it.err
	}
	if err := it.chunks.Err(); err != nil {
		return storageError(err)
	}
	if it.begun {
		return it.Iterator.Err()
	}
	return nil
}
