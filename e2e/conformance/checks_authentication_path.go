package conformance

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

func pathChecks() []Check {
	checks := []Check{
		{
			ID: "authentication.path.arn-encoded", Level: Must, Source: "amp-api.md 0, fact 5 [M: every SDK]",
			Description: "An ARN in the path, encoded as SDKs do it, is signed encoded twice, and understood.",
			Run: func(_ context.Context, t *T) {
				ws := t.Workspace()
				t.Do(Get("/tags/"+url.QueryEscape(ws.ARN()))).ExpectStatus(200).ExpectJSON("tags."+TagCreatedBy, CreatedBy)
			},
		},
		{
			ID: "authentication.path.arn-in-clear", Level: May, Source: "amp-api.md 7 [I: moto takes both]",
			Description: "An ARN in the path that is not encoded is understood too.",
			Run: func(_ context.Context, t *T) {
				t.Do(Get("/tags/"+t.Workspace().ARN())).ExpectStatus(200).ExpectJSON("tags."+TagCreatedBy, CreatedBy)
			},
		},
		{
			ID: "authentication.path.needless-escapes", Level: Should, Source: "amp-api.md 5.1, canonical path [M]",
			Description: "Escapes in the path of letters that need none are signed as they are, and understood.",
			Run: func(_ context.Context, t *T) {
				ws, now := t.Workspace(), t.Now()
				ws.Write(Series(t.Metric("x"), nil, At(now, 1)))
				t.Eventually("label values", func() error {
					ws.Do(Get("/api/v1/label/%5F%5Fname%5F%5F/values?"+url.Values{"match[]": {t.Metric("x")}}.Encode())).
						ExpectStatus(200).ExpectJSON("data", []string{t.Metric("x")})
					return nil
				})
			},
		},
		{
			ID: "authentication.path.two-slashes", Level: Should, Source: "amp-api.md 5.1, path normalization; 5.2, KEDA [M]",
			Description: "A signature over a path with two slashes, as KEDA makes it of an address with a slash at its end, is no mismatch.",
			Run: func(_ context.Context, t *T) {
				expectNoMismatch(t.Workspace().Do(Get("/" + probe)))
			},
		},
		{
			ID: "authentication.path.dots", Level: Should, Source: "amp-api.md 5.1, path normalization [M: Go's signers leave dots]",
			Description: "A signature over a path with dot segments is no mismatch, whatever becomes of the path.",
			Run: func(_ context.Context, t *T) {
				expectNoMismatch(t.Workspace().Do(Get("/api/v1/./labels/../query?query=vector(1)")))
			},
		},
		{
			ID: "authentication.path.normalized", Level: May, Source: "amp-api.md 5.1, path normalization [I: botocore]",
			Description: "A signature over the normal form of a path with two slashes, as botocore makes it, is no mismatch.",
			Run: func(_ context.Context, t *T) {
				expectNoMismatch(handSigned(t, "/"+probe, t.Workspace().path(probe)))
			},
		},
		{
			ID: "authentication.path.other-normal-form", Level: Must, Source: "IAM guide, Signature Version 4: the path is signed [D]",
			Description: "A signature over another path than the one that is sent is refused as a mismatch.",
			Run: func(_ context.Context, t *T) {
				ws := t.Workspace()
				handSigned(t, probe, ws.path(probe)).ExpectStatus(200)
				handSigned(t, probe, ws.path("/api/v1/labels")).ExpectMismatch()
			},
		},
	}
	for i := range checks {
		checks[i].Area = Authentication
	}
	return checks
}

// handSigned sends a request whose signature is over a path of the check's choice.
func handSigned(t *T, target, path string) Answer {
	r := Get(target)
	r.Unsigned = true
	r.BeforeSign = func(req *http.Request) {
		date := t.Now().UTC().Format(basicDate)
		req.Header.Set("X-Amz-Date", date)
		t.signedByHand(req, t.Credentials(), date, "GET\n"+path+"\nquery=vector%281%29", "host", "x-amz-date")
	}
	return t.Workspace().Do(r)
}

// expectNoMismatch expects anything but a refusal of the signature.
func expectNoMismatch(a Answer) {
	if message, _ := a.JSON("message"); contains(message, mismatch) || a.Status == http.StatusUnauthorized {
		a.t.Errorf("expected no refusal of the signature; %s", a)
	}
}

