package workspace_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
	"github.com/ampersand-amp/ampersand/emulator/identity"
	"github.com/ampersand-amp/ampersand/emulator/workspace"
)

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 11, 23, 12, 0, 0, 123_456_789, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// data stands in for the storage of samples and records what is erased.
type data struct {
	mu     sync.Mutex
	erased []string
	err    error
	done   chan string // gets every erased id, if not nil
}

func (d *data) Remove(ctx context.Context, id string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := errors.Join(d.err, ctx.Err()); err != nil {
		return err
	}
	d.erased = append(d.erased, id)
	if d.done != nil {
		d.done <- id
	}
	return nil
}

func (d *data) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err = err
}

func (d *data) list() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.erased...)
}

// judge is a stand-in for the package that reads definitions: a definition is
// "rules: N", "bad" is refused and "broken" fails after it was taken.
type judge struct{}

func (judge) CheckRules(_ string, data []byte) (int, error) {
	n := 0
	if _, err := fmt.Sscanf(string(data), "rules: %d", &n); err == nil {
		return n, nil
	}
	return 0, judge{}.CheckAlertManager(data)
}

func (judge) CheckAlertManager(data []byte) error {
	switch string(data) {
	case "bad":
		return awsapi.Validation(awsapi.ReasonFieldValidationFailed, "not YAML", awsapi.Field{Name: "data", Message: "not YAML"})
	case "broken":
		return errors.New("group a: no rules")
	}
	return nil
}

// fixture is a registry behind HTTP, as the emulator serves it but without
// signatures.
type fixture struct {
	*workspace.Registry
	path  string
	clock *clock
	data  *data
	cfg   workspace.Config
	url   string
	// record is told of every request, spy of every success, tap of every answer's body; all may be nil.
	record func(workspace.Call, workspace.Input)
	spy    func(op workspace.Operation, status int)
	tap    func(body string)
}

func start(t testing.TB, change func(*workspace.Config)) *fixture {
	t.Helper()
	f := &fixture{
		path:  filepath.Join(t.TempDir(), "workspaces.json"),
		clock: newClock(),
		data:  &data{},
	}
	f.cfg = workspace.Config{
		Path: f.path, Partition: "aws", Region: "us-east-1", AccountID: "123456789012",
		Data: f.data, Now: f.clock.Now, Judge: judge{}, CheckPolicy: checkPolicy,
	}
	if change != nil {
		change(&f.cfg)
	}
	f.open(t)
	srv := httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(srv.Close)
	f.url = srv.URL
	return f
}

// open opens the registry; after a first time it does so again, as a restart.
func (f *fixture) open(t testing.TB) {
	t.Helper()
	r, err := workspace.Open(f.cfg)
	require.NoError(t, err)
	t.Cleanup(r.Close)
	f.Registry = r
}

func (f *fixture) serve(w http.ResponseWriter, r *http.Request) {
	path, query, _ := strings.Cut(r.RequestURI, "?")
	body, _ := io.ReadAll(r.Body)
	call, ok := workspace.Route(r.Method, path)
	if !ok {
		awsapi.Write(w, awsapi.MissingAuthenticationToken())
		return
	}
	in := workspace.Input{RawQuery: query, Body: body, BaseURL: "http://" + r.Host}
	if f.record != nil {
		f.record(call, in)
	}
	out, err := f.Do(call, in)
	if answer := (*awsapi.Error)(nil); errors.As(err, &answer) {
		awsapi.Write(w, answer)
		return
	}
	if f.spy != nil {
		f.spy(call.Operation, out.Status)
	}
	if f.tap != nil {
		raw, _ := json.Marshal(out.Body)
		f.tap(string(raw))
	}
	if out.Body == nil {
		w.WriteHeader(out.Status)
		return
	}
	awsapi.WriteJSON(w, out.Status, out.Body)
}

// client is the real client of AWS's SDK. It does not retry, so that a test
// sees every answer.
func (f *fixture) client() *amp.Client {
	return amp.NewFromConfig(aws.Config{
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
		BaseEndpoint: aws.String(f.url),
		Retryer:      func() aws.Retryer { return aws.NopRetryer{} },
	})
}

// call sends a request as it is written, which SDKs would not.
func (f *fixture) call(t *testing.T, method, target, body string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, f.url+target, strings.NewReader(body))
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, res.Header, string(raw)
}

// checkPolicy is what the emulator has the registry do.
func checkPolicy(document []byte) error {
	_, err := identity.ParseResourcePolicy(document)
	return err
}
