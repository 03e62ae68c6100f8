package conformance

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// stsChecks are of the security token service, as far as clients of AMP need it.
func stsChecks() []Check {
	ask := func() Request {
		return PostForm("/", url.Values{"Action": {"GetCallerIdentity"}, "Version": {"2011-06-15"}})
	}
	refused := func(a Answer, code, message string) {
		a.ExpectMediaType("text/xml").ExpectContains("<Type>Sender</Type>", "<Code>"+code+"</Code>", "<Message>"+message)
	}
	checks := []Check{
		{
			ID: "authentication.sts.account", Level: Must, Source: "STS API reference, GetCallerIdentity [D]; amp-api.md 2.3, ARNs [D]",
			Description: "GetCallerIdentity tells the account that the workspaces' ARNs have.",
			Run: func(_ context.Context, t *T) {
				parts := strings.Split(t.Workspace().ARN(), ":")
				if got := t.Account(); len(parts) != 6 || got != parts[4] {
					t.Errorf("expected the account of %s, got %q", t.Workspace().ARN(), got)
				}
			},
		},
		{
			ID: "authentication.sts.session", Level: Must, Needs: NeedsRole, Source: "STS API reference, GetCallerIdentity, AssumeRole [D]",
			Description: "GetCallerIdentity calls a session by role and session name, and its user id has the session's name.",
			Run: func(_ context.Context, t *T) {
				who := t.Caller(t.As(allow("aps:*", "*")))
				name := sessionName(t.check.ID)
				pattern := `^arn:[a-z-]+:sts::\d{12}:assumed-role/[^/]+/` + regexp.QuoteMeta(name) + `$`
				if !regexp.MustCompile(pattern).MatchString(aws.ToString(who.Arn)) {
					t.Errorf("expected an ARN that matches %s, got %q", pattern, aws.ToString(who.Arn))
				}
				if !regexp.MustCompile(`^AROA[A-Z0-9]{16,}:` + regexp.QuoteMeta(name) + `$`).MatchString(aws.ToString(who.UserId)) {
					t.Errorf("expected a user id AROA...:%s, got %q", name, aws.ToString(who.UserId))
				}
			},
		},
		{
			ID: "authentication.sts.expiration", Level: Must, Needs: NeedsRole, Source: "STS API reference, AssumeRole: DurationSeconds, 900 at the least [D]",
			Description: "A session lives as long as was asked for; its key begins with ASIA.",
			Run: func(ctx context.Context, t *T) {
				role := t.Target().Role
				out, err := t.STS().AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String(sessionName(t.check.ID)), DurationSeconds: aws.Int32(900)})
				if err != nil {
					t.Fatalf("assume %s for 900 s: %v", role, err)
				}
				if left := aws.ToTime(out.Credentials.Expiration).Sub(t.Now()) - 15*time.Minute; left.Abs() > time.Minute {
					t.Errorf("expected a session of 15 minutes, got one that is %s off", left)
				}
				if id := aws.ToString(out.Credentials.AccessKeyId); !strings.HasPrefix(id, "ASIA") {
					t.Errorf("expected an access key that begins with ASIA, got %q", id)
				}
			},
		},
		{
			ID: "authentication.sts.duration-too-short", Level: Must, Needs: NeedsRole, Source: "STS API reference, AssumeRole: DurationSeconds, 900 at the least [D]",
			Description: "A session of less than 15 minutes is refused with 400 ValidationError.",
			Run: func(ctx context.Context, t *T) {
				role := t.Target().Role
				_, err := t.STS().AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String(sessionName(t.check.ID)), DurationSeconds: aws.Int32(899)})
				expectAPIError(t, err, "ValidationError", "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint")
			},
		},
		{
			ID: "authentication.sts.role-unknown", Level: Must, Needs: NeedsRole, Source: "amp-api.md 6.3 [O prometheus-community/helm-charts#4687]",
			Description: "A role that does not exist cannot be assumed: AccessDenied, in the words of a missing right.",
			Run: func(ctx context.Context, t *T) {
				role := t.Target().Role + "-that-nobody-made"
				_, err := t.STS().AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("nobody")})
				expectAPIError(t, err, "AccessDenied", "User: "+t.ARN(t.Credentials())+" is not authorized to perform: sts:AssumeRole on resource: "+role)
			},
		},
		{
			ID: "authentication.sts.policy-malformed", Level: Must, Needs: NeedsRole, Source: "STS API reference, MalformedPolicyDocument [D]",
			Description: "A session policy that is no policy is refused with MalformedPolicyDocument.",
			Run: func(ctx context.Context, t *T) {
				role := t.Target().Role
				_, err := t.STS().AssumeRole(ctx, &sts.AssumeRoleInput{
					RoleArn: &role, RoleSessionName: aws.String(sessionName(t.check.ID)), Policy: aws.String(`{"Statement":{}}`),
				})
				expectAPIError(t, err, "MalformedPolicyDocument", "")
			},
		},
		{
			ID: "authentication.sts.wrong-secret", Level: Must, Source: "amp-api.md 6.3, error envelope [O]",
			Description: "A wrong signature is refused in XML with 403 SignatureDoesNotMatch.",
			Run: func(_ context.Context, t *T) {
				r := ask()
				r.Credentials = wrong(t.Credentials())
				refused(t.DoSTS(r).ExpectStatus(403), "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.")
			},
		},
		{
			ID: "authentication.sts.service-of-amp", Level: Should, Source: "amp-api.md 1.5 row 11 [O other services]",
			Description: "A signature for aps is not good for the security token service.",
			Run: func(_ context.Context, t *T) {
				r := ask()
				r.Service = Service
				refused(t.DoSTS(r).ExpectStatus(403), "SignatureDoesNotMatch", "Credential should be scoped to correct service: ")
			},
		},
		{
			ID: "authentication.sts.unknown-key", Level: Should, Source: "amp-api.md 1.5 row 14; 6.3, error envelope [O]",
			Description: "An unknown key is refused with 403 InvalidClientTokenId.",
			Run: func(_ context.Context, t *T) {
				r := ask()
				r.Credentials = unknownKey()
				refused(t.DoSTS(r).ExpectStatus(403), "InvalidClientTokenId", "The security token included in the request is invalid")
			},
		},
		{
			ID: "authentication.sts.clock-ten-minutes", Level: Should, Source: "amp-api.md 1.5 row 7, 6.3: 15 minutes [O microsoft/vscode-remote-release#5048]",
			Description: "The security token service takes a signature of ten minutes ago, and none of twenty.",
			Run: func(_ context.Context, t *T) {
				r := ask()
				r.ClockOffset = -10 * time.Minute
				t.DoSTS(r).ExpectStatus(200).ExpectContains("<GetCallerIdentityResult>", "<Account>"+t.Account()+"</Account>")
				r.ClockOffset = -20 * time.Minute
				refused(t.DoSTS(r).ExpectStatus(403), "SignatureDoesNotMatch", "Signature expired: ")
			},
		},
		{
			ID: "authentication.sts.missing", Level: Should, Source: "amp-api.md 6.3, error envelope [O]",
			Description: "GetCallerIdentity without a signature is refused with 403 MissingAuthenticationToken.",
			Run: func(_ context.Context, t *T) {
				r := ask()
				r.Unsigned = true
				refused(t.DoSTS(r).ExpectStatus(http.StatusForbidden), "MissingAuthenticationToken", "Request is missing Authentication Token")
			},
		},
		{
			ID: "authentication.sts.web-identity-no-jwt", Level: Should, Source: "amp-api.md 6.3 [O the first half]",
			Description: "A web identity token that is no JWT is refused with 400 InvalidIdentityToken, without a signature.",
			Run: func(_ context.Context, t *T) {
				r := PostForm("/", url.Values{
					"Action": {"AssumeRoleWithWebIdentity"}, "Version": {"2011-06-15"}, "RoleSessionName": {"nobody"},
					"RoleArn": {"arn:aws:iam::" + t.Account() + ":role/nobody"}, "WebIdentityToken": {"this is no token"},
				})
				r.Unsigned = true
				refused(t.DoSTS(r).ExpectStatus(400), "InvalidIdentityToken", "The ID Token provided is not a valid JWT.")
			},
		},
	}
	for i := range checks {
		checks[i].Area = Authentication
	}
	return checks
}
