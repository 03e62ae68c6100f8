package explain_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/explain"
	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

const (
	keyID     = "ASIAEXAMPLE"
	secret    = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	token     = "IQoJb3JpZ2luX2VjPLANTED/+=="
	emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

var signedAt = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

type keys struct{}

func (keys) LookupKey(id string) (sigv4.Key, bool) {
	return sigv4.Key{AccessKeyID: keyID, SecretAccessKey: secret, SessionToken: token}, id == keyID
}

func verifier() *sigv4.Verifier {
	return sigv4.New(sigv4.Config{Region: "us-east-1", Service: "aps", Keys: keys{}, Now: func() time.Time { return signedAt }})
}

// planted is a request with a secret in every place that has room for one, signed
// with the session's key, and what must not be shown of it.
func planted(t *testing.T, presigned bool) (*http.Request, []string) {
	t.Helper()
	const api, cookie, custom, password = "Kapi0123456789", "session=Kcookie012345", "Kcustom-01234567", "Kpass word/1234"
	target := "http://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-1/api/v1/query?query=up&access_token=" + custom +
		"&password=" + url.QueryEscape(password)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	require.NoError(t, err)
	req.Header.Set("X-Api-Key", api)
	req.Header.Set("Cookie", cookie)
	req.Header.Set("X-Vault-Token", custom)
	req.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("user:Kbasic0123456789")))
	creds := aws.Credentials{AccessKeyID: keyID, SecretAccessKey: secret, SessionToken: token}
	var signature string
	if presigned {
		signed, header, err := v4.NewSigner().PresignHTTP(context.Background(), creds, req, emptyHash, "aps", "us-east-1", signedAt)
		require.NoError(t, err)
		req, err = http.NewRequestWithContext(t.Context(), http.MethodGet, signed, nil)
		require.NoError(t, err)
		req.Header = header
		signature = req.URL.Query().Get("X-Amz-Signature")
	} else {
		require.NoError(t, v4.NewSigner().SignHTTP(context.Background(), creds, req, emptyHash, "aps", "us-east-1", signedAt))
		_, signature, _ = strings.Cut(req.Header.Get("Authorization"), "Signature=")
	}
	require.Len(t, signature, 64)
	r := httptest.NewRequestWithContext(t.Context(), req.Method, req.URL.RequestURI(), nil)
	r.Host, r.Header = req.URL.Host, req.Header
	return r, []string{
		secret, url.QueryEscape(secret), token, url.QueryEscape(token), url.QueryEscape(url.QueryEscape(token)), signature,
		api, "Kcookie012345", custom, password, "Kpass", "dXNlcjpL",
	}
}

// TestNothingSecretIsExplained looks for planted secrets, tokens and signatures in
// all that is told about requests that went wrong in many ways.
func TestNothingSecretIsExplained(t *testing.T) {
	for name, tt := range map[string]struct {
		presigned bool
		change    func(r *http.Request)
		cause     string
	}{
		"host":             {false, func(r *http.Request) { r.Host = "upstream:1" }, sigv4.CauseHost},
		"host, presigned":  {true, func(r *http.Request) { r.Host = "upstream:1" }, sigv4.CauseHost},
		"query":            {false, func(r *http.Request) { r.RequestURI += "&a=b" }, sigv4.CauseQueryAdded},
		"query, presigned": {true, func(r *http.Request) { r.RequestURI += "&a=b" }, sigv4.CauseQueryAdded},
		"path":             {false, func(r *http.Request) { r.RequestURI = strings.Replace(r.RequestURI, "ws-1", "ws-2", 1) }, sigv4.CauseWrongSecret},
		"header missing":   {false, func(r *http.Request) { r.Header.Del("X-Api-Key") }, sigv4.CauseHeaderMissing},
		"secret header added to": {false, func(r *http.Request) { r.Header.Add("X-Vault-Token", "Kcustom-0123456789999") },
			sigv4.CauseHeaderChanged},
		"token of another": {false, func(r *http.Request) { r.Header.Set("X-Amz-Security-Token", token+"more") }, sigv4.CauseTokenOther},
		"secret as the key's id": {false, func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), keyID, strings.Split(secret, "/")[0], 1))
		}, sigv4.ReasonUnknownKey},
		"whole secret as the key's id": {false, func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), keyID, secret, 1))
		}, sigv4.ReasonBadCredential},
		"bearer": {false, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }, ""},
		"damaged": {false, func(r *http.Request) {
			a := r.Header.Get("Authorization")
			r.Header.Set("Authorization", a[:len(a)-1])
		}, sigv4.CauseSignature},
	} {
		t.Run(name, func(t *testing.T) {
			r, secrets := planted(t, tt.presigned)
			_, err := verifier().Verify(r, nil)
			require.NoError(t, err)
			tt.change(r)
			_, err = verifier().Verify(r, nil)
			var refusal *sigv4.Refusal
			require.ErrorAs(t, err, &refusal)
			e := explain.OfRefusal(refusal, explain.NewRedactor(r, secret))
			if tt.cause != "" {
				require.Equal(t, tt.cause, e.Cause, e.Text)
			}
			whole := explain.Request{ID: "1", Verdict: explain.Refused, Explanation: e}
			raw, err := json.Marshal(whole)
			require.NoError(t, err)
			var printed strings.Builder
			require.NoError(t, explain.Print(&printed, whole))
			for _, s := range append(secrets, strings.Split(secret, "/")[0]) {
				encoded, err := json.Marshal(s)
				require.NoError(t, err)
				require.NotContains(t, string(raw), strings.Trim(string(encoded), `"`))
				require.NotContains(t, printed.String(), s)
			}
			require.Contains(t, string(raw), e.Cause)
		})
	}
}

