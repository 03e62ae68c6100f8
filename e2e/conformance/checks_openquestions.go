package conformance

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"
)

func openQuestionsChecks() []Check {
	return slices.Concat(openStateQuestions(), openFrontQuestions(), openDataQuestions(), openLimitQuestions(), openControlQuestions())
}

// open is a check that notes what a target does; question is its number in
// amp-api.md section 8.
func open(id, question, description string, look func(t *T)) Check {
	return Check{
		ID: "open-questions." + id, Level: Unknown, Area: OpenQuestions,
		Description: description, Source: "amp-api.md 8, question " + question,
		Run: func(_ context.Context, t *T) { look(t) },
	}
}

// openStateQuestions are of workspaces that are not ACTIVE.
func openStateQuestions() []Check {
	return []Check{
		slow(open("workspace.creating", "1 and 13", "What the data plane answers about a workspace that is CREATING, and how long that lasts.", whileCreating)),
		slow(open("workspace.deleting", "1", "What data plane and control plane answer about a workspace that is DELETING.", func(t *T) {
			ws := t.OwnWorkspace()
			ws.Control(Delete("")).RequireStatus(http.StatusAccepted)
			ws.Do(Get("/api/v1/query?query=vector(1)")).Record("query")
			ws.Do(RemoteWriteSeries(Series(t.Metric("x"), nil, At(t.Now(), 1)))).Record("write")
			ws.Control(Delete("")).Record("delete")
			ws.Control(PostJSON("/alias", `{"alias":"x"}`)).Record("update-alias")
			ws.Control(Get(configurationPath)).Record("configuration")
			t.Do(PostJSON(TagsPath(ws.ARN()), `{"tags":{"a":"b"}}`)).Record("tag")
		})),
		slow(open("workspace.busy", "6", "What is answered to a change of a definition that is CREATING.", func(t *T) {
			ws, name := t.BorrowWorkspace(), t.Name("made")
			ws.createNamespace(name, nil).RequireStatus(http.StatusAccepted)
			ws.Control(PutJSON("/rulegroupsnamespaces/"+name, dataBody(rulesFileOfNext))).Record("put")
			ws.Control(Delete("/rulegroupsnamespaces/" + name)).Record("delete")
		})),
		slow(open("token.after-deletion", "13", "What a clientToken gives whose resource has been deleted.", func(t *T) {
			ws, name := t.BorrowWorkspace(), t.Name("made")
			path := "/rulegroupsnamespaces/" + name
			ws.RemoveAfter(path)
			body := namespaceBody(name, rulesFileOfOne, map[string]any{"clientToken": t.token("a")})
			ws.Control(PostJSON("/rulegroupsnamespaces", body)).RequireStatus(http.StatusAccepted)
			ws.namespaceActive(name)
			ws.Control(Delete(path)).RequireStatus(http.StatusAccepted)
			ws.AwaitGone(path)
			ws.Control(PostJSON("/rulegroupsnamespaces", body)).Record("again")
			ws.Control(Get(path)).Record("describe")
		})),
		slow(open("token.other-operation", "13", "Whether a clientToken that was used with one operation can be used with another.", func(t *T) {
			ws, name := t.BorrowWorkspace(), t.Name("made")
			ws.RemoveAfter("/rulegroupsnamespaces/" + name)
			body := namespaceBody(name, rulesFileOfOne, map[string]any{"clientToken": t.token("a")})
			ws.Control(PostJSON("/rulegroupsnamespaces", body)).RequireStatus(http.StatusAccepted)
			ws.namespaceActive(name)
			ws.Control(Delete("/rulegroupsnamespaces/" + name + "?clientToken=" + t.token("a"))).Record("delete")
		})),
	}
}

func whileCreating(t *T) {
	shared := t.Workspace()
	began := t.run.now()
	made := t.Do(PostJSON("/workspaces", text(map[string]any{"alias": t.Alias("new"), "tags": t.run.tags()}))).RequireStatus(http.StatusAccepted)
	ws := shared.WithID(made.Text("workspaceId"))
	ws.Do(Get("/api/v1/query?query=vector(1)")).Record("query")
	ws.Do(RemoteWriteSeries(Series(t.Metric("x"), nil, At(t.Now(), 1)))).Record("write")
	ws.Control(PostJSON("/alias", text(map[string]string{"alias": t.Alias("new")}))).Record("update-alias")
	ws.Await("", "workspace.status.statusCode", "ACTIVE")
	// Coarse, so that two recordings of one target are alike.
	for _, bound := range []time.Duration{time.Second, 5 * time.Second, 15 * time.Second, time.Minute, activeTime} {
		if t.run.now().Sub(began) < bound {
			t.Record("creating", "less than "+bound.String())
			return
		}
	}
	t.Record("creating", "longer than "+activeTime.String())
}

