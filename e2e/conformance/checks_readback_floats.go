package conformance

import (
	"context"
	"fmt"
	"math"

	"github.com/prometheus/common/model"
)

// readBackFloatChecks write numbers that are easily lost on their way through a
// store or through JSON, and compare them bit by bit.
func readBackFloatChecks() []Check {
	var checks []Check
	for _, c := range []struct {
		id, description string
		value           float64
		text            string
	}{
		{"largest", "The largest number", math.MaxFloat64, ""},
		{"smallest", "The smallest number above zero", math.SmallestNonzeroFloat64, ""},
		{"all-bits", "A third, which needs all 53 bits", 1.0 / 3, "0.3333333333333333"},
		{"above-integers", "The integer 2^53, above which not all are numbers", 1 << 53, "9007199254740992"},
		{"negative", "A small number below zero", -1.25e-9, ""},
		{"nan", "NaN", math.Float64frombits(0x7ff8000000000001), "NaN"},
		{"infinite", "Infinity", math.Inf(1), "+Inf"},
		{"negative-infinite", "Infinity below zero", math.Inf(-1), "-Inf"},
	} {
		checks = append(checks, Check{
			ID: "read-back.float." + c.id, Level: Must, Area: ReadBack,
			Description: c.description + " is read back bit for bit.",
			Source:      "Prometheus remote write specification 1.0 and HTTP API [D]",
			Run: func(_ context.Context, t *T) {
				ws, now, x := t.Workspace(), t.Now(), t.Metric("x")
				ws.Write(Series(x, nil, At(now, c.value)))
				t.Eventually("the sample", func() error {
					v, ok := ws.Query(x, now).(model.Vector)
					if !ok || len(v) != 1 {
						return fmt.Errorf("expected one series, got %s", text(v))
					}
					got := float64(v[0].Value)
					if math.Float64bits(got) != math.Float64bits(c.value) && !(math.IsNaN(got) && math.IsNaN(c.value)) {
						return fmt.Errorf("expected %x, got %x", c.value, got)
					}
					return nil
				})
				if c.text != "" {
					ws.Do(QueryAt(x, now)).ExpectStatus(200).ExpectJSON("data.result.0.value.1", c.text)
				}
			},
		})
	}
	return checks
}
