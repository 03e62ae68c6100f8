package iam_test

import (
	"crypto/sha1" // as thumbprints are
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/stretchr/testify/require"
)

const someThumbprint = "9e99a48a9960b14926bb7f3b02e22da2b0ab7280"

func TestProvider(t *testing.T) {
	r := newRig(t)
	c := r.root()
	created, err := c.CreateOpenIDConnectProvider(t.Context(), &awsiam.CreateOpenIDConnectProviderInput{
		Url: aws.String("https://oidc.example.com/id/A1"), ClientIDList: []string{"sts.amazonaws.com"},
		ThumbprintList: []string{someThumbprint}, Tags: []types.Tag{{Key: aws.String("run"), Value: aws.String("1")}},
	})
	require.NoError(t, err)
	arn := created.OpenIDConnectProviderArn
	require.Equal(t, prefix+"oidc-provider/oidc.example.com/id/A1", aws.ToString(arn))
	got, err := c.GetOpenIDConnectProvider(t.Context(), &awsiam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn})
	require.NoError(t, err)
	require.Equal(t, "oidc.example.com/id/A1", aws.ToString(got.Url))
	require.Equal(t, []string{"sts.amazonaws.com"}, got.ClientIDList)
	require.Equal(t, []string{someThumbprint}, got.ThumbprintList)
	require.Len(t, got.Tags, 1)
	recent(t, got.CreateDate)
	list, err := c.ListOpenIDConnectProviders(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, []types.OpenIDConnectProviderListEntry{{Arn: arn}}, list.OpenIDConnectProviderList)

	_, err = c.CreateOpenIDConnectProvider(t.Context(), &awsiam.CreateOpenIDConnectProviderInput{Url: aws.String("https://oidc.example.com/id/A1")})
	require.Equal(t, "Provider with url https://oidc.example.com/id/A1 already exists.", refused(t, err, 409, "EntityAlreadyExists"))
	for range 2 { // the second time is no error
		_, err = c.DeleteOpenIDConnectProvider(t.Context(), &awsiam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn})
		require.NoError(t, err)
	}
	_, err = c.GetOpenIDConnectProvider(t.Context(), &awsiam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn})
	require.Equal(t, "OpenIDConnect Provider not found for arn "+aws.ToString(arn), refused(t, err, 404, "NoSuchEntity"))
}

// TestThumbprintIsFetched leaves it to IAM, which asks the issuer.
func TestThumbprintIsFetched(t *testing.T) {
	r := newRig(t)
	issuer := httptest.NewTLSServer(http.NotFoundHandler())
	defer issuer.Close()
	create := func() (*awsiam.CreateOpenIDConnectProviderOutput, error) {
		return r.root().CreateOpenIDConnectProvider(t.Context(), &awsiam.CreateOpenIDConnectProviderInput{Url: &issuer.URL})
	}
	created, err := create()
	require.NoError(t, err)
	got, err := r.root().GetOpenIDConnectProvider(t.Context(), &awsiam.GetOpenIDConnectProviderInput{
		OpenIDConnectProviderArn: created.OpenIDConnectProviderArn,
	})
	require.NoError(t, err)
	sum := sha1.Sum(issuer.Certificate().Raw)
	require.Equal(t, []string{hex.EncodeToString(sum[:])}, got.ThumbprintList)
	_, err = r.root().DeleteOpenIDConnectProvider(t.Context(), &awsiam.DeleteOpenIDConnectProviderInput{
		OpenIDConnectProviderArn: created.OpenIDConnectProviderArn,
	})
	require.NoError(t, err)
	issuer.Close()
	_, err = create()
	refused(t, err, 400, "OpenIdIdpCommunicationError")
	var unreachable *types.OpenIdIdpCommunicationErrorException
	require.ErrorAs(t, err, &unreachable)
}

func TestProviderRefused(t *testing.T) {
	r := newRig(t)
	many := make([]string, 101)
	for i := range many {
		many[i] = "client"
	}
	tests := map[string]struct {
		in   awsiam.CreateOpenIDConnectProviderInput
		code string
	}{
		"http":             {awsiam.CreateOpenIDConnectProviderInput{Url: aws.String("http://a.example")}, "InvalidInput"},
		"no host":          {awsiam.CreateOpenIDConnectProviderInput{Url: aws.String("https://")}, "InvalidInput"},
		"query":            {awsiam.CreateOpenIDConnectProviderInput{Url: aws.String("https://a.example?x=1")}, "InvalidInput"},
		"long":             {awsiam.CreateOpenIDConnectProviderInput{Url: aws.String("https://" + strings.Repeat("a", 255))}, "ValidationError"},
		"no thumbprint":    {awsiam.CreateOpenIDConnectProviderInput{Url: aws.String("https://a.example"), ThumbprintList: []string{"xyz"}}, "ValidationError"},
		"many thumbprints": {awsiam.CreateOpenIDConnectProviderInput{Url: aws.String("https://a.example"), ThumbprintList: []string{someThumbprint, someThumbprint, someThumbprint, someThumbprint, someThumbprint, someThumbprint}}, "InvalidInput"},
		"many clients":     {awsiam.CreateOpenIDConnectProviderInput{Url: aws.String("https://a.example"), ClientIDList: many}, "LimitExceeded"},
	}
	before := r.store.List()
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := r.root().CreateOpenIDConnectProvider(t.Context(), &tc.in)
			status := 400
			if tc.code == "LimitExceeded" {
				status = 409
			}
			refused(t, err, status, tc.code)
			require.Equal(t, before, r.store.List())
		})
	}
	_, err := r.root().GetOpenIDConnectProvider(t.Context(), &awsiam.GetOpenIDConnectProviderInput{
		OpenIDConnectProviderArn: aws.String(prefix + "role/not-a-provider"),
	})
	refused(t, err, 400, "InvalidInput")
}
