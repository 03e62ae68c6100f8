package sigv4

import (
	"net"
	"net/http"
	"slices"
	"strings"
)

// hosts undoes a change of the Host header, which every signature covers.
func (i *investigation) hosts(yield func(guess) bool) bool {
	return i.eachHost(func(c claim, text string) bool { return yield(guess{CauseHost, text, c}) })
}

// hostsAndPayloads undoes a change of the host together with what clients and
// proxies do to the payload hash most.
func (i *investigation) hostsAndPayloads(yield func(guess) bool) bool {
	if len(i.body) == 0 {
		return true
	}
	return i.eachHost(func(c claim, text string) bool {
		for _, payload := range []string{emptyHash, unsignedPayload} {
			c.payload = payload
			also := " Besides, the body was not signed: " + i.payloadMeaning(payload).text
			if !yield(guess{CauseHost, text + also, c}) {
				return false
			}
		}
		return true
	})
}

// eachHost calls f with the claim of every host that may have been signed.
func (i *investigation) eachHost(f func(claim, string) bool) bool {
	at := slices.IndexFunc(i.names, func(name string) bool { return name == "host" || name == ":authority" })
	for _, host := range i.hostNames() {
		c := i.base.withLine(at, string(appendLine(nil, i.names[at], host)))
		text := "The client signed the host " + host + ", but the request arrived for " + i.r.Host +
			": a proxy, a port forward or a setting of the client changed the Host header after signing. " +
			"Let it pass the client's Host on, or have the client sign the host that arrives."
		if !f(c, text) {
			return false
		}
	}
	return true
}

// hostNames lists the other names this endpoint may have been called by: those that
// proxies pass on, that of AMP itself, the listener's address, with and without port.
func (i *investigation) hostNames() []string {
	var names []string
	add := func(host string) {
		if host != "" && len(host) < 256 && host != i.r.Host && len(names) < maxVaried && !slices.Contains(names, host) {
			names = append(names, host)
		}
	}
	bare, port := i.r.Host, ""
	if h, p, err := net.SplitHostPort(i.r.Host); err == nil {
		bare, port = h, p
	}
	add(bare)
	for _, header := range []string{"X-Forwarded-Host", "X-Original-Host"} {
		for _, value := range i.r.Header.Values(header) {
			for host := range strings.SplitSeq(value, ",") {
				host = strings.TrimSpace(host)
				add(host)
				if forwarded := i.r.Header.Get("X-Forwarded-Port"); forwarded != "" {
					add(net.JoinHostPort(host, forwarded))
				}
			}
		}
	}
	if _, host, ok := strings.Cut(strings.ToLower(i.r.Header.Get("Forwarded")), "host="); ok {
		add(strings.Trim(host[:min(len(host), indexAny(host, ";, "))], `"`))
	}
	for _, host := range endpointHosts(i.v.service, i.v.region) { // [D] amp-api.md 1.1
		add(host)
		add(host + ":443")
	}
	if local, ok := i.r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		if h, p, err := net.SplitHostPort(local.String()); err == nil {
			for _, name := range []string{h, "localhost", "127.0.0.1", bare} {
				add(net.JoinHostPort(name, p))
			}
		}
	}
	add("localhost")
	add("127.0.0.1")
	for _, p := range []string{"80", "443"} {
		if port != p {
			add(net.JoinHostPort(bare, p))
		}
	}
	add(strings.ToLower(i.r.Host))
	return names
}

// endpointHosts are AWS's own names of a service's endpoints in a region.
func endpointHosts(service, region string) []string {
	if service == "aps" {
		return []string{
			"aps-workspaces." + region + ".amazonaws.com", "aps." + region + ".amazonaws.com",
			"aps-workspaces." + region + ".api.aws", "aps." + region + ".api.aws",
		}
	}
	return []string{service + "." + region + ".amazonaws.com", service + ".amazonaws.com"}
}

// indexAny is strings.IndexAny, the length where there is none.
func indexAny(s, chars string) int {
	if at := strings.IndexAny(s, chars); at >= 0 {
		return at
	}
	return len(s)
}
