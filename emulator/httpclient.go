package emulator

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// HTTPClient returns a client that signs every request with the root key: for
// clients of Prometheus, which know nothing of AWS's signatures. client_golang
// takes it as api.Config.Client and, for remote write, by WithAPIHTTPClient;
// its Transport is for those that take a RoundTripper only. AWS's own clients
// sign by themselves: they take AWSConfig.
//
// It signs at the time of Config.Now and reads nothing of the environment. A
// program under test signs with what it has in production, and is given the key
// instead: Config.AccessKeyID or the default.
func (s *Server) HTTPClient() *http.Client {
	transport := &http.Transport{IdleConnTimeout: time.Minute}
	if s.cfg.TLSCertFile != "" {
		s.trustOwnCertificate(transport)
	}
	return &http.Client{Transport: &signingTransport{
		next: transport, region: s.cfg.Region, now: s.cfg.Now, signer: v4.NewSigner(),
		key: aws.Credentials{AccessKeyID: s.cfg.AccessKeyID, SecretAccessKey: s.cfg.SecretAccessKey},
	}}
}

// signingTransport signs what it passes on.
type signingTransport struct {
	next   http.RoundTripper
	key    aws.Credentials
	region string
	now    func() time.Time
	signer *v4.Signer
}

// RoundTrip implements http.RoundTripper. It leaves the request as it is, and
// signs a copy.
func (t *signingTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := readAll(r)
	if err != nil {
		return nil, fmt.Errorf("read the request to sign: %w", err)
	}
	signed := r.Clone(r.Context())
	signed.ContentLength = int64(len(body))
	// Go sends no Content-Length for a body of nothing that is not NoBody, and the
	// signature covers the length.
	signed.Body = http.NoBody
	if len(body) > 0 {
		signed.Body = io.NopCloser(bytes.NewReader(body))
		signed.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	}
	hash := sha256.Sum256(body)
	if err := t.signer.SignHTTP(r.Context(), t.key, signed, hex.EncodeToString(hash[:]), Service, t.region, t.now()); err != nil {
		return nil, fmt.Errorf("sign the request: %w", err)
	}
	return t.next.RoundTrip(signed)
}

// CloseIdleConnections is what http.Client's method of that name calls.
func (t *signingTransport) CloseIdleConnections() {
	if c, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// readAll reads the body of a request, and closes it as a RoundTripper must.
func readAll(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(r.Body)
	if closeErr := r.Body.Close(); err == nil {
		err = closeErr
	}
	return body, err
}
