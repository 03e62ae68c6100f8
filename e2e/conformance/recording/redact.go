package recording

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/ampersand-amp/ampersand/e2e/conformance"
)

// redactor takes out of requests and answers what nobody else is to see, and what
// names somebody's account: secrets, tokens and signatures altogether; accounts,
// principals and workspaces by a name that stands for them.
type redactor struct {
	patterns                                  []replacement
	account, workspaceID, partOfID, secretTag *regexp.Regexp

	mu sync.Mutex
	// secrets are those seen so far; they are taken out wherever they turn up.
	secrets  []string
	accounts []string
	// shared is the workspace of all checks; others are known by their check.
	shared     string
	workspaces map[string][]string
}

type replacement struct {
	pattern *regexp.Regexp
	with    string
}

func newRedactor() *redactor {
	r := &redactor{
		workspaces: make(map[string][]string),
		account:    regexp.MustCompile(accountARN), workspaceID: regexp.MustCompile(workspaceIDs), partOfID: regexp.MustCompile(partsOfIDs), secretTag: regexp.MustCompile(secretTags),
	}
	for _, p := range [][2]string{
		{`(Credential=)[^/,\s"\\]+/`, "${1}[key]/"},
		{`(Signature=)[0-9a-fA-F]+`, "${1}[signature]"},
		{`(?i)(X-Amz-Credential=)[^%/&\s"\\]+`, "${1}[key]"},
		{`(?i)(X-Amz-Security-Token=)[^&\s"\\]+`, "${1}[token]"},
		{`(?i)(x-amz-security-token:)[^\\\s"]+`, "${1}[token]"},
		{`(<(SecretAccessKey|SessionToken)>)[^<]*`, "${1}[secret]"},
		{`("(?i:SecretAccessKey|SessionToken)"\s*:\s*")[^"]*`, "${1}[secret]"},
		{`((?:WebIdentityToken|SAMLAssertion|TokenCode)=)[^&\s]+`, "${1}[token]"},
		// A token of pages may have an id in it, in base64.
		{`((?:\?|&)nextToken=)[^&\s"\\]+`, "${1}[page]"},
		{`("nextToken"\s*:\s*")[^"]+`, "${1}[page]"},
		{`\beyJ[\w-]+\.[\w-]+\.[\w-]*`, "[token]"},
		{`\b(AKIA|ASIA|ABIA|ACCA|AIDA|AROA|AGPA|ANPA)[A-Z0-9]{12,}`, "${1}[id]"},
		{`(arn(?::|%3A)aws[\w-]*(?::|%3A)(?:iam|sts)(?::|%3A){2}[^:%/]*(?::|%3A)(?:user|role|assumed-role|federated-user)(?:/|%2F))[^\s"'<>,&\\]+`, "${1}[name]"},
	} {
		r.patterns = append(r.patterns, replacement{regexp.MustCompile(p[0]), p[1]})
	}
	return r
}

const (
	accountARN   = `arn(?::|%3A)aws[\w-]*(?::|%3A)[a-z-]+(?::|%3A)[a-z0-9-]*(?::|%3A)(\d{12})(?::|%3A)`
	workspaceIDs = `ws-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`
	partsOfIDs   = `ws-[0-9a-f]{8}(?:-(?:[0-9a-f?*]|%3F|%2A)*)+` // in policies with wildcards
	secretTags   = `<(?:SecretAccessKey|SessionToken)>([^<]+)<|"(?i:SecretAccessKey|SessionToken)"\s*:\s*"([^"]+)"`
)

// entry redacts an entry; learn has seen it before.
func (r *redactor) entry(e Entry) Entry {
	text := func(s string) string { return r.text(e.Check, s) }
	e.Path, e.Error = text(e.Path), text(e.Error)
	e.RequestHeader, e.Header = r.header(e.Check, e.RequestHeader), r.header(e.Check, e.Header)
	if e.Body != nil && e.Method == http.MethodGet && strings.HasPrefix(e.Path, "/workspaces") {
		e.Body.Text = ownWorkspaces(e.Body.Text)
	}
	for _, b := range []*Body{e.RequestBody, e.Body} {
		if b != nil {
			b.Text = text(b.Text)
		}
	}
	return e
}

