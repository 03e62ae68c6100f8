package timeline

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// roundoff is by how much a value may differ after the HPA has told it as an average per replica in thousandths.
const roundoff = 0.05

// late is by how much, as a ratio, samples that arrive late may change what the query yields for an instant.
const late = 0.1

// StepsFollow checks each of the HPA's steps up under load: that it asks for as many replicas as the metric that the HPA
// saw asks for, or for as many as its rules allow at once, and that what the HPA saw is what KEDA served.
func (r *Run) StepsFollow() error {
	desired, err := r.loaded(HopDesired)
	if err != nil {
		return fmt.Errorf("steps follow the metric: %w", err)
	}
	var errs []error
	for i := 1; i < len(desired); i++ {
		if from, to := desired[i-1], desired[i]; to.Value > from.Value {
			if err := r.stepFollows(from, to); err != nil {
				errs = append(errs, fmt.Errorf("steps follow the metric: %s to %s %s: %w", num(from.Value), num(to.Value), r.when(to.At), err))
			}
		}
	}
	return errors.Join(errs...)
}

func (r *Run) stepFollows(from, to Point) error {
	saw, ok := r.Series[HopHPA].At(to.At)
	if !ok {
		return errors.New("no metric of the HPA was seen")
	}
	asked := math.Min(math.Ceil((saw-roundoff)/r.Settings.Threshold), float64(r.Settings.MaxReplicas))
	allowed, _ := limitUp(r.Settings.Behavior.up(), int32(from.Value))
	if want := math.Min(asked, float64(allowed)); to.Value != want {
		return fmt.Errorf("the HPA saw %s at a threshold of %s, which asks for %s replicas, and may go to %d",
			num(saw), num(r.Settings.Threshold), num(asked), allowed)
	}
	// KEDA's value is read at an interval, and KEDA sets it for each sync of the HPA and each poll of its own: the very value
	// that the HPA saw may be gone before it is read. Then it lies between those that were, or between those that the store
	// had at the time.
	const around = 2 * time.Second
	since, until := to.At.Add(-r.Settings.HPASync.D()-around), to.At.Add(around)
	served := r.Series[HopServed].Between(since, until)
	if len(served) == 0 {
		return fmt.Errorf("the HPA saw %s, and KEDA served nothing around it", num(saw))
	}
	least, most := bounds(served)
	if evaluated := r.Evaluated.Between(since, until); len(evaluated) > 0 {
		low, high := bounds(evaluated)
		// A sample that came after the query was evaluated for KEDA counts afterwards.
		least, most = min(least, low*(1-late)), max(most, high*(1+late))
	}
	if slack := roundoff + saw/1000; saw < least-slack || saw > most+slack {
		return fmt.Errorf("the HPA saw %s, and KEDA served no such value around it: %v, nor could it: the store had %s to %s",
			num(saw), values(served), num(least), num(most))
	}
	return nil
}

// bounds returns the least and the greatest value.
func bounds(s Series) (least, most float64) {
	least, most = math.Inf(1), math.Inf(-1)
	for _, p := range s {
		least, most = min(least, p.Value), max(most, p.Value)
	}
	return least, most
}

func values(s Series) []string {
	list := make([]string, len(s))
	for i, p := range s {
		list[i] = num(p.Value)
	}
	return list
}
