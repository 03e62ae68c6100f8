package main_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	remoteapi "github.com/prometheus/client_golang/exp/api/remote"
	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/storage/remote"
	promsigv4 "github.com/prometheus/sigv4"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator"
)

const workspaceID = "ws-11111111-1111-4111-8111-111111111111"

// What the program is told by the linker, as a release is.
const releasedAs, releasedFrom = "v9.8.7", "0123abc"

// binary is the program, built once.
var binary string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "ampersand-test-*")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary = filepath.Join(dir, "ampersand")
	if out, err := exec.CommandContext(context.Background(), "go", "build",
		"-ldflags", "-X main.release="+releasedAs+" -X main.revision="+releasedFrom, "-o", binary, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// command is the program with an environment that has nothing of ours in it.
func command(t testing.TB, env []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Env = append([]string{"AWS_EC2_METADATA_DISABLED=true", "TMPDIR=" + t.TempDir(), "HOME=" + t.TempDir()}, env...)
	return cmd
}

// run runs the program to its end.
func run(t testing.TB, env []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := command(t, env, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatalf("run: %v", err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// program is the program while it runs.
type program struct {
	cmd            *exec.Cmd
	addr           string
	stdout, stderr *syncBuffer
	exited         chan struct{}
}

// serve starts `ampersand serve` on a free port and waits until it is ready.
func serve(t testing.TB, env []string, args ...string) *program {
	t.Helper()
	ready := filepath.Join(t.TempDir(), "ready")
	p := &program{
		cmd:    command(t, env, append([]string{"serve", "--listen", "127.0.0.1:0", "--ready-file", ready}, args...)...),
		stdout: &syncBuffer{}, stderr: &syncBuffer{}, exited: make(chan struct{}),
	}
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	require.NoError(t, p.cmd.Start())
	go func() { _ = p.cmd.Wait(); close(p.exited) }()
	t.Cleanup(func() { _ = p.cmd.Process.Kill(); <-p.exited })
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for {
		if raw, err := os.ReadFile(ready); err == nil {
			p.addr = strings.TrimSpace(string(raw))
			return p
		}
		select {
		case <-tick.C:
		case <-p.exited:
			t.Fatalf("ended before it was ready:\n%s", p.stderr)
		case <-deadline:
			t.Fatalf("not ready:\n%s", p.stderr)
		}
	}
}

// stop sends the signal and returns the exit code.
func (p *program) stop(t testing.TB, sig os.Signal) int {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(sig))
	select {
	case <-p.exited:
	case <-time.After(30 * time.Second):
		t.Fatalf("still running:\n%s", p.stderr)
	}
	return p.cmd.ProcessState.ExitCode()
}

func TestWrongUsage(t *testing.T) {
	tests := map[string]struct {
		env  []string
		args []string
		want string
	}{
		"unknown command":          {nil, []string{"server"}, `ampersand: unknown command "server"`},
		"unknown flag":             {nil, []string{"serve", "--foo"}, "ampersand serve: unknown flag: --foo"},
		"argument":                 {nil, []string{"serve", "x"}, `unexpected argument "x"`},
		"unknown help topic":       {nil, []string{"help", "server"}, `ampersand: unknown help topic "server"`},
		"help of a flag's value":   {nil, []string{"help", "serve", "x"}, `ampersand: unknown help topic "serve x"`},
		"unknown shell":            {nil, []string{"completion", "dos"}, `ampersand completion: unexpected argument "dos"`},
		"argument of version":      {nil, []string{"version", "x"}, `ampersand version: unexpected argument "x"`},
		"flag without value":       {nil, []string{"serve", "--listen"}, "--listen"},
		"listen":                   {nil, []string{"serve", "--listen", "2677"}, "not HOST:PORT"},
		"port":                     {nil, []string{"serve", "--listen", ":70000"}, "0 to 65535"},
		"retention":                {nil, []string{"serve", "--retention", "150"}, "150d"},
		"retention of nothing":     {nil, []string{"serve", "--retention", "0"}, "--retention"},
		"window":                   {nil, []string{"serve", "--out-of-order-window", "-1s"}, "--out-of-order-window"},
		"workspace":                {nil, []string{"serve", "--workspace", "ws-1"}, `"ws-1"`},
		"alias":                    {nil, []string{"serve", "--workspace", workspaceID + "="}, "alias"},
		"auth":                     {nil, []string{"serve", "--auth", "none"}, "strict, off"},
		"account":                  {nil, []string{"serve", "--account-id", "1"}, "twelve digits"},
		"region":                   {nil, []string{"serve", "--region", "Moon"}, `"Moon"`},
		"half of TLS":              {nil, []string{"serve", "--tls-cert", "x"}, "TLS"},
		"log level":                {nil, []string{"serve", "--log-level", "loud"}, "debug, info, warn, error"},
		"log format":               {nil, []string{"serve", "--log-format", "xml"}, "text, json"},
		"unknown quota":            {nil, []string{"serve", "--quota", "a=1"}, `there is no quota "a"`},
		"quota without a value":    {nil, []string{"serve", "--quota", "rules"}, "is not NAME=VALUE"},
		"value of a quota":         {nil, []string{"serve", "--quota", "sample-age=90"}, "has no unit"},
		"quota file":               {nil, []string{"serve", "--quota-file", "/none"}, "--quota-file: read quotas: open /none"},
		"state delay":              {nil, []string{"serve", "--state-delay", "soon"}, "--state-delay"},
		"argument of quotas":       {nil, []string{"quotas", "x"}, `ampersand quotas: unexpected argument "x"`},
		"environment: quota":       {[]string{"AMPERSAND_QUOTA=rules=1,a=1"}, []string{"serve"}, "AMPERSAND_QUOTA"},
		"later: backend":           {nil, []string{"serve", "--backend", "embedded"}, "--backend"},
		"environment: listen":      {[]string{"AMPERSAND_LISTEN=nonsense"}, []string{"serve"}, "AMPERSAND_LISTEN"},
		"environment: retention":   {[]string{"AMPERSAND_RETENTION=long"}, []string{"serve"}, "AMPERSAND_RETENTION"},
		"environment: switch":      {[]string{"AMPERSAND_CONSOLE_OPEN=perhaps"}, []string{"serve"}, "AMPERSAND_CONSOLE_OPEN"},
		"environment: region":      {[]string{"AWS_REGION=Moon"}, []string{"serve"}, `"Moon"`},
		"environment: two at once": {[]string{"AMPERSAND_AUTH=x", "AMPERSAND_LOG_LEVEL=y"}, []string{"serve"}, "AMPERSAND_LOG_LEVEL"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := run(t, tc.env, tc.args...)
			require.Equal(t, 2, code, stderr)
			require.Empty(t, stdout)
			require.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
			require.True(t, strings.HasSuffix(stderr, "\n"))
			require.Contains(t, stderr, tc.want)
			require.Contains(t, stderr, "--help", "says where help is")
		})
	}
}

func TestFailures(t *testing.T) {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	used := t.TempDir()
	serve(t, nil, "--data-dir", used)
	tests := map[string]struct {
		args []string
		want []string
	}{
		"port taken":          {[]string{"--listen", l.Addr().String()}, []string{l.Addr().String(), "taken", "--listen"}},
		"data in use":         {[]string{"--data-dir", used}, []string{used, "in use"}},
		"data not a folder":   {[]string{"--data-dir", filepath.Join(file, "x")}, []string{file}},
		"no certificate":      {[]string{"--tls-cert", "/none", "--tls-key", "/none"}, []string{"/none"}},
		"ready file nowhere":  {[]string{"--ready-file", "/none/ready"}, []string{"ready file", "/none"}},
		"data may not be had": {[]string{"--data-dir", "/proc/ampersand"}, []string{"/proc/ampersand"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"serve", "--listen", "127.0.0.1:0", "--log-level", "error"}, tc.args...)
			code, _, stderr := run(t, nil, args...)
			require.Equal(t, 1, code, stderr)
			require.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
			for _, want := range tc.want {
				require.Contains(t, stderr, want)
			}
		})
	}
}

