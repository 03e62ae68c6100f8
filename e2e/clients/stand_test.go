//go:build clients

package clients

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	promconfig "github.com/prometheus/common/config"
	promsigv4 "github.com/prometheus/sigv4"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/clients/debian"
	"github.com/ampersand-amp/ampersand/e2e/lab/build"
	"github.com/ampersand-amp/ampersand/e2e/lab/image"
	"github.com/ampersand-amp/ampersand/e2e/lab/process"
	"github.com/ampersand-amp/ampersand/fixtures/components"
)

// What the emulator is started with: nothing that a client could guess.
const (
	region    = "eu-central-1"
	account   = "210987654321"
	accessKey = "AKIDCLIENTS"
	secretKey = "the+clients/secret=of=40=characters=here"
)

// patience bounds every wait on a condition. It is met only when something is broken.
const patience = time.Minute

// stand is what the tests share: an emulator that runs, and the programs to be tried.
type stand struct {
	url       string
	programs  build.Programs
	debian    string // the folder in which the distribution's packages are unpacked
	logs      string // has a file a process
	processes *process.Group
}

// TestClients tries them all. It is one test, so that what it starts ends with it, also when a part fails.
func TestClients(t *testing.T) {
	s := newStand(t)
	t.Run("aws", s.testAWS)
	t.Run("curl", s.testCurl)
	t.Run("curl, every endpoint", s.testCurlMatrix)
	t.Run("sigv4proxy, every endpoint", s.testProxyMatrix)
	t.Run("prometheus 2", s.testPrometheus2)
	t.Run("prometheus 3", s.testPrometheus3)
	t.Run("prometheus 3 with a wrong secret", s.testWrongSecret)
}

// newStand builds and unpacks the programs and starts the emulator.
func newStand(t *testing.T) *stand {
	t.Helper()
	for tool, pkg := range map[string]string{"go": "Go", "apt-get": "apt", "apt-config": "apt", "dpkg-deb": "dpkg"} {
		_, err := exec.LookPath(tool)
		require.NoError(t, err, "this needs Go on a Debian or Ubuntu machine, whose AWS CLI, curl and Prometheus it takes: %s (%s) is not here", tool, pkg)
	}
	cacheDir, err := build.DefaultCache()
	require.NoError(t, err)
	root, err := build.Root(t.Context())
	require.NoError(t, err)

	s := &stand{logs: filepath.Join(root, "e2e", "artifacts", "clients"), processes: process.NewGroup()}
	if dir := os.Getenv("E2E_ARTIFACTS"); dir != "" {
		s.logs = filepath.Join(dir, "clients")
	}
	require.NoError(t, os.RemoveAll(s.logs), "logs of the last run")
	t.Cleanup(s.processes.Close)
	distribution := &image.Debian{Cache: cacheDir, Logf: logf}
	s.debian, err = distribution.Unpacked(t.Context(), debian.Userland())
	require.NoError(t, err)
	builder := &build.Builder{Root: root, Cache: cacheDir, Logf: logf}
	s.programs, err = builder.Build(t.Context(), components.Clients())
	require.NoError(t, err)
	s.startEmulator(t, "ampersand")
	return s
}

// environment is that of the distribution's programs: their own libraries, and nothing of the person who runs this.
func (s *stand) environment(t *testing.T) []string {
	t.Helper()
	libraries, err := debian.Libraries(s.debian)
	require.NoError(t, err)
	return []string{
		"HOME=" + t.TempDir(), "LC_ALL=C.UTF-8", "PATH=/nonexistent", "AWS_EC2_METADATA_DISABLED=true",
		libraries,
	}
}

// startEmulator starts `ampersand serve` with data of its own and waits until it is ready.
func (s *stand) startEmulator(t *testing.T, name string, args ...string) {
	t.Helper()
	dir := t.TempDir()
	ready := filepath.Join(dir, "ready")
	p := s.start(t, process.Spec{
		Name: "ampersand serve", Path: s.programs["ampersand"],
		Args: append([]string{"serve", "--listen=127.0.0.1:0", "--ready-file=" + ready, "--data-dir=" + filepath.Join(dir, "data"),
			"--region=" + region, "--account-id=" + account, "--state-delay=1s", "--log-format=json"}, args...),
		Env:     []string{"HOME=" + dir, "AWS_ACCESS_KEY_ID=" + accessKey, "AWS_SECRET_ACCESS_KEY=" + secretKey},
		LogPath: filepath.Join(s.logs, name+".log"),
	})
	eventually(t, p, func() error {
		text, err := os.ReadFile(ready)
		s.url = "http://" + strings.TrimSpace(string(text))
		return err
	})
}

// start starts a process that ends with the test. Of a test that failed it shows the end of the log.
func (s *stand) start(t *testing.T, spec process.Spec) *process.Process {
	t.Helper()
	p, err := s.processes.Start(spec)
	require.NoError(t, err)
	t.Cleanup(func() {
		select {
		case <-p.Exited():
			t.Error(p.Failure())
		default:
		}
		// The test's own context has ended by now.
		if err := p.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			tail, err := process.Tail(spec.LogPath, 10)
			t.Logf("the end of the log of %s (%v):\n%s", spec.Name, err, tail)
		}
	})
	return p
}

// eventually waits until check has no more to complain of, while the process that it depends on lives.
func eventually(t *testing.T, p *process.Process, check func() error) {
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-p.Exited():
			t.Fatalf("%v\nwhile this was waited for: %v", p.Failure(), err)
		case <-late.C:
			t.Fatalf("not within %s: %v", patience, err)
		case <-t.Context().Done():
			t.Fatal("interrupted")
		}
	}
}

// workspace makes a workspace and returns the URL of its data plane.
func (s *stand) workspace(t *testing.T, alias string) string {
	t.Helper()
	client := amp.New(amp.Options{
		Region: region, BaseEndpoint: &s.url, Credentials: credentials.NewStaticCredentialsProvider(accessKey, secretKey, ""),
	})
	made, err := client.CreateWorkspace(t.Context(), &amp.CreateWorkspaceInput{Alias: aws.String(alias)})
	require.NoError(t, err)
	err = amp.NewWorkspaceActiveWaiter(client, func(o *amp.WorkspaceActiveWaiterOptions) { o.MinDelay = 100 * time.Millisecond }).
		Wait(t.Context(), &amp.DescribeWorkspaceInput{WorkspaceId: made.WorkspaceId}, patience)
	require.NoError(t, err)
	return s.url + "/workspaces/" + *made.WorkspaceId
}

// signed is a client of a workspace.
func signed(t *testing.T, workspace string) promv1.API {
	t.Helper()
	rt, err := promsigv4.NewSigV4RoundTripper(&promsigv4.SigV4Config{
		Region: region, AccessKey: accessKey, SecretKey: promconfig.Secret(secretKey),
	}, http.DefaultTransport)
	require.NoError(t, err)
	return client(t, workspace, rt)
}

func client(t *testing.T, url string, rt http.RoundTripper) promv1.API {
	t.Helper()
	c, err := api.NewClient(api.Config{Address: url, RoundTripper: rt})
	require.NoError(t, err)
	return promv1.NewAPI(c)
}

// logf prints a line of progress at once.
func logf(format string, args ...any) {
	fmt.Printf("%s  %s\n", time.Now().Format("15:04:05"), fmt.Sprintf(format, args...))
}
