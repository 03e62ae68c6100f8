package identity_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/identity"
	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

// TestSignedRequests lets AWS's signer and package sigv4 meet over the keys of a store.
func TestSignedRequests(t *testing.T) {
	h := fixture(t)
	verifier := sigv4.New(sigv4.Config{Region: "us-east-1", Service: "aps", Keys: h.Store, Now: h.clock.Now})
	session := func() aws.Credentials {
		s := h.assume(t, queryRole, "keda")
		return aws.Credentials{AccessKeyID: s.AccessKeyID, SecretAccessKey: s.SecretAccessKey, SessionToken: s.SessionToken}
	}
	// verify signs and verifies; it returns who it was, or the reason of the refusal.
	verify := func(t *testing.T, c aws.Credentials) string {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1/workspaces/ws-1/api/v1/query?query=up", nil)
		require.NoError(t, err)
		sum := sha256.Sum256(nil)
		require.NoError(t, v4.NewSigner().SignHTTP(t.Context(), c, req, hex.EncodeToString(sum[:]), "aps", "us-east-1", h.clock.Now()))
		req.RequestURI = req.URL.RequestURI()
		signed, err := verifier.Verify(req, nil)
		if refusal := (*sigv4.Refusal)(nil); errors.As(err, &refusal) {
			return refusal.Reason
		}
		require.NoError(t, err)
		return signed.Key.Principal.(identity.Principal).ARN
	}
	keda := "arn:aws:sts::123456789012:assumed-role/amp-query/keda"

	require.Equal(t, collector, verify(t, aws.Credentials{AccessKeyID: "AKIAIOSFODNN7COLLECT", SecretAccessKey: "collector-secret"}))
	require.Equal(t, h.Root().ARN, verify(t, aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "root-secret"}))
	require.Equal(t, sigv4.ReasonUnknownKey, verify(t, aws.Credentials{AccessKeyID: "AKIAIOSFODNN7COLLOLD", SecretAccessKey: "an-old-secret"}))

	one := session()
	require.Equal(t, keda, verify(t, one))
	without, other := one, one
	without.SessionToken = ""
	other.SessionToken = session().SessionToken
	require.Equal(t, sigv4.ReasonBadToken, verify(t, without))
	require.Equal(t, sigv4.ReasonBadToken, verify(t, other))

	h.clock.Advance(time.Hour)
	require.Equal(t, sigv4.ReasonExpiredToken, verify(t, one))
	two := session()
	require.Equal(t, keda, verify(t, two))
	require.NoError(t, h.ExpireSession(two.AccessKeyID))
	require.Equal(t, sigv4.ReasonExpiredToken, verify(t, two))
	require.NoError(t, h.RevokeSession(two.AccessKeyID))
	require.Equal(t, sigv4.ReasonUnknownKey, verify(t, two))

	rotated, err := h.RotateKey("AKIAIOSFODNN7COLLECT")
	require.NoError(t, err)
	require.Equal(t, sigv4.ReasonUnknownKey, verify(t, aws.Credentials{AccessKeyID: "AKIAIOSFODNN7COLLECT", SecretAccessKey: "collector-secret"}))
	require.Equal(t, collector, verify(t, aws.Credentials{AccessKeyID: rotated.AccessKeyID, SecretAccessKey: rotated.SecretAccessKey}))
}
