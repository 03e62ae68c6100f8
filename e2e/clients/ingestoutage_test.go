//go:build clients

package clients

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/fault"
)

// testUnavailable has AMP answer 503 to writes for a while.
func (i *ingest) testUnavailable(t *testing.T) {
	t.Parallel()
	const outage = 5 * time.Second
	workspace := i.workspace(t, "outage")
	target := newProbe(t, nil)
	c := i.startCollector(t, pipeline{name: "i07", workspace: workspace, scrape: []settings{scrapeOf("probe", target.address)}})
	c.awaitEveryScrape(t, workspace, "probe_scrapes_total", 2)

	const rule = "ingest-outage"
	rules := fault.Client{URL: i.url}
	before := target.scraped("/metrics")
	_, err := rules.Put(t.Context(), fault.Rule{
		Name: rule, Action: fault.Patterns{"aps:RemoteWrite"}, Workspace: filepath.Base(workspace),
		Schedule: fault.Schedule{For: fault.Duration(outage)}, Status: &fault.Status{Code: 503},
	})
	require.NoError(t, err)
	c.awaitFailure(t, 503, `^Service Unavailable\n?$`)
	hits := 0
	eventually(t, c.Process, func() error {
		reports, err := rules.List(t.Context())
		require.NoError(t, err)
		require.Len(t, reports, 1)
		if hits = reports[0].Hits; reports[0].State != fault.Over {
			return fmt.Errorf("the outage is %s", reports[0].State)
		}
		return nil
	})
	during := target.scraped("/metrics")
	require.GreaterOrEqual(t, during, before+4, "it scrapes on meanwhile")
	c.awaitEveryScrape(t, workspace, "probe_scrapes_total", during+2)
	require.Zero(t, c.count(t, "otelcol_exporter_send_failed_metric_points"), "it has given up nothing")
	// Its pauses do not grow from 200 ms to 5 s as configured: it tries again at the first interval all the time
	// [M exporter 0.156: max_interval and the growth have no effect].
	require.Greater(t, hits, 10)
	i.requireCounted(t, loss{i.url, "ampersand_faults_total", map[string]string{"rule": rule, "effect": "status"}})
}

// testStaleness has a target, or a series of it, go away: queries must not see the last value for another five minutes.
func (i *ingest) testStaleness(t *testing.T) {
	t.Parallel()
	workspace := i.workspace(t, "staleness")
	reader := signed(t, workspace)
	var silent atomic.Bool
	alive := newProbe(t, func(time.Time) string {
		if silent.Load() {
			return ""
		}
		return "probe_visitor 1\n"
	})
	down, removed := newProbe(t, nil), newProbe(t, nil)
	list := filepath.Join(t.TempDir(), "targets.json")
	discovered := func(addresses ...string) {
		text, err := json.Marshal([]settings{{"targets": addresses}})
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(list+".new", text, 0o600))
		require.NoError(t, os.Rename(list+".new", list))
	}
	discovered(removed.address)
	c := i.startCollector(t, pipeline{name: "i08", workspace: workspace, scrape: []settings{
		scrapeOf("alive", alive.address), scrapeOf("down", down.address),
		{"job_name": "removed", "file_sd_configs": []settings{{"files": []string{list}}}},
	}})
	selectors := map[string]string{
		"series": `probe_visitor{job="alive"}`, "target down": `probe_scrapes_total{job="down"}`, "target removed": `probe_scrapes_total{job="removed"}`,
	}
	for _, selector := range selectors {
		eventually(t, c.Process, func() error {
			if len(stored(t, workspace, selector)) == 0 {
				return errors.New("not there yet: " + selector)
			}
			return nil
		})
	}
	silent.Store(true)
	down.Close()
	discovered()

	for name, selector := range selectors {
		t.Run(name, func(t *testing.T) {
			var last model.Time
			eventually(t, c.Process, func() error {
				values := stored(t, workspace, selector)[0].Values
				last = values[len(values)-1].Timestamp
				// Two scrapes later; the end of the scrape is some milliseconds after its time.
				at := last.Time().Add(2*scrapeInterval + scrapeInterval/10)
				if got := instant(t, reader, selector, at); len(got) > 0 {
					return fmt.Errorf("it is still there %s after its last scrape: %v", at.Sub(last.Time()), got)
				}
				return nil
			})
			require.Len(t, instant(t, reader, selector, last.Time()), 1, "it was there until then")
		})
	}
	require.Zero(t, instant(t, reader, `up{job="down"}`, time.Now())[0].Value)
	require.EqualValues(t, 1, instant(t, reader, `up{job="alive"}`, time.Now())[0].Value)
	c.requireNothingRefused(t)
}
