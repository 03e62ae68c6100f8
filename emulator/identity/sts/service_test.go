package sts_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/identity/sts"
	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

func TestGetCallerIdentity(t *testing.T) {
	r := newRig(t, nil)
	tests := map[string]struct {
		client *awssts.Client
		arn    string
		userID string
	}{
		"root": {r.root(), "arn:aws:iam::123456789012:root", `^123456789012$`},
		"user": {r.alice(), "arn:aws:iam::123456789012:user/alice", `^AIDA\w{17}$`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			out, err := tc.client.GetCallerIdentity(t.Context(), &awssts.GetCallerIdentityInput{})
			require.NoError(t, err)
			require.Equal(t, tc.arn, *out.Arn)
			require.Equal(t, account, *out.Account)
			require.Regexp(t, tc.userID, *out.UserId)
			require.Equal(t, sts.Outcome{Action: "GetCallerIdentity", Principal: tc.arn}, r.last())
		})
	}
}

func TestGetSessionToken(t *testing.T) {
	r := newRig(t, nil)
	tests := map[string]struct {
		client  *awssts.Client
		seconds *int32
		lasts   time.Duration
		arn     string
	}{
		"user":            {client: r.alice(), lasts: 12 * time.Hour, arn: "arn:aws:iam::123456789012:user/alice"},
		"user, long":      {client: r.alice(), seconds: aws.Int32(129600), lasts: 36 * time.Hour, arn: "arn:aws:iam::123456789012:user/alice"},
		"root":            {client: r.root(), lasts: time.Hour, arn: "arn:aws:iam::123456789012:root"},
		"root, too long":  {client: r.root(), seconds: aws.Int32(7200), lasts: time.Hour, arn: "arn:aws:iam::123456789012:root"},
		"root, for a bit": {client: r.root(), seconds: aws.Int32(900), lasts: 15 * time.Minute, arn: "arn:aws:iam::123456789012:root"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			out, err := tc.client.GetSessionToken(t.Context(), &awssts.GetSessionTokenInput{DurationSeconds: tc.seconds})
			require.NoError(t, err)
			require.WithinDuration(t, time.Now().Add(tc.lasts), *out.Credentials.Expiration, time.Minute)
			session := r.client(*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken)
			who, err := session.GetCallerIdentity(t.Context(), &awssts.GetCallerIdentityInput{})
			require.NoError(t, err)
			require.Equal(t, tc.arn, *who.Arn)

			_, err = session.GetSessionToken(t.Context(), &awssts.GetSessionTokenInput{})
			refused(t, err, http.StatusForbidden, "AccessDenied", "Cannot call GetSessionToken with session credentials")
			_, err = r.client(*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, "").GetCallerIdentity(t.Context(), &awssts.GetCallerIdentityInput{})
			refused(t, err, http.StatusForbidden, "InvalidClientTokenId", "The security token included in the request is invalid.")
		})
	}
	_, err := r.alice().GetSessionToken(t.Context(), &awssts.GetSessionTokenInput{SerialNumber: aws.String("arn:aws:iam::123456789012:mfa/alice")})
	refused(t, err, http.StatusForbidden, "AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code. ")
	_, err = r.alice().GetSessionToken(t.Context(), &awssts.GetSessionTokenInput{MinimumSessionTokenSize: aws.Int32(4096)})
	refused(t, err, http.StatusBadRequest, "ValidationError", "MinimumSessionTokenSize is not supported by this emulator")
}

func TestGetAccessKeyInfo(t *testing.T) {
	r := newRig(t, nil)
	out, err := r.bob().GetAccessKeyInfo(t.Context(), &awssts.GetAccessKeyInfoInput{AccessKeyId: aws.String("AKIAALICEALICEALICE0")})
	require.NoError(t, err)
	require.Equal(t, account, *out.Account)
	_, err = r.bob().GetAccessKeyInfo(t.Context(), &awssts.GetAccessKeyInfoInput{AccessKeyId: aws.String("AKIANOBODYNOBODYNOBO")})
	refused(t, err, http.StatusForbidden, "InvalidClientTokenId", "The access key ID provided does not exist in our records.")
}

