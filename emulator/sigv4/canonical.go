package sigv4

import (
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
)

// strippedHeader never reaches the check at AMP: a client that signs it is refused
// ([O] amp-api.md 1.5, grafana/tempo#2973; that it is left out of the canonical
// request is [I]).
const strippedHeader = "x-scope-orgid"

// scratch holds the buffers of one verification.
type scratch struct {
	canonical, toSign, query []byte
	params                   []param
}

// keepable says that the buffers are small enough to be worth keeping.
func (s *scratch) keepable() bool {
	const most = 64 << 10
	return cap(s.canonical)+cap(s.toSign)+cap(s.query)+24*cap(s.params) <= most
}

// buildCanonical puts the canonical request into s.canonical: method, path, query,
// one line for each signed header, an empty line, the names, the payload hash.
func (s *scratch) buildCanonical(r *http.Request, path, rawQuery string, names []string, body []byte, payloadHash string) {
	b := s.canonical[:0]
	b = append(b, r.Method...)
	b = append(b, '\n')
	b = appendPath(b, path)
	b = append(b, '\n')
	b = s.appendQuery(b, rawQuery)
	b = append(b, '\n')
	for _, name := range names {
		b = appendHeader(b, r, strings.ToLower(name), body)
	}
	b = append(b, '\n')
	for i, name := range names {
		if i > 0 {
			b = append(b, ';')
		}
		b = append(b, name...)
	}
	b = append(b, '\n')
	b = append(b, payloadHash...)
	s.canonical = b
}

// appendHeader appends the line of one signed header, its name in lower case. A header that was signed but
// did not arrive has no line ([SS]), which makes the signature differ. net/http
// takes Host and Transfer-Encoding out of the header map, and a front may take
// Content-Length: those come from the request itself (amp-api.md 5.3, 3).
func appendHeader(b []byte, r *http.Request, name string, body []byte) []byte {
	switch name {
	case strippedHeader:
		return b
	case "host", ":authority":
		return appendLine(b, name, r.Host)
	}
	if values := r.Header[textproto.CanonicalMIMEHeaderKey(name)]; len(values) > 0 {
		return appendLine(b, name, values...)
	}
	switch name {
	case "content-length":
		length := r.ContentLength
		if length <= 0 {
			length = int64(len(body))
		}
		return appendLine(b, name, strconv.FormatInt(length, 10))
	case "transfer-encoding":
		if len(r.TransferEncoding) > 0 {
			return appendLine(b, name, r.TransferEncoding...)
		}
	}
	return b
}

// appendLine appends "name:value,value\n", the values trimmed and their inner runs
// of blanks collapsed ([M] amp-api.md 5.1, header block).
func appendLine(b []byte, name string, values ...string) []byte {
	b = append(b, name...)
	b = append(b, ':')
	for i, value := range values {
		if i > 0 {
			b = append(b, ',')
		}
		value = strings.Trim(value, " \t")
		if !strings.Contains(value, "  ") {
			b = append(b, value...)
			continue
		}
		for j := range len(value) {
			if value[j] != ' ' || value[j-1] != ' ' { // value[0] is no blank
				b = append(b, value[j])
			}
		}
	}
	return append(b, '\n')
}
