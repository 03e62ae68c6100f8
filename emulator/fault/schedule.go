package fault

import "time"

// State is where a rule is in its schedule.
type State string

// The states of a rule.
const (
	// Waiting for its beginning, or for the next.
	Waiting State = "waiting"
	// Active: it hits.
	Active State = "active"
	// Over: it will not hit again.
	Over State = "over"
)

func (s Schedule) check(add func(field, format string, args ...any)) {
	for _, d := range []struct {
		name  string
		value Duration
	}{{"after", s.After}, {"for", s.For}, {"every", s.Every}} {
		if d.value < 0 || d.value > longest {
			add("schedule."+d.name, "%s is not from 0s to %s", time.Duration(d.value), time.Duration(longest))
		}
	}
	if s.Every > 0 && (s.For <= 0 || s.For >= s.Every) {
		add("schedule.for", "%s is not within schedule.every, which is %s", time.Duration(s.For), time.Duration(s.Every))
	}
}

// at returns the state at a time of a rule that was put at another, and since when it
// is in it.
func (s Schedule) at(put, now time.Time) (state State, since time.Time) {
	begin := put.Add(time.Duration(s.After))
	if now.Before(begin) {
		return Waiting, put
	}
	if s.Every > 0 {
		begin = begin.Add(now.Sub(begin).Truncate(time.Duration(s.Every)))
	}
	end := begin.Add(time.Duration(s.For))
	switch {
	case s.For == 0 || now.Before(end):
		return Active, begin
	case s.Every > 0:
		return Waiting, end
	default:
		return Over, end
	}
}
