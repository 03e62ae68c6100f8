package timeline

import "math"

// stepsUp counts the HPA's steps from one count to another when every step is as large as the rules allow, each in a period of
// its own, and returns the longest period among the policies that decide, in seconds. 0 steps means that it never gets there.
func stepsUp(rules ScalingRules, from, to int) (steps int, periodSeconds float64) {
	// From 0 KEDA itself sets 1 replica; the HPA's policies begin there.
	current := int32(max(from, 1))
	for current < int32(to) {
		next, period := limitUp(rules, current)
		if next <= current || steps == maxSteps {
			return 0, periodSeconds
		}
		current = next
		steps++
		periodSeconds = math.Max(periodSeconds, float64(period))
	}
	return steps, periodSeconds
}

// limitUp is calculateScaleUpLimitWithScalingRules of Kubernetes' HPA controller for a period without events, and
// calculateScaleUpLimit for an HPA without a behavior.
func limitUp(rules ScalingRules, start int32) (limit, periodSeconds int32) {
	limit, periodSeconds = pick(rules, start, func(p Policy) int32 {
		if p.Type == "Pods" {
			return start + p.Value
		}
		return int32(math.Ceil(float64(start) * (1 + float64(p.Value)/100)))
	}, rules.SelectPolicy == "Min")
	return max(limit, rules.atLeast), periodSeconds
}

// stepsDown is stepsUp for going down.
func stepsDown(rules ScalingRules, from, to int) (steps int, periodSeconds float64) {
	current := int32(from)
	for current > int32(to) {
		next, period := limitDown(rules, current)
		if next >= current || steps == maxSteps {
			return 0, periodSeconds
		}
		current = next
		steps++
		periodSeconds = math.Max(periodSeconds, float64(period))
	}
	return steps, periodSeconds
}

func limitDown(rules ScalingRules, start int32) (limit, periodSeconds int32) {
	return pick(rules, start, func(p Policy) int32 {
		if p.Type == "Pods" {
			return start - p.Value
		}
		return int32(float64(start) * (1 - float64(p.Value)/100))
	}, rules.SelectPolicy != "Min")
}

// pick returns the lowest or the highest of what the policies propose, and the period of the policy that proposed it.
func pick(rules ScalingRules, start int32, propose func(Policy) int32, lowest bool) (limit, periodSeconds int32) {
	if rules.SelectPolicy == "Disabled" {
		return start, 0
	}
	for i, p := range rules.Policies {
		v := propose(p)
		if i == 0 || (lowest && v < limit) || (!lowest && v > limit) {
			limit, periodSeconds = v, p.PeriodSeconds
		}
	}
	return limit, periodSeconds
}
