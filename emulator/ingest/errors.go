package ingest

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	promstorage "github.com/prometheus/prometheus/storage"
)

// Reasons of discarded samples. [D] where amp-api.md 1.6 has them from AWS'
// page on usage metrics, [C] for the rest.
const (
	reasonMissingName    = "missing_metric_name"
	reasonInvalidName    = "metric_name_invalid"
	reasonInvalidLabel   = "label_invalid"
	reasonDuplicateLabel = "duplicate_label_names"
	reasonUnsorted       = "labels_not_sorted"
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
)

// discard is why something was not stored: the text for the client and the
// reason for the metric.
type discard struct {
	reason string
	text   string
}

func (d *discard) Error() string { return d.text }

func discardf(reason, format string, args ...any) *discard {
	return &discard{reason: reason, text: fmt.Sprintf(format, args...)}
}

// seriesText writes a series as Cortex' validation texts do: the name, then
// the labels as they came, in their order and with their duplicates.
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

// storeDiscard translates a refusal of the TSDB, or returns nil if err is
// something else. The prefix is what AMP shows when one ingester answers.
// [O] vectordotdev/vector#12958, [C] ingester.go
func storeDiscard(err error, tenant string, ls labels.Labels, t int64) *discard {
	at := model.Time(t).Time().UTC().Format(time.RFC3339Nano)
	text := fmt.Sprintf("user=%s: err: %v. timestamp=%s, series=%s", tenant, err, at, ls)
	switch {
	case errors.Is(err, promstorage.ErrOutOfOrderSample):
		return &discard{reasonOutOfOrder, text}
	case errors.Is(err, promstorage.ErrTooOldSample):
		return &discard{reasonTooOld, text}
	case errors.Is(err, promstorage.ErrOutOfBounds):
		return &discard{reasonOutOfBounds, text}
	case errors.Is(err, promstorage.ErrDuplicateSampleForTimestamp):
		// Prometheus' text has the timestamp already.
		return discardf(reasonNewValue, "user=%s: err: %v. series=%s", tenant, err, ls)
	}
	return nil
}
