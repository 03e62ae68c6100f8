package check

import (
	"time"

	"github.com/ampersand-amp/ampersand/e2e/timeline"
)

// scaledObject is a ScaledObject in a file.
type scaledObject struct {
	object
	spec     node
	triggers []*trigger // those of type prometheus
	all      []node     // all of them
}

// where is the place of a value of the ScaledObject, or its own when the value is not there.
func (so *scaledObject) where(n node) place {
	at := place{file: so.file, line: n.line(), object: so.String()}
	if at.line == 0 {
		at.line = so.line()
	}
	return at
}

func (so *scaledObject) min() int { return so.spec.at("minReplicaCount").integer(0) }
func (so *scaledObject) max() int { return so.spec.at("maxReplicaCount").integer(defaultMax) }

// floor is the lowest count that the HPA keeps: it knows no 0.
func (so *scaledObject) floor() int { return max(so.min(), 1) }

func (so *scaledObject) polling() time.Duration {
	return time.Duration(so.spec.at("pollingInterval").integer(defaultPolling)) * time.Second
}

func (so *scaledObject) cooldown() time.Duration {
	return time.Duration(so.spec.at("cooldownPeriod").integer(defaultCooldown)) * time.Second
}

// modifiers reports whether a formula over all triggers takes the place of their values.
func (so *scaledObject) modifiers() bool {
	return so.spec.at("advanced", "scalingModifiers", "formula").there()
}

// cached reports whether a trigger's value is the one that KEDA polled last.
func (so *scaledObject) cached() bool {
	for _, t := range so.all {
		if t.at("useCachedMetrics").text() == "true" {
			return true
		}
	}
	return false
}

func (so *scaledObject) rules() node {
	return so.spec.at("advanced", "horizontalPodAutoscalerConfig", "behavior")
}

// behavior is the HPA's.
func (so *scaledObject) behavior() timeline.Behavior {
	return timeline.Behavior{ScaleUp: scalingRules(so.rules().at("scaleUp")), ScaleDown: scalingRules(so.rules().at("scaleDown"))}
}

func scalingRules(n node) *timeline.ScalingRules {
	if !n.there() {
		return nil
	}
	r := &timeline.ScalingRules{Tolerance: n.at("tolerance").text(), SelectPolicy: n.at("selectPolicy").text()}
	if window := n.at("stabilizationWindowSeconds"); window.there() {
		seconds := int32(window.integer(0))
		r.StabilizationWindowSeconds = &seconds
	}
	for _, p := range n.at("policies").items() {
		r.Policies = append(r.Policies, timeline.Policy{
			Type: p.at("type").text(), Value: int32(p.at("value").integer(0)), PeriodSeconds: int32(p.at("periodSeconds").integer(0)),
		})
	}
	return r
}

// readTriggers reads the triggers, once all files are known.
func (so *scaledObject) readTriggers(s set) {
	so.all = so.spec.at("triggers").items()
	for i, n := range so.all {
		if n.at("type").text() == "prometheus" {
			so.triggers = append(so.triggers, newTrigger(so, i, n, s))
		}
	}
}
