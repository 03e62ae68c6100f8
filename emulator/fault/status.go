package fault

import "time"

// When is whether a request is carried out before it goes wrong.
type When string

// The values of When.
const (
	// Before the request is carried out: nothing of it is stored.
	Before When = "before"
	// After it was carried out, whose answer the client does not get.
	After When = "after"
)

// Status answers with an error, in the dialect of the action that was asked for.
type Status struct {
	// Code is the HTTP status, 400 to 599.
	Code int `json:"code" yaml:"code"`
	// Message is the text; empty is what AWS says with that status.
	Message string `json:"message,omitempty" yaml:"message,omitempty"`
	// RetryAfter is the header of that name, in whole seconds; 0 is none.
	RetryAfter Duration `json:"retryAfter,omitempty" yaml:"retryAfter,omitempty"`
	// When is Before if empty.
	When When `json:"when,omitempty" yaml:"when,omitempty"`
}

func (s Status) name() string { return "status" }

func (s Status) check(add func(field, format string, args ...any)) {
	const longestMessage = 4 << 10
	if s.Code < 400 || s.Code > 599 {
		add("status.code", "%d is not an error, 400 to 599", s.Code)
	}
	if len(s.Message) > longestMessage {
		add("status.message", "has more than %d bytes", longestMessage)
	}
	if s.RetryAfter < 0 || s.RetryAfter > longest || time.Duration(s.RetryAfter)%time.Second != 0 {
		add("status.retryAfter", "%s is not whole seconds from 0s to %s", time.Duration(s.RetryAfter), time.Duration(longest))
	}
	if s.When != "" && s.When != Before && s.When != After {
		add("status.when", "%q is neither before nor after", s.When)
	}
}

func (s Status) serve(w way) {
	if s.When == After {
		w.carryOut()
	}
	w.Refuse(w.Writer, s)
}
