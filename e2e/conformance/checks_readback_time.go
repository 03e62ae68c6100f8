package conformance

import (
	"context"
	"time"
)

// readBackTimeChecks are about when a sample is seen.
func readBackTimeChecks() []Check {
	const lookback = "Prometheus querying basics, staleness: 5 min [D]; [C]"
	return []Check{
		{
			ID: "read-back.sample.every-value", Level: Must, Area: ReadBack,
			Description: "Every sample of a series is read back with its time and value.",
			Source:      "Prometheus remote write specification 1.0 [D]",
			Run: func(_ context.Context, t *T) {
				ws := t.Workspace()
				at := t.Now().Truncate(time.Second).Add(-time.Minute)
				ws.Write(Series(t.Metric("x"), Labels{"job": "a"}, At(at, 1.5), At(at.Add(15*time.Second), -2.25)))
				ws.ExpectQuery(t.Metric("x"), at.Add(14*time.Second), t.Metric("x")+`{job="a"} 1.5`)
				ws.ExpectQuery(t.Metric("x"), at.Add(15*time.Second), t.Metric("x")+`{job="a"} -2.25`)
			},
		},
		{
			ID: "read-back.time.milliseconds", Level: Must, Area: ReadBack,
			Description: "Samples a millisecond apart are read back with their times.",
			Source:      "Prometheus remote write specification 1.0 [D]",
			Run: func(_ context.Context, t *T) {
				ws, x := t.Workspace(), t.Metric("x")
				at := t.Now().Truncate(time.Second).Add(-10*time.Second + 998*time.Millisecond)
				ms := func(n int) time.Time { return at.Add(time.Duration(n) * time.Millisecond) }
				ws.Write(Series(x, nil, At(ms(0), 1), At(ms(1), 2), At(ms(2), 3), At(ms(4), 4)))
				ws.ExpectQuery(x+"[1m]", ms(4), x+" 1@"+stamp(ms(0))+" 2@"+stamp(ms(1))+" 3@"+stamp(ms(2))+" 4@"+stamp(ms(4)))
				ws.ExpectQuery(x, ms(3), x+" 3")
			},
		},
		{
			ID: "read-back.time.not-before", Level: Must, Area: ReadBack,
			Description: "A sample is seen from its own millisecond on, and not one before.",
			Source:      "PromQL, instant vector selectors [D]",
			Run: func(_ context.Context, t *T) {
				ws, now, x := t.Workspace(), t.Now(), t.Metric("x")
				ws.Write(Series(x, nil, At(now, 1)))
				ws.ExpectQuery(x, now, x+" 1")
				ws.ExpectQuery(x, now.Add(-time.Millisecond))
			},
		},
		{
			ID: "read-back.time.lookback", Level: Must, Area: ReadBack,
			Description: "A sample is seen for almost 5 min and no longer than that.",
			Source:      lookback,
			Run: func(_ context.Context, t *T) {
				ws, x := t.Workspace(), t.Metric("x")
				at := t.Now().Add(-10 * time.Minute)
				ws.Write(Series(x, nil, At(at, 1)))
				ws.ExpectQuery(x, at.Add(5*time.Minute-time.Millisecond), x+" 1")
				ws.ExpectQuery(x, at.Add(5*time.Minute+time.Millisecond))
			},
		},
		{
			ID: "read-back.time.steps", Level: Must, Area: ReadBack,
			Description: "A range query shows at each step the newest sample, and a gap where the last one is older than 5 min.",
			Source:      lookback + "; PromQL, range queries [D]",
			Run: func(_ context.Context, t *T) {
				ws, x := t.Workspace(), t.Metric("x")
				at := t.Now().Truncate(2 * time.Minute).Add(-20 * time.Minute) // a multiple of the step
				step := func(n int) time.Time { return at.Add(time.Duration(n) * 2 * time.Minute) }
				ws.Write(Series(x, nil, At(step(1), 1), At(step(1).Add(time.Minute), 2), At(step(6), 3)))
				ws.ExpectRange(x, step(0), step(7), 2*time.Minute,
					x+" 1@"+stamp(step(1))+" 2@"+stamp(step(2))+" 2@"+stamp(step(3))+" 3@"+stamp(step(6))+" 3@"+stamp(step(7)))
			},
		},
		{
			ID: "read-back.time.offset", Level: Must, Area: ReadBack,
			Description: "An offset and an @ look for samples at another time.",
			Source:      "PromQL, offset and @ modifiers [D]",
			Run: func(_ context.Context, t *T) {
				ws, now, x := t.Workspace(), t.Now(), t.Metric("x")
				ws.Write(Series(x, nil, At(now.Add(-time.Minute), 1), At(now, 2)))
				ws.ExpectQuery(x+" offset 1m", now, x+" 1")
				ws.ExpectQuery(x+" @ "+seconds(now.Add(-time.Minute)), now, x+" 1")
				ws.ExpectQuery(x, now, x+" 2")
			},
		},
		{
			ID: "read-back.time.later-requests", Level: Must, Area: ReadBack,
			Description: "Samples of several requests are one series.",
			Source:      "Prometheus remote write specification 1.0 [D]",
			Run: func(_ context.Context, t *T) {
				ws, now, x := t.Workspace(), t.Now(), t.Metric("x")
				want := x
				for i := range 5 {
					at := now.Add(time.Duration(i-5) * time.Second)
					ws.Write(Series(x, nil, At(at, float64(i))))
					want += " " + string(rune('0'+i)) + "@" + stamp(at)
				}
				ws.ExpectQuery(x+"[1m]", now, want)
			},
		},
	}
}

