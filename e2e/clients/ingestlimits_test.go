//go:build clients

package clients

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// testLargeBody has a scrape make more than the megabyte that AMP takes in a request.
func (i *ingest) testLargeBody(t *testing.T) {
	t.Parallel()
	const series, length = 1200, 1500
	random := rand.New(rand.NewPCG(1, 2)) // snappy must not find anything to compress
	var text strings.Builder
	text.WriteString("# TYPE probe_large gauge\n")
	for n := range series {
		fmt.Fprintf(&text, `probe_large{n="%d",value="`, n)
		for range length {
			text.WriteByte(byte('a' + random.IntN(26)))
		}
		text.WriteString("\"} 1\n")
	}
	target := newProbe(t, func(time.Time) string { return text.String() })
	start := func(name, workspace string, exporter settings) *collector {
		job := with(with(scrapeOf("probe", target.address), "scrape_interval", "2s"), "metrics_path", "/"+name)
		return i.startCollector(t, pipeline{name: "i05-" + name, workspace: workspace, exporter: exporter, scrape: []settings{job}})
	}

	refused, taken := i.workspace(t, "large"), i.workspace(t, "divided")
	large := start("default", refused, settings{"max_batch_size_bytes": nil})
	divided := start("lab", taken, nil)
	large.awaitFailure(t, 413, `^{"message":"Request Entity Too Large"}$`)
	large.awaitDropped(t)
	require.Empty(t, stored(t, refused, `{job="probe"}`), "a body that is refused is lost as a whole")
	i.requireCounted(t, loss{i.url, "ampersand_refusals_total", map[string]string{"reason": "body-too-large"}})

	divided.awaitEveryScrape(t, taken, "probe_scrapes_total", 2)
	require.Len(t, stored(t, taken, "probe_large"), series)
	divided.requireNothingRefused(t)
}

// The rate quota of the emulator that has small ones, in samples.
const smallRate, smallBurst = 300, 450

// testRate has a target expose many series for a few scrapes, more than the rate quota lets through at once.
func (i *ingest) testRate(t *testing.T) {
	t.Parallel()
	const usual, surge, extra = 2, 4, 400
	start := func(name, workspace string, args ...string) (*probe, *collector) {
		var scrapes atomic.Int64
		target := newProbe(t, func(time.Time) string {
			n := scrapes.Add(1)
			if n <= usual || n > usual+surge {
				return ""
			}
			var text strings.Builder
			for k := range extra {
				fmt.Fprintf(&text, "probe_extra{n=\"%d\"} %d\n", k, n)
			}
			return text.String()
		})
		return target, i.startCollector(t, pipeline{name: name, workspace: workspace, args: args, scrape: []settings{scrapeOf("probe", target.address)}})
	}
	text := fmt.Sprintf(`^ingestion rate limit \(%d\) exceeded while adding 4\d\d samples and 0 metadata\n$`, smallRate)

	// As the lab has it, and everybody who has not read the list of feature gates: a 429 is final.
	workspace := i.limited.workspace(t, "dropping")
	_, dropping := start("i06-default", workspace)
	patient := i.limited.workspace(t, "patient")
	target, retrying := start("i06-retrying", patient, "--feature-gates=exporter.prometheusremotewritexporter.RetryOn429")
	dropping.awaitFailure(t, 429, text)
	dropping.awaitDropped(t)
	eventually(t, dropping.Process, func() error {
		matrix := stored(t, workspace, "probe_scrapes_total")
		if len(matrix) != 1 || everyScrape(matrix[0].Values, 1) == nil {
			return errors.New("no scrape is missing")
		}
		return nil
	})

	// With the gate it tries again until the quota allows, and nothing is lost.
	retrying.awaitFailure(t, 429, text)
	retrying.awaitEveryScrape(t, patient, "probe_scrapes_total", usual+surge+2)
	for _, s := range stored(t, patient, "probe_extra") {
		require.Len(t, s.Values, surge)
	}
	require.Len(t, stored(t, patient, "probe_extra"), extra)
	require.Zero(t, retrying.count(t, "otelcol_exporter_send_failed_metric_points"))
	require.Positive(t, target.scraped("/metrics"))
	for _, w := range []string{workspace, patient} {
		i.requireCounted(t, discarded(i.limited.url, w, "rate_limited"))
	}
}
