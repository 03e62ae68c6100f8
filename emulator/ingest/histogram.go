package ingest

import (
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/prompb"
)

// checkHistogram judges a native histogram, and makes its buckets wider if
// there are too many of them. [C] pkg/util/validation ValidateNativeHistogram;
// the text names the exponential schemas only, though that of custom buckets
// is taken as well.
func (l *limits) checkHistogram(ls []prompb.Label, n *native) *discard {
	if over(n.size, l.histogramSize) {
		return discardf(reasonHistogramSize, "native histogram sample size bytes exceeded for metric (actual: %d, limit: %d) metric: %.200q",
			n.size, l.histogramSize, seriesText(ls))
	}
	schema := n.schema()
	if !histogram.IsExponentialSchema(schema) && !histogram.IsCustomBucketsSchema(schema) {
		return discardf(reasonSchema, "invalid native histogram schema %d for metric: %.200q. supported schema from %d to %d",
			schema, seriesText(ls), histogram.ExponentialSchemaMin, histogram.ExponentialSchemaMax)
	}
	if err := n.validate(); err != nil {
		return discardf(reasonHistogram, "invalid native histogram, validation err: %v, metric: %.200q", err, seriesText(ls))
	}
	for over(n.buckets(), l.histogramBuckets) {
		if schema = n.schema(); histogram.IsCustomBucketsSchema(schema) || schema <= histogram.ExponentialSchemaMin {
			return discardf(reasonBuckets, "native histogram bucket count exceeded for metric (limit: %d) metric: %.200q",
				l.histogramBuckets, seriesText(ls))
		}
		if err := n.widen(schema - 1); err != nil {
			return discardf(reasonHistogram, "invalid native histogram, validation err: %v, metric: %.200q", err, seriesText(ls))
		}
	}
	return nil
}

func (n *native) schema() int32 {
	if n.floats != nil {
		return n.floats.Schema
	}
	return n.ints.Schema
}

func (n *native) validate() error {
	if n.floats != nil {
		return n.floats.Validate()
	}
	return n.ints.Validate()
}

func (n *native) buckets() int {
	if n.floats != nil {
		return len(n.floats.PositiveBuckets) + len(n.floats.NegativeBuckets)
	}
	return len(n.ints.PositiveBuckets) + len(n.ints.NegativeBuckets)
}

// widen merges buckets down to a schema.
func (n *native) widen(schema int32) error {
	if n.floats != nil {
		return n.floats.ReduceResolution(schema)
	}
	return n.ints.ReduceResolution(schema)
}
