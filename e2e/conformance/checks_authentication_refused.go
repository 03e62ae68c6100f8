package conformance

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
)

// fault is something that the front finds wrong before it looks at anything else.
type fault struct {
	name, words string
	level       Level
	source      string
	change      func(*T, *Request)
	// message is the pattern of the refusal's text.
	message, errorType string
	doors              []door
}

// faults are the rows of amp-api.md 1.5 that a header can have, without those of
// the clock and of sessions.
func faults() []fault {
	both := []door{queryDoor(), controlDoor()}
	header := func(pattern, by string) func(*T, *Request) {
		return func(_ *T, r *Request) { r.AfterSign = authorization(replaced(pattern, by)) }
	}
	instead := func(value string) func(*T, *Request) {
		return func(_ *T, r *Request) {
			r.Unsigned, r.AfterSign = true, withHeaders(http.Header{"Authorization": {value}})
		}
	}
	set := func(name, value string) func(*T, *Request) {
		return func(_ *T, r *Request) { r.AfterSign = withHeaders(http.Header{name: {value}}) }
	}
	const (
		incomplete = "IncompleteSignatureException"
		invalid    = "InvalidSignatureException"
		needs      = "Authorization header requires "
		hash       = `[A-Za-z0-9+/]{43}=`
		tail       = `\(Hashed with SHA-256 and encoded with Base64\) Authorization=` + hash + `$`
	)
	return []fault{
		{
			"missing", "without a signature", Must, "amp-api.md 1.5 row 1 [O prometheus-community/helm-charts#2402]",
			func(_ *T, r *Request) { r.Unsigned = true }, "^Missing Authentication Token$", "MissingAuthenticationTokenException", doors(),
		},
		{
			"empty", "with an empty Authorization header", Should, "amp-api.md 1.5 row 1 [I]",
			instead(""), "^Missing Authentication Token$", "MissingAuthenticationTokenException", both[:1],
		},
		{
			"bearer", "with a bearer token in place of a signature", Should, "amp-api.md 1.5 row 2 [O API Gateway]",
			instead("Bearer abc.def.ghi"),
			`^Invalid key=value pair \(missing equal-sign\) in Authorization header \(hashed with SHA-256 and encoded with Base64\): '` + hash + `'\.$`,
			incomplete, both,
		},
		{
			"basic", "with a user's name and password, whose padding looks like a parameter", Should, "amp-api.md 1.5 row 3 [O API Gateway]",
			instead("Basic " + base64.StdEncoding.EncodeToString([]byte("user:pass1"))),
			"^" + needs + `'Credential' parameter\. ` + needs + `'Signature' parameter\. ` + needs + `'SignedHeaders' parameter\. ` +
				needs + `existence of either a 'X-Amz-Date' or a 'Date' header\. ` + tail,
			incomplete, both[:1],
		},
		{
			"no-credential", "whose Authorization has no Credential", Should, "amp-api.md 1.5 row 3 [O API Gateway]",
			header(`Credential=[^,]+, `, ""), "^" + needs + `'Credential' parameter\. ` + tail, incomplete, both,
		},
		{
			"no-signature", "whose Authorization has no Signature", Should, "amp-api.md 1.5 row 3 [O API Gateway]",
			header(`, Signature=\w+`, ""), "^" + needs + `'Signature' parameter\. ` + tail, incomplete, both,
		},
		{
			"no-signed-headers", "whose Authorization has no SignedHeaders", Should, "amp-api.md 1.5 row 3 [O API Gateway]",
			header(`SignedHeaders=[^,]+, `, ""), "^" + needs + `'SignedHeaders' parameter\. ` + tail, incomplete, both,
		},
		{
			"no-date", "without X-Amz-Date and Date", Should, "amp-api.md 1.5 row 3 [O API Gateway]",
			func(_ *T, r *Request) { r.AfterSign = func(req *http.Request) { req.Header.Del("X-Amz-Date") } },
			"^" + needs + `existence of either a 'X-Amz-Date' or a 'Date' header\. ` + tail, incomplete, both,
		},
		{
			"nothing-but-algorithm", "whose Authorization is the name of an algorithm", Should, "amp-api.md 1.5 row 3 [O API Gateway]",
			instead("AWS4-HMAC-SHA256"), "^" + needs + `'Credential' parameter\. ` + needs + `'Signature' parameter\. `, incomplete, both[:1],
		},
		{
			"algorithm", "by an algorithm that there is not", Should, "amp-api.md 1.5 row 4 [scratchstack]",
			header("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512"), `^Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA512'$`, incomplete, both,
		},
		{
			"sigv4a", "by Signature Version 4A, which AMP does not have", Should, "amp-api.md 5.1 [D API model: sigv4 alone], 1.5 row 4",
			header("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), `^Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'$`, incomplete, both[:1],
		},
		{
			"host-not-signed", "whose signature leaves out the host", Should, "amp-api.md 1.5 row 5 [scratchstack]",
			header(`=host;`, "="), `^'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization\.$`, invalid, both,
		},
		{
			"date-of-http", "whose X-Amz-Date has the form of HTTP", Should, "amp-api.md 1.5 row 6 [scratchstack]",
			set("X-Amz-Date", "Mon, 02 Jan 2006 15:04:05 GMT"),
			`^Date must be in ISO-8601 'basic format'\. Got 'Mon, 02 Jan 2006 15:04:05 GMT'\. See http://en\.wikipedia\.org/wiki/ISO_8601$`, incomplete, both,
		},
		{
			"date-extended", "whose X-Amz-Date has the extended form of ISO 8601", Should, "amp-api.md 1.5 row 6 [scratchstack]",
			set("X-Amz-Date", "2026-01-02T03:04:05Z"), `^Date must be in ISO-8601 'basic format'\. Got '2026-01-02T03:04:05Z'\. `, incomplete, both[:1],
		},
		{
			"credential-of-four", "whose Credential has four parts", Should, "amp-api.md 1.5 row 9 [scratchstack]",
			header(`/aws4_request`, ""),
			`^Credential must have exactly 5 slash-delimited elements, e\.g\. keyid/date/region/service/term, got '[^/']+/\d{8}/[^/']+/aps'$`, incomplete, both,
		},
		{
			"credential-of-six", "whose Credential has six parts", Should, "amp-api.md 1.5 row 9 [scratchstack]",
			header(`/aws4_request`, "/aws4_request/x"), `^Credential must have exactly 5 slash-delimited elements, .*/aws4_request/x'$`, incomplete, both[:1],
		},
		{
			"region", "that is signed for another region", Must, "amp-api.md 1.5 row 10 [O kedacore/keda#5419]",
			func(_ *T, r *Request) { r.Region = "xx-nowhere-1" }, `^Credential should be scoped to a valid region\. $`, invalid, doors(),
		},
		{
			"region-empty", "that is signed for no region", Must, "amp-api.md 1.5 row 10 [O civiform/civiform#4789]",
			func(t *T, r *Request) { header("/"+t.Target().Region+"/", "//")(t, r) }, `^Credential should be scoped to a valid region\. $`, invalid, both[:1],
		},
		{
			"service", "that is signed for another service", Should, "amp-api.md 1.5 row 11 [O form; value I]",
			func(_ *T, r *Request) { r.Service = "execute-api" }, `^Credential should be scoped to correct service: 'aps'\. $`, invalid, both,
		},
		{
			"service-of-host", "that is signed for the data plane's host name instead of aps", Should, "amp-api.md 1.5 row 11 [O form; value I]",
			func(_ *T, r *Request) { r.Service = "aps-workspaces" }, `^Credential should be scoped to correct service: 'aps'\. $`, invalid, both[:1],
		},
		{
			"terminator", "whose scope ends in something else", Should, "amp-api.md 1.5 row 12 [scratchstack]",
			header("aws4_request", "aws5_request"),
			`^Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'\. $`, invalid, both,
		},
		{
			"scope-date", "whose scope is of another day", Should, "amp-api.md 1.5 row 13 [O; scratchstack]",
			header(`/\d{8}/`, "/20150830/"),
			`^Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20150830' != '(\d{8})', from '\d{8}T\d{6}Z'\.$`, invalid, both,
		},
		{
			"scope-all", "whose scope is wrong in every part", Should, "amp-api.md 1.5 rows 10 to 13 are concatenated [scratchstack]",
			header(`/\d{8}/[^/]+/aps/aws4_request`, "/20150830/r/s/t"),
			`^Credential should be scoped to a valid region\. Credential should be scoped to correct service: 'aps'\. ` +
				`Credential should be scoped with a valid terminator: 'aws4_request', not 't'\. Date in Credential scope does not match .* '20150830' != `, invalid, both[:1],
		},
		{
			"unknown-key", "that is signed with an access key that nobody has", Should, "amp-api.md 1.5 row 14 [O API Gateway]",
			func(t *T, r *Request) { r.Credentials = unknownKey() }, `^The security token included in the request is invalid\.$`,
			"UnrecognizedClientException", slices.Concat(both, []door{writeDoor()}),
		},
		{
			"wrong-secret", "that is signed with another secret", Must, "amp-api.md 1.5 row 16 [O grafana/tempo#2973]",
			func(t *T, r *Request) { r.Credentials = wrong(t.Credentials()) },
			"^" + strings.ReplaceAll(mismatch, ".", `\.`) + "\n\nThe Canonical String for this request should have been\n'(GET|POST)\n/", invalid, doors(),
		},
	}
}

func refusedChecks() []Check {
	var out []Check
	for _, f := range faults() {
		for _, d := range f.doors {
			send := func(t *T) Answer {
				r := d.request(t)
				f.change(t, &r)
				return d.through(t, r).ExpectFrontMatch(f.message)
			}
			check := Check{
				ID: "authentication." + f.name + "." + d.name, Level: f.level, Area: Authentication,
				Description: "Of " + d.words + ", one " + f.words + " is refused with 403 and AWS's text.", Source: f.source,
				Run: func(_ context.Context, t *T) { send(t) },
			}
			if f.level != Must {
				check.Run = func(_ context.Context, t *T) { send(t).ExpectErrorType(f.errorType) }
				out = append(out, check)
				continue
			}
			out = append(out, check, Check{
				// The text was seen at AMP, the type was not.
				ID: "authentication." + f.name + ".type-" + d.name, Level: Should, Area: Authentication,
				Description: "Of " + d.words + ", one " + f.words + " is refused as " + f.errorType + ".",
				Source:      "amp-api.md 1.5 [D API Gateway; open question 2]",
				Run:         func(_ context.Context, t *T) { send(t).ExpectErrorType(f.errorType) },
			})
		}
	}
	return append(out,
		Check{
			ID: "authentication.bearer.hash", Level: May, Area: Authentication,
			Description: "The refusal of a bearer token shows the SHA-256 of the whole header.",
			Source:      "amp-api.md 1.5 row 2 [I: the older form showed the whole header]",
			Run: func(_ context.Context, t *T) {
				r := Get(probe)
				r.Unsigned, r.AfterSign = true, withHeaders(http.Header{"Authorization": {"Bearer abc.def.ghi"}})
				sum := sha256.Sum256([]byte("Bearer abc.def.ghi"))
				t.Workspace().Do(r).ExpectContains("'" + base64.StdEncoding.EncodeToString(sum[:]) + "'")
			},
		},
		Check{
			ID: "authentication.status.never-401", Level: Must, Area: Authentication,
			Description: "Whatever is wrong with a signature is a 403, never a 401.",
			Source:      "amp-api.md 0, fact 3 [O]",
			Run: func(_ context.Context, t *T) {
				for _, f := range faults() {
					r := Get(probe)
					f.change(t, &r)
					t.Workspace().Do(r).ExpectStatus(403)
				}
			},
		},
	)
}
