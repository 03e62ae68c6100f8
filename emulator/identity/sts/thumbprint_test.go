package sts_test

import (
	"crypto/sha1" // as thumbprints are
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/identity"
)

// TestThumbprintVouches has a provider without a CA file, as IAM's API makes it: the
// issuer's certificate, which no authority of the system's vouches for, counts if the
// provider has its thumbprint.
func TestThumbprintVouches(t *testing.T) {
	tests := map[string]struct {
		thumbprints func(right string) []string
		want        int
	}{
		"right":            {func(right string) []string { return []string{right} }, http.StatusOK},
		"in capitals":      {func(right string) []string { return []string{strings.ToUpper(right)} }, http.StatusOK},
		"one of several":   {func(right string) []string { return []string{strings.Repeat("0", 40), right} }, http.StatusOK},
		"another's":        {func(string) []string { return []string{strings.Repeat("0", 40)} }, http.StatusBadRequest},
		"the system's own": {func(string) []string { return nil }, http.StatusBadRequest},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(file string, _ *issuer) string {
				before, _, _ := strings.Cut(file, "oidcProviders:")
				return before
			})
			sum := sha1.Sum(r.issuer.server.Certificate().Raw)
			_, err := r.store.CreateProvider(identity.ProviderInput{
				Issuer: r.issuer.server.URL, ClientIDs: []string{"sts.amazonaws.com"},
				Thumbprints: tc.thumbprints(hex.EncodeToString(sum[:])),
			})
			require.NoError(t, err)
			got := r.post(t, webIdentity(r.token(t, nil), nil))
			require.Equal(t, tc.want, got.status, got.body)
			if tc.want != http.StatusOK {
				require.Equal(t, "InvalidIdentityToken", got.Code)
			}
		})
	}
}