// TestQueryProtocol has the parameters in every place and the protocol's own errors.
func TestQueryProtocol(t *testing.T) {
	r := newRig(t, nil)
	good := webIdentity(r.token(t, nil), nil)
	const form = "application/x-www-form-urlencoded"
	half := url.Values{"WebIdentityToken": good["WebIdentityToken"]}
	rest := webIdentity("", map[string]string{"WebIdentityToken": "-"})
	tests := map[string]struct {
		method, target, contentType, body string
		status                            int
		code, message                     string
	}{
		"form":                         {http.MethodPost, "/", form + "; charset=utf-8", good.Encode(), 200, "", ""},
		"form without a type":          {http.MethodPost, "/", "", good.Encode(), 200, "", ""},
		"URL of a GET":                 {http.MethodGet, "/?" + good.Encode(), "", "", 200, "", ""},
		"URL of a POST":                {http.MethodPost, "/?" + good.Encode(), form, "", 200, "", ""},
		"URL of a POST that says JSON": {http.MethodPost, "/?" + good.Encode(), "application/json", "", 200, "", ""},
		"some here, some there":        {http.MethodPost, "/?" + rest.Encode(), form, half.Encode(), 200, "", ""},
		"body of a GET does not count": {http.MethodGet, "/?" + rest.Encode(), form, half.Encode(), 400, "ValidationError", "1 validation error detected: Value null at 'webIdentityToken' failed to satisfy constraint: Member must not be null"},
		"no action":                    {http.MethodPost, "/", form, "Version=2011-06-15", 400, "MissingAction", "The request is missing an action or a required parameter."},
		"unknown action":               {http.MethodPost, "/", form, "Action=AssumeRoleWithSAML&Version=2011-06-15", 400, "InvalidAction", "Could not find operation AssumeRoleWithSAML for version 2011-06-15"},
		"other version":                {http.MethodPost, "/", form, "Action=GetCallerIdentity&Version=2010-05-08", 400, "InvalidAction", "Could not find operation GetCallerIdentity for version 2010-05-08"},
		"no version":                   {http.MethodPost, "/", form, "Action=GetCallerIdentity", 400, "InvalidAction", "Could not find operation GetCallerIdentity for version NO_VERSION_SPECIFIED"},
		"action that is markup":        {http.MethodPost, "/", form, "Action=%3C%2FMessage%3E%00%FF&Version=2011-06-15", 400, "InvalidAction", "Could not find operation </Message>\uFFFD\uFFFD for version 2011-06-15"},
		"unsigned":                     {http.MethodPost, "/", form, "Action=GetCallerIdentity&Version=2011-06-15", 403, "MissingAuthenticationToken", "Request is missing Authentication Token"},
		"body that is no form":         {http.MethodPost, "/", form, "Action=%zz", 404, "MalformedQueryString", "The query string contains a syntax error."},
		"URL that is no form":          {http.MethodGet, "/?Action=%zz", form, "", 404, "MalformedQueryString", "The query string contains a syntax error."},
		"nothing":                      {http.MethodGet, "/", "", "", 400, "MissingAction", "The request is missing an action or a required parameter."},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := r.send(t, tc.method, tc.target, tc.contentType, tc.body)
			require.Equal(t, tc.status, got.status, got.body)
			require.Equal(t, tc.code, got.Code)
			require.Equal(t, tc.message, got.Message)
			require.Equal(t, tc.status == http.StatusOK, got.AccessKeyID != "")
		})
	}
}

