package ingest

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	promstorage "github.com/prometheus/prometheus/storage"

	"github.com/ampersand-amp/ampersand/emulator/storage"
)

// Reasons of discarded samples. [D] where amp-api.md 1.6 has them from AWS'
// page on usage metrics, [C] for the rest.
const (
	reasonMissingName    = "missing_metric_name"
	reasonInvalidName    = "metric_name_invalid"
	reasonInvalidLabel   = "label_invalid"
	reasonDuplicateLabel = "duplicate_label_names"
	reasonTooManyLabels  = "max_label_names_per_series"
	reasonNameTooLong    = "label_name_too_long"
	reasonValueTooLong   = "label_value_too_long"
	reasonLabelsSize     = "labels_size_bytes_exceeded"
	reasonTooOldAge      = "greater_than_max_sample_age"
	reasonFuture         = "too_far_in_future"
	reasonOutOfOrder     = "sample-out-of-order"
	reasonOutOfBounds    = "sample-out-of-bounds"
	reasonTooOld         = "sample-too-old"
	reasonNewValue       = "new-value-for-timestamp"
	reasonHistogram      = "native_histogram_invalid"
	reasonSchema         = "native_histogram_invalid_schema"
	reasonBuckets        = "native_histogram_buckets_exceeded"
	reasonHistogramSize  = "native_histogram_sample_size_bytes_exceeded"
	reasonRate           = "rate_limited"
	reasonHistogramRate  = "native_histogram_rate_limited"
	reasonTotalSeries    = "per_user_series_limit"
	reasonHistograms     = "per_user_native_histogram_series_limit"
	reasonMetricSeries   = "per_metric_series_limit"
	reasonLabelSetSeries = "per_labelset_series_limit"

	reasonTooManyClusters = "too_many_ha_clusters"
	// Cortex counts what it drops of other replicas by a metric of its own,
	// cortex_distributor_deduped_samples_total, so there is no reason to copy.
	// [C] distributor.go
	reasonDeduplicated = "deduped"
)

// admin is what AMP says after a limit of series. Cortex has one such text for
// all of them; in AWS' documentation the one of a metric has Cortex' own.
// [D] amp-api.md 1.6
const (
	admin = "Capacity from 2,000,000 to 10,000,000 is automatically adjusted based on the last 30 min of usage. " +
		"If throttled above 10,000,000 or in case of incoming surges, please contact administrator to raise it."
	adminMetric = "please contact administrator to raise it"
)

// discard is why something was not stored: the text and status for the client
// and the reason for the metric.
type discard struct {
	reason string
	text   string
	status int
}

func (d *discard) Error() string { return d.text }

// discardf returns a discard with the status of almost all of them.
func discardf(reason, format string, args ...any) *discard {
	return &discard{reason: reason, text: fmt.Sprintf(format, args...), status: http.StatusBadRequest}
}

// accepted makes it one that a sender takes for success.
func (d *discard) accepted() *discard {
	d.status = http.StatusAccepted
	return d
}

// tooMany makes it one that a sender may try again.
func (d *discard) tooMany() *discard {
	d.status = http.StatusTooManyRequests
	return d
}

// seriesText writes a series as Cortex' validation texts do: the name, then
// the labels in their order and with their duplicates.
func seriesText(ls []prompb.Label) string {
	name := ""
	var pairs []string
	for _, l := range ls {
		if l.Name == model.MetricNameLabel && name == "" && l.Value != "" {
			name = l.Value
			continue
		}
		pairs = append(pairs, fmt.Sprintf("%s=%q", l.Name, l.Value))
	}
	if len(pairs) == 0 && name != "" {
		return name
	}
	return name + "{" + strings.Join(pairs, ", ") + "}"
}

// metricText writes a series as model.Metric does, which the text for too many
// labels uses. [D] amp-api.md 1.6
func metricText(ls []prompb.Label) string {
	m := make(model.Metric, len(ls))
	for _, l := range ls {
		m[model.LabelName(l.Name)] = model.LabelValue(l.Value)
	}
	return m.String()
}

// storeDiscard translates a refusal of the store, or returns nil if err is
// something else. The prefix is what AMP shows when one ingester answers.
// [O] vectordotdev/vector#12958, [C] ingester.go
func storeDiscard(err error, tenant string, ls labels.Labels, t int64) *discard {
	var limit *storage.SeriesLimitError
	switch {
	case errors.As(err, &limit):
		return limitDiscard(limit, tenant, ls)
	case errors.Is(err, promstorage.ErrOutOfOrderSample):
		return ingestDiscard(reasonOutOfOrder, err, tenant, ls, t)
	case errors.Is(err, promstorage.ErrTooOldSample):
		return ingestDiscard(reasonTooOld, err, tenant, ls, t)
	case errors.Is(err, promstorage.ErrOutOfBounds):
		return ingestDiscard(reasonOutOfBounds, err, tenant, ls, t)
	case errors.Is(err, promstorage.ErrDuplicateSampleForTimestamp):
		// Prometheus' text has the timestamp already.
		return discardf(reasonNewValue, "user=%s: err: %v. series=%s", tenant, err, ls)
	}
	return nil
}

func ingestDiscard(reason string, err error, tenant string, ls labels.Labels, t int64) *discard {
	at := model.Time(t).Time().UTC().Format(time.RFC3339Nano)
	return discardf(reason, "user=%s: err: %v. timestamp=%s, series=%s", tenant, err, at, ls)
}

// limitDiscard has the texts for too many series. Here one ingester has them
// all, so the actual local limit is the global one. [D] total and metric, [C]
// limiter.go and errors.go for the others
func limitDiscard(e *storage.SeriesLimitError, tenant string, ls labels.Labels) *discard {
	const locals = "(local limit: 0 global limit: %[2]d actual local limit: %[2]d)"
	switch n := e.Limit; e.Kind {
	case storage.SeriesNativeHistograms:
		return discardf(reasonHistograms, "user=%s: per-user native histogram series limit of %d exceeded, %s "+locals, tenant, n, admin)
	case storage.SeriesPerMetric:
		return discardf(reasonMetricSeries, "user=%s: per-metric series limit of %d exceeded, %s", tenant, n, adminMetric)
	case storage.SeriesPerLabelSet:
		return discardf(reasonLabelSetSeries, "user=%s: per-labelset series limit of %d exceeded (labelSet: %s, global limit: %[2]d actual local limit: %[2]d) for series %[4]s",
			tenant, n, e.LabelSet, ls)
	default:
		return discardf(reasonTotalSeries, "user=%s: per-user series limit of %d exceeded, %s "+locals, tenant, n, admin)
	}
}
