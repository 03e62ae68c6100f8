package emulator

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/ampersand-amp/ampersand/emulator/workspace"
)

// Workspace is a workspace as a client needs it.
type Workspace struct {
	ID    string
	Alias string
	ARN   string
	// Endpoint is what DescribeWorkspace calls prometheusEndpoint; it ends in a
	// slash.
	Endpoint string
	// RemoteWriteURL takes remote write requests.
	RemoteWriteURL string
	// QueryURL is the address of the workspace's Prometheus API, for
	// client_golang's api.Config.Address, KEDA's serverAddress or Grafana's URL:
	// clients append /api/v1/query to it.
	QueryURL string
}

// Addr returns the address the emulator listens on, host:port.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// URL returns the address of the emulator, without a slash at its end.
func (s *Server) URL() string { return s.url }

// CreateWorkspace creates a workspace without going through the API; alias may
// be empty.
func (s *Server) CreateWorkspace(ctx context.Context, alias string) (Workspace, error) {
	if err := ctx.Err(); err != nil {
		return Workspace{}, fmt.Errorf("create workspace: %w", err)
	}
	var in workspace.CreateInput
	if alias != "" {
		in.Alias = &alias
	}
	ws, err := s.workspaces.Create(in)
	if err != nil {
		return Workspace{}, fmt.Errorf("create workspace: %w", err)
	}
	return s.describe(ws), nil
}

// Workspaces returns the workspaces that exist, the oldest first.
func (s *Server) Workspaces() []Workspace {
	var out []Workspace
	for _, ws := range s.workspaces.All() {
		if ws.Status != workspace.StatusDeleting {
			out = append(out, s.describe(ws))
		}
	}
	return out
}

func (s *Server) describe(ws *workspace.Workspace) Workspace {
	base := s.url + "/workspaces/" + ws.ID
	return Workspace{
		ID: ws.ID, Alias: ws.Alias, ARN: s.workspaces.ARN(ws.ID),
		Endpoint: base + "/", RemoteWriteURL: base + "/api/v1/remote_write", QueryURL: base,
	}
}

// AWSConfig returns a configuration for AWS's clients that signs with the root
// key and points at this emulator. It reads neither the environment nor the
// instance metadata service.
func (s *Server) AWSConfig() aws.Config {
	cfg := aws.Config{
		Region: s.cfg.Region,
		Credentials: aws.NewCredentialsCache(
			credentials.NewStaticCredentialsProvider(s.cfg.AccessKeyID, s.cfg.SecretAccessKey, "")),
		BaseEndpoint: aws.String(s.url),
	}
	if s.cfg.TLSCertFile != "" {
		cfg.HTTPClient = awshttp.NewBuildableClient().WithTransportOptions(s.trustOwnCertificate)
	}
	return cfg
}

// trustOwnCertificate adds the emulator's certificate to those of the system.
func (s *Server) trustOwnCertificate(tr *http.Transport) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if pem, err := os.ReadFile(s.cfg.TLSCertFile); err == nil {
		pool.AppendCertsFromPEM(pem)
	}
	tr.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
}

// baseURL is how the caller of r reaches the emulator: by the name it used,
// which in a container or behind a service is not the address listened on. The
// host is part of every signature, so it is the caller's own word.
func (s *Server) baseURL(r *http.Request) string {
	if r.Host == "" {
		return s.url
	}
	scheme, _, _ := strings.Cut(s.url, "://")
	return scheme + "://" + r.Host
}

// serverURL is how a client on this machine reaches the listener.
func serverURL(addr net.Addr, secure bool) string {
	scheme := "http"
	if secure {
		scheme = "https"
	}
	host := addr.String()
	if ap, err := netip.ParseAddrPort(host); err == nil && ap.Addr().IsUnspecified() {
		// Go listens on both families for [::], so IPv4's loopback is there.
		host = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), ap.Port()).String()
	}
	return scheme + "://" + host
}
