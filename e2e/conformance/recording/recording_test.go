package recording_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/conformance"
	"github.com/ampersand-amp/ampersand/e2e/conformance/recording"
	"github.com/ampersand-amp/ampersand/emulator"
)

// answering is a target that gives one answer.
type answering struct {
	status int
	header http.Header
	body   string
	err    error
	seen   []byte
}

func (a *answering) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		a.seen, _ = io.ReadAll(r.Body)
	}
	if a.err != nil {
		return nil, a.err
	}
	return &http.Response{StatusCode: a.status, Header: a.header, Body: io.NopCloser(strings.NewReader(a.body)), Request: r}, nil
}

const (
	account = "210987654321"
	token   = "FwoGZXIvYXdzEJr//////////wEaDH+abc/def=="
	ws      = "ws-0a1b2c3d-1111-4222-8333-444455556666"
	other   = "ws-99999999-1111-4222-8333-444455556666"
)

// TestNothingSecretIsKept: secrets, tokens, signatures, keys, accounts, people and
// what others have in the account are in no recording, wherever they stand.
func TestNothingSecretIsKept(t *testing.T) {
	t.Parallel()
	arn := "arn:aws:aps:us-east-1:" + account + ":workspace/" + ws
	for name, c := range map[string]struct {
		method, target, request string
		header                  http.Header
		answer, kept            string
	}{
		"a signature": {
			target: "/workspaces/" + ws + "/api/v1/query?query=up",
			header: http.Header{"Authorization": {"AWS4-HMAC-SHA256 Credential=AKIDSOMEBODYS0000001/20260102/us-east-1/aps/aws4_request, SignedHeaders=host;x-amz-date, Signature=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"}},
			kept:   "SignedHeaders=host;x-amz-date",
		},
		"a token in a header": {
			target: "/workspaces", header: http.Header{"X-Amz-Security-Token": {token}},
			answer: `{"message":"canonical string:\nx-amz-security-token:` + token + `\n"}`, kept: "canonical string",
		},
		"a presigned URL": {
			target: "/workspaces/" + ws + "/api/v1/query?X-Amz-Credential=AKIDSOMEBODYS0000001%2F20260102%2Fus-east-1&X-Amz-Security-Token=FwoGZXIvYXdzEJr%2F%2F%2F%2F%2F%2F%2F%2F%2F%2FwEaDH%2Babc%2Fdef%3D%3D&X-Amz-Signature=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
			answer: "the token " + token + " is expired", kept: "X-Amz-Signature",
		},
		"STS's answer": {
			method: http.MethodPost, target: "/", request: "Action=AssumeRole&RoleArn=arn%3Aaws%3Aiam%3A%3A" + account + "%3Arole%2Falice",
			answer: "<Arn>arn:aws:sts::" + account + ":assumed-role/alice/alice</Arn><AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId><SecretAccessKey>wJalrXUtnFEMI/K7MDENG</SecretAccessKey><SessionToken>" + token + "</SessionToken>",
			kept:   "<AccessKeyId>ASIA[id]</AccessKeyId>",
		},
		"web identity": {
			method: http.MethodPost, target: "/", request: "Action=AssumeRoleWithWebIdentity&WebIdentityToken=eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2ln&RoleSessionName=x",
			answer: "no provider for eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2ln", kept: "RoleSessionName=x",
		},
		"an account in a path": {
			target: "/tags/arn%3Aaws%3Aaps%3Aus-east-1%3A" + account + "%3Aworkspace%2F" + ws, answer: `{"tags":{},"tenant":"` + account + `_` + ws + `"}`, kept: "[account]_[ws-",
		},
		"a refusal": {
			target: "/workspaces/" + ws, answer: `{"message":"User: arn:aws:iam::` + account + `:user/alice is not authorized to perform: aps:DescribeWorkspace on resource: ` + arn + `"}`,
			kept: "arn:aws:iam::[account]:user/[name] is not authorized",
		},
		"workspaces of others": {
			target: "/workspaces", answer: `{"workspaces":[{"workspaceId":"` + ws + `","alias":"ampersand-conformance-0a1b2c3d-shared"},{"workspaceId":"` + other + `","alias":"alice-prod","tags":{"team":"alice"}}]}`,
			kept: "ampersand-conformance-",
		},
		"a token of pages": {target: "/workspaces?nextToken=alice-alice", answer: `{"nextToken":"alice-alice","workspaces":[]}`, kept: `"nextToken":"[page]"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			next := &answering{status: 200, header: http.Header{"Set-Cookie": {"session=alice"}}, body: c.answer}
			path := filepath.Join(t.TempDir(), "recording")
			rec, err := recording.New(path, recording.Head{}, next)
			require.NoError(t, err)
			method := c.method
			if method == "" {
				method = http.MethodGet
			}
			req, err := http.NewRequestWithContext(t.Context(), method, "https://aps.example"+c.target, strings.NewReader(c.request))
			require.NoError(t, err)
			for k, v := range c.header {
				req.Header[k] = v
			}
			res, err := rec.RoundTrip(req)
			require.NoError(t, err)
			got, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			require.Equal(t, c.answer, string(got), "the check sees what came")
			require.Equal(t, c.request, string(next.seen), "the target sees what was sent")
			require.NoError(t, rec.Close())
			raw, err := os.ReadFile(path)
			require.NoError(t, err)
			for _, secret := range []string{account, token, "FwoGZXIv", "AKIDSOMEBODYS", "7EXAMPLE", "wJalrXUtnFEMI", "00112233", "alice", "eyJ", "0a1b2c3d-1111", "99999999"} {
				require.NotContains(t, string(raw), secret)
			}
			require.Contains(t, string(raw), strings.ReplaceAll(c.kept, `"`, `\"`))
		})
	}
}

