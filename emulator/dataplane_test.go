package emulator_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator"
)

const unknownWorkspace = "/workspaces/ws-00000000-0000-4000-8000-000000000000"

func TestPrometheusWritesAndClientGolangReads(t *testing.T) {
	srv := start(t, emulator.Config{})
	ws := createWorkspace(t, srv, "AMP-KEDA")
	now := time.Now()
	store(t, ws.RemoteWriteURL, series("ho11y_total", now.Add(-time.Second), 1))
	store(t, ws.RemoteWriteURL, series("ho11y_total", now, 42))

	got, ok := value(t, ws.QueryURL, `ho11y_total{job="test"}`, now)
	require.True(t, ok)
	require.InDelta(t, 42, got, 0)

	client, ctx := reader(t, ws.QueryURL, rootKey()), t.Context()
	names, _, err := client.LabelValues(ctx, "__name__", nil, now.Add(-time.Hour), now)
	require.NoError(t, err)
	require.Equal(t, model.LabelValues{"ho11y_total"}, names)
	found, _, err := client.Series(ctx, []string{"ho11y_total"}, now.Add(-time.Hour), now)
	require.NoError(t, err)
	require.Equal(t, []model.LabelSet{{"__name__": "ho11y_total", "job": "test"}}, found)

	other := createWorkspace(t, srv, "")
	_, ok = value(t, other.QueryURL, "ho11y_total", now)
	require.False(t, ok, "data of one workspace is not visible in another")
}

func TestFrontRefuses(t *testing.T) {
	srv := start(t, emulator.Config{})
	ws := createWorkspace(t, srv, "")
	path := "/workspaces/" + ws.ID
	wrong := root()
	wrong.SecretAccessKey = "wrong"
	stranger := &aws.Credentials{AccessKeyID: "AKIDSTRANGER", SecretAccessKey: "x"}
	const missing = `{"message":"Missing Authentication Token"}`
	tests := map[string]struct {
		method, target string
		key            *aws.Credentials
		body           []byte
		status         int
		errType, text  string
	}{
		"unsigned query":          {"GET", path + "/api/v1/query?query=up", nil, nil, 403, "MissingAuthenticationTokenException", missing},
		"unsigned write":          {"POST", path + "/api/v1/remote_write", nil, series("a", time.Now(), 1), 403, "MissingAuthenticationTokenException", missing},
		"unsigned control plane":  {"GET", "/workspaces", nil, nil, 403, "MissingAuthenticationTokenException", missing},
		"unknown key":             {"GET", path + "/api/v1/query?query=up", stranger, nil, 403, "UnrecognizedClientException", `{"message":"The security token included in the request is invalid."}`},
		"wrong secret":            {"GET", path + "/api/v1/query?query=up", wrong, nil, 403, "InvalidSignatureException", `The Canonical String for this request should have been\n'GET\n` + path + `/api/v1/query\nquery=up\nhost:`},
		"unknown workspace":       {"GET", unknownWorkspace + "/api/v1/query?query=up", root(), nil, 404, "ResourceNotFoundException", `{"Message":"Workspace not found"}`},
		"write to unknown":        {"POST", unknownWorkspace + "/api/v1/remote_write", root(), series("a", time.Now(), 1), 404, "ResourceNotFoundException", `{"Message":"Workspace not found"}`},
		"key before workspace":    {"GET", unknownWorkspace + "/api/v1/query?query=up", stranger, nil, 403, "UnrecognizedClientException", `The security token`},
		"1 MB and a byte":         {"POST", path + "/api/v1/remote_write", root(), random(1<<20 + 1), 413, "RequestEntityTooLargeException", `{"message":"Request Entity Too Large"}`},
		"far over 1 MB, unsigned": {"POST", path + "/api/v1/query", nil, random(8 << 20), 413, "RequestEntityTooLargeException", `{"message":"Request Entity Too Large"}`},
		"exactly 1 MB":            {"POST", path + "/api/v1/remote_write", root(), random(1 << 20), 400, "", "snappy: corrupt input"},
		"status API":              {"GET", path + "/api/v1/status/buildinfo", root(), nil, 404, "", "404 page not found"},
		"status API unsigned":     {"GET", path + "/api/v1/status/config", nil, nil, 403, "MissingAuthenticationTokenException", missing},
		"remote read":             {"POST", path + "/api/v1/read", root(), nil, 403, "MissingAuthenticationTokenException", missing},
		"slash at the end":        {"POST", path + "/api/v1/remote_write/", root(), nil, 403, "MissingAuthenticationTokenException", missing},
		"write by GET":            {"GET", path + "/api/v1/remote_write", root(), nil, 403, "MissingAuthenticationTokenException", missing},
		"label values by POST":    {"POST", path + "/api/v1/label/job/values", root(), nil, 403, "MissingAuthenticationTokenException", missing},
		"exemplars":               {"GET", path + "/api/v1/query_exemplars?query=up", root(), nil, 403, "MissingAuthenticationTokenException", missing},
		"nowhere":                 {"GET", "/nowhere", root(), nil, 403, "MissingAuthenticationTokenException", missing},
		"unknown operation":       {"GET", path + "/settings", root(), nil, 403, "MissingAuthenticationTokenException", missing},
		"bad query":               {"GET", path + "/api/v1/query?query=sum(", root(), nil, 400, "", `"errorType":"bad_data"`},
		"dot segments":            {"GET", path + "/../" + ws.ID + "/api/v1/query?query=up", root(), nil, 403, "MissingAuthenticationTokenException", missing},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := send(t, srv, tc.method, tc.target, tc.body, tc.key, nil)
			require.Equal(t, tc.status, got.status, got.body)
			require.Contains(t, got.body, tc.text)
			require.Equal(t, tc.errType, got.header.Get("x-amzn-ErrorType"))
			require.NotEmpty(t, got.header.Get("x-amzn-RequestId"))
			require.NotEmpty(t, got.header.Get("Date"))
		})
	}
	require.Contains(t, send(t, srv, "GET", "/-/ready", nil, nil, nil).body, "ready", "the server lives")
}

