package check

import "slices"

// Rules returns all rules, in the order of what they judge.
func Rules() []Rule { return slices.Concat(objectRules(), triggerRules(), queryRules()) }

// objectRules are about the ScaledObject and its triggers side by side.
func objectRules() []Rule {
	return []Rule{
		{
			ID: "not-yaml", Level: LevelError, Source: "KEDA",
			Why: "Nothing of what follows in the file is read.",
			Do:  "Mend the YAML; a template must be rendered first.",
		},
		{
			ID: "no-scaledobject", Level: LevelError, Source: "KEDA",
			Why: "There is nothing to judge.",
			Do:  "Give the file that holds the ScaledObject (apiVersion keda.sh/v1alpha1).",
		},
		{
			ID: "unknown-field", Level: LevelWarning, Source: "KEDA",
			Why: "The API server drops fields that it does not know, and KEDA's default holds instead.",
			Do:  "Correct the name or take it out.",
		},
		{
			ID: "target-missing", Level: LevelError, Source: "KEDA",
			Why: "KEDA does not know what to scale, and the API server refuses the object.",
			Do:  "Set spec.scaleTargetRef.name.",
		},
		{
			ID: "paused", Level: LevelWarning, Source: "KEDA",
			Why: "KEDA does not scale while it is there.",
			Do:  "Remove the annotation.",
		},
		{
			ID: "min-over-max", Level: LevelError, Source: "KEDA",
			Why: "KEDA's webhook refuses the object.",
			Do:  "Raise maxReplicaCount or lower minReplicaCount.",
		},
		{
			ID: "idle-replicas", Level: LevelError, Source: "KEDA",
			Why: "KEDA's webhook refuses an idle count that is not below the minimum.",
			Do:  "Set idleReplicaCount to 0, or raise minReplicaCount.",
		},
		{
			ID: "polling-without-effect", Level: LevelWarning, Source: "K06",
			Why: "From 1 replica on the HPA asks at each of its own syncs (15 s by default); the interval neither speeds up scaling nor spares queries.",
			Do:  "Take it out, or set useCachedMetrics to have the value polled.",
		},
		{
			ID: "cooldown-without-effect", Level: LevelWarning, Source: "KEDA",
			Why: "It matters only on the way to 0 or to the idle count; going down to the minimum is the HPA's.",
			Do:  "Set advanced.horizontalPodAutoscalerConfig.behavior.scaleDown instead.",
		},
		{
			ID: "cached-metrics", Level: LevelNote, Source: "KEDA",
			Why: "The HPA decides on what KEDA polled last, so pollingInterval adds to the reaction time.",
			Do:  "Keep pollingInterval at or below the HPA's sync period.",
		},
		{
			ID: "default-scale-down", Level: LevelNote, Source: "HPA",
			Why: "The HPA then follows the highest count that it wanted in the last 300 s before it goes down.",
			Do:  "Set behavior.scaleDown.stabilizationWindowSeconds to what you want.",
		},
		{
			ID: "stabilization-short", Level: LevelWarning, Source: "I11",
			Why: "A new pod takes load at once and gives a rate later: until then the sum dips, and the HPA takes pods away again.",
			Do:  "Make the window longer than that.",
		},
		{
			ID: "direction-disabled", Level: LevelWarning, Source: "HPA",
			Why: "The HPA never moves in that direction.",
			Do:  "Take selectPolicy: Disabled out unless that is wanted.",
		},
		{
			ID: "last-replicas", Level: LevelNote, Source: "K10",
			Why: "The HPA changes nothing while the metric is within its tolerance (10 %) of the current count's target, so a slow ramp leaves it short of the maximum for long.",
			Do:  "Set behavior.scaleUp.tolerance, or give the maximum room.",
		},
		{
			ID: "max-too-low", Level: LevelWarning, Source: "HPA",
			Why: "The HPA stops at the maximum, and each pod carries more than its share.",
			Do:  "Raise maxReplicaCount.",
		},
		{
			ID: "tolerance", Level: LevelWarning, Source: "K10",
			Why: "An HPA that has stopped one replica short stays there: the metric is within its tolerance of that count's target.",
			Do:  "Set behavior.scaleUp.tolerance, lower the threshold, or accept one replica less.",
		},
		{
			ID: "fallback-missing", Level: LevelNote, Source: "K09",
			Why: "While the query fails the HPA holds the count; it does not grow with the load, and from 0 nothing starts.",
			Do:  "Set fallback with behavior currentReplicasIfHigher.",
		},
		{
			ID: "fallback-below-need", Level: LevelWarning, Source: "K02",
			Why: "An outage of the metric takes pods away while they are needed.",
			Do:  "Raise fallback.replicas, or set fallback.behavior to currentReplicasIfHigher.",
		},
		{
			ID: "fallback-static", Level: LevelNote, Source: "K02",
			Why: "An outage under load scales down to it.",
			Do:  "Set fallback.behavior to currentReplicasIfHigher.",
		},
		{
			ID: "fallback-over-max", Level: LevelWarning, Source: "HPA",
			Why: "The HPA never goes above the maximum.",
			Do:  "Lower fallback.replicas or raise maxReplicaCount.",
		},
		{
			ID: "fallback-not-for-empty", Level: LevelNote, Source: "K01",
			Why: "An empty result is then no failure, and the fallback does not come into force.",
			Do:  "Set ignoreNullValues to \"false\".",
		},
		{
			ID: "no-trigger", Level: LevelError, Source: "KEDA",
			Why: "KEDA refuses a ScaledObject without triggers.",
			Do:  "Add a trigger.",
		},
		{
			ID: "trigger-type", Level: LevelError, Source: "KEDA",
			Why: "KEDA knows no scaler of that name.",
			Do:  "Write prometheus.",
		},
		{
			ID: "not-checked", Level: LevelNote, Source: "KEDA",
			Why: "Only triggers of type prometheus are judged.",
			Do:  "Look at it by hand: the highest count that any trigger asks for wins.",
		},
		{
			ID: "trigger-name", Level: LevelError, Source: "KEDA",
			Why: "KEDA's webhook refuses names that are not unique.",
			Do:  "Rename one.",
		},
		{
			ID: "several-triggers", Level: LevelNote, Source: "HPA",
			Why: "They are not added up: the HPA takes the highest count that any of them asks for, and one that fails keeps it from going down.",
			Do:  "Use scalingModifiers for a formula over all of them.",
		},
		{
			ID: "duplicate-trigger", Level: LevelWarning, Source: "HPA",
			Why: "Of triggers with the same value only the one with the lowest threshold counts; the other only costs queries.",
			Do:  "Take one out.",
		},
		{
			ID: "duplicate-target", Level: LevelError, Source: "KEDA",
			Why: "KEDA's webhook refuses a second ScaledObject for a workload; without it two HPAs undo each other's steps.",
			Do:  "Put the triggers into one ScaledObject.",
		},
		{
			ID: "given-twice", Level: LevelWarning, Source: "KEDA",
			Why: "The one that is applied last wins.",
			Do:  "Take one out.",
		},
	}
}
