//go:build clients

package clients

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/ampersand-amp/ampersand/e2e/lab/process"
)

// The collector's times in these tests.
const (
	scrapeInterval = time.Second
	batchTimeout   = 200 * time.Millisecond
)

// settings is a part of a collector's configuration.
type settings = map[string]any

// pipeline is how a collector differs from the lab's.
type pipeline struct {
	name, workspace string
	// batch is how long it collects before it sends, batchTimeout if zero.
	batch time.Duration
	// scrape is what it scrapes, in Prometheus's words.
	scrape []settings
	// exporter has settings that replace the lab's. One that is nil is left to the collector's default.
	exporter settings
	// args are further flags.
	args []string
}

// collector is one that runs.
type collector struct {
	*process.Process
	log, metrics string
}

// scrapeOf is a job with targets that are listed.
func scrapeOf(job string, targets ...string) settings {
	return settings{"job_name": job, "static_configs": []settings{{"targets": targets}}}
}

// with adds a setting to a job.
func with(job settings, name string, value any) settings {
	job[name] = value
	return job
}

// labFile is the collector's configuration as the lab deploys it.
func (i *ingest) labFile() string {
	return filepath.Join(i.root, "fixtures", "manifests", "platform", "collector-config.yaml")
}

// configure writes the lab's configuration with other targets and the pipeline's settings.
func (i *ingest) configure(t *testing.T, p pipeline) string {
	t.Helper()
	text, err := os.ReadFile(i.labFile())
	require.NoError(t, err)
	var config settings
	require.NoError(t, yaml.Unmarshal(text, &config))
	in := func(names ...string) settings {
		part := config
		for _, name := range names {
			inner, ok := part[name].(settings)
			require.True(t, ok, "%v in the lab's configuration", names)
			part = inner
		}
		return part
	}
	in("receivers", "prometheus", "config")["scrape_configs"] = p.scrape
	// Its targets are there from the start and not only after 5 s, which Kubernetes' discovery does not get.
	in("receivers", "prometheus")["discovery_reload_on_startup"] = true
	exporter := in("exporters", "prometheusremotewrite")
	for name, value := range p.exporter {
		if exporter[name] = value; value == nil {
			delete(exporter, name)
		}
	}
	text, err = yaml.Marshal(config)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "collector.yaml")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	return path
}

// collectorSpec says how one is run at an address.
func (i *ingest) collectorSpec(t *testing.T, p pipeline, address, log string) process.Spec {
	t.Helper()
	if p.batch == 0 {
		p.batch = batchTimeout
	}
	return process.Spec{
		Name: p.name, Path: i.programs["collector"], LogPath: log,
		Args: append([]string{"--config=" + i.configure(t, p)}, p.args...),
		Env: []string{"POD_IP=" + address, "AWS_REGION=" + region, "AWS_ACCESS_KEY_ID=" + accessKey, "AWS_SECRET_ACCESS_KEY=" + secretKey,
			"AWS_EC2_METADATA_DISABLED=true", "AMP_REMOTE_WRITE_URL=" + p.workspace + "/api/v1/remote_write",
			"SCRAPE_INTERVAL=" + scrapeInterval.String(), "SCRAPE_TIMEOUT=" + scrapeInterval.String(), "BATCH_TIMEOUT=" + p.batch.String()},
	}
}

// startCollector starts one and waits until it is ready.
func (i *ingest) startCollector(t *testing.T, p pipeline) *collector {
	t.Helper()
	address := loopback(t)
	c := &collector{log: filepath.Join(i.logs, p.name+".log"), metrics: "http://" + address + ":8888/metrics"}
	c.Process = i.start(t, i.collectorSpec(t, p, address, c.log))
	eventually(t, c.Process, func() error {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+":13133/", nil)
		require.NoError(t, err)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		defer func() { _ = res.Body.Close() }()
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("the collector is not ready: %s", res.Status)
		}
		return nil
	})
	return c
}

// loopback finds an address of this machine on which nobody listens: the lab's configuration has the ports of a pod.
func loopback(t *testing.T) string {
	t.Helper()
	for range 100 {
		address := fmt.Sprintf("127.%d.%d.%d", 128+rand.IntN(100), rand.IntN(256), 1+rand.IntN(254))
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", net.JoinHostPort(address, "8888"))
		if err == nil {
			require.NoError(t, l.Close())
			return address
		}
	}
	t.Fatal("no loopback address is free")
	return ""
}

// failure is what a collector logs when a write is refused.
type failure struct {
	Status  int    `json:"status_code"`
	Attempt int    `json:"retry_attempt"`
	Text    string `json:"error"`
}

// logged is all that it has logged.
func (c *collector) logged(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(c.log)
	require.NoError(t, err)
	return string(text)
}

// failures are the refused writes of its log. It leaves out some if there are many.
func (c *collector) failures(t *testing.T) []failure {
	t.Helper()
	var list []failure
	for line := range strings.Lines(c.logged(t)) {
		_, fields, found := strings.Cut(line, "failed to send WriteRequest to remote endpoint")
		if !found || !strings.HasSuffix(line, "}\n") {
			continue
		}
		var f failure
		require.NoError(t, json.Unmarshal([]byte(strings.TrimSpace(fields)), &f), line)
		list = append(list, f)
	}
	return list
}

// awaitFailure waits until the collector has logged that a write was refused so.
func (c *collector) awaitFailure(t *testing.T, status int, text string) {
	t.Helper()
	pattern := regexp.MustCompile(text)
	eventually(t, c.Process, func() error {
		list := c.failures(t)
		for _, f := range list {
			if f.Status == status && pattern.MatchString(f.Text) {
				return nil
			}
		}
		return fmt.Errorf("no write was refused with %d and %s, but %v", status, text, list[:min(2, len(list))])
	})
}

// requireNothingRefused says that all that it has sent was taken.
func (c *collector) requireNothingRefused(t *testing.T) {
	t.Helper()
	require.Empty(t, c.failures(t))
	require.NotRegexp(t, `(?m)\t(error|fatal)\t`, c.logged(t))
	require.Positive(t, c.count(t, "otelcol_exporter_sent_metric_points"))
	require.Zero(t, c.count(t, "otelcol_exporter_send_failed_metric_points"))
}

// count is one of the collector's own metrics.
func (c *collector) count(t *testing.T, family string) float64 {
	t.Helper()
	return count(t, c.metrics, family, nil)
}

// awaitDropped waits until it has given up samples, and returns how many.
func (c *collector) awaitDropped(t *testing.T) float64 {
	t.Helper()
	var n float64
	eventually(t, c.Process, func() error {
		if n = c.count(t, "otelcol_exporter_send_failed_metric_points"); n == 0 {
			return errors.New("it has not given up anything")
		}
		return nil
	})
	return n
}
