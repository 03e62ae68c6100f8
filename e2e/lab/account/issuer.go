package account

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// audience is whom the tokens are for that pods show to STS [D IRSA].
const audience = "sts.amazonaws.com"

// Provider is the account's trust in the issuer of a cluster's tokens.
type Provider struct {
	ARN string
	// Issuer is the issuer's URL without its scheme: the name of its claims in trust policies.
	Issuer string
	// Made tells whether a run has made it. One that was there belongs to the cluster.
	Made bool
}

// EnsureProvider finds the OpenID Connect provider of an issuer, or makes it.
func (a *Account) EnsureProvider(ctx context.Context, issuer, run string) (Provider, error) {
	p := Provider{Issuer: strings.TrimSuffix(strings.TrimPrefix(issuer, "https://"), "/")}
	if p.Issuer == issuer {
		return p, fmt.Errorf("trust the cluster's service accounts: their issuer %q is no https URL, and IAM takes no other", issuer)
	}
	list, err := a.iam.ListOpenIDConnectProviders(ctx, &iam.ListOpenIDConnectProvidersInput{})
	if err != nil {
		return p, fmt.Errorf("list the OpenID Connect providers: %w", err)
	}
	for _, entry := range list.OpenIDConnectProviderList {
		// ...:oidc-provider/ and the issuer: the ARN says it all.
		if strings.HasSuffix(aws.ToString(entry.Arn), ":oidc-provider/"+p.Issuer) {
			p.ARN = aws.ToString(entry.Arn)
			return p, a.checkAudience(ctx, p)
		}
	}
	// Without thumbprints IAM looks at the issuer's certificate by itself [D].
	made, err := a.iam.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{
		Url: aws.String("https://" + p.Issuer), ClientIDList: []string{audience}, Tags: iamTags(run),
	})
	if err != nil {
		return p, fmt.Errorf("create the OpenID Connect provider of %s: %w", issuer, err)
	}
	p.ARN, p.Made = aws.ToString(made.OpenIDConnectProviderArn), true
	return p, nil
}

// checkAudience wants a provider that was there to take the tokens of pods. It is not ours to change.
func (a *Account) checkAudience(ctx context.Context, p Provider) error {
	got, err := a.iam.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &p.ARN})
	if err != nil {
		return fmt.Errorf("look at the OpenID Connect provider %s: %w", p.ARN, err)
	}
	for _, id := range got.ClientIDList {
		if id == audience {
			return nil
		}
	}
	return fmt.Errorf("the OpenID Connect provider %s is for the audiences %v, not for %s: add it to use roles with the cluster's service accounts",
		p.ARN, got.ClientIDList, audience)
}

// DeleteProvider deletes a provider that a run has made, and leaves every other alone.
func (a *Account) DeleteProvider(ctx context.Context, p Provider) error {
	if !p.Made {
		return nil
	}
	_, err := a.iam.DeleteOpenIDConnectProvider(ctx, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: &p.ARN})
	if missing := (*types.NoSuchEntityException)(nil); err != nil && !errors.As(err, &missing) {
		return fmt.Errorf("delete the OpenID Connect provider %s: %w", p.ARN, err)
	}
	return nil
}

// Providers lists the OpenID Connect providers that runs have made, by tag.
func (a *Account) Providers(ctx context.Context) ([]Provider, error) {
	list, err := a.iam.ListOpenIDConnectProviders(ctx, &iam.ListOpenIDConnectProvidersInput{})
	if err != nil {
		return nil, fmt.Errorf("list the OpenID Connect providers: %w", err)
	}
	var made []Provider
	for _, entry := range list.OpenIDConnectProviderList {
		got, err := a.iam.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: entry.Arn})
		if err != nil {
			return nil, fmt.Errorf("look at the OpenID Connect provider %s: %w", aws.ToString(entry.Arn), err)
		}
		if _, ours := runOf(got.Tags); ours {
			made = append(made, Provider{ARN: aws.ToString(entry.Arn), Issuer: aws.ToString(got.Url), Made: true})
		}
	}
	return made, nil
}

func iamTags(run string) []types.Tag {
	var list []types.Tag
	for key, value := range tags(run) {
		list = append(list, types.Tag{Key: aws.String(key), Value: aws.String(value)})
	}
	return list
}

// runOf returns the run that made something, if one did.
func runOf(tags []types.Tag) (string, bool) {
	for _, tag := range tags {
		if aws.ToString(tag.Key) == Tag {
			return aws.ToString(tag.Value), true
		}
	}
	return "", false
}