// TestRedactorLeavesInnocentText keeps explanations readable.
func TestRedactorLeavesInnocentText(t *testing.T) {
	r, _ := planted(t, true)
	red := explain.NewRedactor(r, secret, "short", "")
	for _, text := range []string{
		"", "GET\n/workspaces/ws-1\nquery=up&time=1\nhost:h:1\n\nhost;x-amz-security-token\n" + emptyHash,
		"The session token is not the one that was issued: look at AWS_SESSION_TOKEN.",
		"Authorization header requires 'Credential' parameter.", ":authority:h",
		"X-Amz-Credential=" + keyID + "%2F20260102", "x-amz-content-sha256:" + emptyHash, "a short text",
	} {
		require.Equal(t, text, red.Text(text))
	}
	for text, want := range map[string]string{
		"x-amz-security-token:abc":                 "x-amz-security-token:[redacted]",
		"cookie:a=b; c=d":                          "cookie:[redacted]",
		"a=1&X-Amz-Security-Token=abc&b=2":         "a=1&X-Amz-Security-Token=[redacted]&b=2",
		"/x?%58-Amz-Signature=abc HTTP/1.1":        "/x?%58-Amz-Signature=[redacted] HTTP/1.1",
		"got 'Credential=AKID/1, Signature=abcd'.": "got 'Credential=[redacted], Signature=[redacted]'.",
	} {
		require.Equal(t, want, red.Text(text))
	}
	require.Equal(t, keyID, red.KeyID(keyID))
	require.Equal(t, "admin", red.KeyID("admin"))
	require.Equal(t, explain.Redacted, red.KeyID(secret[:10]))
	require.Equal(t, explain.Redacted, red.KeyID("someOtherSecret1"))
	require.Empty(t, red.KeyID(""))
}

func TestOfDenial(t *testing.T) {
	d := explain.Denial{
		Principal: "arn:aws:iam::123456789012:user/bob", Action: "aps:RemoteWrite", Resource: "arn:aws:aps:us-east-1:123456789012:workspace/ws-1",
		Reason: "no statement of the policy Query allows it.",
	}
	e := explain.OfDenial(d, "AccessDeniedException", "User: ... is not authorized", explain.Redactor{})
	require.Equal(t, explain.CauseNotAllowed, e.Cause)
	require.Equal(t, d.Principal+" may not do aps:RemoteWrite on "+d.Resource+": no statement of the policy Query allows it. "+
		"Allow aps:RemoteWrite on that resource where it is said to be missing.", e.Text)
	d.Explicit, d.Policy = true, "Freeze"
	e = explain.OfDenial(d, "AccessDeniedException", "m", explain.Redactor{})
	require.Contains(t, e.Text, "explicit deny wins")
	require.Equal(t, "Freeze", e.Policy)
}

