package trial

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"time"
)

// countedFor is how long a count of replicas may be what the HPA divided by: it reads the count, asks for the metric, and its
// status with the average arrives here only after that. It is longer than that takes, and shorter than the time between two
// of the HPA's looks.
const countedFor = 700 * time.Millisecond

// counted remembers the counts in the Deployment's status. The HPA tells a metric as an average over the count that it found
// there, which is not the one that its own status names: that is the count which the Deployment is to have.
type counted struct {
	mu   sync.Mutex
	seen []count // the oldest first
}

type count struct {
	at       time.Time
	replicas int32
}

// add notes a count.
func (c *counted) add(at time.Time, replicas int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.seen); n > 0 && c.seen[n-1].replicas == replicas {
		return
	}
	c.seen = append(c.seen, count{at, replicas})
}

// total turns an average that arrived at a time back into the metric. Of the counts that were in force shortly before it takes
// the one that explains what the HPA asks for, and if none does, or several do, the one that leads nearest to what KEDA served
// when it was last read. Without any count it takes the HPA's own.
func (c *counted) total(at time.Time, average, served float64, own int32, explains func(total float64) bool) float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	var likely, others []float64
	for i, s := range c.seen {
		over := i+1 < len(c.seen) && at.Sub(c.seen[i+1].at) > countedFor
		if over || s.replicas == 0 {
			continue
		}
		if total := average * float64(s.replicas); explains(total) {
			likely = append(likely, total)
		} else {
			others = append(others, total)
		}
	}
	if len(likely) == 0 {
		likely = others
	}
	if len(likely) == 0 {
		return average * float64(own)
	}
	return slices.MinFunc(likely, func(a, b float64) int { return cmp.Compare(math.Abs(a-served), math.Abs(b-served)) })
}
