package emulator

import (
	"net/http"
	"strings"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
	"github.com/ampersand-amp/ampersand/emulator/fault"
	"github.com/ampersand-amp/ampersand/emulator/identity"
	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

// verifier judges signatures, and knows what by, so that fault rules can change it.
type verifier struct {
	*sigv4.Verifier
	config sigv4.Config
}

func newVerifier(c sigv4.Config) verifier { return verifier{sigv4.New(c), c} }

// verify judges the signature of a request, by another clock or with expired
// credentials if a fault rule says so. Rules go by whom the request claims to be from:
// who it is, is found out here.
func (s *Server) verify(x *exchange, v verifier, body []byte) (*sigv4.Signed, error) {
	if s.faults.None() {
		return v.Verify(x.r, body) //nolint:wrapcheck // a refusal, which callers look into
	}
	var claimed identity.Principal
	if key, ok := s.identities.LookupKey(claimedKey(x.r)); ok {
		claimed, _ = key.Principal.(identity.Principal)
	}
	target := s.faultTarget(x, body, claimed)
	note := func(h fault.Hit) { s.noteFault(x, h) }
	changed := v.config
	offset := s.faults.ClockOffset(target, note)
	changed.Now = func() time.Time { return v.config.Now().Add(offset) }
	if offset != 0 {
		// The answer tells the time too; AWS's SDKs correct their clocks by it [M].
		awsapi.SetHeaders(x.w.Header(), x.id, changed.Now())
	}
	expired := &expiredKeys{Keys: v.config.Keys, expire: func() bool {
		return s.faults.ExpiredFor(target, claimed.Issued, note)
	}}
	changed.Keys = expired
	return sigv4.New(changed).Verify(x.r, body) //nolint:wrapcheck // a refusal, which callers look into
}

// expiredKeys are keys for one request, whose key is over if expire says so. It is
// asked once, and only of a key that exists.
type expiredKeys struct {
	sigv4.Keys
	expire func() bool
	asked  bool
	over   bool
}

// LookupKey implements sigv4.Keys.
func (k *expiredKeys) LookupKey(id string) (sigv4.Key, bool) {
	key, ok := k.Keys.LookupKey(id)
	if !ok {
		return key, false
	}
	if !k.asked {
		k.asked, k.over = true, k.expire()
	}
	if k.over {
		key.Expires = time.Unix(0, 0)
	}
	return key, true
}

// claimedKey is the access key that a request names, in the header or the query. It
// proves nothing.
func claimedKey(r *http.Request) string {
	_, credential, ok := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	if !ok {
		credential = r.URL.Query().Get("X-Amz-Credential")
	}
	id, _, _ := strings.Cut(credential, "/")
	return id
}
