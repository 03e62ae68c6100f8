package conformance

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

func authenticationChecks() []Check {
	return slices.Concat(
		acceptedChecks(),
		refusedChecks(),
		presignedChecks(),
		clockChecks(),
		keyChecks(),
		precedenceChecks(),
		tamperingChecks(),
		canonicalChecks(),
		pathChecks(),
		encodingChecks(),
		answerChecks(),
		routeChecks(),
		stsChecks(),
	)
}

// probe is a query that every workspace answers with 1.
const probe = "/api/v1/query?query=vector(1)"

// door is a way for a request into AMP. Each has a route of its own, and the
// control plane a host of its own.
type door struct {
	name, words string
	request     func(*T) Request
	// through sends it.
	through func(*T, Request) Answer
	ok      int
}

func toWorkspace(t *T, r Request) Answer { return t.Workspace().Do(r) }

func queryDoor() door {
	return door{"query", "a query by GET", func(*T) Request { return Get(probe) }, toWorkspace, 200}
}

func writeDoor() door {
	return door{"remote-write", "a remote write", func(t *T) Request {
		return RemoteWriteSeries(Series(t.Metric("x"), nil, At(t.Now(), 1)))
	}, toWorkspace, 200}
}

func controlDoor() door {
	return door{"control-plane", "a request to the control plane", func(t *T) Request {
		return Get("/workspaces/" + t.Workspace().ID())
	}, (*T).Do, 200}
}

func doors() []door {
	return []door{
		queryDoor(),
		{"query-form", "a query by a posted form", func(*T) Request {
			return PostForm("/api/v1/query", url.Values{"query": {"vector(1)"}})
		}, toWorkspace, 200},
		writeDoor(),
		controlDoor(),
		{"control-plane-post", "a POST to the control plane", func(t *T) Request {
			return PostJSON("/workspaces", text(map[string]string{"alias": strings.Repeat("a", 101)}))
		}, (*T).Do, 400},
	}
}

func acceptedChecks() []Check {
	var out []Check
	for _, d := range doors() {
		out = append(out, Check{
			ID: "authentication.accepted." + d.name, Level: Must, Area: Authentication,
			Description: "The signature of " + d.words + " is accepted.",
			Source:      "AMP user guide, API reference; IAM guide, Signature Version 4 [D]",
			Run: func(_ context.Context, t *T) {
				d.through(t, d.request(t)).ExpectStatus(d.ok)
			},
		})
	}
	return append(out,
		Check{
			ID: "authentication.accepted.few-headers", Level: Must, Area: Authentication,
			Description: "A remote write of which only host and date are signed is accepted, its other headers being sent unsigned.",
			Source:      "AMP user guide, AMP-onboard-ingest-metrics: aws-sigv4-proxy [D]; amp-api.md 5.2 [M]",
			Run: func(_ context.Context, t *T) {
				ws, now := t.Workspace(), t.Now()
				r := RemoteWriteSeries(Series(t.Metric("x"), nil, At(now, 7)))
				late := r.Header
				r.Header = nil
				r.AfterSign = withHeaders(late)
				ws.Do(r).ExpectStatus(200)
				ws.ExpectQuery(t.Metric("x"), now, t.Metric("x")+" 7")
			},
		},
		Check{
			ID: "authentication.accepted.session", Level: Must, Area: Authentication, Needs: NeedsRole,
			Description: "A request signed with temporary credentials and their session token is accepted.",
			Source:      "IAM guide, Using temporary credentials [D]",
			Run: func(_ context.Context, t *T) {
				key := t.As(allow("aps:*", "*"))
				r := Get(probe)
				r.Credentials = &key
				t.Workspace().Do(r).ExpectStatus(200).ExpectJSON("data.result.0.value.1", "1")
			},
		},
		Check{
			ID: "authentication.accepted.date-header", Level: Should, Area: Authentication,
			Description: "The time of signing is taken from Date if there is no X-Amz-Date.",
			Source:      "amp-api.md 1.5 row 3 [O API Gateway: either of the two]",
			Run: func(_ context.Context, t *T) {
				ws, r := t.Workspace(), Get(probe)
				r.Unsigned = true
				r.BeforeSign = func(req *http.Request) {
					date := t.Now().UTC().Format(basicDate)
					req.Header.Set("Date", date)
					t.signedByHand(req, t.Credentials(), date, "GET\n"+ws.path(probe)+"\nquery=vector%281%29", "date", "host")
				}
				ws.Do(r).ExpectStatus(200)
			},
		},
	)
}