// routeChecks are of paths and methods that AMP does not have.
func routeChecks() []Check {
	const gateway = "amp-api.md 1.3 [D API Gateway; I for AMP]"
	var out []Check
	add := func(name, description string, level Level, source string, run func(*T)) {
		out = append(out, Check{
			ID: "authentication.route." + name, Level: level, Area: Authentication, Description: description, Source: source,
			Run: func(_ context.Context, t *T) { run(t) },
		})
	}
	for _, row := range []struct{ name, method, path string }{
		{"unknown", "GET", "/api/v1/nothing"},
		{"remote-read", "POST", "/api/v1/read"},
		{"exemplars", "GET", "/api/v1/query_exemplars?query=up"},
		{"targets", "GET", "/api/v1/targets"},
		{"format-query", "GET", "/api/v1/format_query?query=up"},
		{"admin", "POST", "/api/v1/admin/tsdb/delete_series?match[]=up"},
		{"otlp", "POST", "/api/v1/otlp/v1/metrics"},
		{"ruler-of-cortex", "GET", "/api/v1/rules/namespace"},
		{"trailing-slash", "GET", "/api/v1/query/?query=vector(1)"},
		{"write-by-get", "GET", "/api/v1/remote_write"},
		{"query-by-delete", "DELETE", "/api/v1/query"},
		{"query-by-put", "PUT", "/api/v1/query?query=vector(1)"},
		{"label-values-by-post", "POST", "/api/v1/label/job/values"},
		{"metadata-by-post", "POST", "/api/v1/metadata"},
		{"rules-by-post", "POST", "/api/v1/rules"},
		{"silence-by-post", "POST", "/alertmanager/api/v2/silence/6f9a1d1e-7b0c-4c54-9d0b-0a6d6b3a8c11"},
	} {
		add(row.name, "To "+row.method+" "+strings.Split(row.path, "?")[0]+" of a workspace, which AMP does not have, is refused as an unknown route.", Should, gateway, func(t *T) {
			t.Workspace().Do(Request{Method: row.method, Path: row.path}).ExpectFront("Missing Authentication Token").
				ExpectErrorType("MissingAuthenticationTokenException")
		})
	}
	for _, row := range []struct{ name, method, path string }{
		{"control-plane-unknown", "GET", "/nothing"},
		{"control-plane-by-put", "PUT", "/workspaces"},
		{"control-plane-trailing-slash", "GET", "/workspaces/"},
	} {
		add(row.name, "To "+row.method+" "+row.path+" of the control plane is refused as an unknown route.", Should, gateway, func(t *T) {
			t.Do(Request{Method: row.method, Path: row.path}).ExpectFront("Missing Authentication Token").
				ExpectErrorType("MissingAuthenticationTokenException")
		})
	}
	add("unsigned", "An unknown route is refused without a signature in the words that a missing signature has.", Should, gateway, func(t *T) {
		t.Workspace().Do(Request{Path: "/api/v1/nothing", Unsigned: true}).ExpectFront("Missing Authentication Token")
	})
	add("before-signature", "An unknown route is told before a wrong signature.", Should, gateway, func(t *T) {
		r := Get("/api/v1/nothing")
		r.Credentials = wrong(t.Credentials())
		t.Workspace().Do(r).ExpectFront("Missing Authentication Token")
	})
	add("workspace-api", "To GET WS/api is refused with 403.", Must, "amp-api.md 1.3 [O robusta-dev/krr#165]", func(t *T) {
		t.Workspace().Do(Get("/api")).ExpectStatus(403)
	})
	add("write-trailing-slash", "A remote write to a path with a slash at its end is refused, and stores nothing.", Should, "amp-api.md 1.3 [O prometheus-community/helm-charts#4687; cause not proven]", func(t *T) {
		ws, now := t.Workspace(), t.Now()
		r := RemoteWriteSeries(Series(t.Metric("lost"), nil, At(now, 1)))
		r.Path += "/"
		ws.Do(r).ExpectFront("Missing Authentication Token")
		expectOnly(t, ws, now)
	})
	add("head", "To HEAD a query is refused as an unknown route, without a body.", Should, gateway, func(t *T) {
		t.Workspace().Do(Request{Method: "HEAD", Path: probe}).ExpectStatus(403).ExpectBody("").
			ExpectErrorType("MissingAuthenticationTokenException")
	})
	return append(out, Check{
		ID: "open-questions.authentication.options", Level: Unknown, Area: OpenQuestions,
		Description: "What is answered to a browser's question whether it may ask.", Source: "nobody has written it down (amp-api.md 1.2: vary: Origin)",
		Run: func(_ context.Context, t *T) {
			r := Request{Method: "OPTIONS", Path: probe, Unsigned: true, Header: http.Header{
				"Origin": {"https://grafana.example"}, "Access-Control-Request-Method": {"GET"}, "Access-Control-Request-Headers": {"authorization,x-amz-date"},
			}}
			a := t.Workspace().Do(r).Record("options")
			t.Record("options.allow-origin", a.Header.Get("Access-Control-Allow-Origin"))
		},
	})
}
