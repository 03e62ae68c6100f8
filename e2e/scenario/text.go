package scenario

import "fmt"

// Text says in a line what a phase offers.
func (p Phase) Text() string {
	switch {
	case p.Ramp != nil:
		return fmt.Sprintf("%g -> %g/s over %s", p.Ramp.From, p.Ramp.To, p.For)
	case p.Spike != nil:
		return fmt.Sprintf("spike %g -> %g/s for %s", p.Spike.Base, p.Spike.Peak, p.Spike.Hold)
	case p.Sine != nil:
		return fmt.Sprintf("%g/s +- %g every %s", p.Sine.Mean, p.Sine.Amplitude, p.Sine.Period)
	case p.Replay != nil:
		return fmt.Sprintf("replay of %s, at most %g/s", p.Replay.File, p.Peak())
	}
	return fmt.Sprintf("%g/s", p.Rate)
}
