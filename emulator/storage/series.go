package storage

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/tsdb/index"
)

// SeriesLimits bound the series that are in memory (the head), which is what
// "active" means to Cortex too [C]. A negative bound is none.
type SeriesLimits struct {
	// Total bounds all series.
	Total int64
	// PerMetric bounds the series of each metric name.
	PerMetric int64
	// NativeHistograms bounds the series whose newest sample is a native
	// histogram. While so many are there no series is made at all, of whatever
	// kind: a new series has no kind yet. [C] ingester.go PreCreation
	NativeHistograms int64
	// LabelSets bound the series that have certain labels.
	LabelSets []LabelSetLimit
}

// LabelSetLimit bounds the series that have all of Labels.
type LabelSetLimit struct {
	// Labels are the names and values that a series must have. If there are
	// none, the limit is for series that no other label set matches. [D] the
	// SDK's LimitsPerLabelSet
	Labels map[string]string
	// MaxSeries is the number of series; 0 is no limit. [D] the same
	MaxSeries int64
}

func (l *SeriesLimits) equal(o *SeriesLimits) bool {
	return l.Total == o.Total && l.PerMetric == o.PerMetric && l.NativeHistograms == o.NativeHistograms &&
		slices.EqualFunc(l.LabelSets, o.LabelSets, func(a, b LabelSetLimit) bool {
			return a.MaxSeries == b.MaxSeries && maps.Equal(a.Labels, b.Labels)
		})
}

// SeriesLimitKind says which of SeriesLimits was reached.
type SeriesLimitKind int

// The kinds of limits.
const (
	SeriesTotal SeriesLimitKind = iota
	SeriesPerMetric
	SeriesNativeHistograms
	SeriesPerLabelSet
)

// SeriesLimitError refuses a sample because its series is new and a limit of
// series is reached.
type SeriesLimitError struct {
	Kind     SeriesLimitKind
	Limit    int64
	LabelSet string // of SeriesPerLabelSet, as {a="b"}
}

// Error implements error.
func (e *SeriesLimitError) Error() string {
	return fmt.Sprintf("limit of %d series reached%s", e.Limit, e.LabelSet)
}

// seriesGuard refuses series over the limits. The TSDB calls it whenever a
// series is made or forgotten.
//
// Series by metric and by label set are counted only while there is such a
// limit, so that memory does not grow with the number of metrics otherwise.
// When one is set, the head is counted once.
type seriesGuard struct {
	// Series are made by a writer, whose turn it is, or while the TSDB is
	// being opened; limits and head are only touched by the former.
	limits *SeriesLimits
	head   *tsdb.Head

	mu      sync.Mutex       // series are forgotten by the TSDB's own goroutine
	metrics map[string]int64 // nil if not counted
	sets    []labelSetCount
}

type labelSetCount struct {
	labels labels.Labels
	max    int64
	series int64
}

// follow takes on new limits. It is for the writer whose turn it is.
func (g *seriesGuard) follow(ctx context.Context, l *SeriesLimits, db *tsdb.DB) error {
	if l == nil || l == g.limits {
		return nil
	}
	if l.PerMetric < 0 && len(l.LabelSets) == 0 {
		g.mu.Lock()
		g.metrics, g.sets = nil, nil
		g.mu.Unlock()
	} else if err := g.count(ctx, l, db); err != nil {
		return fmt.Errorf("count series: %w", err)
	}
	g.limits, g.head = l, db.Head()
	return nil
}

// count counts the head by the limits l.
func (g *seriesGuard) count(ctx context.Context, l *SeriesLimits, db *tsdb.DB) (err error) {
	// No compaction may forget series meanwhile: one that is gone from the
	// head but not reported yet would be taken off without having been added.
	db.DisableCompactions()
	defer db.EnableCompactions()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.metrics, g.sets = nil, nil
	if l.PerMetric >= 0 {
		g.metrics = make(map[string]int64)
	}
	for _, s := range l.LabelSets {
		g.sets = append(g.sets, labelSetCount{labels: labels.FromMap(s.Labels), max: s.MaxSeries})
	}
	reader, err := db.Head().Index()
	if err != nil {
		return fmt.Errorf("read head: %w", err)
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	everyName, everyValue := index.AllPostingsKey()
	all, err := reader.Postings(ctx, everyName, everyValue)
	if err != nil {
		return fmt.Errorf("list series of the head: %w", err)
	}
	var builder labels.ScratchBuilder
	for all.Next() {
		switch err := reader.Series(all.At(), &builder, nil); {
		case errors.Is(err, storage.ErrNotFound):
			continue
		case err != nil:
			return fmt.Errorf("read series %d of the head: %w", all.At(), err)
		}
		g.add(builder.Labels(), 1)
	}
	return all.Err()
}

// add counts one series more or less; g.mu is held.
func (g *seriesGuard) add(ls labels.Labels, n int64) {
	if g.metrics != nil {
		name := ls.Get(model.MetricNameLabel)
		if left := g.metrics[name] + n; left > 0 {
			// Cloned, for the name is a part of all labels of the series.
			g.metrics[strings.Clone(name)] = left
		} else {
			delete(g.metrics, name)
		}
	}
	for _, s := range g.matching(ls) {
		s.series += n
	}
}

// matching returns the label sets that a series belongs to. [C] validation
// LimitsPerLabelSetsForSeries: the empty set only if no other matches.
func (g *seriesGuard) matching(ls labels.Labels) []*labelSetCount {
	var found, rest []*labelSetCount
	for i := range g.sets {
		s := &g.sets[i]
		if s.labels.IsEmpty() {
			rest = append(rest, s)
			continue
		}
		all := true
		s.labels.Range(func(l labels.Label) { all = all && ls.Get(l.Name) == l.Value })
		if all {
			found = append(found, s)
		}
	}
	if found == nil {
		return rest
	}
	return found
}

// PreCreation implements tsdb.SeriesLifecycleCallback: it is asked whether a
// series may be made. The order is Cortex'. [C]
func (g *seriesGuard) PreCreation(ls labels.Labels) error {
	l := g.limits
	if l == nil {
		return nil
	}
	switch {
	case l.Total >= 0 && g.head.NumSeries() >= uint64(l.Total):
		return &SeriesLimitError{Kind: SeriesTotal, Limit: l.Total}
	case l.NativeHistograms >= 0 && g.head.NumNativeHistogramSeries() >= uint64(l.NativeHistograms):
		return &SeriesLimitError{Kind: SeriesNativeHistograms, Limit: l.NativeHistograms}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.metrics != nil && g.metrics[ls.Get(model.MetricNameLabel)] >= l.PerMetric {
		return &SeriesLimitError{Kind: SeriesPerMetric, Limit: l.PerMetric}
	}
	for _, s := range g.matching(ls) {
		if s.max > 0 && s.series >= s.max {
			return &SeriesLimitError{Kind: SeriesPerLabelSet, Limit: s.max, LabelSet: s.labels.String()}
		}
	}
	return nil
}

// PostCreation implements tsdb.SeriesLifecycleCallback: a series was made.
func (g *seriesGuard) PostCreation(ls labels.Labels) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.add(ls, 1)
}

// PostDeletion implements tsdb.SeriesLifecycleCallback: series were forgotten.
func (g *seriesGuard) PostDeletion(gone map[chunks.HeadSeriesRef]labels.Labels) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, ls := range gone {
		g.add(ls, -1)
	}
}