func TestHelpAndVersion(t *testing.T) {
	for _, args := range [][]string{{}, {"--help"}, {"help"}, {"help", "serve"}, {"serve", "--help"}, {"explain", "--help"}} {
		code, stdout, stderr := run(t, nil, args...)
		require.Equal(t, 0, code)
		require.Contains(t, stdout, "Usage:")
		require.Empty(t, stderr)
	}
	_, help, _ := run(t, nil, "serve", "--help")
	for _, want := range []string{"[AMPERSAND_LISTEN]", "[AWS_REGION]", "[AWS_ACCESS_KEY_ID]", "[AMPERSAND_DATA_DIR]", "127.0.0.1:2677"} {
		require.Contains(t, help, want)
	}
	for _, args := range [][]string{{"version"}, {"--version"}} {
		code, stdout, _ := run(t, nil, args...)
		require.Equal(t, 0, code)
		require.True(t, strings.HasPrefix(stdout, "ampersand "), stdout)
	}
}

// TestExplainARefusal asks the running program why it refused a request, as a user does.
func TestExplainARefusal(t *testing.T) {
	p := serve(t, nil)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.addr+"/workspaces", nil)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	id := res.Header.Get("x-amzn-RequestId")
	for _, args := range [][]string{{"explain"}, {"explain", "--last"}, {"explain", id}} {
		code, stdout, stderr := run(t, nil, append(args, "--url", "http://"+p.addr)...)
		require.Equal(t, 0, code, stderr)
		require.Contains(t, stdout, id)
		require.Contains(t, stdout, "missing-token")
	}
	code, _, stderr := run(t, nil, "explain", "none", "--url", "http://"+p.addr)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "no such request")
}

