package conformance_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/conformance"
)

// TestPaceStaysUnderQuotas: however many checks send at once, in no second are
// there more requests than the quota that the pace is a fifth below.
func TestPaceStaysUnderQuotas(t *testing.T) {
	t.Parallel()
	const quota = 20
	var checks []conformance.Check
	for i := range 4 {
		checks = append(checks, check(fmt.Sprintf("query.eager-%d", i), conformance.Must, func(_ context.Context, t *conformance.T) {
			for range 8 {
				t.Do(conformance.Get("/workspaces")).ExpectStatus(200)
				t.Workspace().Do(conformance.Get("/api/v1/labels")).ExpectStatus(200)
			}
		}))
	}
	// most returns how many requests to the control plane, and how many for
	// metadata, there were in the second that had most.
	most := func(pace conformance.Pace) (control, metadata int) {
		at, _ := target(t)
		at.Pace = pace
		var (
			mu   sync.Mutex
			sent [2][]time.Time
		)
		at.HTTP = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			group := 0
			if strings.HasSuffix(r.URL.RequestURI(), "/api/v1/labels") {
				group = 1
			}
			mu.Lock()
			sent[group] = append(sent[group], time.Now())
			mu.Unlock()
			return http.DefaultTransport.RoundTrip(r)
		})}
		report, err := conformance.Run(t.Context(), conformance.Config{Target: at, Checks: checks})
		require.NoError(t, err)
		for _, res := range report.Results {
			require.Equal(t, conformance.Pass, res.Outcome, res.Failures)
		}
		return inASecond(sent[0]), inASecond(sent[1])
	}
	control, metadata := most(conformance.Pace{Control: quota * 4 / 5, Metadata: quota * 4 / 5})
	require.LessOrEqual(t, control, quota)
	require.LessOrEqual(t, metadata, quota)
	control, metadata = most(conformance.Unlimited())
	require.Greater(t, control, quota, "it is the pace that holds them back")
	require.Greater(t, metadata, quota)
}

// inASecond returns the most of the times, which are in order, within a second.
func inASecond(times []time.Time) int {
	most, first := 0, 0
	for i, at := range times {
		for at.Sub(times[first]) >= time.Second {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}
