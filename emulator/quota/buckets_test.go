package quota_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/quota"
)

func TestBuckets(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	set := quota.New()
	set.Put(quota.IngestionRate, 10)
	b := quota.NewBuckets(set, func() time.Time { return now })
	take := func(key string, n int) bool { return b.Take(quota.IngestionRate, key, n, 20) }

	require.True(t, take("a", 20), "a full bucket holds the burst")
	require.False(t, take("a", 1))
	require.True(t, take("b", 20), "each key has its own")
	require.True(t, take("a", 0), "nothing is always there")
	now = now.Add(time.Second)
	require.False(t, take("a", 11), "nothing is taken when there is too little")
	require.True(t, take("a", 10))
	now = now.Add(time.Hour)
	require.False(t, take("a", 21), "more than the burst never fits")
	require.True(t, take("a", 20))

	set.Put(quota.IngestionRate, 1000)
	require.False(t, take("a", 1), "a new rate does not fill the bucket")
	now = now.Add(20 * time.Millisecond)
	require.True(t, take("a", 20), "but it fills faster")
	set.Put(quota.IngestionRate, quota.Unlimited)
	require.True(t, take("a", 1<<30))
	set.Put(quota.IngestionRate, 0)
	b.Forget("a")
	require.True(t, take("a", 20), "a bucket is full at first")
	now = now.Add(time.Hour)
	require.False(t, take("a", 1), "and gets nothing at a rate of 0")
}
