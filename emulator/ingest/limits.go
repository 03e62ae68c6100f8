package ingest

import (
	"time"

	"github.com/ampersand-amp/ampersand/emulator/quota"
	"github.com/ampersand-amp/ampersand/emulator/storage"
)

// limits are the quotas as they were when a request came, so that one request
// is judged by one set of them. A negative one is none.
type limits struct {
	decodedSize                               int64
	labelsPerSeries, labelsSize               int64
	labelNameLength, labelValueLength         int64
	metadataLength                            int64
	histogramBuckets, histogramSize           int64
	ingestionRate, ingestionBurst             int64
	histogramRate                             int64
	oldest, newest                            int64 // Unix milliseconds
	sampleAgeUnlimited, sampleFutureUnlimited bool
	series                                    storage.SeriesLimits
}

func (h *Handler) limits(t Target) *limits {
	q, now := h.quotas, h.now()
	age, future := q.Get(quota.SampleAge), q.Get(quota.SampleFuture)
	return &limits{
		decodedSize:     q.Get(quota.DecodedSize),
		labelsPerSeries: q.Get(quota.LabelsPerSeries), labelsSize: q.Get(quota.LabelsSize),
		labelNameLength: q.Get(quota.LabelNameLength), labelValueLength: q.Get(quota.LabelValueLength),
		metadataLength:   q.Get(quota.MetadataLength),
		histogramBuckets: q.Get(quota.NativeHistogramBuckets), histogramSize: q.Get(quota.NativeHistogramSize),
		ingestionRate: q.Get(quota.IngestionRate), ingestionBurst: q.Get(quota.IngestionBurst),
		histogramRate: q.Get(quota.NativeHistogramRate),
		oldest:        now.Add(-time.Duration(age) * time.Millisecond).UnixMilli(), sampleAgeUnlimited: age < 0,
		newest: now.Add(time.Duration(future) * time.Millisecond).UnixMilli(), sampleFutureUnlimited: future < 0,
		series: storage.SeriesLimits{
			Total: q.Get(quota.ActiveSeries), PerMetric: q.Get(quota.SeriesPerMetric),
			NativeHistograms: q.Get(quota.NativeHistogramSeries), LabelSets: t.LabelSets,
		},
	}
}

// over reports whether actual breaks limit; a negative limit is none.
func over(actual int, limit int64) bool { return limit >= 0 && int64(actual) > limit }
