//go:build clients

package clients

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
)

// probe is a target that shows by its numbers whether all that was scraped has arrived: probe_scrapes_total is 1 at the
// first scrape of a path, 2 at the second.
type probe struct {
	*httptest.Server
	address string
	// more writes further metrics, if it is not nil.
	more func(now time.Time) string

	mu      sync.Mutex
	scrapes map[string]int
}

func newProbe(t *testing.T, more func(now time.Time) string) *probe {
	t.Helper()
	p := &probe{more: more, scrapes: map[string]int{}}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	p.address = p.Listener.Addr().String()
	return p
}

// ServeHTTP implements http.Handler.
func (p *probe) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.scrapes[r.URL.Path]++
	n := p.scrapes[r.URL.Path]
	p.mu.Unlock()
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	text := fmt.Sprintf("# TYPE probe_scrapes_total counter\nprobe_scrapes_total %d\n", n)
	if p.more != nil {
		text += p.more(time.Now())
	}
	_, _ = io.WriteString(w, text)
}

// scraped is how often a path was scraped.
func (p *probe) scraped(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.scrapes[path]
}

// stored returns all samples of the series that a selector means.
func stored(t *testing.T, workspace, selector string) model.Matrix {
	t.Helper()
	value, _, err := signed(t, workspace).Query(t.Context(), selector+"[10m]", time.Now())
	require.NoError(t, err)
	matrix, ok := value.(model.Matrix)
	require.True(t, ok, "%s", value)
	return matrix
}

// instant asks for a vector.
func instant(t *testing.T, workspace promv1.API, query string, at time.Time) model.Vector {
	t.Helper()
	value, _, err := workspace.Query(t.Context(), query, at)
	require.NoError(t, err)
	vector, ok := value.(model.Vector)
	require.True(t, ok, "%s", value)
	return vector
}

// everyScrape says whether a series has each of the first scrapes once, in their order, and at least so many.
func everyScrape(samples []model.SamplePair, atLeast int) error {
	for n, s := range samples {
		if int(s.Value) != n+1 {
			return fmt.Errorf("sample %d is that of scrape %v: %v", n+1, s.Value, samples)
		}
	}
	if len(samples) < atLeast {
		return fmt.Errorf("%d scrapes are stored, not yet %d", len(samples), atLeast)
	}
	return nil
}

// awaitEveryScrape waits until a series has at least so many scrapes, with no gap before.
func (c *collector) awaitEveryScrape(t *testing.T, workspace, selector string, atLeast int) []model.SamplePair {
	t.Helper()
	var samples []model.SamplePair
	eventually(t, c.Process, func() error {
		matrix := stored(t, workspace, selector)
		if len(matrix) != 1 {
			return fmt.Errorf("%d series are %s", len(matrix), selector)
		}
		samples = matrix[0].Values
		return everyScrape(samples, atLeast)
	})
	return samples
}

// families reads a page of metrics.
func families(t *testing.T, url string) (map[string]*dto.MetricFamily, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, errors.New(res.Status)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	return parser.TextToMetricFamilies(res.Body)
}

// count is the sum of a counter's series that have these labels, 0 if there is none.
func count(t *testing.T, url, family string, labels map[string]string) float64 {
	t.Helper()
	page, err := families(t, url)
	require.NoError(t, err)
	found := page[family]
	if found == nil {
		found = page[family+"_total"] // as a counter of OpenTelemetry is called
	}
	sum := 0.
	for _, m := range found.GetMetric() {
		has := map[string]string{}
		for _, pair := range m.GetLabel() {
			has[pair.GetName()] = pair.GetValue()
		}
		matches := true
		for name, value := range labels {
			matches = matches && has[name] == value
		}
		if matches {
			sum += m.GetCounter().GetValue()
		}
	}
	return sum
}

// awaitSamples waits until a series has at least so many samples.
func (c *collector) awaitSamples(t *testing.T, workspace, selector string, atLeast int) []model.SamplePair {
	t.Helper()
	var samples []model.SamplePair
	eventually(t, c.Process, func() error {
		matrix := stored(t, workspace, selector)
		if len(matrix) != 1 || len(matrix[0].Values) < atLeast {
			return fmt.Errorf("%s is not yet one series of %d samples: %v", selector, atLeast, matrix)
		}
		samples = matrix[0].Values
		return nil
	})
	return samples
}
