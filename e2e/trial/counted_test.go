package trial

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCounted(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	at := func(s float64) time.Time { return start.Add(time.Duration(s * float64(time.Second))) }
	nothing := func(float64) bool { return false }
	var c counted
	require.InDelta(t, 40, c.total(at(0), 20, 0, 2, nothing), 0, "the HPA's own count, when none was seen")
	c.add(at(0), 1)
	c.add(at(1), 1)
	c.add(at(10), 5)
	c.add(at(11), 9)
	tests := map[string]struct {
		at, average, served, want float64
	}{
		"the count before the step":                 {10.5, 157.9, 158, 157.9},
		"the count after it":                        {10.5, 31.6, 158, 158},
		"the step is over, whatever was served":     {10.9, 32.5, 30, 5 * 32.5},
		"the newest":                                {12, 20, 181, 180},
		"one that is over for long does not count":  {11.5, 157.9, 158, 5 * 157.9},
		"only the newest is left":                   {60, 20, 20, 180},
		"nothing served fits, the nearest is taken": {60, 20, 1000, 180},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.InDelta(t, tc.want, c.total(at(tc.at), tc.average, tc.served, 10, nothing), 1e-9)
		})
	}
}

// KEDA's value was read before the HPA asked: what the HPA makes of it tells which count it divided by.
func TestCountedExplains(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	var c counted
	c.add(start, 1)
	c.add(start.Add(time.Second), 4)
	tenReplicas := func(total float64) bool { return total > 180 }
	require.InDelta(t, 194.24, c.total(start.Add(1500*time.Millisecond), 48.56, 60, 4, tenReplicas), 1e-9)
	require.InDelta(t, 48.56, c.total(start.Add(1500*time.Millisecond), 48.56, 60, 4, func(float64) bool { return true }), 1e-9, "both do")
}
