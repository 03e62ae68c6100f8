package iam

import (
	"cmp"
	"context"
	"crypto/sha1" // thumbprints of OpenID Connect providers are SHA-1 [D IAM guide]
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/awsquery"
	"github.com/ampersand-amp/ampersand/emulator/identity"
)

// IAM's quotas of OpenID Connect providers [D IAM quotas, API reference].
const (
	maxProviders   = 100
	maxClientIDs   = 100
	maxThumbprints = 5
)

// dialTimeout is how long an issuer is waited for.
const dialTimeout = 5 * time.Second

// createProvider takes ports in the URL, which IAM does not want: an issuer on this
// machine has one.
func (s *Service) createProvider(ctx context.Context, c *call) (any, error) {
	in := identity.ProviderInput{
		Issuer:    c.Required("Url", s.rules.issuer),
		ClientIDs: c.Texts("ClientIDList", s.rules.clientID), Thumbprints: c.Texts("ThumbprintList", s.rules.thumbprint),
		Tags: c.tags(),
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	issuer := strings.TrimSuffix(in.Issuer, "/")
	arn := s.arn("oidc-provider/" + strings.TrimPrefix(issuer, "https://"))
	err := s.mayTag(c, "CreateOpenIDConnectProvider", "TagOpenIDConnectProvider", in.Tags, target{arn: arn})
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(issuer)
	switch {
	case err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return nil, invalidInput("Invalid Open ID Connect Provider URL") // [R]
	case len(in.ClientIDs) > maxClientIDs:
		return nil, limitExceeded(fmt.Sprintf("Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: %d", maxClientIDs)) // [R]
	case len(in.Thumbprints) > maxThumbprints:
		return nil, invalidInput(fmt.Sprintf("Thumbprint list must contain fewer than %d entries.", maxThumbprints)) // [R]
	}
	if err := checkTags(len(in.Tags), "OpenIdConnectProvider"); err != nil {
		return nil, err
	}
	if _, ok := s.store.Provider(issuer); ok { // [O unfunco/terraform-aws-oidc-github#23]
		return nil, alreadyExists("Provider with url " + in.Issuer + " already exists.")
	}
	if len(s.store.Providers()) >= maxProviders {
		return nil, limitExceeded(fmt.Sprintf("Cannot exceed quota for OpenIdConnectProvidersPerAccount: %d", maxProviders)) // [R]
	}
	if len(in.Thumbprints) == 0 { // then IAM asks the issuer itself [D]
		thumbprint, err := thumbprintOf(ctx, u)
		if err != nil {
			return nil, &awsquery.Error{
				Status: http.StatusBadRequest, Code: CodeProviderCommunication, Cause: err, Reason: err.Error(),
				Message: "The request failed because IAM cannot connect to the OpenID Connect identity provider URL.",
			}
		}
		in.Thumbprints = []string{thumbprint}
	}
	p, err := s.store.CreateProvider(in)
	if err != nil {
		return nil, err
	}
	return struct {
		ARN  string `xml:"OpenIDConnectProviderArn"`
		Tags []tag  `xml:"Tags>member"`
	}{p.ARN, sortedTags(p.Tags)}, nil
}

// thumbprintOf is that of the last certificate which an issuer's server shows: the one of
// its authority [D IAM guide].
func thumbprintOf(ctx context.Context, issuer *url.URL) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	// Nothing but the certificates is taken from this connection. Whoever makes the
	// provider trusts them by doing so.
	dialer := tls.Dialer{Config: &tls.Config{
		MinVersion: tls.VersionTLS12, ServerName: issuer.Hostname(), InsecureSkipVerify: true,
	}}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(issuer.Hostname(), cmp.Or(issuer.Port(), "443")))
	if err != nil {
		return "", fmt.Errorf("ask %s for its certificates: %w", issuer, err)
	}
	defer func() { _ = conn.Close() }()
	chain := conn.(*tls.Conn).ConnectionState().PeerCertificates
	sum := sha1.Sum(chain[len(chain)-1].Raw)
	return hex.EncodeToString(sum[:]), nil
}

// provider finds the provider that a call is about, if the caller may do this to it.
func (s *Service) provider(c *call, action string) (identity.Provider, error) {
	arn := c.Required("OpenIDConnectProviderArn", s.rules.arn)
	if err := c.Err(); err != nil {
		return identity.Provider{}, err
	}
	found := identity.Provider{}
	for _, p := range s.store.Providers() {
		if p.ARN == arn {
			found = p
		}
	}
	if err := s.may(c, action, target{arn: arn, tags: found.Tags}); err != nil {
		return identity.Provider{}, err
	}
	switch {
	case found.ARN != "":
		return found, nil
	case !strings.HasPrefix(arn, s.arn("oidc-provider/")):
		return identity.Provider{}, invalidInput("Invalid ARN: " + arn) // [I]
	default:
		return identity.Provider{}, noSuchEntity("OpenIDConnect Provider not found for arn " + arn) // [O]
	}
}

// getProvider answers the URL without its scheme, as IAM does
// [O kubernetes-sigs/cluster-api-provider-aws#4017].
func (s *Service) getProvider(_ context.Context, c *call) (any, error) {
	p, err := s.provider(c, "GetOpenIDConnectProvider")
	if err != nil {
		return nil, err
	}
	return struct {
		URL         string   `xml:"Url"`
		ClientIDs   []string `xml:"ClientIDList>member"`
		Thumbprints []string `xml:"ThumbprintList>member"`
		CreateDate  string
		Tags        []tag `xml:"Tags>member"`
	}{
		strings.TrimPrefix(p.Issuer, "https://"), p.ClientIDs, p.Thumbprints, awsquery.Timestamp(p.Created), sortedTags(p.Tags),
	}, nil
}

func (s *Service) listProviders(_ context.Context, c *call) (any, error) {
	if err := s.may(c, "ListOpenIDConnectProviders", target{arn: s.arn("oidc-provider/*")}); err != nil {
		return nil, err
	}
	type provider struct {
		ARN string `xml:"Arn"`
	}
	var out struct {
		List []provider `xml:"OpenIDConnectProviderList>member"`
	}
	for _, p := range s.store.Providers() {
		out.List = append(out.List, provider{p.ARN})
	}
	return out, nil
}

// deleteProvider is no error for a provider that is not there [D].
func (s *Service) deleteProvider(_ context.Context, c *call) (any, error) {
	p, err := s.provider(c, "DeleteOpenIDConnectProvider")
	if err != nil {
		if asError(err).Code == CodeNoSuchEntity {
			return nil, nil
		}
		return nil, err
	}
	return nil, s.store.DeleteProvider(p.ARN)
}
