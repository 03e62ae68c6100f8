// Package scenario reads what a run plays: a story of load, the periods under which it is played, and what must follow from it.
// It only reads and checks; it does not run anything.
package scenario

import (
	"cmp"
	"sort"

	"github.com/ampersand-amp/ampersand/e2e/timeline"
)

// Scenario is one story, as a file under fixtures/scenarios or a user's own holds it.
type Scenario struct {
	// Name is the scenario's name, the same as its file's without .yaml.
	Name string `json:"name"`
	// Description is one sentence for people.
	Description string `json:"description"`
	// Target is the workload that receives the load: downstream0 (the one that is scaled, when absent), downstream1 or frontend.
	Target string `json:"target,omitempty"`
	// Load are the phases of the load, in order, for the profiles that have none of their own.
	Load []Phase `json:"load,omitempty"`
	// ScaledObject is what is under test; the recipe's, mended, where it says nothing else.
	ScaledObject ScaledObject `json:"scaledObject,omitzero"`
	// Compare is a second ScaledObject that meets the same load at the same time.
	Compare *Compare `json:"compare,omitempty"`
	// Faults are what goes wrong meanwhile.
	Faults []Fault `json:"faults,omitempty"`
	// Expect says what must follow, in every profile.
	Expect Expect `json:"expect"`
	// Profiles are sets of periods for the same story, by name. What a profile of a file leaves out is that of the profile
	// of this name in fixtures/scenarios/profiles; a file without any has fast.
	Profiles map[string]Profile `json:"profiles,omitempty"`
}

// Profile is one set of periods and sizes.
type Profile struct {
	// ScrapeInterval is the collector's, RateWindow the range of rate() in the scaler's query.
	ScrapeInterval timeline.Duration `json:"scrapeInterval"`
	RateWindow     timeline.Duration `json:"rateWindow"`
	// Discovery is how long the scraper takes at most to begin with a new pod: 5 s in Prometheus, not configurable.
	Discovery timeline.Duration `json:"discovery"`
	// BatchTimeout is the collector's; ExportTime bounds one remote write until the sample can be queried.
	BatchTimeout timeline.Duration `json:"batchTimeout"`
	ExportTime   timeline.Duration `json:"exportTime"`
	// Threshold is the scaler's target, in requests per second and replica.
	Threshold float64 `json:"threshold"`
	// HPASync is the HPA controller's sync period; Tolerance its tolerance, nil for Kubernetes' 0.1.
	HPASync   timeline.Duration `json:"hpaSync"`
	Tolerance *float64          `json:"tolerance,omitempty"`
	// Behavior is the HPA's, written as in autoscaling/v2; what is missing is Kubernetes' default.
	Behavior timeline.Behavior `json:"behavior,omitzero"`
	// PollingInterval and Cooldown are the ScaledObject's, in whole seconds.
	PollingInterval timeline.Duration `json:"pollingInterval"`
	Cooldown        timeline.Duration `json:"cooldown"`
	// PodStart bounds how long new pods take to be ready.
	PodStart timeline.Duration `json:"podStart"`
	// Load are the phases of the load, in order; the scenario's where there are none.
	Load []Phase `json:"load,omitempty"`
	// Clusters holds what is different on a kind of cluster, by its name (kind).
	Clusters map[string]Difference `json:"clusters,omitempty"`
}

// Difference is what a profile needs differently on a kind of cluster; what is absent stays.
type Difference struct {
	PodStart timeline.Duration `json:"podStart,omitempty"`
	// HPASync is the controller's where it is not the lab's to set, ExportTime that of an AMP across a network.
	HPASync    timeline.Duration `json:"hpaSync,omitempty"`
	ExportTime timeline.Duration `json:"exportTime,omitempty"`
	// ScaleDownWindowSeconds takes the place of behavior.scaleDown.stabilizationWindowSeconds.
	ScaleDownWindowSeconds *int32 `json:"scaleDownWindowSeconds,omitempty"`
}

// On returns the profile as it is on a kind of cluster.
func (p Profile) On(cluster string) Profile {
	d := p.Clusters[cluster]
	p.Clusters = nil
	p.PodStart, p.HPASync, p.ExportTime = cmp.Or(d.PodStart, p.PodStart), cmp.Or(d.HPASync, p.HPASync), cmp.Or(d.ExportTime, p.ExportTime)
	if d.ScaleDownWindowSeconds != nil {
		rules := timeline.ScalingRules{}
		if p.Behavior.ScaleDown != nil {
			rules = *p.Behavior.ScaleDown
		}
		rules.StabilizationWindowSeconds = d.ScaleDownWindowSeconds
		p.Behavior.ScaleDown = &rules
	}
	return p
}

// ProfileNames returns the names of the profiles, sorted.
func (s Scenario) ProfileNames() []string {
	names := make([]string, 0, len(s.Profiles))
	for name := range s.Profiles {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// MaxRate returns the highest load of the profile's phases, in requests per second.
func (p Profile) MaxRate() float64 {
	rate := 0.0
	for _, phase := range p.Load {
		rate = max(rate, phase.Peak())
	}
	return rate
}

// Settings returns what the timeline predicts from and prints, for a profile that belongs to a scenario with these
// expectations. A step from no load at all starts a new series.
func (p Profile) Settings(e Expect) timeline.Settings {
	tolerance := 0.1
	if p.Tolerance != nil {
		tolerance = *p.Tolerance
	}
	return timeline.Settings{
		ScrapeInterval:  p.ScrapeInterval,
		RateWindow:      p.RateWindow,
		Discovery:       p.Discovery,
		Threshold:       p.Threshold,
		Load:            p.MaxRate(),
		Target:          e.Reach,
		MinReplicas:     e.Start,
		MaxReplicas:     e.NeverAbove,
		NewSeries:       len(p.Load) > 0 && p.Load[0].Rate == 0,
		BatchTimeout:    p.BatchTimeout,
		ExportTime:      p.ExportTime,
		HPASync:         p.HPASync,
		Tolerance:       tolerance,
		Behavior:        p.Behavior,
		PollingInterval: p.PollingInterval,
		Cooldown:        p.Cooldown,
		PodStart:        p.PodStart,
	}
}
