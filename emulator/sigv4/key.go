package sigv4

import (
	"crypto/subtle"
	"time"
)

// Hints for the refusals that AWS words alike.
const (
	hintUnknownKey = "no such access key: check AWS_ACCESS_KEY_ID, and the profile that the client reads"
	hintNoToken    = "the key belongs to a session, and its session token was not sent: set AWS_SESSION_TOKEN too"
	hintWrongToken = "the session token is not the one that was issued with the key"
	hintLongLived  = "a session token was sent with a long-lived access key, which has none: unset AWS_SESSION_TOKEN, " +
		"or remove aws_session_token from the profile"
)

// checkKey finds the key and judges its session token ([O] amp-api.md 1.5 rows 14
// and 15). The token of a presigned request is in its query, of any other in the
// header X-Amz-Security-Token; it need not be signed (5.3).
//
// A token sent along with a key that has none is refused as well ([R]: the usual
// victim has a stale AWS_SESSION_TOKEN beside the keys of a user). AWS says no more
// than that the token is invalid; reason and hint say which case it is.
func (v *Verifier) checkKey(auth authorization, now time.Time) (Key, *Refusal) {
	if v.keys == nil {
		return Key{}, refuseToken(ReasonUnknownKey, hintUnknownKey)
	}
	key, ok := v.keys.LookupKey(auth.accessKeyID())
	if !ok {
		return Key{}, refuseToken(ReasonUnknownKey, hintUnknownKey)
	}
	if subtle.ConstantTimeCompare([]byte(auth.token), []byte(key.SessionToken)) != 1 {
		switch {
		case key.SessionToken == "":
			return Key{}, refuseToken(ReasonTokenWithLongLivedKey, hintLongLived)
		case auth.token == "":
			return Key{}, refuseToken(ReasonBadToken, hintNoToken)
		}
		return Key{}, refuseToken(ReasonBadToken, hintWrongToken)
	}
	if !key.Expires.IsZero() && !now.Before(key.Expires) {
		return Key{}, refuseExpiredToken()
	}
	return key, nil
}
