//go:build clients

package clients

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/ampersand-amp/ampersand/e2e/lab/process"
)

// testDollar writes the reference to a group of a relabel rule in the ways that people do. Earlier collectors took $1 for
// a variable, which was empty, and the targets vanished silently; this one leaves it alone, and refuses to start for
// ${1} [M collector 0.156].
func (i *ingest) testDollar(t *testing.T) {
	t.Parallel()
	target := newProbe(t, nil)
	host, _, err := net.SplitHostPort(target.address)
	require.NoError(t, err)
	job := func(name, replacement string) settings {
		return with(scrapeOf(name, target.address), "relabel_configs", []settings{
			{"source_labels": []string{"__address__"}, "regex": "(.+):(.+)", "replacement": replacement, "target_label": "probe_host"}})
	}
	workspace := i.workspace(t, "dollar")
	c := i.startCollector(t, pipeline{name: "i09", workspace: workspace, scrape: []settings{
		job("doubled", "host-$$1"), job("braces", "host-$${1}"), job("single", "host-$1")}})
	for _, name := range []string{"doubled", "braces", "single"} {
		c.awaitSamples(t, workspace, fmt.Sprintf(`up{job=%q, probe_host="host-%s"}`, name, host), 1)
	}
	c.requireNothingRefused(t)

	eaten := pipeline{name: "i09-eaten", workspace: workspace, scrape: []settings{job("eaten", "host-${1}")}}
	log := filepath.Join(i.logs, eaten.name+".log")
	p, err := i.processes.Start(i.collectorSpec(t, eaten, "127.0.0.1", log))
	require.NoError(t, err)
	select {
	case <-p.Exited():
	case <-time.After(patience):
		t.Fatal("it has started")
	}
	require.Error(t, p.Err())
	text, err := os.ReadFile(log)
	require.NoError(t, err)
	require.Contains(t, string(text), `cannot resolve the configuration: environment variable "1" has invalid name: must match regex ^[a-zA-Z_][a-zA-Z0-9_]*$`)

	// Of ours every dollar sign is doubled or begins a variable with a name, which is right with every collector.
	for text, wrong := range map[string]bool{
		"$1": true, "a$1": true, "$$$1": true, "${1}": true, "$": true, "$${1}": false, "$$1:$$2": false, "${env:A:-}": false, "a": false,
	} {
		require.Equal(t, wrong, loneDollar(text), text)
	}
	text, err = os.ReadFile(i.labFile())
	require.NoError(t, err)
	var config settings
	require.NoError(t, yaml.Unmarshal(text, &config))
	text, err = yaml.Marshal(config) // without its comments
	require.NoError(t, err)
	require.Contains(t, string(text), "$$1")
	require.False(t, loneDollar(string(text)))
}

// loneDollar tells whether a text has a dollar sign that is neither doubled nor the beginning of ${env:NAME}.
func loneDollar(text string) bool {
	return strings.Contains(regexp.MustCompile(`\$\$|\$\{env:[A-Z_]+(:-[^}]*)?\}`).ReplaceAllString(text, ""), "$")
}

// testNames has ho11y, whose query names ho11y_total, scraped as the lab does it and with the collector's defaults.
func (i *ingest) testNames(t *testing.T) {
	t.Parallel()
	address := loopback(t)
	ho11y := net.JoinHostPort(address, "8765")
	app := i.start(t, process.Spec{Name: "ho11y", Path: i.programs["ho11y"], LogPath: filepath.Join(i.logs, "ho11y.log"),
		Env: []string{"HO11Y_ADDR=" + address, "HO11Y_PORT=8765", "OTEL_EXPORTER_OTLP_ENDPOINT=" + net.JoinHostPort(address, "4317")}})
	eventually(t, app, func() error { // its counter is there once somebody has called
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+ho11y+"/", nil)
		require.NoError(t, err)
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			err = res.Body.Close()
		}
		return err
	})
	page, err := families(t, "http://"+ho11y+"/metrics")
	require.NoError(t, err)
	exposed := append(seriesNames(page), "scrape_duration_seconds", "scrape_samples_post_metric_relabeling", "scrape_samples_scraped", "scrape_series_added", "up")
	slices.Sort(exposed)
	require.Contains(t, exposed, "ho11y_total")

	other := newProbe(t, func(time.Time) string {
		return "# TYPE probe_calls counter\nprobe_calls 1\n# TYPE probe_used_ratio gauge\nprobe_used_ratio 1\n"
	})
	for name, tt := range map[string]struct {
		exporter settings
		calls    string // what becomes of probe_calls
	}{
		"as the lab has it": {nil, "probe_calls"},
		"default":           {settings{"add_metric_suffixes": nil}, "probe_calls_total"},
	} {
		t.Run(name, func(t *testing.T) {
			workspace := i.workspace(t, "names "+name)
			c := i.startCollector(t, pipeline{name: "i10-" + name[:2], workspace: workspace, exporter: tt.exporter,
				scrape: []settings{scrapeOf("ho11y", ho11y), scrapeOf("probe", other.address)}})
			counter := c.awaitSamples(t, workspace, `ho11y_total{job="ho11y", http_status_code="200"}`, 2)
			require.EqualValues(t, 1, counter[0].Value)
			c.awaitSamples(t, workspace, tt.calls, 1)
			names := func(job string) []string {
				values, _, err := signed(t, workspace).LabelValues(t.Context(), model.MetricNameLabel,
					[]string{fmt.Sprintf("{job=%q}", job)}, time.Now().Add(-patience), time.Now())
				require.NoError(t, err)
				var list []string
				for _, v := range values {
					list = append(list, string(v))
				}
				return list
			}
			require.Equal(t, exposed, names("ho11y"), "every name is as it was exposed")
			require.Subset(t, names("probe"), []string{tt.calls, "probe_used_ratio", "probe_scrapes_total"})
			require.Equal(t, tt.calls == "probe_calls", slices.Contains(names("probe"), "probe_calls"), "a query for the exposed name would be empty")
			c.requireNothingRefused(t)
		})
	}
}

// seriesNames are the names of the series that a page of metrics makes.
func seriesNames(page map[string]*dto.MetricFamily) []string {
	var list []string
	for name, family := range page {
		switch family.GetType() {
		case dto.MetricType_HISTOGRAM:
			list = append(list, name+"_bucket", name+"_count", name+"_sum")
		case dto.MetricType_SUMMARY:
			list = append(list, name+"_count", name+"_sum")
			if slices.ContainsFunc(family.GetMetric(), func(m *dto.Metric) bool { return len(m.GetSummary().GetQuantile()) > 0 }) {
				list = append(list, name)
			}
		default:
			list = append(list, name)
		}
	}
	return list
}
