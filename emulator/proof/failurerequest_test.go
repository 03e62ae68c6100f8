package proof

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	promsigv4 "github.com/prometheus/sigv4"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator"
)

// S06: something between client and AMP touches headers. What is not signed may come
// and go; the collector signs all that it sends.
func headerChanged(t *testing.T) {
	t.Helper()
	s := stand(t, emulator.Config{})
	rootEnvironment(t)
	rt := collector(t, emulator.DefaultRegion, emulator.Service, http.DefaultTransport)
	write := func(address string) reply {
		req := remoteWrite(t, address+"/api/v1/remote_write", sampleAt(t, "s06", time.Now()))
		req.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
		req.Header.Set("Baggage", "a=1")
		req.Header.Set("Forwarded", "for=10.0.0.1")
		req.Header.Set("X-Agent-Id", "first")
		return roundTrip(t, rt, req)
	}
	for name, change := range map[string]func(http.Header){
		"nothing": func(http.Header) {},
		"added": func(h http.Header) {
			h.Set("X-Forwarded-For", "10.0.0.2")
			h.Set("Via", "1.1 proxy")
			h.Set("X-Request-Id", "7")
		},
		"unsigned one": func(h http.Header) { h.Set("User-Agent", "another") },
	} {
		t.Run("harmless: "+name, func(t *testing.T) {
			s.accepted(t, write(s.middle(t, func(out *http.Request) { change(out.Header) })), rootARN)
		})
	}
	for name, tt := range map[string]struct {
		change       func(http.Header)
		cause, words string
		proven       bool
	}{
		"baggage twice":       {func(h http.Header) { h.Add("Baggage", "b=2") }, "header-changed", "The signed header baggage arrived with another value", true},
		"Forwarded continued": {func(h http.Header) { h.Set("Forwarded", "for=10.0.0.1, for=10.0.0.2") }, "header-changed", "The signed header forwarded arrived with another value", true},
		"media type completed": {
			func(h http.Header) { h.Set("Content-Type", "application/x-protobuf; charset=utf-8") },
			"header-changed", "The signed header content-type arrived with another value", true,
		},
		// The first value cannot be known; the right secret was seen before.
		"traceparent of a retry": {
			func(h http.Header) { h.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01") },
			"content-changed", "it signs traceparent, which proxies and tracers change", false,
		},
		"x-agent-id taken away": {func(h http.Header) { h.Del("X-Agent-Id") }, "header-missing", "Signed headers did not arrive: x-agent-id", false},
	} {
		t.Run(name, func(t *testing.T) {
			known := s.refused(t, write(s.middle(t, func(out *http.Request) { tt.change(out.Header) })), refusal{
				kind: "InvalidSignatureException", body: mismatch,
				reason: "signature-mismatch", cause: tt.cause, remedy: tt.words, proven: tt.proven,
			})
			if tt.proven {
				require.NotNil(t, known.Explanation.Difference)
				require.NotEqual(t, known.Explanation.Difference.Client, known.Explanation.Difference.Server)
			}
		})
	}
}

// S07: a PromQL expression that each client encodes another way before it signs, and
// AWS's signer, which gets each right. The matrix test has many more expressions.
func queryEncoded(t *testing.T) {
	t.Helper()
	s := stand(t, emulator.Config{})
	const metric, rest, at = `sum(rate(ho11y_total{k8s_pod`, `=~"a b/.+"}[1m]))`, "2026-01-02T03:04:05Z"
	escape := func(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }
	params := func(query, time string) string { return "query=" + query + "&time=" + time }
	right := params(escape(metric+rest), escape(at))
	for name, tt := range map[string]struct {
		sent, signed string
		cause, words string
	}{
		"awscurl, given an encoded query": {
			right, params(escape(escape(metric+rest)), escape(escape(at))), "query-encoded-twice", "awscurl does so",
		},
		"awscurl, a second equal sign": {
			params(escape(metric)+"="+escape(rest[1:]), escape(at)), params(escape(metric), escape(at)), "query-encoding", "cut a value at its second equal sign",
		},
		"k6, a number for a time": {right, "query=" + escape(metric+rest), "query-added", "A parameter was added to the query after signing"},
		"k6, + for a blank": {
			strings.ReplaceAll(right, "%20", "+"), strings.ReplaceAll(right, "%20", "+"), "query-encoding", "signed blanks as +",
		},
		"curl, raw colons": {
			strings.ReplaceAll(right, "%3A", ":"), strings.ReplaceAll(right, "%3A", ":"), "query-encoding", "as it stands in the URL",
		},
		"a proxy that forgets the query": {right, "", "query-added", "The client signed the request without a query"},
	} {
		t.Run(name, func(t *testing.T) {
			ask := func(sign func(*http.Request)) reply {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.ws.QueryURL+"/api/v1/query?"+tt.sent, nil)
				require.NoError(t, err)
				sign(req)
				return roundTrip(t, http.DefaultTransport, req)
			}
			s.refused(t, ask(func(req *http.Request) { signQuery(req, tt.signed) }), refusal{
				kind: "InvalidSignatureException", body: mismatch,
				reason: "signature-mismatch", cause: tt.cause, remedy: tt.words, proven: true,
			})
			same := ask(func(req *http.Request) {
				require.NoError(t, (&signing{key: rootCredentials(), service: emulator.Service}).verbatim(req))
			})
			require.Equal(t, metric+rest, s.accepted(t, same, rootARN).Query)
		})
	}
}

