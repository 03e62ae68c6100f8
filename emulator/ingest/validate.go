package ingest

import (
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/prompb"
)

// checkLabels judges the labels of a series in Cortex' order, so that a series
// with several faults gets the same text. [C] pkg/util/validation/validate.go
// Labels without a value are taken off once the name is known to be good, and
// the rest is sorted before it is judged: nothing is refused for its order.
func (l *limits) checkLabels(s *series) *discard {
	name, found := metricName(s.labels)
	if !found {
		return discardf(reasonMissingName, "sample missing metric name")
	}
	if !model.LegacyValidation.IsValidMetricName(name) {
		return discardf(reasonInvalidName, "sample invalid metric name: %.200q", name)
	}
	s.labels = slices.DeleteFunc(s.labels, func(l prompb.Label) bool { return l.Value == "" })
	ls := s.labels
	sortLabels(ls)
	if over(len(ls), l.labelsPerSeries) {
		return discardf(reasonTooManyLabels, "series has too many labels (actual: %d, limit: %d) series: '%s'",
			len(ls), l.labelsPerSeries, metricText(ls))
	}
	size, last := 0, ""
	for _, label := range ls {
		if d := l.checkLabel(ls, label, last); d != nil {
			return d
		}
		last = label.Name
		size += len(label.Name) + len(label.Value)
	}
	if over(size, l.labelsSize) {
		return discardf(reasonLabelsSize, "labels size bytes exceeded for metric (actual: %d, limit: %d) metric: %.200q",
			size, l.labelsSize, seriesText(ls))
	}
	return nil
}

func (l *limits) checkLabel(ls []prompb.Label, label prompb.Label, last string) *discard {
	switch {
	case !model.LegacyValidation.IsValidLabelName(label.Name):
		return discardf(reasonInvalidLabel, "sample invalid label: %.200q metric %.200q", label.Name, seriesText(ls))
	case over(len(label.Name), l.labelNameLength):
		return discardf(reasonNameTooLong, "label name too long for metric (actual: %d, limit: %d) metric: %.200q label name: %.200q",
			len(label.Name), l.labelNameLength, seriesText(ls), label.Name)
	case over(len(label.Value), l.labelValueLength):
		return discardf(reasonValueTooLong, "label value too long for metric (actual: %d, limit: %d) metric: %.200q label name: %.200q label value: %.200q",
			len(label.Value), l.labelValueLength, seriesText(ls), label.Name, label.Value)
	case label.Name == last:
		return discardf(reasonDuplicateLabel, "duplicate label name: %.200q metric %.200q", label.Name, seriesText(ls))
	}
	return nil
}

// sortLabels puts labels in the order of their names. Those of one name stay as
// they came.
func sortLabels(ls []prompb.Label) {
	slices.SortStableFunc(ls, func(a, b prompb.Label) int { return strings.Compare(a.Name, b.Name) })
}

func metricName(ls []prompb.Label) (name string, found bool) {
	for _, l := range ls {
		if l.Name == model.MetricNameLabel {
			return l.Value, true
		}
	}
	return "", false
}

// checkSamples judges the samples of a series. One that is bad refuses the
// series with all it has in this request. [C] distributor.go validateSeries
func (l *limits) checkSamples(s *series) *discard {
	for _, p := range s.samples {
		if d := l.checkTime(s.labels, p.Timestamp); d != nil {
			return d
		}
	}
	for i := range s.histograms {
		n := &s.histograms[i]
		if d := l.checkTime(s.labels, n.at); d != nil {
			return d
		}
		if d := l.checkHistogram(s.labels, n); d != nil {
			return d
		}
	}
	return nil
}

// checkTime judges a timestamp. [D] "older than one hour", [C] texts and the 10 min.
func (l *limits) checkTime(ls []prompb.Label, t int64) *discard {
	name, _ := metricName(ls)
	switch {
	case !l.sampleAgeUnlimited && t < l.oldest:
		return discardf(reasonTooOldAge, "timestamp too old: %d metric: %.200q", t, name)
	case !l.sampleFutureUnlimited && t > l.newest:
		return discardf(reasonFuture, "timestamp too new: %d metric: %.200q", t, name)
	}
	return nil
}

// checkMetadata returns what is wrong with metadata, or nil.
// [C] pkg/util/validation/validate.go, [O] cockroachdb/cockroach#87112
func (l *limits) checkMetadata(m metadata) *discard {
	const tooLong = "metadata '%s' value too long: %.200q metric %.200q"
	name := m.metric
	switch {
	case name == "":
		return discardf(reasonMissingName, "metadata missing metric name")
	case over(len(name), l.metadataLength):
		return discardf("metric_name_too_long", tooLong, "METRIC_NAME", name, name)
	case over(len(m.Help), l.metadataLength):
		return discardf("help_too_long", tooLong, "HELP", m.Help, name)
	case over(len(m.Unit), l.metadataLength):
		return discardf("unit_too_long", tooLong, "UNIT", m.Unit, name)
	}
	return nil
}
