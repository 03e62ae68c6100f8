package storage

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/quota"
)

const (
	// metadataLife is how long metadata is kept that nobody sends again.
	// Prometheus sends it every minute. [C] ingester.metadata-retain-period.
	metadataLife = 10 * time.Minute
	// pruneEvery bounds how often the metrics are searched for stale metadata.
	pruneEvery = time.Minute
)

// Metadata describes a metric, as remote write and /api/v1/metadata carry it.
type Metadata struct {
	// Type is the metric's type in lower case: counter, gauge, histogram, ...
	Type string
	// Help is the help text.
	Help string
	// Unit is the unit, mostly empty.
	Unit string
}

// SetMetadata notes metadata that was received for a metric. It reports false
// if it was dropped because quota.MetadataMetrics or quota.MetadataPerMetric
// is full: that is no error, and samples are kept. [D] amp-api.md 3. Metadata lives in memory only:
// senders repeat it every minute.
func (db *DB) SetMetadata(metric string, m Metadata) bool {
	return db.meta.set(metric, m)
}

// Metadata returns the metadata of one metric, or of all if metric is empty.
// limit bounds the number of metrics, taken in the order of their names, if it
// is not negative; perMetric bounds the entries of each if it is positive. That
// is how Prometheus reads its parameters of these names.
func (db *DB) Metadata(metric string, limit, perMetric int) map[string][]Metadata {
	return db.meta.get(metric, limit, perMetric)
}

// metadata is a bounded set of metadata that forgets what is not refreshed.
type metadata struct {
	now    func() time.Time
	quotas *quota.Set

	mu       sync.Mutex
	byMetric map[string]map[Metadata]time.Time // when it was last received
	pruned   time.Time
}

func newMetadata(now func() time.Time, quotas *quota.Set) *metadata {
	return &metadata{now: now, quotas: quotas, byMetric: make(map[string]map[Metadata]time.Time)}
}

func (s *metadata) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.byMetric)
}

func (s *metadata) set(metric string, m Metadata) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	known := s.byMetric[metric]
	if known == nil {
		s.prune(now)
		if s.quotas.Exceeded(quota.MetadataMetrics, int64(len(s.byMetric)+1)) {
			return false
		}
		known = make(map[Metadata]time.Time, 1)
		s.byMetric[metric] = known
	}
	if _, ok := known[m]; !ok {
		dropStale(known, now)
		if s.quotas.Exceeded(quota.MetadataPerMetric, int64(len(known)+1)) {
			return false
		}
	}
	known[m] = now
	return true
}

// prune forgets stale metadata, if that was not done just now.
func (s *metadata) prune(now time.Time) {
	if now.Sub(s.pruned) < pruneEvery {
		return
	}
	s.pruned = now
	for metric, known := range s.byMetric {
		dropStale(known, now)
		if len(known) == 0 {
			delete(s.byMetric, metric)
		}
	}
}

func dropStale(known map[Metadata]time.Time, now time.Time) {
	maps.DeleteFunc(known, func(_ Metadata, seen time.Time) bool { return now.Sub(seen) > metadataLife })
}

func (s *metadata) get(metric string, limit, perMetric int) map[string][]Metadata {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := []string{metric}
	if metric == "" {
		names = slices.Sorted(maps.Keys(s.byMetric))
	}
	now := s.now()
	out := make(map[string][]Metadata)
	for _, name := range names {
		if limit >= 0 && len(out) >= limit {
			break
		}
		if found := fresh(s.byMetric[name], now, perMetric); len(found) > 0 {
			out[name] = found
		}
	}
	return out
}

// fresh returns what is not stale, the most recently received first.
func fresh(known map[Metadata]time.Time, now time.Time, limit int) []Metadata {
	var found []Metadata
	for m, seen := range known {
		if now.Sub(seen) <= metadataLife {
			found = append(found, m)
		}
	}
	slices.SortFunc(found, func(a, b Metadata) int {
		if c := known[b].Compare(known[a]); c != 0 {
			return c
		}
		if a.Help < b.Help {
			return -1
		}
		return 1
	})
	if limit > 0 && len(found) > limit {
		found = found[:limit]
	}
	return found
}
