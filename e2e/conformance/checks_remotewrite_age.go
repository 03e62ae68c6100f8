package conformance

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/prometheus/prompb"
)

// writeAgeChecks are about samples and the clock. They keep half a minute away
// from each bound, which is more than clocks under NTP differ.
func writeAgeChecks() []Check {
	const hour = "amp-api.md 3, UG:AMP-CW-usage-metrics \"older than one hour\" [D]"
	return []Check{
		{
			ID: "remote-write.age.over-an-hour", Level: Must, Area: RemoteWriting,
			Description: "A sample that is older than an hour is refused with 400 and not stored, even if it is the first of its workspace.",
			Source:      hour,
			Run: func(_ context.Context, t *T) {
				m := t.OwnWorkspace().marked() // in any other it would be late as well
				old := m.at.Add(-time.Hour - 30*time.Second)
				m.Do(RemoteWriteSeries(m.series(t.Metric("old"), nil, At(old, 1)))).ExpectStatus(http.StatusBadRequest)
				good := m.series(t.Metric("good"), nil, At(m.at, 1))
				m.Write(good)
				m.expectStored(m.at, good)
				m.expectStored(old.Add(time.Second)) // the good one is seen, so this one would be
			},
		},
		{
			ID: "remote-write.age.text", Level: Should, Area: RemoteWriting,
			Description: "The refusal of a sample that is too old names its time in milliseconds and its metric.",
			Source:      "amp-api.md 1.6 [C validate.go]",
			Run: func(_ context.Context, t *T) {
				m := t.Workspace().marked()
				old := At(m.at.Add(-2*time.Hour), 1)
				m.expectRefused(fmt.Sprintf("timestamp too old: %d metric: %q", old.Timestamp, t.Metric("old")),
					m.series(t.Metric("old"), nil, old))
			},
		},
		{
			ID: "remote-write.age.epoch", Level: Should, Area: RemoteWriting,
			Description: "A sample at time zero, as clients without a clock send it, is too old.",
			Source:      "amp-api.md 1.6 [D reason; C text]",
			Run: func(_ context.Context, t *T) {
				m := t.Workspace().marked()
				m.expectRefused(fmt.Sprintf("timestamp too old: 0 metric: %q", t.Metric("old")),
					m.series(t.Metric("old"), nil, prompb.Sample{Value: 1}))
			},
		},
		{
			ID: "remote-write.age.seconds-for-milliseconds", Level: Should, Area: RemoteWriting,
			Description: "A sample whose time is in seconds is too old.",
			Source:      "amp-api.md 1.6 [D reason; C text]",
			Run: func(_ context.Context, t *T) {
				m := t.Workspace().marked()
				m.expectRefused(fmt.Sprintf("timestamp too old: %d metric: %q", m.at.Unix(), t.Metric("old")),
					m.series(t.Metric("old"), nil, prompb.Sample{Timestamp: m.at.Unix(), Value: 1}))
			},
		},
		{
			ID: "remote-write.age.within-the-hour", Level: Should, Area: RemoteWriting,
			Description: "A sample of a new series that is less than an hour old is stored.",
			Source:      hour + ", the other way round",
			Run: func(_ context.Context, t *T) {
				m := t.BorrowWorkspace().marked()
				m.Write(m.series(t.Metric("now"), nil, At(m.at, 1))) // so that it is late, too
				old := m.series(t.Metric("old"), nil, At(m.at.Add(-59*time.Minute), 2))
				m.Do(RemoteWriteSeries(old)).ExpectStatus(http.StatusOK)
				m.expectStored(m.at.Add(-58*time.Minute), old)
			},
		},
		{
			ID: "remote-write.age.future", Level: Should, Area: RemoteWriting,
			Description: "A sample more than 10 min ahead is refused with 400 and not stored.",
			Source:      "amp-api.md 1.6 [C validate.go]",
			Run: func(_ context.Context, t *T) {
				m := t.OwnWorkspace().marked() // see near-future
				ahead := m.at.Add(10*time.Minute + 30*time.Second)
				m.expectRefused(fmt.Sprintf("timestamp too new: %d metric: %q", ahead.UnixMilli(), t.Metric("new")),
					m.series(t.Metric("new"), nil, At(ahead, 1)))
				m.expectStored(ahead.Add(time.Second))
			},
		},
		{
			ID: "remote-write.age.near-future", Level: Should, Area: RemoteWriting,
			Description: "A sample less than 10 min ahead is stored and seen at its time.",
			Source:      "amp-api.md 1.6 [C validate.go]",
			Run: func(_ context.Context, t *T) {
				m := t.OwnWorkspace().marked() // a shared one would hold others' samples for late
				ahead := m.at.Add(9*time.Minute + 30*time.Second)
				s := m.series(t.Metric("new"), nil, At(ahead, 1))
				m.Do(RemoteWriteSeries(s)).ExpectStatus(http.StatusOK)
				m.expectStored(ahead, s)
				m.expectStored(ahead.Add(-time.Millisecond))
			},
		},
		{
			ID: "remote-write.age.one-of-a-series", Level: Should, Area: RemoteWriting,
			Description: "One sample that is too old refuses all that its series has in the request.",
			Source:      "[C distributor.go validateSeries]",
			Run: func(_ context.Context, t *T) {
				m := t.Workspace().marked()
				old := At(m.at.Add(-2*time.Hour), 1)
				m.expectRefused(fmt.Sprintf("timestamp too old: %d metric: %q", old.Timestamp, t.Metric("old")),
					m.series(t.Metric("old"), nil, old, At(m.at.Add(-time.Second), 2), At(m.at, 3)))
			},
		},
	}
}
