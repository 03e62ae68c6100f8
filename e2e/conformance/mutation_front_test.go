package conformance_test

import (
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/ampersand-amp/ampersand/emulator"
)

// frontMutations are faults of what stands before AMP: it takes what is not
// signed as it should be.
func frontMutations() []mutation {
	var out []mutation
	for _, f := range []struct {
		name, text, kills string
		in                []string
	}{
		{"unsigned requests", `Missing Authentication Token`, "authentication.missing.query", []string{"authentication.missing", "authentication.empty", "authentication.answer", "control-plane.routes", "query.not-offered", "alertmanager.routes", "remote-write.protocol", "authentication.sts"}},
		{"headers that are no signature", `missing equal-sign`, "authentication.bearer.query", []string{"authentication.bearer", "authentication.basic"}},
		{"signatures without a parameter", `requires (existence of )?[' a-zA-Z]+ parameter`, "authentication.no-signature.query", []string{"authentication.no-signature", "authentication.no-credential", "authentication.no-signed-headers", "authentication.nothing-but-algorithm"}},
		{"signatures without a date", `X-Amz-Date' or a 'Date'`, "authentication.no-date.query", []string{"authentication.no-date"}},
		{"other algorithms", `Unsupported AWS 'algorithm'`, "authentication.algorithm.query", []string{"authentication.algorithm", "authentication.sigv4a"}},
		{"signatures without the host", `':authority'`, "authentication.host-not-signed.query", []string{"authentication.host-not-signed"}},
		{"dates in any form", `Date must be in`, "authentication.date-of-http.query", []string{"authentication.date-of-http", "authentication.date-extended"}},
		{"old signatures", `Signature expired`, "authentication.clock.behind-6m.query", []string{"authentication.clock"}},
		{"signatures of the future", `Signature not yet current`, "authentication.clock.ahead-6m.query", []string{"authentication.clock"}},
		{"credentials of any length", `exactly 5 slash`, "authentication.credential-of-four.query", []string{"authentication.credential-of-four", "authentication.credential-of-six"}},
		{"any region", `valid region`, "authentication.region.query", []string{"authentication.region", "authentication.region-empty", "authentication.scope-all"}},
		{"any service", `correct service`, "authentication.service.query", []string{"authentication.service", "authentication.service-of-host", "authentication.sts"}},
		{"any terminator", `valid terminator`, "authentication.terminator.query", []string{"authentication.terminator"}},
		{"a scope of any day", `Date in Credential scope`, "authentication.scope-date.query", []string{"authentication.scope-date"}},
		{"keys that nobody has", `security token included in the request is invalid`, "authentication.unknown-key.query", []string{"authentication.unknown-key", "authentication.session", "authentication.answer", "authentication.precedence"}},
		{"wrong signatures", `signature we calculated does not match`, "authentication.wrong-secret.query", []string{"authentication.wrong-secret", "authentication.changed", "authentication.canonical", "authentication.path", "authentication.encoding.twice", "authentication.tenant-header", "authentication.session", "authentication.answer"}},
	} {
		out = append(out, mutation{
			name: "the front takes " + f.name, layer: func() layer { return takes(f.text) },
			in: append(f.in, "authentication.presigned"), also: controlAreas(), kills: []string{f.kills},
		})
	}
	return out
}

