package explain

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Redacted stands in the place of what is not shown.
const Redacted = "[redacted]"

// Bounds of what is looked for.
const (
	// shortestSecret keeps short values, which would eat innocent text, out of the
	// literals.
	shortestSecret = 8
	// maxLiterals and maxLiteralBytes are far more than an honest request has secrets,
	// in all their forms. Of one with more nothing is shown, so that what it costs to
	// redact does not grow with the square of a request that nobody signed.
	maxLiterals     = 128
	maxLiteralBytes = 64 << 10
)

// Redactor removes secrets, tokens and signatures from texts about one request. The
// client itself gets its error as AWS writes it, token included; what others can look
// at, logs and the console, does not have it.
type Redactor struct {
	// Secret, if set, reports whether a text is, or begins like, the secret of somebody.
	// It is asked about ids of keys.
	Secret func(text string) bool

	literals []string // the longest first
	bytes    int      // of the literals
	all      bool     // there are too many to look for
}

// NewRedactor makes the redactor of a request: it takes out the secrets given, such
// as that of the key, and what the request carries in secret places.
func NewRedactor(r *http.Request, secrets ...string) Redactor {
	red := Redactor{literals: make([]string, 0, 16)}
	for _, secret := range secrets {
		red.add(secret)
	}
	for name, values := range r.Header {
		if !secretName(name) {
			continue
		}
		for _, v := range values {
			_, signature, signed := strings.Cut(v, "Signature=")
			red.add(signature)
			if signed && strings.HasPrefix(v, "AWS4-") {
				continue // the rest of it is what is explained
			}
			red.add(v)
			_, credential, _ := strings.Cut(v, " ")
			red.add(credential)
		}
	}
	raw := r.RequestURI
	if raw == "" && r.URL != nil {
		raw = r.URL.RequestURI()
	}
	_, query, _ := strings.Cut(raw, "?")
	for query != "" && !red.all {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		name, value, _ := strings.Cut(pair, "=")
		if len(value) < shortestSecret {
			continue
		}
		if plain, err := url.QueryUnescape(name); err == nil && secretName(plain) {
			red.literal(value)
			if plain, err := url.QueryUnescape(value); err == nil {
				red.add(plain)
			}
		}
	}
	// The longest first, so that no piece of one is left when a shorter is its beginning.
	slices.SortFunc(red.literals, func(a, b string) int { return len(b) - len(a) })
	return red
}

// add takes up a secret in the forms it may stand in: plain, trimmed, escaped for a
// query once and twice, in base64.
func (r *Redactor) add(secret string) {
	trimmed := strings.TrimSpace(secret)
	if len(trimmed) < shortestSecret || r.all || slices.Contains(r.literals, secret) {
		return
	}
	if len(secret) > maxLiteralBytes {
		r.all = true // without first making its forms
		return
	}
	r.literal(secret)
	r.literal(trimmed)
	r.literal(strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(trimmed)), "="))
	escaped := url.QueryEscape(trimmed)
	if escaped == trimmed {
		return
	}
	once := strings.ReplaceAll(escaped, "+", "%20")
	r.literal(escaped)
	r.literal(once)
	r.literal(url.QueryEscape(once))
}

// literal takes up one form of a secret.
func (r *Redactor) literal(s string) {
	if len(s) < shortestSecret || r.all || slices.Contains(r.literals, s) {
		return
	}
	r.literals = append(r.literals, s)
	r.bytes += len(s)
	r.all = len(r.literals) > maxLiterals || r.bytes > maxLiteralBytes
}

// secretName reports whether a header or a parameter of this name is likely to hold
// what must not be shown. The hash of a payload is no secret.
func secretName(name string) bool {
	name = strings.ToLower(name)
	for _, part := range []string{"token", "secret", "password", "auth", "cookie", "signature", "credential", "api-key", "apikey"} {
		// The credential's scope and the authority are what is explained.
		if strings.Contains(name, part) && name != "x-amz-credential" && name != ":authority" {
			return true
		}
	}
	return false
}

