package timeline

import (
	"sort"
	"strings"
	"time"
)

// Hop names one place of the chain at which a value is seen. A Hop is the key of a series in the JSON report.
type Hop string

// The hops of the chain, in the order a change travels through them.
const (
	// HopLoad is the load offered, in requests per second.
	HopLoad Hop = "load"
	// HopAnswered is the load that was answered, in requests per second.
	HopAnswered Hop = "answered"
	// HopStored is the value of the scaler's query, evaluated on the store, in requests per second.
	HopStored Hop = "stored"
	// HopServed is the value that KEDA's metrics server served, in requests per second.
	HopServed Hop = "served"
	// HopHPA is the metric the HPA saw, in requests per second over all replicas.
	HopHPA Hop = "hpa"
	// HopDesired is the HPA's desired replica count.
	HopDesired Hop = "desired"
	// HopReplicas is the replica count in the Deployment's spec.
	HopReplicas Hop = "replicas"
	// HopCreated is the number of the workload's pods that exist, HopScheduled of those that have a node.
	HopCreated   Hop = "created"
	HopScheduled Hop = "scheduled"
	// HopReady is the number of ready replicas.
	HopReady Hop = "ready"
)

// The hops beside the chain: they explain it.
const (
	// HopP99 is the 99th percentile of the time to an answer, in seconds.
	HopP99 Hop = "p99"
	// HopScrapes, HopWrites and HopRefused are scrapes of the pods, remote writes that were accepted, and remote writes that
	// were refused, per second. Recorder.Count adds to them.
	HopScrapes Hop = "scrapes"
	HopWrites  Hop = "writes"
	HopRefused Hop = "refused"
)

// codePrefix begins the hops of requests by code.
const codePrefix = "code:"

// CodeHop is the hop of the requests that ended with one code, per second: a status ("200", "5xx") or what took the place of
// one ("timeout", "refused").
func CodeHop(code string) Hop { return Hop(codePrefix + code) }

// Code returns the code of a hop of requests by code, and false for every other hop.
func (h Hop) Code() (string, bool) { return strings.CutPrefix(string(h), codePrefix) }

// Hops returns all hops of the chain in the order a change travels through them, and then those beside it. Hops of codes are
// not among them.
func Hops() []Hop {
	return []Hop{HopLoad, HopAnswered, HopStored, HopServed, HopHPA, HopDesired, HopReplicas, HopCreated, HopScheduled, HopReady,
		HopP99, HopScrapes, HopWrites, HopRefused}
}

// countHops are the hops whose values are replica counts.
func countHops() []Hop { return []Hop{HopDesired, HopReplicas, HopReady} }

// Point is one sample of a hop.
type Point struct {
	// At is when the value was seen (for a polled source: when the read returned).
	At time.Time `json:"at"`
	// Value is in the hop's unit: requests per second, or replicas.
	Value float64 `json:"value"`
}

// Series holds the points of one hop, oldest first. Of a stretch of equal values only the first and the last are kept.
type Series []Point

// At returns the newest value that was seen at or before t, and false when there is none.
func (s Series) At(t time.Time) (float64, bool) {
	i := sort.Search(len(s), func(i int) bool { return s[i].At.After(t) })
	if i == 0 {
		return 0, false
	}
	return s[i-1].Value, true
}

// First returns the first point at or after from whose value satisfies ok.
func (s Series) First(from time.Time, ok func(value float64) bool) (Point, bool) {
	for _, p := range s {
		if !p.At.Before(from) && ok(p.Value) {
			return p, true
		}
	}
	return Point{}, false
}

// Between returns the points in [from, to], led by the value that held at from (moved to from) when one is known. A zero to
// means the end of the series.
func (s Series) Between(from, to time.Time) Series {
	var out Series
	if v, ok := s.At(from); ok {
		out = append(out, Point{At: from, Value: v})
	}
	for _, p := range s {
		if p.At.After(from) && (to.IsZero() || !p.At.After(to)) {
			out = append(out, p)
		}
	}
	return out
}

// compact sorts the points by time (stable, so that equal instants keep the order in which they were recorded) and drops the
// inner points of every stretch of equal values.
func (s Series) compact() Series {
	sort.SliceStable(s, func(i, j int) bool { return s[i].At.Before(s[j].At) })
	out := s[:0]
	for _, p := range s {
		if n := len(out); n >= 2 && out[n-1].Value == p.Value && out[n-2].Value == p.Value {
			out[n-1] = p
			continue
		}
		out = append(out, p)
	}
	return out
}

// MarkName names an instant. The named ones below give the split its instants; any other name is a remark on the timeline.
type MarkName string

// The instants that the split and the checks use.
const (
	// MarkLoadStep is when the load went up.
	MarkLoadStep MarkName = "load step"
	// MarkFirstSample is the timestamp, set by the scraper, of the first sample that holds a count from after the load step.
	MarkFirstSample MarkName = "first sample"
	// MarkFirstVisible is when that sample could first be read from the store.
	MarkFirstVisible MarkName = "first visible"
	// MarkLoadOff is when the load went away.
	MarkLoadOff MarkName = "load off"
	// MarkEvent is for anything worth a line: a Kubernetes event, an error, a decision.
	MarkEvent MarkName = "event"
)

// Mark is a named instant with free text.
type Mark struct {
	// At is the instant.
	At time.Time `json:"at"`
	// Name says what happened.
	Name MarkName `json:"name"`
	// Text is free text for people, one line.
	Text string `json:"text,omitempty"`
}
