package conformance_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/prompb"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/conformance"
)

// meter is a transport that counts what a plan says of a run.
type meter struct {
	mu         sync.Mutex
	samples    int
	workspaces map[string]bool
}

func (m *meter) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	path := r.URL.EscapedPath() + r.URL.Opaque
	switch {
	case strings.HasSuffix(path, "/remote_write"):
		m.wrote(body)
	case r.Method == http.MethodPost && strings.Trim(path, "/") == "workspaces" && res.StatusCode == http.StatusAccepted:
		raw, err := io.ReadAll(res.Body)
		if err != nil {
			return nil, err
		}
		res.Body = io.NopCloser(bytes.NewReader(raw))
		m.made(raw)
	}
	return res, nil
}

func (m *meter) wrote(body []byte) {
	var req prompb.WriteRequest
	raw, err := snappy.Decode(nil, body)
	if err != nil || req.Unmarshal(raw) != nil {
		return // meant to be refused
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range req.Timeseries {
		m.samples += len(s.Samples) + len(s.Histograms)
	}
}

func (m *meter) made(answer []byte) {
	var ws struct {
		ID string `json:"workspaceId"`
	}
	if json.Unmarshal(answer, &ws) != nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.workspaces[ws.ID] = true
}

// holds holds what a run did against what was said before it, so that nobody
// confirms another run than the one that comes. How often a check has to look
// until it sees something depends on the machine: half and double are the bounds.
func (m *meter) holds(t *testing.T, plan conformance.Plan, report conformance.Report) {
	t.Helper()
	requests := 0
	byArea := make(map[conformance.Area][2]int)
	for _, res := range report.Results {
		requests += res.Requests
		sum := byArea[res.Check.Area]
		byArea[res.Check.Area] = [2]int{sum[0] + 1, sum[1] + res.Requests}
	}
	about := func(what string, planned, done int) {
		require.True(t, done <= 2*planned && planned <= 2*done,
			"the plan says %d %s, the run had %d; typical of plan.go is out of date; checks and requests by area: %v", planned, what, done, byArea)
	}
	require.Equal(t, len(report.Results), plan.Checks)
	about("requests", plan.Requests, requests)
	about("samples", plan.Samples, m.samples)
	about("workspaces", plan.Workspaces, len(m.workspaces))
}

// TestPlan: distance, pace and prices count, and what is left out does not.
func TestPlan(t *testing.T) {
	t.Parallel()
	cfg := conformance.Config{Checks: conformance.All(), Target: conformance.Target{Role: conformance.StandInRole}}
	here, there := conformance.NewPlan(cfg, false), conformance.NewPlan(cfg, true)
	require.Len(t, cfg.Checks, there.Checks)
	require.Empty(t, there.LeftOut)
	require.Zero(t, here.Dollars)
	require.Positive(t, there.Dollars)
	require.Less(t, there.Dollars, 1.0)
	require.Greater(t, there.Time, here.Time)
	require.Equal(t, 4+3*conformance.DefaultParallel, there.AtOnce)

	paced := cfg
	paced.Target.Pace = conformance.Pace{Control: 100, Write: 100, Query: 1, Metadata: 100, Other: 100}
	require.InDelta(t, here.Requests, conformance.NewPlan(paced, false).Time.Seconds(), 1, "a request a second")
	paced.Target.Pace = conformance.Unlimited()
	require.Less(t, conformance.NewPlan(paced, false).Time, 2*time.Minute)

	quick := cfg
	quick.Without = conformance.NeedsSlow
	require.Less(t, conformance.NewPlan(quick, true).Time, there.Time)
	quick.Target.Role = ""
	least := conformance.NewPlan(quick, true)
	require.Len(t, least.LeftOut, 2)
	for _, n := range least.LeftOut {
		least.Checks += n
	}
	require.Len(t, cfg.Checks, least.Checks)

	one := conformance.NewPlan(conformance.Config{Checks: cfg.Checks[:1]}, true)
	require.Less(t, one.AtOnce, there.AtOnce)
	require.InDelta(t, 0.01, one.Dollars, 1e-9, "rounded up")
}
