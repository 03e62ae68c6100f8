package conformance

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/aws/smithy-go"
)

// requestID is the form of request ids.
const requestID = `^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`

// answerChecks are of what every answer carries.
func answerChecks() []Check {
	refused := func(t *T, d door) Answer {
		r := d.request(t)
		r.Credentials = wrong(t.Credentials())
		return d.through(t, r)
	}
	var checks []Check
	for _, d := range []door{queryDoor(), writeDoor(), controlDoor()} {
		checks = append(checks,
			Check{
				ID: "authentication.answer.refusal-is-json." + d.name, Level: Must, Source: "amp-api.md 1.4 [O several]",
				Description: "The refusal of " + d.words + " is JSON and says so.",
				Run: func(_ context.Context, t *T) {
					refused(t, d).ExpectMismatch().ExpectMediaType("application/json")
				},
			},
			Check{
				ID: "authentication.answer.request-id." + d.name, Level: Must, Source: "AMP user guide, samples of the API reference [D]",
				Description: "Every answer to " + d.words + " has a request id of its own.",
				Run: func(_ context.Context, t *T) {
					first := d.through(t, d.request(t)).ExpectStatus(200).Header.Get("x-amzn-RequestId")
					second := d.through(t, d.request(t)).ExpectStatus(200).Header.Get("x-amzn-RequestId")
					if !regexp.MustCompile(requestID).MatchString(first) || first == second {
						t.Errorf("expected two different UUIDs in x-amzn-RequestId, got %q and %q", first, second)
					}
				},
			},
			Check{
				ID: "authentication.answer.refusal-request-id." + d.name, Level: Should, Source: "amp-api.md 2.2 [M: SDKs read it of every answer]",
				Description: "The refusal of " + d.words + " has a request id.",
				Run: func(_ context.Context, t *T) {
					a := refused(t, d).ExpectStatus(403)
					if id := a.Header.Get("x-amzn-RequestId"); !regexp.MustCompile(requestID).MatchString(id) {
						t.Errorf("expected a UUID in x-amzn-RequestId, got %q; %s", id, a)
					}
				},
			},
			Check{
				ID: "authentication.answer.date." + d.name, Level: Must, Source: "AMP user guide, samples of the API reference [D]",
				Description: "The answer to " + d.words + " has the Date of the target's clock.",
				Run: func(_ context.Context, t *T) {
					a := d.through(t, d.request(t)).ExpectStatus(200)
					at, err := http.ParseTime(a.Header.Get("Date"))
					if err != nil || at.Sub(t.Now()).Abs() > time.Minute {
						t.Errorf("expected a Date of about now, got %q; %s", a.Header.Get("Date"), a)
					}
				},
			},
		)
	}
	checks = append(checks,
		Check{
			ID: "authentication.answer.server", Level: Should, Source: "AMP user guide, samples of the API reference [D]; vectordotdev/vector#12958 [O]",
			Description: "The data plane calls its server amazon.",
			Run: func(_ context.Context, t *T) {
				t.Workspace().Do(Get(probe)).ExpectStatus(200).ExpectHeader("Server", "amazon")
			},
		},
		Check{
			ID: "authentication.answer.unsigned-refusal-is-json", Level: Should, Source: "amp-api.md 1.4 [O several]",
			Description: "The refusal of a request without a signature is JSON and says so.",
			Run: func(_ context.Context, t *T) {
				r := Get(probe)
				r.Unsigned = true
				t.Workspace().Do(r).ExpectFront("Missing Authentication Token").ExpectMediaType("application/json")
			},
		},
		Check{
			ID: "authentication.answer.wrong-secret-by-sdk", Level: Should, Source: "amp-api.md 1.5 row 16, 2.2 [M: SDK v2]",
			Description: "AWS's client of the control plane reads the refusal of a wrong signature as InvalidSignatureException.",
			Run: func(ctx context.Context, t *T) {
				_, err := t.ControlAs(*wrong(t.Credentials())).ListWorkspaces(ctx, &amp.ListWorkspacesInput{})
				expectAPIError(t, err, "InvalidSignatureException", "The request signature we calculated does not match")
			},
		},
		Check{
			ID: "authentication.answer.unknown-key-by-sdk", Level: Should, Source: "amp-api.md 1.5 row 14, 2.2 [M: SDK v2]",
			Description: "AWS's client of the control plane reads the refusal of an unknown key as UnrecognizedClientException.",
			Run: func(ctx context.Context, t *T) {
				_, err := t.ControlAs(*unknownKey()).ListWorkspaces(ctx, &amp.ListWorkspacesInput{})
				expectAPIError(t, err, "UnrecognizedClientException", "The security token included in the request is invalid.")
			},
		},
	)
	for i := range checks {
		checks[i].Area = Authentication
	}
	return checks
}

// expectAPIError expects an error as AWS's clients have it.
func expectAPIError(t *T, err error, code, message string) {
	var refusal smithy.APIError
	if !errors.As(err, &refusal) || refusal.ErrorCode() != code || !strings.HasPrefix(refusal.ErrorMessage(), message) {
		t.Errorf("expected %s: %s, got %v", code, message, err)
	}
}
