package scenario

import "github.com/ampersand-amp/ampersand/e2e/timeline"

// ScaledObject is the ScaledObject under test: the recipe's with some settings of its own, or a user's file. Periods, threshold
// and behavior of the recipe's are the profile's.
type ScaledObject struct {
	// File is a manifest with one ScaledObject, relative to the scenario's folder. Its scale target, namespace, serverAddress and
	// authentication are replaced by the lab's; everything else stays the file's.
	File string `json:"file,omitempty"`
	// Query is the PromQL of the first trigger; absent it is the file's, or the sum of the rates of all pods. The templates
	// {{.Namespace}}, {{.Workload}} and {{.RateWindow}} stand for where the trial lives, the workload that is scaled and the
	// profile's rateWindow.
	Query string `json:"query,omitempty"`
	// ActivationThreshold is the first trigger's.
	ActivationThreshold float64 `json:"activationThreshold,omitempty"`
	// MinReplicas and MaxReplicas are minReplicaCount and maxReplicaCount; the recipe has 1 and 10.
	MinReplicas *int `json:"minReplicas,omitempty"`
	MaxReplicas *int `json:"maxReplicas,omitempty"`
	// Paused holds the workload at a count (annotation autoscaling.keda.sh/paused-replicas).
	Paused *int `json:"paused,omitempty"`
	// Fallback takes the place of the recipe's.
	Fallback *Fallback `json:"fallback,omitempty"`
	// Metadata are further fields of the first trigger; an empty one is taken out.
	Metadata map[string]string `json:"metadata,omitempty"`
	// Triggers are further triggers.
	Triggers []Trigger `json:"triggers,omitempty"`

	manifest []byte // File's text, read with the scenario
}

// Manifest is the text of File, nil without one.
func (s ScaledObject) Manifest() []byte { return s.manifest }

// Fallback is how many replicas KEDA asks for while a scaler fails.
type Fallback struct {
	// Off leaves out a fallback; then nothing else may be given.
	Off bool `json:"off,omitempty"`
	// FailureThreshold is how many times in a row the scaler has to fail.
	FailureThreshold int `json:"failureThreshold,omitempty"`
	Replicas         int `json:"replicas,omitempty"`
	// Behavior is static (KEDA's default), currentReplicas, currentReplicasIfHigher or currentReplicasIfLower.
	Behavior string `json:"behavior,omitempty"`
}

// Trigger is a further trigger of the ScaledObject, on the same workspace with the same authentication.
type Trigger struct {
	Query               string            `json:"query"`
	Threshold           float64           `json:"threshold"`
	ActivationThreshold float64           `json:"activationThreshold,omitempty"`
	Metadata            map[string]string `json:"metadata,omitempty"`
}

// Compare is a second ScaledObject on the same load, and how the two must differ.
type Compare struct {
	// Name names the second one, Baseline the scenario's own.
	Name     string `json:"name"`
	Baseline string `json:"baseline"`
	// ScaledObject is the second one.
	ScaledObject ScaledObject `json:"scaledObject"`
	// Expect says how they differ.
	Expect CompareExpect `json:"expect,omitzero"`
}

// CompareExpect says how the second ScaledObject differs from the baseline.
type CompareExpect struct {
	// CapacityLead is how much earlier its replicas were ready, on average over the counts that both reached.
	CapacityLead *Times `json:"capacityLead,omitempty"`
	// ExtraReplicaSeconds is how many replica-seconds more it took over the run.
	ExtraReplicaSeconds *Numbers `json:"extraReplicaSeconds,omitempty"`
}

// Times are bounds on a duration; one that is absent does not bind.
type Times struct {
	Min *timeline.Duration `json:"min,omitempty"`
	Max *timeline.Duration `json:"max,omitempty"`
}

// Numbers are bounds on a number; one that is absent does not bind.
type Numbers struct {
	Min *float64 `json:"min,omitempty"`
	Max *float64 `json:"max,omitempty"`
}
