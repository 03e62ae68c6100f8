package sigv4_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

const scope = "20150830/us-east-1/aps/aws4_request"

// mac signs a canonical request with nothing of the package under test.
func mac(canonical, secret, date string) string {
	key := []byte("AWS4" + secret)
	for part := range strings.SplitSeq(scope, "/") {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(part))
		key = h.Sum(nil)
	}
	h := hmac.New(sha256.New, key)
	h.Write([]byte("AWS4-HMAC-SHA256\n" + date + "\n" + scope + "\n" + hashOf(canonical)))
	return hex.EncodeToString(h.Sum(nil))
}

const signedDate = "20150830T123600Z"

// misfit is a request of which the client signed another canonical request than the
// one that arrives.
type misfit struct {
	name string
	// What arrives.
	method, target, host, body string
	header                     http.Header
	presigned                  bool
	// What was signed: SignedHeaders, the canonical request, the secret and the date.
	names, canonical, secret, date string
	// What is found.
	cause string
	line  int // of the first difference; 0: the canonical requests are the same
	text  string
}

func (m misfit) request(t *testing.T) (*http.Request, []byte) {
	t.Helper()
	r := &http.Request{Method: m.method, RequestURI: m.target, Host: m.host, Header: http.Header{"X-Amz-Date": {signedDate}}, ContentLength: int64(len(m.body))}
	for name, values := range m.header {
		r.Header[name] = values
	}
	if m.presigned {
		r.Header.Del("X-Amz-Date")
		r.RequestURI += "&X-Amz-Signature=" + mac(m.canonical, m.secret, m.date)
	} else {
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+keyID+"/"+scope+", SignedHeaders="+m.names+", Signature="+mac(m.canonical, m.secret, m.date))
	}
	local := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 2677}
	return r.WithContext(context.WithValue(t.Context(), http.LocalAddrContextKey, local)), []byte(m.body)
}

