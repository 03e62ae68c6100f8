package workspace

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
)

// tokenLife is how long a clientToken is remembered. The real life is not known
// [R]; the longest retry loops of SDKs last minutes.
const tokenLife = 24 * time.Hour

// token remembers one call that carried a clientToken: the same token with the
// same parameters gives the first result again, with others it is a conflict
// [D field documentation; conflict I].
type token struct {
	Fingerprint string    `json:"fingerprint"`
	WorkspaceID string    `json:"workspaceId"`
	At          time.Time `json:"at"`
}

// idempotency is the clientToken of one call and what it was called with.
type idempotency struct {
	key         string // "" when the caller sent no token
	fingerprint string
}

// newIdempotency returns the identity of a call. A token belongs to one
// operation: the same token in two operations is two tokens.
func newIdempotency(op Operation, clientToken *string, params ...any) idempotency {
	if clientToken == nil {
		return idempotency{}
	}
	h := sha256.New()
	enc := json.NewEncoder(h)
	for _, p := range params {
		_ = enc.Encode(p) // strings and string maps, whose keys JSON sorts
	}
	return idempotency{
		key:         string(op) + "/" + *clientToken,
		fingerprint: hex.EncodeToString(h.Sum(nil)),
	}
}

// seen returns the workspace that the first call with this token was about.
func (i idempotency) seen(s *state, now time.Time) (id string, ok bool, err error) {
	if i.key == "" {
		return "", false, nil
	}
	t, ok := s.Tokens[i.key]
	if !ok || now.Sub(t.At) >= tokenLife {
		return "", false, nil
	}
	if t.Fingerprint != i.fingerprint {
		return "", false, awsapi.Conflict("The clientToken was already used with different parameters.", ResourceType, t.WorkspaceID)
	}
	return t.WorkspaceID, true, nil
}

// record remembers the call in s.
func (i idempotency) record(s *state, workspaceID string, now time.Time) {
	if i.key != "" {
		s.Tokens[i.key] = token{Fingerprint: i.fingerprint, WorkspaceID: workspaceID, At: now}
	}
}
