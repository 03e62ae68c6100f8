package explain_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/explain"
	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

// TestTooManySecrets shows nothing of a request that has more in secret places than
// is looked for, by number or by length.
func TestTooManySecrets(t *testing.T) {
	for name, query := range map[string]string{
		"many": manyTokens(1000),
		"long": "token=" + strings.Repeat("0123456789", 10_000),
	} {
		t.Run(name, func(t *testing.T) {
			red := explain.NewRedactor(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/nothing?"+query, nil), secret)
			require.Equal(t, explain.Redacted, red.Text("an innocent text"))
			require.Equal(t, explain.Redacted, red.KeyID(keyID))
			require.Empty(t, red.Text(""))
		})
	}
	red := explain.NewRedactor(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/nothing?"+manyTokens(50), nil))
	require.Equal(t, "an innocent text", red.Text("an innocent text"))
	require.Equal(t, "a [redacted] b", red.Text("a 00000049 b"))
}

func manyTokens(n int) string {
	var query strings.Builder
	for k := range n {
		fmt.Fprintf(&query, "token=%08d&", k)
	}
	return query.String()
}

// TestWebIdentityTokens are taken out wherever a client put them.
func TestWebIdentityTokens(t *testing.T) {
	const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln-_x"
	var red explain.Redactor
	for text, want := range map[string]string{
		"the role '" + jwt + "' is no ARN":     "the role '[redacted]' is no ARN",
		jwt + " and " + jwt + "\n" + jwt[:40]:  "[redacted] and [redacted]\n[redacted]",
		"eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.": "[redacted]",
		"keyJ up eyJ eyJab.c":                  "keyJ up eyJ eyJab.c",
		"aws.amazon.com":                       "aws.amazon.com",
	} {
		require.Equal(t, want, red.Text(text))
	}
}

// TestSecretOfAnother hides an id that is somebody's secret, of whatever letters, and
// what goes on behind it when it has slashes.
func TestSecretOfAnother(t *testing.T) {
	const theirs = "collector/secret/words"
	r, _ := planted(t, false)
	red := explain.NewRedactor(r, secret)
	require.Equal(t, "collector", red.KeyID("collector"))
	red.Secret = func(text string) bool { return strings.HasPrefix(theirs, text) || strings.HasPrefix(text, theirs) }
	require.Equal(t, explain.Redacted, red.KeyID("collector"))
	require.Equal(t, keyID, red.KeyID(keyID))
	require.Equal(t, explain.Redacted, red.KeyID("x"+secret), "a known secret within the id")

	r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), keyID, theirs, 1))
	_, err := verifier().Verify(r, nil)
	var refusal *sigv4.Refusal
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, sigv4.ReasonBadCredential, refusal.Reason)
	e := explain.OfRefusal(refusal, red)
	require.Equal(t, explain.Redacted, e.AccessKeyID)
	require.NotContains(t, e.Message, "words")
	require.True(t, strings.HasSuffix(e.Message, ", got '[redacted]'"), e.Message)
}

// TestLongTextsAreCut at their bound, and no secret in two.
func TestLongTextsAreCut(t *testing.T) {
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	red := explain.NewRedactor(r, secret)
	const bound = 16 << 10
	for offset := range len(secret) + 2 {
		text := strings.Repeat("x", bound-offset) + secret + strings.Repeat("y", bound)
		got := explain.OfAnswer("r", "T", text, red).Message
		require.LessOrEqual(t, len(got), bound)
		require.NotContains(t, got, secret[:1], offset)
	}
}

// BenchmarkRedactor is what every request pays, and what the worst does.
func BenchmarkRedactor(b *testing.B) {
	ordinary := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/workspaces/ws-1/api/v1/query?query=up&time=1", nil)
	for name, value := range map[string]string{
		"Authorization": "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-east-1/aps/aws4_request, SignedHeaders=host;x-amz-date, Signature=" +
			strings.Repeat("0123456789abcdef", 4),
		"X-Amz-Date": "20260102T030405Z", "User-Agent": "Prometheus/3.6", "Accept-Encoding": "gzip", "Content-Type": "application/json",
	} {
		ordinary.Header.Set(name, value)
	}
	session := ordinary.Clone(b.Context())
	session.Header.Set("X-Amz-Security-Token", strings.Repeat("IQoJb3JpZ2lu/+", 60))
	for name, r := range map[string]*http.Request{
		"ordinary": ordinary, "session": session,
		"tokens": httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/nothing?"+manyTokens(8000), nil),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				red := explain.NewRedactor(r, secret, secret)
				_ = red.Text("/workspaces/ws-1/api/v1/query") + red.Text("sum by (job) (rate(up[5m]))") + red.Text(r.UserAgent())
			}
		})
	}
}
