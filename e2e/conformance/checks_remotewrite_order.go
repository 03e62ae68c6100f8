package conformance

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/prometheus/prometheus/prompb"
)

// writeOrderChecks are about samples that come late. They are alone in a
// workspace, because the newest sample of all decides what is late.
func writeOrderChecks() []Check {
	const window = "amp-api.md 0 fact 8, UG:AMP-workspace-configuration [D]"
	return []Check{
		{
			ID: "remote-write.order.within-the-window", Level: Must, Area: RemoteWriting,
			Description: "A sample 45 s behind the newest of its series is stored at its place.",
			Source:      window + ": 60 s by default",
			Run: func(_ context.Context, t *T) {
				ws, now, x := t.BorrowWorkspace(), t.Now(), t.Metric("x")
				ws.Write(Series(x, nil, At(now.Add(-50*time.Second), 1), At(now, 3)))
				ws.Do(RemoteWriteSeries(Series(x, nil, At(now.Add(-45*time.Second), 2)))).ExpectStatus(http.StatusOK).ExpectBody("")
				ws.ExpectQuery(x+"[1m]", now, x+" 1@"+stamp(now.Add(-50*time.Second))+" 2@"+stamp(now.Add(-45*time.Second))+" 3@"+stamp(now))
			},
		},
		{
			ID: "remote-write.order.beyond-the-window", Level: Must, Area: RemoteWriting,
			Description: "A sample 75 s behind the newest of its series is refused with 400 and not stored.",
			Source:      window + ": 60 s by default",
			Run: func(_ context.Context, t *T) {
				m := t.BorrowWorkspace().marked()
				lateWrite(m, 75*time.Second).ExpectStatus(http.StatusBadRequest)
				m.ExpectQuery("count_over_time("+t.Metric("x")+"[5m])", m.at, `{id="`+m.id+`"} 1`)
			},
		},
		{
			ID: "remote-write.order.text", Level: Should, Area: RemoteWriting,
			Description: "The refusal of a sample that is too late names workspace, time and series.",
			Source:      "amp-api.md 1.6 [C ingester.go; D reason sample-too-old]",
			Run: func(_ context.Context, t *T) {
				m := t.BorrowWorkspace().marked()
				late := m.at.Add(-2 * time.Minute)
				lateWrite(m, 2*time.Minute).ExpectStatus(http.StatusBadRequest).ExpectContains(
					"user=" + m.tenant() + ": err: too old sample. timestamp=" + late.UTC().Format(time.RFC3339Nano) +
						`, series={__name__="` + t.Metric("x") + `", id="` + m.id + `"}`)
			},
		},
		{
			ID: "remote-write.order.headers", Level: Must, Area: RemoteWriting,
			Description: "The refusal of a sample is plain text with a newline at its end, not to be sniffed, of a server called amazon.",
			Source:      "amp-api.md 1.4 [O vector#12958, exact headers]",
			Run: func(_ context.Context, t *T) {
				m := t.BorrowWorkspace().marked()
				a := lateWrite(m, 2*time.Minute).ExpectStatus(http.StatusBadRequest).
					ExpectHeader("Content-Type", "text/plain; charset=utf-8").
					ExpectHeader("X-Content-Type-Options", "nosniff").ExpectHeader("Server", "amazon").
					ExpectContains("user=" + m.tenant() + ": ")
				if a.Header.Get("X-Amzn-Requestid") == "" {
					t.Errorf("expected an x-amzn-RequestId; %s", a)
				}
				if a.Body[len(a.Body)-1] != '\n' {
					t.Errorf("expected a newline at the end; %s", a)
				}
			},
		},
		{
			ID: "remote-write.order.within-a-request", Level: Should, Area: RemoteWriting,
			Description: "Samples of one series in a request are stored in their order, whatever the order they are sent in.",
			Source:      window + "; [C]",
			Run: func(_ context.Context, t *T) {
				ws, now, x := t.BorrowWorkspace(), t.Now(), t.Metric("x")
				at := func(i int) time.Time { return now.Add(time.Duration(i) * time.Second) }
				ws.Do(RemoteWriteSeries(Series(x, nil, At(at(-1), 3), At(at(-3), 1), At(at(0), 4), At(at(-2), 2)))).ExpectStatus(http.StatusOK)
				ws.ExpectQuery(x+"[1m]", now, x+" 1@"+stamp(at(-3))+" 2@"+stamp(at(-2))+" 3@"+stamp(at(-1))+" 4@"+stamp(at(0)))
			},
		},
		{
			ID: "remote-write.order.late-histogram", Level: Should, Area: RemoteWriting,
			Description: "A native histogram within the window is stored at its place.",
			Source:      window + "; [C]",
			Run: func(_ context.Context, t *T) {
				ws, now, x := t.BorrowWorkspace(), t.Now(), t.Metric("x")
				ws.Write(histogramSeries(x, nil, prompb.FromIntHistogram(now.UnixMilli(), twoBuckets(2))))
				late := now.Add(-30 * time.Second)
				ws.Do(RemoteWriteSeries(histogramSeries(x, nil, prompb.FromIntHistogram(late.UnixMilli(), twoBuckets(1))))).ExpectStatus(http.StatusOK)
				ws.ExpectQuery("histogram_count("+x+")", late, "{} 3")
				ws.ExpectQuery("histogram_count("+x+")", now, "{} 6")
			},
		},
		{
			ID: "remote-write.order.window-off", Level: Must, Area: RemoteWriting, Needs: NeedsSlow,
			Description: "With a window of 0 s a sample behind the newest is refused as out of order, with 400 and not stored.",
			Source:      "amp-api.md 1.6 [O vector#12958, text]; 0 fact 8 [D]",
			Run: func(ctx context.Context, t *T) {
				m := t.OwnWorkspace().marked()
				m.setWindow(ctx, 0)
				late := m.at.Add(-time.Second)
				var a Answer
				t.Eventually("the window is off", func() error {
					m.Write(m.series(t.Metric("x"), nil, At(m.at, 1)))
					a = m.Do(RemoteWriteSeries(m.series(t.Metric("x"), nil, At(late, 7)))).ExpectStatus(http.StatusBadRequest)
					return nil
				})
				a.ExpectContains("user=" + m.tenant() + ": err: out of order sample. timestamp=" + late.UTC().Format(time.RFC3339Nano) +
					`, series={__name__="` + t.Metric("x") + `", id="` + m.id + `"}`)
				m.ExpectQuery(t.Metric("x"), m.at, t.Metric("x")+`{id="`+m.id+`"} 1`)
			},
		},
		{
			ID: "remote-write.order.window-wider", Level: Must, Area: RemoteWriting, Needs: NeedsSlow,
			Description: "With a window of 600 s a sample 5 min behind the newest is stored.",
			Source:      window,
			Run: func(ctx context.Context, t *T) {
				m := t.OwnWorkspace().marked()
				m.setWindow(ctx, 600)
				t.Eventually("the window is wider", func() error {
					lateWrite(m, 5*time.Minute).ExpectStatus(http.StatusOK)
					return nil
				})
				m.ExpectQuery(t.Metric("x"), m.at.Add(-5*time.Minute), t.Metric("x")+`{id="`+m.id+`"} 2`)
			},
		},
	}
}

