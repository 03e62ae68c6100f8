package trial

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/prometheus/common/model"
)

// Scrapes are the instants of the samples that the store holds of some series.
type Scrapes struct {
	// At are those of all series, the oldest first.
	At []time.Time

	series [][]time.Time
}

// Scrapes returns the samples that the store holds of the series which a selector finds, between two instants.
func (s *Store) Scrapes(ctx context.Context, selector string, from, to time.Time) (Scrapes, error) {
	value, _, err := s.api.Query(ctx, fmt.Sprintf("%s[%dms]", selector, to.Sub(from).Milliseconds()), to)
	if err != nil {
		return Scrapes{}, fmt.Errorf("query the samples of %s: %w", selector, err)
	}
	matrix, ok := value.(model.Matrix)
	if !ok {
		return Scrapes{}, errors.New("query the samples of " + selector + ": the result is no matrix")
	}
	var found Scrapes
	for _, stream := range matrix {
		var series []time.Time
		for _, pair := range stream.Values {
			series = append(series, pair.Timestamp.Time())
		}
		found.series = append(found.series, series)
		found.At = append(found.At, series...)
	}
	slices.SortFunc(found.At, time.Time.Compare)
	return found, nil
}

// gaps calls f with the time between each two neighbours of a series.
func (s Scrapes) gaps(f func(time.Duration)) {
	for _, series := range s.series {
		for i := 1; i < len(series); i++ {
			f(series[i].Sub(series[i-1]))
		}
	}
}

// Missing counts the scrapes that were due between two others of a series, one each interval, and are not there.
func (s Scrapes) Missing(interval time.Duration) int {
	missing := 0
	s.gaps(func(gap time.Duration) {
		missing += max(0, int(math.Round(float64(gap)/float64(interval)))-1)
	})
	return missing
}

// LargestGap returns the longest time without a sample in any of the series that a selector finds, between two instants that
// both have some. That there is none is an error.
func (s *Store) LargestGap(ctx context.Context, selector string, from, to time.Time) (time.Duration, error) {
	scrapes, err := s.Scrapes(ctx, selector, from, to)
	if err != nil {
		return 0, err
	}
	var largest time.Duration
	pairs := 0
	scrapes.gaps(func(gap time.Duration) { largest, pairs = max(largest, gap), pairs+1 })
	if pairs == 0 {
		return 0, fmt.Errorf("the store holds no two samples of a series of %s", selector)
	}
	return largest, nil
}
