package storage

import (
	"time"

	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/compression"
)

const (
	// Prometheus' default of 16384 stripes is two maps and a padded lock each,
	// about 3.5 MB for a workspace without one series. 512 is 110 KB and keeps
	// lock contention low for the tens of thousands of series of a test.
	stripeSize = 512
	// One WAL segment is only a file, but truncation works in whole segments:
	// 16 MiB rather than 128 MiB keeps the disk of a long run small.
	walSegmentSize = 16 << 20
	// Chunk segments of blocks are preallocated to their full size during a
	// compaction; 512 MiB for each workspace is out of proportion here.
	blockSegmentSize = 32 << 20
	// Blocks are compacted into ranges of up to a tenth of the retention but
	// no more than this, as Prometheus does.
	maxBlockDuration = 31 * 24 * time.Hour
	minBlockDuration = 2 * time.Hour
	// Replay starts a goroutine with buffers per CPU. WALs here are small.
	replayConcurrency = 2
)

// tsdbOptions chooses a small TSDB that loses nothing that was acknowledged:
// a commit writes the WAL before it returns, which survives kill -9 because the
// page cache belongs to the kernel. There is no fsync per commit, so a power
// cut may lose the last seconds; that is Prometheus' own trade.
func tsdbOptions(s Settings) *tsdb.Options {
	opts := tsdb.DefaultOptions()
	opts.RetentionDuration = s.Retention.Milliseconds()
	// Never zero: the log of out-of-order samples is then there from the start,
	// and the window can be switched on later without a writer seeing half a
	// log. A window of zero is set once the database is open.
	opts.OutOfOrderTimeWindow = max(s.OutOfOrderWindow.Milliseconds(), 1)
	opts.MinBlockDuration = minBlockDuration.Milliseconds()
	opts.MaxBlockDuration = min(max(s.Retention/10, minBlockDuration), maxBlockDuration).Milliseconds()
	opts.StripeSize = stripeSize
	opts.WALSegmentSize = walSegmentSize
	opts.MaxBlockChunkSegmentSize = blockSegmentSize
	opts.WALCompression = compression.Snappy
	opts.WALReplayConcurrency = replayConcurrency
	// 64 KiB instead of 4 MiB of buffer, and no queue with a goroutine of its
	// own: full chunks are written by the appender, 1 in 120 samples.
	opts.HeadChunksWriteBufferSize = chunks.MinWriteBufferSize
	opts.HeadChunksWriteQueueSize = 0
	// The lock on the whole data folder covers every workspace in it.
	opts.NoLockfile = true
	return opts
}
