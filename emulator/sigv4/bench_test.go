package sigv4_test

import (
	"net/http"
	"strconv"
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

// BenchmarkVerifyRemoteWrite16KiB is a usual batch of the collector.
func BenchmarkVerifyRemoteWrite16KiB(b *testing.B) {
	r, body := signed(b, http.MethodPost, "http://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write",
		strings.Repeat("0123456789abcdef", 1<<10), http.Header{
			"Content-Encoding": {"snappy"}, "Content-Type": {"application/x-protobuf"},
			"X-Prometheus-Remote-Write-Version": {"0.1.0"},
		})
	b.SetBytes(int64(len(body)))
	benchmark(b, r, body)
}

// TestVerifyAllocatesNothingByTheByte keeps the cost of a body to its hash.
func TestVerifyAllocatesNothingByTheByte(t *testing.T) {
	v := newVerifier(0)
	allocated := func(size int) float64 {
		r, body := signed(t, http.MethodPost, "http://h/workspaces/ws-1/api/v1/remote_write", strings.Repeat("x", size), nil)
		return testing.AllocsPerRun(100, func() {
			if _, err := v.Verify(r, body); err != nil {
				t.Fatal(err)
			}
		})
	}
	if small, large := allocated(1000), allocated(900_000); large > small+1 {
		t.Errorf("%.0f allocations for a small body, %.0f for a large one", small, large)
	}
}

// BenchmarkVerifyMismatch is a request that nothing explains, again and again: every
// guess of the diagnosis is tried.
func BenchmarkVerifyMismatch(b *testing.B) {
	r, body := signed(b, http.MethodGet, "http://h/workspaces/ws-1/api/v1/query?query=up", "", nil)
	r.RequestURI = strings.Replace(r.RequestURI, "up", "down", 1)
	benchmarkMismatch(b, r, body)
}

// BenchmarkVerifyMismatchLarge has as much of everything as is varied: a long query
// of many parameters, many signed headers, a body.
func BenchmarkVerifyMismatchLarge(b *testing.B) {
	header := http.Header{}
	for n := range 40 {
		header.Set("X-Header-"+strconv.Itoa(n), "a, b, c")
	}
	r, body := signed(b, http.MethodPost, "http://h/workspaces/ws-1/api/v1/query?x=1"+strings.Repeat("&query=a%20b", 900), strings.Repeat("x", 10_000), header)
	r.RequestURI = strings.Replace(r.RequestURI, "ws-1", "ws-2", 1)
	benchmarkMismatch(b, r, body)
}

// BenchmarkRefusal sets beside each other what it costs to accept a request and to
// refuse it when a byte that no guess brings back was changed, for requests as large
// as a listener lets through and larger. The explanation is paid for by whoever knows a key's id.
func BenchmarkRefusal(b *testing.B) {
	const path = "http://h/workspaces/ws-1/api/v1/query"
	many := func(n int) http.Header {
		header := http.Header{}
		for k := range n {
			header.Set("X-Header-"+strconv.Itoa(k), "a, b, c")
		}
		return header
	}
	for _, bb := range []struct {
		name, url, body string
		header          http.Header
	}{
		{"query", path + "?query=up", "", nil},
		{"16 KiB body", path, strings.Repeat("0123456789abcdef", 1<<10), nil},
		{"1 MiB body", path, strings.Repeat("0123456789abcdef", 1<<16), nil},
		{"1 MiB form", path, "query=" + strings.Repeat("a%20b+", 1<<17), nil},
		{"400 parameters", path + "?x=1" + strings.Repeat("&match%5B%5D=a%20b", 400), "", nil},
		{"10000 parameters", path + "?x=1" + strings.Repeat("&match%5B%5D=a%20b", 9_999), "", nil}, // more the signer does not read
		{"900 KiB query", path + "?query=" + strings.Repeat("a%20b+", 150_000), "", nil},
		{"15 KiB path", "http://h/workspaces/ws-1/" + strings.Repeat("a%2Fb/", 2500), "", nil},
		{"900 KiB path", "http://h/workspaces/ws-1/" + strings.Repeat("a%2Fb/", 150_000), "", nil},
		{"500 headers", path, "", many(500)},
		{"10000 headers", path, "", many(10_000)},
	} {
		r, body := signed(b, http.MethodPost, bb.url, bb.body, bb.header)
		b.Run(bb.name+"/accepted", func(b *testing.B) { benchmark(b, r, body) })
		changed := r.Clone(b.Context())
		changed.RequestURI = strings.Replace(changed.RequestURI, "ws-1", "ws-2", 1)
		b.Run(bb.name+"/refused", func(b *testing.B) { benchmarkMismatch(b, changed, body) })
	}
}

func benchmarkMismatch(b *testing.B, r *http.Request, body []byte) {
	b.Helper()
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
