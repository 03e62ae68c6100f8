package sts_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/identity"
)

const (
	notAuthorized = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
	noKey         = "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements"
	notJWT        = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
)

// TestWebIdentityProvider is what a pod with IRSA does: a token file, the SDK's
// provider, and then requests with the credentials.
func TestWebIdentityProvider(t *testing.T) {
	r := newRig(t, nil)
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte(r.token(t, nil)), 0o600))
	provider := stscreds.NewWebIdentityRoleProvider(r.client("", "", ""), "arn:aws:iam::123456789012:role/query", stscreds.IdentityTokenFile(file),
		func(o *stscreds.WebIdentityRoleOptions) { o.RoleSessionName = "KEDA" })
	credentials, err := provider.Retrieve(t.Context())
	require.NoError(t, err)
	require.Regexp(t, `^ASIA[A-Z2-7]{16}$`, credentials.AccessKeyID)
	require.Equal(t, account, credentials.AccountID)
	require.WithinDuration(t, time.Now().Add(time.Hour), credentials.Expires, time.Minute)

	who, err := r.client(credentials.AccessKeyID, credentials.SecretAccessKey, credentials.SessionToken).
		GetCallerIdentity(t.Context(), &awssts.GetCallerIdentityInput{})
	require.NoError(t, err)
	require.Equal(t, "arn:aws:sts::123456789012:assumed-role/query/KEDA", *who.Arn)
	require.Regexp(t, `^AROA\w+:KEDA$`, *who.UserId)

	key, ok := r.store.LookupKey(credentials.AccessKeyID)
	require.True(t, ok)
	session := key.Principal.(identity.Principal)
	require.True(t, r.store.Authorize(session, identity.Request{Action: "aps:QueryMetrics", Resource: "*"}).Allowed)
	require.False(t, r.store.Authorize(session, identity.Request{Action: "aps:RemoteWrite", Resource: "*"}).Allowed)

	require.NoError(t, r.store.ExpireSession(credentials.AccessKeyID))
	_, err = r.client(credentials.AccessKeyID, credentials.SecretAccessKey, credentials.SessionToken).
		GetCallerIdentity(t.Context(), &awssts.GetCallerIdentityInput{})
	require.ErrorContains(t, err, "ExpiredToken: The security token included in the request is expired")
}

