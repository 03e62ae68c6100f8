package alerting_test

import (
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/alerting"
)

// TestRulesWaitForAClientsWrite holds a client's write open between append and
// commit, with a rule that writes the same series all the time: the rule has
// to wait, because its sample would make the client's too old at commit.
func TestRulesWaitForAClientsWrite(t *testing.T) {
	r := newRig(t)
	r.sync(alerting.Definitions{Rules: rulesFile("groups:\n- {name: g, interval: 20ms, rules: [{record: shared, expr: vector(1)}]}\n")})
	eventually(t, func() bool { return len(r.read("shared")) == 1 }, "the rule runs")
	db, err := r.tenants.Workspace(t.Context(), wsA)
	require.NoError(t, err)
	const series = `{__name__="shared"}`
	app := db.Appender(t.Context())
	_, err = app.Append(0, labels.FromStrings(model.MetricNameLabel, "shared"), time.Now().UnixMilli(), 42)
	require.NoError(t, err)
	held := len(r.read("shared")[series])
	// Two evaluations fall due meanwhile.
	due := time.Now().Add(60 * time.Millisecond)
	eventually(t, func() bool { return time.Now().After(due) }, "time passes")
	require.Len(t, r.read("shared")[series], held, "no result was stored")
	require.NoError(t, app.Commit())
	require.Contains(t, r.read("shared")[series], 42.0)
	after := len(r.read("shared")[series])
	eventually(t, func() bool { return len(r.read("shared")[series]) > after }, "the rule goes on")
}

// TestRuleStoresHistograms records a native histogram.
func TestRuleStoresHistograms(t *testing.T) {
	r := newRig(t)
	db, err := r.tenants.Workspace(t.Context(), wsA)
	require.NoError(t, err)
	app := db.Appender(t.Context())
	h := &histogram.Histogram{Schema: 0, Count: 3, Sum: 5, PositiveSpans: []histogram.Span{{Length: 1}}, PositiveBuckets: []int64{3}}
	_, err = app.AppendHistogram(0, labels.FromStrings(model.MetricNameLabel, "h"), time.Now().UnixMilli(), h, nil)
	require.NoError(t, err)
	require.NoError(t, app.Commit())
	r.sync(alerting.Definitions{Rules: rulesFile("groups:\n- {name: g, interval: 20ms, rules: [{record: h2, expr: h * 2}, {record: n, expr: histogram_count(h2)}]}\n")})
	eventually(t, func() bool {
		for _, v := range r.read("n") {
			return v[len(v)-1] == 6
		}
		return false
	}, "read back")
}
