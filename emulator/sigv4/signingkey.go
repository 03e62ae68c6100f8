package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"strings"
	"sync"
)

// maxSigningKeys bounds the cache. A key and a day make an entry, and the skew check
// lets at most two days through at a time, so this is room for 512 busy keys.
const maxSigningKeys = 1024

// signingKeyID names a derived key. The secret is part of it, so that a key whose
// secret was replaced is derived anew.
type signingKeyID struct {
	accessKeyID, secret, date string
}

// signingKeyCache keeps derived signing keys: four of the five MACs of a
// verification. The zero value is ready for use.
type signingKeyCache struct {
	mu   sync.RWMutex
	keys map[signingKeyID][sha256.Size]byte
}

// signingKey returns the key that signs on one day for the Verifier's region and
// service. [D] amp-api.md 5.1: a chain of MACs over day, region, service, terminator.
func (v *Verifier) signingKey(key Key, date string) [sha256.Size]byte {
	id := signingKeyID{key.AccessKeyID, key.SecretAccessKey, date}
	if derived, ok := v.signingKeys.get(id); ok {
		return derived
	}
	derived := deriveKey(key.SecretAccessKey, date, v.region, v.service)
	id.date = strings.Clone(date) // date is a piece of the request's header
	v.signingKeys.put(id, derived)
	return derived
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

func (c *signingKeyCache) get(id signingKeyID) ([sha256.Size]byte, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	derived, ok := c.keys[id]
	return derived, ok
}

// put adds a key. A full cache starts over: that costs one derivation for each key
// in use, once, and needs no record of what was used when.
func (c *signingKeyCache) put(id signingKeyID, derived [sha256.Size]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keys == nil || len(c.keys) >= maxSigningKeys {
		c.keys = make(map[signingKeyID][sha256.Size]byte)
	}
	c.keys[id] = derived
}
