package check

import (
	"math"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
)

// checkFields judges the names of the fields of the spec: the API server drops what it does not know.
func (so *scaledObject) checkFields(found *notes) {
	known := map[string][]string{
		"": {
			"scaleTargetRef", "pollingInterval", "initialCooldownPeriod", "cooldownPeriod", "idleReplicaCount", "minReplicaCount",
			"maxReplicaCount", "advanced", "triggers", "fallback",
		},
		"fallback": {"failureThreshold", "replicas", "behavior"},
		"advanced": {"horizontalPodAutoscalerConfig", "restoreToOriginalReplicaCount", "scalingModifiers"},
	}
	for _, part := range []string{"", "fallback", "advanced"} {
		n := so.spec
		if part != "" {
			n = so.spec.at(part)
		}
		for key := range n.fields() {
			if !slices.Contains(known[part], key.text()) {
				found.add("unknown-field", so.where(key), "%s is no field of a ScaledObject's %s%s", key.text(), strings.TrimSuffix("spec."+part, "."), meant(key.text(), known[part]))
			}
		}
	}
	if so.spec.at("scaleTargetRef", "name").text() == "" {
		found.add("target-missing", so.where(so.spec), "scaleTargetRef has no name")
	}
	for key, value := range so.at("metadata", "annotations").fields() {
		if name, ok := strings.CutPrefix(key.text(), "autoscaling.keda.sh/paused"); ok && value.text() != "false" {
			found.add("paused", so.where(key), "the annotation autoscaling.keda.sh/paused%s is set", name)
		}
	}
}

// checkReplicas judges the counts, and the periods whose effect depends on them.
func (so *scaledObject) checkReplicas(found *notes) {
	idle := so.spec.at("idleReplicaCount")
	if so.min() > so.max() {
		found.add("min-over-max", so.where(so.spec.at("minReplicaCount")), "minReplicaCount %d is above maxReplicaCount %d", so.min(), so.max())
	}
	if idle.there() && idle.integer(0) >= so.min() {
		found.add("idle-replicas", so.where(idle), "idleReplicaCount %s is not below minReplicaCount %d", idle.text(), so.min())
	}
	polled := so.min() == 0 || idle.there()
	if p := so.spec.at("pollingInterval"); p.there() && !polled && !so.cached() && !so.modifiers() {
		found.add("polling-without-effect", so.where(p), "pollingInterval is %s and minReplicaCount is %d", p.text(), so.min())
	}
	if c := so.spec.at("cooldownPeriod"); c.there() && !polled {
		found.add("cooldown-without-effect", so.where(c), "cooldownPeriod is %s and minReplicaCount is %d", c.text(), so.min())
	}
	for _, t := range so.all {
		if c := t.at("useCachedMetrics"); c.text() == "true" {
			found.add("cached-metrics", so.where(c), "useCachedMetrics is true: the value is up to %s old", model.Duration(so.polling()))
		}
	}
}

// checkBehavior judges what the HPA is told about its steps.
func (so *scaledObject) checkBehavior(found *notes, o Options) {
	up, down := so.rules().at("scaleUp"), so.rules().at("scaleDown")
	window := down.at("stabilizationWindowSeconds")
	if !window.there() {
		found.add("default-scale-down", so.where(so.spec), "no stabilizationWindowSeconds is given for scaleDown")
	}
	invisible := discovery + 2*o.ScrapeInterval + o.BatchTimeout + exportTime
	rated := slices.ContainsFunc(so.triggers, func(t *trigger) bool { return t.window() > 0 })
	if window.there() && rated && float64(window.integer(0)) < invisible.Seconds() {
		found.add("stabilization-short", so.where(window), "scaleDown looks back %s s, and new pods have no rate for up to %s", window.text(), invisible)
	}
	for direction, rules := range map[string]node{"scaleUp": up, "scaleDown": down} {
		if p := rules.at("selectPolicy"); p.text() == "Disabled" {
			found.add("direction-disabled", so.where(p), "%s is disabled", direction)
		}
	}
	for _, t := range so.triggers {
		last := t.settings(o, 0, so.max(), so.floor()).HoldLevel(so.max())
		if t.Threshold > 0 && t.MetricType == "AverageValue" && so.max() > so.floor() && last > float64(so.max())*t.Threshold*(1+1e-9) {
			found.add("last-replicas", so.where(so.spec.at("maxReplicaCount")), "from %d to %d replicas takes more than %s, and %d replicas are for %s",
				so.max()-1, so.max(), figure(last), so.max(), figure(float64(so.max())*t.Threshold))
		}
	}
}

