package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"strings"
	"sync"
	"sync/atomic"
)

// maxSigningKeys bounds the cache. A key and a day make an entry, and the skew check
// lets at most two days through at a time, so this is room for 512 busy keys.
const maxSigningKeys = 1024

// signingKeyID names a derived key. The secret is part of it, so that a key whose
// secret was replaced is derived anew.
type signingKeyID struct {
	accessKeyID, secret, date string
}

// signingKey is a derived key, and whether a request was accepted with it: if so,
// the secret is right, and a later mismatch has another cause.
type signingKey struct {
	derived  [sha256.Size]byte
	accepted atomic.Bool
}

// markAccepted writes once: the flag is read by every request of the key.
func (k *signingKey) markAccepted() {
	if !k.accepted.Load() {
		k.accepted.Store(true)
	}
}

// signingKeyCache keeps derived signing keys: four of the five MACs of a
// verification. The zero value is ready for use.
type signingKeyCache struct {
	mu   sync.RWMutex
	keys map[signingKeyID]*signingKey
}

// signingKey returns the key that signs on one day for the Verifier's region and
// service. [D] amp-api.md 5.1: a chain of MACs over day, region, service, terminator.
func (v *Verifier) signingKey(key Key, date string) *signingKey {
	id := signingKeyID{key.AccessKeyID, key.SecretAccessKey, date}
	if known, ok := v.signingKeys.get(id); ok {
		return known
	}
	made := &signingKey{derived: deriveKey(key.SecretAccessKey, date, v.region, v.service)}
	id.date = strings.Clone(date) // date is a piece of the request's header
	return v.signingKeys.put(id, made)
}

// deriveKey runs the chain.
func deriveKey(secret, date, region, service string) (derived [sha256.Size]byte) {
	link := []byte("AWS4" + secret)
	for _, part := range []string{date, region, service, terminator} {
		mac := hmac.New(sha256.New, link)
		mac.Write([]byte(part))
		link = mac.Sum(nil)
	}
	copy(derived[:], link)
	return derived
}

func (c *signingKeyCache) get(id signingKeyID) (*signingKey, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	key, ok := c.keys[id]
	return key, ok
}

// put adds a key and returns the one that stays, which may be that of a faster
// caller. A full cache starts over: that costs one derivation for each key in use,
// once, and needs no record of what was used when.
func (c *signingKeyCache) put(id signingKeyID, key *signingKey) *signingKey {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.keys[id]; ok {
		return known
	}
	if c.keys == nil || len(c.keys) >= maxSigningKeys {
		c.keys = make(map[signingKeyID]*signingKey)
	}
	c.keys[id] = key
	return key
}
