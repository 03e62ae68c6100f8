package explain_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/explain"
	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

// FuzzExplanation has a client send the session's token and the key's secret where
// the fuzzer likes: as the token, as a header, in the query, in the place of the key's
// id. Whatever is made of it, none of the two is shown.
func FuzzExplanation(f *testing.F) {
	f.Add("GET", "/x", "a=b&X-Amz-Security-Token=", "X-B", "", "", true)
	f.Add("POST", "//workspaces/%2F/../?", "password=", "Cookie", "a  b; ", "host;x-amz-date;cookie", false)
	f.Add("GET\n", "*", "&&%zz&query=", "Authorization", "Basic ", "x-amz-security-token;host", true)
	f.Fuzz(func(t *testing.T, method, path, query, name, value, names string, presigned bool) {
		if names == "" {
			names = "host;x-amz-date;x-amz-security-token"
		}
		const scope = "/20260102/us-east-1/aps/aws4_request"
		r := &http.Request{Method: method, Host: "h", RequestURI: path + "?" + query, Header: http.Header{
			"X-Amz-Date": {"20260102T030405Z"}, "X-Amz-Security-Token": {token},
		}}
		if presigned {
			r.RequestURI += "&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" + keyID + strings.ReplaceAll(scope, "/", "%2F") +
				"&X-Amz-Date=20260102T030405Z&X-Amz-Signature=0123456789abcdef&X-Amz-SignedHeaders=host&X-Amz-Security-Token=" + strings.ReplaceAll(token, "/", "%2F")
		} else {
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+keyID+scope+", SignedHeaders="+names+", Signature="+strings.Repeat("0", 64))
		}
		if key := http.CanonicalHeaderKey(name); key != "Authorization" || !presigned {
			r.Header[key] = append(r.Header[key], value+secret)
		}
		_, err := verifier().Verify(r, []byte(value))
		var refusal *sigv4.Refusal
		if !errors.As(err, &refusal) {
			t.Fatal("accepted")
		}
		e := explain.OfRefusal(refusal, explain.NewRedactor(r, secret, token))
		raw, err := json.Marshal(e)
		require.NoError(t, err)
		var said map[string]any
		require.NoError(t, json.Unmarshal(raw, &said))
		for member, text := range said {
			for _, hidden := range []string{secret, token} {
				if text, ok := text.(string); ok {
					require.NotContains(t, text, hidden, member)
				}
			}
		}
		var printed strings.Builder
		require.NoError(t, explain.Print(&printed, explain.Request{ID: "1", Verdict: explain.Refused, Explanation: e}))
		require.NotContains(t, printed.String(), secret)
		require.NotContains(t, printed.String(), token)
	})
}
