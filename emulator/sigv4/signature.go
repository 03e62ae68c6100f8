package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
)

// emptyHash is the payload hash of a request without a body.
const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// checkSignature recomputes the signature, first over the path as it came, then,
// if that differs, over the normalized path that botocore signs ([M, I] amp-api.md
// 5.1). The explanation of a mismatch is always of the path as it came.
//
// X-Amz-Content-Sha256, signed or not, must be the hash of the body. That includes
// UNSIGNED-PAYLOAD: no client of AMP sends it, AWS documents it for S3 only, and no
// AMP operation has the unsigned-payload trait, so an emulator that took it would
// pass clients that AWS may refuse ([I] amp-api.md 5.1 and 8.10).
func (v *Verifier) checkSignature(r *http.Request, target target, auth authorization, scope Scope, key Key, body []byte) *Refusal {
	s := v.scratch.Get().(*scratch)
	defer func() {
		if s.keepable() {
			v.scratch.Put(s)
		}
	}()
	payloadHash := hashPayload(body)
	signingKey := v.signingKey(key, scope.Date)

	s.buildCanonical(r, target.path, target.query, auth.signedHeaders, body, payloadHash)
	s.buildToSign(auth.date, scope)
	matches := s.matches(&signingKey.derived, auth.signature)

	claimed := r.Header.Get("X-Amz-Content-Sha256")
	if matches && (claimed == "" || claimed == payloadHash) {
		signingKey.markAccepted()
		return nil
	}
	reason := ReasonSignatureMismatch
	if claimed != "" && claimed != payloadHash {
		reason = ReasonBadPayloadHash
	}
	refusal := refuseMismatch(reason, string(s.canonical), string(s.toSign))
	if normal := normalizePath(target.path); normal != target.path && reason == ReasonSignatureMismatch {
		s.buildCanonical(r, normal, target.query, auth.signedHeaders, body, payloadHash)
		s.buildToSign(auth.date, scope)
		if s.matches(&signingKey.derived, auth.signature) {
			signingKey.markAccepted()
			return nil
		}
	}
	refusal.Diagnosis = v.investigate(r, target, auth, scope, key, body, payloadHash, signingKey, refusal).diagnose()
	return refusal
}

// buildToSign puts the string to sign of s.canonical into s.toSign.
func (s *scratch) buildToSign(date string, scope Scope) {
	b := s.toSign[:0]
	b = append(b, algorithm+"\n"...)
	b = append(b, date...)
	b = append(b, '\n')
	b = append(b, scope.Date...)
	b = append(b, '/')
	b = append(b, scope.Region...)
	b = append(b, '/')
	b = append(b, scope.Service...)
	b = append(b, "/"+terminator+"\n"...)
	sum := sha256.Sum256(s.canonical)
	s.toSign = hex.AppendEncode(b, sum[:])
}

// matches reports, in constant time, whether a signature is the lower-case hex MAC
// of s.toSign.
func (s *scratch) matches(signingKey *[sha256.Size]byte, signature string) bool {
	mac := hmac.New(sha256.New, signingKey[:])
	mac.Write(s.toSign)
	var sum [sha256.Size]byte
	var text [2 * sha256.Size]byte
	hex.Encode(text[:], mac.Sum(sum[:0]))
	return subtle.ConstantTimeCompare(text[:], []byte(signature)) == 1
}

// hashPayload is the lower-case hex SHA-256 of a body.
func hashPayload(body []byte) string {
	if len(body) == 0 {
		return emptyHash
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}
