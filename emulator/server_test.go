package emulator_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator"
)

func TestRestartKeepsEverything(t *testing.T) {
	cfg := emulator.Config{DataDir: filepath.Join(t.TempDir(), "deep", "data")}
	first := start(t, cfg)
	ws := createWorkspace(t, first, "kept")
	now := time.Now()
	store(t, ws.RemoteWriteURL, series("up", now, 3))
	require.NoError(t, first.Close())
	require.NoError(t, first.Close(), "a second time is no error")

	second := start(t, cfg)
	all := second.Workspaces()
	require.Len(t, all, 1)
	require.Equal(t, ws.ID, all[0].ID)
	require.Equal(t, "kept", all[0].Alias)
	got, ok := value(t, all[0].QueryURL, "up", now)
	require.True(t, ok)
	require.InDelta(t, 3, got, 0)
}

func TestTemporaryDataIsRemoved(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	srv := start(t, emulator.Config{})
	ws := createWorkspace(t, srv, "")
	store(t, ws.RemoteWriteURL, series("up", time.Now(), 3))
	entries, err := os.ReadDir(temp)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.NoError(t, srv.Close())
	entries, err = os.ReadDir(temp)
	require.NoError(t, err)
	require.Empty(t, entries)
}

func TestStartFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	used := t.TempDir()
	running := start(t, emulator.Config{DataDir: used})
	damaged := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(damaged, "workspaces.json"), []byte("{"), 0o600))
	tests := map[string]struct {
		cfg  emulator.Config
		want string
	}{
		"port taken":           {emulator.Config{Listen: running.Addr()}, "address already in use"},
		"no address":           {emulator.Config{Listen: "nonsense"}, "nonsense"},
		"data in use":          {emulator.Config{DataDir: used}, "in use by another process"},
		"data below a file":    {emulator.Config{DataDir: filepath.Join(file, "x")}, file},
		"damaged data":         {emulator.Config{DataDir: damaged}, "workspaces.json"},
		"account":              {emulator.Config{AccountID: "12"}, "twelve digits"},
		"region":               {emulator.Config{Region: "moon"}, `region "moon"`},
		"half a key":           {emulator.Config{AccessKeyID: "AKID"}, "secret key"},
		"auth":                 {emulator.Config{Auth: "maybe"}, "strict nor off"},
		"retention":            {emulator.Config{Retention: -1}, "negative"},
		"half of TLS":          {emulator.Config{TLSCertFile: file}, "TLS"},
		"no certificate":       {emulator.Config{TLSCertFile: file, TLSKeyFile: file}, "load TLS certificate"},
		"workspace id":         {emulator.Config{Workspaces: []emulator.WorkspaceSpec{{ID: "ws-1"}}}, `"ws-1"`},
		"alias":                {emulator.Config{Workspaces: []emulator.WorkspaceSpec{{ID: "ws-11111111-1111-4111-8111-111111111111", Alias: strings.Repeat("a", 101)}}}, "length"},
		"too many workspaces":  {emulator.Config{Workspaces: make([]emulator.WorkspaceSpec, 26)}, "26 workspaces"},
		"a context that ended": {emulator.Config{}, "canceled"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			if tc.want == "canceled" {
				cancel()
			}
			_, err := emulator.Start(ctx, tc.cfg)
			require.ErrorContains(t, err, tc.want)
			if name == "port taken" {
				require.ErrorIs(t, err, syscall.EADDRINUSE)
			}
		})
	}
	require.Equal(t, 200, send(t, running, "GET", "/-/ready", nil, nil, nil).status, "the other is unharmed")
}

func TestTLS(t *testing.T) {
	cert, key := certificate(t)
	srv := start(t, emulator.Config{TLSCertFile: cert, TLSKeyFile: key})
	require.True(t, strings.HasPrefix(srv.URL(), "https://"))
	out, err := amp.NewFromConfig(srv.AWSConfig()).CreateWorkspace(t.Context(), nil)
	require.NoError(t, err)
	require.NotEmpty(t, *out.WorkspaceId)
}

func TestAddressForEverybody(t *testing.T) {
	srv := start(t, emulator.Config{Listen: ":0"})
	_, port, err := net.SplitHostPort(srv.Addr())
	require.NoError(t, err)
	require.Equal(t, "http://127.0.0.1:"+port, srv.URL())
	// Who calls by another name is told that name.
	ws := createWorkspace(t, srv, "")
	cfg := srv.AWSConfig()
	base := "http://localhost:" + port
	cfg.BaseEndpoint = &base
	got, err := amp.NewFromConfig(cfg).DescribeWorkspace(t.Context(), &amp.DescribeWorkspaceInput{WorkspaceId: &ws.ID})
	require.NoError(t, err)
	require.Equal(t, base+"/workspaces/"+ws.ID+"/", *got.Workspace.PrometheusEndpoint)
}

// TestCloseFinishesWhatIsInFlight sends half a request, has the server closed,
// and sends the other half.
func TestCloseFinishesWhatIsInFlight(t *testing.T) {
	srv := start(t, emulator.Config{DataDir: t.TempDir(), Auth: emulator.AuthOff})
	ws := createWorkspace(t, srv, "")
	body := series("up", time.Now(), 1)
	read, write := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, ws.RemoteWriteURL, read)
	require.NoError(t, err)
	req.ContentLength = int64(len(body))
	answered := make(chan error, 1)
	go func() {
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode != http.StatusOK {
				err = errors.New(res.Status)
			}
		}
		answered <- err
	}()
	_, err = write.Write(body[:1])
	require.NoError(t, err)
	// The server knows the request when it has read of the body; a second
	// request on another connection is behind it.
	require.Equal(t, 200, send(t, srv, "GET", "/-/ready", nil, nil, nil).status)

	closed := make(chan error, 1)
	go func() { closed <- srv.Close() }()
	<-srv.Done() // nothing new is accepted
	_, err = (&net.Dialer{Timeout: time.Second}).DialContext(t.Context(), "tcp", srv.Addr())
	require.Error(t, err)
	_, err = write.Write(body[1:])
	require.NoError(t, err)
	require.NoError(t, <-answered)
	require.NoError(t, <-closed)
}

func certificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	keyDER, err := x509.MarshalECPrivateKey(key)
	require.NoError(t, err)
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	require.NoError(t, os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER}), 0o600))
	return certFile, keyFile
}

// BenchmarkStart measures from nothing to ready and back.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		srv, err := emulator.Start(context.Background(), emulator.Config{})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := srv.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// BenchmarkWrite measures one remote write request through the whole server.
func BenchmarkWrite(b *testing.B) {
	srv := start(b, emulator.Config{})
	ws := createWorkspace(b, srv, "")
	client := writer(b, ws.RemoteWriteURL, rootKey())
	at := time.Now().Add(-time.Minute)
	for b.Loop() {
		at = at.Add(time.Millisecond)
		if _, err := client.Store(context.Background(), series("up", at, 1), 0); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkQuery measures one instant query through the whole server.
func BenchmarkQuery(b *testing.B) {
	srv := start(b, emulator.Config{})
	ws := createWorkspace(b, srv, "")
	now := time.Now()
	store(b, ws.RemoteWriteURL, series("up", now, 1))
	client := reader(b, ws.QueryURL, rootKey())
	for b.Loop() {
		if _, _, err := client.Query(context.Background(), "sum(up)", now); err != nil {
			b.Fatal(err)
		}
	}
}
