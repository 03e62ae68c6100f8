package load

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Point is a rate, in requests per second, at a time since a profile began. Between two points the rate changes evenly; two points
// at the same time are a step. After the last one its rate holds.
type Point struct {
	After time.Duration `json:"afterNanoseconds"`
	Rate  float64       `json:"rate"`
}

// maxPoints is how many points a profile has at most.
const maxPoints = 10_000

// checkProfile says what is wrong with a profile.
func checkProfile(points []Point) error {
	if len(points) == 0 || len(points) > maxPoints {
		return fmt.Errorf("a profile has 1 to %d points, not %d", maxPoints, len(points))
	}
	if points[0].After != 0 {
		return errors.New("the first point must be at 0")
	}
	for i, p := range points {
		if math.IsNaN(p.Rate) || math.IsInf(p.Rate, 0) || p.Rate < 0 {
			return fmt.Errorf("point %d: the rate %g is no number of at least 0", i, p.Rate)
		}
		if i > 0 && p.After < points[i-1].After {
			return fmt.Errorf("point %d: %s is before the point before it", i, p.After)
		}
	}
	return nil
}

// segment is a stretch of a profile on which the rate changes evenly.
type segment struct {
	from   float64 // seconds since the profile began
	length float64 // seconds; infinite for the last
	rate   float64 // at from
	slope  float64 // requests per second, a second
	before float64 // requests up to from
}

// segmentsOf cuts a profile into segments.
func segmentsOf(points []Point) []segment {
	var list []segment
	before := 0.0
	for i, p := range points {
		s := segment{from: p.After.Seconds(), length: math.Inf(1), rate: p.Rate, before: before}
		if i+1 < len(points) {
			s.length = points[i+1].After.Seconds() - s.from
			if s.length == 0 {
				continue // a step
			}
			s.slope = (points[i+1].Rate - p.Rate) / s.length
			before += s.length * (p.Rate + points[i+1].Rate) / 2
		}
		list = append(list, s)
	}
	return list
}

// at returns the rate at a time in seconds, and the requests up to it.
func at(list []segment, seconds float64) (rate, requests float64) {
	for i := len(list) - 1; i >= 0; i-- {
		if s := list[i]; seconds >= s.from {
			x := seconds - s.from
			return s.rate + s.slope*x, s.before + x*(s.rate+s.slope*x/2)
		}
	}
	return 0, 0
}

// when returns the time in seconds at which so many requests are due, or infinity.
func when(list []segment, requests float64) float64 {
	for _, s := range list {
		need := requests - s.before
		var x float64
		switch root := s.rate*s.rate + 2*s.slope*need; {
		case need <= 0:
			x = 0
		case s.slope == 0 && s.rate == 0 || root < 0:
			continue
		case s.slope == 0:
			x = need / s.rate
		default: // of both solutions the earlier, in the form that does not cancel
			x = 2 * need / (s.rate + math.Sqrt(root))
		}
		if x <= s.length {
			return s.from + x
		}
	}
	return math.Inf(1)
}
