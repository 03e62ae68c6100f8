package main_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/conformance"
	"github.com/ampersand-amp/ampersand/e2e/conformance/output"
	"github.com/ampersand-amp/ampersand/emulator"
)

// far is a name that nobody can have (RFC 6761), so that nothing reaches anybody.
const far = "http://aps.example.invalid"

// farAway lets the program reach p by that name, by way of a proxy that counts
// what passes. The environment is the program's.
func farAway(t *testing.T, p *program) (env []string, sent *atomic.Int64) {
	t.Helper()
	sent = new(atomic.Int64)
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = "http", p.addr, r.In.Host
	}}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent.Add(1)
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	return []string{
		"HTTP_PROXY=" + srv.URL, "HTTPS_PROXY=" + srv.URL, "AWS_REGION=" + emulator.DefaultRegion,
		"AWS_ACCESS_KEY_ID=" + emulator.DefaultAccessKeyID, "AWS_SECRET_ACCESS_KEY=" + emulator.DefaultSecretAccessKey,
	}, sent
}

// fast are the settings of an emulator that does not have to be waited for.
func fast() []string {
	return []string{"--log-level", "error", "--quota", "metadata-tps=unlimited", "--quota", "control-plane-tps=unlimited"}
}

// controlOf is a client of a program's control plane.
func controlOf(p *program) *amp.Client {
	return amp.New(amp.Options{
		BaseEndpoint: aws.String("http://" + p.addr), Region: emulator.DefaultRegion,
		Credentials: credentials.NewStaticCredentialsProvider(emulator.DefaultAccessKeyID, emulator.DefaultSecretAccessKey, ""),
	})
}

// aliases are those of the workspaces that are not on their way out.
func aliases(t *testing.T, p *program) []string {
	t.Helper()
	got, err := controlOf(p).ListWorkspaces(t.Context(), nil)
	require.NoError(t, err)
	out := []string{}
	for _, ws := range got.Workspaces {
		if ws.Status.StatusCode != "DELETING" {
			out = append(out, aws.ToString(ws.Alias))
		}
	}
	return out
}

func TestConformanceWrongUsage(t *testing.T) {
	tests := map[string]struct {
		args []string
		want string
	}{
		"id":                  {[]string{"--id", "nothing.*"}, `"nothing.*"`},
		"area":                {[]string{"--area", "moon"}, "there are authentication, "},
		"level":               {[]string{"--level", "perhaps"}, "MUST, SHOULD, MAY, UNKNOWN"},
		"nothing chosen":      {[]string{"--area", "rules", "--id", "metadata"}, "none has"},
		"parallel":            {[]string{"--parallel", "0"}, "--parallel 0"},
		"two things at once":  {[]string{"--list", "--cleanup"}, "exclude each other"},
		"format":              {[]string{"--format", "xml"}, "text, json"},
		"pace":                {[]string{"--pace", "-1"}, "unlimited or a number above 0"},
		"endpoint":            {[]string{"--endpoint", "127.0.0.1:1"}, "is not a URL"},
		"emulator and target": {[]string{"--emulator", "--endpoint", far}, "--emulator"},
		"region":              {[]string{"--endpoint", far, "--yes"}, "--region"},
		"a file nowhere":      {[]string{"--emulator", "--html", "/none/x"}, "--html: open /none/x"},
		"a recording nowhere": {[]string{"--emulator", "--record", "/none/x"}, "--record"},
		"nothing to compare":  {[]string{"--emulator", "--compare", "/none/x"}, "--compare"},
		"one recording":       {[]string{"compare", "x"}, "two recordings"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := run(t, nil, append([]string{"conformance"}, tc.args...)...)
			require.Equal(t, 2, code, stderr)
			require.Empty(t, stdout)
			require.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
			require.Contains(t, stderr, tc.want)
		})
	}
}

// TestConformanceAsksFirst: to a target that is not on this machine nothing is
// sent before somebody has agreed; what it costs is said before.
func TestConformanceAsksFirst(t *testing.T) {
	p := serve(t, nil, fast()...)
	env, sent := farAway(t, p)
	report := filepath.Join(t.TempDir(), "report.json")
	args := []string{"conformance", "--endpoint", far, "--area", "metadata", "--json", report}

	code, stdout, stderr := run(t, env, args...)
	require.Equal(t, 2, code, stderr)
	require.Empty(t, stdout)
	for _, want := range []string{"16 checks on " + far, "requests", "workspaces", "25 by default", conformance.AliasPrefix, "at most $0.01", "It takes about", "--yes", "--dry-run"} {
		require.Contains(t, stderr, want)
	}
	require.NoFileExists(t, report)

	code, stdout, stderr = run(t, env, append(args, "--dry-run")...)
	require.Equal(t, 0, code, stderr)
	require.Contains(t, stdout, "16 checks on "+far)
	require.Regexp(t, `(?m)^metadata\.\S+ +MUST `, stdout)
	code, _, stderr = run(t, env, append(args, "--list")...)
	require.Equal(t, 0, code, stderr)
	require.Zero(t, sent.Load(), "nothing was sent")

	code, _, stderr = run(t, env, append(args, "--yes")...)
	require.Equal(t, 0, code, stderr)
	require.Positive(t, sent.Load(), "what is sent passes here")
	require.FileExists(t, report)
	require.Empty(t, aliases(t, p))
}

