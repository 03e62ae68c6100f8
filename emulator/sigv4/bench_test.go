package sigv4_test

import (
	"net/http"
	"strings"
	"testing"
)

// BenchmarkVerifyQuery is the request of KEDA and of dashboards.
func BenchmarkVerifyQuery(b *testing.B) {
	r, body := signed(b, http.MethodGet,
		"http://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-1/api/v1/query?query=sum%28rate%28x%7Bjob%3D%22a%20b%22%7D%5B1m%5D%29%29&time=2015-08-30T12%3A36%3A00Z", "", nil)
	benchmark(b, r, body)
}

// BenchmarkVerifyRemoteWrite100KB is a full batch of the collector: the body's hash
// is nearly all of it.
func BenchmarkVerifyRemoteWrite100KB(b *testing.B) {
	r, body := signed(b, http.MethodPost, "http://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write",
		strings.Repeat("0123456789", 10_000), http.Header{
			"Content-Encoding": {"snappy"}, "Content-Type": {"application/x-protobuf"},
			"X-Prometheus-Remote-Write-Version": {"0.1.0"},
		})
	b.SetBytes(int64(len(body)))
	benchmark(b, r, body)
}

// BenchmarkVerifyMismatch is a client with a wrong secret, again and again.
func BenchmarkVerifyMismatch(b *testing.B) {
	r, body := signed(b, http.MethodGet, "http://h/workspaces/ws-1/api/v1/query?query=up", "", nil)
	r.Method = http.MethodPut
	v := newVerifier(0)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(r, body); err == nil {
			b.Fatal("accepted")
		}
	}
}

func benchmark(b *testing.B, r *http.Request, body []byte) {
	b.Helper()
	v := newVerifier(0)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(r, body); err != nil {
			b.Fatal(err)
		}
	}
}
