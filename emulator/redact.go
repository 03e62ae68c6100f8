package emulator

import (
	"net/http"
	"regexp"
	"strings"
)

const redacted = "[redacted]"

// Where a canonical request carries what must not be shown: the lines of signed
// headers and the parameters of a presigned query.
var (
	secretHeader = regexp.MustCompile(`(?im)^(x-amz-security-token|authorization|proxy-authorization|cookie):.*$`)
	secretParam  = regexp.MustCompile(`(?i)(x-amz-security-token=)[^&\s]*`)
)

// redactor removes secrets and tokens from texts about one request. The client
// itself gets its error as AWS writes it, token included; what others can look
// at, logs and the console, does not have it.
type redactor struct {
	literals []string
}

func newRedactor(r *http.Request, secrets ...string) redactor {
	var red redactor
	add := func(values ...string) {
		for _, v := range values {
			if len(v) >= 8 { // shorter ones would eat innocent text
				red.literals = append(red.literals, v)
			}
		}
	}
	add(secrets...)
	for _, name := range []string{"X-Amz-Security-Token", "Authorization", "Proxy-Authorization", "Cookie"} {
		for _, v := range r.Header.Values(name) {
			add(v)
			if _, credential, ok := strings.Cut(v, " "); ok {
				add(credential)
			}
		}
	}
	return red
}

func (r redactor) text(s string) string {
	s = secretHeader.ReplaceAllString(s, "$1:"+redacted)
	s = secretParam.ReplaceAllString(s, "$1"+redacted)
	for _, l := range r.literals {
		s = strings.ReplaceAll(s, l, redacted)
	}
	return s
}

// keyID is text for the id of an access key. Whoever mixes up the two halves of a
// key sends the secret as its id, or, as secrets have slashes, a piece of it.
func (r redactor) keyID(id string) string {
	for _, l := range r.literals {
		if id != "" && strings.HasPrefix(l, id) {
			return redacted
		}
	}
	return r.text(id)
}