// ownWorkspaces takes out of a list of workspaces those of others in the account.
func ownWorkspaces(body string) string {
	var list map[string]json.RawMessage
	var workspaces []json.RawMessage
	if json.Unmarshal([]byte(body), &list) != nil || json.Unmarshal(list["workspaces"], &workspaces) != nil {
		return body
	}
	own := slices.DeleteFunc(slices.Clone(workspaces), func(raw json.RawMessage) bool {
		var ws struct {
			Alias string            `json:"alias"`
			Tags  map[string]string `json:"tags"`
		}
		return json.Unmarshal(raw, &ws) == nil && !strings.HasPrefix(ws.Alias, conformance.AliasPrefix) &&
			ws.Tags[conformance.TagCreatedBy] != conformance.CreatedBy
	})
	if len(own) == len(workspaces) {
		return body
	}
	raw, err := json.Marshal(own)
	if err == nil {
		list["workspaces"] = raw
		raw, err = json.Marshal(list)
	}
	if err != nil {
		return "" // cannot be: all of it was JSON before
	}
	return string(raw)
}

// learn notes what an entry tells of secrets and accounts, before they are looked
// for: an answer may repeat what only the request's header calls a token.
func (r *redactor) learn(e Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, token := range e.RequestHeader.Values("X-Amz-Security-Token") {
		r.secret(token)
	}
	if _, query, ok := strings.Cut(e.Path, "?"); ok {
		if values, err := url.ParseQuery(query); err == nil {
			r.secret(values.Get("X-Amz-Security-Token"))
		}
	}
	texts := []string{e.Path}
	for _, b := range []*Body{e.RequestBody, e.Body} {
		if b != nil {
			texts = append(texts, b.Text)
		}
	}
	for _, s := range texts {
		for _, m := range r.secretTag.FindAllStringSubmatch(s, -1) {
			r.secret(m[1] + m[2])
		}
		for _, m := range r.account.FindAllStringSubmatch(s, -1) {
			r.learnAccount(m[1])
		}
	}
}

// learnAccount adds one. What a check made up of one digit only is nobody's, and
// would be found in numbers.
func (r *redactor) learnAccount(id string) {
	if strings.Count(id, id[:1]) == len(id) {
		return
	}
	if !slices.Contains(r.accounts, id) {
		r.accounts = append(r.accounts, id)
	}
}

// withoutAccount takes an account out of a text, but not out of a longer number.
func withoutAccount(s, id string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, id)
		if i < 0 {
			return b.String() + s
		}
		before, after := s[:i], s[i+len(id):]
		b.WriteString(before)
		if strings.TrimRight(before, "0123456789.") != before || strings.TrimLeft(after, "0123456789") != after {
			b.WriteString(id)
		} else {
			b.WriteString("[account]")
		}
		s = after
	}
}

// secret adds one. What is so short that it may be anything is none.
func (r *redactor) secret(s string) {
	if len(s) < 16 || slices.Contains(r.secrets, s) {
		return
	}
	r.secrets = append(r.secrets, s)
}

func (r *redactor) text(check, s string) string {
	if s == "" {
		return s
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, secret := range r.secrets {
		s = strings.ReplaceAll(s, secret, "[token]")
		if escaped := url.QueryEscape(secret); escaped != secret {
			s = strings.ReplaceAll(s, escaped, "[token]")
		}
	}
	for _, account := range r.accounts {
		s = withoutAccount(s, account)
	}
	for _, p := range r.patterns {
		s = p.pattern.ReplaceAllString(s, p.with)
	}
	s = r.workspaceID.ReplaceAllStringFunc(s, func(id string) string { return r.workspace(check, id) })
	return r.partOfID.ReplaceAllString(s, "[ws-part]")
}

// workspace names a workspace by its turn within the check, so that two runs call
// the same one the same.
func (r *redactor) workspace(check, id string) string {
	if r.shared == "" {
		r.shared = id // made before the first check begins
	}
	if id == r.shared {
		return "[ws-shared]"
	}
	seen := r.workspaces[check]
	i := slices.Index(seen, id)
	if i < 0 {
		i = len(seen)
		r.workspaces[check] = append(seen, id)
	}
	return fmt.Sprintf("[ws-%d]", i+1)
}

func (r *redactor) header(check string, h http.Header) http.Header {
	if len(h) == 0 {
		return nil
	}
	out := make(http.Header, len(h))
	for name, values := range h {
		switch http.CanonicalHeaderKey(name) {
		case "X-Amz-Security-Token":
			out[name] = []string{"[token]"}
		case "Cookie", "Set-Cookie", "Proxy-Authorization":
			out[name] = []string{"[secret]"}
		default:
			for _, v := range values {
				out[name] = append(out[name], r.text(check, v))
			}
		}
	}
	return out
}
