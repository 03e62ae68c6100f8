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
	var c counted
	require.InDelta(t, 40, c.total(at(0), 20, 0, 2), 0, "the HPA's own count, when none was seen")
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
			require.InDelta(t, tc.want, c.total(at(tc.at), tc.average, tc.served, 10), 1e-9)
		})
	}
}
