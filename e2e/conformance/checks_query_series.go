package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/prometheus/prompb"
)

const (
	warnParameter   = "&max_samples_processed_warning_threshold="
	refuseParameter = "&max_samples_processed_error_threshold="
)

// storedChecks are queries of stored series, other than what PromQL makes of them.
func storedChecks() []Check {
	return []Check{
		{
			ID: "query.shape.series", Level: Must, Area: Querying, Source: "amp-api.md 1.8 [D]",
			Description: "A series is answered with its name, all its labels, the query's time and the value.",
			Run: func(_ context.Context, t *T) {
				at := t.Now()
				ws := t.threeSeries(at)
				want := fmt.Sprintf(`{"resultType":"vector","result":[{"metric":{"__name__":%q,"i":"1","job":"a"},"value":[%s,"1.5"]}]}`,
					t.Metric("x"), seconds(at.Add(time.Second)))
				ws.expectData(QueryAt(t.Metric("x")+`{i="1"}`, at.Add(time.Second)), want)
			},
		},
		{
			ID: "query.shape.range-selector", Level: Must, Area: Querying, Source: "Prometheus querying/api [D]",
			Description: "An instant query of a range is a matrix of the samples as they were written, with their own times.",
			Run: func(_ context.Context, t *T) {
				ws, now := t.Workspace(), t.Now()
				ws.Write(Series(t.Metric("x"), nil, At(now.Add(-40*time.Second), 1), At(now.Add(-20*time.Second), 2), At(now.Add(-10*time.Second), 4)))
				want := fmt.Sprintf(`{"resultType":"matrix","result":[{"metric":{"__name__":%q},"values":[[%s,"2"],[%s,"4"]]}]}`,
					t.Metric("x"), seconds(now.Add(-20*time.Second)), seconds(now.Add(-10*time.Second)))
				ws.expectData(QueryAt(t.Metric("x")+"[30s]", now), want)
			},
		},
		{
			ID: "query.shape.histogram", Level: Must, Area: Querying, Source: "Announcement of native histograms in AMP [D]; Prometheus querying/api#native-histograms [D]",
			Description: "A native histogram is answered with count, sum and buckets as texts, and has no value.",
			Run: func(_ context.Context, t *T) {
				at, ws := t.Now(), t.Workspace()
				ws.Write(t.oneHistogram(at))
				want := fmt.Sprintf(`{"resultType":"vector","result":[{"metric":{"__name__":%q},"histogram":[%s,%s]}]}`,
					t.Metric("h"), seconds(at), oneHistogramJSON)
				ws.expectData(QueryAt(t.Metric("h"), at), want)
			},
		},
		{
			ID: "query.shape.histogram-range", Level: Must, Area: Querying, Source: "Announcement of native histograms in AMP [D]; Prometheus querying/api#native-histograms [D]",
			Description: "A range query of native histograms has histograms and no values.",
			Run: func(_ context.Context, t *T) {
				at, ws := t.Now().Truncate(time.Second), t.Workspace()
				ws.Write(t.oneHistogram(at))
				want := fmt.Sprintf(`{"resultType":"matrix","result":[{"metric":{"__name__":%q},"histograms":[[%s,%s]]}]}`,
					t.Metric("h"), seconds(at), oneHistogramJSON)
				ws.expectData(QueryBetween(t.Metric("h"), at, at, time.Second), want)
			},
		},
		{
			ID: "query.lookback.five-minutes", Level: Should, Area: Querying, Source: "Prometheus querying/basics#staleness [D]; [C querier.lookback-delta]",
			Description: "A sample is found for five minutes and not longer.",
			Run: func(_ context.Context, t *T) {
				ws, at := t.Workspace(), t.Now().Add(-6*time.Minute)
				ws.Write(Series(t.Metric("x"), nil, At(at, 7)))
				ws.ExpectQuery(t.Metric("x"), at.Add(5*time.Minute-time.Second), t.Metric("x")+" 7")
				ws.ExpectQuery(t.Metric("x"), at.Add(5*time.Minute+time.Second))
				ws.ExpectQuery(t.Metric("x"), at.Add(-time.Millisecond))
			},
		},
		{
			ID: "query.lookback.parameter", Level: May, Area: Querying, Source: "amp-api.md 1.7 [C queryapi]; not documented for AMP",
			Description: "lookback_delta says how long a sample is found.",
			Run: func(_ context.Context, t *T) {
				ws, at := t.Workspace(), t.Now().Add(-3*time.Minute)
				ws.Write(Series(t.Metric("x"), nil, At(at, 7)))
				ws.ExpectQuery(t.Metric("x"), at.Add(2*time.Minute), t.Metric("x")+" 7")
				r := QueryAt(t.Metric("x"), at.Add(2*time.Minute))
				r.Path += "&lookback_delta=1m"
				ws.Do(r).ExpectStatus(http.StatusOK).ExpectJSON("data.result", []any{})
			},
		},
		{
			ID: "query.range-edges", Level: May, Area: Querying, Source: "Prometheus 3 migration guide [D]; AMP's version unknown, amp-api.md 8.12",
			Description: "A range leaves out a sample at its very beginning and takes in one at its end, as since Prometheus 3.",
			Run: func(_ context.Context, t *T) {
				ws, at := t.Workspace(), t.Now().Add(-time.Second)
				ws.Write(Series(t.Metric("x"), nil, At(at.Add(-time.Minute), 1), At(at, 2)))
				ws.ExpectQuery("count_over_time("+t.Metric("x")+"[1m])", at, "{} 1")
				ws.ExpectQuery("count_over_time("+t.Metric("x")+"[61s])", at, "{} 2")
			},
		},
		{
			ID: "query.stats.instant", Level: Must, Area: Querying, Source: statsPage,
			Description: "With stats=all an instant query tells its timings and the samples it went through, in all and at its step.",
			Run: func(_ context.Context, t *T) {
				at := t.Now()
				ws := t.threeSeries(at)
				r := QueryAt(t.Metric("x"), at)
				r.Path += "&stats=all"
				a := ws.Do(r).ExpectStatus(http.StatusOK).ExpectJSON("data.stats.samples.totalQueryableSamples", 3)
				var got struct {
					Data struct {
						Stats struct {
							Timings map[string]float64
							Samples struct {
								Steps [][2]float64 `json:"totalQueryableSamplesPerStep"`
							}
						}
					}
				}
				a.Decode(&got)
				if total, ok := got.Data.Stats.Timings["evalTotalTime"]; !ok || total < 0 {
					t.Errorf("expected timings with evalTotalTime; %s", a)
				}
				if steps := got.Data.Stats.Samples.Steps; len(steps) != 1 || steps[0][1] != 3 || int64(steps[0][0]) != at.Unix() {
					t.Errorf("expected totalQueryableSamplesPerStep [[%d,3]]; %s", at.Unix(), a)
				}
			},
		},
		{
			ID: "query.stats.range", Level: Must, Area: Querying, Source: statsPage,
			Description: "With stats=all a range query tells the samples it went through at each of its aligned steps.",
			Run: func(_ context.Context, t *T) {
				end := t.Now().Truncate(time.Minute)
				ws := t.threeSeries(end.Add(-90 * time.Second))
				r := QueryBetween(t.Metric("x"), end.Add(-2*time.Minute), end, time.Minute)
				r.Path += "&stats=all"
				ws.Do(r).ExpectStatus(http.StatusOK).ExpectJSON("data.stats.samples.totalQueryableSamples", 6).
					ExpectJSON("data.stats.samples.totalQueryableSamplesPerStep", [][2]int64{{end.Unix() - 120, 0}, {end.Unix() - 60, 3}, {end.Unix(), 3}})
			},
		},
		{
			ID: "query.threshold.error", Level: Must, Area: Querying, Source: "amp-api.md 1.7 [D that it is rejected]",
			Description: "A query that goes through more samples than max_samples_processed_error_threshold is rejected.",
			Run: func(_ context.Context, t *T) {
				at := t.Now()
				r := QueryAt(t.Metric("x"), at)
				r.Path += refuseParameter + "2"
				t.threeSeries(at).Do(r).ExpectRefused().ExpectJSON("status", "error")
			},
		},
		{
			ID: "query.threshold.error-not-reached", Level: Must, Area: Querying, Source: queryPage,
			Description: "A query below both thresholds is answered without a warning.",
			Run: func(_ context.Context, t *T) {
				at := t.Now()
				r := QueryAt("count("+t.Metric("x")+")", at)
				r.Path += refuseParameter + "1000" + warnParameter + "1000"
				t.threeSeries(at).Do(r).ExpectStatus(http.StatusOK).ExpectJSON("data.result.0.value.1", "3").ExpectNoJSON("warnings")
			},
		},
		{
			ID: "query.threshold.warning", Level: Should, Area: Querying, Source: "amp-api.md 1.7 [D that a warning is returned, I where]",
			Description: "A query that goes through max_samples_processed_warning_threshold samples is answered with one warning.",
			Run: func(_ context.Context, t *T) {
				at := t.Now()
				r := QueryAt("count("+t.Metric("x")+")", at)
				r.Path += warnParameter + "2"
				a := t.threeSeries(at).Do(r).ExpectStatus(http.StatusOK).ExpectJSON("data.result.0.value.1", "3")
				if _, ok := a.JSON("warnings.0"); !ok {
					t.Errorf("expected a warning; %s", a)
				}
			},
		},
		{
			ID: "query.isolation", Level: Must, Area: Querying, Source: "user guide what-is: a workspace is a logical space of its own [D]",
			Description: "A query of one workspace finds nothing of another.",
			Run: func(_ context.Context, t *T) {
				at := t.Now()
				t.threeSeries(at)
				t.BorrowWorkspace().ExpectQuery(t.Metric("x"), at)
			},
		},
	}
}

