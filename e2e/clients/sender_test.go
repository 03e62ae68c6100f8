//go:build clients

package clients

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/lab/process"
)

// sender is a Prometheus that scrapes and sends on what it scrapes.
type sender struct {
	*process.Process
	promv1.API
	log string
}

// jobs are what a sender scrapes.
func jobs() []string { return []string{"ampersand", "prometheus", "sample"} }

// startSender starts a Prometheus that scrapes itself, the emulator and the sample every second. The rest of its
// configuration is given.
func (s *stand) startSender(t *testing.T, name, program string, env, args []string, config string) *sender {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		// It watches the folder and may read a file that is only just being written.
		require.NoError(t, os.WriteFile(path+".new", []byte(text), 0o600))
		require.NoError(t, os.Rename(path+".new", path))
		return path
	}
	targets := func(self string) string {
		list := []map[string]any{
			{"targets": []string{s.url[len("http://"):]}, "labels": map[string]string{"job": "ampersand"}},
			{"targets": []string{newTarget(t)}, "labels": map[string]string{"job": "sample"}},
			{"targets": []string{self}, "labels": map[string]string{"job": "prometheus"}},
		}
		text, err := json.Marshal(list)
		require.NoError(t, err)
		return string(text)
	}
	configFile := write("prometheus.yml", config+`
scrape_configs:
  - job_name: all
    scrape_interval: 1s
    scrape_timeout: 1s
    file_sd_configs: [{files: [`+filepath.Join(dir, "targets.json")+`]}]
`)
	p := &sender{log: filepath.Join(s.logs, name+".log")}
	p.Process = s.start(t, process.Spec{
		Name: name, Path: program, Env: env, LogPath: p.log, Dir: dir,
		Args: append([]string{"--config.file=" + configFile, "--storage.tsdb.path=" + filepath.Join(dir, "data"),
			"--web.listen-address=127.0.0.1:0"}, args...),
	})
	address := awaitAddress(t, p.Process, p.log, `msg="Listening on".* address=(\S+)`)
	p.API = client(t, "http://"+address, http.DefaultTransport)
	write("targets.json", targets(address))
	return p
}

// awaitAddress waits for the line of a log that tells where a process listens.
func awaitAddress(t *testing.T, p *process.Process, log, line string) string {
	t.Helper()
	var match [][]byte
	eventually(t, p, func() error {
		text, err := os.ReadFile(log)
		if match = regexp.MustCompile(line).FindSubmatch(text); err == nil && match == nil {
			return errors.New("it has not said where it listens")
		}
		return err
	})
	return string(match[1])
}

// logged is all that it has logged.
func (p *sender) logged(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(p.log)
	require.NoError(t, err)
	return string(text)
}

// window is how much of what was scraped is compared: long enough for the visitor to have come and gone.
const window = 10 * time.Second

// awaitWindow waits until every target was scraped throughout a window, and returns the window's end.
func (p *sender) awaitWindow(t *testing.T) time.Time {
	t.Helper()
	// The first seconds do not count: what is scraped before the sending has begun is not sent. Nor do the last ones: a
	// scrape that is not through may still add samples of an earlier time.
	const lead, trail = 6 * time.Second, 2 * time.Second
	// Nor may a sample lie on the window's beginning, which belongs to it in version 2 and does not in version 3.
	text := fmt.Sprintf(`timestamp(up) < time() and up == 1 and up offset %s`, lead)
	var end time.Time
	eventually(t, p.Process, func() error {
		end = time.Now().Add(-trail).Truncate(time.Millisecond)
		value, _, err := p.Query(t.Context(), text, end.Add(-window))
		if err != nil {
			return err
		}
		if vector, ok := value.(model.Vector); !ok || len(vector) != len(jobs()) {
			return fmt.Errorf("of %v only these were scraped %s ago: %v", jobs(), window+lead+trail, value)
		}
		return nil
	})
	return end
}

// query is a question whose answer must be the same at the sender and at the emulator.
type query struct {
	text string
	step time.Duration // of a range query over the window; an instant query without
}

// queries are about the window, and answered alike by all versions. The first one asks for every sample that was scraped.
func queries() []query {
	return []query{
		{fmt.Sprintf(`{job=~".+"}[%s]`, window), 0},
		{`sample_visitor`, time.Second},
		{`count by (job, __name__) ({job=~".+"})`, time.Second},
		{`histogram_count(sample_native_seconds)`, time.Second},
	}
}

