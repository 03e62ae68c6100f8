package conformance

import (
	"context"
	"net/http"

	"github.com/google/uuid"
	"github.com/prometheus/prometheus/prompb"
)

func writeProtocolChecks() []Check {
	checks := []Check{
		{
			ID: "remote-write.protocol.success", Level: Must, Area: RemoteWriting,
			Description: "A remote write 1.0 request is taken with 200 and an empty body.",
			Source:      "user guide AMP-APIReference-RemoteWrite [D]",
			Run: func(_ context.Context, t *T) {
				ws, now := t.Workspace(), t.Now()
				ws.Do(RemoteWriteSeries(Series(t.Metric("up"), nil, At(now, 1)))).
					ExpectStatus(http.StatusOK).ExpectBody("").ExpectHeader("Content-Length", "0")
				ws.ExpectQuery(t.Metric("up"), now, t.Metric("up")+" 1")
			},
		},
		{
			ID: "remote-write.protocol.request-id", Level: Must, Area: RemoteWriting,
			Description: "The answer to a write has a request id and names amazon as the server.",
			Source:      "amp-api.md 1.2, samples of the user guide [D]",
			Run: func(_ context.Context, t *T) {
				send := func() Answer {
					return t.Workspace().Do(RemoteWriteSeries(Series(t.Metric("up"), nil, At(t.Now(), 1)))).
						ExpectStatus(http.StatusOK).ExpectHeader("Server", "amazon")
				}
				first, second := send().Header.Get("X-Amzn-Requestid"), send().Header.Get("X-Amzn-Requestid")
				if _, err := uuid.Parse(first); err != nil || first == second {
					t.Errorf("expected an id of its own for each of two requests in x-amzn-RequestId, got %q and %q", first, second)
				}
			},
		},
		{
			ID: "remote-write.protocol.empty", Level: Should, Area: RemoteWriting,
			Description: "A request without series is taken.",
			Source:      "amp-api.md 4 [C distributor.go]",
			Run: func(_ context.Context, t *T) {
				t.Workspace().Do(RemoteWrite(&prompb.WriteRequest{})).ExpectStatus(http.StatusOK).ExpectBody("")
			},
		},
		{
			ID: "remote-write.protocol.no-samples", Level: Should, Area: RemoteWriting,
			Description: "A series without samples is taken and leaves nothing behind.",
			Source:      "[C distributor.go, ingester.go]",
			Run: func(_ context.Context, t *T) {
				m := t.Workspace().marked()
				good := m.series(t.Metric("good"), nil, At(m.at, 1))
				m.Do(RemoteWriteSeries(m.series(t.Metric("none"), nil), good)).ExpectStatus(http.StatusOK).ExpectBody("")
				m.expectStored(m.at, good)
			},
		},
		{
			ID: "remote-write.protocol.unknown-workspace", Level: Must, Area: RemoteWriting,
			Description: "A write to a workspace that does not exist is answered with 404 and a capital Message.",
			Source:      "amp-api.md 1.5 row 18 [O aws-otel-collector#2155]",
			Run: func(_ context.Context, t *T) {
				t.Workspace().WithID("ws-"+uuid.NewString()).Do(RemoteWriteSeries(Series(t.Metric("up"), nil, At(t.Now(), 1)))).
					ExpectStatus(http.StatusNotFound).ExpectJSON("Message", "Workspace not found")
			},
		},
		{
			ID: "remote-write.protocol.slash-at-the-end", Level: Should, Area: RemoteWriting,
			Description: "A signed write to /remote_write/ is told that it has no authentication token, and nothing is stored.",
			Source:      "amp-api.md 1.3 [O helm-charts#4687, cause not proven]",
			Run: func(_ context.Context, t *T) {
				m := t.Workspace().marked()
				r := RemoteWriteSeries(m.series(t.Metric("lost"), nil, At(m.at, 1)))
				r.Path += "/"
				m.Do(r).ExpectStatus(http.StatusForbidden).ExpectErrorType("MissingAuthenticationTokenException").
					ExpectJSON("message", "Missing Authentication Token")
				good := m.series(t.Metric("good"), nil, At(m.at, 1))
				m.Write(good)
				m.expectStored(m.at, good)
			},
		},
	}
	for _, method := range []string{http.MethodGet, http.MethodPut} {
		checks = append(checks, Check{
			ID:    "remote-write.protocol.method-" + map[string]string{http.MethodGet: "get", http.MethodPut: "put"}[method],
			Level: Should, Area: RemoteWriting,
			Description: "A write by " + method + " is answered as a route that does not exist.",
			Source:      "amp-api.md 1.2, POST only [D]; 1.3 [D APIGW, I]",
			Run: func(_ context.Context, t *T) {
				r := RemoteWriteSeries(Series(t.Metric("up"), nil, At(t.Now(), 1)))
				r.Method = method
				t.Workspace().Do(r).ExpectStatus(http.StatusForbidden).ExpectJSON("message", "Missing Authentication Token")
			},
		})
	}
	return append(checks, writeHeaderChecks()...)
}

