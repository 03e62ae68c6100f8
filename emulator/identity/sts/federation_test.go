package sts_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/identity"
)

// TestRoleOfAnotherAccount has a role trust the provider of an account that is not its
// own.
func TestRoleOfAnotherAccount(t *testing.T) {
	r := newRig(t, func(file string, _ *issuer) string {
		return file + `
accounts:
  - id: 210987654321
    roles:
      - name: named
        trustPolicy: {Version: 2012-10-17, Statement: {Effect: Allow, Action: "sts:*", Principal: {Federated: "arn:aws:iam::123456789012:oidc-provider/HOST"}}}
      - name: open
        trustPolicy: {Version: 2012-10-17, Statement: {Effect: Allow, Action: "sts:*", Principal: "*"}}
`
	})
	for _, role := range []string{"named", "open", "absent"} {
		got := r.post(t, webIdentity(r.token(t, nil), map[string]string{"RoleArn": "arn:aws:iam::210987654321:role/" + role}))
		require.Equal(t, http.StatusBadRequest, got.status, got.body)
		require.Equal(t, "InvalidIdentityToken", got.Code)
		require.True(t, strings.HasPrefix(got.Message, "No OpenIDConnect provider found in your account for "), got.Message)
		require.Empty(t, r.last().Session)
	}
	require.Equal(t, http.StatusOK, r.post(t, webIdentity(r.token(t, nil), nil)).status)
}

// TestAuthorizedParty has tokens with the claim azp, which the condition key aud is
// then about.
func TestAuthorizedParty(t *testing.T) {
	r := newRig(t, nil)
	tests := map[string]struct {
		azp    any
		status int
	}{
		"as the role wants it": {"sts.amazonaws.com", http.StatusOK},
		"another one":          {"someone-else", http.StatusForbidden},
		"none":                 {nil, http.StatusOK},
		"no text":              {7, http.StatusBadRequest},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := r.post(t, webIdentity(r.token(t, map[string]any{"azp": tc.azp}), nil))
			require.Equal(t, tc.status, got.status, got.body)
		})
	}
}

// TestFederatedProvider has the session's own policies ask who vouched for it.
func TestFederatedProvider(t *testing.T) {
	r := newRig(t, nil)
	got := r.post(t, webIdentity(r.token(t, nil), nil))
	key, ok := r.store.LookupKey(got.AccessKeyID)
	require.True(t, ok)
	provider := "arn:aws:iam::123456789012:oidc-provider/" + strings.TrimPrefix(r.issuer.server.URL, "https://")
	p, err := identity.ParsePolicy([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*",
		"Condition":{"StringEquals":{"aws:FederatedProvider":"` + provider + `"}}}}`))
	require.NoError(t, err)
	require.NoError(t, r.store.PutPolicy("arn:aws:iam::123456789012:role/query", "NoWebIdentity", p))
	d := r.store.Authorize(key.Principal.(identity.Principal), identity.Request{Action: "aps:QueryMetrics", Resource: "*"})
	require.True(t, d.Explicit, d.Reason)
}
