package conformance_test

import (
	"math"
	"strings"

	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/prompb"
)

// storedMutations store something else than what was sent.
func storedMutations() []mutation {
	var out []mutation
	series := func(edit func(s *prompb.TimeSeries)) func(*prompb.WriteRequest) {
		return func(w *prompb.WriteRequest) {
			for i := range w.Timeseries {
				edit(&w.Timeseries[i])
			}
		}
	}
	samples := func(edit func(s *prompb.Sample)) func(*prompb.WriteRequest) {
		return series(func(s *prompb.TimeSeries) {
			for i := range s.Samples {
				edit(&s.Samples[i])
			}
		})
	}
	floats := func(edit func(v float64) float64) func(*prompb.WriteRequest) {
		return samples(func(s *prompb.Sample) { s.Value = edit(s.Value) })
	}
	labels := func(edit func(l *prompb.Label)) func(*prompb.WriteRequest) {
		return series(func(s *prompb.TimeSeries) {
			for i := range s.Labels {
				edit(&s.Labels[i])
			}
		})
	}
	values := func(edit func(string) string) func(*prompb.WriteRequest) {
		return labels(func(l *prompb.Label) {
			if l.Name != "__name__" && l.Name != "id" {
				l.Value = edit(l.Value)
			}
		})
	}
	histograms := func(edit func(h *prompb.Histogram)) func(*prompb.WriteRequest) {
		return series(func(s *prompb.TimeSeries) {
			for i := range s.Histograms {
				edit(&s.Histograms[i])
			}
		})
	}
	for _, f := range []struct {
		name   string
		edit   func(*prompb.WriteRequest)
		kills  []string
		coarse bool
	}{
		{"the last series is lost", func(w *prompb.WriteRequest) {
			if n := len(w.Timeseries); n > 1 {
				w.Timeseries = w.Timeseries[:n-1]
			}
		}, []string{"remote-write.partial.many-series"}, false},
		{"the first series is lost", func(w *prompb.WriteRequest) {
			if len(w.Timeseries) > 1 {
				w.Timeseries = w.Timeseries[1:]
			}
		}, []string{"remote-write.partial.many-series"}, false},
		{"the last sample is lost", series(func(s *prompb.TimeSeries) {
			if n := len(s.Samples); n > 1 {
				s.Samples = s.Samples[:n-1]
			}
		}), []string{"read-back.sample.every-value", "read-back.whole.long-series"}, false},
		{"the first sample is lost", series(func(s *prompb.TimeSeries) {
			if len(s.Samples) > 1 {
				s.Samples = s.Samples[1:]
			}
		}), []string{"read-back.sample.every-value", "read-back.whole.long-series"}, false},
		{"one sample of long series is lost", series(func(s *prompb.TimeSeries) {
			if n := len(s.Samples); n > 500 {
				s.Samples = append(s.Samples[:n/2:n/2], s.Samples[n/2+1:]...)
			}
		}), []string{"read-back.whole.long-series"}, false},
		{"times are of whole seconds", samples(func(s *prompb.Sample) { s.Timestamp -= s.Timestamp % 1000 }), []string{"read-back.time.milliseconds"}, true},
		{"times are a millisecond late", samples(func(s *prompb.Sample) { s.Timestamp++ }), []string{"read-back.time.not-before"}, true},
		{"times are a millisecond early", samples(func(s *prompb.Sample) { s.Timestamp-- }), []string{"read-back.time.not-before"}, true},
		{"values are of 32 bits", floats(func(v float64) float64 { return float64(float32(v)) }), []string{"read-back.float.all-bits"}, false},
		{"values have six digits", floats(func(v float64) float64 {
			if r := math.Round(v*1e6) / 1e6; !math.IsNaN(v) && !math.IsInf(r, 0) {
				return r
			}
			return v
		}), []string{"read-back.float.all-bits", "read-back.float.smallest"}, false},
		{"infinity is the largest number", floats(func(v float64) float64 { return max(-math.MaxFloat64, min(math.MaxFloat64, v)) }), []string{"read-back.float.infinite", "read-back.float.negative-infinite"}, false},
		{"NaN is zero", floats(func(v float64) float64 {
			if math.IsNaN(v) && !value.IsStaleNaN(v) {
				return 0
			}
			return v
		}), []string{"read-back.float.nan", "read-back.stale.not-nan"}, false},
		{"stale markers are NaN", floats(func(v float64) float64 {
			if value.IsStaleNaN(v) {
				return math.NaN()
			}
			return v
		}), []string{"read-back.stale.ends", "read-back.stale.gap", "read-back.stale.no-sample", "read-back.stale.other-request"}, false},
		{"NaN is a stale marker", floats(func(v float64) float64 {
			if math.IsNaN(v) {
				return math.Float64frombits(value.StaleNaN)
			}
			return v
		}), []string{"read-back.float.nan", "read-back.stale.not-nan"}, false},
		{"the largest and smallest are cut", floats(func(v float64) float64 {
			if math.Abs(v) > 1e300 && !math.IsInf(v, 0) || v != 0 && math.Abs(v) < 1e-300 {
				return 0
			}
			return v
		}), []string{"read-back.float.largest", "read-back.float.smallest"}, false},
		{"values are trimmed", values(strings.TrimSpace), []string{"read-back.label.blanks"}, false},
		{"values are ASCII", values(func(v string) string {
			return strings.Map(func(r rune) rune {
				if r > 127 {
					return '?'
				}
				return r
			}, v)
		}), []string{"read-back.label.two-bytes", "read-back.label.three-bytes", "read-back.label.four-bytes"}, false},
		{"values have no letters of four bytes", values(func(v string) string {
			return strings.Map(func(r rune) rune {
				if r > 0xffff {
					return 0xfffd
				}
				return r
			}, v)
		}), []string{"read-back.label.four-bytes"}, false},
		{"combining letters are dropped", values(func(v string) string {
			return strings.Map(func(r rune) rune {
				if r >= 0x300 && r < 0x370 {
					return -1
				}
				return r
			}, v)
		}), []string{"read-back.label.combining"}, false},
		{"values have no controls", values(func(v string) string {
			return strings.Map(func(r rune) rune {
				if r < 32 {
					return ' '
				}
				return r
			}, v)
		}), []string{"read-back.label.controls"}, false},
		{"values are escaped as HTML", values(strings.NewReplacer("<", "&lt;", ">", "&gt;", "&", "&amp;").Replace), []string{"read-back.label.markup"}, false},
		{"quotes and backslashes are lost", values(strings.NewReplacer(`"`, "", `\`, "").Replace), []string{"read-back.label.quotes"}, false},
		{"braces are lost", values(strings.NewReplacer(`{`, "", `}`, "").Replace), []string{"read-back.label.promql"}, false},
		{"slashes and percent signs are lost", values(strings.NewReplacer(`/`, "", `%`, "").Replace), []string{"read-back.label.url"}, false},
		{"values are cut at 1000 bytes", values(func(v string) string { return v[:min(len(v), 1000)] }), []string{"read-back.label.long"}, false},
		{"values are of small letters", values(strings.ToLower), []string{"remote-write.labels.differ-by-one-letter"}, false},
		{"labels of two underscores are dropped", series(func(s *prompb.TimeSeries) {
			kept := s.Labels[:0:0]
			for _, l := range s.Labels {
				if !strings.HasPrefix(l.Name, "__") || l.Name == "__name__" || l.Name == "__replica__" {
					kept = append(kept, l)
				}
			}
			s.Labels = kept
		}), []string{"remote-write.labels.underscores"}, false},
		{"series have ten labels", series(func(s *prompb.TimeSeries) { s.Labels = s.Labels[:min(len(s.Labels), 10)] }), []string{"remote-write.labels.twenty", "quotas.labels.too-many"}, false},
		{"colons in names are underscores", labels(func(l *prompb.Label) {
			if l.Name == "__name__" {
				l.Value = strings.ReplaceAll(l.Value, ":", "_")
			}
		}), []string{"remote-write.labels.colon-in-name"}, false},
		{"histograms are dropped", series(func(s *prompb.TimeSeries) { s.Histograms = nil }), []string{"read-back.histogram.integers", "query.promql.histogram.native-rate"}, false},
		{"histograms have another sum", histograms(func(h *prompb.Histogram) { h.Sum++ }), []string{"read-back.histogram.integers", "read-back.histogram.floats", "query.promql.histogram.native-count-sum"}, false},
		{"histograms are one schema coarser", histograms(func(h *prompb.Histogram) {
			if h.Schema > -4 && h.Schema != -53 {
				h.Schema--
			}
		}), []string{"read-back.histogram.integers"}, false},
		{"histograms have no buckets below zero", histograms(func(h *prompb.Histogram) {
			if len(h.NegativeSpans) > 0 {
				h.NegativeSpans[0].Offset++
			}
		}), []string{"read-back.histogram.zero-bucket"}, false},
		{"gaps between buckets are closed", histograms(func(h *prompb.Histogram) {
			for i := range h.PositiveSpans {
				if i > 0 && h.PositiveSpans[i].Offset > 0 {
					h.PositiveSpans[i].Offset = 0
				}
			}
		}), []string{"read-back.histogram.gap"}, false},
		{"bounds of histograms are doubled", histograms(func(h *prompb.Histogram) {
			for i := range h.CustomValues {
				h.CustomValues[i] *= 2
			}
		}), []string{"read-back.histogram.custom-buckets"}, false},
		{"metadata is dropped", func(w *prompb.WriteRequest) { w.Metadata = nil }, []string{"remote-write.metadata.alone", "metadata.read-back"}, false},
		{"metadata is of one type", func(w *prompb.WriteRequest) {
			for i := range w.Metadata {
				w.Metadata[i].Type = prompb.MetricMetadata_GAUGE
			}
		}, []string{"remote-write.metadata.types"}, false},
		{"help is cut", func(w *prompb.WriteRequest) {
			for i := range w.Metadata {
				w.Metadata[i].Help = w.Metadata[i].Help[:min(len(w.Metadata[i].Help), 100)]
			}
		}, []string{"remote-write.metadata.help-of-full-length", "remote-write.metadata.help-too-long"}, false},
		{"units are dropped", func(w *prompb.WriteRequest) {
			for i := range w.Metadata {
				w.Metadata[i].Unit = ""
			}
		}, []string{"metadata.read-back", "remote-write.metadata.unit-too-long"}, false},
		{"replicas are all stored", series(func(s *prompb.TimeSeries) {
			kept := s.Labels[:0:0]
			for _, l := range s.Labels {
				if l.Name != "__replica__" {
					kept = append(kept, l)
				}
			}
			s.Labels = kept
		}), []string{"remote-write.replicas.other-dropped", "remote-write.replicas.text", "quotas.ha-clusters"}, false},
		{"all clusters are one", labels(func(l *prompb.Label) {
			if l.Name == "cluster" {
				l.Value = "one"
			}
		}), []string{"remote-write.replicas.by-cluster"}, false},
		{"a replica's label is stored", labels(func(l *prompb.Label) {
			if l.Name == "__replica__" {
				l.Name = "replica"
			}
		}), []string{"remote-write.replicas.label-dropped"}, false},
		{"labels without a name are dropped", series(func(s *prompb.TimeSeries) {
			kept := s.Labels[:0:0]
			for _, l := range s.Labels {
				if l.Name != "" {
					kept = append(kept, l)
				}
			}
			s.Labels = kept
		}), []string{"remote-write.errors.label-without-name"}, false},
		{"labels that come twice are one", series(func(s *prompb.TimeSeries) {
			seen, kept := make(map[string]bool), s.Labels[:0:0]
			for _, l := range s.Labels {
				if !seen[l.Name] {
					kept = append(kept, l)
				}
				seen[l.Name] = true
			}
			s.Labels = kept
		}), []string{"remote-write.errors.label-twice", "remote-write.errors.label-twice-alike", "remote-write.errors.label-twice-apart", "remote-write.errors.name-twice"}, false},
		{"names of labels are made valid", labels(func(l *prompb.Label) {
			l.Name = strings.Map(func(r rune) rune {
				if r > 127 || strings.ContainsRune("-: .", r) {
					return '_'
				}
				return r
			}, l.Name)
		}), []string{"remote-write.errors.label-with-dash", "remote-write.errors.label-with-colon"}, false},
		{"names of metrics are made valid", labels(func(l *prompb.Label) {
			if l.Name == "__name__" && (l.Value == "" || l.Value[0] <= '9' || strings.ContainsFunc(l.Value, func(r rune) bool { return r > 127 || r == '-' })) {
				l.Value = "valid_name"
			}
		}), []string{"remote-write.errors.name-empty", "remote-write.errors.name-with-dash", "remote-write.errors.name-not-ascii", "remote-write.errors.name-with-digit-first"}, false},
	} {
		out = append(out, mutation{
			name: "of writes " + f.name, layer: on(rewritten(f.edit), "POST WS/api/v1/remote_write"), in: []string{"remote-write", "read-back"}, also: dataAreas(), kills: f.kills, coarse: f.coarse,
		})
	}
	return out
}
