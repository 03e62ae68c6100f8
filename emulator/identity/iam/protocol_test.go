package iam_test

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/identity"
	"github.com/ampersand-amp/ampersand/emulator/identity/iam"
)

// TestProtocol sends what no SDK would.
func TestProtocol(t *testing.T) {
	r := newRig(t)
	tests := map[string]struct {
		method, target, body string
		status               int
		code, message        string
	}{
		"not signed":        {"POST", "/", "Action=ListRoles&Version=2010-05-08", 403, "MissingAuthenticationToken", "Request is missing Authentication Token"},
		"not signed, a GET": {"GET", "/?Action=ListRoles&Version=2010-05-08", "", 403, "MissingAuthenticationToken", "Request is missing Authentication Token"},
		"no action":         {"POST", "/", "Version=2010-05-08", 400, "MissingAction", "The request is missing an action or a required parameter."},
		"no version":        {"POST", "/", "Action=ListRoles", 400, "InvalidAction", "Could not find operation ListRoles for version NO_VERSION_SPECIFIED"},
		"STS's version":     {"POST", "/", "Action=ListRoles&Version=2011-06-15", 400, "InvalidAction", "Could not find operation ListRoles for version 2011-06-15"},
		"no form":           {"POST", "/", "Action=%zz", 404, "MalformedQueryString", "The query string contains a syntax error."},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := r.send(t, tc.method, tc.target, tc.body)
			require.Equal(t, tc.status, got.status)
			require.Equal(t, []string{"Sender", tc.code, tc.message}, []string{got.Type, got.Code, got.Text})
			require.Contains(t, got.body, `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">`)
		})
	}
}

// serve answers a form as if the root had signed it.
func serve(t testing.TB, r *rig, service *iam.Service, form string) *httptest.ResponseRecorder {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w, root := httptest.NewRecorder(), r.store.Root()
	service.ServeHTTP(w, req, []byte(form), &root)
	return w
}

// TestShape is the text of two answers: one with a result, one without.
func TestShape(t *testing.T) {
	r := newRig(t)
	service := iam.New(iam.Config{Store: r.store, Partition: "aws", AccountID: account})
	got := serve(t, r, service, "Action=ListOpenIDConnectProviders&Version=2010-05-08")
	id := got.Header().Get("X-Amzn-Requestid")
	require.Equal(t, `<ListOpenIDConnectProvidersResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">
  <ListOpenIDConnectProvidersResult>
    <OpenIDConnectProviderList></OpenIDConnectProviderList>
  </ListOpenIDConnectProvidersResult>
  <ResponseMetadata>
    <RequestId>`+id+`</RequestId>
  </ResponseMetadata>
</ListOpenIDConnectProvidersResponse>
`, got.Body.String())
	got = serve(t, r, service, "Action=DeleteOpenIDConnectProvider&Version=2010-05-08&OpenIDConnectProviderArn="+prefix+"oidc-provider/x")
	id = got.Header().Get("X-Amzn-Requestid")
	require.Equal(t, `<DeleteOpenIDConnectProviderResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">
  <ResponseMetadata>
    <RequestId>`+id+`</RequestId>
  </ResponseMetadata>
</DeleteOpenIDConnectProviderResponse>
`, got.Body.String())
}

func TestIsRequest(t *testing.T) {
	const authorization = "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/iam/aws4_request, SignedHeaders=host, Signature=x"
	tests := map[string]struct {
		target, authorization, body string
		want                        bool
		region                      string
	}{
		"by version":              {"/", "", "Action=X&Version=2010-05-08", true, ""},
		"STS's version":           {"/", "", "Action=X&Version=2011-06-15", false, ""},
		"version over signature":  {"/", authorization, "Action=X&Version=2011-06-15", false, "eu-west-1"},
		"by signature":            {"/", authorization, "Action=X", true, "eu-west-1"},
		"by signature, malformed": {"/", authorization, "Action=%zz", true, "eu-west-1"},
		"signed for STS":          {"/", strings.Replace(authorization, "/iam/", "/sts/", 1), "Action=X", false, "eu-west-1"},
		"presigned":               {"/?Action=X&X-Amz-Credential=" + url.QueryEscape("A/20260101/us-east-1/iam/aws4_request"), "", "", true, "us-east-1"},
		"version in the URL":      {"/?Action=X&Version=2010-05-08", "", "", true, ""},
		"nothing":                 {"/", "", "", false, ""},
		"basic credentials":       {"/", "Basic eDp5", "", false, ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, tc.target, nil)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
			r.Header.Set("Authorization", tc.authorization)
			require.Equal(t, tc.want, iam.IsRequest(r, []byte(tc.body)))
			require.Equal(t, tc.region, iam.SignedRegion(r))
		})
	}
}

func TestGlobalRegion(t *testing.T) {
	for region, want := range map[string]string{"eu-west-1": "us-east-1", "cn-northwest-1": "cn-north-1", "us-gov-east-1": "us-gov-west-1"} {
		require.Equal(t, want, iam.GlobalRegion(identity.Partition(region)))
	}
}

// FuzzServe has no form end in anything but well-formed XML with a status that clients
// know, or change anything when it is refused.
func FuzzServe(f *testing.F) {
	r := newRig(f)
	service := iam.New(iam.Config{Store: r.store, Partition: "aws", AccountID: account})
	for _, form := range []string{
		"Action=CreateRole&RoleName=a&AssumeRolePolicyDocument=" + url.QueryEscape(trust) + "&Tags.member.1.Key=k&Tags.member.1.Value=v",
		"Action=ListRoles&MaxItems=1&Marker=YQ&PathPrefix=/",
		"Action=PutRolePolicy&RoleName=a&PolicyName=b&PolicyDocument=" + url.QueryEscape(inline),
		"Action=CreateUser&UserName=\x00&Path=//", "Action=UntagRole&RoleName=a&TagKeys.member.1=x&TagKeys.member.x=",
		"Action=CreateOpenIDConnectProvider&Url=https://[::1&ThumbprintList.member.1=" + someThumbprint,
		"Action=DeleteAccessKey&AccessKeyId=AKIAIOSFODNN7EXAMPLE", "Action=GetPolicy&PolicyArn=arn:aws:iam::aws:policy/", "Action=GetPolicy&PolicyArn=arn:000:000::000:000", "%zz",
	} {
		f.Add(form)
	}
	f.Fuzz(func(t *testing.T, form string) {
		if strings.Contains(form, "OpenIDConnectProvider") && !strings.Contains(form, "ThumbprintList.member.1=") {
			return // it would call the issuer
		}
		before := r.store.List()
		w := serve(t, r, service, form+"&Version=2010-05-08")
		require.Contains(t, []int{200, 400, 403, 404, 409}, w.Code, w.Body)
		decoder := xml.NewDecoder(w.Body)
		for {
			_, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
		}
		if w.Code != http.StatusOK {
			require.Equal(t, before, r.store.List())
		}
	})
}