// TestParameters is what the API model asks of AssumeRoleWithWebIdentity.
func TestParameters(t *testing.T) {
	r := newRig(t, nil)
	good := r.token(t, nil)
	failed := func(what string) string {
		return "1 validation error detected: " + strings.Replace(what, ": ", " failed to satisfy constraint: ", 1)
	}
	long := "arn:aws:iam::123456789012:role/" + strings.Repeat("a", 2048)
	tests := map[string]struct {
		form          map[string]string
		code, message string
	}{
		"no role":         {map[string]string{"RoleArn": "-"}, "ValidationError", failed("Value null at 'roleArn': Member must not be null")},
		"short role":      {map[string]string{"RoleArn": "arn:aws:iam"}, "ValidationError", failed("Value 'arn:aws:iam' at 'roleArn': Member must have length greater than or equal to 20")},
		"long role":       {map[string]string{"RoleArn": long}, "ValidationError", failed("Value '" + long + "' at 'roleArn': Member must have length less than or equal to 2048")},
		"not a role":      {map[string]string{"RoleArn": "arn:aws:iam::123456789012:group/query"}, "ValidationError", "arn:aws:iam::123456789012:group/query is invalid"},
		"no name":         {map[string]string{"RoleSessionName": "-"}, "ValidationError", failed("Value null at 'roleSessionName': Member must not be null")},
		"short name":      {map[string]string{"RoleSessionName": "x"}, "ValidationError", failed("Value 'x' at 'roleSessionName': Member must have length greater than or equal to 2")},
		"bad name":        {map[string]string{"RoleSessionName": "a/b"}, "ValidationError", failed(`Value 'a/b' at 'roleSessionName': Member must satisfy regular expression pattern: [\w+=,.@-]*`)},
		"no token":        {map[string]string{"WebIdentityToken": "-"}, "ValidationError", failed("Value null at 'webIdentityToken': Member must not be null")},
		"short token":     {map[string]string{"WebIdentityToken": "abc"}, "ValidationError", failed("Value at 'webIdentityToken': Member must have length greater than or equal to 4")},
		"long token":      {map[string]string{"WebIdentityToken": strings.Repeat("a", 20001)}, "ValidationError", failed("Value at 'webIdentityToken': Member must have length less than or equal to 20000")},
		"too brief":       {map[string]string{"DurationSeconds": "899"}, "ValidationError", failed("Value '899' at 'durationSeconds': Member must have value greater than or equal to 900")},
		"too long":        {map[string]string{"DurationSeconds": "43201"}, "ValidationError", failed("Value '43201' at 'durationSeconds': Member must have value less than or equal to 43200")},
		"no number":       {map[string]string{"DurationSeconds": "1h"}, "ValidationError", failed("Value '1h' at 'durationSeconds': Member must be an integer")},
		"past the role's": {map[string]string{"DurationSeconds": "14401"}, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."},
		"empty policy":    {map[string]string{"Policy": ""}, "ValidationError", failed("Value '' at 'policy': Member must have length greater than or equal to 1")},
		"bad policy":      {map[string]string{"Policy": `{"Version":"2012-10-17"}`}, "MalformedPolicyDocument", "policy has no Statement"},
		"short policy ARN": {map[string]string{"PolicyArns.member.1.arn": "x"}, "ValidationError",
			failed("Value 'x' at 'policyArns.1.member.arn': Member must have length greater than or equal to 20")},
		"absent policy": {map[string]string{"PolicyArns.member.1.arn": "arn:aws:iam::aws:policy/Absent"}, "MalformedPolicyDocument",
			"open a session: policy arn:aws:iam::aws:policy/Absent does not exist"},
		"OAuth 2.0": {map[string]string{"ProviderId": "www.amazon.com"}, "ValidationError",
			"ProviderId is not supported by this emulator: it knows OpenID Connect providers only"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := r.post(t, webIdentity(good, tc.form))
			require.Equal(t, http.StatusBadRequest, got.status)
			require.Equal(t, tc.code, got.Code)
			require.Equal(t, tc.message, got.Message)
			require.Empty(t, r.last().Session)
		})
	}
}

func TestIsRequest(t *testing.T) {
	tests := map[string]struct {
		method, target, contentType, body string
		want                              bool
	}{
		"form":         {http.MethodPost, "/", "application/x-www-form-urlencoded", "Action=GetCallerIdentity", true},
		"broken form":  {http.MethodPost, "/", "application/x-www-form-urlencoded", "Action=%zz", true},
		"URL":          {http.MethodGet, "/?Action=GetCallerIdentity", "", "", true},
		"nothing":      {http.MethodGet, "/", "", "", false},
		"other things": {http.MethodPost, "/", "application/json", `{"Action":"x"}`, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), tc.method, tc.target, nil)
			r.Header.Set("Content-Type", tc.contentType)
			require.Equal(t, tc.want, sts.IsRequest(r, []byte(tc.body)))
		})
	}
}

func TestFromSignature(t *testing.T) {
	tests := map[string]struct {
		status int
		code   string
	}{
		sigv4.TypeMissingAuthenticationToken: {403, "MissingAuthenticationToken"},
		sigv4.TypeIncompleteSignature:        {400, "IncompleteSignature"},
		sigv4.TypeInvalidSignature:           {403, "SignatureDoesNotMatch"},
		sigv4.TypeUnrecognizedClient:         {403, "InvalidClientTokenId"},
		sigv4.TypeExpiredToken:               {403, "ExpiredToken"},
	}
	for kind, tc := range tests {
		t.Run(kind, func(t *testing.T) {
			got := sts.FromSignature(&sigv4.Refusal{Type: kind, Status: http.StatusForbidden, Message: "text", Hint: "hint"})
			require.Equal(t, tc.status, got.Status)
			require.Equal(t, tc.code, got.Code)
			require.Equal(t, "hint", got.Reason)
		})
	}
}
