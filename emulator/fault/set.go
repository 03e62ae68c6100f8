package fault

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Report is a rule with what became of it.
type Report struct {
	Rule Rule `json:"rule"`
	// State is the rule's now, Since when that began.
	State State     `json:"state"`
	Since time.Time `json:"since"`
	// Put is when the rule was put; its schedule counts from then.
	Put time.Time `json:"put"`
	// Hits is how many requests it has changed.
	Hits int `json:"hits"`
}

// Config sets up a Set. The zero value will do.
type Config struct {
	// Now is the clock of schedules; nil is time.Now.
	Now func() time.Time
	// Random returns a rule's random numbers, 0 to 1, from its seed; nil is a
	// generator that gives the same ones for the same seed.
	Random func(seed uint64) func() float64
}

// Set is the rules in force. Its methods are safe for concurrent use.
type Set struct {
	now    func() time.Time
	random func(seed uint64) func() float64

	mu    sync.Mutex                 // held by whoever changes rules
	rules atomic.Pointer[[]*running] // nil if there are none
}

// running is a rule in force.
type running struct {
	Rule
	matcher matcher
	effect  effect
	put     time.Time
	gone    chan struct{} // closed when the rule is removed

	mu      sync.Mutex
	random  func() float64
	hits    int
	lastHit time.Time
}

// NewSet returns a Set without rules.
func NewSet(c Config) *Set {
	s := &Set{now: c.Now, random: c.Random}
	if s.now == nil {
		s.now = time.Now
	}
	if s.random == nil {
		s.random = func(seed uint64) func() float64 { return rand.New(rand.NewPCG(seed, 0)).Float64 } //nolint:gosec // faults are no secret
	}
	return s
}

// None reports whether there is no rule at all.
func (s *Set) None() bool { return s.rules.Load() == nil }

func (s *Set) all() []*running {
	if rules := s.rules.Load(); rules != nil {
		return *rules
	}
	return nil
}

// Replace puts rules in place of all that there were. On an error, which is of type
// Errors, nothing changes.
func (s *Set) Replace(rules []Rule) error {
	var errs Errors
	for i, r := range rules {
		check("["+strconv.Itoa(i)+"]", r, &errs)
	}
	checkNames(rules, &errs)
	if err := errs.orNil(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := map[string]bool{}
	for _, r := range rules {
		taken[r.Name] = true
	}
	next := make([]*running, 0, len(rules))
	for _, r := range rules {
		next = append(next, s.run(r, taken))
	}
	s.swap(next)
	return nil
}

// Put puts one rule, in place of the one of the same name if there is one: that begins
// anew, without hits. An error is of type Errors.
func (s *Set) Put(r Rule) (Report, error) {
	if err := r.Check(); err != nil {
		return Report{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	next := slices.Clone(s.all())
	taken := map[string]bool{}
	for _, other := range next {
		taken[other.Name] = true
	}
	put := s.run(r, taken)
	if i := slices.IndexFunc(next, func(other *running) bool { return other.Name == put.Name }); i >= 0 {
		next[i] = put
	} else {
		next = append(next, put)
	}
	if len(next) > MaxRules {
		return Report{}, Errors{{Message: fmt.Sprintf("there are %d rules already", MaxRules)}}
	}
	s.swap(next)
	return put.report(s.now()), nil
}

// Delete removes a rule at once, also from requests that it holds up, and reports
// whether it was there.
func (s *Set) Delete(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := slices.DeleteFunc(slices.Clone(s.all()), func(r *running) bool { return r.Name == name })
	if len(next) == len(s.all()) {
		return false
	}
	s.swap(next)
	return true
}

// Clear removes all rules, as Delete does.
func (s *Set) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.swap(nil)
}

// List returns all rules, in their order.
func (s *Set) List() []Report {
	now := s.now()
	reports := []Report{}
	for _, r := range s.all() {
		reports = append(reports, r.report(now))
	}
	return reports
}

// run makes a rule ready; taken are the names that it must not be given.
func (s *Set) run(r Rule, taken map[string]bool) *running {
	for n := 1; r.Name == ""; n++ {
		if name := "fault-" + strconv.Itoa(n); !taken[name] {
			r.Name, taken[name] = name, true
		}
	}
	r.Action = slices.Clone(r.Action)
	return &running{
		Rule: r, matcher: newMatcher(r), effect: r.effects()[0], put: s.now(),
		gone: make(chan struct{}), random: s.random(r.Seed),
	}
}

// swap puts the next rules in force and ends those that are not among them.
func (s *Set) swap(next []*running) {
	last := s.all()
	if len(next) == 0 {
		s.rules.Store(nil)
	} else {
		s.rules.Store(&next)
	}
	for _, r := range last {
		if !slices.Contains(next, r) {
			close(r.gone)
		}
	}
}

func (r *running) report(now time.Time) Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	state, since := r.state(now)
	return Report{Rule: r.Rule, State: state, Since: since.UTC(), Put: r.put.UTC(), Hits: r.hits}
}

// state needs mu.
func (r *running) state(now time.Time) (State, time.Time) {
	if r.Count > 0 && r.hits >= r.Count {
		return Over, r.lastHit
	}
	return r.Schedule.at(r.put, now)
}

// hit decides whether the rule changes a request, and counts it if so. It tells since
// when the rule is active.
func (r *running) hit(t Target, now time.Time) (since time.Time, ok bool) {
	if !r.matcher.matches(t) {
		return time.Time{}, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-r.gone:
		return time.Time{}, false
	default:
	}
	state, since := r.state(now)
	if state != Active || r.Probability != nil && r.random() >= *r.Probability {
		return time.Time{}, false
	}
	r.hits++
	r.lastHit = now
	return since, true
}

// String names rule and effect.
func (h Hit) String() string { return h.Rule + " (" + h.Effect + ")" }

// Hit is a rule that changed a request.
type Hit struct {
	// Rule is its name, Effect that of its effect.
	Rule, Effect string
}

// Describe names the rules that changed a request, for people.
func Describe(hits []Hit) string {
	texts := make([]string, len(hits))
	for i, h := range hits {
		texts[i] = h.String()
	}
	return strings.Join(texts, ", ")
}
