package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"hash"
	"net/http"
	"slices"
	"strings"
)

// Bounds of a diagnosis, so that a refusal costs at most some 0.3 ms more than twice
// what it costs to accept as large a request [M BenchmarkRefusal].
const (
	// maxCanonical is the longest canonical request that is varied.
	maxCanonical = 16 << 10
	// workBudget is how many bytes are hashed; attemptCost and pairCost are what an
	// attempt and each pair of a query written anew cost beside them, in such bytes.
	workBudget  = 320 << 10
	attemptCost = 1 << 10
	pairCost    = 384
	// maxVaried bounds the headers and the parameters that are varied one by one.
	maxVaried = 24
	// maxRehashed is the longest body whose variations are hashed.
	maxRehashed = 16 << 10
)

// claim is what a client may have signed: the parts of a canonical request, each in
// its canonical form, and what goes with it into the signature.
type claim struct {
	method, path, query string
	lines               []string // of each signed header, with its newline; empty: the header has none
	names               string
	payload             string
	date                string
	key                 *[sha256.Size]byte
}

func (c *claim) size() int {
	n := len(c.method) + len(c.path) + len(c.query) + len(c.names) + len(c.payload)
	for _, line := range c.lines {
		n += len(line)
	}
	return n
}

func (c *claim) appendCanonical(b []byte) []byte {
	b = append(b, c.method...)
	b = append(b, '\n')
	b = append(b, c.path...)
	b = append(b, '\n')
	b = append(b, c.query...)
	b = append(b, '\n')
	for _, line := range c.lines {
		b = append(b, line...)
	}
	b = append(b, '\n')
	b = append(b, c.names...)
	b = append(b, '\n')
	return append(b, c.payload...)
}

// withLine returns the claim with one header line replaced.
func (c claim) withLine(k int, line string) claim {
	c.lines = slices.Clone(c.lines)
	c.lines[k] = line
	return c
}

// guess is a claim and what it would mean if it were true.
type guess struct {
	cause, text string
	claim       claim
}

// investigation looks for the cause of one mismatch.
type investigation struct {
	v      *Verifier
	r      *http.Request
	target target
	auth   authorization
	scope  Scope
	key    Key
	body   []byte
	// What the server computed.
	canonical, stringToSign, signature string
	// payloadHash is the body's; base has it too unless the header claims another.
	payloadHash string
	names       []string // in lower case
	base        claim    // the server's view
	accepted    bool     // the key signed an accepted request today
	budget      int
	mac         hash.Hash // of base's key
	buf         []byte
	toSign      scratch
}

// investigate prepares the diagnosis of a request that failed checkSignature.
func (v *Verifier) investigate(r *http.Request, target target, auth authorization, scope Scope, key Key, body []byte,
	payloadHash string, signingKey *signingKey, refusal *Refusal,
) *investigation {
	i := &investigation{
		v: v, r: r, target: target, auth: auth, scope: scope, key: key, body: body, payloadHash: payloadHash,
		canonical: refusal.CanonicalRequest, stringToSign: refusal.StringToSign, accepted: signingKey.accepted.Load(), budget: workBudget,
		mac: hmac.New(sha256.New, signingKey.derived[:]),
	}
	i.base = claim{
		method: r.Method, path: string(appendPath(nil, target.path)), query: string(i.toSign.appendQuery(nil, target.query)),
		names: strings.Join(auth.signedHeaders, ";"), payload: payloadHash, date: auth.date, key: &signingKey.derived,
	}
	for _, name := range auth.signedHeaders {
		name = strings.ToLower(name)
		i.names = append(i.names, name)
		i.base.lines = append(i.base.lines, string(appendHeader(nil, r, name, body)))
	}
	i.signature = i.sign([]byte(refusal.StringToSign), i.base.key)
	if claimed := r.Header.Get("X-Amz-Content-Sha256"); claimed != "" {
		i.base.payload = claimed // amp-api.md 5.1: it is what the client's canonical request ends in
	}
	return i
}

// try reports whether the claim gives the signature that was sent, and if so what
// was signed.
func (i *investigation) try(c *claim) (canonical, toSign string, ok bool) {
	i.buf = c.appendCanonical(i.buf[:0])
	i.budget -= len(i.buf) + attemptCost
	i.toSign.canonical = i.buf
	i.toSign.buildToSign(c.date, i.scope)
	signature := i.sign(i.toSign.toSign, c.key)
	if subtle.ConstantTimeCompare([]byte(signature), []byte(i.auth.signature)) != 1 {
		return "", "", false
	}
	return string(i.buf), string(i.toSign.toSign), true
}

// sign is the hex signature of a string to sign.
func (i *investigation) sign(toSign []byte, key *[sha256.Size]byte) string {
	mac := i.mac
	if key != i.base.key {
		mac = hmac.New(sha256.New, key[:])
	}
	mac.Reset()
	mac.Write(toSign)
	var sum [sha256.Size]byte
	return hex.EncodeToString(mac.Sum(sum[:0]))
}

// signs reports whether a header, its name in lower case, is among the signed ones.
func (i *investigation) signs(name string) bool { return slices.Contains(i.names, name) }
