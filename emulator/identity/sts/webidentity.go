package sts

import (
	"context"
	"strings"

	"github.com/ampersand-amp/ampersand/emulator/awsquery"
	"github.com/ampersand-amp/ampersand/emulator/identity"
)

// tokenConstraint is what the API model asks of a web identity token [D].
var tokenConstraint = awsquery.Constraint{Min: 4, Max: 20000, Sensitive: true}

// assumeRoleWithWebIdentity lets the bearer of a token become a role that trusts the
// token's issuer and subject. Parameters are judged first, then the token, then the
// role [I].
func (s *Service) assumeRoleWithWebIdentity(ctx context.Context, c *call) (any, error) {
	c.outcome.Principal = "" // a signature, if there is one, does not count
	a := c.assumption()
	token := c.Required("WebIdentityToken", tokenConstraint)
	if err := a.check(c); err != nil {
		return nil, err
	}
	if c.Values.Has("ProviderId") { // for three providers of OAuth 2.0 access tokens [D]
		return nil, awsquery.Validation("ProviderId is not supported by this emulator: it knows OpenID Connect providers only")
	}
	issuer, err := issuerOf(token)
	if err != nil {
		return nil, err
	}
	provider, ok := s.store.Provider(issuer)
	// A role trusts providers of its own account only [D]. That another account has none
	// is answered as for the own [I].
	if account := strings.Split(a.roleARN, ":")[4]; !ok || account != s.account {
		return nil, noProvider(issuer)
	}
	who, err := s.keys.verifyToken(ctx, token, keySource{
		issuer: issuer, jwksFile: provider.JWKSFile, jwksURL: provider.JWKSURL,
		caFile: provider.CAFile, bearerTokenFile: provider.BearerTokenFile,
		thumbprints: strings.Join(provider.Thumbprints, ","),
	}, provider.ClientIDs)
	if err != nil {
		return nil, err
	}
	c.outcome.Principal = who.subject + " of " + issuer
	a.provider = provider.ARN
	role, err := s.trusting(c, a, provider, who)
	if err != nil {
		return nil, err
	}
	duration, err := a.life(role, false)
	if err != nil {
		return nil, err
	}
	keys, assumed, err := s.open(c, a, role, duration)
	if err != nil {
		return nil, err
	}
	return webIdentityResult{
		Credentials: keys, Subject: who.subject, AssumedRoleUser: assumed, PackedPolicySize: a.packedSize(),
		Provider: provider.ARN, Audience: who.audiences[0],
	}, nil
}

// trusting finds the role, if it trusts the web identity. Only its trust policy counts:
// the bearer of a token has no policies of its own [D].
func (s *Service) trusting(c *call, a assumption, provider identity.Provider, who *webIdentity) (identity.Role, error) {
	role, ok := s.store.Role(a.roleARN)
	if !ok {
		return identity.Role{}, webIdentityDenied("there is no role " + a.roleARN)
	}
	// Condition keys begin with the issuer as it stands in the provider's ARN [D].
	_, issuer, _ := strings.Cut(provider.ARN, ":oidc-provider/")
	keys := a.context(c)
	keys[issuer+":sub"] = []string{who.subject}
	keys[issuer+":aud"] = who.audiences
	if who.party != "" { // counts as the audience then, which is told as oaud [R IAM guide]
		keys[issuer+":aud"], keys[issuer+":oaud"] = []string{who.party}, who.audiences
	}
	const action = "sts:AssumeRoleWithWebIdentity"
	verdict := role.TrustPolicy.Evaluate(
		identity.Request{Action: action, Resource: role.ARN, Context: keys, Time: s.now()},
		identity.Principal{Kind: identity.KindFederated, ARN: provider.ARN, AccountID: s.account, FederatedProvider: provider.ARN},
	)
	asked := action + " to subject " + who.subject + " with audience " + strings.Join(who.audiences, ", ") + " of " + provider.ARN
	switch verdict.Effect {
	case identity.Allow:
		return role, nil
	case identity.Deny:
		return identity.Role{}, webIdentityDenied("statement " + verdict.Statement + " of the trust policy of " + role.ARN + " denies " + asked)
	default:
		return identity.Role{}, webIdentityDenied("no statement of the trust policy of " + role.ARN + " allows " + asked)
	}
}