// TestFile: what is written reads back, compressed or not; long and binary bodies
// are bounded, what failed is kept, and what is no recording is refused.
func TestFile(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"r.jsonl", "r.jsonl.gz"} {
		path := filepath.Join(t.TempDir(), name)
		next := &answering{status: 429, header: http.Header{"X-Amzn-Errortype": {"ThrottlingException"}}, body: strings.Repeat("é", 40<<10)}
		rec, err := recording.New(path, recording.Head{Target: "there", Region: "eu-west-1", Program: "test"}, next)
		require.NoError(t, err)
		send := func(body string) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://aps.example/x?y=%2F//z", strings.NewReader(body))
			require.NoError(t, err)
			if res, err := rec.RoundTrip(req); err == nil {
				require.NoError(t, res.Body.Close())
			}
		}
		send("\xff\xfe")
		next.err = io.ErrUnexpectedEOF
		send("")
		require.NoError(t, rec.Close())
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		got, err := recording.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, "there", got.Head.Target)
		require.Len(t, got.Entries, 2)
		first, second := got.Entries[0], got.Entries[1]
		require.Equal(t, "/x?y=%2F//z", first.Path)
		require.Equal(t, []int{1, 2}, []int{first.Number, second.Number})
		require.Equal(t, []byte("\xff\xfe"), first.RequestBody.Binary)
		require.Equal(t, 80<<10, first.Body.Bytes)
		require.Equal(t, 64<<10, len(first.Body.Text))
		require.Equal(t, 429, first.Status)
		require.Nil(t, second.RequestBody)
		require.Equal(t, "unexpected EOF", second.Error)
	}
	_, err := recording.Read(strings.NewReader(`{"some":"thing"}`))
	require.ErrorContains(t, err, "not that of a recording of version 1")
	_, err = recording.Read(strings.NewReader(`{"conformanceRecording":1}` + "\n{"))
	require.ErrorContains(t, err, "entry 1: unexpected EOF")
	_, err = recording.ReadFile(filepath.Join(t.TempDir(), "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = recording.New(filepath.Join(t.TempDir(), "no", "folder"), recording.Head{}, nil)
	require.ErrorIs(t, err, os.ErrNotExist)
}

// TestDriftIsFound: two runs on the same emulator are answered alike, whatever the
// time and the ids; one on an emulator that answers otherwise is told by check and
// place.
func TestDriftIsFound(t *testing.T) {
	t.Parallel()
	checks, err := conformance.Selection{IDs: []string{
		"authentication.accepted", "authentication.clock", "control-plane.workspace", "query.errors", "query.promql.values",
		"remote-write.version2", "rules.list", "read-back", "metadata",
	}}.Of(conformance.All())
	require.NoError(t, err)
	var lasting []conformance.Check
	for _, c := range checks {
		if c.Needs&conformance.NeedsSlow == 0 {
			lasting = append(lasting, c)
		}
	}
	run := func(cfg emulator.Config, parallel int) *recording.Recording {
		cfg.IdentityFile = filepath.Join(t.TempDir(), "identity.yaml")
		require.NoError(t, os.WriteFile(cfg.IdentityFile, conformance.StandInIdentity(), 0o600))
		cfg.Quotas, cfg.StateDelay = conformance.StandInQuotas(), 100*time.Millisecond
		srv, err := emulator.Start(t.Context(), cfg)
		require.NoError(t, err)
		rec, err := recording.New("", recording.Head{Target: "emulator"}, nil)
		require.NoError(t, err)
		_, err = conformance.Run(t.Context(), conformance.Config{Checks: lasting, Parallel: parallel, Target: conformance.Target{
			Endpoint: srv.URL(), STS: srv.URL(), Region: emulator.DefaultRegion, Credentials: conformance.StandInCredentials(),
			Role: conformance.StandInRole, Pace: conformance.Unlimited(), HTTP: &http.Client{Transport: rec},
		}})
		require.NoError(t, err)
		require.NoError(t, rec.Close())
		require.NoError(t, srv.Close())
		got, err := rec.Recording()
		require.NoError(t, err)
		return got
	}
	first := run(emulator.Config{}, 4)
	same := recording.Compare(first, run(emulator.Config{}, 2))
	require.Greater(t, same.Compared, 50)
	require.Empty(t, same.Checks)
	require.Empty(t, same.OnlyEarlier)
	require.Empty(t, same.OnlyLater)

	changed := recording.Compare(first, run(emulator.Config{NoRemoteWrite2: true}, 4))
	require.NotEmpty(t, changed.Checks)
	var places []string
	for _, c := range changed.Checks {
		require.True(t, strings.HasPrefix(c.Check, "remote-write.version2."), "%s: %v", c.Check, c.Differences)
		for _, d := range c.Differences {
			places = append(places, d.Place)
		}
	}
	require.Contains(t, places, "status")
	var text bytes.Buffer
	require.NoError(t, changed.WriteText(&text))
	require.Regexp(t, `(?m)^remote-write\.version2\.\S+\n  POST /workspaces/\[ws\]/api/v1/remote_write\n(    .*\n)*    status: was 20\d, is 415$`, text.String())
}

// entries makes a recording of answers to one request of one check.
func entries(answers ...recording.Entry) *recording.Recording {
	r := &recording.Recording{}
	for i, e := range answers {
		e.Check, e.Number = "query.x", i+1
		if e.Method == "" {
			e.Method, e.Path = http.MethodGet, "/x"
		}
		if e.Status == 0 {
			e.Status = 200
		}
		r.Entries = append(r.Entries, e)
	}
	return r
}

func body(s string) recording.Entry { return recording.Entry{Body: &recording.Body{Text: s}} }

// TestWhatIsDrift: forms and texts are compared, what differs from moment to
// moment is not.
func TestWhatIsDrift(t *testing.T) {
	t.Parallel()
	header := func(name, value string) recording.Entry { return recording.Entry{Header: http.Header{name: {value}}} }
	post := func(status int) recording.Entry {
		return recording.Entry{Method: http.MethodPost, Path: "/workspaces", Status: status}
	}
	const mine = "/workspaces?alias=" + conformance.AliasPrefix + "[run]-query-x-own"
	list := func(path, workspace string) recording.Entry {
		return recording.Entry{Method: http.MethodGet, Path: path, Body: &recording.Body{Text: `{"workspaces":[` + workspace + `]}`}}
	}
	for name, c := range map[string]struct {
		a, b *recording.Recording
		want string
	}{
		"times":        {entries(body(`{"at":1700000000.5,"on":"2026-01-02T03:04:05Z"}`)), entries(body(`{"at":1800000000,"on":"2026-02-03T04:05:06.7Z"}`)), ""},
		"request ids":  {entries(header("X-Amzn-Requestid", "a")), entries(header("X-Amzn-Requestid", "b")), ""},
		"a value":      {entries(body(`{"data":{"result":[{"value":[1,"2"]}]}}`)), entries(body(`{"data":{"result":[{"value":[1,"3"]}]}}`)), ""},
		"a member":     {entries(body(`{"a":1}`)), entries(body(`{"a":1,"b":"x"}`)), `body.b: none -> "x"`},
		"a type":       {entries(body(`{"a":1}`)), entries(body(`{"a":"1"}`)), `body.a: number -> "1"`},
		"a text":       {entries(body("no")), entries(body("nope")), `body: "no" -> "nope"`},
		"empty lists":  {entries(body(`[]`)), entries(body(`[1]`)), `body: [] -> none; body[]: none -> number`},
		"content type": {entries(header("Content-Type", "text/plain")), entries(header("Content-Type", "application/json")), "header Content-Type: text/plain -> application/json"},
		"an error's type, but for its suffix": {
			entries(header("X-Amzn-Errortype", "AccessDeniedException:http://a/")), entries(header("X-Amzn-Errortype", "AccessDeniedException")), "",
		},
		"polls":          {entries(recording.Entry{Status: 404}, recording.Entry{Status: 404}, recording.Entry{}), entries(recording.Entry{Status: 404}, recording.Entry{}), ""},
		"a second write": {entries(post(202), post(409)), entries(post(202), post(202)), "status: 409 -> 202"},
		"everybody's workspaces": {
			entries(list("/workspaces?maxResults=1", `{"alias":"a","tags":{"k":"v"}}`)), entries(list("/workspaces?maxResults=1", `{"alias":"b"}`)), "",
		},
		"the check's own workspaces": {
			entries(list(mine, `{"alias":"a"}`)), entries(list(mine, `{"alias":"b"}`)), `body.workspaces[].alias: "a" -> "b"`,
		},
		"no request": {entries(post(202), body("x")), entries(body("x")), "requests: 1 -> none"},
		"no answer":  {entries(body("x")), entries(recording.Entry{Error: "reset"}), `body: "x" -> none; no answer: none -> yes`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := recording.Compare(c.a, c.b)
			require.Equal(t, 1, d.Compared)
			var got []string
			for _, check := range d.Checks {
				for _, diff := range check.Differences {
					got = append(got, diff.Place+": "+diff.Earlier+" -> "+diff.Later)
				}
			}
			require.Equal(t, c.want, strings.Join(got, "; "))
		})
	}
}
