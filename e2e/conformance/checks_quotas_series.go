package conformance

import (
	"context"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/aws/aws-sdk-go-v2/service/amp/types"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/prometheus/prompb"
)

// seriesQuotaChecks are about how many series, clusters and texts there may be.
// They set limits of their own where AMP lets them, so that little is written.
func seriesQuotaChecks() []Check {
	return []Check{
		{
			ID: "quotas.label-set.exceeded", Level: Must, Area: Quotas, Needs: NeedsSlow,
			Description: "A series beyond the limit of its label set is refused with 400 and not stored; those that are there go on, and so do others.",
			Source:      "UG:AMP-workspace-configuration, limitsPerLabelSet [D]; amp-api.md 1.6 [D reason; C text]",
			Run: func(ctx context.Context, t *T) {
				m := t.OwnWorkspace().marked()
				m.limitLabelSet(ctx, 2)
				limited := func(n int) prompb.TimeSeries {
					return m.series(t.Metric("x"), Labels{"tier": "small", "n": fmt.Sprint(n)}, At(m.at, float64(n)))
				}
				m.Write(limited(1), limited(2))
				other := m.series(t.Metric("other"), Labels{"tier": "large"}, At(m.at, 9))
				var a Answer
				t.Eventually("the limit is in force", func() error {
					a = m.Do(RemoteWriteSeries(limited(3), other)).ExpectStatus(http.StatusBadRequest)
					return nil
				})
				a.ExpectContains("per-labelset series limit of 2 exceeded")
				m.Do(RemoteWriteSeries(limited(1))).ExpectStatus(http.StatusOK)
				m.expectStored(m.at, limited(1), limited(2), other)
			},
		},
		{
			ID: "quotas.label-set.text", Level: Should, Area: Quotas, Needs: NeedsSlow,
			Description: "The refusal of a series beyond the limit of its label set names label set and limits.",
			Source:      "amp-api.md 1.6 [C limiter.go, errors.go]",
			Run: func(ctx context.Context, t *T) {
				m := t.OwnWorkspace().marked()
				m.limitLabelSet(ctx, 1)
				m.Write(m.series(t.Metric("x"), Labels{"tier": "small", "n": "1"}, At(m.at, 1)))
				t.Eventually("the limit is in force", func() error {
					m.Do(RemoteWriteSeries(m.series(t.Metric("x"), Labels{"tier": "small", "n": "2"}, At(m.at, 1)))).ExpectStatus(http.StatusBadRequest).
						ExpectContains("user="+m.tenant()+": per-labelset series limit of 1 exceeded (labelSet: {", `tier="small"`, "global limit: 1 actual local limit: 1)")
					return nil
				})
			},
		},
		{
			ID: "quotas.ha-clusters", Level: Should, Area: Quotas, Needs: NeedsSlow,
			Description: "Replicas of clusters beyond 500 are refused with 400; those of a cluster that is known are not.",
			Source:      "amp-api.md 1.6 and 3, L-110BFC6B [D old quotas page]",
			Run: func(_ context.Context, t *T) {
				m := t.OwnWorkspace().marked()
				for i := range 500 {
					m.replica(fmt.Sprint(i), "a", 1, m.at).RequireStatus(http.StatusOK)
				}
				m.replica("500", "a", 1, m.at).ExpectStatus(http.StatusBadRequest).ExpectBody("too many HA clusters (limit: 500)\n")
				m.replica("0", "a", 1, m.at).ExpectStatus(http.StatusOK)
				m.ExpectQuery("count("+t.Metric("x")+")", m.at, "{} 500")
			},
		},
		{
			ID: "quotas.metadata.per-metric", Level: May, Area: Quotas,
			Description: "A metric has ten different metadata at most; more is dropped without an error.",
			Source:      "amp-api.md 3, L-469A77CF [R]",
			Run: func(_ context.Context, t *T) {
				ws, x := t.Workspace(), t.Metric("x")
				for i := range 11 {
					ws.sendMetadata(prompb.MetricMetadata{MetricFamilyName: x, Help: fmt.Sprintf("help %02d", i)}).ExpectStatus(http.StatusOK)
				}
				t.Eventually("metadata", func() error {
					var got []promv1.Metadata
					if got = ws.MetricMetadata(x); len(got) != 10 {
						return fmt.Errorf("expected ten, got %d", len(got))
					}
					return nil
				})
			},
		},
	}
}

// limitLabelSet bounds the series with tier="small".
func (w *Workspace) limitLabelSet(ctx context.Context, series int64) {
	w.configure(ctx, &amp.UpdateWorkspaceConfigurationInput{LimitsPerLabelSet: []types.LimitsPerLabelSet{{
		LabelSet: map[string]string{"tier": "small"}, Limits: &types.LimitsPerLabelSetEntry{MaxSeries: aws.Int64(series)},
	}}})
}
