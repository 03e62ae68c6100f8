package load

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sent drives a schedule as the loop does, and returns when requests left.
func sent(t *testing.T, s *schedule, from time.Time, span time.Duration) []time.Duration {
	t.Helper()
	var left []time.Duration
	for now := from; now.Sub(from) <= span; {
		due, skipped := s.take(now, time.Second)
		require.Zero(t, skipped)
		require.LessOrEqual(t, due, 1, "one at a time, at %s", now.Sub(from))
		if due == 1 {
			left = append(left, now.Sub(from))
		}
		pause := s.pause(now)
		require.Positive(t, pause, "the loop would spin at %s", now.Sub(from))
		now = now.Add(pause)
	}
	return left
}

func TestProfileFollows(t *testing.T) {
	for name, tc := range map[string]struct {
		points []Point
		span   time.Duration
		want   int
		some   map[int]float64 // the n-th request's time in seconds
	}{
		"ramp up":    {[]Point{{0, 0}, {10 * time.Second, 100}}, 10 * time.Second, 500, map[int]float64{1: math.Sqrt(2 * 1 / 10.0), 320: 8}},
		"ramp down":  {[]Point{{0, 100}, {10 * time.Second, 0}}, 20 * time.Second, 500, map[int]float64{500: 10}},
		"step":       {[]Point{{0, 10}, {time.Second, 10}, {time.Second, 100}, {2 * time.Second, 100}, {2 * time.Second, 0}}, 5 * time.Second, 110, map[int]float64{10: 1, 110: 2}},
		"from a gap": {[]Point{{0, 0}, {time.Second, 0}, {time.Second, 4}}, 2 * time.Second, 4, map[int]float64{1: 1.25}},
		"then holds": {[]Point{{0, 0}, {2 * time.Second, 10}}, 4 * time.Second, 30, map[int]float64{30: 4}},
		"constant":   {[]Point{{0, 5}}, 10 * time.Second, 50, map[int]float64{1: 0.2}},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, checkProfile(tc.points))
			var s schedule
			s.follow(t0, tc.points)
			left := sent(t, &s, t0, tc.span)
			require.InDelta(t, tc.want, len(left), 1)
			for n, at := range tc.some {
				assert.InDelta(t, at, left[min(n, len(left))-1].Seconds(), 0.01, "request %d", n)
			}
		})
	}
}

// TestProfilesAtRandom: whatever the profile, as many requests leave as its integral has, and never two at once.
func TestProfilesAtRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		points := []Point{{0, 100 * random.Float64()}}
		for range random.IntN(8) {
			last := points[len(points)-1]
			points = append(points, Point{last.After + time.Duration(random.IntN(3))*time.Second, 100 * random.Float64() * float64(random.IntN(2))})
		}
		require.NoError(t, checkProfile(points))
		var s schedule
		s.follow(t0, points)
		_, want := at(s.segments, 20)
		require.InDelta(t, want, len(sent(t, &s, t0, 20*time.Second)), 1, "%v", points)
	}
}

func TestProfileErrors(t *testing.T) {
	for want, points := range map[string][]Point{
		"1 to 10000 points":         nil,
		"must be at 0":              {{time.Second, 1}},
		"the rate -1 is no number":  {{0, -1}},
		"the rate NaN is no number": {{0, math.NaN()}},
		"is before the point":       {{0, 1}, {2, 1}, {1, 1}},
	} {
		require.ErrorContains(t, checkProfile(points), want)
	}
}

func TestQuantile(t *testing.T) {
	var before, after Stats
	require.Zero(t, Quantile(before, after, 0.99))
	for range 100 {
		before.took(time.Second)
	}
	after = Stats{}
	for range 100 {
		after.took(time.Second)
	}
	for range 99 {
		after.took(3 * time.Millisecond)
	}
	after.took(time.Minute)
	require.InDelta(t, 0.003, Quantile(before, after, 0.5), 0.001)
	require.LessOrEqual(t, Quantile(before, after, 0.99), 0.0041)
	require.InDelta(t, 8.192, Quantile(before, after, 1), 1e-9, "the last bucket holds what is longer")
}

func BenchmarkDone(b *testing.B) {
	var c counters
	b.ReportAllocs()
	for b.Loop() {
		c.done("", 200, 3*time.Millisecond)
	}
}
