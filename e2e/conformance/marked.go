package conformance

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/prompb"
)

// marked are series of one check that all have one label in common, so that a
// single query finds which of them were stored, whatever their names are.
type marked struct {
	*Workspace
	id string
	at time.Time // when the samples are, unless a check says otherwise
}

// marked begins a set of marked series.
func (w *Workspace) marked() marked { return marked{w, w.t.Name("id"), w.t.Now()} }

// tenant is how error texts name the workspace: account and id
// [O vector#12958, D troubleshooting].
func (w *Workspace) tenant() string { return strings.Split(w.arn, ":")[4] + "_" + w.id }

// series is a series with the mark.
func (m marked) series(metric string, labels Labels, samples ...prompb.Sample) prompb.TimeSeries {
	all := Labels{"id": m.id}
	maps.Copy(all, labels)
	return Series(metric, all, samples...)
}

// raw is a series of the pairs as they stand, and the mark at their end.
func (m marked) raw(samples []prompb.Sample, pairs ...string) prompb.TimeSeries {
	s := prompb.TimeSeries{Samples: samples}
	for i := 0; i < len(pairs); i += 2 {
		s.Labels = append(s.Labels, prompb.Label{Name: pairs[i], Value: pairs[i+1]})
	}
	s.Labels = append(s.Labels, prompb.Label{Name: "id", Value: m.id})
	return s
}

// one is the one sample of a series that is about its labels.
func (m marked) one() []prompb.Sample { return []prompb.Sample{At(m.at, 1)} }

// expectStored expects the marked series to be these and no others, each with
// its last sample, as they are seen at a time.
func (m marked) expectStored(at time.Time, want ...prompb.TimeSeries) {
	lines := make([]string, len(want))
	for i, s := range want {
		lines[i] = labelsText(s) + " " + model.SampleValue(s.Samples[len(s.Samples)-1].Value).String()
	}
	slices.Sort(lines)
	m.ExpectQuery(`{id="`+m.id+`"}`, at, lines...)
}

// labelsText writes a series' labels as Text does.
func labelsText(s prompb.TimeSeries) string {
	metric := make(model.Metric, len(s.Labels))
	for _, l := range s.Labels {
		metric[model.LabelName(l.Name)] = model.LabelValue(l.Value)
	}
	return metric.String()
}

// sendAmongGood sends bad series with a good one before and after, and expects
// the good ones and only them to be stored: AMP takes what is good of a request.
func (m marked) sendAmongGood(bad ...prompb.TimeSeries) Answer {
	first := m.series(m.t.Metric("first"), nil, At(m.at, 1))
	last := m.series(m.t.Metric("last"), nil, At(m.at, 2))
	a := m.Do(RemoteWriteSeries(slices.Concat([]prompb.TimeSeries{first}, bad, []prompb.TimeSeries{last})...))
	m.expectStored(m.at, first, last)
	return a
}

// expectRefused expects bad series to be refused with a text, and the good ones
// beside them to be stored.
func (m marked) expectRefused(text string, bad ...prompb.TimeSeries) {
	m.sendAmongGood(bad...).ExpectStatus(http.StatusBadRequest).ExpectBody(text + "\n")
}

// stamp is a sample's time as Text writes it.
func stamp(at time.Time) string { return model.TimeFromUnixNano(at.UnixNano()).String() }
