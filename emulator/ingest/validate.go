package ingest

import (
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/prompb"

	"github.com/ampersand-amp/ampersand/emulator/storage"
)

// Native histogram schemas that AMP takes. [C] amp-api.md 1.6
const (
	minSchema = -4
	maxSchema = 8
)

// checkLabels judges the labels of a series in Cortex' order, so that a series
// with several faults gets the same text. [C] pkg/util/validation/validate.go
func (l *Limits) checkLabels(ls []prompb.Label) *discard {
	name, found := metricName(ls)
	if !found {
		return discardf(reasonMissingName, "sample missing metric name")
	}
	if !model.LegacyValidation.IsValidMetricName(name) {
		return discardf(reasonInvalidName, "sample invalid metric name: %.200q", name)
	}
	if over(len(ls), l.LabelsPerSeries) {
		return discardf(reasonTooManyLabels, "series has too many labels (actual: %d, limit: %d) series: '%s'",
			len(ls), l.LabelsPerSeries, metricText(ls))
	}
	size, last := 0, ""
	for _, label := range ls {
		if d := l.checkLabel(ls, label, last); d != nil {
			return d
		}
		last = label.Name
		size += len(label.Name) + len(label.Value)
	}
	if over(size, l.LabelsSize) {
		return discardf(reasonLabelsSize, "labels size bytes exceeded for metric (actual: %d, limit: %d) metric: %.200q",
			size, l.LabelsSize, seriesText(ls))
	}
	return nil
}

func (l *Limits) checkLabel(ls []prompb.Label, label prompb.Label, last string) *discard {
	switch order := strings.Compare(last, label.Name); {
	case !model.LegacyValidation.IsValidLabelName(label.Name):
		return discardf(reasonInvalidLabel, "sample invalid label: %.200q metric %.200q", label.Name, seriesText(ls))
	case over(len(label.Name), l.LabelNameLength):
		return discardf(reasonNameTooLong, "label name too long for metric (actual: %d, limit: %d) metric: %.200q label name: %.200q",
			len(label.Name), l.LabelNameLength, seriesText(ls), label.Name)
	case over(len(label.Value), l.LabelValueLength):
		return discardf(reasonValueTooLong, "label value too long for metric (actual: %d, limit: %d) metric: %.200q label value: %.200q",
			len(label.Value), l.LabelValueLength, seriesText(ls), label.Value)
	case order == 0:
		return discardf(reasonDuplicateLabel, "duplicate label name: %.200q metric %.200q", label.Name, seriesText(ls))
	case order > 0:
		return discardf(reasonUnsorted, "labels not sorted: %.200q metric %.200q", label.Name, seriesText(ls))
	}
	return nil
}

func metricName(ls []prompb.Label) (name string, found bool) {
	for _, l := range ls {
		if l.Name == model.MetricNameLabel {
			return l.Value, true
		}
	}
	return "", false
}

// window is the time, in Unix milliseconds, that samples must fall in. A nil
// bound is none.
type window struct{ oldest, newest *int64 }

func (h *Handler) window() window {
	now := h.now()
	var w window
	if h.limits.SampleAge >= 0 {
		oldest := now.Add(-h.limits.SampleAge).UnixMilli()
		w.oldest = &oldest
	}
	if h.limits.SampleFuture >= 0 {
		newest := now.Add(h.limits.SampleFuture).UnixMilli()
		w.newest = &newest
	}
	return w
}

// check judges a timestamp. [D] "older than one hour", [C] texts and the 10 min.
func (w window) check(ls []prompb.Label, t int64) *discard {
	name, _ := metricName(ls)
	switch {
	case w.oldest != nil && t < *w.oldest:
		return discardf(reasonTooOldAge, "timestamp too old: %d metric: %.200q", t, name)
	case w.newest != nil && t > *w.newest:
		return discardf(reasonFuture, "timestamp too new: %d metric: %.200q", t, name)
	}
	return nil
}

// checkHistogram judges what a native histogram says of itself. [C]
func checkHistogram(ls []prompb.Label, hp *prompb.Histogram) *discard {
	name, _ := metricName(ls)
	if hp.Schema < minSchema || hp.Schema > maxSchema {
		return discardf(reasonSchema, "invalid native histogram schema %d for metric: %.200q. supported schema from %d to %d",
			hp.Schema, name, minSchema, maxSchema)
	}
	var err error
	if hp.IsFloatHistogram() {
		err = hp.ToFloatHistogram().Validate()
	} else {
		err = hp.ToIntHistogram().Validate()
	}
	if err != nil {
		return discardf(reasonHistogram, "invalid native histogram, validation err: %v, metric: %.200q", err, name)
	}
	return nil
}

// checkMetadata returns what is wrong with metadata, or "".
// [C] pkg/util/validation/validate.go, [O] cockroachdb/cockroach#87112
func (l *Limits) checkMetadata(m *prompb.MetricMetadata) *discard {
	const tooLong = "metadata '%s' value too long: %.200q metric %.200q"
	name := m.MetricFamilyName
	switch {
	case name == "":
		return discardf(reasonMissingName, "metadata missing metric name")
	case over(len(name), l.MetadataLength):
		return discardf("metric_name_too_long", tooLong, "METRIC_NAME", name, name)
	case over(len(m.Help), l.MetadataLength):
		return discardf("help_too_long", tooLong, "HELP", m.Help, name)
	case over(len(m.Unit), l.MetadataLength):
		return discardf("unit_too_long", tooLong, "UNIT", m.Unit, name)
	}
	return nil
}

func toMetadata(m *prompb.MetricMetadata) storage.Metadata {
	return storage.Metadata{Type: strings.ToLower(m.Type.String()), Help: m.Help, Unit: m.Unit}
}