// readBackStaleChecks are about the marker that says that a series has ended.
func readBackStaleChecks() []Check {
	const source = "Prometheus remote write specification 1.0, stale markers [D]"
	return []Check{
		{
			ID: "read-back.stale.ends", Level: Must, Area: ReadBack,
			Description: "A series is gone from its stale marker on.",
			Source:      source,
			Run: func(_ context.Context, t *T) {
				ws, now, x := t.Workspace(), t.Now(), t.Metric("x")
				ws.Write(Series(x, nil, At(now.Add(-10*time.Second), 1), At(now, staleMarker())))
				ws.ExpectQuery(x, now.Add(-time.Millisecond), x+" 1")
				ws.ExpectQuery(x, now)
			},
		},
		{
			ID: "read-back.stale.other-request", Level: Must, Area: ReadBack,
			Description: "A stale marker of a later request ends a series, and only that one.",
			Source:      source,
			Run: func(_ context.Context, t *T) {
				ws, now, x := t.Workspace(), t.Now(), t.Metric("x")
				ws.Write(Series(x, Labels{"a": "1"}, At(now.Add(-10*time.Second), 1)), Series(x, Labels{"a": "2"}, At(now.Add(-10*time.Second), 2)))
				ws.Write(Series(x, Labels{"a": "1"}, At(now, staleMarker())))
				ws.ExpectQuery(x, now, x+`{a="2"} 2`)
			},
		},
		{
			ID: "read-back.stale.no-sample", Level: Must, Area: ReadBack,
			Description: "A stale marker is no sample: ranges leave it out.",
			Source:      source,
			Run: func(_ context.Context, t *T) {
				ws, now, x := t.Workspace(), t.Now(), t.Metric("x")
				ws.Write(Series(x, nil, At(now.Add(-2*time.Second), 1), At(now.Add(-time.Second), staleMarker()), At(now, 3)))
				ws.ExpectQuery(x+"[1m]", now, x+" 1@"+stamp(now.Add(-2*time.Second))+" 3@"+stamp(now))
			},
		},
		{
			ID: "read-back.stale.gap", Level: Must, Area: ReadBack,
			Description: "A range query has a gap between a stale marker and the next sample.",
			Source:      source,
			Run: func(_ context.Context, t *T) {
				ws, x := t.Workspace(), t.Metric("x")
				at := t.Now().Truncate(10 * time.Second).Add(-50 * time.Second)
				step := func(n int) time.Time { return at.Add(time.Duration(n) * 10 * time.Second) }
				ws.Write(Series(x, nil, At(step(0), 1), At(step(1), staleMarker()), At(step(3), 3)))
				ws.ExpectRange(x, step(0), step(4), 10*time.Second, x+" 1@"+stamp(step(0))+" 3@"+stamp(step(3))+" 3@"+stamp(step(4)))
			},
		},
		{
			ID: "read-back.stale.not-nan", Level: Must, Area: ReadBack,
			Description: "A NaN that is no stale marker does not end a series.",
			Source:      source,
			Run: func(_ context.Context, t *T) {
				ws, now, x := t.Workspace(), t.Now(), t.Metric("x")
				ws.Write(Series(x, nil, At(now.Add(-time.Second), 1), At(now, notStale())))
				ws.ExpectQuery(x, now, x+" NaN")
			},
		},
	}
}
