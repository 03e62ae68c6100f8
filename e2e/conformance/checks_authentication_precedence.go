package conformance

import (
	"context"
	"net/http"
	"time"
)

// precedenceChecks are of requests that two things are wrong with: the one that
// comes first in the order of amp-api.md 1.5 is told.
func precedenceChecks() []Check {
	scope := func(key, by string) func(*http.Request) { return authorization(replaced(key, by)) }
	rows := []struct {
		name, words, message string
		level                Level
		change               func(*T, *Request)
	}{
		{"parameters-before-algorithm", "a missing parameter is told before an unknown algorithm", `^Authorization header requires 'Signature' parameter\. `, May, func(_ *T, r *Request) {
			r.AfterSign = scope(`AWS4-HMAC-SHA256 (.*), Signature=.*`, "AWS4-HMAC-SHA512 $1")
		}},
		{"algorithm-before-host", "an unknown algorithm is told before a host that is not signed", "^Unsupported AWS 'algorithm'", Should, func(_ *T, r *Request) {
			r.AfterSign = scope(`AWS4-HMAC-SHA256 (.*)=host;`, "AWS4-HMAC-SHA512 $1=")
		}},
		{"host-before-date", "a host that is not signed is told before a date of another form", "^'Host' or ':authority' must be", Should, func(_ *T, r *Request) {
			r.AfterSign = func(req *http.Request) { scope("=host;", "=")(req); req.Header.Set("X-Amz-Date", "today") }
		}},
		{"date-before-scope", "a date of another form is told before a wrong region", "^Date must be in ISO-8601", Should, func(_ *T, r *Request) {
			r.Region, r.AfterSign = "xx-nowhere-1", withHeaders(http.Header{"X-Amz-Date": {"today"}})
		}},
		{"skew-before-scope", "an old signature is told before a wrong region", "^Signature expired: ", Should, func(_ *T, r *Request) {
			r.Region, r.ClockOffset = "xx-nowhere-1", -6*time.Minute
		}},
		{"skew-before-credential", "an old signature is told before a credential of four parts", "^Signature expired: ", Should, func(_ *T, r *Request) {
			r.ClockOffset, r.AfterSign = -6*time.Minute, scope("/aws4_request", "")
		}},
		{"skew-before-key", "an old signature is told before an unknown key", "^Signature expired: ", Should, func(_ *T, r *Request) {
			r.Credentials, r.ClockOffset = unknownKey(), -6*time.Minute
		}},
		{"skew-before-signature", "an old signature is told before a wrong one", "^Signature expired: ", Should, func(t *T, r *Request) {
			r.Credentials, r.ClockOffset = wrong(t.Credentials()), -6*time.Minute
		}},
		{"scope-before-key", "a wrong region is told before an unknown key", "^Credential should be scoped to a valid region", Should, func(_ *T, r *Request) {
			r.Credentials, r.Region = unknownKey(), "xx-nowhere-1"
		}},
		{"scope-before-signature", "a wrong region is told before a wrong signature", "^Credential should be scoped to a valid region", Should, func(t *T, r *Request) {
			r.Credentials, r.Region = wrong(t.Credentials()), "xx-nowhere-1"
		}},
		{"key-before-signature", "an unknown key is told before a signature that no key makes", `^The security token included in the request is invalid\.$`, Should, func(_ *T, r *Request) {
			r.Credentials, r.AfterSign = unknownKey(), scope(`Signature=.*`, "Signature=00")
		}},
	}
	var out []Check
	for _, row := range rows {
		out = append(out, Check{
			ID: "authentication.order." + row.name, Level: row.level, Area: Authentication,
			Description: "Of two things that are wrong, " + row.words + ".", Source: "amp-api.md 1.5, order of checks [scratchstack]",
			Run: func(_ context.Context, t *T) {
				r := Get(probe)
				row.change(t, &r)
				t.Workspace().Do(r).ExpectFrontMatch(row.message)
			},
		})
	}
	absent := func(t *T) *Workspace { return t.Workspace().WithID(nowhere) }
	return append(out,
		Check{
			ID: "authentication.order.missing-before-workspace", Level: Must, Area: Authentication,
			Description: "A request without a signature learns nothing about whether the workspace exists.", Source: "amp-api.md 1.5 row 1 [O], order of checks",
			Run: func(_ context.Context, t *T) {
				r := Get(probe)
				r.Unsigned = true
				absent(t).Do(r).ExpectFront("Missing Authentication Token")
			},
		},
		Check{
			ID: "authentication.order.signature-before-workspace", Level: Should, Area: Authentication,
			Description: "A wrong signature is told before an unknown workspace.", Source: "amp-api.md 1.5, order of checks [scratchstack]",
			Run: func(_ context.Context, t *T) {
				r := Get(probe)
				r.Credentials = wrong(t.Credentials())
				absent(t).Do(r).ExpectMismatch()
			},
		},
		Check{
			ID: "authentication.order.token-before-signature", Level: Should, Area: Authentication, Needs: NeedsRole,
			Description: "A missing session token is told before a wrong signature.", Source: "amp-api.md 1.5, order of checks [scratchstack]",
			Run: func(_ context.Context, t *T) {
				key := t.As(allow("aps:*", "*"))
				key.SessionToken = ""
				r := Get(probe)
				r.Credentials = wrong(key)
				t.Workspace().Do(r).ExpectFront("The security token included in the request is invalid.")
			},
		},
		Check{
			ID: "authentication.order.signature-before-rights", Level: Should, Area: Authentication, Needs: NeedsRole,
			Description: "A wrong signature is told before a missing right.", Source: "amp-api.md 1.5, order of checks [scratchstack]",
			Run: func(_ context.Context, t *T) {
				r := Get(probe)
				r.Credentials = wrong(t.As(allow("aps:RemoteWrite", "*")))
				t.Workspace().Do(r).ExpectMismatch()
			},
		},
		Check{
			ID: "authentication.order.signature-before-body", Level: Should, Area: Authentication,
			Description: "A write that is no protobuf and not signed rightly is refused for its signature.", Source: "amp-api.md 1.4: front before back [I]",
			Run: func(_ context.Context, t *T) {
				r := RemoteWriteRaw([]byte("no protobuf"))
				t.Workspace().Do(r).ExpectStatus(400)
				r.Credentials = wrong(t.Credentials())
				t.Workspace().Do(r).ExpectMismatch()
			},
		},
		Check{
			ID: "authentication.order.signature-before-validation", Level: Should, Area: Authentication,
			Description: "A request of the control plane that is invalid and not signed rightly is refused for its signature.", Source: "amp-api.md 1.4: front before back [I]",
			Run: func(_ context.Context, t *T) {
				r := PostJSON("/workspaces", `{"alias":`)
				t.Do(r).ExpectStatus(400)
				r.Credentials = wrong(t.Credentials())
				t.Do(r).ExpectMismatch()
			},
		},
		Check{
			ID: "authentication.order.signature-before-expression", Level: Should, Area: Authentication,
			Description: "A query that is no PromQL and not signed rightly is refused for its signature.", Source: "amp-api.md 1.4: front before back [I]",
			Run: func(_ context.Context, t *T) {
				r := Get("/api/v1/query?query=sum(")
				t.Workspace().Do(r).ExpectStatus(400)
				r.Credentials = wrong(t.Credentials())
				t.Workspace().Do(r).ExpectMismatch()
			},
		},
	)
}
