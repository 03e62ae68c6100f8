package sts_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/prometheus/common/config"
	promsigv4 "github.com/prometheus/sigv4"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/identity"
	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

const (
	writer  = "arn:aws:iam::123456789012:role/writer"
	partner = "arn:aws:iam::123456789012:role/partner"
)

// refused wants an error of the SDK with a code, a status and a message.
func refused(t *testing.T, err error, status int, code, message string) {
	t.Helper()
	var api smithy.APIError
	require.ErrorAs(t, err, &api)
	require.Equal(t, code, api.ErrorCode())
	require.Equal(t, message, api.ErrorMessage())
	var response *smithyhttp.ResponseError
	require.ErrorAs(t, err, &response)
	require.Equal(t, status, response.HTTPStatusCode())
}

func TestAssumeRoleProvider(t *testing.T) {
	r := newRig(t, nil)
	provider := stscreds.NewAssumeRoleProvider(r.bob(), partner, func(o *stscreds.AssumeRoleOptions) {
		o.ExternalID, o.RoleSessionName = aws.String("contract-8"), "provider"
	})
	_, err := provider.Retrieve(t.Context())
	refused(t, err, http.StatusForbidden, "AccessDenied",
		"User: arn:aws:iam::123456789012:user/bob is not authorized to perform: sts:AssumeRole on resource: "+partner)

	provider = stscreds.NewAssumeRoleProvider(r.alice(), writer, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName, o.Duration = "provider", 2*time.Hour
	})
	credentials, err := provider.Retrieve(t.Context())
	require.NoError(t, err)
	require.WithinDuration(t, time.Now().Add(2*time.Hour), credentials.Expires, time.Minute)
	who, err := r.client(credentials.AccessKeyID, credentials.SecretAccessKey, credentials.SessionToken).
		GetCallerIdentity(t.Context(), &awssts.GetCallerIdentityInput{})
	require.NoError(t, err)
	require.Equal(t, "arn:aws:sts::123456789012:assumed-role/writer/provider", *who.Arn)
}

