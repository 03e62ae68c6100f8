package fault

import (
	"net/http"
	"time"
)

// delay lets a request wait before it is carried out. Who gives up waiting is not
// served; when the rule is removed, the wait is over.
type delay time.Duration

func (d delay) name() string { return "delay" }

func (d delay) check(add func(field, format string, args ...any)) {
	const most = time.Hour
	if d < 0 || time.Duration(d) > most {
		add("delay", "%s is not from 0s to %s", time.Duration(d), most)
	}
}

func (d delay) serve(w way) {
	w.unhurried()
	if !w.wait(time.Duration(d)) && w.Context.Err() != nil {
		panic(http.ErrAbortHandler) // nobody is left to answer
	}
	w.Serve(w.Writer)
}