func TestWebIdentityAnswer(t *testing.T) {
	r := newRig(t, nil)
	out, err := r.client("", "", "").AssumeRoleWithWebIdentity(t.Context(), &awssts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String("arn:aws:iam::123456789012:role/query"), RoleSessionName: aws.String("s-1"), DurationSeconds: aws.Int32(900),
		WebIdentityToken: aws.String(r.token(t, map[string]any{"aud": []string{"unknown", "sts.amazonaws.com"}})),
		Policy:           aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"aps:GetLabels","Resource":"*"}}`),
	})
	require.NoError(t, err)
	require.Equal(t, subject, *out.SubjectFromWebIdentityToken)
	require.Equal(t, "sts.amazonaws.com", *out.Audience)
	require.Equal(t, "arn:aws:iam::123456789012:oidc-provider/"+strings.TrimPrefix(r.issuer.server.URL, "https://"), *out.Provider)
	require.Equal(t, "arn:aws:sts::123456789012:assumed-role/query/s-1", *out.AssumedRoleUser.Arn)
	require.WithinDuration(t, time.Now().Add(15*time.Minute), *out.Credentials.Expiration, time.Minute)
	require.EqualValues(t, 5, *out.PackedPolicySize) //nolint:staticcheck // old clients read it, and it is still sent

	outcome := r.last()
	require.Equal(t, *out.Credentials.AccessKeyId, outcome.Session)
	require.Equal(t, subject+" of "+r.issuer.server.URL, outcome.Principal)
	key, _ := r.store.LookupKey(*out.Credentials.AccessKeyId)
	session := key.Principal.(identity.Principal)
	require.True(t, r.store.Authorize(session, identity.Request{Action: "aps:GetLabels", Resource: "*"}).Allowed)
	require.False(t, r.store.Authorize(session, identity.Request{Action: "aps:QueryMetrics", Resource: "*"}).Allowed, "the session policy bounds it")
}

// TestRefusedTokens is amp-api.md 6.3's table, and what else can be wrong with a token.
func TestRefusedTokens(t *testing.T) {
	r := newRig(t, nil)
	now := r.clock.Now()
	other := newKey(t, "first") // the id of the issuer's, but not its key
	good := r.token(t, nil)
	payload, err := json.Marshal(claims(r.issuer.server.URL, now, nil))
	require.NoError(t, err)
	public, err := r.key.public().MarshalJSON()
	require.NoError(t, err)
	segment := base64.RawURLEncoding.EncodeToString
	head, rest, _ := strings.Cut(good, ".")
	body, signature, _ := strings.Cut(rest, ".")
	forged, err := json.Marshal(claims(r.issuer.server.URL, now, map[string]any{"sub": "system:serviceaccount:keda:admin"}))
	require.NoError(t, err)

	tests := map[string]struct {
		token         string
		form          map[string]string
		status        int
		code, message string
		reason        string
	}{
		"issuer not registered": {
			token:  r.token(t, map[string]any{"iss": "https://elsewhere.example.com"}),
			status: 400, code: "InvalidIdentityToken", message: "No OpenIDConnect provider found in your account for https://elsewhere.example.com",
			reason: "no OIDC provider",
		},
		"audience not a client id": {
			token:  r.token(t, map[string]any{"aud": "https://kubernetes.default.svc"}),
			status: 400, code: "InvalidIdentityToken", message: "Incorrect token audience", reason: `for ["https://kubernetes.default.svc"]`,
		},
		"audience that the role does not trust": {
			token:  r.token(t, map[string]any{"aud": "other-client"}),
			status: 403, code: "AccessDenied", message: notAuthorized, reason: "no statement of the trust policy",
		},
		"subject that the role does not trust": {
			token:  r.token(t, map[string]any{"sub": "system:serviceaccount:default:default"}),
			status: 403, code: "AccessDenied", message: notAuthorized, reason: "system:serviceaccount:default:default",
		},
		"session name that the role does not trust": {
			token: good, form: map[string]string{"RoleSessionName": "evil-1"},
			status: 403, code: "AccessDenied", message: notAuthorized,
		},
		"role that trusts no provider": {
			token: good, form: map[string]string{"RoleArn": "arn:aws:iam::123456789012:role/writer"},
			status: 403, code: "AccessDenied", message: notAuthorized,
		},
		"role missing": {
			token: good, form: map[string]string{"RoleArn": "arn:aws:iam::123456789012:role/absent"},
			status: 403, code: "AccessDenied", message: notAuthorized, reason: "there is no role",
		},
		"key unknown": {
			token:  newKey(t, "never-served").token(t, claims(r.issuer.server.URL, now, nil)),
			status: 400, code: "InvalidIdentityToken", message: noKey,
		},
		"signed by somebody else": {
			token:  other.token(t, claims(r.issuer.server.URL, now, nil)),
			status: 400, code: "InvalidIdentityToken", message: noKey,
		},
		"claims exchanged under the signature": {
			token:  head + "." + segment(forged) + "." + signature,
			status: 400, code: "InvalidIdentityToken", message: noKey,
		},
		"no JWT": {
			token:  "ya29.an-access-token",
			status: 400, code: "InvalidIdentityToken", message: notJWT,
		},
		"two parts": {
			token:  head + "." + body,
			status: 400, code: "InvalidIdentityToken", message: notJWT,
		},
		"claims that are no object": {
			token:  sign(t, jose.ES256, jose.JSONWebKey{Key: r.key.private, KeyID: "first"}, []byte(`"text"`)),
			status: 400, code: "InvalidIdentityToken", message: notJWT,
		},
		"algorithm none": {
			token:  segment([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + segment(payload) + ".",
			status: 400, code: "InvalidIdentityToken", message: notJWT, reason: `algorithm is "none"`,
		},
		"algorithm none with a signature": {
			token:  segment([]byte(`{"alg":"none","kid":"first"}`)) + "." + segment(payload) + "." + signature,
			status: 400, code: "InvalidIdentityToken", message: notJWT,
		},
		"HS256 with the public key as secret": {
			token:  sign(t, jose.HS256, public, payload),
			status: 400, code: "InvalidIdentityToken", message: notJWT, reason: `algorithm is "HS256"`,
		},
		"not yet valid": {
			token:  r.token(t, map[string]any{"nbf": now.Add(6 * time.Minute).Unix()}),
			status: 400, code: "InvalidIdentityToken", message: "Token is not valid yet", reason: "nbf",
		},
		"issued in the future": {
			token:  r.token(t, map[string]any{"iat": now.Add(6 * time.Minute).Unix()}),
			status: 400, code: "InvalidIdentityToken", message: "Token is not valid yet", reason: "iat",
		},
		"expired": {
			token:  r.token(t, map[string]any{"exp": now.Add(-time.Second).Unix()}),
			status: 400, code: "ExpiredTokenException", message: "Token expired: current date/time ", reason: "ago",
		},
		"no iss": {token: r.token(t, map[string]any{"iss": nil}), status: 400, code: "InvalidIdentityToken", message: "Missing a required claim: iss"},
		"no sub": {token: r.token(t, map[string]any{"sub": nil}), status: 400, code: "InvalidIdentityToken", message: "Missing a required claim: sub"},
		"no aud": {token: r.token(t, map[string]any{"aud": nil}), status: 400, code: "InvalidIdentityToken", message: "Missing a required claim: aud"},
		"no exp": {token: r.token(t, map[string]any{"exp": nil}), status: 400, code: "InvalidIdentityToken", message: "Missing a required claim: exp"},
		"no iat": {token: r.token(t, map[string]any{"iat": nil}), status: 400, code: "InvalidIdentityToken", message: "Missing a required claim: iat"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := r.post(t, webIdentity(tc.token, tc.form))
			require.Equal(t, tc.status, got.status, got.body)
			require.Equal(t, tc.code, got.Code)
			require.True(t, strings.HasPrefix(got.Message, tc.message), got.Message)
			require.Equal(t, "Sender", got.Type)
			require.Equal(t, got.header.Get("X-Amzn-Requestid"), got.RequestID)
			require.Contains(t, got.body, `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">`)
			outcome := r.last()
			require.Empty(t, outcome.Session)
			require.Contains(t, outcome.Err.Reason, tc.reason)
			require.NotContains(t, outcome.Err.Error(), tc.token)
		})
	}
	require.Equal(t, http.StatusOK, r.post(t, webIdentity(good, nil)).status, "the token that the others were made of is good")
}

