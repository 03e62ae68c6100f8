package sigv4_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

const (
	goodCredential = "Credential=AKIDEXAMPLE/20150830/us-east-1/aps/aws4_request"
	goodHeaders    = "SignedHeaders=host;x-amz-date"
	someSignature  = "Signature=0000000000000000000000000000000000000000000000000000000000000000"

	mismatch = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)

// request is a GET with the given header lines, each ending in a newline.
func request(query string, lines ...string) string {
	return "GET /workspaces/ws-1/api/v1/query" + query + " HTTP/1.1\nHost: h\n" + strings.Join(lines, "") + "\n"
}

func authorization(parts ...string) string {
	return "Authorization: AWS4-HMAC-SHA256 " + strings.Join(parts, ", ") + "\n"
}

// TestRefusals holds a case or more for every row of amp-api.md 1.5 that belongs to
// this package. The texts are literal on purpose.
func TestRefusals(t *testing.T) {
	const date = "X-Amz-Date: 20150830T123600Z\n"
	const presigned = "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Faps%2Faws4_request" +
		"&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host"
	scope := func(s string) string {
		return request("", date, authorization("Credential="+s, goodHeaders, someSignature))
	}
	session := func(id, token string) string {
		return request("", date, token, authorization("Credential="+id+"/20150830/us-east-1/aps/aws4_request", goodHeaders, someSignature))
	}
	const invalidToken = "The security token included in the request is invalid."

	tests := []struct {
		name    string
		raw     string
		offset  time.Duration // of the server's clock
		errType string
		reason  string
		message string
		keyID   string
	}{
		{"1 nothing signed", request("", date), 0,
			"MissingAuthenticationTokenException", "missing-token", "Missing Authentication Token", ""},
		{"1 empty header", request("", "Authorization: \n", date), 0,
			"MissingAuthenticationTokenException", "missing-token", "Missing Authentication Token", ""},
		{"2 bearer token", request("", "Authorization: Bearer test\n", date), 0,
			"IncompleteSignatureException", "malformed-header",
			"Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '5HgA8L6E/r9qT3H/ktnd9sUx9+b7qXJllZim7sEmIMI='.", ""},
		{"2 one part without an equal sign", request("", date, authorization(goodCredential, "SignedHeaders", someSignature)), 0,
			"IncompleteSignatureException", "malformed-header",
			"Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): 'uohuJcae8FJ548paUJqyJDhr/g21iBWxDQwtrDMZeco='.", ""},
		{"3 all missing", request("", "Authorization: AWS4-HMAC-SHA256\n"), 0,
			"IncompleteSignatureException", "missing-parameter",
			"Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256 and encoded with Base64) Authorization=YI2YWea8FSxnksZL2ETHbs5elHm9HQufxTLK0W0ffV0=", ""},
		{"3 credential missing", request("", date, authorization(goodHeaders, someSignature)), 0,
			"IncompleteSignatureException", "missing-parameter",
			"Authorization header requires 'Credential' parameter. (Hashed with SHA-256 and encoded with Base64) Authorization=YI2YWea8FSxnksZL2ETHbs5elHm9HQufxTLK0W0ffV0=", ""},
		{"3 signature and date missing", request("", authorization(goodCredential, goodHeaders)), 0,
			"IncompleteSignatureException", "missing-parameter",
			"Authorization header requires 'Signature' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256 and encoded with Base64) Authorization=YI2YWea8FSxnksZL2ETHbs5elHm9HQufxTLK0W0ffV0=", ""},
		{"3 basic credentials", request("", date, "Authorization: Basic dXNlcjpwYXNzd29yZA==\n"), 0,
			"IncompleteSignatureException", "missing-parameter",
			"Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. (Hashed with SHA-256 and encoded with Base64) Authorization=DjX26XQuB039Yuh03jwkLG2bZMIb+a+689EfBVebRJU=", ""},
		{"3 presigned, signature missing", request(presigned), 0,
			"IncompleteSignatureException", "missing-parameter",
			"AWS query-string parameters must include 'X-Amz-Signature'. Re-examine the query-string parameters.", ""},
		{"3 presigned, all missing", request("?X-Amz-Algorithm=AWS4-HMAC-SHA256"), 0,
			"IncompleteSignatureException", "missing-parameter",
			"AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include 'X-Amz-Signature'. AWS query-string parameters must include 'X-Amz-SignedHeaders'. AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string parameters.", ""},
		{"4 SigV4a", request("", date, "Authorization: AWS4-ECDSA-P256-SHA256 Credential=AKIDEXAMPLE/20150830/aps/aws4_request, "+goodHeaders+", "+someSignature+"\n"), 0,
			"IncompleteSignatureException", "unsupported-algorithm", "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'", keyID},
		{"4 algorithms are case sensitive", request("", date, "Authorization: aws4-hmac-sha256 "+goodCredential+","+goodHeaders+","+someSignature+"\n"), 0,
			"IncompleteSignatureException", "unsupported-algorithm", "Unsupported AWS 'algorithm': 'aws4-hmac-sha256'", keyID},
		{"4 presigned", request(strings.Replace(presigned, "AWS4-HMAC-SHA256", "AWS3", 1) + "&X-Amz-Signature=0"), 0,
			"IncompleteSignatureException", "unsupported-algorithm", "Unsupported AWS 'algorithm': 'AWS3'", keyID},
		{"5 host not signed", request("", date, authorization(goodCredential, "SignedHeaders=x-amz-date", someSignature)), 0,
			"InvalidSignatureException", "host-not-signed", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.", keyID},
		{"5 host in upper case", request("", date, authorization(goodCredential, "SignedHeaders=Host;X-Amz-Date", someSignature)), 0,
			"InvalidSignatureException", "host-not-signed", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.", keyID},
		{"6 extended date", request("", "X-Amz-Date: 2015-08-30T12:36:00Z\n", authorization(goodCredential, goodHeaders, someSignature)), 0,
			"IncompleteSignatureException", "bad-date", "Date must be in ISO-8601 'basic format'. Got '2015-08-30T12:36:00Z'. See http://en.wikipedia.org/wiki/ISO_8601", keyID},
		{"6 HTTP date", request("", "Date: Sun, 30 Aug 2015 12:36:00 GMT\n", authorization(goodCredential, "SignedHeaders=date;host", someSignature)), 0,
			"IncompleteSignatureException", "bad-date", "Date must be in ISO-8601 'basic format'. Got 'Sun, 30 Aug 2015 12:36:00 GMT'. See http://en.wikipedia.org/wiki/ISO_8601", keyID},
		{"6 fraction in place of a digit", request("", "X-Amz-Date: 20150830T1236.0Z\n", authorization(goodCredential, goodHeaders, someSignature)), 0,
			"IncompleteSignatureException", "bad-date", "Date must be in ISO-8601 'basic format'. Got '20150830T1236.0Z'. See http://en.wikipedia.org/wiki/ISO_8601", keyID},
		{"6 no such day", request("", "X-Amz-Date: 20150230T123600Z\n", authorization(goodCredential, goodHeaders, someSignature)), 0,
			"IncompleteSignatureException", "bad-date", "Date must be in ISO-8601 'basic format'. Got '20150230T123600Z'. See http://en.wikipedia.org/wiki/ISO_8601", keyID},
		{"7 expired by a second", request("", date, authorization(goodCredential, goodHeaders, someSignature)), 5*time.Minute + time.Second,
			"InvalidSignatureException", "expired", "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124101Z - 5 min.)", keyID},
		{"8 ahead by a second", request("", date, authorization(goodCredential, goodHeaders, someSignature)), -5*time.Minute - time.Second,
			"InvalidSignatureException", "not-yet-current", "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T123059Z + 5 min.)", keyID},
		{"7 before an unknown key", strings.ReplaceAll(request("", date, authorization(goodCredential, goodHeaders, someSignature)), keyID, "AKIDNOBODY"), time.Hour,
			"InvalidSignatureException", "expired", "Signature expired: 20150830T123600Z is now earlier than 20150830T133100Z (20150830T133600Z - 5 min.)", "AKIDNOBODY"},
		{"9 four elements", scope("AKIDEXAMPLE/20150830/us-east-1/aws4_request"), 0,
			"IncompleteSignatureException", "bad-credential", "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'AKIDEXAMPLE/20150830/us-east-1/aws4_request'", keyID},
		{"9 six elements", scope("AKIDEXAMPLE/20150830/us-east-1/aps/aws4_request/"), 0,
			"IncompleteSignatureException", "bad-credential", "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'AKIDEXAMPLE/20150830/us-east-1/aps/aws4_request/'", keyID},
		{"9 empty", scope(""), 0,
			"IncompleteSignatureException", "bad-credential", "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got ''", ""},
		{"10 region", scope("AKIDEXAMPLE/20150830/eu-west-1/aps/aws4_request"), 0,
			"InvalidSignatureException", "bad-scope", "Credential should be scoped to a valid region. ", keyID},
		{"10 empty region", scope("AKIDEXAMPLE/20150830//aps/aws4_request"), 0,
			"InvalidSignatureException", "bad-scope", "Credential should be scoped to a valid region. ", keyID},
		{"11 service", scope("AKIDEXAMPLE/20150830/us-east-1/execute-api/aws4_request"), 0,
			"InvalidSignatureException", "bad-scope", "Credential should be scoped to correct service: 'aps'. ", keyID},
		{"12 terminator", scope("AKIDEXAMPLE/20150830/us-east-1/aps/aws5"), 0,
			"InvalidSignatureException", "bad-scope", "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5'. ", keyID},
		{"13 day", scope("AKIDEXAMPLE/20150829/us-east-1/aps/aws4_request"), 0,
			"InvalidSignatureException", "bad-scope", "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20150829' != '20150830', from '20150830T123600Z'.", keyID},
		{"10 to 13 together, before an unknown key", scope("AKIDNOBODY/20150829/x/y/z"), 0,
			"InvalidSignatureException", "bad-scope", "Credential should be scoped to a valid region. Credential should be scoped to correct service: 'aps'. Credential should be scoped with a valid terminator: 'aws4_request', not 'z'. Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20150829' != '20150830', from '20150830T123600Z'.", "AKIDNOBODY"},
		{"14 unknown key", scope("AKIDNOBODY/20150830/us-east-1/aps/aws4_request"), 0,
			"UnrecognizedClientException", "unknown-key", invalidToken, "AKIDNOBODY"},
		{"14 session without its token", session("ASIASESSION", ""), 0,
			"UnrecognizedClientException", "bad-token", invalidToken, "ASIASESSION"},
		{"14 session with another token", session("ASIASESSION", "X-Amz-Security-Token: TOKEN/+\n"), 0,
			"UnrecognizedClientException", "bad-token", invalidToken, "ASIASESSION"},
		{"14 token with a key that has none", session(keyID, "X-Amz-Security-Token: stale\n"), 0,
			"UnrecognizedClientException", "session-token-with-long-lived-key", invalidToken, keyID},
		{"14 wrong token of a session that is over", session("ASIAOVER", "X-Amz-Security-Token: no\n"), 0,
			"UnrecognizedClientException", "bad-token", invalidToken, "ASIAOVER"},
		{"14 token of a presigned request is not in a header", request(strings.Replace(presigned, keyID, "ASIASESSION", 1)+"&X-Amz-Signature=0", "X-Amz-Security-Token: TOKEN/+=\n"), 0,
			"UnrecognizedClientException", "bad-token", invalidToken, "ASIASESSION"},
		{"15 session over", session("ASIAOVER", "X-Amz-Security-Token: TOKEN/+=\n"), 0,
			"ExpiredTokenException", "expired-token", "The security token included in the request is expired", "ASIAOVER"},
		{"16 header signed twice", request("", date, authorization(goodCredential, "SignedHeaders=host;x-amz-date;x-amz-date", someSignature)), 0,
			"InvalidSignatureException", "repeated-header", mismatch, keyID},
		{"16 header signed twice, in two cases", request("", date, authorization(goodCredential, "SignedHeaders=X;host;x;x-amz-date", someSignature)), 0,
			"InvalidSignatureException", "repeated-header", mismatch, keyID},
		{"16 presigned, header signed twice", request(presigned + ";host&X-Amz-Signature=0"), 0,
			"InvalidSignatureException", "repeated-header", mismatch, keyID},
		{"16 header signed two thousand times", request("", date, "X: "+strings.Repeat("v", 20_000)+"\n", authorization(goodCredential, "SignedHeaders=host"+strings.Repeat(";x", 2000), someSignature)), 0,
			"InvalidSignatureException", "repeated-header", mismatch, keyID},
		{"16 header and query at once", request(presigned+"&X-Amz-Signature=0", date, authorization(goodCredential, goodHeaders, someSignature)), 0,
			"InvalidSignatureException", "header-and-query", mismatch, ""},
		{"16 the same, escaped", request("?%58-Amz%2DAlgorithm=", date, authorization(goodCredential, goodHeaders, someSignature)), 0,
			"InvalidSignatureException", "header-and-query", mismatch, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, body := wire(t, tt.raw)
			refusal := refused(t, newVerifier(tt.offset), r, body)
			require.NotEmpty(t, refusal.Diagnosis.Cause)
			require.NotEmpty(t, refusal.Diagnosis.Text)
			refusal.Hint, refusal.Diagnosis = "", sigv4.Diagnosis{} // TestPlainCauses has them
			require.Equal(t, &sigv4.Refusal{
				Type: tt.errType, Status: http.StatusForbidden, Message: tt.message, Reason: tt.reason, AccessKeyID: tt.keyID,
			}, refusal)
		})
	}
}

// TestMismatch holds row 16 in full: the text, the server's canonical request and
// its string to sign.
func TestMismatch(t *testing.T) {
	raw := "GET /workspaces/ws-1/api/v1/query?time=1&query=up&query=a+b%2fc&query=%7b&q&=&q%2&%zz=+ HTTP/1.1\nHost: h:1\nX-Amz-Date: 20150830T123600Z\nX-Twice: a  b \nX-Twice: c\n" +
		authorization(goodCredential, "SignedHeaders=host;x-amz-date;x-gone;X-Twice", someSignature) + "\n"
	canonical := "GET\n/workspaces/ws-1/api/v1/query\n=&%25zz=%20&q=&q%252=&query=%7B&query=a%20b%2Fc&query=up&time=1\nhost:h:1\nx-amz-date:20150830T123600Z\nx-twice:a b,c\n\n" +
		"host;x-amz-date;x-gone;X-Twice\n" + emptyHash
	toSign := "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/aps/aws4_request\n" + hashOf(canonical)

	r, body := wire(t, raw)
	refusal := refused(t, newVerifier(0), r, body)
	require.Equal(t, sigv4.CauseHeaderMissing, refusal.Diagnosis.Cause)
	require.Contains(t, refusal.Diagnosis.Text, "x-gone")
	refusal.Hint, refusal.Diagnosis = "", sigv4.Diagnosis{}
	require.Equal(t, &sigv4.Refusal{
		Type: "InvalidSignatureException", Status: http.StatusForbidden, Reason: "signature-mismatch", AccessKeyID: keyID,
		Message: mismatch + "\n\nThe Canonical String for this request should have been\n'" + canonical +
			"'\n\nThe String-to-Sign should have been\n'" + toSign + "'\n",
		CanonicalRequest: canonical,
		StringToSign:     toSign,
	}, refusal)
	require.EqualError(t, refusal, "request refused (signature-mismatch): "+mismatch)
}

// TestSkewIsInclusive accepts what is exactly as far off as is allowed.
func TestSkewIsInclusive(t *testing.T) {
	for _, offset := range []time.Duration{5 * time.Minute, 5*time.Minute + 999*time.Millisecond, -5 * time.Minute} {
		r, body := signed(t, http.MethodGet, "http://h/x", "", nil)
		_, err := newVerifier(offset).Verify(r, body)
		require.NoError(t, err, offset)
	}
}

// TestConfiguredSkew shows the skew of STS in the text.
func TestConfiguredSkew(t *testing.T) {
	now := signedAt.Add(15*time.Minute + time.Second)
	v := sigv4.New(sigv4.Config{Region: region, Service: service, MaxSkew: 15 * time.Minute, Now: func() time.Time { return now }})
	r, body := signed(t, http.MethodGet, "http://h/x", "", nil)
	require.Equal(t, "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T125101Z - 15 min.)",
		refused(t, v, r, body).Message)
}

// TestNoKeys refuses everybody when there is nobody to know.
func TestNoKeys(t *testing.T) {
	v := sigv4.New(sigv4.Config{Region: region, Service: service, Now: clock})
	r, body := signed(t, http.MethodGet, "http://h/x", "", nil)
	require.Equal(t, sigv4.ReasonUnknownKey, refused(t, v, r, body).Reason)
}

// TestErrorIsARefusal guards against a typed nil in the error of a success.
func TestErrorIsARefusal(t *testing.T) {
	r, body := signed(t, http.MethodGet, "http://h/x", "", nil)
	_, err := newVerifier(0).Verify(r, body)
	require.True(t, err == nil)
	var refusal *sigv4.Refusal
	require.False(t, errors.As(err, &refusal))
}
