package emulator

import (
	"errors"
	"net/http"
	"strings"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
	"github.com/ampersand-amp/ampersand/emulator/identity"
	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

// authenticate finds out who signed the request, or refuses it and returns
// false.
func (s *Server) authenticate(x *exchange, body []byte) bool {
	if s.cfg.Auth == AuthOff && !carriesSignature(x.r) {
		x.caller = s.identities.Root()
		x.identity = x.caller.ARN
		return true
	}
	signed, err := s.verify(x, s.verifier, body)
	if err == nil {
		x.secrets = append(x.secrets, signed.Key.SecretAccessKey)
		if who, ok := signed.Key.Principal.(identity.Principal); ok {
			x.caller, x.identity = who, who.ARN
		}
		return true
	}
	if refusal := (*sigv4.Refusal)(nil); errors.As(err, &refusal) {
		x.refusal = refusal
		x.refuse(awsapi.FrontError(refusal.Status, refusal.Type, refusal.Message), refusal.Reason)
		return false
	}
	x.err = err
	awsapi.Write(x.w, awsapi.Internal(err))
	return false
}

// carriesSignature reports whether the request claims to be signed, be it in
// the header or, presigned, in the query.
func carriesSignature(r *http.Request) bool {
	_, query, _ := strings.Cut(r.RequestURI, "?")
	return strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-") || strings.Contains(query, "X-Amz-Algorithm=")
}
