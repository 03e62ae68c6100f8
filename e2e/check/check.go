package check

import (
	"time"

	"github.com/ampersand-amp/ampersand/e2e/timeline"
)

// Options are what the files do not say of the chain.
type Options struct {
	// ScrapeInterval is the time between two scrapes of a pod.
	ScrapeInterval time.Duration
	// BatchTimeout is the longest that a sample waits in the collector.
	BatchTimeout time.Duration
	// HPASync is the time between two syncs of the HPA controller.
	HPASync time.Duration
	// PodStart is how long a pod takes to become ready.
	PodStart time.Duration
	// Tolerance is the HPA controller's.
	Tolerance float64
	// Load is the value of the query that is to be expected, 0 when it is not known.
	Load float64
	// Replicas is the current count; 0 means that it is not known.
	Replicas int
}

// Defaults are those of Kubernetes and of a usual collector.
func Defaults() Options {
	return Options{
		ScrapeInterval: 15 * time.Second, BatchTimeout: time.Second, HPASync: 15 * time.Second,
		PodStart: 10 * time.Second, Tolerance: 0.1,
	}
}

const (
	// discovery is how long Prometheus's scraper, and so the collector's, takes at most to begin with a new pod.
	discovery = 5 * time.Second
	// exportTime is how long a remote write takes until its samples can be queried.
	exportTime = 500 * time.Millisecond
	// defaultMax is what KEDA takes for maxReplicaCount when it is not given.
	defaultMax = 100
	// defaultPolling is what KEDA takes for pollingInterval, in seconds.
	defaultPolling = 30
	// defaultCooldown is what KEDA takes for cooldownPeriod, in seconds.
	defaultCooldown = 300
	// defaultTimeout is how long KEDA waits for an answer (KEDA_HTTP_DEFAULT_TIMEOUT).
	defaultTimeout = 3 * time.Second
)

// Check judges the ScaledObjects of some files.
func Check(files []File, o Options) *Report {
	found := newNotes()
	r := &Report{set: read(files, found), options: o}
	r.Objects = len(r.set.scaled)
	if r.Objects == 0 && len(found.findings) == 0 && len(files) > 0 {
		found.add("no-scaledobject", place{file: files[0].Name}, "there is no ScaledObject of keda.sh in what was given")
	}
	for _, so := range r.set.scaled {
		so.checkFields(found)
		so.checkReplicas(found)
		so.checkBehavior(found, o)
		so.checkFallback(found, o)
		so.checkTriggers(found)
		for _, t := range so.triggers {
			t.check(found, r.set, o)
		}
	}
	r.set.checkTargets(found)
	r.Findings = found.findings
	r.sort()
	return r
}

// settings are a trigger's periods as the prediction takes them.
func (t *trigger) settings(o Options, load float64, target, from int) timeline.Settings {
	so := t.owner
	return timeline.Settings{
		ScrapeInterval: timeline.Duration(o.ScrapeInterval), Discovery: timeline.Duration(discovery),
		RateWindow: timeline.Duration(t.window()), Threshold: t.Threshold, Load: load,
		Target: target, MinReplicas: from, MaxReplicas: so.max(),
		BatchTimeout: timeline.Duration(o.BatchTimeout), ExportTime: timeline.Duration(exportTime),
		HPASync: timeline.Duration(o.HPASync), Tolerance: o.Tolerance, Behavior: so.behavior(),
		PollingInterval: timeline.Duration(so.polling()), Cooldown: timeline.Duration(so.cooldown()),
		PodStart: timeline.Duration(o.PodStart),
	}
}