// misfits are the failures that users meet, each a change between signing and arrival.
func misfits() []misfit {
	const path = "/workspaces/ws-1/api/v1/query"
	const amp = "aps-workspaces.us-east-1.amazonaws.com"
	basic := func(method, path, query, host, payload string) string {
		return method + "\n" + path + "\n" + query + "\nhost:" + host + "\nx-amz-date:" + signedDate + "\n\nhost;x-amz-date\n" + payload
	}
	with := func(names, lines, payload string) string {
		return "GET\n" + path + "\nquery=up\n" + lines + "\n" + names + "\n" + payload
	}
	const date = "x-amz-date:" + signedDate + "\n"
	get := func(name, target, canonical, cause string, line int, text string) misfit {
		return misfit{name: name, method: "GET", target: target, host: "h", canonical: canonical, cause: cause, line: line, text: text}
	}
	header := func(name, names, lines string, h http.Header, cause string, line int) misfit {
		return misfit{name: name, method: "GET", target: path + "?query=up", host: "h", names: names, canonical: with(names, lines, emptyHash), header: h, cause: cause, line: line}
	}
	post := func(name, body, canonical, cause string, line int, text string) misfit {
		return misfit{name: name, method: "POST", target: path, host: "h", body: body, canonical: canonical, cause: cause, line: line, text: text}
	}
	hosted := func(name, host, signedHost string, h http.Header) misfit {
		return misfit{name: name, method: "GET", target: path + "?query=up", host: host, header: h,
			canonical: basic("GET", path, "query=up", signedHost, emptyHash), cause: sigv4.CauseHost, line: 4, text: signedHost}
	}
	out := []misfit{
		hosted("AMP's host, behind a proxy", "ampersand:2677", amp, nil),
		hosted("control plane's host", "ampersand:2677", "aps.us-east-1.amazonaws.com", nil),
		hosted("port lost", "h:2677", "h", nil),
		hosted("default port added", "h", "h:443", nil),
		hosted("X-Forwarded-Host", "upstream:1", "amp.example.org", http.Header{"X-Forwarded-Host": {"amp.example.org"}}),
		hosted("X-Forwarded-Host and port", "upstream:1", "amp.example.org:8443", http.Header{"X-Forwarded-Host": {"amp.example.org"}, "X-Forwarded-Port": {"8443"}}),
		hosted("Forwarded", "upstream:1", "amp.example.org", http.Header{"Forwarded": {`for=1.2.3.4;host="amp.example.org";proto=http`}}),
		hosted("the listener's own address", "ampersand", "127.0.0.1:2677", nil),
		hosted("localhost", "127.0.0.1:2677", "localhost:2677", nil),
		{name: "host and empty payload", method: "POST", target: path, host: "upstream", body: "hello",
			canonical: basic("POST", path, "", amp, emptyHash), cause: sigv4.CauseHost, line: 4, text: "empty body"},

		post("S11: hash of an empty body", "hello", basic("POST", path, "", "h", emptyHash), sigv4.CauseEmptyBody, 8, "GetBody"),
		post("unsigned payload", "hello", basic("POST", path, "", "h", "UNSIGNED-PAYLOAD"), sigv4.CauseUnsignedPayload, 8, "S3"),
		post("newline added to the body", "hello\n", basic("POST", path, "", "h", hashOf("hello")), sigv4.CauseBody, 8, ""),
		post("parameters moved to the body", "query=up&time=1", basic("GET", path, "query=up&time=1", "h", emptyHash), sigv4.CauseQueryMoved, 1, ""),
		get("parameters moved to the query", path+"?query=up", basic("POST", path, "", "h", hashOf("query=up")), sigv4.CauseQueryMoved, 1, ""),
		post("GET became POST", "", basic("GET", path, "", "h", emptyHash), sigv4.CauseMethod, 1, "GET"),

		get("path encoded once", "/tags/arn%3Aaws", basic("GET", "/tags/arn%3Aaws", "", "h", emptyHash), sigv4.CausePathEncoding, 2, "S3"),
		get("path decoded", "/tags/arn%3Aaws", basic("GET", "/tags/arn:aws", "", "h", emptyHash), sigv4.CausePathEncoding, 2, ""),
		get("path decoded, with a slash", "/tags/a%2Fb", basic("GET", "/tags/a/b", "", "h", emptyHash), sigv4.CausePathEncoding, 2, ""),
		get("escape in capitals on the way", "/tags/a%2Fb", basic("GET", "/tags/a%252fb", "", "h", emptyHash), sigv4.CausePathEncoding, 2, "other case"),
		get("escape in small letters on the way", "/tags/a%2fb", basic("GET", "/tags/a%252Fb", "", "h", emptyHash), sigv4.CausePathEncoding, 2, "other case"),
		get("needless escape undone", path, basic("GET", "/workspaces/ws-1/api/v1/%2571uery", "", "h", emptyHash), sigv4.CausePathEncoding, 2, "undone"),
		get("needless escapes of marks undone", "/a_b/c_d%2F", basic("GET", "/a%255fb/c%255fd%252F", "", "h", emptyHash), sigv4.CausePathEncoding, 2, "undone"),
		get("needless escape added", "/tags/%7Eb+%2F", basic("GET", "/tags/~b%2B%252F", "", "h", emptyHash), sigv4.CausePathEncoding, 2, "arrived escaped"),
		get("S08: path cleaned by a proxy", path, basic("GET", "/workspaces/ws-1//api/v1/query", "", "h", emptyHash), sigv4.CausePath, 2, "double slashes"),
		get("slash added", path, basic("GET", path+"/", "", "h", emptyHash), sigv4.CausePath, 2, "slash at its end"),
		get("slash taken away", path+"/", basic("GET", path, "", "h", emptyHash), sigv4.CausePath, 2, "slash at its end"),
		get("workspace put in front", path, basic("GET", "/api/v1/query", "", "h", emptyHash), sigv4.CausePath, 2, "prefix"),
		{name: "prefix taken away", method: "GET", target: path, host: "h", header: http.Header{"X-Forwarded-Prefix": {"/amp/"}},
			canonical: basic("GET", "/amp"+path, "", "h", emptyHash), cause: sigv4.CausePath, line: 2, text: "X-Forwarded-Prefix"},

		get("S07: a real plus", path+"?query=1+1", basic("GET", path, "query=1%2B1", "h", emptyHash), sigv4.CauseQueryEncoding, 3, "plus"),
		get("S07: blanks signed as plus", path+"?query=a%20b", basic("GET", path, "query=a+b", "h", emptyHash), sigv4.CauseQueryEncoding, 3, "%20"),
		get("S07: encoded twice", path+"?query=sum%28up%29", basic("GET", path, "query=sum%2528up%2529", "h", emptyHash), sigv4.CauseQueryTwice, 3, "awscurl"),
		get("cut at the second equal sign", path+"?query=up{job=%22x%22}", basic("GET", path, "query=up%7Bjob", "h", emptyHash), sigv4.CauseQueryEncoding, 3, "equal sign"),
		get("as in the URL", path+"?time=1&query=a/b", basic("GET", path, "time=1&query=a/b", "h", emptyHash), sigv4.CauseQueryEncoding, 3, ""),
		get("not encoded", path+"?query=a%28b%29", basic("GET", path, "query=a(b)", "h", emptyHash), sigv4.CauseQueryEncoding, 3, ""),
		get("lower-case hex", path+"?query=a%2Fb", basic("GET", path, "query=a%2fb", "h", emptyHash), sigv4.CauseQueryEncoding, 3, "lower-case"),
		get("unsorted", path+"?time=1&query=up", basic("GET", path, "time=1&query=up", "h", emptyHash), sigv4.CauseQueryOrder, 3, ""),
		get("JavaScript's encoding", path+"?query=a%28%27x%27%29%3D%2B", basic("GET", path, "query=a('x')%3D%2B", "h", emptyHash), sigv4.CauseQueryEncoding, 3, ""),
		get("parameter added", path+"?query=up&timeout=5s", basic("GET", path, "query=up", "h", emptyHash), sigv4.CauseQueryAdded, 3, ""),
		get("query added", path+"?query=up", basic("GET", path, "", "h", emptyHash), sigv4.CauseQueryAdded, 3, ""),

		header("S15: X-Scope-OrgID", "host;x-amz-date;x-scope-orgid", "host:h\n"+date+"x-scope-orgid:1\n",
			http.Header{"X-Scope-Orgid": {"1"}}, sigv4.CauseHeaderStripped, 6),
		header("empty Idempotency-Key", "host;idempotency-key;x-amz-date", "host:h\nidempotency-key:\n"+date, nil, sigv4.CauseHeaderMissing, 5),
		header("two empty headers", "host;idempotency-key;x-amz-date;x-b", "host:h\nidempotency-key:\n"+date+"x-b:\n", nil, sigv4.CauseHeaderMissing, 5),
		header("accept-encoding stripped", "accept-encoding;host;x-amz-date", "accept-encoding:identity\nhost:h\n"+date, nil, sigv4.CauseHeaderMissing, 4),
		header("accept-encoding changed", "accept-encoding;host;x-amz-date", "accept-encoding:identity\nhost:h\n"+date,
			http.Header{"Accept-Encoding": {"gzip"}}, sigv4.CauseHeaderChanged, 4),
		header("charset added", "content-type;host;x-amz-date", "content-type:application/json\nhost:h\n"+date,
			http.Header{"Content-Type": {"application/json; charset=utf-8"}}, sigv4.CauseHeaderChanged, 4),
		header("X-Forwarded-For appended", "host;x-amz-date;x-forwarded-for", "host:h\n"+date+"x-forwarded-for:10.0.0.1\n",
			http.Header{"X-Forwarded-For": {"10.0.0.1, 10.0.0.2"}}, sigv4.CauseHeaderChanged, 6),
		header("trace id put in front", "host;x-amz-date;x-amzn-trace-id", "host:h\n"+date+"x-amzn-trace-id:Root=1-2\n",
			http.Header{"X-Amzn-Trace-Id": {"Self=1;Root=1-2"}}, sigv4.CauseHeaderChanged, 6),
		header("blanks kept", "host;x-amz-date;x-b", "host:h\n"+date+"x-b:a  b\n", http.Header{"X-B": {"a  b"}}, sigv4.CauseHeaderChanged, 6),
		header("header twice", "host;x-amz-date;x-b", "host:h\n"+date+"x-b:a\n", http.Header{"X-B": {"a", "z"}}, sigv4.CauseHeaderChanged, 6),

		{name: "S06: user agent stripped, value unknown", method: "GET", target: path, host: "h", names: "host;user-agent;x-amz-date",
			canonical: "GET\n" + path + "\n\nhost:h\nuser-agent:mine/1\n" + date + "\nhost;user-agent;x-amz-date\n" + emptyHash,
			cause:     sigv4.CauseHeaderMissing, line: -1, text: "user-agent"},
		{name: "names in capitals", method: "GET", target: path, host: "h", names: "host;X-Amz-Date",
			canonical: basic("GET", path, "", "h", emptyHash), cause: sigv4.CauseHeaderList, line: 7},
		{name: "names unsorted", method: "GET", target: path, host: "h", names: "x-amz-date;host",
			canonical: basic("GET", path, "", "h", emptyHash), cause: sigv4.CauseHeaderList, line: 4},

		{name: "the Date header was signed", method: "GET", target: path, host: "h", header: http.Header{"Date": {"Sun, 30 Aug 2015 12:35:00 GMT"}},
			canonical: strings.ReplaceAll(basic("GET", path, "", "h", emptyHash), signedDate, "20150830T123500Z"), date: "20150830T123500Z",
			cause: sigv4.CauseDate, line: 5, text: "20150830T123500Z"},
		{name: "date moved on", method: "GET", target: path, host: "h", canonical: strings.ReplaceAll(basic("GET", path, "", "h", emptyHash), signedDate, "20150830T123558Z"),
			date: "20150830T123558Z", cause: sigv4.CauseDate, line: 5, text: "20150830T123558Z"},
		{name: "token added to a presigned query", method: "GET", host: "h", presigned: true,
			target: path + "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" + keyID + "%2F20150830%2Fus-east-1%2Faps%2Faws4_request&X-Amz-Date=" + signedDate + "&X-Amz-SignedHeaders=host&query=up&added=1",
			canonical: "GET\n" + path + "\nX-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" + keyID + "%2F20150830%2Fus-east-1%2Faps%2Faws4_request&X-Amz-Date=" +
				signedDate + "&X-Amz-SignedHeaders=host&query=up\nhost:h\n\nhost\n" + emptyHash,
			cause: sigv4.CauseQueryAdded, line: 3},
	}
	for k := range out {
		if out[k].secret = secret; out[k].date == "" {
			out[k].date = signedDate
		}
	}
	for form, text := range map[string]string{
		secret + "\n": "newline", secret + "\r\n": "newline", secret + " ": "blank", " " + secret: "blank", `"` + secret + `"`: "quotes",
		base64.StdEncoding.EncodeToString([]byte(secret)):        "base64",
		base64.StdEncoding.EncodeToString([]byte(secret + "\n")): "base64",
		"":    "empty",
		keyID: "access key id",
	} {
		out = append(out, misfit{name: "secret that " + text + " " + form[:min(1, len(form))], method: "GET", target: path, host: "h",
			canonical: basic("GET", path, "", "h", emptyHash), secret: form, date: signedDate, cause: sigv4.CauseSecretForm, text: text})
	}
	out = append(out, misfit{name: "wrong secret", method: "GET", target: path, host: "h",
		canonical: basic("GET", path, "", "h", emptyHash), secret: "another", date: signedDate, cause: sigv4.CauseWrongSecret, line: -1, text: "AWS_SECRET_ACCESS_KEY"})
	for k := range out {
		if out[k].names == "" {
			out[k].names = "host;x-amz-date"
		}
	}
	return out
}

