package sigv4_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

// TestTamper changes one thing of a good request at a time.
func TestTamper(t *testing.T) {
	tests := []struct {
		name   string
		change func(r *http.Request, body *[]byte)
		reason string // empty: still accepted
	}{
		{"nothing", func(*http.Request, *[]byte) {}, ""},
		{"method", func(r *http.Request, _ *[]byte) { r.Method = http.MethodPut }, sigv4.ReasonSignatureMismatch},
		{"path", func(r *http.Request, _ *[]byte) { r.RequestURI = strings.Replace(r.RequestURI, "ws-1", "ws-2", 1) }, sigv4.ReasonSignatureMismatch},
		{"path escaped otherwise", func(r *http.Request, _ *[]byte) { r.RequestURI = strings.Replace(r.RequestURI, "ws-1", "ws%2D1", 1) }, sigv4.ReasonSignatureMismatch},
		{"query value", func(r *http.Request, _ *[]byte) { r.RequestURI = strings.Replace(r.RequestURI, "a=1", "a=2", 1) }, sigv4.ReasonSignatureMismatch},
		{"query parameter added", func(r *http.Request, _ *[]byte) { r.RequestURI += "&c=3" }, sigv4.ReasonSignatureMismatch},
		{"query parameter removed", func(r *http.Request, _ *[]byte) { r.RequestURI = strings.Replace(r.RequestURI, "&b=2", "", 1) }, sigv4.ReasonSignatureMismatch},
		{"query in another order", func(r *http.Request, _ *[]byte) {
			r.RequestURI = strings.Replace(r.RequestURI, "a=1&b=2", "b=2&&a=1", 1)
		}, ""},
		{"signed header", func(r *http.Request, _ *[]byte) { r.Header.Set("Content-Type", "text/plain") }, sigv4.ReasonSignatureMismatch},
		{"signed header removed", func(r *http.Request, _ *[]byte) { r.Header.Del("Content-Type") }, sigv4.ReasonSignatureMismatch},
		{"signed header twice", func(r *http.Request, _ *[]byte) { r.Header.Add("Content-Type", "text/plain") }, sigv4.ReasonSignatureMismatch},
		{"signed header with more blanks", func(r *http.Request, _ *[]byte) { r.Header.Set("X-Blanks", " a   b ") }, ""},
		{"unsigned header added", func(r *http.Request, _ *[]byte) { r.Header.Set("X-Amz-Unsigned", "1") }, ""},
		{"date within the skew", func(r *http.Request, _ *[]byte) { r.Header.Set("X-Amz-Date", "20150830T123601Z") }, sigv4.ReasonSignatureMismatch},
		{"body", func(_ *http.Request, body *[]byte) { (*body)[0]++ }, sigv4.ReasonSignatureMismatch},
		{"body cut off", func(_ *http.Request, body *[]byte) { *body = nil }, sigv4.ReasonSignatureMismatch},
		{"length", func(r *http.Request, _ *[]byte) { r.ContentLength++ }, sigv4.ReasonSignatureMismatch},
		{"length unknown to net/http", func(r *http.Request, _ *[]byte) { r.ContentLength = -1 }, ""},
		{"host", func(r *http.Request, _ *[]byte) { r.Host = "h:1" }, sigv4.ReasonSignatureMismatch},
		{"signature in upper case", func(r *http.Request, _ *[]byte) {
			h, signature, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
			r.Header.Set("Authorization", h+"Signature="+strings.ToUpper(signature))
		}, sigv4.ReasonSignatureMismatch},
		{"signature shorter", func(r *http.Request, _ *[]byte) {
			h := r.Header.Get("Authorization")
			r.Header.Set("Authorization", h[:len(h)-1])
		}, sigv4.ReasonSignatureMismatch},
		{"signed names in upper case", func(r *http.Request, _ *[]byte) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "SignedHeaders=content-length;content-type;host", "SignedHeaders=content-length;Content-Type;host", 1))
		}, sigv4.ReasonSignatureMismatch},
		{"authorization without blanks", func(r *http.Request, _ *[]byte) {
			r.Header.Set("Authorization", strings.ReplaceAll(r.Header.Get("Authorization"), ", ", ","))
		}, ""},
		{"authorization with more blanks", func(r *http.Request, _ *[]byte) {
			r.Header.Set("Authorization", strings.ReplaceAll(r.Header.Get("Authorization"), ", ", " ,\t "))
		}, ""},
		{"right payload hash, unsigned", func(r *http.Request, body *[]byte) {
			r.Header.Set("X-Amz-Content-Sha256", hashOf(string(*body)))
		}, ""},
		{"wrong payload hash, unsigned", func(r *http.Request, _ *[]byte) { r.Header.Set("X-Amz-Content-Sha256", emptyHash) }, sigv4.ReasonBadPayloadHash},
		{"absolute form", func(r *http.Request, _ *[]byte) { r.RequestURI = "http://h" + r.RequestURI }, ""},
		{"no raw target", func(r *http.Request, _ *[]byte) { r.RequestURI = "" }, ""},
		{"no raw target, path changed", func(r *http.Request, _ *[]byte) { r.RequestURI, r.URL.Path = "", "/" }, sigv4.ReasonSignatureMismatch},
		{"x-scope-orgid unsigned", func(r *http.Request, _ *[]byte) { r.Header.Set("X-Scope-Orgid", "1") }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, body := signed(t, http.MethodPost, "http://h/workspaces/ws-1/api/v1/series?a=1&b=2", "hello", http.Header{
				"Content-Type": {"application/x-protobuf"}, "X-Blanks": {"a b"},
			})
			tt.change(r, &body)
			got, err := newVerifier(0).Verify(r, body)
			if tt.reason == "" {
				require.NoError(t, err)
				require.Equal(t, "root", got.Key.Principal)
				return
			}
			require.Equal(t, tt.reason, refused(t, newVerifier(0), r, body).Reason)
		})
	}
}