// threeSeries writes series x with i from 0 to 2 and waits until a query finds
// them.
func (t *T) threeSeries(at time.Time) *Workspace {
	ws, x := t.Workspace(), t.Metric("x")
	ws.Write(Series(x, Labels{"job": "a", "i": "0"}, At(at, 0.5)), Series(x, Labels{"job": "a", "i": "1"}, At(at, 1.5)),
		Series(x, Labels{"job": "b", "i": "2"}, At(at, 2.5)))
	ws.ExpectQuery("count("+x+")", at, "{} 3")
	return ws
}

// oneHistogram has two observations near 0, one from 1 to 2, and three from -4 to -2.
func (t *T) oneHistogram(at time.Time) prompb.TimeSeries {
	s := Series(t.Metric("h"), nil)
	s.Histograms = []prompb.Histogram{{
		Count: &prompb.Histogram_CountInt{CountInt: 6}, Sum: -6.5, ZeroThreshold: 0.001,
		ZeroCount:     &prompb.Histogram_ZeroCountInt{ZeroCountInt: 2},
		PositiveSpans: []prompb.BucketSpan{{Offset: 1, Length: 1}}, PositiveDeltas: []int64{1},
		NegativeSpans: []prompb.BucketSpan{{Offset: 2, Length: 1}}, NegativeDeltas: []int64{3},
		Timestamp: at.UnixMilli(),
	}}
	return s
}

const oneHistogramJSON = `{"count":"6","sum":"-6.5","buckets":[[1,"-4","-2","3"],[3,"-0.001","0.001","2"],[0,"1","2","1"]]}`

// expectData expects a query to come to this data within the target's patience.
func (w *Workspace) expectData(r Request, want string) {
	w.t.Eventually("data", func() error {
		w.Do(r).RequireStatus(http.StatusOK).ExpectJSON("status", "success").ExpectJSON("data", json.RawMessage(want))
		return nil
	})
}
