package sigv4

import (
	"net/textproto"
	"slices"
	"strconv"
	"strings"
)

// stripped puts back the header that AMP's front takes away.
func (i *investigation) stripped(yield func(guess) bool) bool {
	at := slices.Index(i.names, strippedHeader)
	values := i.r.Header.Values(strippedHeader)
	if at < 0 || len(values) == 0 {
		return true
	}
	return yield(guess{CauseHeaderStripped, strippedText, i.base.withLine(at, string(appendLine(nil, strippedHeader, values...)))})
}

const strippedText = "The client signed the header X-Scope-OrgID, which AMP's front takes away before it checks the signature. " +
	"Remove the header from the client: AMP tells tenants apart by the workspace in the path."

// headers undoes changes of signed headers, each by itself.
func (i *investigation) headers(yield func(guess) bool) bool {
	if !i.headerList(yield) || !i.headerValues(yield) {
		return false
	}
	for k, name := range i.names[:min(len(i.names), maxVaried)] {
		if name == "host" || name == ":authority" {
			continue // hosts has tried
		}
		cause, text := CauseHeaderChanged, "The signed header "+name+" arrived with another value than the client signed: "+
			"a proxy or a later step of the client changed it."
		if i.base.lines[k] == "" {
			cause, text = CauseHeaderMissing, "The header "+name+" was signed, but did not arrive: it was empty, or a proxy or the "+
				"client's HTTP library took it away."
		}
		text += " Leave it unsigned, or let nothing touch it after signing."
		for _, value := range i.earlierValues(name) {
			line := name + ":" + value + "\n"
			if line != i.base.lines[k] && !yield(guess{cause, text, i.base.withLine(k, line)}) {
				return false
			}
		}
	}
	return true
}

// headerList undoes changes of the list of signed names.
func (i *investigation) headerList(yield func(guess) bool) bool {
	const remedy = " SignedHeaders must list the names in lower case, sorted, exactly as they were signed."
	c := i.base
	if c.names = strings.Join(i.names, ";"); c.names != i.base.names &&
		!yield(guess{CauseHeaderList, "The client signed the names of the headers in lower case, but wrote them otherwise." + remedy, c}) {
		return false
	}
	if !slices.IsSorted(i.names) {
		sorted := slices.Sorted(slices.Values(i.names))
		c := i.base
		c.names = strings.Join(sorted, ";")
		c.lines = slices.Clone(c.lines)
		slices.Sort(c.lines)
		if !yield(guess{CauseHeaderList, "The client signed the headers sorted by name, but listed them unsorted." + remedy, c}) {
			return false
		}
	}
	if at := slices.Index(i.names, "x-amz-security-token"); at >= 0 {
		c := i.base.withLine(at, "")
		c.names = strings.Join(slices.Delete(slices.Clone(i.names), at, at+1), ";")
		if !yield(guess{CauseTokenAdded, "The session token was added to the request, and to SignedHeaders, after signing." +
			" Give the signer the token together with the key.", c}) {
			return false
		}
	}
	return true
}

// headerValues undoes what was done to the values of all signed headers alike.
func (i *investigation) headerValues(yield func(guess) bool) bool {
	spaced, filled := i.base, i.base
	spaced.lines, filled.lines = slices.Clone(i.base.lines), slices.Clone(i.base.lines)
	missing := 0
	for k, name := range i.names {
		if values := i.r.Header[textproto.CanonicalMIMEHeaderKey(name)]; len(values) > 0 {
			spaced.lines[k] = name + ":" + strings.Join(values, ",") + "\n"
		}
		if i.base.lines[k] == "" {
			missing++
			filled.lines[k] = name + ":\n"
		}
	}
	if !slices.Equal(spaced.lines, i.base.lines) && !yield(guess{CauseHeaderChanged, "The client signed a header's blanks as they are. " +
		"Trim each value and make one blank of several before signing.", spaced}) {
		return false
	}
	return missing < 2 || yield(guess{CauseHeaderMissing, "Several headers were signed without a value, and such headers are not sent. " +
		"Remove them before signing.", filled})
}

// earlierValues lists what a header may have held when it was signed. A value never
// gets into a text: it may be a secret.
func (i *investigation) earlierValues(name string) []string {
	values := i.r.Header[textproto.CanonicalMIMEHeaderKey(name)]
	out := []string{""} // a header without a value is signed and not sent, as Go's clients do with Idempotency-Key
	add := func(value string) { out = append(out, strings.TrimSpace(value)) }
	joined := strings.Join(values, ",")
	if len(values) > 1 { // a proxy added one, merged them or turned them round
		add(values[0])
		add(values[len(values)-1])
		add(strings.Join(values, ", "))
	}
	if last := strings.LastIndexByte(joined, ','); last >= 0 { // a proxy appended or put in front
		add(joined[:last])
		add(joined[strings.IndexByte(joined, ',')+1:])
		add(strings.ReplaceAll(joined, ", ", ","))
	}
	switch name {
	case "content-type":
		media, _, _ := strings.Cut(joined, ";")
		add(media)
		out = append(out, media+"; charset=utf-8", media+";charset=utf-8", "application/x-www-form-urlencoded",
			"application/x-www-form-urlencoded; charset=utf-8", "application/json", "application/x-protobuf", "application/x-amz-json-1.1")
	case "content-encoding":
		out = append(out, "snappy", "gzip", "identity")
	case "content-length":
		out = append(out, "0", strconv.Itoa(len(i.body)))
	case "accept-encoding":
		out = append(out, "identity", "gzip", "gzip, deflate", "gzip, deflate, br", "*")
	case "accept":
		out = append(out, "*/*", "application/json", "application/xml")
	case "connection":
		out = append(out, "keep-alive", "close")
	case "transfer-encoding":
		out = append(out, "chunked", "identity")
	case "te":
		out = append(out, "trailers")
	case "expect":
		out = append(out, "100-continue")
	case "user-agent":
		out = append(out, "Go-http-client/1.1", "Go-http-client/2.0")
	case "x-amzn-trace-id": // a load balancer puts itself in front
		_, rest, _ := strings.Cut(joined, ";")
		add(rest)
	}
	return out
}