// checkLoad judges whether an expected load gets the replicas that it is for.
func (t *trigger) checkLoad(found *notes, o Options) {
	if o.Load <= 0 || t.Threshold <= 0 || t.MetricType != "AverageValue" {
		return
	}
	need := int(math.Min(math.Ceil(o.Load/t.Threshold), math.MaxInt32))
	s := t.settings(o, o.Load, need, t.owner.floor())
	switch {
	case need > t.owner.max():
		found.add("max-too-low", t.owner.where(t.owner.spec.at("maxReplicaCount")), "a load of %s needs %d replicas, and maxReplicaCount is %d", figure(o.Load), need, t.owner.max())
	case need > t.owner.floor() && o.Load <= s.HoldLevel(need):
		found.add("tolerance", t.where("threshold"), "a load of %s needs %d replicas, and an HPA at %d goes on only above %s", figure(o.Load), need, need-1, figure(s.HoldLevel(need)))
	}
}

// checkFallback judges what KEDA serves while the query fails.
func (so *scaledObject) checkFallback(found *notes, o Options) {
	f := so.spec.at("fallback")
	if !f.there() {
		found.add("fallback-missing", so.where(so.spec), "there is no fallback")
		return
	}
	replicas := f.at("replicas")
	count := replicas.integer(0)
	keeps := slices.Contains([]string{"currentReplicas", "currentReplicasIfHigher"}, f.at("behavior").text())
	need := o.Replicas
	for _, t := range so.triggers {
		if o.Load > 0 && t.Threshold > 0 && t.MetricType == "AverageValue" {
			need = max(need, min(int(math.Min(math.Ceil(o.Load/t.Threshold), math.MaxInt32)), so.max()))
		}
	}
	switch {
	case !keeps && need > count:
		found.add("fallback-below-need", so.where(replicas), "fallback gives %d replicas, and %d are needed", count, need)
	case !keeps && count < so.max():
		found.add("fallback-static", so.where(replicas), "fallback gives %d replicas of at most %d, however many there are", count, so.max())
	}
	if count > so.max() {
		found.add("fallback-over-max", so.where(replicas), "fallback gives %d replicas, and maxReplicaCount is %d", count, so.max())
	}
	for _, t := range so.triggers {
		if t.EmptyIsZero {
			found.add("fallback-not-for-empty", so.where(f), "trigger %d takes an empty result for 0", t.Index)
		}
	}
}

// checkTriggers judges the triggers side by side.
func (so *scaledObject) checkTriggers(found *notes) {
	if len(so.all) == 0 {
		found.add("no-trigger", so.where(so.spec), "there is no trigger")
	}
	names := map[string]bool{}
	for _, n := range so.all {
		kind := n.at("type")
		switch {
		case kind.text() == "prometheus":
		case strings.EqualFold(kind.text(), "prometheus") || meant(kind.text(), []string{"prometheus"}) != "":
			found.add("trigger-type", so.where(kind), "the type %q is unknown: did you mean prometheus?", kind.text())
		default:
			found.add("not-checked", so.where(kind), "a trigger of type %q is not looked at", kind.text())
		}
		if name := n.at("name"); name.there() {
			if names[name.text()] {
				found.add("trigger-name", so.where(name), "two triggers are called %s", name.text())
			}
			names[name.text()] = true
		}
	}
	if len(so.all) > 1 && !so.modifiers() {
		found.add("several-triggers", so.where(so.all[1]), "there are %d triggers", len(so.all))
	}
	for i, t := range so.triggers {
		for _, other := range so.triggers[:i] {
			if t.Query != "" && t.Query == other.Query && t.ServerAddress == other.ServerAddress {
				found.add("duplicate-trigger", t.where("query"), "trigger %d asks what trigger %d asks", t.Index, other.Index)
			}
		}
	}
}

// checkTargets judges ScaledObjects side by side.
func (s set) checkTargets(found *notes) {
	for i, so := range s.scaled {
		target := so.spec.at("scaleTargetRef")
		for _, other := range s.scaled[:i] {
			o := other.spec.at("scaleTargetRef")
			if target.at("name").text() == "" || target.at("name").text() != o.at("name").text() || kindOf(target) != kindOf(o) || so.namespace != other.namespace {
				continue
			}
			if so.name == other.name {
				found.add("given-twice", so.where(so.node), "ScaledObject %s is given twice", so)
				continue
			}
			found.add("duplicate-target", so.where(target), "%s %s is scaled by ScaledObject %s as well", kindOf(target), target.at("name").text(), other)
		}
	}
}

func kindOf(target node) string {
	if kind := target.at("kind").text(); kind != "" {
		return kind
	}
	return "Deployment"
}
