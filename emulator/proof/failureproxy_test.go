package proof

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/sigv4authextension"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator"
)

// proxyProgram is fixtures/sigv4proxy, built when it is first run.
type proxyProgram struct{ dir, path string }

// run starts the program in front of the emulator with nothing in its environment but
// the variables given. It returns its address, and its log once it has been stopped.
func (p *proxyProgram) run(t *testing.T, s *stage, env []string, flags ...string) (address string, stop func() string) {
	t.Helper()
	if p.path == "" {
		path := filepath.Join(p.dir, "sigv4proxy")
		output, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "../../fixtures/sigv4proxy").CombinedOutput()
		require.NoError(t, err, string(output))
		p.path = path
	}
	scheme, host, _ := strings.Cut(s.URL(), "://")
	command := exec.CommandContext(context.WithoutCancel(t.Context()), p.path, append([]string{
		"--name=aps", "--region=" + emulator.DefaultRegion, "--host=" + host, "--upstream-url-scheme=" + scheme, "--port=127.0.0.1:0",
	}, flags...)...)
	command.Env = append([]string{"AWS_EC2_METADATA_DISABLED=true"}, env...)
	stderr, err := command.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	log := bufio.NewReader(stderr)
	first, err := log.ReadString('\n')
	require.NoError(t, err)
	found := regexp.MustCompile(`address=(\S+)`).FindStringSubmatch(first)
	require.Len(t, found, 2, first)
	stopped := ""
	stop = func() string {
		if stopped == "" {
			require.NoError(t, command.Process.Signal(syscall.SIGTERM))
			rest, err := io.ReadAll(log)
			require.NoError(t, err)
			require.NoError(t, command.Wait())
			stopped = first + string(rest)
		}
		return stopped
	}
	t.Cleanup(func() { stop() })
	return "http://" + found[1] + "/workspaces/" + s.ws.ID, stop
}

// rootVariables are the root key for a program.
func rootVariables(more ...string) []string {
	return append([]string{
		"AWS_ACCESS_KEY_ID=" + emulator.DefaultAccessKeyID, "AWS_SECRET_ACCESS_KEY=" + emulator.DefaultSecretAccessKey,
	}, more...)
}

// certificate writes a certificate for loopback that signs itself, and its key.
func certificate(t *testing.T) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ampersand"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})
	require.NoError(t, os.WriteFile(certFile, text, 0o600))
	require.NoError(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	pool = x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(text))
	return certFile, keyFile, pool
}

// S10: a certificate that no system's authority has signed. KEDA's signing transport
// trusts the system's and those of its CA folder, whatever unsafeSsl says; the proxy
// the system's, which SSL_CERT_FILE names. Without the CA nothing arrives.
func (p *proxyProgram) ownCertificate(t *testing.T) {
	t.Helper()
	certFile, keyFile, pool := certificate(t)
	s := stand(t, emulator.Config{TLSCertFile: certFile, TLSKeyFile: keyFile})
	trusting := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	t.Cleanup(trusting.CloseIdleConnections)
	s.inspect.HTTP = &http.Client{Transport: trusting}

	k := keda(emulator.DefaultRegion, rootCredentials())
	_, err := k.RoundTrip(kedaQuery(t, s.ws.QueryURL)) //nolint:bodyclose // there is no answer
	var unknown x509.UnknownAuthorityError
	require.ErrorAs(t, err, &unknown)
	k.base = trusting
	s.accepted(t, roundTrip(t, k, kedaQuery(t, s.ws.QueryURL)), rootARN)

	address, stop := p.run(t, s, rootVariables())
	got := roundTrip(t, http.DefaultTransport, kedaQuery(t, address))
	require.Equal(t, http.StatusBadGateway, got.status)
	require.Contains(t, got.body, "certificate signed by unknown authority")
	require.Contains(t, got.body, "for a certificate that is not trusted, add its authority or --no-verify-ssl")
	require.Contains(t, stop(), "certificate signed by unknown authority")
	address, _ = p.run(t, s, rootVariables("SSL_CERT_FILE="+certFile))
	s.accepted(t, roundTrip(t, http.DefaultTransport, kedaQuery(t, address)), rootARN)

	refusals, err := s.inspect.Refusals(t.Context())
	require.NoError(t, err)
	require.Empty(t, refusals, "the emulator has seen none of those that failed")
}

