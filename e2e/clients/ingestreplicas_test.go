//go:build clients

package clients

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// outOfOrder are AMP's words for a sample that comes after a newer one [O].
func outOfOrder(workspace string) string {
	return `^user=` + account + `_` + filepath.Base(workspace) + `: err: out of order sample\. ` +
		`timestamp=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z, series=\{__name__="[a-z_]+", instance="127\.0\.0\.1:\d+", job="[a-z]+"(, [a-z_]+="[^"]*")*\}\n$`
}

// slow is how long the second collector of a pair holds back what it scrapes: what comes is older by then than what the
// first one has written, whichever of the two is the first to scrape.
const slow = 3 * time.Second

// testTwoCollectors has two collectors scrape one target into one workspace.
func (i *ingest) testTwoCollectors(t *testing.T) {
	t.Parallel()
	// Each has a path of its own, by which the target tells them apart; their series have the same labels.
	pair := func(t *testing.T, name, workspace string, ha bool) (*probe, *collector, *collector) {
		target := newProbe(t, nil)
		start := func(replica string, batch time.Duration) *collector {
			p := pipeline{name: name + "-" + replica, workspace: workspace, batch: batch,
				scrape: []settings{with(scrapeOf("probe", target.address), "metrics_path", "/"+replica)}}
			if ha {
				p.exporter = settings{"external_labels": settings{"cluster": "lab", "__replica__": replica}}
			}
			return i.startCollector(t, p)
		}
		return target, start("a", batchTimeout), start("b", slow)
	}
	t.Run("in order only", func(t *testing.T) {
		workspace := i.inOrder(t, "two-collectors")
		_, _, b := pair(t, "i01", workspace, false)
		b.awaitFailure(t, 400, outOfOrder(workspace))
		b.awaitDropped(t)
		i.requireDiscarded(t, workspace, "sample-out-of-order")
	})
	t.Run("HA labels", func(t *testing.T) {
		workspace := i.inOrder(t, "two-replicas")
		target, a, b := pair(t, "i01-ha", workspace, true)
		elected := a.awaitEveryScrape(t, workspace, `probe_scrapes_total{cluster="lab"}`, 6)
		require.GreaterOrEqual(t, target.scraped("/b"), 3)
		eventually(t, b.Process, func() error {
			if b.count(t, "otelcol_exporter_sent_metric_points") == 0 {
				return errors.New("the second has not written yet")
			}
			return nil
		})
		a.requireNothingRefused(t)
		b.requireNothingRefused(t)
		require.LessOrEqual(t, len(elected), target.scraped("/a"))
		require.Empty(t, stored(t, workspace, `{__replica__!=""}`), "which replica it was is not stored")
		i.requireDiscarded(t, workspace, "deduped")
	})
}

// testTargetLists has the targets of two collectors overlap, as those of a DaemonSet and of a target allocator may.
func (i *ingest) testTargetLists(t *testing.T) {
	t.Parallel()
	workspace := i.inOrder(t, "overlapping")
	first, both, last := newProbe(t, nil), newProbe(t, nil), newProbe(t, nil)
	of := func(p *probe, replica string) settings {
		return with(scrapeOf("probe", p.address), "metrics_path", "/"+replica)
	}
	named := func(job settings, name string) settings { return with(job, "job_name", name) }
	a := i.startCollector(t, pipeline{name: "i02-daemonset", workspace: workspace,
		scrape: []settings{named(of(first, "a"), "first"), named(of(both, "a"), "both")}})
	b := i.startCollector(t, pipeline{name: "i02-allocator", workspace: workspace, batch: slow,
		scrape: []settings{named(of(both, "b"), "both"), named(of(last, "b"), "last")}})
	a.awaitEveryScrape(t, workspace, `probe_scrapes_total{job="first"}`, 5)
	b.awaitEveryScrape(t, workspace, `probe_scrapes_total{job="last"}`, 5)
	b.awaitFailure(t, 400, outOfOrder(workspace))
	for _, f := range append(a.failures(t), b.failures(t)...) {
		require.Contains(t, f.Text, fmt.Sprintf(`instance=%q, job="both"`, both.address), "only the target of both is in the way")
	}
	i.requireDiscarded(t, workspace, "sample-out-of-order")

	workspace = i.inOrder(t, "disjoint")
	a = i.startCollector(t, pipeline{name: "i02-first-half", workspace: workspace, scrape: []settings{named(of(first, "c"), "first"), named(of(both, "c"), "both")}})
	b = i.startCollector(t, pipeline{name: "i02-second-half", workspace: workspace, batch: slow, scrape: []settings{named(of(last, "c"), "last")}})
	for job, c := range map[string]*collector{"first": a, "both": a, "last": b} {
		c.awaitEveryScrape(t, workspace, fmt.Sprintf(`probe_scrapes_total{job=%q}`, job), 3)
	}
	a.requireNothingRefused(t)
	b.requireNothingRefused(t)
}