// TestMismatchCauses finds the cause of every misfit, proves it where it can be
// proven, and shows what the client signed.
func TestMismatchCauses(t *testing.T) {
	for _, m := range misfits() {
		t.Run(m.name, func(t *testing.T) {
			r, body := m.request(t)
			refusal := refused(t, newVerifier(0), r, body)
			d := refusal.Diagnosis
			require.Equal(t, m.cause, d.Cause, d.Text)
			require.Contains(t, d.Text, m.text)
			require.Equal(t, d.Text, refusal.Hint)
			require.NotContains(t, refusal.Message, d.Text, "the client must not be told")
			if m.line < 0 {
				require.False(t, d.Proven)
				require.Empty(t, d.ClientCanonicalRequest)
				return
			}
			require.True(t, d.Proven)
			require.Equal(t, m.canonical, d.ClientCanonicalRequest)
			require.Equal(t, "AWS4-HMAC-SHA256\n"+m.date+"\n"+scope+"\n"+hashOf(m.canonical), d.ClientStringToSign)
			require.Equal(t, m.line, d.Difference.Line)
			if m.line > 0 {
				client, server := strings.Split(m.canonical, "\n"), strings.Split(refusal.CanonicalRequest, "\n")
				require.Equal(t, client[m.line-1], d.Difference.Client)
				require.Equal(t, server[m.line-1], d.Difference.Server)
				require.Equal(t, client[:m.line-1], server[:m.line-1])
			}
		})
	}
}