func TestWrongSecretReachesPrometheusInFull(t *testing.T) {
	srv := start(t, emulator.Config{})
	ws := createWorkspace(t, srv, "")
	key := rootKey()
	key.SecretKey = "wrong"
	_, err := writer(t, ws.RemoteWriteURL, key).Store(context.Background(), series("a", time.Now(), 1), 0)
	require.ErrorContains(t, err, "403")
	require.ErrorContains(t, err, "The request signature we calculated does not match the signature you provided.")
	_, _, err = reader(t, ws.QueryURL, key).Query(t.Context(), "up", time.Now())
	require.Error(t, err)
}

func TestTargetsOfClients(t *testing.T) {
	srv := start(t, emulator.Config{})
	ws := createWorkspace(t, srv, "")
	now := time.Now()
	store(t, ws.RemoteWriteURL, series("up", now, 7))
	path := "/workspaces/" + ws.ID
	at := "&time=" + url.QueryEscape(now.UTC().Add(time.Second).Format(time.RFC3339))
	form := func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }
	tests := map[string]struct {
		method, target, body string
		change               func(*http.Request)
		want                 string
	}{
		"a slash too many, as KEDA with a slash at the end of serverAddress": {"GET", path + "//api/v1/query?query=up" + at, "", nil, `"7"`},
		"many slashes":  {"GET", "//workspaces//" + ws.ID + "/api///v1/query?query=up" + at, "", nil, `"7"`},
		"encoded query": {"GET", path + "/api/v1/query?query=sum%28up%7Bjob%3D%22test%22%7D%29" + at, "", nil, `"7"`},
		"form body":     {"POST", path + "/api/v1/query", "query=up" + at, form, `"7"`},
		"empty body and query in the URL, as awscurl": {"POST", path + "/api/v1/query?query=up" + at, "", func(r *http.Request) {
			r.Header.Set("Content-Type", "application/json")
		}, `"7"`},
		"encoded label name": {"GET", path + "/api/v1/label/%6a%6f%62/values", "", nil, `["test"]`},
		"encoded id":         {"GET", "/workspaces/%77" + ws.ID[1:] + "/api/v1/query?query=up" + at, "", nil, `"7"`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := send(t, srv, tc.method, tc.target, []byte(tc.body), root(), tc.change)
			require.Equal(t, 200, got.status, got.body)
			require.Contains(t, got.body, tc.want)
		})
	}
}

