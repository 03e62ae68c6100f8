package query

import (
	"fmt"
	"math"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/stats"

	"github.com/ampersand-amp/ampersand/emulator/quota"
)

// The texts of the quotas on what a query reads. AMP's page on errors shows the
// first with the prefix of the engine; Cortex' querier hands all of them to the
// engine in the same way, so all have it.
const (
	textChunks = "expanding series: the query hit the max number of chunks limit while fetching chunks from ingesters" // [D] amp-api.md 1.7
	textSeries = "the query hit the max number of series limit (limit: %d series)"                                     // [C] amp-api.md 1.7
	textBytes  = "expanding series: the query hit the aggregated data size limit (limit: %d bytes)"                    // [D], the limit [C]
	// textSamples is ours: that AMP refuses is [D], its words are not known.
	textSamples = "the query processes more samples than " + paramRefuse + " allows (limit: %d samples)" // [I]
)

const dayMillis = int64(24 * time.Hour / time.Millisecond)

// limitError is a refusal by a quota. It becomes a 422.
type limitError string

// Error implements error.
func (e limitError) Error() string { return string(e) }

// budget is what one query may read and has read. It is judged while the storage
// is read and used by one goroutine, as the engine is.
type budget struct {
	maxSeries, maxChunks, maxBytes int64 // negative: unlimited
	// daily has maxBytes apply to each UTC day by itself, because the quota of
	// range queries is for "each 24-hour interval" [D] and Cortex' frontend
	// cuts queries at midnight UTC [C]. A chunk counts where it begins.
	daily bool

	refuseAbove int64               // samples processed; negative: unlimited
	processed   *stats.QuerySamples // kept by the engine; nil before it is made

	selectors      int // how many selectors were opened
	series, chunks int64
	seen           map[uint64]struct{} // hashes of the series, if there are several selectors
	bytes          map[int64]int64     // by day
}

func newBudget(q *quota.Set, c call) *budget {
	b := &budget{
		maxSeries: q.Get(quota.QuerySeries), maxChunks: q.Get(quota.QueryChunks), maxBytes: q.Get(quota.QueryBytesInstant),
		refuseAbove: c.refuseAbove, daily: c.ranged, bytes: make(map[int64]int64, 1),
	}
	if c.ranged {
		b.maxBytes = q.Get(quota.QueryBytesRange)
	}
	return b
}

// addSeries counts a series that was found. As in Cortex a series that several
// selectors find counts once; a single selector finds each only once anyway, and
// the engine opens all selectors before it reads the first.
func (b *budget) addSeries(ls labels.Labels) error {
	if b.maxSeries < 0 {
		return nil
	}
	b.series++
	if b.selectors > 1 {
		if b.seen == nil {
			b.seen = make(map[uint64]struct{})
		}
		b.seen[ls.Hash()] = struct{}{}
		b.series = int64(len(b.seen))
	}
	if b.series > b.maxSeries {
		return limitError(fmt.Sprintf(textSeries, b.maxSeries))
	}
	return nil
}

// addChunk counts a chunk that is read, and extra bytes: the labels of its
// series, for they too are data in Cortex' sum. [C] distributor/query.go
func (b *budget) addChunk(m chunks.Meta, extra uint64) error {
	b.chunks++
	if b.maxChunks >= 0 && b.chunks > b.maxChunks {
		return limitError(textChunks)
	}
	if b.maxBytes < 0 {
		return nil
	}
	var day int64
	if b.daily {
		day = floorTo(m.MinTime, dayMillis)
	}
	sum := b.bytes[day] + int64(len(m.Chunk.Bytes())) + int64(min(extra, math.MaxInt32))
	b.bytes[day] = sum
	if sum > b.maxBytes {
		return limitError(fmt.Sprintf(textBytes, b.maxBytes))
	}
	return nil
}

// judgeProcessed refuses the query once it has processed too many samples.
func (b *budget) judgeProcessed() error {
	if b.refuseAbove >= 0 && b.processed != nil && b.processed.TotalSamples > b.refuseAbove {
		return limitError(fmt.Sprintf(textSamples, b.refuseAbove))
	}
	return nil
}

// floorTo rounds down to a multiple of unit, negative numbers too.
func floorTo(n, unit int64) int64 {
	rest := n % unit
	if rest < 0 {
		rest += unit
	}
	return n - rest
}
