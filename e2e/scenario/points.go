package scenario

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/ampersand-amp/ampersand/e2e/timeline"
)

// sinePoints is into how many even stretches a period of a sine is cut, minSineStep how short they are at least.
const (
	sinePoints  = 40
	minSineStep = 100 * time.Millisecond
)

// Points are the phase's rate over time, piecewise linear; after the last one the rate holds. There is at least one.
func (p Phase) Points() []Point {
	switch {
	case p.Ramp != nil:
		return []Point{{0, p.Ramp.From}, {p.For, p.Ramp.To}}
	case p.Spike != nil:
		s := p.Spike
		return []Point{{0, s.Base}, {s.Rise, s.Peak}, {s.Rise + s.Hold, s.Peak}, {s.Rise + s.Hold + s.Fall, s.Base}}
	case p.Sine != nil:
		return p.Sine.points(p.For.D())
	case p.Replay != nil:
		return p.Replay.scaled()
	}
	return []Point{{0, p.Rate}}
}

func (s Sine) points(length time.Duration) []Point {
	step := max(minSineStep, s.Period.D()/sinePoints)
	var points []Point
	for at := time.Duration(0); ; at += step {
		at = min(at, length)
		phase := 2 * math.Pi * at.Seconds() / s.Period.Seconds()
		points = append(points, Point{timeline.Duration(at), max(0, s.Mean+s.Amplitude*math.Sin(phase))})
		if at == length {
			return points
		}
	}
}

// scaled are the recorded points at the replay's scale and speed.
func (r Replay) scaled() []Point {
	scale, speed := r.Scale, r.Speed
	if scale == 0 {
		scale = 1
	}
	if speed == 0 {
		speed = 1
	}
	points := make([]Point, 0, len(r.points))
	for _, p := range r.points {
		points = append(points, Point{timeline.Duration(float64(p.After) / speed), p.Rate * scale})
	}
	if len(points) == 0 {
		points = []Point{{}}
	}
	return points
}

// Length is how long the phase lasts, or may last at most.
func (p Phase) Length() time.Duration {
	if p.For > 0 {
		return p.For.D()
	}
	points := p.Points()
	return points[len(points)-1].After.D()
}

// Peak is the phase's highest rate.
func (p Phase) Peak() float64 {
	peak := 0.0
	for _, point := range p.Points() {
		peak = max(peak, point.Rate)
	}
	return peak
}

// RateAt is the rate at a time since the phase began.
func (p Phase) RateAt(after time.Duration) float64 {
	points := p.Points()
	last := points[0]
	for _, next := range points[1:] {
		if next.After.D() > after {
			part := float64(after-last.After.D()) / float64(next.After-last.After)
			return last.Rate + part*(next.Rate-last.Rate)
		}
		last = next
	}
	return last.Rate
}

// maxReplayed is how many points a recorded load has at most.
const maxReplayed = 10_000

// readReplay reads a recorded load.
func readReplay(text string) ([]Point, error) {
	reader := csv.NewReader(strings.NewReader(text))
	reader.FieldsPerRecord, reader.TrimLeadingSpace, reader.Comment = 2, true, '#'
	var points []Point
	for first := true; ; first = false {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		line, _ := reader.FieldPos(0)
		at, atErr := strconv.ParseFloat(record[0], 64)
		rate, rateErr := strconv.ParseFloat(record[1], 64)
		switch {
		case atErr != nil && first:
			continue // what the columns are
		case atErr != nil || rateErr != nil:
			return nil, fmt.Errorf("line %d: %q and %q are not both numbers (seconds, requests per second)", line, record[0], record[1])
		case !(at >= 0 && at <= maxLength.Seconds()) || !(rate >= 0 && rate <= maxRate):
			return nil, fmt.Errorf("line %d: the time must be between 0 and %g seconds, the rate between 0 and %g", line, maxLength.Seconds(), float64(maxRate))
		}
		point := Point{timeline.Duration(at * float64(time.Second)), rate}
		if n := len(points); n > 0 && point.After < points[n-1].After {
			return nil, fmt.Errorf("line %d: %gs comes after a later time", line, at)
		}
		if points = append(points, point); len(points) > maxReplayed {
			return nil, fmt.Errorf("it has more than %d lines", maxReplayed)
		}
	}
	if len(points) < 2 {
		return nil, errors.New("it has fewer than two lines with numbers")
	}
	return points, nil
}
