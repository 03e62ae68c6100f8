//go:build clients

package clients

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
)

// testFreshCounters has nine counters begin while one goes on, as when one replica becomes ten: rate() needs two scrapes
// of each and knows nothing of what each had counted at its first.
func (i *ingest) testFreshCounters(t *testing.T) {
	t.Parallel()
	const (
		fresh, total = 9, 100. // counters that begin, and requests a second of the load that is shared
		head         = 20      // what a fresh one of the other kind has counted when it is first scraped
		window       = 5 * time.Second
	)
	began := time.Now()
	var begun atomic.Pointer[time.Time]
	target := newProbe(t, func(now time.Time) string {
		var text strings.Builder
		put := func(name string, pod int, value float64) { fmt.Fprintf(&text, "%s{pod=\"%d\"} %f\n", name, pod, value) }
		at := begun.Load()
		if at == nil {
			at = &now
		}
		since := now.Sub(*at).Seconds()
		text.WriteString("# TYPE probe_added_total counter\n")
		put("probe_added_total", 0, total*now.Sub(began).Seconds())
		for pod := 1; pod <= fresh && since > 0; pod++ {
			put("probe_added_total", pod, head+total/(fresh+1)*since)
		}
		text.WriteString("# TYPE probe_shared_total counter\n")
		put("probe_shared_total", 0, total*at.Sub(began).Seconds()+total/(fresh+1)*since)
		for pod := 1; pod <= fresh && since > 0; pod++ {
			put("probe_shared_total", pod, total/(fresh+1)*since)
		}
		return text.String()
	})
	workspace := i.workspace(t, "fresh")
	reader := signed(t, workspace)
	c := i.startCollector(t, pipeline{name: "i11", workspace: workspace, scrape: []settings{scrapeOf("probe", target.address)}})
	// A whole window before, and a whole one after.
	c.awaitSamples(t, workspace, "probe_added_total", 7)
	now := time.Now()
	begun.Store(&now)
	first := c.awaitSamples(t, workspace, `probe_added_total{pod="9"}`, 8)
	end := first[len(first)-1].Timestamp.Time()

	steps := func(query string, args ...any) []model.SamplePair {
		const step = 100 * time.Millisecond
		from := now.Add(-time.Second).Truncate(step)
		value, _, err := reader.QueryRange(t.Context(), fmt.Sprintf(query, args...), promv1.Range{Start: from, End: end.Truncate(step), Step: step})
		require.NoError(t, err)
		matrix, ok := value.(model.Matrix)
		require.True(t, ok)
		require.Len(t, matrix, 1, query)
		require.Len(t, matrix[0].Values, int(end.Truncate(step).Sub(from)/step)+1, "there is a value at every step of %s", query)
		return matrix[0].Values
	}
	// The scrapes of a target are some milliseconds off their beat.
	const off = .05 * total

	old := steps(`sum(rate(probe_added_total{pod="0"}[%s]))`, window)
	sum := steps(`sum(rate(probe_added_total[%s]))`, window)
	for n := range old {
		require.InDelta(t, total, float64(old[n].Value), off)
		require.GreaterOrEqual(t, sum[n].Value, old[n].Value, "the fresh ones take nothing away")
		require.LessOrEqual(t, float64(sum[n].Value), total*(1+float64(fresh)/(fresh+1))+2*off, "what they had at first shows in no rate")
	}
	require.InDelta(t, total*(1+float64(fresh)/(fresh+1)), float64(sum[len(sum)-1].Value), 2*off)

	// If they share the load, the sum dips until each has two scrapes, by no more than these two of the window.
	shared := steps(`sum(rate(probe_shared_total[%s]))`, window)
	least := model.SampleValue(total)
	for _, s := range shared {
		least = min(least, s.Value)
	}
	require.Greater(t, float64(least), total*(1-2*float64(scrapeInterval)/float64(window))-off)
	require.Less(t, float64(least), total-off, "the first second of nine counters is not seen")
	require.InDelta(t, total, float64(shared[len(shared)-1].Value), off)
	c.requireNothingRefused(t)
}

// testKinds has a target expose exemplars and native histograms.
func (i *ingest) testKinds(t *testing.T) {
	t.Parallel()
	workspace := i.workspace(t, "kinds")
	job := with(with(scrapeOf("sample", newTarget(t)), "scrape_native_histograms", true), "always_scrape_classic_histograms", true)
	c := i.startCollector(t, pipeline{name: "i12", workspace: workspace, scrape: []settings{job}})
	reader := signed(t, workspace)
	c.awaitSamples(t, workspace, "sample_requests_total", 3)
	// The target observes once before each scrape: the nth has n observations.
	for _, series := range []string{"histogram_count(sample_native_seconds)", `sample_classic_seconds_bucket{le="+Inf"}`, "sample_classic_seconds_count"} {
		got := instant(t, reader, series, time.Now())
		require.Len(t, got, 1, series)
		require.GreaterOrEqual(t, float64(got[0].Value), 3., series)
	}
	native := instant(t, reader, "sample_native_seconds", time.Now())
	require.Len(t, native, 1)
	require.NotNil(t, native[0].Histogram)
	require.NotEmpty(t, native[0].Histogram.Buckets)

	// AMP has no exemplars [O]; what it says of writes that have some is not known. Here they are left out, and the sample
	// that each belongs to is stored.
	_, err := reader.QueryExemplars(t.Context(), "sample_requests_total", time.Now().Add(-patience), time.Now())
	require.ErrorContains(t, err, "403")
	c.requireNothingRefused(t)
}
