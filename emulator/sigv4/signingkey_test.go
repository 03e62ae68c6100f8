package sigv4

import (
	"crypto/sha256"
	"strconv"
	"sync"
	"testing"
)

func TestSigningKeyCacheIsBoundedAndRight(t *testing.T) {
	v := New(Config{Region: "us-east-1", Service: "aps"})
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := range maxSigningKeys {
				key := Key{AccessKeyID: strconv.Itoa(i), SecretAccessKey: strconv.Itoa(worker)}
				want := deriveKey(key.SecretAccessKey, "20150830", "us-east-1", "aps")
				for range 2 { // derived, then cached
					if got := v.signingKey(key, "20150830"); got.derived != want {
						t.Errorf("key %d of worker %d is wrong", i, worker)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	if n := len(v.signingKeys.keys); n == 0 || n > maxSigningKeys {
		t.Errorf("%d keys are cached, want 1 to %d", n, maxSigningKeys)
	}
}

// TestReplacedSecret shows that an entry is not taken for another secret or day.
func TestReplacedSecret(t *testing.T) {
	v := New(Config{Region: "us-east-1", Service: "aps"})
	seen := map[[sha256.Size]byte]bool{}
	for _, secret := range []string{"a", "b"} {
		for _, day := range []string{"20150830", "20150831"} {
			seen[v.signingKey(Key{AccessKeyID: "id", SecretAccessKey: secret}, day).derived] = true
		}
	}
	if len(seen) != 4 {
		t.Errorf("%d distinct keys, want 4", len(seen))
	}
}