func TestRefusedWriteLosesNothingOfOthers(t *testing.T) {
	srv := start(t, emulator.Config{})
	ws := createWorkspace(t, srv, "")
	now := time.Now()
	for name, body := range map[string][]byte{
		"no snappy":   []byte("hello"),
		"no protobuf": {4, 12, 0xff, 0xff, 0xff, 0xff},
	} {
		t.Run(name, func(t *testing.T) {
			got := send(t, srv, "POST", "/workspaces/"+ws.ID+"/api/v1/remote_write", body, root(), nil)
			require.Equal(t, 400, got.status)
			require.Equal(t, "text/plain; charset=utf-8", got.header.Get("Content-Type"))
			require.True(t, strings.HasSuffix(got.body, "\n"))
			store(t, ws.RemoteWriteURL, series("after_"+strings.ReplaceAll(name, " ", "_"), now, 1))
			_, ok := value(t, ws.QueryURL, "after_"+strings.ReplaceAll(name, " ", "_"), now)
			require.True(t, ok)
		})
	}
}

func TestAuthOff(t *testing.T) {
	srv := start(t, emulator.Config{Auth: emulator.AuthOff})
	ws := createWorkspace(t, srv, "")
	target := "/workspaces/" + ws.ID + "/api/v1/query?query=vector(1)"
	require.Equal(t, 200, send(t, srv, "GET", target, nil, nil, nil).status)
	require.Equal(t, 200, send(t, srv, "GET", "/workspaces", nil, nil, nil).status)
	basic := func(r *http.Request) { r.SetBasicAuth("grafana", "password") }
	require.Equal(t, 200, send(t, srv, "GET", target, nil, nil, basic).status, "another scheme is no signature")
	require.Equal(t, 200, send(t, srv, "GET", target, nil, root(), nil).status)
	wrong := root()
	wrong.SecretAccessKey = "wrong"
	require.Equal(t, 403, send(t, srv, "GET", target, nil, wrong, nil).status, "what is signed is verified all the same")
}

func TestDeletedWorkspaceIsNotServed(t *testing.T) {
	srv := start(t, emulator.Config{})
	ws := createWorkspace(t, srv, "")
	store(t, ws.RemoteWriteURL, series("up", time.Now(), 1))
	require.Equal(t, 202, send(t, srv, "DELETE", "/workspaces/"+ws.ID, nil, root(), nil).status)
	got := send(t, srv, "GET", "/workspaces/"+ws.ID+"/api/v1/query?query=up", nil, root(), nil)
	require.Equal(t, 404, got.status)
	require.JSONEq(t, `{"Message":"Workspace not found"}`, got.body)
}

func TestClockOfTheEmulator(t *testing.T) {
	long := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	srv := start(t, emulator.Config{Now: func() time.Time { return long }})
	got := send(t, srv, "GET", "/workspaces", nil, root(), nil)
	require.Equal(t, 403, got.status)
	require.Contains(t, got.body, "Signature not yet current")
	require.Equal(t, "Wed, 01 Jan 2020 00:00:00 GMT", got.header.Get("Date"), "SDKs correct their clock by it")
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	b[0], b[1] = 0xff, 0xff // no snappy block of a sane length
	for i := range 8 {
		b[i] = 0xff
	}
	return b
}

func decode[T any](t testing.TB, s string) T {
	t.Helper()
	var v T
	require.NoError(t, json.Unmarshal([]byte(s), &v), s)
	return v
}
