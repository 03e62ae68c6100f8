package conformance_test

import (
	"bytes"
	"net/http"
	"strings"
	"sync"
)

// writeMutations answer writes otherwise.
func writeMutations() []mutation {
	var out []mutation
	write := func(l layer) func() layer { return on(l, "POST WS/api/v1/remote_write") }
	having := func(name, part string) func(*exchange) bool {
		return func(x *exchange) bool { return strings.Contains(x.request.Header.Get(name), part) }
	}
	lacking := func(name string) func(*exchange) bool {
		return func(x *exchange) bool { return x.request.Header.Get(name) == "" }
	}
	for _, f := range []mutation{
		{name: "writes are lost", layer: write(func(x *exchange) error { x.answer(200, ""); return nil }), coarse: true, kills: []string{"remote-write.protocol.success"}},
		{name: "refused writes are said to be taken", layer: write(refused(func(x *exchange) {
			if x.status == 400 {
				x.answer(200, "")
			}
		})), kills: []string{"remote-write.order.beyond-the-window", "remote-write.age.over-an-hour", "quotas.labels.too-many", "remote-write.metadata.help-too-long"}},
		{name: "refused writes are to be repeated", layer: write(refused(func(x *exchange) {
			if x.status == 400 {
				x.status = 500
			}
		})), kills: []string{"remote-write.order.beyond-the-window", "quotas.labels.too-many"}},
		{name: "all that is refused spoils the rest", layer: allOrNothing, kills: []string{"remote-write.age.over-an-hour", "quotas.labels.too-many"}},
		{name: "writes are answered with 204", layer: write(accepted(func(x *exchange) {
			if x.status == 200 {
				x.status = 204
			}
		})), coarse: true, kills: []string{"remote-write.protocol.success"}},
		{name: "writes are answered with a body", layer: write(accepted(func(x *exchange) { x.body = []byte("{}") })), kills: []string{"remote-write.protocol.success"}},
		{name: "refusals of writes have no newline", layer: write(refused(func(x *exchange) { x.body = bytes.TrimSuffix(x.body, []byte("\n")) })), kills: []string{"remote-write.order.headers"}},
		{name: "refusals of writes do not name the tenant", layer: write(refused(replace(`user=[^:]*: `, ""))), kills: []string{"remote-write.order.text"}},
		{name: "refusals of writes are JSON", layer: write(refused(header("Content-Type", "application/json"))), kills: []string{"remote-write.order.headers"}},
		{name: "refusals of writes may be sniffed", layer: write(refused(header("X-Content-Type-Options", ""))), kills: []string{"remote-write.order.headers"}},
		{name: "refusals of writes have no numbers", layer: write(refused(replace(`\d+`, "0"))), kills: []string{"remote-write.order.text", "remote-write.age.text", "quotas.labels.too-many"}},
		{name: "refusals of writes do not show the series", layer: write(refused(replace(`\{[^}]*\}`, "{}"))), kills: []string{"remote-write.order.text", "quotas.labels.too-many"}},
		{name: "replicas are answered with 200", layer: write(change(func(x *exchange) {
			if x.status == 202 {
				x.status = 200
			}
		})), kills: []string{"remote-write.replicas.text"}},
		{name: "replicas are told nothing", layer: write(change(func(x *exchange) {
			if x.status == 202 {
				x.body = nil
			}
		})), kills: []string{"remote-write.replicas.text"}},
		{name: "what was written is not counted", layer: write(change(func(x *exchange) {
			for name := range x.header {
				if strings.HasPrefix(name, "X-Prometheus-Remote-Write") {
					x.header.Del(name)
				}
			}
		})), kills: []string{"remote-write.version2.written"}},
		{name: "what was written is counted wrong", layer: write(change(func(x *exchange) {
			for name := range x.header {
				if strings.HasPrefix(name, "X-Prometheus-Remote-Write") {
					x.header.Set(name, "7")
				}
			}
		})), kills: []string{"remote-write.version2.written", "remote-write.version2.partial", "remote-write.version2.histogram"}},
		{name: "any encoding is taken", layer: write(where(having("Content-Encoding", ""), refused(func(x *exchange) {
			if x.status == http.StatusUnsupportedMediaType {
				x.answer(200, "")
			}
		}))), kills: []string{"remote-write.headers.encoding-*", "remote-write.headers.content-type-json"}},
		{name: "any body is taken", layer: write(refused(func(x *exchange) {
			if bytes.Contains(x.body, []byte("snappy")) || bytes.Contains(x.body, []byte("proto")) || bytes.Contains(x.body, []byte("EOF")) || bytes.Contains(x.body, []byte("decod")) {
				x.answer(200, "")
			}
		})), kills: []string{"remote-write.malformed.not-compressed", "remote-write.malformed.framed", "remote-write.malformed.not-a-message"}},
		{name: "writes need a content type", layer: write(where(lacking("Content-Type"), accepted(status(415)))), kills: []string{"remote-write.headers.no-content-type"}},
		{name: "writes need an encoding", layer: write(where(lacking("Content-Encoding"), accepted(status(415)))), kills: []string{"remote-write.headers.no-content-encoding"}},
		{name: "writes need a version", layer: write(where(lacking("X-Prometheus-Remote-Write-Version"), accepted(status(400)))), kills: []string{"remote-write.headers.no-version"}},
		{name: "writes are not to be named", layer: write(where(having("Content-Type", "proto="), accepted(status(415)))), kills: []string{"remote-write.headers.content-type-named"}},
		{name: "second attempts are refused", layer: write(where(func(x *exchange) bool { return x.request.Header.Get("Retry-Attempt") != "" }, accepted(status(400)))), kills: []string{"remote-write.headers.retry"}},
		{name: "empty writes are refused", layer: write(where(func(x *exchange) bool { return len(x.sent) < 10 }, accepted(status(400)))), kills: []string{"remote-write.protocol.empty"}},
		{name: "large writes are refused", layer: write(where(func(x *exchange) bool { return len(x.sent) > 500_000 }, accepted(status(413)))), kills: []string{"quotas.request-size.write-full"}},
		{name: "too large writes are bad", layer: write(refused(func(x *exchange) {
			if x.status == http.StatusRequestEntityTooLarge {
				x.status = 400
			}
		})), kills: []string{"quotas.request-size.write"}},
		{name: "the second write to a workspace is lost", layer: write(func() layer {
			var (
				mu   sync.Mutex
				seen = make(map[string]bool)
			)
			return func(x *exchange) error {
				raw := x.path + string(x.sent[:min(len(x.sent), 200)])
				mu.Lock()
				again := seen[raw]
				seen[raw] = true
				mu.Unlock()
				if again {
					x.answer(400, "duplicate\n")
				}
				return nil
			}
		}()), kills: []string{"remote-write.duplicates.same-request"}},
	} {
		f.in, f.also = []string{"remote-write", "quotas"}, dataAreas()
		out = append(out, f)
	}
	return out
}

// allOrNothing refuses as a whole what is refused in part: what was refused
// once is not stored when it comes in smaller parts, either.
func allOrNothing() layer {
	var (
		mu      sync.Mutex
		spoiled = make(map[string]bool)
	)
	return func(x *exchange) error {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case x.is("POST WS/api/v1/remote_write"):
			if err := x.forward(); err != nil {
				return err
			}
			if x.status == 400 {
				spoiled[x.path] = true
			}
		case (x.is("WS/api/v1/query") || x.is("WS/api/v1/query_range")) && spoiled[strings.TrimSuffix(x.path, "query")+"remote_write"]:
			if err := x.forward(); err != nil {
				return err
			}
			if strings.Contains(x.params().Get("query"), "id=") {
				set("result", []any{})(x)
			}
		}
		return nil
	}
}