// S08: AMP's endpoint ends in a slash, and clients put /api/v1 behind it. Slashes more
// than one are one for routing [I]; a signature is always over the path as it was sent.
func slashAtTheEnd(t *testing.T) {
	t.Helper()
	s := stand(t, emulator.Config{})
	require.True(t, strings.HasSuffix(s.ws.Endpoint, "/"))
	for _, address := range []string{s.ws.QueryURL, s.ws.Endpoint, s.ws.Endpoint + "/"} {
		got := roundTrip(t, keda(emulator.DefaultRegion, rootCredentials()), kedaQuery(t, address))
		known := s.accepted(t, got, rootARN)
		require.Equal(t, strings.TrimPrefix(address, s.URL())+"/api/v1/query", known.Path, "the path is what the client sent")
		require.Contains(t, got.body, `,"1"]`)
		// Prometheus cleans the path before it signs and sends it.
		rt, err := promsigv4.NewSigV4RoundTripper(rootKey(), http.DefaultTransport)
		require.NoError(t, err)
		write := roundTrip(t, rt, remoteWrite(t, address+"/api/v1/remote_write", sampleAt(t, "s08", time.Now())))
		require.Equal(t, "/workspaces/"+s.ws.ID+"/api/v1/remote_write", s.accepted(t, write, rootARN).Path)
	}
	// A proxy that merges slashes breaks the signature over them.
	merging := s.middle(t, func(out *http.Request) {
		out.URL.Path = strings.ReplaceAll(out.URL.Path, "//", "/")
		out.URL.RawPath = ""
	})
	known := s.refused(t, roundTrip(t, keda(emulator.DefaultRegion, rootCredentials()), kedaQuery(t, merging+"/")), refusal{
		kind: "InvalidSignatureException", body: mismatch,
		reason: "signature-mismatch", cause: "path-changed", remedy: "differs in double slashes", proven: true,
	})
	require.Equal(t, "/workspaces/"+s.ws.ID+"//api/v1/query", known.Explanation.Difference.Client)
	// Behind the API's own path a slash makes another path, unknown to AMP, however well it is signed [O helm-charts#4687].
	rootEnvironment(t)
	rt := collector(t, emulator.DefaultRegion, emulator.Service, http.DefaultTransport)
	s.refused(t, roundTrip(t, rt, remoteWrite(t, s.ws.RemoteWriteURL+"/", sampleAt(t, "s08", time.Now()))), refusal{
		kind: "MissingAuthenticationTokenException", body: missingTokenBody,
		reason: "unknown-route", cause: "unknown-route", remedy: "Look for a slash at the end",
	})
}

