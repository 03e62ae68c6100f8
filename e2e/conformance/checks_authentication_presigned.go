package conformance

import (
	"context"
	"net/http"
	"time"
)

// presignedChecks are of signatures in the query. Whether AMP takes them is an
// open question (10); that it must not take a wrong one is none.
func presignedChecks() []Check {
	const general = "amp-api.md 5.1, presigned query [I from the general rules; open question 10]"
	presigned := func(change func(*Request)) Request {
		r := Get(probe)
		r.Presign = true
		if change != nil {
			change(&r)
		}
		return r
	}
	edited := func(pattern, by string) Request {
		return presigned(func(r *Request) {
			r.AfterSign = func(req *http.Request) { req.URL.RawQuery = replaced(pattern, by)(req.URL.RawQuery) }
		})
	}
	checks := []Check{
		{
			ID: "authentication.presigned.accepted", Level: May, Source: general,
			Description: "A query whose signature is in its URL is answered.",
			Run: func(_ context.Context, t *T) {
				t.Workspace().Do(presigned(nil)).ExpectStatus(200).ExpectJSON("data.result.0.value.1", "1")
			},
		},
		{
			ID: "authentication.presigned.session", Level: May, Needs: NeedsRole, Source: general,
			Description: "A query whose signature and session token are in its URL is answered.",
			Run: func(_ context.Context, t *T) {
				key := t.As(allow("aps:QueryMetrics", "*"))
				t.Workspace().Do(presigned(func(r *Request) { r.Credentials = &key })).ExpectStatus(200)
			},
		},
		{
			ID: "authentication.presigned.control-plane", Level: May, Source: general,
			Description: "A request to the control plane whose signature is in its URL is answered.",
			Run: func(_ context.Context, t *T) {
				t.Do(Request{Path: "/workspaces/" + t.Workspace().ID(), Presign: true}).ExpectStatus(200).
					ExpectJSON("workspace.workspaceId", t.Workspace().ID())
			},
		},
		{
			ID: "authentication.presigned.other-query", Level: Must, Source: "IAM guide, Signature Version 4: the query is signed [D]",
			Description: "A presigned URL that is changed to another query is refused with 403.",
			Run: func(_ context.Context, t *T) {
				t.Workspace().Do(edited(`vector%281%29`, "vector%282%29")).ExpectStatus(403)
			},
		},
		{
			ID: "authentication.presigned.forged", Level: Must, Source: "IAM guide, Signature Version 4 [D]",
			Description: "A presigned URL whose secret is another is refused with 403.",
			Run: func(_ context.Context, t *T) {
				t.Workspace().Do(presigned(func(r *Request) { r.Credentials = wrong(t.Credentials()) })).ExpectStatus(403)
			},
		},
		{
			ID: "authentication.presigned.and-header", Level: Should, Source: "amp-api.md 5.1, presigned query [scratchstack]",
			Description: "A request that is signed in its URL and in its header is refused without details.",
			Run: func(_ context.Context, t *T) {
				r := presigned(nil)
				r.AfterSign = withHeaders(http.Header{"Authorization": {
					"AWS4-HMAC-SHA256 Credential=AKIA/20260102/r/aps/aws4_request, SignedHeaders=host, Signature=00",
				}})
				t.Workspace().Do(r).ExpectFront(mismatch).ExpectErrorType("InvalidSignatureException")
			},
		},
		{
			ID: "authentication.presigned.expires-does-not-stretch", Level: May, Source: "amp-api.md 1.5 row 7; X-Amz-Expires is S3's [R]",
			Description: "A presigned URL of six minutes ago is refused although it asks for an hour.",
			Run: func(_ context.Context, t *T) {
				r := presigned(func(r *Request) { r.Path, r.ClockOffset = probe+"&X-Amz-Expires=3600", -6*time.Minute })
				t.Workspace().Do(r).ExpectFrontMatch("^Signature expired: ").ExpectErrorType("InvalidSignatureException")
			},
		},
	}
	for _, row := range []struct {
		name, words, message, errorType string
		request                         Request
	}{
		{"wrong-secret", "that is wrong is refused and explained", "^The request signature we calculated does not match .*'AWS4-HMAC-SHA256\n", "InvalidSignatureException", presigned(func(r *Request) {
			r.AfterSign = func(req *http.Request) {
				req.URL.RawQuery = replaced(`(X-Amz-Signature=)\w{4}`, "${1}0000")(req.URL.RawQuery)
			}
		})},
		{"region", "for another region is refused", `^Credential should be scoped to a valid region\. $`, "InvalidSignatureException", presigned(func(r *Request) { r.Region = "xx-nowhere-1" })},
		{"service", "for another service is refused", `^Credential should be scoped to correct service: 'aps'\. $`, "InvalidSignatureException", presigned(func(r *Request) { r.Service = "s3" })},
		{"terminator", "with another end of its scope is refused", `^Credential should be scoped with a valid terminator: 'aws4_request', not 'x'\. $`, "InvalidSignatureException", edited("aws4_request", "x")},
		{"expired", "of six minutes ago is refused", "^Signature expired: ", "InvalidSignatureException", presigned(func(r *Request) { r.ClockOffset = -6 * time.Minute })},
		{"not-yet-current", "of six minutes ahead is refused", "^Signature not yet current: ", "InvalidSignatureException", presigned(func(r *Request) { r.ClockOffset = 6 * time.Minute })},
		{"unknown-key", "of a key that nobody has is refused", `^The security token included in the request is invalid\.$`, "UnrecognizedClientException", presigned(func(r *Request) { r.Credentials = unknownKey() })},
		{"algorithm", "by an algorithm that there is not is refused", `^Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA512'$`, "IncompleteSignatureException", edited("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512")},
		{"no-signature", "that is missing, all else being there, is refused by its parameter's name", "'X-Amz-Signature'", "IncompleteSignatureException", edited(`&X-Amz-Signature=\w+`, "")},
		{"no-credential", "whose credential is missing is refused by that parameter's name", "'X-Amz-Credential'", "IncompleteSignatureException", edited(`X-Amz-Credential=[^&]+&`, "")},
		{"no-date", "whose date is missing is refused by that parameter's name", "'X-Amz-Date'", "IncompleteSignatureException", edited(`X-Amz-Date=[^&]+&`, "")},
		{"no-signed-headers", "whose signed headers are not told is refused by that parameter's name", "'X-Amz-SignedHeaders'", "IncompleteSignatureException", edited(`X-Amz-SignedHeaders=[^&]+&`, "")},
	} {
		checks = append(checks, Check{
			ID: "authentication.presigned." + row.name, Level: Should, Source: "amp-api.md 1.5 [scratchstack; open question 10]",
			Description: "A signature in the URL " + row.words + ".",
			Run: func(_ context.Context, t *T) {
				t.Workspace().Do(row.request).ExpectFrontMatch("(?s)" + row.message).ExpectErrorType(row.errorType)
			},
		})
	}
	for i := range checks {
		checks[i].Area = Authentication
	}
	return checks
}
