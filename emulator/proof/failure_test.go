package proof

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator"
	"github.com/ampersand-amp/ampersand/emulator/explain"
)

// TestFailureModes produces what goes wrong with signatures and identities between AMP
// and its clients, by the ids of the list of failure modes that users report, with
// the clients' own code wherever it can be had. Each looks at both ends: what the
// client is told, in AWS's words, and what the emulator tells whoever asks it why.
// Where a user of a cluster looks is shown by TestSigning of e2e.
func TestFailureModes(t *testing.T) {
	proxy := &proxyProgram{dir: t.TempDir()}
	for _, mode := range []struct {
		name string
		play func(*testing.T)
	}{
		{"S01 region empty", regionEmpty},
		{"S02 secret missing", secretMissing},
		{"S03 reason hidden", reasonHidden},
		{"S04 session token dropped", tokenDropped},
		{"S05 session expires in mid-run", sessionExpires},
		{"S06 header changed after signing", headerChanged},
		{"S07 query encoded another way", queryEncoded},
		{"S08 slash at the end of the endpoint", slashAtTheEnd},
		{"S09 host names", hostNames},
		{"S10 certificate of one's own", proxy.ownCertificate},
		{"S11 body not hashed", proxy.bodyNotHashed},
		{"S12 clock skew", clockSkew},
		{"S13 no credentials at the start", proxy.noCredentials},
		{"S14 wrong principal", wrongPrincipal},
		{"S15 X-Scope-OrgID", scopeOrgID},
		{"S16 Grafana's probe", grafanasProbe},
	} {
		t.Run(mode.name, mode.play)
	}
}

// stage is an emulator with a workspace, and what must not be seen of its clients.
type stage struct {
	*rig
	ws      *space
	inspect explain.Client
	log     *journal
	secrets []string
}

// stand starts an emulator. When the test is over, nothing secret may be in its log.
func stand(t *testing.T, cfg emulator.Config, secrets ...string) *stage {
	t.Helper()
	s := &stage{log: &journal{}, secrets: append(secrets, emulator.DefaultSecretAccessKey)}
	cfg.Logger = slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.rig = start(t, cfg)
	s.ws, s.inspect = s.workspace(t), explain.Client{URL: s.URL()}
	t.Cleanup(func() { s.noSecret(t, s.log.String()) })
	return s
}

func (s *stage) noSecret(t *testing.T, text string) {
	t.Helper()
	for _, secret := range s.secrets {
		assert.NotContains(t, text, secret)
	}
}

// reply is what a client got.
type reply struct {
	status int
	header http.Header
	body   string
}

// roundTrip sends a request through a client's round tripper.
func roundTrip(t *testing.T, rt http.RoundTripper, req *http.Request) reply {
	t.Helper()
	res, err := rt.RoundTrip(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return reply{res.StatusCode, res.Header, string(body)}
}

// refusal is how a request must be refused.
type refusal struct {
	// status is 403 if 0; kind is x-amzn-ErrorType, body the whole of the answer. A
	// body of "mismatch" stands for AWS's text with the two strings of the server.
	status     int
	kind, body string
	// reason, cause and remedy are the emulator's; remedy is a part of the text.
	reason, cause, remedy string
	// proven says that the cause was found by computing.
	proven bool
	// identity is whom the emulator takes the caller for.
	identity string
}

const mismatch = "mismatch"

// refused holds an answer, and what the inspector says of it, against what it must be.
func (s *stage) refused(t *testing.T, got reply, want refusal) explain.Request {
	t.Helper()
	if want.status == 0 {
		want.status = http.StatusForbidden
	}
	known := s.find(t, got)
	e := known.Explanation
	require.NotNil(t, e, "%d %s", got.status, got.body)
	if want.body == mismatch {
		want.body = mismatchBody(t, e)
	}
	require.Equal(t, want.status, got.status, got.body)
	require.Equal(t, want.body, got.body)
	require.Equal(t, want.kind, got.header.Get("X-Amzn-Errortype"))
	if strings.HasPrefix(want.body, "{") {
		require.Equal(t, "application/json", got.header.Get("Content-Type"))
	}
	require.Equal(t, explain.Refused, known.Verdict)
	require.Equal(t, want.status, known.Status)
	require.Equal(t, want.reason, known.Reason)
	require.Equal(t, want.identity, known.Identity)
	require.Equal(t, want.cause, known.Cause, e.Text)
	require.Equal(t, want.cause, e.Cause)
	require.Equal(t, want.proven, e.Proven, e.Text)
	require.Contains(t, e.Text, want.remedy)
	require.Equal(t, want.kind, e.Type)
	if want.remedy != "" {
		require.NotContains(t, got.body, want.remedy, "a client is told nothing that AWS does not tell")
	}
	return known
}

// mismatchBody is AWS's answer to a signature that does not match [O at AMP,
// amp-api.md 1.5, below the table]. It shows what the inspector shows, where nothing
// of that is secret.
func mismatchBody(t *testing.T, e *explain.Explanation) string {
	t.Helper()
	text, err := json.Marshal("The request signature we calculated does not match the signature you provided. " +
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.\n\n" +
		"The Canonical String for this request should have been\n'" + e.CanonicalRequest + "'\n\n" +
		"The String-to-Sign should have been\n'" + e.StringToSign + "'\n")
	require.NoError(t, err)
	// AWS leaves & as it is, encoding/json does not.
	return `{"message":` + strings.ReplaceAll(string(text), `\u0026`, "&") + "}"
}

// find returns what the inspector says of a request; it knows it soon after the
// client has its answer. Nothing secret is in it.
func (s *stage) find(t *testing.T, got reply) explain.Request {
	t.Helper()
	id := got.header.Get("X-Amzn-Requestid")
	require.NotEmpty(t, id, "every answer has a request id: %d %s", got.status, got.body)
	var known explain.Request
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		var err error
		known, err = s.inspect.Find(t.Context(), id)
		assert.NoError(c, err)
	}, 10*time.Second, 5*time.Millisecond)
	raw, err := json.Marshal(known)
	require.NoError(t, err)
	s.noSecret(t, string(raw))
	return known
}

// accepted wants a request answered, as somebody's.
func (s *stage) accepted(t *testing.T, got reply, identity string) explain.Request {
	t.Helper()
	require.Equal(t, http.StatusOK, got.status, got.body)
	known := s.find(t, got)
	require.Equal(t, explain.Accepted, known.Verdict)
	require.Equal(t, identity, known.Identity)
	require.Nil(t, known.Explanation)
	return known
}

// journal is a log that several goroutines write.
type journal struct {
	mu   sync.Mutex
	text strings.Builder
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}
