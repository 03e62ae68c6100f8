package conformance_test

import (
	"strings"

	"github.com/ampersand-amp/ampersand/e2e/conformance"
	"github.com/ampersand-amp/ampersand/emulator"
)

// group is a part of the API.
type group struct {
	name   string
	routes []string
	in     []string
	also   []conformance.Area
}

// groups are all parts of the API.
func groups() []group {
	return []group{
		{"writes", []string{"WS/api/v1/remote_write", "WS/api/v1/remote_write/"},
			[]string{"remote-write", "read-back", "quotas", "authentication", "authorization.data", "authorization.workspace"}, dataAreas()},
		{"queries", []string{"WS/api/v1/query", "WS/api/v1/query_range"},
			[]string{"query", "authentication", "authorization", "quotas", "rules.evaluated"}, dataAreas()},
		{"series", []string{"WS/api/v1/series", "WS/api/v1/labels", "WS/api/v1/label/**", "WS/api/v1/metadata"},
			[]string{"series", "metadata", "quotas", "authorization.data", "remote-write.metadata", "remote-write.version2"}, dataAreas()},
		{"rules", []string{"WS/api/v1/rules", "WS/api/v1/alerts"},
			[]string{"rules", "authorization.data", "authorization.workspace"}, dataAreas()},
		{"the alert manager", []string{"WS/alertmanager/api/**"},
			[]string{"alertmanager", "authorization.data", "authorization.workspace"}, dataAreas()},
		{"definitions", []string{"WS/rulegroupsnamespaces**", "WS/alertmanager/definition"},
			[]string{"control-plane", "rules.list", "authorization.control"}, controlAreas()},
		{"workspaces", []string{"WS", "WS/alias", "/workspaces", "/workspaces/"},
			[]string{"control-plane", "authentication", "authorization.control", "authorization.workspace", "authorization.condition"}, controlAreas()},
		{"the rest of the control plane", []string{
			"WS/logging**", "WS/configuration**", "WS/policy**", "WS/anomalydetectors**", "/scrapers**", "/scraperconfiguration**", "/tags/**",
		}, []string{"control-plane", "authorization.control", "authentication.path"}, controlAreas()},
		{"roles", []string{"POST /", "GET /"}, []string{"authentication.sts", "authentication.session", "authentication.presigned", "authentication.accepted", "authorization.data"},
			append(dataAreas(), conformance.ControlPlane)},
	}
}

// dataAreas are those that use the data plane, controlAreas those that use the
// control plane besides it.
func dataAreas() []conformance.Area {
	return []conformance.Area{
		conformance.RemoteWriting, conformance.ReadBack, conformance.Querying, conformance.Metadata, conformance.SeriesLabels,
		conformance.Quotas, conformance.Rules, conformance.AlertManager, conformance.Authentication, conformance.Authorization,
	}
}

func controlAreas() []conformance.Area { return append(dataAreas(), conformance.ControlPlane) }

// coarseMutations break a whole part of the API at once.
func coarseMutations() []mutation {
	var out []mutation
	for _, g := range groups() {
		for _, f := range []struct {
			name   string
			layer  layer
			coarse bool
		}{
			{"fail", accepted(func(x *exchange) { x.status, x.body = 400, []byte("no") }), true},
			{"take what they should refuse", refused(func(x *exchange) { x.answer(200, "{}") }), true},
			{"refuse with another status", refused(otherStatus), false},
			{"refuse with another text", refused(otherText), false},
		} {
			out = append(out, mutation{name: g.name + " " + f.name, coarse: f.coarse, layer: on(f.layer, g.routes...), in: g.in, also: g.also})
		}
	}
	return out
}

// otherStatus answers with a status of the same class.
func otherStatus(x *exchange) {
	switch x.status {
	case 200:
		x.status = 201
	case 202, 204:
		x.status = 200
	case 400:
		x.status = 422
	case 403:
		x.status = 401
	case 404:
		x.status = 410
	default:
		x.status = 400
	}
}

// otherText has a refusal say something else, in the same form.
func otherText(x *exchange) {
	const text = "Something went wrong."
	before := string(x.body)
	for _, member := range []string{"message", "Message", "error"} {
		set(member, text)(x)
	}
	switch {
	case strings.HasPrefix(before, "<"):
		replace(`(?s)<Message>.*</Message>`, "<Message>"+text+"</Message>")(x)
	case string(x.body) == before:
		x.body = []byte(text + "\n")
	}
}

// configMutations are emulators that are set up in another way.
func configMutations() []mutation {
	out := []mutation{
		{name: "no signature needed", config: func(c *emulator.Config) { c.Auth = emulator.AuthOff },
			in: []string{"authentication", "authorization.data"}, kills: []string{"authentication.missing.query", "authentication.missing.remote-write"}},
		{name: "ranges are not aligned", config: func(c *emulator.Config) { c.NoRangeAlignment = true },
			in: []string{"query", "read-back"}, also: dataAreas()},
		{name: "no sample is late", config: func(c *emulator.Config) { c.OutOfOrderWindow = -1 },
			in: []string{"remote-write", "read-back", "control-plane.configuration"}, also: dataAreas(), kills: []string{"control-plane.configuration.default-out-of-order"}},
		{name: "samples may be late by ten minutes", config: func(c *emulator.Config) { c.OutOfOrderWindow = 600e9 },
			in: []string{"remote-write", "read-back", "control-plane.configuration"}, also: dataAreas(), kills: []string{"control-plane.configuration.default-out-of-order"}},
	}
	for _, q := range []struct{ name, value, kills string }{
		{"sample-age", "unlimited", "remote-write.age.over-an-hour"},
		{"labels-per-series", "10", "remote-write.labels.twenty"},
		{"labels-per-series", "unlimited", "quotas.labels.too-many"},
		{"request-size", "unlimited", "quotas.request-size.write"},
		{"request-size", "500000", "quotas.request-size.write-full"},
	} {
		out = append(out, mutation{
			name:   "the quota " + q.name + " is " + q.value,
			config: func(c *emulator.Config) { c.Quotas[q.name] = q.value },
			in:     []string{"remote-write", "quotas"}, also: dataAreas(), kills: []string{q.kills},
		})
	}
	return out
}
