package check

import (
	"math"
	"strconv"
)

// Wish is what the HPA makes of a value.
type Wish struct {
	// Current is the count that it starts from.
	Current int `json:"current"`
	// Exact is the count that the value is for, without tolerance and limits.
	Exact int `json:"exact"`
	// Held says that the tolerance keeps the current count.
	Held bool `json:"heldByTolerance"`
	// Wanted is what it asks for, within minimum and maximum. Its policies may take several steps to get there.
	Wanted int `json:"wanted"`
	// Limit is min or max when that is what decides.
	Limit string `json:"limit,omitempty"`
}

// wish counts as Kubernetes' HPA controller does: GetExternalPerPodMetricReplicas for AverageValue and
// GetExternalMetricReplicas for Value, in thousandths.
func (t *trigger) wish(value float64, current int, tolerance float64) Wish {
	usage, target := math.Round(math.Max(value, 0)*1000), math.Round(t.Threshold*1000)
	ratio, exact := usage/target, math.Ceil(usage/target)
	if t.MetricType == "Value" {
		exact = math.Ceil(ratio * float64(current))
	} else {
		ratio /= float64(current)
	}
	a := Wish{Current: current, Exact: int(math.Min(exact, math.MaxInt32))}
	up, down := t.owner.tolerances(tolerance)
	a.Wanted = a.Exact
	if 1-down <= ratio && ratio <= 1+up {
		a.Wanted, a.Held = current, a.Exact != current
	}
	switch low, high := t.owner.floor(), t.owner.max(); {
	case a.Wanted < low:
		a.Wanted, a.Limit = low, "min"
	case a.Wanted > high:
		a.Wanted, a.Limit = high, "max"
	}
	if t.owner.min() == 0 && value <= t.Activation {
		a.Wanted, a.Held, a.Limit = 0, false, "" // KEDA takes the last replica away, after its cooldown
	}
	return a
}

// tolerances are those for going up and down.
func (so *scaledObject) tolerances(standard float64) (up, down float64) {
	read := func(direction string) float64 {
		if f, err := strconv.ParseFloat(so.rules().at(direction, "tolerance").text(), 64); err == nil {
			return f
		}
		return standard
	}
	return read("scaleUp"), read("scaleDown")
}