// TestKeysRotated changes the issuer's keys while tokens are in use.
func TestKeysRotated(t *testing.T) {
	r := newRig(t, nil)
	old := r.token(t, nil)
	for range 3 {
		require.Equal(t, http.StatusOK, r.post(t, webIdentity(old, nil)).status)
	}
	require.EqualValues(t, 1, r.issuer.fetches.Load(), "keys are cached")

	second := newRSAKey(t, "second")
	fresh := second.token(t, claims(r.issuer.server.URL, r.clock.Now(), nil))
	require.Equal(t, noKey, r.post(t, webIdentity(fresh, nil)).Message)
	require.EqualValues(t, 2, r.issuer.fetches.Load(), "an unknown key id asks again, once")

	r.issuer.serve(r.key, second)
	require.Equal(t, http.StatusOK, r.post(t, webIdentity(fresh, nil)).status)
	require.EqualValues(t, 3, r.issuer.fetches.Load())
	require.Equal(t, http.StatusOK, r.post(t, webIdentity(old, nil)).status)
	require.EqualValues(t, 3, r.issuer.fetches.Load())

	r.issuer.serve(second) // the first key is withdrawn
	r.clock.forward(16 * time.Minute)
	require.Equal(t, noKey, r.post(t, webIdentity(old, nil)).Message, "a withdrawn key stops counting")
	require.Equal(t, http.StatusOK, r.post(t, webIdentity(fresh, nil)).status)
}

// TestIssuerFails lets the endpoint of the keys fail in every way, and come back.
func TestIssuerFails(t *testing.T) {
	stop := make(chan struct{})
	tests := map[string]struct {
		answer  http.HandlerFunc
		code    string
		message string
	}{
		"500": {
			answer: func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "down", http.StatusInternalServerError) },
			code:   "InvalidIdentityToken", message: noKey,
		},
		"403": {
			answer: func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) },
			code:   "InvalidIdentityToken", message: noKey,
		},
		"no JSON": {
			answer: func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") },
			code:   "InvalidIdentityToken", message: noKey,
		},
		"no end": {
			answer: func(w http.ResponseWriter, _ *http.Request) {
				for range 3000 {
					_, _ = io.WriteString(w, strings.Repeat(" ", 1024))
				}
				_, _ = io.WriteString(w, `{"keys":[]}`)
			},
			code: "InvalidIdentityToken", message: noKey,
		},
		"connection cut": {
			answer: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			code:   "InvalidIdentityToken", message: noKey,
		},
		"no answer": {
			answer: func(_ http.ResponseWriter, req *http.Request) {
				select {
				case <-stop:
				case <-req.Context().Done():
				}
			},
			code: "IDPCommunicationError", message: "The identity provider could not be reached",
		},
	}
	r := newRig(t, nil)
	t.Cleanup(func() { close(stop) })
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			k := newKey(t, "key of "+name)
			token := k.token(t, claims(r.issuer.server.URL, r.clock.Now(), nil))
			r.issuer.instead(tc.answer)
			got := r.post(t, webIdentity(token, nil))
			require.Equal(t, tc.code, got.Code, got.body)
			require.True(t, strings.HasPrefix(got.Message, tc.message), got.Message)
			require.Equal(t, http.StatusBadRequest, got.status)
			require.Less(t, len(r.last().Err.Reason), 1024)

			r.issuer.instead(nil)
			r.issuer.serve(k)
			require.Equal(t, http.StatusOK, r.post(t, webIdentity(token, nil)).status, "the next request sees that it is back")

			r.issuer.instead(tc.answer)
			require.Equal(t, http.StatusOK, r.post(t, webIdentity(token, nil)).status, "a cached key needs no issuer")
		})
	}
	t.Run("certificate of an unknown authority", func(t *testing.T) {
		r := newRig(t, func(file string, _ *issuer) string { return strings.Replace(file, "    caFile: CA\n", "", 1) })
		require.Equal(t, noKey, r.post(t, webIdentity(r.token(t, nil), nil)).Message)
	})
}

