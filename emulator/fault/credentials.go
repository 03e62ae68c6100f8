package fault

import "time"

// Credentials is what is wrong with those of the caller.
type Credentials string

// Expired has sessions that began before the rule became active be over. One that is
// opened afterwards is good, so a client that renews its session recovers. A key
// without a session, which AWS lets live for ever, is refused as long as the rule is
// active.
const Expired Credentials = "expired"

func (c Credentials) name() string { return "credentials" }

func (c Credentials) check(add func(field, format string, args ...any)) {
	if c != Expired {
		add("credentials", "%q is not expired", string(c))
	}
}

// ExpiredFor reports whether a rule makes the caller's credentials expired, and counts
// it if so; issued is when its session began, zero for a key without one.
func (s *Set) ExpiredFor(t Target, issued time.Time, onHit func(Hit)) bool {
	now := s.now()
	for _, r := range s.all() {
		if _, ok := r.effect.(Credentials); !ok || !r.matcher.matches(t) {
			continue
		}
		if r.renewed(issued, now) {
			continue
		}
		if _, ok := r.hit(t, now); ok {
			onHit(Hit{r.Name, r.effect.name()})
			return true
		}
	}
	return false
}

// renewed reports whether a session began after the rule became active.
func (r *running) renewed(issued, now time.Time) bool {
	_, since := r.Schedule.at(r.put, now)
	return !issued.IsZero() && issued.After(since)
}
