package timeline

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// Duration is a time.Duration that is written as text ("500ms", "1m0s") in JSON and YAML.
type Duration time.Duration

// D returns d as a time.Duration.
func (d Duration) D() time.Duration { return time.Duration(d) }

// Seconds returns d in seconds.
func (d Duration) Seconds() float64 { return time.Duration(d).Seconds() }

// String returns d as time.Duration prints it.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalJSON writes d as text.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// UnmarshalJSON reads text with a unit ("15s"); a bare number is refused because it does not say its unit.
func (d *Duration) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf("a duration is text with a unit, such as \"15s\", not %s", data)
	}
	parsed, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("a duration is text with a unit, such as \"15s\": %w", err)
	}
	*d = Duration(parsed)
	return nil
}

// Settings are the periods and sizes on which the reaction time depends.
type Settings struct {
	// ScrapeInterval is the time between two scrapes of a pod (I).
	ScrapeInterval Duration `json:"scrapeInterval"`
	// Discovery is how long the scraper takes at most to begin with a pod that has joined. Prometheus, and so the collector's
	// prometheus receiver, takes up new targets each 5 s; no configuration changes that.
	Discovery Duration `json:"discovery"`
	// RateWindow is the range of rate() in the scaler's query (W).
	RateWindow Duration `json:"rateWindow"`
	// Threshold is the scaler's target: the metric's average per replica, in requests per second.
	Threshold float64 `json:"threshold"`
	// Load is the load after the step, in requests per second, over all pods.
	Load float64 `json:"load"`
	// Target is the replica count that the load asks for (N).
	Target int `json:"target"`
	// MinReplicas is the count before the load step.
	MinReplicas int `json:"minReplicas"`
	// MaxReplicas is the scaler's upper limit.
	MaxReplicas int `json:"maxReplicas"`
	// NewSeries says that the counter does not exist before the load step, so that its first sample gives no rate.
	NewSeries bool `json:"newSeries,omitempty"`
	// BatchTimeout is the longest a sample waits in the collector for its batch.
	BatchTimeout Duration `json:"batchTimeout"`
	// ExportTime bounds one remote write until the sample can be queried.
	ExportTime Duration `json:"exportTime"`
	// HPASync is the time between two syncs of the HPA controller (S).
	HPASync Duration `json:"hpaSync"`
	// Tolerance is the HPA controller's: a metric within this fraction of the target changes nothing. Kubernetes' default is 0.1.
	Tolerance float64 `json:"tolerance"`
	// Behavior is the HPA's; nil rules mean Kubernetes' defaults.
	Behavior Behavior `json:"behavior"`
	// PollingInterval is KEDA's; it matters from 0 to 1 replica only.
	PollingInterval Duration `json:"pollingInterval"`
	// Cooldown is KEDA's; it matters from 1 to 0 replicas only.
	Cooldown Duration `json:"cooldown"`
	// PodStart bounds the time from a new desired count until the pods are ready, and from a lower one until they are gone.
	PodStart Duration `json:"podStart"`
}

// Level is the value of the metric above which the HPA asks for n replicas, in requests per second: (n-1) * threshold.
func (s Settings) Level(n int) float64 { return float64(n-1) * s.Threshold }

// HoldLevel is the value above which the HPA leaves n-1 replicas for n, in requests per second: the level of n raised by the
// tolerance. A load between the two levels gives n replicas to an HPA that jumps there from further below, and n-1 to one that
// has already stopped there.
func (s Settings) HoldLevel(n int) float64 { return s.Level(n) * (1 + s.upTolerance()) }

// upTolerance is the tolerance that holds for scaling up. A text that is no number falls back to the HPA's: the scenario
// package and the API server refuse it.
func (s Settings) upTolerance() float64 {
	if up := s.Behavior.ScaleUp; up != nil && up.Tolerance != "" {
		if t, err := strconv.ParseFloat(up.Tolerance, 64); err == nil {
			return t
		}
	}
	return s.Tolerance
}

// Behavior is written like the behavior of a HorizontalPodAutoscaler of autoscaling/v2, so that it can be put into one as it is.
//
// Without either rule the HPA has no behavior, and the controller limits a step up as it did before there were behaviors:
// to twice the replicas or 4, whichever is more, at every sync (calculateScaleUpLimit in kubernetes:
// pkg/controller/podautoscaler/horizontal.go). The defaults of the API (4 pods or 100 % per 15 s) fill in what is missing
// from a behavior only.
type Behavior struct {
	// ScaleUp holds the rules for going up; nil means the API's defaults when there is a ScaleDown.
	ScaleUp *ScalingRules `json:"scaleUp,omitempty"`
	// ScaleDown holds the rules for going down; nil means the API's defaults.
	ScaleDown *ScalingRules `json:"scaleDown,omitempty"`
}

// ScalingRules limits how fast the replica count may change.
type ScalingRules struct {
	// StabilizationWindowSeconds is how many seconds of recommendations are looked back at; nil means Kubernetes' default.
	StabilizationWindowSeconds *int32 `json:"stabilizationWindowSeconds,omitempty"`
	// Tolerance overrides the HPA's tolerance in this direction, as a decimal fraction in text ("0.01"); empty means the HPA's.
	Tolerance string `json:"tolerance,omitempty"`
	// SelectPolicy is Max (default), Min or Disabled.
	SelectPolicy string `json:"selectPolicy,omitempty"`
	// Policies are the limits; none means Kubernetes' defaults.
	Policies []Policy `json:"policies,omitempty"`

	// atLeast is a number of replicas that every step up may reach, whatever the policies say.
	atLeast int32
}

// Policy is one limit: a number or a percentage of pods for a period.
type Policy struct {
	// Type is Pods or Percent.
	Type string `json:"type"`
	// Value is the number of pods, or percent of the count at the period's start.
	Value int32 `json:"value"`
	// PeriodSeconds is the period, in seconds.
	PeriodSeconds int32 `json:"periodSeconds"`
}

// up returns the scale-up rules with Kubernetes' defaults filled in.
func (b Behavior) up() ScalingRules {
	if b.ScaleUp == nil && b.ScaleDown == nil {
		rules := withDefaults(nil, 0, []Policy{{Type: "Percent", Value: 100}})
		rules.atLeast = 4
		return rules
	}
	return withDefaults(b.ScaleUp, 0, []Policy{{Type: "Pods", Value: 4, PeriodSeconds: 15}, {Type: "Percent", Value: 100, PeriodSeconds: 15}})
}

// down returns the scale-down rules with Kubernetes' defaults filled in.
func (b Behavior) down() ScalingRules {
	return withDefaults(b.ScaleDown, 300, []Policy{{Type: "Percent", Value: 100, PeriodSeconds: 15}})
}

func withDefaults(rules *ScalingRules, stabilization int32, policies []Policy) ScalingRules {
	var r ScalingRules
	if rules != nil {
		r = *rules
	}
	if r.StabilizationWindowSeconds == nil {
		r.StabilizationWindowSeconds = &stabilization
	}
	if r.SelectPolicy == "" {
		r.SelectPolicy = "Max"
	}
	if len(r.Policies) == 0 {
		r.Policies = policies
	}
	return r
}