// S09: AMP's own name and a cluster's name for the emulator. With region and service
// given both work; the collector infers them from AMP's name alone.
func hostNames(t *testing.T) {
	t.Helper()
	s := stand(t, emulator.Config{})
	rootEnvironment(t)
	base := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, s.Addr()) // what a DNS alias and a Service do
	}}
	t.Cleanup(base.CloseIdleConnections)
	const amp, service = "aps-workspaces.us-east-1.amazonaws.com", "ampersand.ampersand.svc.cluster.local"
	for _, tt := range []struct {
		host, region, service string
		accepted              bool
	}{
		{amp, emulator.DefaultRegion, emulator.Service, true},
		{service, emulator.DefaultRegion, emulator.Service, true},
		{amp, "", "", true},
		{service, "", "", false},
	} {
		t.Run(tt.host+" "+tt.region, func(t *testing.T) {
			rt := collector(t, tt.region, tt.service, base)
			got := roundTrip(t, rt, remoteWrite(t, "http://"+tt.host+"/workspaces/"+s.ws.ID+"/api/v1/remote_write", sampleAt(t, "s09", time.Now())))
			if tt.accepted {
				s.accepted(t, got, rootARN)
				k := keda(emulator.DefaultRegion, rootCredentials())
				k.base = base
				s.accepted(t, roundTrip(t, k, kedaQuery(t, "http://"+tt.host+"/workspaces/"+s.ws.ID)), rootARN)
				return
			}
			s.refused(t, got, refusal{
				kind:   "InvalidSignatureException",
				body:   `{"message":"Credential should be scoped to a valid region. Credential should be scoped to correct service: 'aps'. "}`,
				reason: "bad-scope", cause: "region-empty", remedy: "The client signs for no region at all",
			})
		})
	}
	// A proxy that calls AMP by its own name breaks what was signed for the proxy's, and one that does not breaks what
	// was signed for AMP's.
	toAMP := s.middle(t, func(out *http.Request) {
		out.Header.Set("X-Forwarded-Host", out.Host)
		out.Host = amp
	})
	toService := s.middle(t, func(out *http.Request) { out.Host = service })
	forAMP := kedaQuery(t, toService)
	forAMP.Host = amp
	for arrived, req := range map[string]*http.Request{amp: kedaQuery(t, toAMP), service: forAMP} {
		signed := amp
		if req.Host != amp {
			signed = req.URL.Host
		}
		known := s.refused(t, roundTrip(t, keda(emulator.DefaultRegion, rootCredentials()), req), refusal{
			kind: "InvalidSignatureException", body: mismatch, reason: "signature-mismatch", cause: "host-changed", proven: true,
			remedy: "The client signed the host " + signed + ", but the request arrived for " + arrived,
		})
		require.Equal(t, "host:"+signed, known.Explanation.Difference.Client)
		require.Equal(t, "host:"+arrived, known.Explanation.Difference.Server)
	}
}

// S12: five minutes either way, and both times in the text.
func clockSkew(t *testing.T) {
	t.Helper()
	now := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	s := stand(t, emulator.Config{Now: func() time.Time { return now }})
	ask := func(off time.Duration) reply {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.ws.QueryURL+"/api/v1/query?query=vector(1)", nil)
		require.NoError(t, err)
		hash, err := bodyHash(req)
		require.NoError(t, err)
		require.NoError(t, v4.NewSigner().SignHTTP(t.Context(), rootCredentials(), req, hash, emulator.Service, emulator.DefaultRegion, now.Add(off)))
		return roundTrip(t, http.DefaultTransport, req)
	}
	const within, beyond = 4*time.Minute + 59*time.Second, 5*time.Minute + time.Second
	for _, off := range []time.Duration{within, -within, 5 * time.Minute, -5 * time.Minute} {
		s.accepted(t, ask(off), rootARN)
	}
	s.refused(t, ask(beyond), refusal{
		kind: "InvalidSignatureException", reason: "not-yet-current", cause: "clock-ahead", remedy: "The client's clock is 5m1s ahead of the server's; 5m0s are allowed",
		body: `{"message":"Signature not yet current: 20260102T030501Z is still later than 20260102T030500Z (20260102T030000Z + 5 min.)"}`,
	})
	s.refused(t, ask(-beyond), refusal{
		kind: "InvalidSignatureException", reason: "expired", cause: "clock-behind", remedy: "The request was signed 5m1s ago by the server's clock",
		body: `{"message":"Signature expired: 20260102T025459Z is now earlier than 20260102T025500Z (20260102T030000Z - 5 min.)"}`,
	})
}

