package sts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/ampersand-amp/ampersand/emulator/awsquery"
)

// algorithms are those that AWS verifies the tokens of an OIDC provider with
// ([R] IAM guide): none that is symmetric, and not "none".
var algorithms = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.ES256, jose.ES384, jose.ES512}

// leeway is how far the clock of an issuer may be ahead. For the end of a token there
// is none: AWS has been seen to refuse one 198 seconds after it
// [O awslabs/aws-orbit-workbench#707; the five minutes I, as package oidc has them].
const leeway = 5 * time.Minute

// webIdentity is what a verified token says.
type webIdentity struct {
	subject string
	// audiences are those of the token that the provider knows, never none.
	audiences []string
	// party is who was authorized to use the token, the claim azp; empty if it has none.
	party string
}

// issuerOf reads the issuer out of a token that nobody has verified yet.
func issuerOf(token string) (string, error) {
	jws, err := jose.ParseSignedCompact(token, algorithms)
	if unexpected := (*jose.ErrUnexpectedSignatureAlgorithm)(nil); errors.As(err, &unexpected) {
		return "", notJWT(fmt.Sprintf("the token's algorithm is %q; accepted are RS256 to RS512 and ES256 to ES512", unexpected.Got))
	}
	if err != nil {
		return "", notJWT("the token cannot be read as a signed JWT")
	}
	var claims jwt.Claims
	if err := json.Unmarshal(jws.UnsafePayloadWithoutVerification(), &claims); err != nil {
		return "", notJWT("the payload of the token is not a set of claims")
	}
	if claims.Issuer == "" {
		return "", missingClaim("iss")
	}
	return claims.Issuer, nil
}

// missingClaim refuses a token without a claim that AWS needs [O aws/aws-sdk-ruby#2698].
func missingClaim(name string) *awsquery.Error {
	return invalidToken("Missing a required claim: "+name, "the token has no claim "+name)
}

// verifyToken verifies a token of an issuer: signature first, then claims, so that
// nobody learns what would be accepted without a key of the issuer. That order is
// package oidc's; AWS's is not known [I].
func (k *keyring) verifyToken(ctx context.Context, token string, source keySource, clientIDs []string) (*webIdentity, error) {
	names := make([]string, len(algorithms))
	for i, algorithm := range algorithms {
		names[i] = string(algorithm)
	}
	keys := &heardKeySet{KeySet: k.of(source)}
	// Audience and times are judged below: package oidc takes one audience, and its
	// errors do not tell which check failed.
	verified, err := oidc.NewVerifier(source.issuer, keys, &oidc.Config{
		SupportedSigningAlgs: names, SkipClientIDCheck: true, SkipExpiryCheck: true,
	}).Verify(ctx, token)
	if keys.err != nil {
		return nil, keyFailure(source, keys.err)
	}
	if err != nil {
		return nil, notJWT("the claims of the token cannot be read")
	}
	var claims jwt.Claims
	if err := verified.Claims(&claims); err != nil {
		return nil, notJWT("the claims of the token cannot be read")
	}
	var more struct {
		Party string `json:"azp"`
	}
	if err := verified.Claims(&more); err != nil {
		return nil, notJWT("the claim azp of the token cannot be read")
	}
	who, err := judgeClaims(claims, clientIDs, k.now())
	if err != nil {
		return nil, err
	}
	who.party = more.Party
	return who, nil
}

// judgeClaims decides on what a token with a valid signature says.
func judgeClaims(claims jwt.Claims, clientIDs []string, now time.Time) (*webIdentity, error) {
	switch {
	case claims.Subject == "":
		return nil, missingClaim("sub")
	case len(claims.Audience) == 0:
		return nil, missingClaim("aud")
	case claims.Expiry == nil:
		return nil, missingClaim("exp")
	case claims.IssuedAt == nil: // [D] IAM guide: iat is required
		return nil, missingClaim("iat")
	}
	known := slices.DeleteFunc(slices.Clone([]string(claims.Audience)), func(audience string) bool {
		return !slices.Contains(clientIDs, audience)
	})
	if len(known) == 0 {
		return nil, invalidToken("Incorrect token audience", fmt.Sprintf("the token is for %q, the client ids of the provider are %q",
			[]string(claims.Audience), clientIDs))
	}
	expiry := claims.Expiry.Time()
	if !now.Before(expiry) {
		return nil, expired(now, expiry)
	}
	for name, from := range map[string]*jwt.NumericDate{"nbf": claims.NotBefore, "iat": claims.IssuedAt} {
		if from != nil && now.Add(leeway).Before(from.Time()) {
			return nil, invalidToken("Token is not valid yet: current date/time "+now.UTC().Format(time.RFC3339)+ // [I]
				" is before "+from.Time().UTC().Format(time.RFC3339), "the claim "+name+" lies in the future: compare the clocks")
		}
	}
	return &webIdentity{subject: claims.Subject, audiences: known}, nil
}

// heardKeySet remembers why a key set failed, which oidc's verifier turns into text.
type heardKeySet struct {
	oidc.KeySet
	err error
}

// VerifySignature implements oidc.KeySet.
func (h *heardKeySet) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	payload, err := h.KeySet.VerifySignature(ctx, token)
	h.err = err
	return payload, err
}

// keyFailure is the refusal of a token whose signature could not be verified.
func keyFailure(source keySource, err error) *awsquery.Error {
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) && timeout.Timeout() {
		return idpTimeout(source.issuer, err)
	}
	// The error may hold all that the issuer answered.
	return noKey(fmt.Sprintf("the signature of the token could not be verified with the keys of %s: %.300s", source.issuer, err), err)
}
