package sigv4test

import (
	"bytes"
	"slices"
	"strings"
)

// Place is a part of a request that its signature depends on.
type Place string

// The places. All but the body are words of the head.
const (
	PlaceAlgorithm     Place = "algorithm"
	PlaceKey           Place = "access key id"
	PlaceScopeDay      Place = "day of the scope"
	PlaceRegion        Place = "region of the scope"
	PlaceService       Place = "service of the scope"
	PlaceTerminator    Place = "end of the scope"
	PlaceSeparator     Place = "separator of the credential"
	PlaceSignedHeaders Place = "names of the signed headers"
	PlaceSignature     Place = "signature"
	PlaceDate          Place = "date"
	PlaceToken         Place = "session token"
	PlacePath          Place = "path"
	PlaceQuery         Place = "query"
	PlaceHost          Place = "host"
	PlaceLength        Place = "length"
	PlaceHeader        Place = "signed header"
	PlaceBody          Place = "body"
)

// Spot is one place of one request.
type Spot struct {
	Place Place
	// Header is the name of the header that PlaceHeader is the value of.
	Header string

	of Request
	at span
}

// Len is how many bytes can be changed.
func (s Spot) Len() int { return s.at.len() }

// Change is a request of which one byte was changed.
type Change struct {
	Spot
	// Request is what became of it.
	Request Request
	// Offset is that of the byte, in the request.
	Offset int
}

// Change changes the byte with that number into another that may stand there, and
// that means something else.
func (s Spot) Change(n int) Change {
	c := Change{Spot: s, Request: slices.Clone(s.of), Offset: s.at.start + n}
	was := c.Request[c.Offset]
	now := other(was)
	if s.Place == PlaceSignature { // stays a digit of its kind
		now = "0123456789abcdef"[(strings.IndexByte("0123456789abcdef", was)+1)%16]
	}
	if s.Place == PlaceBody {
		now = was ^ 1
	}
	c.Request[c.Offset] = now
	return c
}

// other is a byte of the same kind: digits stay digits, also hexadecimal ones, and
// letters letters. Whatever else, separators and escapes too, becomes a letter, so
// that nothing is said twice in two spellings.
func other(c byte) byte {
	switch {
	case c == '9' || c == 'f' || c == 'F' || c == 'z' || c == 'Z':
		return c - 1
	case c >= '0' && c < '9' || c >= 'a' && c < 'z' || c >= 'A' && c < 'Z':
		return c + 1
	}
	return 'x'
}

// Half says that the changed request announces more than it has.
func (c Change) Half() bool { return c.Place == PlaceLength }

// Spots finds the places of a signed request: each signed header, each part of the
// authorization, path, query and body.
func Spots(r Request) []Spot {
	f := finder{of: r}
	line := bytes.IndexByte(r, ' ') + 1
	target := span{line, line + len(r.Target())}
	path := target
	if query := strings.IndexByte(r.Target(), '?'); query >= 0 {
		path.end = target.start + query
		f.query(span{path.end + 1, target.end})
	}
	// What does not begin with a slash is no request to any server.
	f.add(PlacePath, "", span{path.start + 1, path.end})
	if at := r.header("Authorization"); at.len() > 0 {
		f.authorization(at)
		f.add(PlaceToken, "", r.header("X-Amz-Security-Token"))
	}
	f.signedHeaders()
	f.add(PlaceBody, "", span{r.headEnd(), len(r)})
	return f.spots
}

type finder struct {
	of    Request
	names string // of the signed headers
	spots []Spot
}

func (f *finder) add(place Place, header string, at span) {
	if at.len() > 0 {
		f.spots = append(f.spots, Spot{Place: place, Header: header, of: f.of, at: at})
	}
}

// text is a piece of the request.
func (f *finder) text(at span) string { return string(f.of[at.start:at.end]) }

// authorization takes the header apart: ALGORITHM Credential=, SignedHeaders=, Signature=.
func (f *finder) authorization(at span) {
	text := f.text(at)
	blank := strings.IndexByte(text, ' ')
	f.add(PlaceAlgorithm, "", span{at.start, at.start + blank})
	value := func(name string) span {
		start := strings.Index(text, name+"=") + len(name) + 1
		end := start + strings.IndexByte(text[start:]+",", ',')
		return span{at.start + start, at.start + end}
	}
	f.credential(value("Credential"), "/")
	f.names = f.text(value("SignedHeaders"))
	f.add(PlaceSignedHeaders, "", value("SignedHeaders"))
	f.add(PlaceSignature, "", value("Signature"))
}

// credential takes KEY/DAY/REGION/SERVICE/END apart.
func (f *finder) credential(at span, separator string) {
	places := []Place{PlaceKey, PlaceScopeDay, PlaceRegion, PlaceService, PlaceTerminator}
	for k, element := range strings.Split(f.text(at), separator) {
		f.add(places[min(k, len(places)-1)], "", span{at.start, at.start + len(element)})
		at.start += len(element)
		if at.start < at.end {
			f.add(PlaceSeparator, "", span{at.start, at.start + len(separator)})
			at.start += len(separator)
		}
	}
}

// query is one place, unless it is presigned: then each parameter's value is one of
// its own.
func (f *finder) query(at span) {
	if !strings.Contains(f.text(at), "X-Amz-Signature=") {
		f.add(PlaceQuery, "", at)
		return
	}
	for pair := range strings.SplitSeq(f.text(at), "&") {
		name, value, _ := strings.Cut(pair, "=")
		here := span{at.start + len(pair) - len(value), at.start + len(pair)}
		switch name {
		case "X-Amz-Algorithm":
			f.add(PlaceAlgorithm, "", here)
		case "X-Amz-Credential":
			f.credential(here, "%2F")
		case "X-Amz-Date":
			f.add(PlaceDate, "", here)
		case "X-Amz-SignedHeaders":
			f.names = strings.ReplaceAll(value, "%3B", ";")
			f.add(PlaceSignedHeaders, "", here)
		case "X-Amz-Signature":
			f.add(PlaceSignature, "", here)
		case "X-Amz-Security-Token":
			f.add(PlaceToken, "", here)
		default:
			f.add(PlaceQuery, "", span{at.start, at.start + len(pair)})
		}
		at.start += len(pair) + 1
	}
}

// signedHeaders adds the values of the signed headers that arrived.
func (f *finder) signedHeaders() {
	for name := range strings.SplitSeq(f.names, ";") {
		at := f.of.header(name)
		switch name {
		case "host":
			f.add(PlaceHost, name, at)
		case "x-amz-date":
			f.add(PlaceDate, name, at)
		case "content-length":
			f.add(PlaceLength, name, at)
		case "x-amz-security-token": // is there, signed or not
		default:
			f.add(PlaceHeader, name, at)
		}
	}
}
