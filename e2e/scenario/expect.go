package scenario

import "github.com/ampersand-amp/ampersand/e2e/timeline"

// Expect says what must follow. What is absent is not judged, but for Start.
type Expect struct {
	// Start is the count of replicas before the load; 1 when absent.
	Start int `json:"start"`
	// Reach is the count of ready replicas that the load must lead to; 0 when nothing is to be reached.
	Reach int `json:"reach,omitempty"`
	// NeverAbove is the count that must never be exceeded; 0 for maxReplicas.
	NeverAbove int `json:"neverAbove,omitempty"`
	// BackTo is the count at the end, without load.
	BackTo *int `json:"backTo,omitempty"`
	// StaysAt is the count that must never change.
	StaysAt *int `json:"staysAt,omitempty"`
	// Replicas bound the count during stretches of the run.
	Replicas []Replicas `json:"replicas,omitempty"`
	// ReactionTime bounds the time from the load step (the beginning of the first phase whose rate rises) to Reach ready replicas.
	ReactionTime *Times `json:"reactionTime,omitempty"`
	// Predicted wants the reaction time within what the periods let expect.
	Predicted bool `json:"predicted,omitempty"`
	// Overshoot is by how many replicas at most the count may exceed what the load of that moment asks for (its rate over the
	// threshold, rounded up), between the load step and the load's end.
	Overshoot *int `json:"overshoot,omitempty"`
	// Flaps is how many times at most the count may turn round: a change against the direction of the change before it, but for
	// the one turn that each fall of the offered load excuses.
	Flaps *int `json:"flaps,omitempty"`
	// ReplicaSeconds bounds what the run cost: the integral of the ready replicas.
	ReplicaSeconds *Numbers `json:"replicaSeconds,omitempty"`
	// RequestsLost bounds the requests of the load that were not answered with a success.
	RequestsLost *Lost `json:"requestsLost,omitempty"`
	// SamplesLost bounds the scrapes of pods that are missing in the store.
	SamplesLost *int `json:"samplesLost,omitempty"`
	// QueryRate bounds how many queries of the first trigger reach AMP in a second.
	QueryRate *Numbers `json:"queryRate,omitempty"`
	// Conditions must have been seen.
	Conditions []Condition `json:"conditions,omitempty"`
}

// Replicas bound the count of replicas (wanted as well as ready) during a stretch of the run.
type Replicas struct {
	// Phase or Fault names what the stretch belongs to; exactly one is given.
	Phase string `json:"phase,omitempty"`
	Fault string `json:"fault,omitempty"`
	// After is how long after its beginning the stretch begins, For how long it lasts: to its end when absent.
	After timeline.Duration `json:"after,omitempty"`
	For   timeline.Duration `json:"for,omitempty"`
	Min   *int              `json:"min,omitempty"`
	Max   *int              `json:"max,omitempty"`
}

// Lost bounds the requests that were lost: a count, a part of all in percent, or both.
type Lost struct {
	Max     *int     `json:"max,omitempty"`
	Percent *float64 `json:"percent,omitempty"`
}

// Condition is a state of a condition that must have been seen.
type Condition struct {
	// Object is HPA or ScaledObject.
	Object string `json:"object"`
	// Type and Status are the condition's; Reason is a regular expression for its reason and message together, any when empty.
	Type   string `json:"type"`
	Status string `json:"status"`
	Reason string `json:"reason,omitempty"`
	// Phase or Fault names when it must have been seen; at any time when both are empty.
	Phase string `json:"phase,omitempty"`
	Fault string `json:"fault,omitempty"`
}
