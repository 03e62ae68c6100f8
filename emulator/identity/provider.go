package identity

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
)

// ProviderInput says what a new OpenID Connect provider is to be.
type ProviderInput struct {
	// Issuer is an https URL without query.
	Issuer      string
	ClientIDs   []string
	Thumbprints []string
	Tags        map[string]string
}

// CreateProvider makes a provider of the own account. It lasts until it is deleted, and
// over a restart if there is a Config.StateFile.
func (s *Store) CreateProvider(in ProviderInput) (Provider, error) {
	if u, err := url.Parse(in.Issuer); err != nil || !plainHTTPS(u) {
		return Provider{}, fmt.Errorf("create provider: %w: %q is no https URL without query", ErrInvalid, in.Issuer)
	}
	in.ClientIDs, in.Thumbprints, in.Tags = slices.Clone(in.ClientIDs), slices.Clone(in.Thumbprints), maps.Clone(in.Tags)
	next := s.newProvider(in, s.now())
	err := s.change(func() error {
		if s.state.providers[next.key()].ARN != "" {
			return fmt.Errorf("create provider: %w: %s is there already", ErrConflict, next.key())
		}
		s.state.providers[next.key()] = next
		return nil
	})
	if err != nil {
		return Provider{}, err
	}
	return next, nil
}

// plainHTTPS reports whether a URL can be an issuer's, as IAM demands [D].
func plainHTTPS(u *url.URL) bool {
	return u.Scheme == "https" && u.Host != "" && u.RawQuery == "" && u.Fragment == "" && u.User == nil
}

func (s *Store) newProvider(in ProviderInput, created time.Time) Provider {
	p := Provider{
		Issuer: in.Issuer, ClientIDs: in.ClientIDs, Thumbprints: in.Thumbprints, Tags: in.Tags, Created: created, made: true,
	}
	p.ARN = s.arn("oidc-provider", "/", strings.TrimPrefix(p.key(), "https://"))
	return p
}

// key is what a provider is found by.
func (p *Provider) key() string { return strings.TrimSuffix(p.Issuer, "/") }

// DeleteProvider deletes a provider. Sessions that its tokens opened go on, as on AWS.
// One of the identity file is there again when that is next read.
func (s *Store) DeleteProvider(arn string) error {
	return s.change(func() error {
		for key, p := range s.state.providers {
			if p.ARN == arn {
				delete(s.state.providers, key)
				return nil
			}
		}
		return fmt.Errorf("delete provider %s: it %w", arn, ErrUnknown)
	})
}

// Providers are those of the own account, by ARN.
func (s *Store) Providers() []Provider {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.SortedFunc(maps.Values(s.state.providers), func(a, b Provider) int { return strings.Compare(a.ARN, b.ARN) })
}
