package sigv4_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

// FuzzVerify feeds Verify what no server would let through, too: it must neither
// panic, nor give both answers or none, nor accept in the name of any key but the seed's.
func FuzzVerify(f *testing.F) {
	good, _ := signed(f, http.MethodGet, "http://h/workspaces/ws-1/api/v1/query?query=up", "", nil)
	f.Add("GET", good.RequestURI, "h", good.Header.Get("Authorization"), "20150830T123600Z", "", "", []byte(nil))
	f.Add("GET", "http://h//a/../b/?a=%zz&%&=&+=%2", "h", "AWS4-HMAC-SHA256 "+goodCredential+","+goodHeaders+";x-fuzz;;content-length,"+someSignature, "20150830T123600Z", "", "  a   b ", []byte("x"))
	f.Add("GET", "*", "", "AWS4-HMAC-SHA256 Credential=////,SignedHeaders=host,Signature=", "20150830T123600Z", "t", "", []byte(nil))
	f.Add("", "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE/20150830/us-east-1/aps/aws4_request&X-Amz-Signature=&X-Amz-SignedHeaders=host&X-Amz-Date=20150830T123600Z", "", "", "", "", "", []byte(nil))
	f.Fuzz(func(t *testing.T, method, target, host, auth, date, token, value string, body []byte) {
		header := http.Header{"X-Fuzz": {value, value}, "X-Amz-Content-Sha256": nil}
		for name, v := range map[string]string{"Authorization": auth, "X-Amz-Date": date, "X-Amz-Security-Token": token} {
			if v != "" {
				header[name] = []string{v}
			}
		}
		r := &http.Request{Method: method, RequestURI: target, Host: host, Header: header, ContentLength: int64(len(body))}
		got, err := newVerifier(0).Verify(r, body)
		if err == nil {
			require.Equal(t, keyID, got.Key.AccessKeyID)
			return
		}
		require.Nil(t, got)
		var refusal *sigv4.Refusal
		require.True(t, errors.As(err, &refusal))
		require.NotEmpty(t, refusal.Type)
		require.NotEmpty(t, refusal.Message)
		require.NotEmpty(t, refusal.Reason)
		require.NotEmpty(t, refusal.Error())
		requireNoSecret(t, refusal, method+target+host+auth+date+token+value)
	})
}

// requireNoSecret looks for the key's secret in all that a refusal says, unless the
// client has sent it in clear itself: then it is for package explain to take it out.
// The text is free of it in any case.
func requireNoSecret(t *testing.T, refusal *sigv4.Refusal, sent string) {
	t.Helper()
	d := refusal.Diagnosis
	require.NotEmpty(t, d.Cause)
	require.NotEmpty(t, d.Text)
	require.Equal(t, d.Text, refusal.Hint)
	require.NotContains(t, refusal.Message, d.Text, "the client must not be told")
	if strings.Contains(sent, secret) {
		return
	}
	for _, said := range []string{
		d.Text, d.ClientCanonicalRequest, d.ClientStringToSign, d.Difference.Client, d.Difference.Server,
		refusal.Message, refusal.CanonicalRequest, refusal.StringToSign, refusal.AccessKeyID, refusal.Reason,
	} {
		require.NotContains(t, said, secret)
	}
}

// FuzzDiagnosis signs one canonical request and sends another request: the diagnosis
// must not panic, and must not call proven what does not give the signature sent.
func FuzzDiagnosis(f *testing.F) {
	f.Add("GET", "/x?a=1+1&b", "h:1", "host;x-amz-date", "GET\n/x\na=1%2B1&b=\nhost:h:1\nx-amz-date:"+signedDate+"\n\nhost;x-amz-date\n"+emptyHash, secret, "", []byte(nil))
	f.Add("POST", "/%2F//a/../?&&=&%zz", "", "host;x-fuzz;;content-length", "", secret+"\n", "a, b", []byte("q=1&q=2"))
	f.Add("GET\n", "*", "aps", "x-fuzz;host;host", "GET\n", "", "  a   b ", []byte("\n"))
	f.Fuzz(func(t *testing.T, method, target, host, names, canonical, secretSigned, value string, body []byte) {
		signature := mac(canonical, secretSigned, signedDate)
		r := &http.Request{Method: method, RequestURI: target, Host: host, ContentLength: int64(len(body)), Header: http.Header{
			"X-Amz-Date": {signedDate}, "X-Fuzz": {value, value},
			"Authorization": {"AWS4-HMAC-SHA256 Credential=" + keyID + "/" + scope + ",SignedHeaders=" + names + ",Signature=" + signature},
		}}
		_, err := newVerifier(0).Verify(r, body)
		var refusal *sigv4.Refusal
		if !errors.As(err, &refusal) {
			return
		}
		d := refusal.Diagnosis
		requireNoSecret(t, refusal, method+target+host+names+value)
		if !d.Proven {
			require.Empty(t, d.ClientCanonicalRequest)
			return
		}
		if d.Cause == sigv4.CauseSignature {
			t.Fatal("the signature was not damaged")
		}
		require.Equal(t, canonical, d.ClientCanonicalRequest, "an equal MAC is of an equal text")
		require.Equal(t, "AWS4-HMAC-SHA256\n"+signedDate+"\n"+scope+"\n"+hashOf(canonical), d.ClientStringToSign)
		if d.Cause != sigv4.CauseSecretForm {
			require.Equal(t, mac(canonical, secret, signedDate), signature)
		}
	})
}