// TestSignedScopeOrgIDIsRefused is grafana/tempo#2973: the front strips the header.
func TestSignedScopeOrgIDIsRefused(t *testing.T) {
	r, body := signed(t, http.MethodGet, "http://h/x", "", http.Header{"X-Scope-Orgid": {"tenant"}})
	refusal := refused(t, newVerifier(0), r, body)
	require.Equal(t, "GET\n/x\n\nhost:h\nx-amz-date:20150830T123600Z\n\nhost;x-amz-date;x-scope-orgid\n"+emptyHash, refusal.CanonicalRequest)
}

// TestPayloadHashHeader signs X-Amz-Content-Sha256 itself.
func TestPayloadHashHeader(t *testing.T) {
	for name, tt := range map[string]struct{ claimed, reason string }{
		"right":    {hashOf("hello"), ""},
		"wrong":    {emptyHash, sigv4.ReasonBadPayloadHash},
		"unsigned": {"UNSIGNED-PAYLOAD", sigv4.ReasonBadPayloadHash},
	} {
		t.Run(name, func(t *testing.T) {
			r, body := signed(t, http.MethodPost, "http://h/x", "hello", http.Header{"X-Amz-Content-Sha256": {tt.claimed}})
			if tt.reason == "" {
				_, err := newVerifier(0).Verify(r, body)
				require.NoError(t, err)
				return
			}
			refusal := refused(t, newVerifier(0), r, body)
			require.Equal(t, tt.reason, refusal.Reason)
			require.True(t, strings.HasSuffix(refusal.CanonicalRequest, "\n"+hashOf("hello")), "the server's own hash must show")
		})
	}
}

// TestNormalizedPath accepts botocore's way: it signs the normalized path and sends
// the other.
func TestNormalizedPath(t *testing.T) {
	tests := []struct {
		signed, sent string
		ok           bool
	}{
		{"/api/v1/query", "//api/v1/query", true},
		{"//api/v1/query", "//api/v1/query", true},
		{"/api/v1/query", "/api/./v1//query", true},
		{"/api/v1/query", "/x/../api/v1/query", true},
		{"/api/v1/query/", "//api/v1/query/", true},
		{"/", "/../..", true},
		{"/", "//", true},
		{"/.well-known", "/.well-known", true},
		{"//api/v1/query", "/api/v1/query", false},
		{"/api/v1/query", "//api/v1/query/", false},
		{"/api/v1/query", "//api/v1/labels", false},
	}
	for _, tt := range tests {
		t.Run(tt.signed+" as "+tt.sent, func(t *testing.T) {
			good, _ := signed(t, http.MethodGet, "http://h"+tt.signed, "", nil)
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
			r.RequestURI, r.Host, r.Header = tt.sent, "h", good.Header
			_, err := newVerifier(0).Verify(r, nil)
			if tt.ok {
				require.NoError(t, err)
				return
			}
			// The explanation shows the path as it came.
			require.True(t, strings.HasPrefix(refused(t, newVerifier(0), r, nil).CanonicalRequest, "GET\n"+tt.sent+"\n"))
		})
	}
}

// TestNormalizedPathStillNeedsTheBody keeps the second try from excusing a wrong
// payload hash.
func TestNormalizedPathStillNeedsTheBody(t *testing.T) {
	r, body := signed(t, http.MethodGet, "http://h/a/b", "", nil)
	r.RequestURI = "/a//b"
	_, err := newVerifier(0).Verify(r, body)
	require.NoError(t, err)
	r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
	require.Equal(t, sigv4.ReasonBadPayloadHash, refused(t, newVerifier(0), r, body).Reason)
}