// TestPrint shows both sides, with the line marked, and nothing a terminal obeys.
func TestPrint(t *testing.T) {
	r, _ := planted(t, false)
	r.Host = "upstream:1"
	_, err := verifier().Verify(r, nil)
	var refusal *sigv4.Refusal
	require.ErrorAs(t, err, &refusal)
	request := explain.Request{
		ID: "4fd0", Time: signedAt, Method: "GET", Path: "/workspaces/ws-1/api/v1/query", Query: "up", UserAgent: "evil\x1b[2J\n>",
		Verdict: explain.Refused, Reason: refusal.Reason, Status: 403, Explanation: explain.OfRefusal(refusal, explain.NewRedactor(r, secret)),
	}
	var out strings.Builder
	require.NoError(t, explain.Print(&out, request))
	for _, want := range []string{
		"request    4fd0\n", "asked      GET /workspaces/ws-1/api/v1/query\n", `evil\x1b[2J\n>`,
		"verdict    refused, status 403, signature-mismatch\n", "cause      host-changed (proven",
		"\nThe client signed the host aps-workspaces.us-east-1.amazonaws.com, but the request arrived for upstream:1: ",
		"Canonical request, the client's:\n    1  GET\n", "String to sign, the client's:\n", "String to sign, the server's:\n    1  AWS4-HMAC-SHA256\n",
		"  server  host:upstream:1\n", "host:aps-workspaces.us-east-1.amazonaws.com\n", "x-amz-security-token:[redacted]\n",
	} {
		require.Contains(t, out.String(), want)
	}
	require.Len(t, strings.Split(out.String(), "\n> "), 3, "one line of each side is marked:\n%s", out.String())

	out.Reset()
	require.NoError(t, explain.Print(&out, explain.Request{ID: "1", Verdict: explain.Accepted, Status: 200}))
	require.Contains(t, out.String(), "nothing to explain")
}

func TestClient(t *testing.T) {
	list := explain.List{Requests: []explain.Request{
		{ID: "3", Verdict: explain.Accepted, Status: 200}, {ID: "2", Verdict: explain.Refused, Status: 403, Cause: "host-changed"}, {ID: "1", Verdict: explain.Failed, Status: 500},
	}}
	status, body := 0, ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var answer any = list
		switch {
		case status != 0:
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
			return
		case r.URL.Path != "/_ampersand/api/requests":
			w.WriteHeader(http.StatusTeapot)
		case r.URL.Query().Get("id") == "2":
			answer = explain.Request{ID: "2", Explanation: &explain.Explanation{Cause: "host-changed"}}
		case r.URL.Query().Has("id"):
			w.WriteHeader(http.StatusNotFound)
			answer = map[string]string{"message": "no such request among the last ones"}
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	defer server.Close()
	client := explain.Client{URL: server.URL + "/"}

	refusals, err := client.Refusals(t.Context())
	require.NoError(t, err)
	require.Equal(t, list.Requests[1:], refusals)
	last, err := client.Last(t.Context())
	require.NoError(t, err)
	require.Equal(t, "host-changed", last.Explanation.Cause)
	_, err = client.Find(t.Context(), "a&b=")
	require.ErrorIs(t, err, explain.ErrNotFound)
	var out strings.Builder
	require.NoError(t, explain.PrintList(&out, refusals))
	require.Regexp(t, `(?m)^00:00:00 +2 +403 +host-changed +`, out.String())

	list.Requests = list.Requests[:1]
	_, err = client.Last(t.Context())
	require.ErrorIs(t, err, explain.ErrNotFound)
	status, body = http.StatusForbidden, `{"message":"loopback only"}`
	_, err = client.Refusals(t.Context())
	require.ErrorContains(t, err, "loopback only")
	status, body = http.StatusNotFound, "404 page not found"
	_, err = client.Find(t.Context(), "2")
	require.ErrorContains(t, err, "no emulator")
	status, body = http.StatusOK, "<html>"
	_, err = client.Refusals(t.Context())
	require.ErrorContains(t, err, "read the emulator's answer")
	server.Close()
	_, err = client.Refusals(t.Context())
	require.ErrorContains(t, err, "is it running?")
}