func TestAssumeRole(t *testing.T) {
	r := newRig(t, nil)
	input := func(role string, change func(*awssts.AssumeRoleInput)) *awssts.AssumeRoleInput {
		in := &awssts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("s1")}
		if change != nil {
			change(in)
		}
		return in
	}
	chained := func() *awssts.Client {
		out, err := r.alice().AssumeRole(t.Context(), input(writer, nil))
		require.NoError(t, err)
		return r.client(*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken)
	}()
	const policy = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"aps:RemoteWrite","Resource":"*"}}`
	managed := func(names ...string) (list []types.PolicyDescriptorType) {
		for _, name := range names {
			list = append(list, types.PolicyDescriptorType{Arn: aws.String("arn:aws:iam::aws:policy/" + name)})
		}
		return list
	}

	accepted := map[string]struct {
		client *awssts.Client
		in     *awssts.AssumeRoleInput
		lasts  time.Duration
		may    []string
		mayNot []string
	}{
		"by the caller's policy": {client: r.alice(), in: input(writer, nil), lasts: time.Hour, may: []string{"aps:RemoteWrite", "aps:GetLabels"}, mayNot: []string{"aps:ListRules"}},
		"because the trust policy names the caller": {
			client: r.bob(), in: input(partner, func(in *awssts.AssumeRoleInput) { in.ExternalId = aws.String("contract-7") }), lasts: time.Hour,
		},
		"longer":  {client: r.alice(), in: input(writer, func(in *awssts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(14400) }), lasts: 4 * time.Hour},
		"chained": {client: chained, in: input(writer, func(in *awssts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(3600) }), lasts: time.Hour},
		"bounded by a policy": {
			client: r.alice(), in: input(writer, func(in *awssts.AssumeRoleInput) { in.Policy = aws.String(policy) }), lasts: time.Hour,
			may: []string{"aps:RemoteWrite"}, mayNot: []string{"aps:GetLabels"},
		},
		"bounded by managed policies": {
			client: r.alice(), in: input(writer, func(in *awssts.AssumeRoleInput) {
				in.PolicyArns = managed("AmazonPrometheusQueryAccess", "AmazonPrometheusConsoleFullAccess")
			}), lasts: time.Hour,
			may: []string{"aps:GetLabels"}, mayNot: []string{"aps:RemoteWrite", "aps:CreateWorkspace"},
		},
	}
	for name, tc := range accepted {
		t.Run(name, func(t *testing.T) {
			out, err := tc.client.AssumeRole(t.Context(), tc.in)
			require.NoError(t, err)
			require.WithinDuration(t, time.Now().Add(tc.lasts), *out.Credentials.Expiration, time.Minute)
			require.Equal(t, strings.Replace(*tc.in.RoleArn, "arn:aws:iam::123456789012:role", "arn:aws:sts::123456789012:assumed-role", 1)+"/s1", *out.AssumedRoleUser.Arn)
			require.Regexp(t, `^AROA\w+:s1$`, *out.AssumedRoleUser.AssumedRoleId)
			require.Equal(t, tc.in.Policy != nil || tc.in.PolicyArns != nil, out.PackedPolicySize != nil) //nolint:staticcheck // old clients read it, and it is still sent
			key, ok := r.store.LookupKey(*out.Credentials.AccessKeyId)
			require.True(t, ok)
			for _, action := range tc.may {
				require.True(t, r.store.Authorize(key.Principal.(identity.Principal), identity.Request{Action: action, Resource: "*"}).Allowed, action)
			}
			for _, action := range tc.mayNot {
				require.False(t, r.store.Authorize(key.Principal.(identity.Principal), identity.Request{Action: action, Resource: "*"}).Allowed, action)
			}
		})
	}

	const denied = "User: arn:aws:iam::123456789012:user/%s is not authorized to perform: %s on resource: %s"
	text := func(user, action, role string) string {
		return strings.NewReplacer("/%s", "/"+user, ": %s on", ": "+action+" on", "resource: %s", "resource: "+role).Replace(denied)
	}
	invalid := map[string]struct {
		client        *awssts.Client
		in            *awssts.AssumeRoleInput
		status        int
		code, message string
	}{
		"root": {client: r.root(), in: input(writer, nil), status: 403, code: "AccessDenied", message: "Roles may not be assumed by root accounts."},
		"no policy allows": {
			client: r.bob(), in: input(writer, nil), status: 403, code: "AccessDenied", message: text("bob", "sts:AssumeRole", writer),
		},
		"the trust policy does not allow": {
			client: r.alice(), in: input(partner, nil), status: 403, code: "AccessDenied", message: text("alice", "sts:AssumeRole", partner),
		},
		"no external id": {
			client: r.bob(), in: input(partner, nil), status: 403, code: "AccessDenied", message: text("bob", "sts:AssumeRole", partner),
		},
		"explicit deny": {
			client: r.alice(), in: input("arn:aws:iam::123456789012:role/forbidden", nil), status: 403, code: "AccessDenied",
			message: text("alice", "sts:AssumeRole", "arn:aws:iam::123456789012:role/forbidden"),
		},
		"no such role": {
			client: r.alice(), in: input("arn:aws:iam::123456789012:role/absent", nil), status: 403, code: "AccessDenied",
			message: text("alice", "sts:AssumeRole", "arn:aws:iam::123456789012:role/absent"),
		},
		"no role's ARN": {
			client: r.alice(), in: input("arn:aws:iam::123456789012:user/alice", nil), status: 400, code: "ValidationError",
			message: "arn:aws:iam::123456789012:user/alice is invalid",
		},
		"longer than the role's sessions": {
			client: r.alice(), in: input(writer, func(in *awssts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(14401) }), status: 400, code: "ValidationError",
			message: "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
		},
		"longer than a chained session": {
			client: chained, in: input(writer, func(in *awssts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(3601) }), status: 400, code: "ValidationError",
			message: "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
		},
		"two parameters wrong": {
			client: r.alice(), in: input(writer, func(in *awssts.AssumeRoleInput) {
				in.RoleSessionName, in.DurationSeconds = aws.String("a b"), aws.Int32(899)
			}), status: 400, code: "ValidationError",
			message: `2 validation errors detected: Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*; ` +
				`Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900`,
		},
		"policies too large": {
			client: r.alice(), in: input(writer, func(in *awssts.AssumeRoleInput) { in.Policy = aws.String(policy + strings.Repeat(" ", 2048)) }),
			status: 400, code: "PackedPolicyTooLarge", message: "Packed size of session policy and tags consumes 105% of allotted space.",
		},
		"policy unknown": {
			client: r.alice(), in: input(writer, func(in *awssts.AssumeRoleInput) { in.PolicyArns = managed("Absent") }),
			status: 400, code: "MalformedPolicyDocument", message: "open a session: policy arn:aws:iam::aws:policy/Absent does not exist",
		},
		"MFA": {
			client: r.alice(), in: input(writer, func(in *awssts.AssumeRoleInput) {
				in.SerialNumber, in.TokenCode = aws.String("arn:aws:iam::123456789012:mfa/alice"), aws.String("123456")
			}), status: 403, code: "AccessDenied", message: "MultiFactorAuthentication failed with invalid MFA one time pass code. ",
		},
		"source identity": {
			client: r.alice(), in: input(writer, func(in *awssts.AssumeRoleInput) { in.SourceIdentity = aws.String("alice") }),
			status: 400, code: "ValidationError", message: "SourceIdentity is not supported by this emulator",
		},
		"transitive tags": {
			client: r.alice(), in: input(writer, func(in *awssts.AssumeRoleInput) { in.TransitiveTagKeys = []string{"team"} }),
			status: 400, code: "ValidationError", message: "TransitiveTagKeys is not supported by this emulator",
		},
		"tag that the trust policy denies": {
			client: r.alice(), in: input(writer, func(in *awssts.AssumeRoleInput) {
				in.Tags = []types.Tag{{Key: aws.String("team"), Value: aws.String("evil")}}
			}), status: 403, code: "AccessDenied", message: text("alice", "sts:TagSession", writer),
		},
		"key of nobody": {
			client: r.client("AKIANOBODYNOBODYNOBO", "x", ""), in: input(writer, nil), status: 403, code: "InvalidClientTokenId",
			message: "The security token included in the request is invalid.",
		},
	}
	for name, tc := range invalid {
		t.Run(name, func(t *testing.T) {
			_, err := tc.client.AssumeRole(t.Context(), tc.in)
			refused(t, err, tc.status, tc.code, tc.message)
		})
	}
	t.Run("malformed policy", func(t *testing.T) {
		_, err := r.alice().AssumeRole(t.Context(), input(writer, func(in *awssts.AssumeRoleInput) { in.Policy = aws.String(`{"Statement":{}}`) }))
		var malformed *types.MalformedPolicyDocumentException
		require.ErrorAs(t, err, &malformed)
	})
	t.Run("wrong secret", func(t *testing.T) {
		_, err := r.client("AKIAALICEALICEALICE0", "wrong", "").AssumeRole(t.Context(), input(writer, nil))
		var api smithy.APIError
		require.ErrorAs(t, err, &api)
		require.Equal(t, "SignatureDoesNotMatch", api.ErrorCode())
	})
}

func TestSessionTags(t *testing.T) {
	r := newRig(t, nil)
	out, err := r.alice().AssumeRole(t.Context(), &awssts.AssumeRoleInput{
		RoleArn: aws.String(writer), RoleSessionName: aws.String("s1"),
		Tags: []types.Tag{{Key: aws.String("Team"), Value: aws.String("keda")}, {Key: aws.String("cost"), Value: aws.String("")}},
	})
	require.NoError(t, err)
	key, _ := r.store.LookupKey(*out.Credentials.AccessKeyId)
	require.Equal(t, map[string]string{"Team": "keda", "cost": "", "Stage": "prod"}, key.Principal.(identity.Principal).Tags)
	role, _ := r.store.Role(writer)
	require.Equal(t, map[string]string{"team": "obs", "Stage": "prod"}, role.Tags, "the role keeps its own")
}

// TestPrometheusRoleARN is remote write with role_arn in Prometheus's configuration.
func TestPrometheusRoleARN(t *testing.T) {
	r := newRig(t, nil)
	t.Setenv("AWS_ENDPOINT_URL_STS", r.URL)
	verifier := sigv4.New(sigv4.Config{Region: region, Service: "aps", Keys: r.store})
	who := make(chan string, 1)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		signed, err := verifier.Verify(req, nil)
		if err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		who <- signed.Key.Principal.(identity.Principal).ARN
	}))
	t.Cleanup(front.Close)
	rt, err := promsigv4.NewSigV4RoundTripper(&promsigv4.SigV4Config{
		Region: region, AccessKey: "AKIAALICEALICEALICE0", SecretKey: config.Secret("alice-secret"), RoleARN: writer, SessionName: "prom",
		Tags: map[string]string{"team": "prom"},
	}, http.DefaultTransport)
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, front.URL+"/workspaces/ws-1/api/v1/query?query=up", nil)
	require.NoError(t, err)
	resp, err := rt.RoundTrip(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Equal(t, "arn:aws:sts::123456789012:assumed-role/writer/prom", <-who)
}