func TestReadyFileBannerAndSignals(t *testing.T) {
	for _, sig := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		t.Run(sig.String(), func(t *testing.T) {
			data := filepath.Join(t.TempDir(), "data")
			p := serve(t, []string{"AMPERSAND_DATA_DIR=" + data}, "--workspace", workspaceID+"=AMP-KEDA")
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.addr+"/-/ready", nil)
			require.NoError(t, err)
			res, err := http.DefaultClient.Do(req)
			require.NoError(t, err)
			_ = res.Body.Close()
			require.Equal(t, 200, res.StatusCode)
			for _, want := range []string{
				"http://" + p.addr, data, workspaceID + "  AMP-KEDA", "remote_write:",
				"url: http://" + p.addr + "/workspaces/" + workspaceID + "/api/v1/remote_write",
				"kind: ScaledObject", "serverAddress: http://" + p.addr + "/workspaces/" + workspaceID + "\n",
				"secret_key: " + emulator.DefaultSecretAccessKey,
			} {
				require.Contains(t, p.stdout.String(), want)
			}
			require.Equal(t, 0, p.stop(t, sig), p.stderr)
			require.NoFileExists(t, p.cmd.Args[5], "the ready file is gone")
			require.FileExists(t, filepath.Join(data, "workspaces.json"))
		})
	}
}

// TestBannerCommand checks the command that makes a workspace: nothing in it is
// left to the caller's environment or to what a CLI may not know.
func TestBannerCommand(t *testing.T) {
	p := serve(t, nil)
	require.Equal(t, 0, p.stop(t, syscall.SIGTERM), p.stderr)
	require.Contains(t, p.stdout.String(), "AWS_ACCESS_KEY_ID="+emulator.DefaultAccessKeyID+
		" AWS_SECRET_ACCESS_KEY="+emulator.DefaultSecretAccessKey+" AWS_SESSION_TOKEN= \\\n      aws --endpoint-url http://"+p.addr+
		" --region us-east-1 amp create-workspace --alias demo\n")
	require.NotContains(t, p.stdout.String(), "AWS_ENDPOINT_URL")
}