// S11: a body whose hash was not signed: the collector's extension with a stream that
// it cannot read twice, and a proxy that is told not to hash.
func (p *proxyProgram) bodyNotHashed(t *testing.T) {
	t.Helper()
	s := stand(t, emulator.Config{})
	rootEnvironment(t)
	rt := collector(t, emulator.DefaultRegion, emulator.Service, http.DefaultTransport)
	body := sampleAt(t, "s11", time.Now())
	s.accepted(t, roundTrip(t, rt, remoteWrite(t, s.ws.RemoteWriteURL, body)), rootARN)

	streamed := remoteWrite(t, s.ws.RemoteWriteURL, body)
	streamed.GetBody = nil
	s.refused(t, roundTrip(t, rt, streamed), refusal{
		kind: "InvalidSignatureException", body: mismatch, reason: "signature-mismatch", cause: "empty-body-hash", proven: true,
		remedy: "The client signed the hash of an empty body and sent one that is not empty",
	})

	address, _ := p.run(t, s, rootVariables(), "--unsigned-payload")
	s.refused(t, roundTrip(t, http.DefaultTransport, remoteWrite(t, address+"/api/v1/remote_write", body)), refusal{
		kind: "InvalidSignatureException", body: mismatch, reason: "bad-payload-hash", cause: "unsigned-payload", proven: true,
		remedy: "The client signed UNSIGNED-PAYLOAD in place of the body's hash",
	})
	address, _ = p.run(t, s, rootVariables())
	s.accepted(t, roundTrip(t, http.DefaultTransport, remoteWrite(t, address+"/api/v1/remote_write", body)), rootARN)
}

// S13: programs that start where nothing, or half of something, describes credentials:
// a scratch image without HOME. The proxy names what is missing, in its log, to its
// readiness probe and to whoever asks through it; the collector does not start.
func (p *proxyProgram) noCredentials(t *testing.T) {
	t.Helper()
	s := stand(t, emulator.Config{})
	for name, tt := range map[string]struct {
		env  []string
		says string
	}{
		"nothing":        {nil, "give the proxy credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or on EKS a service account with a role"},
		"no secret":      {[]string{"AWS_ACCESS_KEY_ID=AKIA1"}, "AWS_SECRET_ACCESS_KEY is not set, but AWS_ACCESS_KEY_ID is"},
		"no token file":  {[]string{"AWS_ROLE_ARN=arn:aws:iam::123456789012:role/r"}, "AWS_WEB_IDENTITY_TOKEN_FILE is not set, but AWS_ROLE_ARN is"},
		"no such file":   {[]string{"AWS_ROLE_ARN=arn:aws:iam::123456789012:role/r", "AWS_WEB_IDENTITY_TOKEN_FILE=/nowhere/token"}, "/nowhere/token"},
		"no such folder": {[]string{"AWS_SHARED_CREDENTIALS_FILE=/nowhere/credentials"}, "give the proxy credentials"},
	} {
		t.Run(name, func(t *testing.T) {
			address, stop := p.run(t, s, tt.env)
			ready := strings.TrimSuffix(address, "/workspaces/"+s.ws.ID) + "/-/ready"
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, ready, nil)
			require.NoError(t, err)
			got := roundTrip(t, http.DefaultTransport, req)
			require.Equal(t, http.StatusServiceUnavailable, got.status)
			require.Contains(t, got.body, tt.says)
			got = roundTrip(t, http.DefaultTransport, kedaQuery(t, address))
			require.Equal(t, http.StatusBadGateway, got.status)
			require.Contains(t, got.body, tt.says)
			require.Contains(t, stop(), tt.says)
		})
	}
	// A session's key without its token can sign: the proxy warns, AMP refuses (S04).
	_, stop := p.run(t, s, []string{"AWS_ACCESS_KEY_ID=ASIAEXAMPLE", "AWS_SECRET_ACCESS_KEY=s"})
	require.Contains(t, stop(), "AWS_SESSION_TOKEN is not set, but AWS_ACCESS_KEY_ID is the key of a session")

	environment(t, nil)
	cfg, ok := sigv4authextension.NewFactory().CreateDefaultConfig().(*sigv4authextension.Config)
	require.True(t, ok)
	cfg.Region, cfg.Service = emulator.DefaultRegion, emulator.Service
	require.ErrorContains(t, cfg.Validate(), "could not retrieve credential provider")

	refusals, err := s.inspect.Refusals(t.Context())
	require.NoError(t, err)
	require.Empty(t, refusals, "nothing has arrived at AMP")
}
