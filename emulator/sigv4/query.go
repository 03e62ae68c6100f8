package sigv4

import (
	"bytes"
	"slices"
	"strings"
)

// param is one query parameter inside scratch.query: the encoded name is
// [start,equals), the encoded value [equals,end).
type param struct {
	start, equals, end int
}

// appendQuery appends the canonical query: every name and value decoded, encoded by
// the strict set, sorted by encoded name and value, X-Amz-Signature left out ([M]
// amp-api.md 5.1, canonical query).
func (s *scratch) appendQuery(dst []byte, raw string) []byte {
	s.query, s.params = s.query[:0], s.params[:0]
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		p := param{start: len(s.query)}
		s.query = appendRecoded(s.query, name)
		p.equals = len(s.query)
		if string(s.query[p.start:p.equals]) == paramSignature {
			s.query = s.query[:p.start]
			continue
		}
		s.query = appendRecoded(s.query, value)
		p.end = len(s.query)
		s.params = append(s.params, p)
	}
	buf := s.query
	slices.SortFunc(s.params, func(a, b param) int {
		if c := bytes.Compare(buf[a.start:a.equals], buf[b.start:b.equals]); c != 0 {
			return c
		}
		return bytes.Compare(buf[a.equals:a.end], buf[b.equals:b.end])
	})
	for i, p := range s.params {
		if i > 0 {
			dst = append(dst, '&')
		}
		dst = append(dst, buf[p.start:p.equals]...)
		dst = append(dst, '=')
		dst = append(dst, buf[p.equals:p.end]...)
	}
	return dst
}

// appendRecoded decodes a query component and encodes it again by the strict set.
func appendRecoded(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		c, width := decodeByte(s[i:])
		i += width - 1
		if unreserved(c) {
			dst = append(dst, c)
		} else {
			dst = appendEscape(dst, c)
		}
	}
	return dst
}

// queryParam returns the decoded first value of one query parameter.
func queryParam(raw, want string) (string, bool) {
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		name, value, _ := strings.Cut(pair, "=")
		if name == want || len(name) > len(want) && decode(name) == want {
			return decode(value), true
		}
	}
	return "", false
}

// decode undoes percent escapes and plus signs.
func decode(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c, width := decodeByte(s[i:])
		i += width - 1
		out = append(out, c)
	}
	return string(out)
}

// decodeByte returns the byte that a query component begins with, and how many
// bytes of it were read. A percent sign that escapes nothing stands for itself.
func decodeByte(s string) (c byte, width int) {
	switch {
	case s[0] == '+':
		return ' ', 1
	case s[0] == '%' && len(s) > 2:
		high, ok1 := unhex(s[1])
		low, ok2 := unhex(s[2])
		if ok1 && ok2 {
			return high<<4 | low, 3
		}
	}
	return s[0], 1
}

// unhex is the value of a hex digit.
func unhex(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
