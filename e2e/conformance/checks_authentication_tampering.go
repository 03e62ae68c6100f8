package conformance

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// tamperingChecks change a request after it was signed.
func tamperingChecks() []Check {
	const documented = "IAM guide, Signature Version 4: what is signed cannot be changed [D]; amp-api.md 1.5 row 16 [O]"
	var out []Check
	for _, row := range []struct {
		name, words string
		request     func(*T) Request
		change      func(*http.Request)
	}{
		{"query-value", "the value of a parameter", nil, func(r *http.Request) { r.URL.RawQuery = "query=vector(2)" }},
		{"query-added", "a parameter more", nil, func(r *http.Request) { r.URL.RawQuery += "&timeout=30s" }},
		{"query-removed", "a parameter less", func(*T) Request { return Get(probe + "&timeout=30s") }, func(r *http.Request) { r.URL.RawQuery = "query=vector(1)" }},
		{"path", "another path of the same workspace", nil, func(r *http.Request) { r.URL.Opaque = strings.Replace(r.URL.Opaque, "/query", "/labels", 1) }},
		{"method", "another method", nil, func(r *http.Request) { r.Method = http.MethodPost }},
		{"signature", "the first letters of the signature", nil, authorization(replaced(`Signature=\w{4}`, "Signature=0000"))},
		{"signature-cut", "the end of the signature cut off", nil, authorization(replaced(`(Signature=\w{32})\w+`, "$1"))},
		{"date", "a time of signing a minute later", nil, func(r *http.Request) {
			at, err := time.Parse(basicDate, r.Header.Get("X-Amz-Date"))
			if err != nil {
				panic(err) // the signer's own form
			}
			later := at.Add(time.Minute)
			if later.Day() != at.Day() { // the scope's day is told before the signature
				later = at.Add(-time.Minute)
			}
			r.Header.Set("X-Amz-Date", later.Format(basicDate))
		}},
		{"header-changed", "another value of a signed header", func(*T) Request { return Get(probe).With("X-Conformance", "a") }, func(r *http.Request) {
			r.Header.Set("X-Conformance", "b")
		}},
		{"header-removed", "a signed header less", func(*T) Request { return Get(probe).With("X-Conformance", "a") }, func(r *http.Request) {
			r.Header.Del("X-Conformance")
		}},
		{"header-repeated", "a second value of a signed header", func(*T) Request { return Get(probe).With("X-Conformance", "a") }, func(r *http.Request) {
			r.Header.Add("X-Conformance", "b")
		}},
		{"signed-headers", "a header that was not signed claimed to be", func(*T) Request { return Get(probe) }, func(r *http.Request) {
			r.Header.Set("X-Conformance", "a")
			authorization(replaced("x-amz-date", "x-amz-date;x-conformance"))(r)
		}},
		{"form", "another form", func(*T) Request { return PostForm("/api/v1/query", url.Values{"query": {"vector(1)"}}) }, body([]byte("query=vector%282%29"))},
		{"form-of-empty-hash", "a form where the signature says there is none", func(*T) Request {
			r := PostForm("/api/v1/query", url.Values{"query": {"vector(1)"}})
			r.PayloadHash = emptyPayload
			return r
		}, func(*http.Request) {}},
	} {
		out = append(out, Check{
			ID: "authentication.changed." + row.name, Level: Must, Area: Authentication, Source: documented,
			Description: "A request that arrives with " + row.words + " after it was signed is refused as a mismatch.",
			Run: func(_ context.Context, t *T) {
				r := Get(probe)
				if row.request != nil {
					r = row.request(t)
				}
				r.AfterSign = row.change
				t.Workspace().Do(r).ExpectMismatch()
			},
		})
	}
	return append(out,
		Check{
			ID: "authentication.changed.body-of-write", Level: Must, Area: Authentication, Source: documented,
			Description: "A write whose body is another than was signed is refused, and neither of the two is stored.",
			Run: func(_ context.Context, t *T) {
				ws, now := t.Workspace(), t.Now()
				r := RemoteWriteSeries(Series(t.Metric("signed"), nil, At(now, 1)))
				r.AfterSign = body(RemoteWriteSeries(Series(t.Metric("forged"), nil, At(now, 1))).Body)
				ws.Do(r).ExpectMismatch()
				expectOnly(t, ws, now)
			},
		},
		Check{
			ID: "authentication.changed.secret-of-write", Level: Must, Area: Authentication, Source: "amp-api.md 1.5 row 16 [O]",
			Description: "A write with a wrong signature stores nothing.",
			Run: func(_ context.Context, t *T) {
				ws, now := t.Workspace(), t.Now()
				r := RemoteWriteSeries(Series(t.Metric("refused"), nil, At(now, 1)))
				r.Credentials = wrong(t.Credentials())
				ws.Do(r).ExpectMismatch()
				expectOnly(t, ws, now)
			},
		},
		Check{
			ID: "authentication.changed.unsigned-header", Level: Must, Area: Authentication, Source: "IAM guide, Signature Version 4: SignedHeaders lists what is signed [D]",
			Description: "A header that is not signed may come on the way.",
			Run: func(_ context.Context, t *T) {
				r := Get(probe)
				r.AfterSign = withHeaders(http.Header{"X-Forwarded-For": {"192.0.2.1"}, "X-Amzn-Trace-Id": {"Root=1-5759e988-bd862e3fe1be46a994272793"}})
				t.Workspace().Do(r).ExpectStatus(200).ExpectJSON("data.result.0.value.1", "1")
			},
		},
		Check{
			ID: "authentication.changed.another-workspace", Level: Must, Area: Authentication, Source: documented,
			Description: "A request that is sent on to another workspace is refused as a mismatch.",
			Run: func(_ context.Context, t *T) {
				ws, r := t.Workspace(), Get(probe)
				r.AfterSign = func(req *http.Request) {
					req.URL.Opaque = strings.Replace(req.URL.Opaque, ws.ID(), nowhere, 1)
				}
				ws.Do(r).ExpectMismatch()
			},
		},
	)
}

// body returns what puts another body into a request that is signed. It has to
// have the same length, which may be signed by itself: what is to give it away is
// the payload's hash.
func body(other []byte) func(*http.Request) {
	return func(r *http.Request) {
		if r.ContentLength != int64(len(other)) {
			panic(fmt.Sprintf("a body of %d bytes in place of one of %d", len(other), r.ContentLength))
		}
		r.Body, r.GetBody = io.NopCloser(bytes.NewReader(other)), nil
	}
}

// expectOnly writes a series of the check's own and expects it to be the only one
// of the check that is stored: by the time it is seen, what was sent before it
// would be seen too.
func expectOnly(t *T, ws *Workspace, now time.Time) {
	ws.Write(Series(t.Metric("marker"), nil, At(now, 1)))
	t.Eventually("the marker is there, and nothing else", func() error {
		got := Text(ws.Query(`count by (__name__) ({__name__=~"`+t.Metric("")+`.*"})`, now))
		if want := t.Metric("marker") + " 1"; got != want {
			return fmt.Errorf("expected %q, got %q", want, got)
		}
		return nil
	})
}