// Text takes the secrets out of a text, which may be a canonical request: header
// lines and parameters of a secret name lose their values, whoever's they are, and so
// do the tokens of identity providers wherever they stand.
func (r Redactor) Text(s string) string {
	if s == "" {
		return ""
	}
	if r.all {
		return Redacted
	}
	if slices.ContainsFunc(r.literals, func(l string) bool { return strings.Contains(s, l) }) {
		pairs := make([]string, 0, 2*len(r.literals))
		for _, l := range r.literals {
			pairs = append(pairs, l, Redacted)
		}
		s = strings.NewReplacer(pairs...).Replace(s)
	}
	s = redactJWT(s)
	if !strings.ContainsAny(s, ":=") {
		return s
	}
	lines := strings.Split(s, "\n")
	for k, line := range lines {
		lines[k] = redactParams(redactHeader(line))
	}
	return strings.Join(lines, "\n")
}

// textOf is Text for the beginning of a text that may be as long as a request: what is
// not shown is not worked on.
func (r Redactor) textOf(s string, limit int) string {
	if len(s) > limit && !r.all {
		end := limit
		for _, l := range r.literals { // none is cut in two, of which the first half would be shown
			from := max(0, end-len(l)+1)
			if k := strings.Index(s[from:min(len(s), end+len(l)-1)], l); k >= 0 {
				end = from + k
			}
		}
		s = s[:end]
	}
	return cut(r.Text(s), limit)
}

// redactJWT takes out what looks like a web identity token: three parts in base64url
// joined by dots, the first the beginning of a JSON object. The last may be missing
// its characters, as of a token that is not signed or was cut.
func redactJWT(s string) string {
	const begin = "eyJ" // {" in base64
	at := strings.Index(s, begin)
	if at < 0 {
		return s
	}
	var out strings.Builder
	for at >= 0 {
		end, dots := at, 0
		for ; end < len(s) && (s[end] == '.' || base64url(s[end])); end++ {
			if s[end] == '.' {
				dots++
			}
		}
		out.WriteString(s[:at])
		if dots >= 2 {
			out.WriteString(Redacted)
		} else {
			out.WriteString(s[at:end])
		}
		s = s[end:]
		at = strings.Index(s, begin)
	}
	out.WriteString(s)
	return out.String()
}

func base64url(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}

// redactHeader takes the value from the line of a secret header. A line that is prose
// has a blank before its colon and is left alone.
func redactHeader(line string) string {
	name, _, ok := strings.Cut(line, ":")
	if !ok || name == "" || strings.ContainsAny(strings.TrimSpace(name), " \t'\"=&;") || !secretName(name) {
		return line
	}
	return name + ":" + Redacted
}

// redactParams takes the values from the parameters of a secret name in a line that
// is, or holds, a query.
func redactParams(line string) string {
	if !strings.Contains(line, "=") {
		return line
	}
	var out strings.Builder
	for line != "" {
		end := strings.IndexAny(line, "& ?,'\"")
		piece, separator := line, ""
		if end >= 0 {
			piece, separator = line[:end], line[end:end+1]
			line = line[end+1:]
		} else {
			line = ""
		}
		name, value, ok := strings.Cut(piece, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			if ok && value != "" && secretName(plain) {
				piece = name + "=" + Redacted
			}
		}
		out.WriteString(piece)
		out.WriteString(separator)
	}
	return out.String()
}

// KeyID is text for the id of an access key. Whoever mixes up the two halves of a
// key sends the secret as its id, or, as secrets have slashes, a piece of it. The ids
// of AWS are of one case, secrets are not ([D]); secrets of a user's own making may be,
// which is what Secret is for.
func (r Redactor) KeyID(id string) string {
	if id == "" {
		return ""
	}
	if r.all || r.Secret != nil && r.Secret(id) {
		return Redacted
	}
	for _, l := range r.literals {
		if strings.HasPrefix(l, id) || strings.Contains(id, l) {
			return Redacted
		}
	}
	if len(id) >= shortestSecret && strings.ToUpper(id) != id && strings.ToLower(id) != id {
		return Redacted
	}
	return r.Text(id)
}