func TestSecretsOfUsersAreNotPrinted(t *testing.T) {
	env := []string{"AWS_ACCESS_KEY_ID=AKIDOFSOMEBODY", "AWS_SECRET_ACCESS_KEY=topsecret123"}
	p := serve(t, env, "--log-level", "debug", "--log-format", "json")
	require.Equal(t, 0, p.stop(t, syscall.SIGTERM))
	require.Contains(t, p.stdout.String(), "AKIDOFSOMEBODY")
	require.NotContains(t, p.stdout.String()+p.stderr.String(), "topsecret123")
	require.True(t, strings.HasPrefix(p.stderr.String(), "{"), "JSON log")
	_, help, _ := run(t, env, "serve", "--help")
	require.NotContains(t, help, "topsecret123")
}

// TestKillWhileWriting kills the program while writers write, and looks after a
// restart for every sample that was acknowledged.
func TestKillWhileWriting(t *testing.T) {
	data := t.TempDir()
	args := []string{"--data-dir", data, "--workspace", workspaceID, "--log-level", "error"}
	p := serve(t, nil, args...)

	const writers, enough = 4, 200
	base := time.Now().Add(-time.Minute)
	acknowledged := make([]int, writers) // samples of each writer, in order
	var wg sync.WaitGroup
	killed := make(chan struct{})
	var once sync.Once
	for w := range writers {
		client := writeClient(t, p.addr)
		wg.Go(func() {
			for n := 0; ; n++ {
				if _, err := client.Store(context.Background(), sample(w, n, base), 0); err != nil {
					return
				}
				acknowledged[w] = n + 1
				if n == enough {
					once.Do(func() { _ = p.cmd.Process.Kill(); close(killed) })
				}
			}
		})
	}
	<-killed
	<-p.exited
	wg.Wait()

	again := serve(t, nil, args...)
	rt, err := promsigv4.NewSigV4RoundTripper(key(), http.DefaultTransport)
	require.NoError(t, err)
	c, err := api.NewClient(api.Config{Address: "http://" + again.addr + "/workspaces/" + workspaceID, RoundTripper: rt})
	require.NoError(t, err)
	for w, n := range acknowledged {
		require.Positive(t, n)
		got, _, err := promv1.NewAPI(c).Query(t.Context(), fmt.Sprintf(`killed{writer="%d"}[1h]`, w), base.Add(time.Minute))
		require.NoError(t, err)
		matrix, ok := got.(model.Matrix)
		require.True(t, ok)
		require.Len(t, matrix, 1)
		values := matrix[0].Values
		// One more than acknowledged may be there: its answer was lost.
		require.GreaterOrEqual(t, len(values), n, "writer %d", w)
		require.LessOrEqual(t, len(values), n+1, "writer %d", w)
		for i, v := range values {
			require.InDelta(t, float64(i), float64(v.Value), 0)
		}
	}
	require.Equal(t, 0, again.stop(t, syscall.SIGTERM), again.stderr)
}

func key() *promsigv4.SigV4Config {
	return &promsigv4.SigV4Config{
		Region: emulator.DefaultRegion, AccessKey: emulator.DefaultAccessKeyID, SecretKey: emulator.DefaultSecretAccessKey,
	}
}

func writeClient(t testing.TB, addr string) remote.WriteClient {
	t.Helper()
	u, err := url.Parse("http://" + addr + "/workspaces/" + workspaceID + "/api/v1/remote_write")
	require.NoError(t, err)
	c, err := remote.NewWriteClient("test", &remote.ClientConfig{
		URL: &promconfig.URL{URL: u}, Timeout: model.Duration(30 * time.Second), SigV4Config: key(),
		WriteProtoMsg: remoteapi.WriteV1MessageType,
	})
	require.NoError(t, err)
	return c
}

// sample is the nth sample of a writer; its value is n.
func sample(writer, n int, base time.Time) []byte {
	req := prompb.WriteRequest{Timeseries: []prompb.TimeSeries{{
		Labels:  []prompb.Label{{Name: "__name__", Value: "killed"}, {Name: "writer", Value: fmt.Sprint(writer)}},
		Samples: []prompb.Sample{{Timestamp: base.UnixMilli() + int64(n), Value: float64(n)}},
	}}}
	raw, err := req.Marshal()
	if err != nil {
		panic(err) // a bug of this test
	}
	return snappy.Encode(nil, raw)
}

// syncBuffer takes what the program prints.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
