package proof

import (
	"context"
	"fmt"
	"testing"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/teststorage"
	"github.com/stretchr/testify/require"
)

// suiteStorage is promqltest's storage: a workspace that is written to by
// remote write, and a mirror of it in a local TSDB set up as promqltest does.
// The mirror is there for what JSON cannot carry, see suiteQuery.
type suiteStorage struct {
	*teststorage.TestStorage
	file    string // of the suite
	space   *space
	written []series
}

func newSuiteStorage(t testing.TB, r *rig, file string) *suiteStorage {
	t.Helper()
	mirror, err := teststorage.NewWithError(func(opts *tsdb.Options) {
		opts.EnableSTStorage = true
		opts.XOR2EncodingAllowed = true
		opts.FloatChunkEncoding = chunkenc.EncXOR2
		opts.EnableHistogramSTEncoding = true
		// Small and without a WAL: there are hundreds of them.
		opts.StripeSize = 64
		opts.WALSegmentSize = -1
		opts.HeadChunksWriteBufferSize = chunks.MinWriteBufferSize
	})
	require.NoError(t, err)
	return &suiteStorage{TestStorage: mirror, file: file, space: r.workspace(t)}
}

// AppenderV2 returns an appender that writes to both at its commit.
func (s *suiteStorage) AppenderV2(ctx context.Context) storage.AppenderV2 {
	return &suiteAppender{AppenderV2: s.TestStorage.AppenderV2(ctx), ctx: ctx, to: s, index: map[uint64]int{}}
}

type suiteAppender struct {
	storage.AppenderV2
	ctx   context.Context
	to    *suiteStorage
	batch []series
	index map[uint64]int // of batch, by hash of the labels
}

// Append implements storage.AppenderV2. promqltest writes float histograms only.
func (a *suiteAppender) Append(ref storage.SeriesRef, ls labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, opts storage.AppendV2Options) (storage.SeriesRef, error) {
	i, ok := a.index[ls.Hash()]
	if !ok {
		i = len(a.batch)
		a.index[ls.Hash()] = i
		a.batch = append(a.batch, series{labels: ls})
	}
	smp := sample{at: t, float: v, ih: h}
	if fh != nil {
		smp.fh = fh.Copy()
	}
	a.batch[i].samples = append(a.batch[i].samples, smp)
	return a.AppenderV2.Append(ref, ls, st, t, v, h, fh, opts)
}

// Commit implements storage.AppenderV2.
func (a *suiteAppender) Commit() error {
	if err := a.AppenderV2.Commit(); err != nil {
		return fmt.Errorf("commit to the mirror: %w", err)
	}
	if err := a.to.space.write(a.ctx, a.batch); err != nil {
		return err
	}
	a.to.written = merge(a.to.written, a.batch)
	return a.to.space.verifyContent(a.ctx, a.to.written)
}

// merge adds samples to what was written before. Loads of one series do not
// overlap in promqltest, but may come in any order.
func merge(written, batch []series) []series {
	index := map[uint64]int{}
	for i, one := range written {
		index[one.labels.Hash()] = i
	}
	for _, one := range batch {
		if i, ok := index[one.labels.Hash()]; ok {
			written[i].samples = mergeSamples(written[i].samples, one.samples)
			continue
		}
		written = append(written, one)
	}
	return written
}
