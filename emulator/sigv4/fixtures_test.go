package sigv4_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

const (
	keyID     = "AKIDEXAMPLE"
	secret    = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	region    = "us-east-1"
	service   = "aps"
	emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

// signedAt is the time of every vector and of every request signed in memory.
var signedAt = time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)

// keyring is a Keys of a few fixed keys.
type keyring map[string]sigv4.Key

func (k keyring) LookupKey(id string) (sigv4.Key, bool) {
	key, ok := k[id]
	return key, ok
}

// newKeyring holds one plain key, one live session and one that is over.
func newKeyring() keyring {
	return keyring{
		keyID:         {AccessKeyID: keyID, SecretAccessKey: secret, Principal: "root"},
		"ASIASESSION": {AccessKeyID: "ASIASESSION", SecretAccessKey: secret, SessionToken: "TOKEN/+=", Expires: signedAt.Add(time.Hour)},
		"ASIAOVER":    {AccessKeyID: "ASIAOVER", SecretAccessKey: secret, SessionToken: "TOKEN/+=", Expires: signedAt},
	}
}

// newVerifier returns a verifier whose clock stands at signedAt plus offset.
func newVerifier(offset time.Duration) *sigv4.Verifier {
	return sigv4.New(sigv4.Config{
		Region: region, Service: service, Keys: newKeyring(),
		Now: func() time.Time { return signedAt.Add(offset) },
	})
}

// wire reads a request the way a server does, from raw bytes with bare newlines.
func wire(t testing.TB, raw string) (*http.Request, []byte) {
	t.Helper()
	head, body, _ := strings.Cut(raw, "\n\n")
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(strings.ReplaceAll(head, "\n", "\r\n") + "\r\n\r\n" + body)))
	require.NoError(t, err)
	got, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	return r, got
}

// signed returns an in-memory server request that the SDK's signer signed with the
// plain key at signedAt.
func signed(t testing.TB, method, url, body string, header http.Header) (*http.Request, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	for name, values := range header {
		req.Header[name] = values
	}
	creds := aws.Credentials{AccessKeyID: keyID, SecretAccessKey: secret}
	require.NoError(t, v4.NewSigner().SignHTTP(context.Background(), creds, req, hashOf(body), service, region, signedAt))
	return received(t, req, body), []byte(body)
}

// received turns a client's request into the one its server reads.
func received(t testing.TB, req *http.Request, body string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), req.Method, req.URL.RequestURI(), strings.NewReader(body))
	r.Host = req.URL.Host
	if req.Host != "" {
		r.Host = req.Host
	}
	r.Header = req.Header.Clone()
	return r
}

// refused runs Verify and returns the refusal it must give.
func refused(t testing.TB, v *sigv4.Verifier, r *http.Request, body []byte) *sigv4.Refusal {
	t.Helper()
	signed, err := v.Verify(r, body)
	require.Nil(t, signed)
	var refusal *sigv4.Refusal
	require.True(t, errors.As(err, &refusal), "error is %T: %v", err, err)
	require.Equal(t, http.StatusForbidden, refusal.Status)
	return refusal
}

func hashOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// clock stands at signedAt.
func clock() time.Time { return signedAt }
