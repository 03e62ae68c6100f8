package sigv4

import (
	"crypto/subtle"
	"time"
)

// checkKey finds the key and judges its session token ([O] amp-api.md 1.5 rows 14
// and 15). The token of a presigned request is in its query, of any other in the
// header X-Amz-Security-Token; it need not be signed (5.3).
//
// A token sent along with a key that has none is refused as well ([R]: the usual
// victim has a stale AWS_SESSION_TOKEN beside the keys of a user). AWS says no more
// than that the token is invalid; reason and diagnosis say which case it is.
func (v *Verifier) checkKey(auth authorization, now time.Time) (Key, *Refusal) {
	if v.keys == nil {
		return Key{}, refuseToken(ReasonUnknownKey)
	}
	key, ok := v.keys.LookupKey(auth.accessKeyID())
	if !ok {
		return Key{}, refuseToken(ReasonUnknownKey)
	}
	if subtle.ConstantTimeCompare([]byte(auth.token), []byte(key.SessionToken)) != 1 {
		if key.SessionToken == "" {
			return Key{}, refuseToken(ReasonTokenWithLongLivedKey)
		}
		return Key{}, refuseToken(ReasonBadToken)
	}
	if !key.Expires.IsZero() && !now.Before(key.Expires) {
		return Key{}, refuseExpiredToken()
	}
	return key, nil
}
