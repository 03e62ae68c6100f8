package kwok

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
)

// validity is how long the certificates of a run last. A run that is kept for longer is started anew.
const validity = 30 * 24 * time.Hour

// authority issues certificates.
type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
}

func newAuthority(name string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the key of %s: %w", name, err)
	}
	root, err := cert.NewSelfSignedCACert(cert.Config{CommonName: name}, key)
	if err != nil {
		return nil, fmt.Errorf("make the certificate of %s: %w", name, err)
	}
	return &authority{cert: root, key: key}, nil
}

// subject says for whom a certificate is.
type subject struct {
	name   string
	groups []string
	hosts  []string
	server bool
	client bool
}

// issue writes DIR/base.crt and DIR/base.key.
func (a *authority) issue(dir, base string, s subject) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make the key of %s: %w", base, err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return fmt.Errorf("number the certificate of %s: %w", base, err)
	}
	template := x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: s.name, Organization: s.groups},
		NotBefore:    a.cert.NotBefore,
		NotAfter:     time.Now().Add(validity),
		KeyUsage:     x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
	}
	if s.server {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	if s.client {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageClientAuth)
	}
	for _, host := range s.hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, a.cert, key.Public(), a.key)
	if err != nil {
		return fmt.Errorf("sign the certificate of %s: %w", base, err)
	}
	signed, err := x509.ParseCertificate(der)
	if err != nil {
		return fmt.Errorf("read the certificate of %s back: %w", base, err)
	}
	bundle, err := cert.EncodeCertificates(signed)
	if err != nil {
		return fmt.Errorf("encode the certificate of %s: %w", base, err)
	}
	return writePair(dir, base, bundle, key)
}

// write puts the authority's certificate into DIR/base.crt. Its key stays in memory.
func (a *authority) write(dir, base string) error {
	bundle, err := cert.EncodeCertificates(a.cert)
	if err != nil {
		return fmt.Errorf("encode the certificate of %s: %w", base, err)
	}
	return writeFile(dir, base+".crt", bundle)
}

func writePair(dir, base string, bundle []byte, key crypto.PrivateKey) error {
	text, err := keyutil.MarshalPrivateKeyToPEM(key)
	if err != nil {
		return fmt.Errorf("encode the key of %s: %w", base, err)
	}
	if err := writeFile(dir, base+".crt", bundle); err != nil {
		return err
	}
	return writeFile(dir, base+".key", text)
}

func writeFile(dir, name string, text []byte) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the certificates' folder: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
		return fmt.Errorf("write a certificate: %w", err)
	}
	return nil
}

// writePKI makes all that the control plane and KEDA identify themselves with, below dir:
//
//	ca.crt                  the cluster's authority
//	apiserver.*             the API server to its clients
//	front-proxy-ca.crt, front-proxy-client.*   the API server to the metrics server behind it; an authority of its
//	                        own, or any client certificate of the cluster could claim to be the API server
//	admin.*, kube-controller-manager.*, kube-scheduler.*   clients of the API server
//	sa.key                  signs service-account tokens
//	keda/{ca.crt,tls.crt,tls.key}   both ends of the mutual TLS between KEDA's operator and metrics server
func writePKI(dir string) error {
	cluster, err := newAuthority("ampersand-ca")
	if err != nil {
		return err
	}
	frontProxy, err := newAuthority("ampersand-front-proxy-ca")
	if err != nil {
		return err
	}
	keda := filepath.Join(dir, "keda")
	for _, step := range []func() error{
		func() error { return cluster.write(dir, "ca") },
		func() error { return cluster.write(keda, "ca") },
		func() error { return frontProxy.write(dir, "front-proxy-ca") },
		func() error {
			return cluster.issue(dir, "apiserver", subject{name: "kube-apiserver", server: true,
				hosts: []string{"127.0.0.1", "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"}})
		},
		func() error {
			return frontProxy.issue(dir, "front-proxy-client", subject{name: "front-proxy-client", client: true})
		},
		func() error {
			return cluster.issue(dir, "admin", subject{name: "ampersand-admin", groups: []string{"system:masters"}, client: true})
		},
		func() error {
			return cluster.issue(dir, "kube-controller-manager", subject{name: "system:kube-controller-manager", client: true})
		},
		func() error {
			return cluster.issue(dir, "kube-scheduler", subject{name: "system:kube-scheduler", client: true})
		},
		func() error {
			return cluster.issue(keda, "tls", subject{name: "keda", server: true, client: true,
				hosts: []string{"127.0.0.1", "localhost", "keda-metrics-apiserver.keda.svc", "keda-operator.keda.svc"}})
		},
		func() error { return writeServiceAccountKey(dir) },
	} {
		if err := step(); err != nil {
			return fmt.Errorf("make the cluster's certificates: %w", err)
		}
	}
	return nil
}

// writeServiceAccountKey makes an RSA key, the kind that clusters sign service-account tokens with.
func writeServiceAccountKey(dir string) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return fmt.Errorf("make the service-account key: %w", err)
	}
	text, err := keyutil.MarshalPrivateKeyToPEM(key)
	if err != nil {
		return fmt.Errorf("encode the service-account key: %w", err)
	}
	return writeFile(dir, "sa.key", text)
}
