package conformance

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"time"
)

// writeDuplicateChecks are about two samples of a series at one time.
func writeDuplicateChecks() []Check {
	return []Check{
		{
			ID: "remote-write.duplicates.same-request", Level: Should, Area: RemoteWriting,
			Description: "A request that is sent twice is taken twice and stored once.",
			Source:      "[C Prometheus TSDB]; senders repeat what they got no answer to",
			Run: func(_ context.Context, t *T) {
				ws, now, x := t.Workspace(), t.Now(), t.Metric("x")
				for range 2 {
					ws.Do(RemoteWriteSeries(Series(x, nil, At(now.Add(-time.Second), 1), At(now, 2)))).ExpectStatus(http.StatusOK).ExpectBody("")
				}
				ws.ExpectQuery(x+"[1m]", now, x+" 1@"+stamp(now.Add(-time.Second))+" 2@"+stamp(now))
			},
		},
		{
			ID: "remote-write.duplicates.other-value", Level: Should, Area: RemoteWriting,
			Description: "Another value for the time of the newest sample is refused with 400, the first one stays, and the good series beside it are stored.",
			Source:      "amp-api.md 1.6 [C ingester.go; D reason new-value-for-timestamp]",
			Run: func(_ context.Context, t *T) {
				m, x := t.Workspace().marked(), t.Metric("x")
				m.Write(Series(x, nil, At(m.at, 1)))
				m.sendAmongGood(Series(x, nil, At(m.at, 5))).ExpectStatus(http.StatusBadRequest).
					ExpectContains("user="+m.tenant()+": err: duplicate sample for timestamp", `series={__name__="`+x+`"}`)
				m.ExpectQuery(x, m.at, x+" 1")
			},
		},
		{
			ID: "remote-write.duplicates.text", Level: May, Area: RemoteWriting,
			Description: "The refusal of another value names time and both values, as newer versions of Prometheus do.",
			Source:      "amp-api.md 1.6 [M Prometheus storage/interface.go]",
			Run: func(_ context.Context, t *T) {
				ws, now, x := t.Workspace(), t.Now(), t.Metric("x")
				ws.Write(Series(x, nil, At(now, 1)))
				ws.Do(RemoteWriteSeries(Series(x, nil, At(now, 5)))).ExpectStatus(http.StatusBadRequest).ExpectContains(
					fmt.Sprintf("duplicate sample for timestamp %d; overrides not allowed: existing 1, new value 5", now.UnixMilli()))
			},
		},
		{
			ID: "remote-write.duplicates.within-a-request", Level: Should, Area: RemoteWriting,
			Description: "Of two values for one time in a request the second is refused.",
			Source:      "amp-api.md 1.6 [C]",
			Run: func(_ context.Context, t *T) {
				m, x := t.Workspace().marked(), t.Metric("x")
				m.sendAmongGood(Series(x, nil, At(m.at, 1)), Series(x, nil, At(m.at, 5))).ExpectStatus(http.StatusBadRequest).
					ExpectContains("duplicate sample for timestamp", `series={__name__="`+x+`"}`)
				m.ExpectQuery(x, m.at, x+" 1")
			},
		},
		{
			ID: "remote-write.duplicates.not-a-number", Level: Should, Area: RemoteWriting,
			Description: "NaN twice at one time is no contradiction.",
			Source:      "[C Prometheus TSDB compares bits]",
			Run: func(_ context.Context, t *T) {
				ws, now, x := t.Workspace(), t.Now(), t.Metric("x")
				for range 2 {
					ws.Do(RemoteWriteSeries(Series(x, nil, At(now, math.NaN())))).ExpectStatus(http.StatusOK)
				}
				ws.ExpectQuery(x, now, x+" NaN")
			},
		},
	}
}
