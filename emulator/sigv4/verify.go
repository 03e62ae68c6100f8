package sigv4

import (
	"net/http"
	"sync"
	"time"
)

// DefaultMaxSkew is how far the clock of a client may be off, either way.
// [O, D] amp-api.md 1.5 row 7: five minutes at fronts like AMP's; STS takes 15.
const DefaultMaxSkew = 5 * time.Minute

// Key is a secret that may sign requests. The package hands Principal back
// untouched, so that the caller finds whom the key belongs to.
type Key struct {
	AccessKeyID     string
	SecretAccessKey string
	// SessionToken, when set, must accompany every request signed with the key.
	SessionToken string
	// Expires is when the key stops being accepted; zero means never.
	Expires time.Time
	// Principal is opaque to this package.
	Principal any
}

// Keys finds access keys. It must be safe for concurrent use.
type Keys interface {
	LookupKey(accessKeyID string) (Key, bool)
}

// Config says what a Verifier accepts.
type Config struct {
	// Region and Service are the only ones accepted in a credential scope, for
	// example "us-east-1" and "aps" ([D] amp-api.md section 0, fact 1).
	Region, Service string
	// Keys finds access keys. Nil knows none, so every signed request is refused.
	Keys Keys
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// MaxSkew is the tolerated clock difference; zero means DefaultMaxSkew.
	MaxSkew time.Duration
}

// Verifier judges signed requests. It is safe for concurrent use.
type Verifier struct {
	region, service string
	keys            Keys
	now             func() time.Time
	maxSkew         time.Duration
	signingKeys     signingKeyCache
	scratch         sync.Pool // of *scratch
}

// New returns a Verifier for one region and one service.
func New(c Config) *Verifier {
	v := &Verifier{region: c.Region, service: c.Service, keys: c.Keys, now: c.Now, maxSkew: c.MaxSkew}
	if v.now == nil {
		v.now = time.Now
	}
	if v.maxSkew <= 0 {
		v.maxSkew = DefaultMaxSkew
	}
	v.scratch.New = func() any { return new(scratch) }
	return v
}

// Signed says who signed a request, and what of it.
type Signed struct {
	Key Key
	// SignedHeaders are the names the signature covers, as the request lists them.
	// Every other header of the request is the word of nobody.
	SignedHeaders []string
	Scope         Scope
	// RequestTime is the time of signing that the client claims.
	RequestTime time.Time
	// Presigned says that the signature came in the query, not in a header.
	Presigned bool
}

// Verify judges one request whose body was read already: body is what arrived,
// before any decompression. The error, if any, is a *Refusal.
//
// The checks and their order are those of amp-api.md 1.5 ([SS], with [O] texts):
// authorization syntax, host signed, date, skew, scope, key, token, signed names,
// signature. A
// stale or misdirected request is refused before its key is looked up.
func (v *Verifier) Verify(r *http.Request, body []byte) (*Signed, error) {
	target := splitTarget(r)
	auth, refusal := parseAuthorization(r, target.query)
	var signed *Signed
	if refusal == nil {
		if signed, refusal = v.judge(r, target, auth, body); refusal == nil {
			return signed, nil
		}
		refusal.AccessKeyID = auth.accessKeyID()
	}
	if refusal.Diagnosis.Cause == "" { // checkSignature has made its own
		refusal.Diagnosis = v.plain(refusal.Reason, r, auth)
	}
	refusal.Hint = refusal.Diagnosis.Text
	return nil, refusal
}

// judge runs every check that follows the parsing of the authorization.
func (v *Verifier) judge(r *http.Request, target target, auth authorization, body []byte) (*Signed, *Refusal) {
	if !auth.signsHost() {
		return nil, refuseHostNotSigned()
	}
	when, ok := parseDate(auth.date)
	if !ok {
		return nil, refuseBadDate(auth.date)
	}
	now := v.now().UTC()
	if refusal := v.checkSkew(when, now); refusal != nil {
		return nil, refusal
	}
	scope, refusal := v.checkScope(auth)
	if refusal != nil {
		return nil, refusal
	}
	key, refusal := v.checkKey(auth, now)
	if refusal != nil {
		return nil, refusal
	}
	if auth.repeatsHeader() {
		return nil, refuseRepeatedHeader()
	}
	if refusal := v.checkSignature(r, target, auth, scope, key, body); refusal != nil {
		return nil, refusal
	}
	return &Signed{
		Key:           key,
		SignedHeaders: auth.signedHeaders,
		Scope:         scope,
		RequestTime:   when,
		Presigned:     auth.presigned,
	}, nil
}