// TestConformanceWrites: every form of the report is written, and a recording is
// the same as that of a second run but not as that of another emulator.
func TestConformanceWrites(t *testing.T) {
	p := serve(t, nil, append(fast(), "--workspace", workspaceID+"=mine")...)
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	at := func(p *program, args ...string) []string {
		return append([]string{
			"conformance", "--endpoint", "http://" + p.addr, "--id", "metadata", "--id", "remote-write.order.within*", "--level", "must", "--pace", "unlimited",
		}, args...)
	}
	code, stdout, stderr := run(t, nil, at(p, "--json", file("r.json"), "--junit", file("r.xml"), "--html", file("r.html"), "--record", file("r.jsonl.gz"))...)
	require.Equal(t, 0, code, stderr)
	require.Contains(t, stdout, "PASS: http://"+p.addr)
	require.Contains(t, stderr, "an emulator's documented root key")
	require.Contains(t, stderr, "metadata: ")
	var doc output.Document
	raw, err := os.ReadFile(file("r.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &doc))
	require.True(t, doc.Passed)
	require.Greater(t, len(doc.Results), 5)
	var suites struct {
		Tests int `xml:"tests,attr"`
	}
	raw, err = os.ReadFile(file("r.xml"))
	require.NoError(t, err)
	require.NoError(t, xml.Unmarshal(raw, &suites))
	require.Len(t, doc.Results, suites.Tests)
	raw, err = os.ReadFile(file("r.html"))
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(raw, []byte("<!doctype html>")))

	code, stdout, stderr = run(t, nil, at(p, "--format", "json", "--record", file("s.jsonl"), "--compare", file("r.jsonl.gz"))...)
	require.Equal(t, 0, code, stderr)
	require.NoError(t, json.Unmarshal([]byte(stdout), &doc), "nothing else is on stdout")
	code, stdout, stderr = run(t, nil, "conformance", "compare", file("r.jsonl.gz"), file("s.jsonl"))
	require.Equal(t, 0, code, stderr)
	require.Contains(t, stdout, fmt.Sprintf("%d checks compared, 0 differ", len(doc.Results)))
	require.Equal(t, []string{"mine"}, aliases(t, p), "what the run did not make stays, and nothing else")

	other := serve(t, nil, append(fast(), "--out-of-order-window", "0")...)
	code, stdout, stderr = run(t, nil, at(other, "--compare", file("r.jsonl.gz"))...)
	require.Equal(t, 1, code, stderr)
	require.Contains(t, stdout, "MUST remote-write.order.within-the-window\n", "what failed")
	require.Contains(t, stdout, "\nFAIL: ")
	require.Regexp(t, `(?m)^remote-write\.order\.within-the-window\n  POST (.*\n)    status: was 200, is 400$`, stdout, "what has changed")
	require.Contains(t, stderr, "the target does not meet every MUST")
	require.Contains(t, stderr, "checks are answered differently")
}

// TestConformanceInterrupted: Ctrl-C in the middle of a run leaves nothing behind.
func TestConformanceInterrupted(t *testing.T) {
	p := serve(t, nil, append(fast(), "--workspace", workspaceID+"=mine")...)
	cmd := command(t, nil, "conformance", "--endpoint", "http://"+p.addr, "--pace", "unlimited")
	out, errs := &syncBuffer{}, &syncBuffer{}
	cmd.Stdout, cmd.Stderr = out, errs
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	require.Eventually(t, func() bool { return len(aliases(t, p)) > 3 }, 30*time.Second, 5*time.Millisecond)
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	require.Error(t, cmd.Wait())
	require.Equal(t, 1, cmd.ProcessState.ExitCode(), errs)
	require.Contains(t, errs.String(), "interrupted: removing what the run created")
	require.Contains(t, errs.String(), "removed: ")
	require.Contains(t, out.String(), "\nINTERRUPTED: ")
	require.Equal(t, []string{"mine"}, aliases(t, p))
}

// TestConformanceCleanup: only what alias and tags both call a run's is removed,
// and only if somebody wants that.
func TestConformanceCleanup(t *testing.T) {
	p := serve(t, nil, fast()...)
	run1 := map[string]string{conformance.TagCreatedBy: conformance.CreatedBy, conformance.TagRun: "0a1b2c3d"}
	for alias, tags := range map[string]map[string]string{
		"mine":   nil,
		"tagged": run1,
		conformance.AliasPrefix + "0a1b2c3d-untagged":  nil,
		conformance.AliasPrefix + "99999999-other-run": run1,
		conformance.AliasPrefix + "0a1b2c3d-pool":      run1,
	} {
		made, err := controlOf(p).CreateWorkspace(t.Context(), &amp.CreateWorkspaceInput{Alias: &alias, Tags: tags})
		require.NoError(t, err)
		waiter := amp.NewWorkspaceActiveWaiter(controlOf(p), func(o *amp.WorkspaceActiveWaiterOptions) { o.MinDelay = 10 * time.Millisecond })
		require.NoError(t, waiter.Wait(t.Context(), &amp.DescribeWorkspaceInput{WorkspaceId: made.WorkspaceId}, time.Minute))
	}
	args := []string{"conformance", "--endpoint", "http://" + p.addr, "--cleanup"}
	code, _, stderr := run(t, nil, args...)
	require.Equal(t, 2, code, stderr)
	require.Contains(t, stderr, "--yes")
	require.Len(t, aliases(t, p), 5)
	code, stdout, stderr := run(t, nil, append(args, "--yes")...)
	require.Equal(t, 0, code, stderr)
	require.Equal(t, "Removed 1 workspace.\n", stdout)
	require.Equal(t, 3, strings.Count(stderr, "so it stays"), stderr)
	require.ElementsMatch(t, []string{
		"mine", "tagged", conformance.AliasPrefix + "0a1b2c3d-untagged", conformance.AliasPrefix + "99999999-other-run",
	}, aliases(t, p))
	code, stdout, stderr = run(t, nil, append(args, "--yes")...)
	require.Equal(t, 0, code, stderr)
	require.Equal(t, "Nothing to remove at http://"+p.addr+".\n", stdout)
}