// TestKeySources has the keys come from elsewhere than discovery.
func TestKeySources(t *testing.T) {
	t.Run("file", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "jwks.json")
		r := newRig(t, func(file string, _ *issuer) string { return strings.Replace(file, "caFile: CA", "jwksFile: "+path, 1) })
		write := func(keys ...jose.JSONWebKey) {
			raw, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path, raw, 0o600))
		}
		form := webIdentity(r.token(t, nil), nil)
		require.Equal(t, noKey, r.post(t, form).Message, "the file is missing")
		write(newKey(t, "first").public(), r.key.public())
		require.Equal(t, http.StatusOK, r.post(t, form).status)
		write(newKey(t, "other").public())
		require.Equal(t, noKey, r.post(t, form).Message)
		require.NoError(t, os.WriteFile(path, []byte("{"), 0o600))
		require.Equal(t, noKey, r.post(t, form).Message)
		require.Zero(t, r.issuer.fetches.Load())
	})
	// As a cluster's API server that serves no keys to strangers. The issuer's name need
	// not resolve.
	t.Run("URL with CA and bearer token", func(t *testing.T) {
		bearer := filepath.Join(t.TempDir(), "token")
		require.NoError(t, os.WriteFile(bearer, []byte("reviewer-1\n"), 0o600))
		const issuerURL = "https://kubernetes.default.svc.cluster.local"
		r := newRig(t, func(file string, i *issuer) string {
			file = strings.Replace(file, "caFile: CA", "caFile: CA\n    jwksURL: "+i.server.URL+"/openid/v1/jwks\n    bearerTokenFile: "+bearer, 1)
			file = strings.ReplaceAll(file, "ISSUER", issuerURL)
			return strings.ReplaceAll(file, "HOST", strings.TrimPrefix(issuerURL, "https://"))
		})
		raw, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{r.key.public()}})
		require.NoError(t, err)
		r.issuer.instead(func(w http.ResponseWriter, req *http.Request) {
			if req.Header.Get("Authorization") != "Bearer reviewer-2" {
				http.Error(w, "Unauthorized", http.StatusUnauthorized)
				return
			}
			_, _ = w.Write(raw)
		})
		form := webIdentity(r.token(t, map[string]any{"iss": issuerURL}), nil)
		require.Equal(t, noKey, r.post(t, form).Message)
		require.NoError(t, os.WriteFile(bearer, []byte("reviewer-2\n"), 0o600))
		got := r.post(t, form)
		require.Equal(t, http.StatusOK, got.status, got.body)
	})
}

// TestManyAtOnce has tokens of several keys verified while keys change.
func TestManyAtOnce(t *testing.T) {
	r := newRig(t, nil)
	second := newKey(t, "second")
	tokens := []string{r.token(t, nil), second.token(t, claims(r.issuer.server.URL, r.clock.Now(), nil))}
	r.issuer.serve(r.key, second)
	var group sync.WaitGroup
	for n := range 16 {
		group.Go(func() {
			for range 4 {
				if got := r.post(t, webIdentity(tokens[n%2], nil)); got.status != http.StatusOK {
					t.Error(got.body)
				}
			}
		})
	}
	group.Wait()
	require.LessOrEqual(t, r.issuer.fetches.Load(), int32(32))
}

// TestNothingSecretIsLogged looks for what must not be in logs and outcomes.
func TestNothingSecretIsLogged(t *testing.T) {
	r := newRig(t, nil)
	good, bad := r.token(t, nil), newKey(t, "x").token(t, claims(r.issuer.server.URL, r.clock.Now(), nil))
	out, err := r.client("", "", "").AssumeRoleWithWebIdentity(context.Background(), &awssts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String("arn:aws:iam::123456789012:role/query"), RoleSessionName: aws.String("s-1"), WebIdentityToken: &good,
	})
	require.NoError(t, err)
	r.post(t, webIdentity(bad, nil))
	r.post(t, webIdentity(strings.Repeat("secret", 4000), nil))
	log := r.log.String()
	require.Contains(t, log, *out.Credentials.AccessKeyId)
	for _, outcome := range r.outcomes {
		if outcome.Err != nil {
			log += outcome.Err.Error()
		}
	}
	for _, secret := range []string{good, bad, "secretsecret", *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken} {
		require.NotContains(t, log, secret)
	}
}
