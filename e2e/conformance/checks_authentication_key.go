package conformance

import (
	"context"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// unknownKey returns a key of the right form that nobody has.
func unknownKey() *aws.Credentials {
	return &aws.Credentials{AccessKeyID: "AKIACONFORMANCEXXXXX", SecretAccessKey: "conformance/conformance/conformance/conf"}
}

func keyChecks() []Check {
	const (
		token  = "amp-api.md 1.5 row 14 [O API Gateway]"
		unsure = "nobody has written it down"
	)
	without := func(o *v4.SignerOptions) { o.DisableSessionToken = true }
	refused := func(a Answer) {
		a.ExpectFront("The security token included in the request is invalid.").ExpectErrorType("UnrecognizedClientException")
	}
	checks := []Check{
		{
			ID: "authentication.session.token-missing", Level: Should, Source: token,
			Description: "Temporary credentials without their session token are refused.",
			Run: func(_ context.Context, t *T) {
				r, _ := t.signedBy(Get(probe), t.As(allow("aps:*", "*")), without)
				refused(t.Workspace().Do(r))
			},
		},
		{
			ID: "authentication.session.token-wrong", Level: Should, Source: token,
			Description: "A session token that was changed is refused, although it is signed.",
			Run: func(_ context.Context, t *T) {
				key := t.As(allow("aps:*", "*"))
				token := []byte(key.SessionToken)
				if middle := &token[len(token)/2]; *middle == 'A' {
					*middle = 'B'
				} else {
					*middle = 'A'
				}
				key.SessionToken = string(token)
				r := Get(probe)
				r.Credentials = &key
				refused(t.Workspace().Do(r))
			},
		},
		{
			ID: "authentication.session.token-of-another", Level: Should, Source: token,
			Description: "The session token of another session is refused.",
			Run: func(_ context.Context, t *T) {
				key := t.As(allow("aps:*", "*"))
				key.SessionToken = t.As(allow("aps:*", "*")).SessionToken
				r := Get(probe)
				r.Credentials = &key
				refused(t.Workspace().Do(r))
			},
		},
		{
			ID: "authentication.session.token-missing-control-plane", Level: Should, Source: token,
			Description: "The control plane refuses temporary credentials without their session token.",
			Run: func(_ context.Context, t *T) {
				r, _ := t.signedBy(Get("/workspaces/"+t.Workspace().ID()), t.As(allow("aps:*", "*")), without)
				refused(t.Do(r))
			},
		},
		{
			ID: "authentication.session.never-without-token", Level: Must, Source: "IAM guide, Using temporary credentials [D]",
			Description: "Temporary credentials are of no use without their session token.",
			Run: func(_ context.Context, t *T) {
				key := t.As(allow("aps:*", "*"))
				r, _ := t.signedBy(Get(probe), key)
				t.Workspace().Do(r).ExpectStatus(200)
				r, _ = t.signedBy(Get(probe), key, without)
				t.Workspace().Do(r).ExpectStatus(403)
			},
		},
		{
			ID: "authentication.session.wrong-secret", Level: Must, Source: "amp-api.md 1.5 row 16 [O]",
			Description: "A signature with another secret than that of the session is refused as a mismatch.",
			Run: func(_ context.Context, t *T) {
				r := Get(probe)
				r.Credentials = wrong(t.As(allow("aps:*", "*")))
				t.Workspace().Do(r).ExpectMismatch()
			},
		},
		{
			ID: "authentication.session.mismatch-shows-token", Level: Should, Source: "amp-api.md 1.5, block below the table [O]",
			Description: "The canonical request in the refusal of a session's wrong signature has the session token in clear.",
			Run: func(_ context.Context, t *T) {
				key := t.As(allow("aps:*", "*"))
				r := Get(probe)
				r.Credentials = wrong(key)
				a := t.Workspace().Do(r).ExpectMismatch()
				if message, _ := a.JSON("message"); !contains(message, "\nx-amz-security-token:"+key.SessionToken+"\n") {
					t.Errorf("expected the canonical request with the session token that was sent; %s", a)
				}
			},
		},
		{
			ID: "open-questions.authentication.token-beside-long-lived-key", Level: Unknown, Area: OpenQuestions, Source: unsure + " [R]",
			Description: "What is answered to a session token beside the key of a user.",
			Run: func(_ context.Context, t *T) {
				key := t.Credentials()
				if key.SessionToken != "" {
					t.NotApplicable("the target's credentials are temporary themselves")
				}
				key.SessionToken = "FwoGZXIvYXdzEXAMPLETOKEN"
				r := Get(probe)
				r.Credentials = &key
				t.Workspace().Do(r).Record("token-beside-long-lived-key")
			},
		},
		{
			ID: "open-questions.authentication.token-not-signed", Level: Unknown, Area: OpenQuestions, Source: unsure + " (amp-api.md 5.3)",
			Description: "What is answered to temporary credentials whose session token is sent and not signed.",
			Run: func(_ context.Context, t *T) {
				key := t.As(allow("aps:*", "*"))
				r, _ := t.signedBy(Get(probe), key, without)
				r.AfterSign = withHeaders(http.Header{"X-Amz-Security-Token": {key.SessionToken}})
				t.Workspace().Do(r).Record("token-not-signed")
			},
		},
	}
	for i := range checks {
		if checks[i].Area == "" {
			checks[i].Area, checks[i].Needs = Authentication, NeedsRole
		}
	}
	checks[len(checks)-1].Needs = NeedsRole
	return checks
}