// TestPayloadHashHeaderCauses tells the cases of X-Amz-Content-Sha256 apart.
func TestPayloadHashHeaderCauses(t *testing.T) {
	for name, tt := range map[string]struct {
		claimed, cause string
	}{
		"hash of an empty body":    {emptyHash, sigv4.CauseEmptyBody},
		"unsigned payload":         {"UNSIGNED-PAYLOAD", sigv4.CauseUnsignedPayload},
		"hash of another body":     {hashOf("other"), sigv4.CauseBody},
		"header wrong, rest right": {"nonsense", sigv4.CausePayloadHeader},
	} {
		t.Run(name, func(t *testing.T) {
			names := "host;x-amz-content-sha256;x-amz-date"
			payload := tt.claimed
			if tt.cause == sigv4.CausePayloadHeader {
				payload = hashOf("hello")
			}
			m := misfit{method: "POST", target: "/x", host: "h", body: "hello", header: http.Header{"X-Amz-Content-Sha256": {tt.claimed}},
				names: names, secret: secret, date: signedDate,
				canonical: "POST\n/x\n\nhost:h\nx-amz-content-sha256:" + tt.claimed + "\nx-amz-date:" + signedDate + "\n\n" + names + "\n" + payload}
			r, body := m.request(t)
			refusal := refused(t, newVerifier(0), r, body)
			require.Equal(t, sigv4.ReasonBadPayloadHash, refusal.Reason)
			require.Equal(t, tt.cause, refusal.Diagnosis.Cause)
			require.True(t, refusal.Diagnosis.Proven)
			require.Equal(t, m.canonical, refusal.Diagnosis.ClientCanonicalRequest)
		})
	}
}

// TestWrongSecretOrChangedContent tells the two apart by whether the key's secret
// was ever right.
func TestWrongSecretOrChangedContent(t *testing.T) {
	v := newVerifier(0)
	good, _ := signed(t, http.MethodGet, "http://h/workspaces/ws-1/api/v1/query?query=up", "", nil)
	bad := good.Clone(t.Context())
	bad.RequestURI = strings.Replace(good.RequestURI, "ws-1", "ws-2", 1)
	require.Equal(t, sigv4.CauseWrongSecret, refused(t, v, bad, nil).Diagnosis.Cause)
	_, err := v.Verify(good, nil)
	require.NoError(t, err)
	require.Equal(t, sigv4.CauseContent, refused(t, v, bad, nil).Diagnosis.Cause)
}

// TestLongRequestsAreNotVaried bounds the work: the diagnosis gives up, and says so.
func TestLongRequestsAreNotVaried(t *testing.T) {
	r, body := signed(t, http.MethodGet, "http://h/x?query="+strings.Repeat("a", 100_000), "", nil)
	r.Host = "other"
	d := refused(t, newVerifier(0), r, body).Diagnosis
	require.Equal(t, sigv4.CauseWrongSecret, d.Cause)
	require.Contains(t, d.Text, "too long")
}