// computed are queries whose answers differ between versions 2 and 3 in the last digits, or more.
func computed() []query {
	return []query{
		{`rate(prometheus_http_requests_total[5s])`, time.Second},
		{`rate(sample_native_seconds[5s])`, time.Second},
		{`histogram_quantile(0.9, rate(sample_native_seconds[5s]))`, time.Second},
		{`histogram_quantile(0.9, sample_classic_seconds_bucket)`, time.Second},
	}
}

// requireSame waits until the workspace answers as the sender does.
func (p *sender) requireSame(t *testing.T, workspace promv1.API, end time.Time, list []query) {
	t.Helper()
	for _, q := range list {
		eventually(t, p.Process, func() error {
			want, err := ask(t, p, q, end)
			if err != nil {
				return fmt.Errorf("ask the sender for %s: %w", q.text, err)
			}
			got, err := ask(t, workspace, q, end)
			if err != nil {
				return fmt.Errorf("ask the emulator for %s: %w", q.text, err)
			}
			return difference(q.text, want, got)
		})
	}
}

// ask returns the samples of each series as JSON, in which NaN equals itself.
func ask(t *testing.T, server promv1.API, q query, end time.Time) (map[string]string, error) {
	t.Helper()
	var value model.Value
	var err error
	if q.step == 0 {
		value, _, err = server.Query(t.Context(), q.text, end)
	} else {
		// AMP may round the ends to multiples of the step, Prometheus does not.
		last := end.Truncate(q.step)
		value, _, err = server.QueryRange(t.Context(), q.text, promv1.Range{Start: last.Add(-window), End: last, Step: q.step})
	}
	if err != nil {
		return nil, err
	}
	matrix, ok := value.(model.Matrix)
	if !ok {
		return nil, fmt.Errorf("a %s came, no matrix", value.Type())
	}
	series := map[string]string{}
	for _, stream := range matrix {
		text, err := json.Marshal([]any{stream.Values, stream.Histograms})
		if err != nil {
			return nil, err
		}
		series[stream.Metric.String()] = string(text)
	}
	return series, nil
}

// difference tells the first few series that are not the same.
func difference(query string, want, got map[string]string) error {
	if len(want) == 0 {
		return fmt.Errorf("the sender knows nothing of %s", query)
	}
	errs := []error{fmt.Errorf("%d of %d series", len(got), len(want))}
	note := func(format string, args ...any) {
		if len(errs) < 4 {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	for metric, samples := range want {
		if got[metric] != samples {
			note("%s: %s:\nscraped %s\narrived %s", query, metric, samples, got[metric])
		}
	}
	for metric, samples := range got {
		if _, ok := want[metric]; !ok {
			note("%s: nobody has sent %s %s", query, metric, samples)
		}
	}
	if len(errs) == 1 {
		return nil
	}
	return errors.Join(errs...)
}

// requireMetadata waits until the workspace serves the metadata that the sender has of its targets.
func (p *sender) requireMetadata(t *testing.T, workspace promv1.API) {
	t.Helper()
	eventually(t, p.Process, func() error {
		want, err := metadata(t, p)
		if err != nil {
			return err
		}
		got, err := metadata(t, workspace)
		if err != nil {
			return err
		}
		return difference("metadata", want, got)
	})
}

// metadata returns type, help and unit by metric, as JSON.
func metadata(t *testing.T, server promv1.API) (map[string]string, error) {
	t.Helper()
	list, err := server.Metadata(t.Context(), "", "")
	if err != nil {
		return nil, fmt.Errorf("ask for metadata: %w", err)
	}
	known := map[string]string{}
	for metric, entries := range list {
		set := map[promv1.Metadata]bool{}
		for _, entry := range entries {
			set[entry] = true
		}
		known[metric] = fmt.Sprint(set) // maps are printed in the order of their keys
	}
	return known, nil
}

// requireNothingLost says that the sender counts nothing as failed or given up, and that its log has no complaint.
func (p *sender) requireNothingLost(t *testing.T) {
	t.Helper()
	value, _, err := p.Query(t.Context(), `{__name__=~"prometheus_remote_storage_.*(failed|dropped)_total"}`, time.Now())
	require.NoError(t, err)
	vector, ok := value.(model.Vector)
	require.True(t, ok)
	require.NotEmpty(t, vector, "it counts what it loses")
	for _, count := range vector {
		require.Zero(t, float64(count.Value), count.Metric)
	}
	require.NotRegexp(t, `non-recoverable|(?i)level=(warn|error)[^\n]*remote`, p.logged(t))
}