// lateWrite writes a sample at the mark's time, and then another one behind it.
func lateWrite(m marked, by time.Duration) Answer {
	x := m.t.Metric("x")
	m.Write(m.series(x, nil, At(m.at, 1)))
	return m.Do(RemoteWriteSeries(m.series(x, nil, At(m.at.Add(-by), 2))))
}

// setWindow gives the workspace another out-of-order window. AMP may take a
// moment longer to go by it.
func (w *Workspace) setWindow(ctx context.Context, seconds int32) {
	w.configure(ctx, &amp.UpdateWorkspaceConfigurationInput{OutOfOrderTimeWindowInSeconds: &seconds})
}

// configure changes the workspace's configuration and waits until it is ACTIVE.
func (w *Workspace) configure(ctx context.Context, in *amp.UpdateWorkspaceConfigurationInput) {
	client := w.t.Control()
	in.WorkspaceId = &w.id
	if _, err := client.UpdateWorkspaceConfiguration(ctx, in); err != nil {
		w.t.Fatalf("update the workspace's configuration: %v", err)
	}
	w.t.active("the workspace's configuration", func() (string, *string, error) {
		out, err := client.DescribeWorkspaceConfiguration(ctx, &amp.DescribeWorkspaceConfigurationInput{WorkspaceId: &w.id})
		if err != nil {
			return "", nil, err
		}
		s := out.WorkspaceConfiguration.Status
		return string(s.StatusCode), s.StatusReason, nil
	})
}
