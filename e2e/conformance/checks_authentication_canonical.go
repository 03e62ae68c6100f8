package conformance

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// canonicalChecks are of what the server takes the request to be: what it says in
// a refusal, and what of a request it leaves out.
func canonicalChecks() []Check {
	const observed = "amp-api.md 1.5, block below the table"
	checks := []Check{
		{
			ID: "authentication.canonical.to-the-date", Level: Must, Source: observed + " [O]",
			Description: "The refusal of a wrong signature shows method, path, query, host and date as the signer has them.",
			Run: func(_ context.Context, t *T) {
				r, made := t.signedBy(Get(probe+"&time=2026-01-02T03%3A04%3A05Z"), *wrong(t.Credentials()))
				a := t.Workspace().Do(r).ExpectMismatch()
				message, _ := a.JSON("message")
				first, _, _ := strings.Cut(made.canonical, "\nx-amz-security-token:")
				if first == made.canonical { // no session
					first, _, _ = strings.Cut(made.canonical, "\n\nhost;")
				}
				if want := mismatch + "\n\nThe Canonical String for this request should have been\n'" + first + "\n"; !contains(message, want) {
					t.Errorf("expected the canonical request to begin %q, got %q", first, message)
				}
			},
		},
		{
			ID: "authentication.canonical.whole", Level: Should, Source: observed + " [O API Gateway]",
			Description: "The refusal of a wrong signature shows the whole canonical request and string to sign, as the signer has them.",
			Run: func(_ context.Context, t *T) {
				r, made := t.signedBy(Get(probe), *wrong(t.Credentials()))
				a := t.Workspace().Do(r)
				a.ExpectFront(made.mismatch())
			},
		},
		{
			ID: "authentication.canonical.control-plane", Level: Should, Source: observed + " [O API Gateway]",
			Description: "The control plane shows canonical request and string to sign, with the path of an ARN encoded twice.",
			Run: func(_ context.Context, t *T) {
				r, made := t.signedBy(Get("/tags/arn%3Aaws%3Aaps%3Ax%2Fy"), *wrong(t.Credentials()))
				a := t.Do(r)
				a.ExpectFront(made.mismatch()).ExpectContains(`GET\n/tags/arn%253Aaws%253Aaps%253Ax%252Fy\n`)
			},
		},
		{
			ID: "authentication.canonical.payload-hash", Level: Should, Source: observed + " [O API Gateway]",
			Description: "The canonical request in the refusal of a write ends in the hash of the body that arrived.",
			Run: func(_ context.Context, t *T) {
				r := writeDoor().request(t)
				r.Credentials = wrong(t.Credentials())
				sum := sha256.Sum256(r.Body)
				a := t.Workspace().Do(r).ExpectMismatch()
				if message, _ := a.JSON("message"); !contains(message, "\n"+hex.EncodeToString(sum[:])+"'\n\nThe String-to-Sign") {
					t.Errorf("expected a canonical request that ends in %x; %s", sum, a)
				}
			},
		},
		{
			ID: "authentication.tenant-header.signed", Level: Must, Source: "amp-api.md 1.5 [O grafana/tempo#2973]",
			Description: "A signed X-Scope-OrgID, which the front takes away, makes the signature wrong.",
			Run: func(_ context.Context, t *T) {
				t.Workspace().Do(Get(probe).With("X-Scope-OrgID", "1")).ExpectMismatch()
			},
		},
		{
			ID: "authentication.tenant-header.left-out", Level: Should, Source: "amp-api.md 1.5 [I from grafana/tempo#2973]",
			Description: "The canonical request in the refusal of a signed X-Scope-OrgID lacks that header's line.",
			Run: func(_ context.Context, t *T) {
				a := t.Workspace().Do(Get(probe).With("X-Scope-OrgID", "1")).ExpectMismatch()
				if message, _ := a.JSON("message"); contains(message, "x-scope-orgid:") || !contains(message, "x-scope-orgid\n") {
					t.Errorf("expected x-scope-orgid among the names of the signed headers and no line of it; %s", a)
				}
			},
		},
		{
			ID: "authentication.tenant-header.unsigned", Level: Should, Source: "amp-api.md 1.5 [I from grafana/tempo#2973]",
			Description: "An unsigned X-Scope-OrgID does not lead to another tenant: the data are those of the workspace.",
			Run: func(_ context.Context, t *T) {
				ws, now := t.Workspace(), t.Now()
				other := withHeaders(http.Header{"X-Scope-Orgid": {"somebody-else"}})
				w := RemoteWriteSeries(Series(t.Metric("x"), nil, At(now, 3)))
				w.AfterSign = other
				ws.Do(w).ExpectStatus(200)
				ws.ExpectQuery(t.Metric("x"), now, t.Metric("x")+" 3")
				r := QueryAt(t.Metric("x"), now)
				r.AfterSign = other
				ws.Do(r).ExpectStatus(200).ExpectJSON("data.result.0.value.1", "3")
			},
		},
		{
			ID: "authentication.header-values.blanks", Level: Must, Source: "IAM guide, Signature Version 4: values are trimmed, runs of blanks become one [D]",
			Description: "Blanks around and within the value of a signed header do not count.",
			Run: func(_ context.Context, t *T) {
				r := Get(probe).With("X-Conformance", "a b c")
				r.AfterSign = withHeaders(http.Header{"X-Conformance": {"  a   b c "}})
				t.Workspace().Do(r).ExpectStatus(200)
			},
		},
		{
			ID: "authentication.header-values.several", Level: Must, Source: "IAM guide, Signature Version 4: values of one name are joined [D]",
			Description: "A signed header that comes twice is signed with both values, in order.",
			Run: func(_ context.Context, t *T) {
				r := Get(probe).With("X-Conformance", "b").With("X-Conformance", "a")
				t.Workspace().Do(r).ExpectStatus(200)
				r.AfterSign = withHeaders(http.Header{"X-Conformance": {"a", "b"}})
				t.Workspace().Do(r).ExpectMismatch()
			},
		},
		{
			ID: "authentication.header-values.utf8", Level: Should, Source: "amp-api.md 5.1, header value encoding [M]",
			Description: "A signed header may hold UTF-8.",
			Run: func(_ context.Context, t *T) {
				t.Workspace().Do(Get(probe).With("X-Conformance", "Grüße 日本")).ExpectStatus(200)
			},
		},
		{
			ID: "authentication.header-values.sdk-retry", Level: Should, Source: "amp-api.md 5.2, Amz-Sdk-Request [M]",
			Description: "The signed header in which SDKs count their attempts, with its ; and =, does not disturb.",
			Run: func(_ context.Context, t *T) {
				t.Workspace().Do(Get(probe).With("Amz-Sdk-Request", "attempt=1; max=3").With("Retry-Attempt", "1")).ExpectStatus(200)
			},
		},
		{
			ID: "authentication.header-values.no-blank-between-parameters", Level: Should, Source: "amp-api.md 5.1 [M: clients differ]",
			Description: "The parameters of Authorization may follow each other by a comma alone.",
			Run: func(_ context.Context, t *T) {
				r := Get(probe)
				r.AfterSign = authorization(replaced(", ", ","))
				t.Workspace().Do(r).ExpectStatus(200)
			},
		},
		{
			ID: "authentication.payload.content-hash", Level: Must, Source: "AMP user guide, AMP-query-APIs with awscurl [D], which signs it: amp-api.md 5.2 [M]",
			Description: "A signed x-amz-content-sha256 that is the hash of the body is accepted.",
			Run: func(_ context.Context, t *T) {
				r := PostForm("/api/v1/query", map[string][]string{"query": {"vector(1)"}})
				sum := sha256.Sum256(r.Body)
				t.Workspace().Do(r.With("X-Amz-Content-Sha256", hex.EncodeToString(sum[:]))).ExpectStatus(200).
					ExpectJSON("data.result.0.value.1", "1")
			},
		},
		{
			ID: "authentication.payload.content-hash-wrong", Level: Should, Source: "amp-api.md 5.1, payload hash [I]",
			Description: "An x-amz-content-sha256 that is signed as the payload's hash and is another's is refused.",
			Run: func(_ context.Context, t *T) {
				r := PostForm("/api/v1/query", map[string][]string{"query": {"vector(1)"}}).With("X-Amz-Content-Sha256", emptyPayload)
				r.PayloadHash = emptyPayload
				t.Workspace().Do(r).ExpectMismatch()
			},
		},
		{
			ID: "authentication.path.encoded-once", Level: Must, Source: "IAM guide, Signature Version 4: every service but S3 encodes the path twice [D]",
			Description: "A signature over a path that was not encoded once more is refused as a mismatch.",
			Run: func(_ context.Context, t *T) {
				r, _ := t.signedBy(Get("/tags/arn%3Aaws%3Aaps%3Ax%2Fy"), t.Credentials(), func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
				t.Do(r).ExpectMismatch()
			},
		},
	}
	for i := range checks {
		checks[i].Area = Authentication
	}
	return checks
}
