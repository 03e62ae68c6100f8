package identity

import "strings"

// minSecretPart is the least that tells a part of a secret from chance.
const minSecretPart = 4

// IsSecret reports whether a text is the secret of an access key or session, begins with
// one, or is the beginning of one: whoever swapped id and secret sends the secret where
// the id is shown. Parts and secrets of fewer than four characters count only as a whole.
func (s *Store) IsSecret(text string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, k := range s.state.keys {
		if touches(text, k.key.SecretAccessKey) {
			return true
		}
	}
	for _, one := range s.sessions {
		if touches(text, one.key.SecretAccessKey) {
			return true
		}
	}
	return false
}

// touches reports whether text and secret are the same, or one begins with the other.
func touches(text, secret string) bool {
	if min(len(text), len(secret)) < minSecretPart {
		return text == secret && text != ""
	}
	return strings.HasPrefix(text, secret) || strings.HasPrefix(secret, text)
}
