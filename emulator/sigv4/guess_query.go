package sigv4

import (
	"slices"
	"strings"
)

// queryRule is a wrong way to make a canonical query, as clients are known to do it.
type queryRule struct {
	cause, text string
	encode      func(raw string) string // of one name or value as it is on the wire
	unsorted    bool
	sloppy      bool // a value ends at its second equal sign
}

// queries undoes changes of the query and of the way it was encoded.
func (i *investigation) queries(yield func(guess) bool) bool {
	if i.target.query == "" {
		return true
	}
	try := func(cause, canonical, text string) bool {
		c := i.base
		c.query = canonical
		return canonical == i.base.query || yield(guess{cause, text, c})
	}
	const rule = " Decode each name and value, encode it again with %20 for a blank and upper-case hex, and sort."
	pairs := 1 + strings.Count(i.target.query, "&")
	strict := func(raw string) string { return string(appendRecoded(nil, raw)) }
	for _, q := range []queryRule{
		{cause: CauseQueryEncoding, text: "The client signed a plus sign where the request has a blank: + in a query is a blank. " +
			"Send a real plus as %2B." + rule, encode: func(raw string) string { return strict(strings.ReplaceAll(raw, "+", "%2B")) }},
		{cause: CauseQueryEncoding, text: "The client signed blanks as +, and AWS wants %20." + rule,
			encode: func(raw string) string { return strings.ReplaceAll(strict(raw), "%20", "+") }},
		{cause: CauseQueryTwice, text: "The client encoded the query twice before it signed: it was given one that is encoded already " +
			"(awscurl does so). Give the client the query in plain text.",
			encode: func(raw string) string { return encodeExcept(raw, "") }},
		{cause: CauseQueryOrder, text: "The client signed the parameters unsorted." + rule, encode: strict, unsorted: true},
		{cause: CauseQueryEncoding, text: "The client signed the query as it stands in the URL." + rule,
			encode: func(raw string) string { return raw }, unsorted: true},
		{cause: CauseQueryEncoding, text: "The client signed the query as it stands in the URL." + rule,
			encode: func(raw string) string { return raw }},
		{cause: CauseQueryEncoding, text: "The client signed the query without encoding it." + rule, encode: decode},
		{cause: CauseQueryEncoding, text: "The client signed the query with escapes in lower-case hex." + rule,
			encode: func(raw string) string { return lowerEscapes(strict(raw)) }},
		{cause: CauseQueryEncoding, text: "The client cut a value at its second equal sign before it signed (awscurl does so). Send = as %3D." + rule,
			encode: strict, sloppy: true},
		{cause: CauseQueryEncoding, text: "The client signed the slash in the query unencoded." + rule,
			encode: func(raw string) string { return encodeExcept(decode(raw), "/") }},
		{cause: CauseQueryEncoding, text: "The client left !'()* in the query unencoded." + rule,
			encode: func(raw string) string { return encodeExcept(decode(raw), "!'()*") }},
		{cause: CauseQueryEncoding, text: "The client left the colon, comma and slash in the query unencoded." + rule,
			encode: func(raw string) string { return encodeExcept(decode(raw), ":,/") }},
		{cause: CauseQueryEncoding, text: "The client left the characters unencoded that a query may hold as they are." + rule,
			encode: func(raw string) string { return encodeExcept(decode(raw), "!$'()*,;:@/?") }},
	} {
		i.budget -= pairs * pairCost
		if !try(q.cause, q.canonical(i.target.query), q.text) {
			return false
		}
	}
	if !try(CauseQueryEncoding, bareNames(i.base.query), "The client signed a parameter without a value "+
		"without its equal sign."+rule) {
		return false
	}
	return i.addedParams(try)
}

// addedParams leaves out what may have been added after signing: the whole query,
// or one parameter.
func (i *investigation) addedParams(try func(cause, canonical, text string) bool) bool {
	const remedy = " Add it before the request is signed."
	if !i.auth.presigned && !try(CauseQueryAdded, "", "The client signed the request without a query: the query was added after signing."+remedy) {
		return false
	}
	pairs := strings.Split(i.base.query, "&")
	for k := range pairs[:min(len(pairs), maxVaried)] {
		name, _, _ := strings.Cut(pairs[k], "=")
		cause, text := CauseQueryAdded, "A parameter was added to the query after signing."
		if name == paramSecurityToken {
			cause, text = CauseTokenAdded, "The session token was added to the query after signing."
		}
		if !try(cause, strings.Join(slices.Delete(slices.Clone(pairs), k, k+1), "&"), text+remedy) {
			return false
		}
	}
	return true
}

// canonical makes the canonical query by the rule.
func (q queryRule) canonical(raw string) string {
	var pairs []string
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		if name == paramSignature {
			continue
		}
		if q.sloppy {
			value, _, _ = strings.Cut(value, "=")
		}
		pairs = append(pairs, q.encode(name)+"="+q.encode(value))
	}
	if !q.unsorted {
		slices.Sort(pairs)
	}
	return strings.Join(pairs, "&")
}

// encodeExcept escapes every byte but the unreserved ones and those given.
func encodeExcept(s, kept string) string {
	out := make([]byte, 0, len(s))
	for k := range len(s) {
		if c := s[k]; unreserved(c) || strings.IndexByte(kept, c) >= 0 {
			out = append(out, c)
		} else {
			out = appendEscape(out, c)
		}
	}
	return string(out)
}

// lowerEscapes puts the hex digits of escapes into lower case.
func lowerEscapes(s string) string {
	out := []byte(s)
	for k := 0; k+2 < len(out); k++ {
		if out[k] == '%' {
			copy(out[k+1:k+3], strings.ToLower(s[k+1:k+3]))
			k += 2
		}
	}
	return string(out)
}

// bareNames takes the equal sign from parameters without a value.
func bareNames(canonical string) string {
	pairs := strings.Split(canonical, "&")
	for k, pair := range pairs {
		pairs[k] = strings.TrimSuffix(pair, "=")
	}
	return strings.Join(pairs, "&")
}