// S15: X-Scope-OrgID, which Cortex and Mimir want, AMP's front takes away [I from O,
// grafana/tempo#2973]: whoever signs it is refused, whoever adds it after signing is
// not noticed. The tenant is that of the path either way.
func scopeOrgID(t *testing.T) {
	t.Helper()
	s := stand(t, emulator.Config{})
	rootEnvironment(t)
	write := func(rt http.RoundTripper, address string) reply {
		req := remoteWrite(t, address+"/api/v1/remote_write", sampleAt(t, "s15", time.Now()))
		req.Header.Set("X-Scope-OrgID", "another-tenant")
		return roundTrip(t, rt, req)
	}
	prometheus, err := promsigv4.NewSigV4RoundTripper(rootKey(), http.DefaultTransport)
	require.NoError(t, err)
	for name, rt := range map[string]http.RoundTripper{
		"the collector": collector(t, emulator.DefaultRegion, emulator.Service, http.DefaultTransport),
		"Prometheus":    prometheus,
	} {
		t.Run(name+" signs it", func(t *testing.T) {
			known := s.refused(t, write(rt, s.ws.QueryURL), refusal{
				kind: "InvalidSignatureException", body: mismatch,
				reason: "signature-mismatch", cause: "header-stripped", remedy: "Remove the header from the client", proven: true,
			})
			require.Contains(t, known.Explanation.ClientCanonicalRequest, "x-scope-orgid:another-tenant")
			require.NotContains(t, known.Explanation.CanonicalRequest, "x-scope-orgid:another-tenant")
		})
	}
	adding := s.middle(t, func(out *http.Request) { out.Header.Set("X-Scope-OrgID", "another-tenant") })
	req := remoteWrite(t, adding+"/api/v1/remote_write", sampleAt(t, "s15", time.Now()))
	s.accepted(t, roundTrip(t, prometheus, req), rootARN)
}

// S16: Grafana asks what it talks to. AMP has no such page: Grafana's own signing, and
// a 404 that is no error of AWS's front [O kiali#8370 the status; C the text].
func grafanasProbe(t *testing.T) {
	t.Helper()
	s := stand(t, emulator.Config{})
	probe := func() *http.Request {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.ws.QueryURL+"/api/v1/status/buildinfo", nil)
		require.NoError(t, err)
		return req
	}
	known := s.refused(t, roundTrip(t, grafana{}, probe()), refusal{
		status: http.StatusNotFound, body: "404 page not found\n", reason: "status-404", cause: "status-404", identity: rootARN,
	})
	require.Equal(t, "/workspaces/"+s.ws.ID+"/api/v1/status/buildinfo", known.Path)
	s.refused(t, roundTrip(t, http.DefaultTransport, probe()), refusal{
		kind: "MissingAuthenticationTokenException", body: missingTokenBody, reason: "missing-token", cause: "missing-token", remedy: "not signed",
	})
}

// grafana signs as Grafana does: a request without headers, which are put back after.
type grafana struct{}

// RoundTrip implements http.RoundTripper.
func (grafana) RoundTrip(r *http.Request) (*http.Response, error) {
	headers := r.Header
	r.Header = http.Header{}
	hash, err := bodyHash(r)
	if err != nil {
		return nil, err
	}
	if err := v4.NewSigner().SignHTTP(r.Context(), rootCredentials(), r, hash, emulator.Service, emulator.DefaultRegion, time.Now()); err != nil {
		return nil, err
	}
	for name, values := range headers {
		if r.Header.Get(name) == "" {
			r.Header[name] = values
		}
	}
	return http.DefaultTransport.RoundTrip(r)
}