// openFrontQuestions are of what is in front of workspaces.
func openFrontQuestions() []Check {
	checks := []Check{
		open("front.credentials", "2", "What is answered to keys and tokens that there are not, on the data plane.", func(t *T) {
			for _, c := range []struct{ name, id, token string }{
				{"unknown-key", "AKIA0000000000000000", ""}, {"no-token", "ASIA0000000000000000", ""}, {"bad-token", "ASIA0000000000000000", "nobody-gave-this"},
			} {
				key := t.Credentials()
				key.AccessKeyID, key.SessionToken = c.id, c.token
				r := Get("/api/v1/query?query=vector(1)")
				r.Credentials = &key
				t.Workspace().Do(r).Record(c.name)
			}
		}),
		open("front.authorization-header", "2", "What is answered to Authorization headers that are none, on the data plane.", func(t *T) {
			for _, h := range [][2]string{
				{"bearer", "Bearer abc"}, {"empty", "AWS4-HMAC-SHA256"},
				{"no-signature", "AWS4-HMAC-SHA256 Credential=a/b/c/aps/aws4_request, SignedHeaders=host"},
				{"other-algorithm", "AWS4-ECDSA-P256-SHA256 Credential=a, SignedHeaders=host, Signature=b"},
			} {
				r := Get("/api/v1/query?query=vector(1)").With("Authorization", h[1])
				r.Unsigned = true
				t.Workspace().Do(r).Record(h[0])
			}
		}),
		open("front.scope", "2", "What is answered to a signature for another service, and to one of an hour ago or ahead.", func(t *T) {
			r := Get("/api/v1/query?query=vector(1)")
			other := r
			other.Service = "s3"
			t.Workspace().Do(other).Record("service")
			for _, ahead := range []time.Duration{-time.Hour, time.Hour} {
				r.ClockOffset = ahead
				a := t.Workspace().Do(r)
				t.Record(ahead.String()+".error-type", a.Header.Get("x-amzn-ErrorType"))
				t.Record(ahead.String()+".body", shape(a.Body))
			}
		}),
		open("front.skew", "2", "How old a signature may be: which of 4, 6, 14 and 16 minutes is taken.", func(t *T) {
			for _, minutes := range []time.Duration{4, 6, 14, 16} {
				r := Get("/api/v1/query?query=vector(1)")
				r.ClockOffset = -minutes * time.Minute
				t.Record((minutes * time.Minute).String(), http.StatusText(t.Workspace().Do(r).Status))
			}
		}),
		open("front.payload", "10", "Whether UNSIGNED-PAYLOAD and presigned queries are taken.", func(t *T) {
			unsigned := Get("/api/v1/query?query=vector(1)").With("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
			unsigned.PayloadHash = "UNSIGNED-PAYLOAD"
			a := t.Workspace().Do(unsigned)
			t.Record("unsigned-payload", http.StatusText(a.Status))
			presigned := Get("/api/v1/query?query=vector(1)")
			presigned.Presign = true
			t.Record("presigned", http.StatusText(t.Workspace().Do(presigned).Status))
		}),
		open("front.sts-token", "11", "The text of a refusal for want of a right, and its headers.", func(t *T) {
			key := t.As(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"aps:GetLabels","Resource":"*"}]}`)
			r := Get("/api/v1/query?query=vector(1)")
			r.Credentials = &key
			t.Workspace().Do(r).Record("implicit")
			denied := t.As(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"aps:QueryMetrics","Resource":"*"}]}`)
			r.Credentials = &denied
			t.Workspace().Do(r).Record("explicit")
		}),
	}
	checks[len(checks)-1].Needs = NeedsRole
	for _, row := range []struct{ id, question, method, path string }{
		{"double-slash", "3", "GET", "//api/v1/query?query=vector(1)"},
		{"double-slash-inside", "3", "GET", "/api//v1/query?query=vector(1)"},
		{"slash-at-end", "3", "GET", "/api/v1/query/?query=vector(1)"},
		{"dots", "3", "GET", "/api/v1/x/../query?query=vector(1)"},
		{"nothing-below", "3", "GET", "/api/v1"},
		{"remote-read", "3", "POST", "/api/v1/read"},
		{"exemplars", "3", "GET", "/api/v1/query_exemplars?query=x&start=0&end=1"},
		{"status-config", "3", "GET", "/api/v1/status/config"},
		{"status-tsdb", "3", "GET", "/api/v1/status/tsdb"},
		{"targets", "3", "GET", "/api/v1/targets"},
		{"format-query", "3", "GET", "/api/v1/format_query?query=x"},
		{"otlp", "5", "POST", "/api/v1/otlp/v1/metrics"},
		{"put-query", "3", "PUT", "/api/v1/query"},
		{"buildinfo", "14", "GET", "/api/v1/status/buildinfo"},
	} {
		checks = append(checks, open("path."+row.id, row.question, "What is answered to "+row.method+" "+row.path+" below a workspace.", func(t *T) {
			t.Workspace().Do(Request{Method: row.method, Path: row.path}).Record("answer")
		}))
	}
	return checks
}

// shape is a text with its digits replaced: what is left is the same tomorrow.
func shape(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return '9'
		}
		return r
	}, s)
}
