//go:build clients

package clients

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// testWindow has a target expose samples of its own times, later ones first, to a workspace that takes samples out of
// order within a minute, as all do since 2026-06 [D], and to one that does not.
func (i *ingest) testWindow(t *testing.T) {
	t.Parallel()
	// late are samples that come when newer ones are stored: a few old, and a few too old for the window.
	type late struct {
		age  time.Duration
		kind string
	}
	a, b := late{30 * time.Second, "a"}, late{5 * time.Minute, "b"}
	start := func(name, workspace string) (*collector, func(late)) {
		base := time.Now()
		var scrapes atomic.Int64
		var now atomic.Pointer[late]
		now.Store(&late{0, "first"})
		target := newProbe(t, func(time.Time) string {
			l := now.Load()
			at := base.Add(-l.age).UnixMilli() + scrapes.Add(1) // no two are the same sample
			return fmt.Sprintf("# TYPE probe_late gauge\nprobe_late %d %d\n", len(l.kind), at)
		})
		c := i.startCollector(t, pipeline{name: name, workspace: workspace, scrape: []settings{scrapeOf("probe", target.address)}})
		// One sample of the target's first time is stored before any that is older.
		c.awaitEveryScrape(t, workspace, "probe_scrapes_total", 1)
		return c, func(l late) { now.Store(&l) }
	}
	oldest := func(workspace string) time.Time {
		matrix := stored(t, workspace, "probe_late")
		require.Len(t, matrix, 1)
		return matrix[0].Values[0].Timestamp.Time()
	}

	inOrder := i.inOrder(t, "in-order")
	began := time.Now()
	strict, strictLater := start("i03-off", inOrder)
	windowed := i.workspace(t, "window")
	lenient, lenientLater := start("i03-on", windowed)

	strictLater(a)
	lenientLater(a)
	strict.awaitFailure(t, 400, `^user=`+account+`_`+filepath.Base(inOrder)+`: err: out of order sample\. timestamp=\S+Z, series=\{__name__="probe_late", `)
	require.WithinRange(t, oldest(inOrder), began.Add(-scrapeInterval), time.Now(), "what was late is not stored")
	i.requireDiscarded(t, inOrder, "sample-out-of-order")
	eventually(t, lenient.Process, func() error {
		if oldest(windowed).After(began.Add(-a.age / 2)) {
			return errors.New("the late samples have not arrived")
		}
		return nil
	})
	lenient.requireNothingRefused(t)

	lenientLater(b)
	lenient.awaitFailure(t, 400, `^user=`+account+`_`+filepath.Base(windowed)+`: err: too old sample\. timestamp=\S+Z, series=\{__name__="probe_late", `)
	require.WithinRange(t, oldest(windowed), began.Add(-2*a.age), time.Now())
	i.requireDiscarded(t, windowed, "sample-too-old")
	for workspace, c := range map[string]*collector{inOrder: strict, windowed: lenient} {
		c.awaitEveryScrape(t, workspace, "probe_scrapes_total", 4)
	}
}

// testBadSample has one series beside the others that AMP refuses.
func (i *ingest) testBadSample(t *testing.T) {
	t.Parallel()
	workspace := i.workspace(t, "bad-sample")
	target := newProbe(t, func(time.Time) string {
		return `probe_bad{value="` + strings.Repeat("x", 2049) + `"} 1` + "\nprobe_good 1\n"
	})
	c := i.startCollector(t, pipeline{name: "i04", workspace: workspace, scrape: []settings{scrapeOf("probe", target.address)}})
	c.awaitFailure(t, 400, `^label value too long for metric \(actual: 2049, limit: 2048\) metric: ".*probe_bad.*" label value: "x+"\n$`)
	c.awaitEveryScrape(t, workspace, "probe_scrapes_total", 4)
	require.Len(t, stored(t, workspace, "probe_good"), 1)
	require.Empty(t, stored(t, workspace, "probe_bad"))
	i.requireDiscarded(t, workspace, "label_value_too_long")
	// What the collector says of it is not what has happened: it takes all samples of the request for lost, the stored
	// ones too.
	require.Greater(t, c.awaitDropped(t), float64(target.scraped("/metrics")))
	require.Zero(t, c.count(t, "otelcol_exporter_sent_metric_points"))
	require.Contains(t, c.logged(t), "Exporting failed. Dropping data.")
	require.Regexp(t, `"error": "Permanent error: remote write request failed", "dropped_items": \d+`, c.logged(t))
}
