package quota

import (
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Buckets are token buckets, one for each key (a workspace, mostly) of each
// quota that is a rate. The zero value is not usable; NewBuckets makes one.
type Buckets struct {
	set *Set
	now func() time.Time

	mu      sync.Mutex
	buckets map[bucketKey]*rate.Limiter
}

type bucketKey struct {
	id  ID
	key string
}

// NewBuckets returns buckets that follow the values of set as they change.
func NewBuckets(set *Set, now func() time.Time) *Buckets {
	return &Buckets{set: set, now: now, buckets: make(map[bucketKey]*rate.Limiter)}
}

// Take takes n tokens from the bucket of key and reports whether they were
// there. The bucket of a full rate holds burst tokens; nothing is taken if n
// is more than there are.
func (b *Buckets) Take(id ID, key string, n int, burst int64) bool {
	perSecond := b.set.Get(id)
	if perSecond < 0 || n <= 0 {
		return true
	}
	limit, size := rate.Limit(perSecond), int(min(max(burst, 0), math.MaxInt32))
	now := b.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	k := bucketKey{id, key}
	l := b.buckets[k]
	if l == nil {
		l = rate.NewLimiter(limit, size)
		b.buckets[k] = l
	}
	if l.Limit() != limit {
		l.SetLimitAt(now, limit)
	}
	if l.Burst() != size {
		l.SetBurstAt(now, size)
	}
	return l.AllowN(now, n)
}

// Forget drops the buckets of key.
func (b *Buckets) Forget(key string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for k := range b.buckets {
		if k.key == key {
			delete(b.buckets, k)
		}
	}
}