// answeredMutations are faults of what all answers have.
func answeredMutations() []mutation {
	var out []mutation
	const authn = "authentication"
	for _, f := range []struct {
		name  string
		layer func() layer
		in    []string
		kills []string
	}{
		{"refusals of the front are 401", on(refused(func(x *exchange) {
			if x.status == http.StatusForbidden {
				x.status = http.StatusUnauthorized
			}
		}), "**"), general(), []string{"authentication.status.never-401", "authentication.missing.query"}},
		{"types end in something else", on(refused(header("X-Amzn-Errortype", "Exception")), "**"), general(), nil},
		{"small and capital messages are swapped", on(refused(each(func(o map[string]any) {
			for a, b := range map[string]string{"message": "Message", "Message": "message"} {
				if v, ok := o[a]; ok {
					delete(o, a)
					o[b] = v
					return
				}
			}
		})), "**"), general(), []string{"authentication.missing.query", "authorization.workspace.unknown-query"}},
		{"refusals have a member more", on(refused(func(x *exchange) {
			x.edited(func(v any) any {
				if o, ok := v.(map[string]any); ok {
					o["code"] = 1
				}
				return v
			})
		}), "**"), general(), []string{"authentication.missing.query"}},
		{"the old form of a mismatch", on(refused(replace(`(?s)\\n\\nThe Canonical String.*'\\n`, "")), "**"), []string{authn, "authorization"},
			[]string{"authentication.canonical.whole", "authentication.wrong-secret.query"}},
		{"no request ids", on(change(header("X-Amzn-Requestid", "")), "**"), general(), []string{"authentication.answer.request-id.*"}},
		{"the same request id for all", on(change(header("X-Amzn-Requestid", "3b0c5b5c-7f3e-4b7e-9d5e-3a3c1f9f7a11")), "**"), general(),
			[]string{"authentication.answer.request-id.*", "remote-write.protocol.request-id"}},
		{"another server", on(change(header("Server", "nginx")), "**"), general(), []string{"authentication.answer.server"}},
		{"no date in answers", on(change(header("Date", "")), "**"), general(), []string{"authentication.answer.date.*"}},
		{"an hour ahead in answers", on(change(header("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))), "**"), general(),
			[]string{"authentication.answer.date.*"}},
		{"refusals call themselves text", on(refused(header("Content-Type", "text/plain")), "**"), general(),
			[]string{"authentication.answer.refusal-is-json.query"}},
		{"times in refusals are local", on(refused(replace(`(\d{8}T\d{6})Z`, "${1}+0000")), "**"), []string{authn}, []string{"authentication.clock.text-is-consistent"}},
		{"refusals tell of fifteen minutes", on(refused(replace(` 5 min\.`, " 15 min.")), "**"), []string{authn}, []string{"authentication.clock.text-is-consistent"}},
		{"unknown workspaces are refused", on(refused(func(x *exchange) {
			if x.status == http.StatusNotFound {
				x.status = http.StatusForbidden
			}
		}), "WS/api/**", "WS/alertmanager/api/**"), general(), []string{"authorization.workspace.unknown-query"}},
		{"every tenant may be named", on(tenantOfHeader, "WS/api/**"), []string{authn, "authorization"}, nil},
		{"the session token is shown", on(refused(replace(`x-amz-security-token:[^\\]*`, "x-amz-security-token:hidden")), "**"), []string{authn}, []string{"authentication.session.mismatch-shows-token"}},
		{"the payload's hash is left out", on(refused(replace(`[0-9a-f]{64}'\\n\\nThe String`, "UNSIGNED-PAYLOAD'\\n\\nThe String")), "**"), []string{authn}, []string{"authentication.canonical.payload-hash"}},
		{"unknown paths are not found", on(refused(func(x *exchange) {
			if strings.Contains(string(x.body), "Missing Authentication Token") {
				x.answer(404, `{"message":"Not Found"}`)
			}
		}), "**"), general(), []string{"control-plane.routes.unknown-path"}},
		{"what is not offered is there", on(refused(func(x *exchange) { x.answer(200, `{"status":"success","data":[]}`) }),
			"WS/api/v1/status/*", "WS/api/v1/read", "WS/api/v1/query_exemplars", "WS/api/v1/targets", "WS/api/v1/alertmanagers", "WS/api/v1/admin/**",
			"WS/api/v1/format_query", "WS/api/v1/nonesuch", "DELETE WS/api/v1/query", "PUT WS/api/v1/query_range"), general(), []string{"query.not-offered.*"}},
		{"session tokens are not needed", sessions, []string{authn}, []string{"authentication.session.never-without-token"}},
	} {
		out = append(out, mutation{name: f.name, layer: f.layer, in: f.in, also: controlAreas(), kills: f.kills})
	}
	out = append(out, mutation{
		name: "the clock is three minutes ahead", config: func(c *emulator.Config) { c.Now = func() time.Time { return time.Now().Add(3 * time.Minute) } },
		in: []string{"authentication"}, also: controlAreas(), coarse: true, kills: []string{"authentication.clock.behind-4m30s.*", "authentication.answer.date.*"},
	}, mutation{
		name: "the clock is three minutes behind", config: func(c *emulator.Config) { c.Now = func() time.Time { return time.Now().Add(-3 * time.Minute) } },
		in: []string{"authentication"}, also: controlAreas(), coarse: true, kills: []string{"authentication.clock.ahead-4m30s.*"},
	})
	return out
}

// general are checks of what stands before all of AMP.
func general() []string {
	return []string{"authentication", "authorization.workspace", "authorization.data", "control-plane.routes", "control-plane.headers", "remote-write.protocol", "query.not-offered"}
}

// takes carries out a request that was refused with a text, in the name of the
// one who may do everything.
func takes(text string) layer {
	re := regexp.MustCompile(text)
	return refused(func(x *exchange) {
		if x.status != http.StatusForbidden || !re.Match(x.body) {
			return
		}
		query := x.request.URL.Query()
		for name := range query {
			if strings.HasPrefix(name, "X-Amz-") {
				query.Del(name)
				x.request.URL.RawQuery = query.Encode()
			}
		}
		x.request.Header.Del("Authorization")
		if x.sign() == nil {
			_ = x.forward() // what it answered stays if nothing comes back
		}
	})
}

// tenantOfHeader answers queries as if a header could name the tenant.
func tenantOfHeader(x *exchange) error {
	if x.request.Header.Get("X-Scope-Orgid") != "" {
		x.answer(200, `{"status":"success","data":{"resultType":"vector","result":[]}}`)
	}
	return nil
}

// sessions takes a session's key without its token, or with any: it knows the
// token of each key from the requests that had it.
func sessions() layer {
	return refused(func(x *exchange) {
		if strings.Contains(x.request.Header.Get("Authorization"), "Credential=ASIA") && strings.Contains(string(x.body), "security token") {
			if x.sign() == nil {
				_ = x.forward() // likewise
			}
		}
	})
}