// writeHeaderChecks are about what a request says of its body.
func writeHeaderChecks() []Check {
	const source = "amp-api.md 1.6 and 4 [C push.go]"
	var checks []Check
	for _, c := range []struct{ id, header, value, description string }{
		{"no-content-type", "Content-Type", "", "A write without a content type is taken as version 1.0."},
		{"content-type-named", "Content-Type", "application/x-protobuf;proto=prometheus.WriteRequest", "A write whose content type names version 1.0's message is taken."},
		{"no-content-encoding", "Content-Encoding", "", "A write without a content encoding is taken as snappy."},
		{"no-version", "X-Prometheus-Remote-Write-Version", "", "A write without a version header is taken."},
		{"retry", "Retry-Attempt", "2", "A write that Prometheus tries again is taken with its own header."},
	} {
		checks = append(checks, Check{
			ID: "remote-write.headers." + c.id, Level: Should, Area: RemoteWriting, Description: c.description, Source: source,
			Run: func(_ context.Context, t *T) {
				ws, now := t.Workspace(), t.Now()
				ws.Do(withHeader(RemoteWriteSeries(Series(t.Metric("up"), nil, At(now, 1))), c.header, c.value)).
					ExpectStatus(http.StatusOK).ExpectBody("")
				ws.ExpectQuery(t.Metric("up"), now, t.Metric("up")+" 1")
			},
		})
	}
	for _, c := range []struct {
		id, header, value, text string
		level                   Level
	}{
		{"encoding-gzip", "Content-Encoding", "gzip", "gzip encoding (compression) is not accepted by this server; only snappy is acceptable", Should},
		{"encoding-zstd", "Content-Encoding", "zstd", "zstd encoding (compression) is not accepted by this server; only snappy is acceptable", Should},
		// A flag of Cortex takes these for version 1.0.
		{"content-type-json", "Content-Type", "application/json", "", May},
		{"content-type-unknown-message", "Content-Type", "application/x-protobuf;proto=prometheus.v9.Request", "", May},
	} {
		checks = append(checks, Check{
			ID: "remote-write.headers." + c.id, Level: c.level, Area: RemoteWriting, Source: source,
			Description: "A write of " + c.header + " " + c.value + " is refused with 415 and not stored.",
			Run: func(_ context.Context, t *T) {
				m := t.Workspace().marked()
				a := m.Do(withHeader(RemoteWriteSeries(m.series(t.Metric("bad"), nil, At(m.at, 1))), c.header, c.value)).
					ExpectStatus(http.StatusUnsupportedMediaType)
				if c.text != "" {
					a.ExpectBody(c.text + "\n")
				}
				good := m.series(t.Metric("good"), nil, At(m.at, 1))
				m.Write(good)
				m.expectStored(m.at, good)
			},
		})
	}
	return checks
}

// withHeader gives a request's header another value; an empty one takes it off.
func withHeader(r Request, name, value string) Request {
	r.Header = r.Header.Clone()
	r.Header.Del(name)
	if value != "" {
		r.Header.Set(name, value)
	}
	return r
}
