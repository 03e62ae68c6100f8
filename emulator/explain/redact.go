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

// shortestSecret keeps short values, which would eat innocent text, out of the
// literals.
const shortestSecret = 8

// Redactor removes secrets, tokens and signatures from texts about one request. The
// client itself gets its error as AWS writes it, token included; what others can look
// at, logs and the console, does not have it.
type Redactor struct {
	literals []string
}

// NewRedactor makes the redactor of a request: it takes out the secrets given, such
// as that of the key, and what the request carries in secret places.
func NewRedactor(r *http.Request, secrets ...string) Redactor {
	var red Redactor
	for _, secret := range secrets {
		red.add(secret)
	}
	for name, values := range r.Header {
		if !secretName(name) {
			continue
		}
		for _, v := range values {
			red.add(v)
			_, credential, _ := strings.Cut(v, " ")
			red.add(credential)
			_, signature, _ := strings.Cut(v, "Signature=")
			red.add(signature)
		}
	}
	raw := r.RequestURI
	if raw == "" && r.URL != nil {
		raw = r.URL.RequestURI()
	}
	_, query, _ := strings.Cut(raw, "?")
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		name, value, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err == nil && secretName(plain) {
			red.literals = addLong(red.literals, value)
			if plain, err := url.QueryUnescape(value); err == nil {
				red.add(plain)
			}
		}
	}
	// The longest first, so that no piece of one is left when a shorter is its beginning.
	slices.SortFunc(red.literals, func(a, b string) int { return len(b) - len(a) })
	red.literals = slices.Compact(red.literals)
	return red
}

// add takes up a secret in the forms it may stand in: plain, trimmed, escaped for a
// query once and twice, in base64.
func (r *Redactor) add(secret string) {
	trimmed := strings.TrimSpace(secret)
	if len(trimmed) < shortestSecret {
		return
	}
	once := strings.ReplaceAll(url.QueryEscape(trimmed), "+", "%20")
	twice := url.QueryEscape(once)
	for _, form := range []string{
		secret, trimmed, url.QueryEscape(trimmed), once, twice,
		strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(trimmed)), "="),
	} {
		r.literals = addLong(r.literals, form)
	}
}

func addLong(literals []string, s string) []string {
	if len(s) < shortestSecret || slices.Contains(literals, s) {
		return literals
	}
	return append(literals, s)
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
// lines and parameters of a secret name lose their values, whoever's they are.
func (r Redactor) Text(s string) string {
	if s == "" {
		return ""
	}
	for _, l := range r.literals {
		s = strings.ReplaceAll(s, l, Redacted)
	}
	lines := strings.Split(s, "\n")
	for k, line := range lines {
		lines[k] = redactParams(redactHeader(line))
	}
	return strings.Join(lines, "\n")
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
// of AWS are of one case, secrets are not ([D]).
func (r Redactor) KeyID(id string) string {
	if id == "" {
		return ""
	}
	for _, l := range r.literals {
		if strings.HasPrefix(l, id) || strings.HasPrefix(id, l) {
			return Redacted
		}
	}
	if len(id) >= shortestSecret && strings.ToUpper(id) != id && strings.ToLower(id) != id {
		return Redacted
	}
	return r.Text(id)
}
