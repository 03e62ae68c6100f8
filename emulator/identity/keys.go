package identity

import "github.com/ampersand-amp/ampersand/emulator/sigv4"

// Keys holds the access keys that the emulator accepts. It is immutable and
// therefore safe for concurrent use.
type Keys struct {
	byID map[string]sigv4.Key
}

var _ sigv4.Keys = (*Keys)(nil)

// NewKeys returns the store of an account that has one access key: its root's.
func NewKeys(accessKeyID, secretAccessKey string, root Principal) *Keys {
	return &Keys{byID: map[string]sigv4.Key{
		accessKeyID: {
			AccessKeyID:     accessKeyID,
			SecretAccessKey: secretAccessKey,
			Principal:       root,
		},
	}}
}

// LookupKey implements sigv4.Keys.
func (k *Keys) LookupKey(accessKeyID string) (sigv4.Key, bool) {
	key, ok := k.byID[accessKeyID]
	return key, ok
}
