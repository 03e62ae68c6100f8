package kwok

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
)

// newPKI writes the certificates of one cluster.
func newPKI(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "pki")
	require.NoError(t, writePKI(dir))
	return dir
}

func certificate(t *testing.T, path string) *x509.Certificate {
	t.Helper()
	list, err := cert.CertsFromFile(path)
	require.NoError(t, err)
	require.Len(t, list, 1)
	return list[0]
}

func TestPKI(t *testing.T) {
	t.Parallel()
	dir, other := newPKI(t), newPKI(t)
	const server, client = x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth
	tests := map[string]struct {
		base, authority string
		usages          []x509.ExtKeyUsage
		name            string
		groups          []string
		hosts, notHosts []string
	}{
		"API server": {
			base: "apiserver", authority: "ca", usages: []x509.ExtKeyUsage{server}, name: "kube-apiserver",
			hosts: []string{"127.0.0.1", "localhost", "kubernetes.default.svc"}, notHosts: []string{"127.0.0.2", "example.com"},
		},
		"administrator": {
			base: "admin", authority: "ca", usages: []x509.ExtKeyUsage{client}, name: "ampersand-admin", groups: []string{"system:masters"},
			notHosts: []string{"127.0.0.1"},
		},
		"controller manager": {base: "kube-controller-manager", authority: "ca", usages: []x509.ExtKeyUsage{client}, name: "system:kube-controller-manager"},
		"scheduler":          {base: "kube-scheduler", authority: "ca", usages: []x509.ExtKeyUsage{client}, name: "system:kube-scheduler"},
		"front proxy":        {base: "front-proxy-client", authority: "front-proxy-ca", usages: []x509.ExtKeyUsage{client}, name: "front-proxy-client"},
		"KEDA": {
			base: "keda/tls", authority: "keda/ca", usages: []x509.ExtKeyUsage{server, client}, name: "keda",
			// The API server calls an ExternalName service by the name of the service.
			hosts: []string{"127.0.0.1", "localhost", "keda-metrics-apiserver.keda.svc"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			leaf := certificate(t, filepath.Join(dir, tc.base+".crt"))
			for _, usage := range tc.usages {
				require.NoError(t, verify(leaf, certificate(t, filepath.Join(dir, tc.authority+".crt")), usage))
			}
			require.Equal(t, tc.usages, leaf.ExtKeyUsage)
			require.Error(t, verify(leaf, certificate(t, filepath.Join(other, tc.authority+".crt")), tc.usages[0]), "another cluster's authority")
			require.Equal(t, tc.name, leaf.Subject.CommonName)
			require.Equal(t, tc.groups, leaf.Subject.Organization)
			for _, host := range tc.hosts {
				require.NoError(t, leaf.VerifyHostname(host))
			}
			for _, host := range tc.notHosts {
				require.Error(t, leaf.VerifyHostname(host))
			}
			require.Greater(t, time.Until(leaf.NotAfter), 24*time.Hour)

			pair, err := tls.LoadX509KeyPair(filepath.Join(dir, tc.base+".crt"), filepath.Join(dir, tc.base+".key"))
			require.NoError(t, err, "the key belongs to the certificate")
			require.IsType(t, &ecdsa.PrivateKey{}, pair.PrivateKey)
			requirePrivate(t, filepath.Join(dir, tc.base+".key"))
		})
	}
}

func verify(leaf, root *x509.Certificate, usage x509.ExtKeyUsage) error {
	pool := x509.NewCertPool()
	pool.AddCert(root)
	_, err := leaf.Verify(x509.VerifyOptions{Roots: pool, KeyUsages: []x509.ExtKeyUsage{usage}})
	return err
}

// requirePrivate wants a file that nobody else on the machine can read.
func requirePrivate(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Zero(t, info.Mode().Perm()&0o077, "%s: %s", path, info.Mode())
}

// TestFrontProxyIsAnotherAuthority: were it the cluster's, every client certificate could claim to be the API server.
func TestFrontProxyIsAnotherAuthority(t *testing.T) {
	t.Parallel()
	dir := newPKI(t)
	cluster, front := certificate(t, filepath.Join(dir, "ca.crt")), certificate(t, filepath.Join(dir, "front-proxy-ca.crt"))
	require.True(t, cluster.IsCA)
	require.True(t, front.IsCA)
	require.False(t, cluster.Equal(front))
	require.NotEqual(t, cluster.RawSubject, front.RawSubject)
	require.Error(t, verify(certificate(t, filepath.Join(dir, "front-proxy-client.crt")), cluster, x509.ExtKeyUsageClientAuth))
	require.Error(t, verify(certificate(t, filepath.Join(dir, "admin.crt")), front, x509.ExtKeyUsageClientAuth))
	require.True(t, cluster.Equal(certificate(t, filepath.Join(dir, "keda", "ca.crt"))))
	for _, key := range []string{"ca.key", "front-proxy-ca.key"} {
		require.NoFileExists(t, filepath.Join(dir, key), "the authorities' keys stay in memory")
	}
}

func TestServiceAccountKey(t *testing.T) {
	t.Parallel()
	path := filepath.Join(newPKI(t), "sa.key")
	requirePrivate(t, path)
	key, err := keyutil.PrivateKeyFromFile(path)
	require.NoError(t, err)
	require.IsType(t, &rsa.PrivateKey{}, key)
	public, err := keyutil.PublicKeysFromFile(path)
	require.NoError(t, err, "the API server reads the public half from the same file")
	require.Len(t, public, 1)
}
