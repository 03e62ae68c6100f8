package fault

import "time"

// clock is by how much the clock is ahead that signatures are judged by.
type clock time.Duration

func (c clock) name() string { return "clock" }

func (c clock) check(add func(field, format string, args ...any)) {
	if d := Duration(c); d < -longest || d > longest {
		add("clock", "%s is more than %s off", time.Duration(c), time.Duration(longest))
	}
}

// ClockOffset is by how much the rules that are hit move the clock, together.
func (s *Set) ClockOffset(t Target, onHit func(Hit)) time.Duration {
	var offset time.Duration
	for _, r := range s.all() {
		by, ok := r.effect.(clock)
		if !ok {
			continue
		}
		if _, ok := r.hit(t, s.now()); ok {
			onHit(Hit{r.Name, r.effect.name()})
			offset += time.Duration(by)
		}
	}
	return offset
}
