package traffic_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/quota"
	"github.com/ampersand-amp/ampersand/emulator/traffic"
)

func TestRecent(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	b := traffic.New(func() time.Time { return now })
	require.Zero(t, b.Recent("a").Requests)

	b.Samples("a", 300, 5)
	b.Request("a", quota.RemoteWriteTPS, true)
	b.Request("a", quota.QueryTPS, false)
	now = now.Add(59 * time.Second)
	b.Samples("a", 60, 0)
	b.Request("a", quota.RemoteWriteTPS, true)
	b.Request("b", quota.OtherTPS, true)

	got := b.Recent("a")
	require.Equal(t, traffic.Rate{Total: 360, Busiest: 300}, got.Stored)
	require.InDelta(t, 6, got.Stored.PerSecond(), 1e-9, "the mean is over the whole minute")
	require.Equal(t, traffic.Rate{Total: 5, Busiest: 5}, got.Discarded)
	require.Equal(t, traffic.Rate{Total: 3, Busiest: 2}, got.Requests)
	require.Equal(t, traffic.Rate{Total: 1, Busiest: 1}, got.Refused)
	require.Equal(t, traffic.Rate{Total: 2, Busiest: 1}, got.Groups[quota.RemoteWriteTPS])
	require.Equal(t, 1, b.Recent("b").Requests.Total, "each workspace by itself")

	now = now.Add(time.Second)
	got = b.Recent("a")
	require.Equal(t, 60, got.Stored.Total, "what is a minute old is gone")
	require.Equal(t, 1, got.Requests.Total)
	b.Samples("a", 7, 0)
	require.Equal(t, 67, b.Recent("a").Stored.Total, "its place was taken")

	now = now.Add(time.Hour)
	require.Zero(t, b.Recent("a").Stored)
	now = now.Add(-2 * time.Hour)
	require.Zero(t, b.Recent("a").Stored, "a clock that was put back shows nothing of the future")
	b.Forget("b")
	require.Zero(t, b.Recent("b").Requests)
}
