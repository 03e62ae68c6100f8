package sts

import (
	"context"
	"crypto/sha1" // thumbprints of OpenID Connect providers are SHA-1 [D IAM guide]
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
)

// thumbprintTransport reaches issuers whose certificate is vouched for by an authority of
// the system's, or else by a certificate that the server shows and that has one of these
// SHA-1 thumbprints, as AWS does [D IAM API CreateOpenIDConnectProvider]. A connection
// through a proxy is vouched for by the system's alone.
func thumbprintTransport(thumbprints []string) *http.Transport {
	return &http.Transport{
		Proxy:             http.ProxyFromEnvironment,
		TLSClientConfig:   &tls.Config{MinVersion: tls.VersionTLS12},
		DisableKeepAlives: true,
		DialTLSContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			host, _, err := net.SplitHostPort(addr)
			if err != nil {
				return nil, fmt.Errorf("connect to %s: %w", addr, err)
			}
			dialer := tls.Dialer{Config: &tls.Config{
				MinVersion: tls.VersionTLS12, ServerName: host,
				// VerifyConnection does all that this switches off, with other roots.
				InsecureSkipVerify: true,
				VerifyConnection: func(state tls.ConnectionState) error {
					return vouchedFor(state.PeerCertificates, host, thumbprints)
				},
			}}
			return dialer.DialContext(ctx, network, addr)
		},
	}
}

// vouchedFor verifies the chain of certificates that a server shows.
func vouchedFor(chain []*x509.Certificate, host string, thumbprints []string) error {
	if len(chain) == 0 {
		return errors.New("the server shows no certificate")
	}
	options := x509.VerifyOptions{DNSName: host, Intermediates: x509.NewCertPool()}
	for _, certificate := range chain[1:] {
		options.Intermediates.AddCert(certificate)
	}
	_, err := chain[0].Verify(options)
	if err == nil {
		return nil
	}
	for _, certificate := range chain {
		sum := sha1.Sum(certificate.Raw)
		mark := hex.EncodeToString(sum[:])
		if !slices.ContainsFunc(thumbprints, func(t string) bool { return strings.EqualFold(t, mark) }) {
			continue
		}
		options.Roots = x509.NewCertPool()
		options.Roots.AddCert(certificate)
		if _, err = chain[0].Verify(options); err == nil {
			return nil
		}
	}
	return fmt.Errorf("no certificate of %s has a thumbprint of the provider's: %w", host, err)
}
